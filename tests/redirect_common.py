from contextlib import contextmanager
from unittest.mock import patch

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing


class RedirectCommon:
    """Lets the provider of a test case send customers to a page of its own."""

    @contextmanager
    def _redirecting_provider(self):
        """Let the provider have a page of its own, which leads back at once. It tells
        the outcome a little later, while the customer waits for it."""
        self.provider.redirect_form_view_id = self.env["ir.ui.view"].create(
            {
                "name": "Redirect",
                "type": "qweb",
                "arch": "<form action='/payment/status' method='get' />",
            }
        )
        self.provider.inline_form_view_id = False
        original = PaymentPostProcessing._get_monitored_transaction
        get_code = self.env.registry["payment.provider"]._get_code
        asked = []

        def get_monitored_transaction(controller):
            tx = original(controller)
            asked.append(tx.state)
            if len(asked) == 3:  # the page, the first poll, the second one
                answer = {
                    "reference": tx.reference,
                    "simulated_state": "done",
                    "payment_details": "4321",
                }
                tx._process("demo", answer)
            return tx

        provider_class = self.env.registry["payment.provider"]
        with (
            # What the browser goes by: for "demo" it would stay on the page.
            patch.object(
                provider_class,
                "_get_code",
                lambda provider: get_code(provider) if asked else "redirecting",
            ),
            patch.object(
                PaymentPostProcessing,
                "_get_monitored_transaction",
                get_monitored_transaction,
            ),
        ):
            yield asked
