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
