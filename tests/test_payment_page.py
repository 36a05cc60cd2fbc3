"""What customers see of payments: on the contract's page, and behind a mail's link."""

from lxml import html

from odoo.exceptions import ValidationError
from odoo.tests import (
    HttpCase,
    JsonRpcException,
    freeze_time,
    new_test_user,
    tagged,
)
from odoo.tools import mute_logger

from .common import TODAY
from .payment_common import PaymentMethodCommon


class PaymentPageCommon(PaymentMethodCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.charged = cls._create_plan(name="Charged", invoice_mode="charge")
        cls.customer = new_test_user(
            cls.env, "customer", groups="base.group_portal", email="ada@example.com"
        )
        cls.customer.partner_id.parent_id = cls.partner

    def _create_charged(self, state="error", **values):
        """Create a contract whose payment method is answered for with a state."""
        token = self.token.browse()
        if state:
            token = self._create_token(self.partner, demo_simulated_state=state)
        order = self._create_contract(
            plan_id=self.charged.id, payment_token_id=token.id, **values
        )
        self._collect()
        self.env.invalidate_all()
        return order

    def _set_unknown(self, order):
        """Let a contract's payment look as a lost connection leaves it."""
        collection = order.sudo().collection_ids
        tx = collection.transaction_id
        tx.state = "draft"
        tx._set_unknown("No answer by Demo.")
        collection._set_unknown("Sent to Demo, and no answer came.")
        return tx

    def _get_page(self, path, **parameters):
        response = self.url_open(path, params=parameters)
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text)

    def _get_text(self, node):
        return " ".join(node.text_content().split())


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestContractPage(PaymentPageCommon):
    """The customer reads how the contract is paid, and what is open."""

    def _open(self, order, **parameters):
        parameters.setdefault("access_token", order._portal_ensure_token())
        page = self._get_page(f"/my/subscriptions/{order.id}", **parameters)
        [info] = page.xpath("//section[@id='contract_payment']")
        return info

    def _get_link(self, info):
        return info.xpath(".//a[contains(@href, '/subscriptions/pay/')]/@href")

    def test_what_was_declined_is_told_with_a_link_to_pay(self):
        order = self._create_charged()
        info = self._open(order)
        text = self._get_text(info)
        self.assertIn("Last payment: 07/01/2026", text)
        self.assertIn(
            "The payment of $ 100.00 was declined. We will try again on 07/04/2026.",
            text,
        )
        self.assertIn(order.payment_method_name, text)
        self.assertEqual(
            self._get_link(info), [order.collection_ids._get_payment_link()]
        )

    def test_reasons_of_ours_and_names_of_providers_are_not_told(self):
        order = self._create_charged()
        order.sudo().collection_ids.reason = "<script>alert('Demo refused')</script>"
        self.provider.name = "Secret Provider"
        info = self._open(order)
        self.assertFalse(info.xpath(".//script"))
        self.assertNotIn("refused", self._get_text(info))
        self.assertNotIn("Secret Provider", self._get_text(info))

    def test_what_customers_name_themselves_is_no_html(self):
        order = self._create_charged()
        order.payment_token_id.payment_details = "<b>bold</b>"
        info = self._open(order)
        self.assertFalse(info.xpath(".//b[text()='bold']"))

    def test_who_logs_in_reads_the_same(self):
        order = self._create_charged()
        self.authenticate("customer", "customer")
        info = self._open(order, access_token=None)
        self.assertIn("The payment of $ 100.00", self._get_text(info))
        self.assertTrue(self._get_link(info))

    def test_while_nobody_knows_there_is_no_link_to_pay(self):
        order = self._create_charged()
        self._set_unknown(order)
        info = self._open(order)
        self.assertIn("may have been paid already", self._get_text(info))
        self.assertFalse(self._get_link(info))

    def test_what_is_paid_is_told_with_its_day(self):
        info = self._open(self._create_charged("done"))
        text = self._get_text(info)
        self.assertIn("Last payment: 07/01/2026 $ 100.00 is paid.", text)
        self.assertFalse(self._get_link(info))

    def test_without_a_method_the_link_is_there_from_the_first_day(self):
        info = self._open(self._create_charged(None))
        text = self._get_text(info)
        self.assertIn("none saved", text)
        self.assertIn("$ 100.00 is due on 07/01/2026", text)
        self.assertTrue(self._get_link(info))

    def test_strangers_see_nothing(self):
        order = self._create_charged()
        response = self.url_open(f"/my/subscriptions/{order.id}?access_token=wrong")
        self.assertNotIn("contract_payment", response.text)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestPaymentLink(PaymentPageCommon):
    """The link of a mail asks for what is open now, or says why nothing is."""

    def _open(self, order):
        return self._get_page(order.collection_ids._get_payment_link())

    def _get_title(self, order):
        return self._get_text(self._open(order).xpath("//h1")[0])

    def _get_form(self, page):
        [form] = page.xpath("//form[@id='o_payment_form']")
        return {
            name: form.get(f"data-{name}")
            for name in ("amount", "transaction-route", "access-token", "partner-id")
        }

    def _start_payment(self, form, **values):
        """Ask for a payment as the form does."""
        return self.make_jsonrpc_request(
            form["transaction-route"],
            {
                "access_token": form["access-token"],
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "token_id": None,
                "amount": float(form["amount"]),
                "flow": "direct",
                "tokenization_requested": False,
                "landing_route": "/my",
                **values,
            },
        )

    def _finish_payment(self, answer, state="done"):
        self.make_jsonrpc_request(
            "/payment/demo/simulate_payment",
            {
                "reference": answer["reference"],
                "simulated_state": state,
                "payment_details": "4321",
            },
        )
        self.make_jsonrpc_request("/payment/status/poll", {})
        self.env.invalidate_all()

    # === WHAT IS ASKED FOR === #

    def test_it_leads_to_the_form_with_what_is_open_of_a_draft(self):
        order = self._create_charged()
        self.assertEqual(order.invoice_ids.state, "draft")
        form = self._get_form(self._open(order))
        self.assertEqual(float(form["amount"]), 100.0)
        self.assertEqual(int(form["partner-id"]), self.partner.id)
        self.assertIn(f"/invoice/transaction/{order.invoice_ids.id}", form.values())

    def test_it_asks_for_the_rest_of_what_was_paid_in_part(self):
        order = self._create_charged(None)
        move = order.invoice_ids
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"amount": 40.0})._create_payments()
        form = self._get_form(self._open(order))
        self.assertEqual(float(form["amount"]), 60.0)

    def test_an_old_link_asks_for_what_the_draft_comes_to_now(self):
        order = self._create_charged()
        link = order.collection_ids._get_payment_link()
        order.invoice_ids.invoice_line_ids.price_unit = 80.0
        form = self._get_form(self._get_page(link))
        self.assertEqual(float(form["amount"]), 80.0)

    def test_the_form_names_the_contract_as_long_as_the_invoice_has_no_number(self):
        order = self._create_charged()
        self.assertIn(order.name, self._get_text(self._open(order)))

    # === PAYING === #

    def test_a_visitor_pays_and_the_dunning_ends(self):
        order = self._create_charged()
        self.assertEqual(order.hold, "payment_declined")
        answer = self._start_payment(self._get_form(self._open(order)))
        self._finish_payment(answer)
        collection = order.collection_ids
        self.assertEqual((collection.state, collection.outcome), ("paid", "recovered"))
        self.assertEqual(order.invoice_ids.state, "posted")
        self.assertEqual(order.invoice_ids.amount_residual, 0.0)
        self.assertFalse(order.hold)
        self.assertEqual(self._get_title(order), "This invoice is paid")

    def test_a_visitor_saves_another_method_by_paying(self):
        order = self._create_charged()
        before = order.payment_token_id
        form = self._get_form(self._open(order))
        self._finish_payment(self._start_payment(form, tokenization_requested=True))
        self.assertTrue(order.payment_token_id)
        self.assertNotEqual(order.payment_token_id, before)

    def test_paying_without_a_saved_method_ends_the_reminders(self):
        order = self._create_charged(None)
        self._finish_payment(self._start_payment(self._get_form(self._open(order))))
        self.assertEqual(order.collection_ids.state, "paid")
        self.assertFalse(order.collection_ids.next_date)

    def test_a_payment_that_fails_leaves_all_as_it_was(self):
        order = self._create_charged()
        answer = self._start_payment(self._get_form(self._open(order)))
        self._finish_payment(answer, "error")
        self.assertEqual(order.collection_ids.state, "declined")
        self.assertEqual(order.hold, "payment_declined")

    def test_a_form_that_stood_open_pays_nothing_twice(self):
        order = self._create_charged()
        form = self._get_form(self._open(order))
        self._set_unknown(order)
        self.env.flush_all()
        with (
            mute_logger("odoo.http"),
            self.assertRaisesRegex(JsonRpcException, "ValidationError"),
        ):
            self._start_payment(form)
        payments = order.invoice_ids.transaction_ids
        self.assertEqual(payments, order.collection_ids.transaction_ids)

    # === WHERE NOTHING IS TO BE PAID === #

    def test_what_is_paid_says_so(self):
        order = self._create_charged("done")
        self.assertEqual(self._get_title(order), "This invoice is paid")

    def test_what_is_under_way_says_so_and_asks_to_wait(self):
        order = self._create_charged()
        self._set_unknown(order)
        page = self._open(order)
        self.assertIn("A payment is under way", self._get_text(page))
        self.assertFalse(page.xpath("//form[@id='o_payment_form']"))

    def test_what_is_cancelled_says_so(self):
        order = self._create_charged()
        order.invoice_ids.button_cancel()
        self.assertEqual(self._get_title(order), "This invoice is cancelled")

    # === WHO MAY === #

    def test_wrong_and_missing_tokens_lead_nowhere(self):
        order = self._create_charged()
        other = self._create_charged()
        move = order.invoice_ids
        token = other.invoice_ids._portal_ensure_token()
        for query in (
            "",
            "?access_token=",
            "?access_token=wrong",
            f"?access_token={token}",
        ):
            with self.subTest(query):
                response = self.url_open(
                    f"/subscriptions/pay/{move.id}{query}", allow_redirects=False
                )
                self.assertEqual(response.status_code, 303)
                self.assertNotIn("/payment/pay", response.headers["Location"])
                self.assertNotIn("access_token", response.headers["Location"])

    def test_an_invoice_that_does_not_exist_leads_nowhere(self):
        response = self.url_open("/subscriptions/pay/999999999?access_token=x")
        self.assertEqual(response.status_code, 200)
        self.assertNotIn("o_payment_form", response.text)

    def test_another_customer_who_is_logged_in_needs_the_token_too(self):
        order = self._create_charged()
        new_test_user(self.env, "other", groups="base.group_portal")
        self.authenticate("other", "other")
        response = self.url_open(
            f"/subscriptions/pay/{order.invoice_ids.id}", allow_redirects=False
        )
        self.assertNotIn("/payment/pay", response.headers["Location"])

    def test_the_customer_who_is_logged_in_needs_no_token(self):
        order = self._create_charged(None)
        self.authenticate("customer", "customer")
        response = self.url_open(
            f"/subscriptions/pay/{order.invoice_ids.id}", allow_redirects=False
        )
        self.assertIn("/payment/pay", response.headers["Location"])

    def test_invoices_that_are_not_for_sale_are_not_paid_by_it(self):
        bill = self.init_invoice("in_invoice", self.partner, amounts=[50.0], post=True)
        token = bill._portal_ensure_token()
        response = self.url_open(
            f"/subscriptions/pay/{bill.id}?access_token={token}", allow_redirects=False
        )
        self.assertNotIn("/payment/pay", response.headers.get("Location", ""))

    # === THE MAILS === #

    def test_every_mail_carries_the_link_and_no_name_of_a_provider(self):
        self.provider.name = "Secret Provider"
        order = self._create_charged()
        link = order.collection_ids._get_payment_link()
        for name in ("payment_failed", "payment_last"):
            template = self.env.ref(f"subscriptions.mail_template_{name}")
            body = template._render_field("body_html", order.ids)[order.id]
            with self.subTest(name):
                mail = html.fromstring(body)
                self.assertEqual(mail.xpath("//a/@href"), [link])
                self.assertIn("$ 100.00", self._get_text(mail))
                self.assertNotIn("Secret Provider", body)

    def test_mails_can_be_previewed_with_contracts_that_owe_nothing(self):
        order = self._create_contract()
        move = order.invoice_ids
        for name, record in (
            ("payment_failed", order),
            ("payment_last", order),
            ("invoice_to_pay", move),
        ):
            template = self.env.ref(f"subscriptions.mail_template_{name}")
            with self.subTest(name):
                for field in ("subject", "body_html", "email_from", "lang"):
                    template._render_field(field, record.ids)
        body = template._render_field("body_html", move.ids)[move.id]
        self.assertIn(f"/subscriptions/pay/{move.id}", body)

    def test_the_reminder_names_what_is_due_and_since_when(self):
        order = self._create_charged(None)
        template = self.env.ref("subscriptions.mail_template_payment_failed")
        body = template._render_field("body_html", order.ids)[order.id]
        text = self._get_text(html.fromstring(body))
        self.assertIn("$ 100.00 for your contract", text)
        self.assertIn("was due on 07/01/2026", text)
        self.assertNotIn("tried to collect", text)

    def test_a_payment_begun_twice_is_refused_in_words(self):
        order = self._create_charged()
        order.sudo().collection_ids._set_state("calling")
        with self.assertRaisesRegex(ValidationError, "being charged"):
            order.invoice_ids._begin_online_payment()
