from lxml import html

from odoo import http
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user
from odoo.tools import mute_logger

from .payment_common import PaymentMethodCommon


class ContractPageCommon(PaymentMethodCommon, HttpCase):
    """Contracts whose pages are opened and posted to as a browser does."""

    suffix = ""  # of the page

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.charged = cls._create_plan(name="Charged", invoice_mode="charge")
        cls.stranger = cls.env["res.partner"].create(
            {"name": "Eve Elsewhere", "email": "eve@example.com"}
        )

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)  # a visitor, whose session has a CSRF token

    def _log_in(self, partner=None, groups="base.group_portal"):
        """Log in as a customer who has an account, or as a colleague."""
        login = f"someone{partner.id if partner else ''}"
        values = {
            "company_id": self.company.id,
            "company_ids": [Command.set(self.company.ids)],
        }
        if partner:
            values.update(partner_id=partner.id, name=partner.name)
        user = new_test_user(self.env, login, groups, **values)
        self.authenticate(login, login)
        return user

    def _get_url(self, order, suffix=None):
        suffix = self.suffix if suffix is None else suffix
        return f"/my/subscriptions/{order.id}{suffix}"

    def _get_link(self, order, **values):
        return {"access_token": order._portal_ensure_token(), **values}

    def _request_page(self, order, **values):
        """Open the page; by its link, unless the values say otherwise."""
        values = {**self._get_link(order), **values}
        response = self.url_open(
            self._get_url(order),
            params={key: value for key, value in values.items() if value},
            allow_redirects=False,
        )
        self.env.invalidate_all()
        return response

    def _open(self, order, **values):
        response = self._request_page(order, **values)
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text)

    def _post(self, order, **values):
        """Send the page's form; by its link, unless the values say otherwise."""
        values = {
            "csrf_token": http.Request.csrf_token(self),
            **self._get_link(order),
            **values,
        }
        response = self.url_open(
            self._get_url(order),
            data={key: value for key, value in values.items() if value is not None},
            allow_redirects=False,
        )
        self.env.invalidate_all()
        return response

    def _assert_done(self, response, order):
        """Look that the visitor is sent to the page of the contract."""
        self.assertEqual(response.status_code, 303, response.text[-2000:])
        self.assertIn(self._get_url(order, "?"), response.headers["Location"] + "?")

    def _get_text(self, node):
        if hasattr(node, "text_content"):
            return " ".join(node.text_content().split())
        return " ".join(html.fromstring(node.text).text_content().split())

    def _get_mails(self, order, xmlid):
        """Return the queued mails of a template about a contract."""
        self.env.flush_all()
        subject = self.env.ref(f"subscriptions.{xmlid}")._render_field(
            "subject", order.ids
        )[order.id]
        return self.env["mail.mail"].search(
            [("subject", "=", subject), ("res_id", "=", order.id)]
        )

    def _assert_refused(self, words, route, values):
        """Call a route for JSON, and look at what the visitor is told."""
        response = None
        with mute_logger("odoo.http"):
            response = self.opener.post(
                self.base_url() + route,
                json={"jsonrpc": "2.0", "method": "call", "params": values},
            )
        self.env.invalidate_all()
        self.assertIn("error", response.json())
        self.assertIn(words, response.json()["error"]["data"]["message"])


class MethodPageCommon(ContractPageCommon):
    suffix = "/payment_method"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls._create_token(cls.partner, payment_details="7777")
        cls.foreign = cls._create_token(cls.stranger, payment_details="6666")

    def _contract(self, token=None, **values):
        token = self.token if token is None else token
        return self._create_contract(
            **{"plan_id": self.charged.id, "payment_token_id": token.id, **values}
        )

    def _decline(self, **values):
        """Make a contract whose invoice of today was declined."""
        order = self._contract(
            self._create_token(self.partner, demo_simulated_state="error"), **values
        )
        self._collect()
        self.assertEqual(order.hold, "payment_declined")
        return order

    def _get_saving_values(self, order, **values):
        return {
            "access_token": order._portal_ensure_token(),
            "provider_id": self.provider.id,
            "payment_method_id": self.card.id,
            "token_id": None,
            "amount": None,
            "flow": "direct",
            "tokenization_requested": True,
            "landing_route": "https://example.com/elsewhere",
            "is_validation": True,
            **values,
        }

    def _begin_saving(self, order, **values):
        answer = self.make_jsonrpc_request(
            self._get_url(order, "/transaction"),
            self._get_saving_values(order, **values),
        )
        return (
            self.env["payment.transaction"]
            .sudo()
            .search([("reference", "=", answer["reference"])])
        )

    def _answer_saving(self, tx, state="done"):
        self.make_jsonrpc_request(
            "/payment/demo/simulate_payment",
            {
                "reference": tx.reference,
                "simulated_state": state,
                "payment_details": "4321",
            },
        )
        result = self.make_jsonrpc_request("/payment/status/poll", {})
        self.env.invalidate_all()
        return result

    def _save_online(self, order, state="done", **values):
        """Save a new method; return where the visitor lands, and what they read."""
        tx = self._begin_saving(order, **values)
        landing_route = self._answer_saving(tx, state)["landing_route"]
        response = self.url_open(landing_route, allow_redirects=False)
        self.env.invalidate_all()
        return tx, response
