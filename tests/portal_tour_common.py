from datetime import timedelta
from unittest.mock import patch

from odoo.fields import Command, Date
from odoo.tests import new_test_user
from odoo.tests.common import ChromeBrowser

from .redirect_common import RedirectCommon
from .self_service_common import SelfServiceCommon
from .tour_common import TourCase

PHONE = "390x844"
READY = (
    "document.readyState === 'complete' && "
    "document.body.getAttribute('is-ready') === 'true'"
)


class PortalTourCommon(RedirectCommon, SelfServiceCommon, TourCase):
    """Customers in a real browser. The clock of that one cannot be stopped: contracts
    begin today, so that what is billed is a whole period whatever day it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.align = False
        cls.charged = cls.plan.copy({"name": "Charged", "invoice_mode": "charge"})
        cls._make_assets()
        cls.today = Date.context_today(cls.env.user)

    @classmethod
    def _make_assets(cls):
        """Make what the pages load. Each test would do it anew, and take it back."""
        for name in ("web.assets_frontend", "portal.assets_chatter_style"):
            cls.env["ir.qweb"]._get_asset_bundle(name, css=True, js=False).css()
        for name in (
            "web.assets_frontend_minimal",
            "web.assets_frontend_lazy",
            "web.__assets_tests_call__",
        ):
            cls.env["ir.qweb"]._get_asset_bundle(name, css=False, js=True).js()
        cls.env["ir.qweb"]._get_asset_bundle("portal.assets_chatter").js()
        cls.env["ir.qweb"]._get_asset_bundle("portal.assets_chatter").css()

    def _walk(self, order, tour, action="", **options):
        """Send a visitor who has the link of an order, or of one of its pages."""
        url = order.get_portal_url()
        if action:
            url = self._get_url(order, action)
        self.start_tour(url, tour, **options)
        self.env.invalidate_all()

    def _drive(self, url, walk, **options):
        """Open a page and go on from outside of it.

        :param walk: is called with the browser
        """

        def run(browser, *_args, **_kwargs):
            walk(browser)
            # What a page has not loaded by now is no error any more.
            browser._result.set_result(True)

        # Instead of a script in the page, which ends with the page.
        with patch.object(ChromeBrowser, "_wait_code_ok", run):
            self.browser_js(url, "", ready=READY, **options)
        self.env.invalidate_all()

    def _create_login(self):
        """Give the customer a login; its password is the same."""
        return new_test_user(
            self.env,
            "ada_portal",
            "base.group_portal",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
            partner_id=self.partner.id,
            name=self.partner.name,
        ).login

    def _subscribe_two(self, **values):
        """Create a running contract of 2 seats of 60.00 a month, begun today."""
        return self._subscribe((self.seat, 2.0, {"price_unit": 60.0}), **values)

    def _subscribe_charged(self, **values):
        """Create one that is charged automatically, with its first invoice paid."""
        values.setdefault("payment_token_id", self.token.id)
        contract = self._subscribe_two(plan_id=self.charged.id, **values)
        self._collect()
        return contract

    def _quote_to_sign(self, *lines, **values):
        values = {"plan_id": self.plan.id, "require_signature": True, **values}
        return self._quote(*lines or [(self.seat, 1.0, {"price_unit": 60.0})], **values)

    def _add_option(self, order, product):
        """Offer a product on a quotation, to be taken or not."""
        order.order_line = [
            Command.create(
                {"name": "More", "display_type": "line_section", "is_optional": True}
            ),
            Command.create({"product_id": product.id, "product_uom_qty": 0}),
        ]
        return order.order_line[-1]

    def _get_last_transaction(self):
        Transaction = self.env["payment.transaction"].sudo()
        return Transaction.search([], limit=1, order="id desc")

    def _get_subjects(self, order):
        """Return what the customer was written about a contract."""
        mails = (
            self.env["mail.mail"]
            .sudo()
            .search([("model", "=", "sale.order"), ("res_id", "in", order.ids)])
        )
        return [
            mail.subject
            for mail in mails
            if self.partner in mail.recipient_ids
            or self.partner.email in (mail.email_to or "")
        ]

    def _get_day_before(self, **shift):
        return self.today - timedelta(**shift)
