"""Saving a new payment method for a contract, as the customer's browser does."""

from unittest.mock import patch

from .common import freeze_time, tagged
from .contract_page_common import MethodPageCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestMethodSaving(MethodPageCommon):
    def test_a_visitor_saves_a_method_by_the_link(self):
        order = self._contract()
        tx, response = self._save_online(order)
        self._assert_done(response, order)
        self.assertEqual(tx.saved_for_order_id, order)
        self.assertEqual(tx.operation, "validation")
        self.assertFalse(tx.sale_order_ids)
        self.assertFalse(tx.payment_id)
        self.assertEqual(order.payment_token_id, tx.token_id)
        self.assertEqual(order.payment_method_name, "Demo 4321")
        self.assertEqual(tx.token_id.partner_id, self.partner)
        self.assertEqual(order.amount_paid, 0.0)
        note = order.message_ids.filtered(lambda one: "is now Demo 4321." in one.body)
        self.assertEqual(note.author_id, self.partner)
        mails = self._get_mails(order, "mail_template_method_changed")
        self.assertEqual(len(mails), 1)

    def test_a_customer_saves_a_method_of_their_own(self):
        colleague = self.env["res.partner"].create(
            {"name": "Bob", "email": "bob@example.com", "parent_id": self.partner.id}
        )
        self._log_in(colleague)
        order = self._contract()
        tx, response = self._save_online(order, access_token=None)
        self.assertNotIn("access_token", response.headers["Location"])
        self.assertEqual(tx.token_id.partner_id, colleague)
        self.assertEqual(order.payment_token_id, tx.token_id)

    def test_what_is_open_is_paid_with_the_new_method(self):
        order = self._decline()
        self._save_online(order)
        self._collect()
        self.assertFalse(order.hold)
        self.assertEqual(order.invoice_ids.payment_state, "paid")

    def test_orders_are_not_billed_by_it(self):
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("sale.automatic_invoice", "True")
        order = self._contract()
        invoices = order.invoice_ids
        self._save_online(order)
        self.assertEqual(order.payment_method_name, "Demo 4321")
        self.assertEqual(order.invoice_ids, invoices)

    def test_a_method_that_is_checked_for_days_is_taken_over_then(self):
        order = self._contract()
        tx = self._begin_saving(order)
        self._answer_saving(tx, "pending")
        response = self.url_open(tx.landing_route, allow_redirects=False)
        self._assert_done(response, order)
        self.assertEqual(order.payment_token_id, self.token)
        self.assertIn("is being checked", self._get_text(self._open(order)))
        self._answer(tx)
        self.assertEqual(order.payment_token_id, tx.token_id)

    def test_what_fails_changes_nothing(self):
        order = self._contract()
        for state in ("error", "cancel"):
            with self.subTest(state=state):
                tx, response = self._save_online(order, state)
                self.assertEqual(tx.state, state)
                self.assertIn("/payment_method", response.headers["Location"])
                text = self._get_text(self._open(order))
                self.assertIn("was not saved, and nothing was changed", text)
        self.assertEqual(order.payment_token_id, self.token)
        self.assertFalse(self._get_mails(order, "mail_template_method_changed"))

    def test_what_was_chosen_last_stays(self):
        order = self._contract()
        tx = self._begin_saving(order)
        self._answer_saving(tx, "pending")
        self._post(order, token_id=self.second.id)
        self._answer(tx)
        self.assertTrue(tx.token_id)
        self.assertEqual(order.payment_token_id, self.second)

    def test_of_two_that_are_saved_the_later_one_stays(self):
        order = self._contract()
        first = self._begin_saving(order)
        later = self._begin_saving(order)
        self._answer(later)
        self._answer(first)
        self.assertEqual(order.payment_token_id, later.token_id)

    def test_a_failed_second_try_does_not_spoil_the_first(self):
        order = self._contract()
        first = self._begin_saving(order)
        later = self._begin_saving(order)
        self._answer(later, "error")
        self._answer(first)
        self.assertEqual(order.payment_token_id, first.token_id)

    def test_answers_that_come_twice_change_one_thing(self):
        order = self._contract()
        tx = self._begin_saving(order)
        with self._watch_changes() as changes:
            for _time in range(2):
                self._answer(tx)
        self.assertEqual(changes.call_count, 1)

    def test_a_contract_that_ended_meanwhile_gets_no_method(self):
        order = self._contract()
        tx = self._begin_saving(order)
        order.sudo()._set_churned()
        self._answer(tx)
        self.assertEqual(order.payment_token_id, self.token)

    def test_a_provider_that_takes_an_amount_to_check_it_pays_nothing(self):
        order = self._contract()
        cls = self.env.registry["payment.provider"]
        with patch.object(cls, "_get_validation_amount", lambda provider: 1.0):
            tx, _response = self._save_online(order)
        self.assertEqual(tx.amount, 1.0)
        self.assertEqual(order.amount_paid, 0.0)
        self.assertFalse(tx.payment_id)
        self.assertEqual(order.payment_token_id, tx.token_id)

    def test_by_redirection_the_visitor_returns_to_the_contract(self):
        view = self.env["ir.ui.view"].create(
            {
                "name": "Redirect form",
                "type": "qweb",
                "key": "subscriptions.test_redirect_form",
                "arch": "<form action='/payment/status' method='get'/>",
            }
        )
        self.provider.redirect_form_view_id = view
        order = self._contract()
        answer = self.make_jsonrpc_request(
            self._get_url(order, "/transaction"),
            self._get_saving_values(order, flow="redirect"),
        )
        self.assertIn("<form", answer["redirect_form_html"])
        tx = self.env["payment.transaction"].sudo()
        tx = tx.search([("reference", "=", answer["reference"])])
        self._answer_saving(tx)
        self._assert_done(self.url_open(tx.landing_route, allow_redirects=False), order)
        self.assertEqual(order.payment_token_id, tx.token_id)

    def test_requests_the_page_does_not_make_are_refused(self):
        order = self._contract()
        unsavable = self._create_unsavable_method()
        other = self._create_provider(
            self._create_company(name="Other Company"), is_published=True
        )
        nothing = "Nothing is paid here"
        no_method = "cannot be saved here"
        for words, values in (
            (nothing, {"is_validation": False}),
            (nothing, {"amount": 10.0}),
            (nothing, {"flow": "token", "token_id": self.second.id}),
            (nothing, {"flow": "sideways"}),
            (no_method, {"payment_method_id": unsavable.id}),
            (no_method, {"payment_method_id": "x"}),
            (no_method, {"provider_id": other.id}),
            (no_method, {"provider_id": None}),
            ("not whitelisted", {"partner_id": self.stranger.id}),
            ("not valid", {"access_token": "wrong"}),
            ("not valid", {"access_token": None}),
        ):
            with self.subTest(**values):
                self._assert_refused(
                    words,
                    self._get_url(order, "/transaction"),
                    self._get_saving_values(order, **values),
                )
        self.assertFalse(order.sudo().saving_transaction_ids)

    def test_where_to_land_and_that_it_is_saved_is_not_the_visitors_choice(self):
        order = self._contract()
        tx = self._begin_saving(order, tokenization_requested=False)
        self.assertTrue(tx.tokenize)
        self.assertTrue(tx.landing_route.startswith(self._get_url(order)))

    def test_the_result_of_others_is_told_to_nobody(self):
        order, other = self._contract(), self._contract()
        self._begin_saving(order)
        response = self.url_open(
            self._get_url(other, "/payment_method/result"),
            params=self._get_link(other),
            allow_redirects=False,
        )
        self._assert_done(response, other)
        self.assertNotIn("is being checked", self._get_text(self._open(other)))

    def test_odoos_own_page_goes_on_to_save_and_change_no_contract(self):
        self._log_in(self.partner)
        order = self._contract()
        response = self.url_open("/my/payment_method")
        self.assertIn("Demo", response.text)
        self.assertEqual(order.payment_token_id, self.token)
