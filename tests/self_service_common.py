from contextlib import contextmanager

from lxml import html

from odoo import http
from odoo.tests import HttpCase, freeze_time

from .payment_common import OnlinePaymentCommon


class SelfServiceCommon(OnlinePaymentCommon, HttpCase):
    """Customers with a contract that the plan lets them change, as browsers do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.yearly_switch = cls._create_plan(
            name="Every Year", billing_period_unit="year"
        )
        cls.plan = cls._create_plan(
            name="Every Month",
            align=True,
            align_day=1,
            customer_change="upgrade_downgrade",
            customer_close="period_end",
            customer_pause=True,
            customer_renew=True,
            switchable_plan_ids=[(6, 0, cls.yearly_switch.ids)],
        )
        cls.reason = cls.env.ref("subscriptions.close_reason_price")

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)  # a visitor, with a session

    @contextmanager
    def _on(self, day):
        """Let it be another day, on which the visitor comes back."""
        with freeze_time(day):
            self.authenticate(None, None)
            yield
        self.authenticate(None, None)

    def _subscribe(self, *lines, **values):
        """Create a running contract of a plan that lets its customer do everything."""
        values.setdefault("plan_id", self.plan.id)
        return self._create_contract(*lines, **values)

    def _get_url(self, order, action="", token=None):
        suffix = f"/{action}" if action else ""
        token = order._portal_ensure_token() if token is None else token
        query = f"?access_token={token}" if token else ""
        return f"/my/subscriptions/{order.id}{suffix}{query}"

    def _open_page(self, order, action="", token=None, **params):
        return self.url_open(self._get_url(order, action, token), params=params)

    def _parse(self, response):
        return html.fromstring(response.text)

    def _get_csrf_token(self):
        return http.Request.csrf_token(self)

    def _send(self, order, action, token=None, **data):
        """Post a form, as a browser that stays on this site does."""
        data.setdefault("csrf_token", self._get_csrf_token())
        return self.url_open(
            self._get_url(order, action, token), data=data, allow_redirects=False
        )

    def _confirm(self, order, action, **data):
        """Look at what an action comes to, and confirm that."""
        page = self._parse(self._send(order, action, preview="1", **data))
        for name in ("seal", "offer_seal"):
            for value in page.xpath(f"//input[@name='{name}']/@value"):
                data[name] = value
        return self._send(order, action, **data)

    def _get_text(self, response, name):
        """Return the words of a part of a page, None where it is not there."""
        found = self._parse(response).xpath(f"//*[@name='{name}']")
        return " ".join(found[0].text_content().split()) if found else None


class StoryCommon(SelfServiceCommon):
    """One contract of two seats at 60.00, and short ways to ask for something."""

    def setUp(self):
        super().setUp()
        self.contract = self._subscribe((self.seat, 2.0, {"price_unit": 60.0}))
        self.line = self.contract.order_line

    def _wish(self, *wishes, order=None, **data):
        """Post quantities: (line, quantity) each."""
        data.update({f"quantity_{line.id}": str(number) for line, number in wishes})
        return self._confirm(order or self.contract, "change", **data)

    def _preview(self, action, order=None, **data):
        page = self._send(order or self.contract, action, preview="1", **data)
        self.assertIn(page.status_code, (200, 422))
        return page

    def _close(self, order=None, **data):
        data.setdefault("reason_id", str(self.reason.id))
        return self._confirm(order or self.contract, "close", **data)

    def _get_totals(self, number, order=None):
        invoices = (order or self.contract).preview_invoices(number)
        return [one["amount_total"] for one in invoices]

    def _get_line(self, product, order=None):
        lines = (order or self.contract).order_line
        return lines.filtered(lambda line: line.product_id == product)
