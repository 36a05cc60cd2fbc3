import json

from lxml import html

from odoo import http
from odoo.fields import Command, Datetime
from odoo.tools import mute_logger

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from .common import freeze_time, tagged
from .contract_page_common import ContractPageCommon
from .test_contract_page import TODAY


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestContractPageDocuments(ContractPageCommon):
    """Invoices and payments on the page, and odd requests for it."""

    def _contract(self):
        return self._create_contract(
            plan_id=self.charged.id, payment_token_id=self.token.id
        )

    def _get_texts(self, response, xpath="//div[@id='wrap']"):
        page = html.fromstring(response.text)
        return " ".join(self._get_text(node) for node in page.xpath(xpath))

    # How a payment went

    def _get_notices(self, order):
        return self._get_texts(
            self._request_page(order), "//div[@id='contract_notices']"
        )

    def test_how_a_payment_went_is_told_to_who_made_it_and_then_no_more(self):
        order = self._contract()
        tx = self._create_payment(order, 10.0)
        tx._set_done()
        tx.is_post_processed = True
        tx.last_state_change = Datetime.now()
        self.assertNotIn("Thank you", self._get_notices(order))
        self.session[PaymentPostProcessing.MONITORED_TX_ID_KEY] = tx.id
        http.root.session_store.save(self.session)
        self.assertIn("Thank you", self._get_notices(order))
        with freeze_time("2026-07-15 00:11:00"):
            self.assertNotIn("Thank you", self._get_notices(order))

    def test_an_old_payment_that_failed_is_not_told_and_a_pending_one_is(self):
        order = self._contract()
        tx = self._create_payment(order, 10.0)
        tx._set_pending()
        before = self._open(order).xpath("//div[@id='contract_notices']/div")
        self.assertTrue(before)
        tx._set_canceled()
        after = self._open(order).xpath("//div[@id='contract_notices']/div")
        self.assertFalse(after)

    # Sections

    def test_sections_are_headings_above_their_lines(self):
        order = self._contract()
        section = Command.create({"name": "Desk", "display_type": "line_section"})
        line = Command.create({"product_id": self.goods.id, "product_uom_qty": 2})
        order.order_line = [section, line]
        page = self._open(order)
        rows = page.xpath("//table[@name='recurring']/tbody/tr")
        texts = [" ".join(row.text_content().split()) for row in rows]
        self.assertEqual(texts[1], "Desk")
        self.assertIn("Coffee", texts[2])

    # Odd requests

    def test_odd_names_in_an_address_change_nothing(self):
        order = self._contract()
        names = ("contract", "document", "values", "session_history", "no_breadcrumbs")
        names += ("pid", "hash", "invoices", "message", "access_token2")
        for name in names:
            with self.subTest(name):
                for value in ("1", "é", "99999999999999999999"):
                    response = self._request_page(order, **{name: value})
                    self.assertEqual(response.status_code, 200)

    def test_files_are_no_texts(self):
        order = self._contract()
        token = order._portal_ensure_token()
        files = ("access_token", "billing", "name", "new", "token_id", "remove")
        for suffix in ("/address", "/payment_method"):
            for name in files:
                with self.subTest(suffix=suffix, name=name):
                    data = {**self._get_form(), "access_token": token, "new": "billing"}
                    data.pop(name, None)
                    response = self.opener.post(
                        f"{self.base_url()}/my/subscriptions/{order.id}{suffix}",
                        data=data,
                        files={name: ("a.txt", b"text")},
                        allow_redirects=False,
                    )
                    self.assertLess(response.status_code, 500)
        self.assertEqual(order.payment_token_id, self.token)

    def test_odd_tokens_open_nothing(self):
        order = self._contract()
        quotation = self._create_order()
        quotation.action_quotation_sent()
        for path in (
            f"/my/orders/{quotation.id}",
            f"/my/orders/{order.id}",
            f"/my/subscriptions/{order.id}",
            f"/my/orders/{quotation.id}/document/1",
            f"/subscriptions/pay/{order.invoice_ids[:1].id or 1}",
            f"/my/invoices/{order.invoice_ids[:1].id or 1}",
        ):
            with self.subTest(path):
                response = self.url_open(
                    path, params={"access_token": "é"}, allow_redirects=False
                )
                self.assertEqual(response.status_code, 303)
        for path in ("payment_method", "transaction", "accept", "update_line_dict"):
            for token in ("é", 5, ["a"]):
                with self.subTest(path=path, token=token):
                    error = self._get_json_error(
                        f"/my/orders/{quotation.id}/{path}",
                        access_token=token,
                        token_id=1,
                        line_id=1,
                    )
                    self.assertNotIn("TypeError", error)
        response = self.url_open(
            f"/my/orders/{quotation.id}/decline",
            data={**self._get_form(), "access_token": "é", "decline_message": "No"},
        )
        self.assertLess(response.status_code, 500)
        self.assertEqual(quotation.state, "sent")

    def _get_form(self):
        return {"csrf_token": http.Request.csrf_token(self)}

    def _get_json_error(self, url, **params):
        with mute_logger("odoo.http"):
            response = self.url_open(
                url,
                data=json.dumps({"params": params}),
                headers={"Content-Type": "application/json"},
            )
        return response.json().get("error", {}).get("data", {}).get("name", "")

    # Many, and shared ones

    def _count_queries(self, order, user):
        self.env.flush_all()
        self.env.invalidate_all()
        order = self.env["sale.order"].sudo().browse(order.id)
        moves = order._get_page_invoices(None)
        start = self.env.cr.sql_log_count
        moves._get_page_rows(order, user)
        return self.env.cr.sql_log_count - start

    def test_more_invoices_need_no_more_queries(self):
        order = self._create_contract()
        public = self.env.ref("base.public_user")
        with freeze_time("2026-08-20"):
            order._bill()
        self._count_queries(order, public)  # makes the tokens
        few = self._count_queries(order, public)
        for month in ("2026-09-20", "2026-10-20", "2026-11-20", "2026-12-20"):
            with freeze_time(month):
                order._bill()
        self._count_queries(order, public)
        self.assertEqual(len(order._get_page_invoices(None)), 6)
        self.assertLessEqual(self._count_queries(order, public), few)

    def _share(self, first, second):
        """Let an invoice of a contract have a line of another one; return it."""
        invoice = first.invoice_ids
        invoice.button_draft()
        line = invoice.invoice_line_ids[0]
        line.copy({"subscription_id": second.id, "sale_line_ids": False})
        invoice.action_post()
        return invoice

    def test_the_link_opens_no_invoice_with_lines_of_other_customers(self):
        order = self._create_contract()
        other = self._create_contract(partner_id=self.stranger.id)
        invoice = self._share(order, other)
        token = invoice._portal_ensure_token()
        with freeze_time("2026-08-20"):
            response = self._request_page(order)
        self.assertNotIn(token, response.text)
        self.assertIn(invoice.name, response.text)
        text = self._get_texts(response, "//tr[@name='invoice']")
        self.assertIn("your share of a shared invoice", text)
        self.assertIn("$ 100.00", text)
        self.assertNotIn("$ 200.00", text)

    def test_an_invoice_shared_with_own_contracts_is_opened_and_told(self):
        order = self._create_contract()
        invoice = self._share(order, self._create_contract())
        response = self._request_page(order)
        self.assertIn(invoice._portal_ensure_token(), response.text)
        text = self._get_texts(response)
        self.assertIn("Open: $ 200.00 shared with other contracts", text)
        self._log_in(self.partner)
        text = self.url_open("/my/subscriptions").text
        self.assertIn("shared with other contracts", text)

    def test_customers_who_may_read_an_invoice_need_no_link_to_it(self):
        order = self._create_contract()
        self._log_in(self.partner)
        response = self._request_page(order, access_token=None)
        self.assertIn(f"/my/invoices/{order.invoice_ids.id}", response.text)
        self.assertNotIn(f"/my/invoices/{order.invoice_ids.id}?access", response.text)
