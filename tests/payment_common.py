from contextlib import nullcontext
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import HttpCase

from .common import SubscriptionCommon


class PaymentMethodCommon(SubscriptionCommon):
    """A company whose customers pay with Odoo's demonstration provider."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls._create_provider(cls.company)
        cls.card = cls.provider.payment_method_ids
        cls.token = cls._create_token(cls.partner)

    @classmethod
    def _create_provider(cls, company, **values):
        provider = (
            cls.env.ref("payment.payment_provider_demo")
            .sudo()
            .copy({"company_id": company.id, "name": "Demo", "is_published": True})
        )
        provider.write({"state": "test", "allow_tokenization": True, **values})
        provider.payment_method_ids = cls.env.ref("payment_demo.payment_method_demo")
        provider.payment_method_ids.active = True
        return provider

    @classmethod
    def _create_unsavable_method(cls, **values):
        return (
            cls.env["payment.method"]
            .sudo()
            .create(
                {
                    "name": "Voucher",
                    "code": "voucher_of_test",
                    "active": True,
                    "image": cls.card.image,
                    "support_tokenization": False,
                    "provider_ids": [Command.set(cls.provider.ids)],
                    **values,
                }
            )
        )

    @classmethod
    def _create_token(cls, partner, **values):
        return (
            cls.env["payment.token"]
            .sudo()
            .create(
                {
                    "provider_id": cls.provider.id,
                    "payment_method_id": cls.card.id,
                    "payment_details": "1234",
                    "partner_id": partner.id,
                    "provider_ref": "reference at the provider",
                    "demo_simulated_state": "done",
                    **values,
                }
            )
        )

    def _create_payment(self, order, amount=None, **values):
        """Create a payment of an order, as the portal does."""
        return (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.card.id,
                    "amount": order.amount_total if amount is None else amount,
                    "currency_id": order.currency_id.id,
                    "partner_id": order.partner_id.id,
                    "operation": "online_direct",
                    "tokenize": True,
                    "sale_order_ids": [Command.set(order.ids)],
                    **values,
                }
            )
        )

    def _pay(self, order, amount=None, state="done", **values):
        """Pay an order as the portal does; the provider answers with a state."""
        tx = self._create_payment(order, amount, **values)
        self._answer(tx, state)
        return tx

    def _answer(self, tx, state="done"):
        """Let the provider answer, and Odoo process it, as in requests of their own."""
        tx._process(
            "demo",
            {
                "reference": tx.reference,
                "simulated_state": state,
                "payment_details": "4321",
            },
        )
        self.env.flush_all()
        self.env.invalidate_all()
        tx._post_process()

    def _collect(self):
        """Run the collector's scheduled action."""
        # Browsers' tests are in this mode from their beginning.
        is_http = isinstance(self, HttpCase)
        with nullcontext() if is_http else self.enter_registry_test_mode():
            self.env.ref(
                "subscriptions.ir_cron_collect_payments"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def _watch_changes(self):
        """Patch the hook; it is called with the contracts whose method changed."""
        cls = self.env.registry["sale.order"]
        return patch.object(cls, "_on_payment_method_changed", autospec=True)


class OnlinePaymentCommon(PaymentMethodCommon):
    def _quote(self, *lines, **values):
        """Create a quotation that was sent and is to be paid, not signed."""
        values = {
            "require_payment": True,
            "require_signature": False,
            "prepayment_percent": 1.0,
            **values,
        }
        order = self._create_order(*lines, **values)
        order.action_quotation_sent()
        return order
