"""The page on which customers see and change the payment method of their contract."""

from unittest.mock import patch

from odoo.exceptions import UserError

from .common import freeze_time, tagged
from .contract_page_common import ContractPageCommon


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


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestMethodPage(MethodPageCommon):
    # What is shown

    def test_by_the_link_the_page_shows_the_method_and_what_it_is_for(self):
        order = self._contract()
        self._collect()
        page = self._open(order)
        text = self._get_text(page)
        self.assertIn(order.name, text)
        self.assertIn("Demo 1234", text)
        self.assertIn("The next invoice is that of 08/15/2026: $ 100.00.", text)
        self.assertNotIn("is open", text)
        chosen = page.xpath("//form[@name='choose_method']//input[@type='radio']")
        self.assertEqual([one.get("value") for one in chosen], [str(self.second.id)])

    def test_a_new_method_is_saved_and_only_what_can_be_saved_is_offered(self):
        self._create_unsavable_method()
        form = self._open(order := self._contract()).xpath(
            "//form[@id='o_payment_form']"
        )[0]
        radios = form.xpath(".//input[@name='o_payment_radio']")
        self.assertEqual(form.get("data-mode"), "validation")
        self.assertEqual(
            form.get("data-transaction-route"),
            self._get_url(order, "/transaction"),
        )
        self.assertEqual(
            [radio.get("data-payment-option-id") for radio in radios],
            [str(self.card.id)],
        )
        self.provider.allow_tokenization = False
        page = self._open(order)
        self.assertFalse(page.xpath("//form[@id='o_payment_form']"))
        self.assertIn("No payment method can be saved online", self._get_text(page))

    def test_the_link_shows_no_method_of_the_customers_colleagues(self):
        colleague = self.env["res.partner"].create(
            {"name": "Bob", "parent_id": self.partner.id}
        )
        other = self._create_token(colleague, payment_details="5555")
        order = self._contract()
        self.assertNotIn("5555", self._get_text(self._open(order)))
        self.assertEqual(self._post(order, token_id=other.id).status_code, 422)
        self.assertEqual(order.payment_token_id, self.token)
        self._log_in(colleague)
        self.assertIn("5555", self._get_text(self._open(order, access_token=None)))
        self._assert_done(self._post(order, token_id=other.id), order)
        self.assertEqual(order.payment_token_id, other)

    def test_what_is_open_is_named_before_anything_is_chosen(self):
        text = self._get_text(self._open(self._decline()))
        self.assertIn(
            "$ 100.00 is open: it is tried at once with the new method.", text
        )

    def test_plans_that_charge_nothing_say_so(self):
        order = self._contract(plan_id=self.monthly.id)
        self.assertIn("is not charged by itself", self._get_text(self._open(order)))

    def test_html_in_names_stays_text(self):
        self.token.payment_details = "<img src=x onerror=alert(1)>"
        self.token.provider_ref = "<b>"
        response = self._request_page(self._contract())
        self.assertNotIn("<img src=x", response.text)

    # Choosing a saved one

    def test_another_saved_method_is_chosen_and_told(self):
        order = self._contract()
        self._assert_done(self._post(order, token_id=self.second.id), order)
        self.assertEqual(order.payment_token_id, self.second)
        note = order.message_ids.filtered(lambda one: "7777" in one.body)[-1]
        self.assertIn("The payment method is now Demo 7777.", note.body)
        self.assertEqual(note.author_id, self.partner)
        mails = self._get_mails(order, "mail_template_method_changed")
        self.assertEqual(mails.recipient_ids, self.partner)
        self.assertEqual(mails.state, "outgoing")
        self.assertIn("Demo 7777", mails.body_html)

    def test_what_is_open_is_paid_with_the_method_that_is_chosen(self):
        order = self._decline()
        self._post(order, token_id=self.second.id)
        self._collect()
        self.assertFalse(order.hold)
        self.assertEqual(order.invoice_ids.payment_state, "paid")

    def test_the_same_form_sent_twice_changes_one_thing(self):
        order = self._contract()
        with self._watch_changes() as changes:
            for _attempt in range(2):
                self._assert_done(self._post(order, token_id=self.second.id), order)
        self.assertEqual(changes.call_count, 1)
        mails = self._get_mails(order, "mail_template_method_changed")
        self.assertEqual(len(mails), 1)

    def test_while_the_contract_is_billed_nothing_is_changed(self):
        order = self._contract()
        busy = UserError("S00001 is being billed or changed right now.")
        cls = self.env.registry["sale.order"]
        with patch.object(cls, "_lock_contract", side_effect=busy):
            response = self._post(order, token_id=self.second.id)
        self.assertEqual(response.status_code, 422)
        self.assertIn("right now", self._get_text(response))
        self.assertEqual(order.payment_token_id, self.token)

    def test_methods_that_are_not_on_offer_are_refused_in_words(self):
        order = self._contract()
        archived = self._create_token(self.partner)
        archived.active = False
        for token_id in (self.foreign.id, archived.id, 999999, "1 OR 1=1", "", None):
            with self.subTest(token_id=token_id):
                response = self._post(order, token_id=token_id)
                self.assertEqual(response.status_code, 422)
                self.assertIn("Please choose one of", self._get_text(response))
                self.assertNotIn("6666", response.text)
        self.assertEqual(order.payment_token_id, self.token)

    # Removing

    def test_removing_asks_first_and_says_what_it_means(self):
        order = self._decline()
        text = self._get_text(self._open(order, remove="1"))
        self.assertIn("sent to you with a link to pay them", text)
        self.assertIn("$ 100.00 is open and is not collected any more", text)
        self.assertTrue(order.payment_token_id)

    def test_a_removed_method_leaves_the_contract_running_without_one(self):
        order = self._contract()
        for _attempt in range(2):
            self._assert_done(self._post(order, remove="1"), order)
        self.assertFalse(order.payment_token_id)
        self.assertEqual(order.subscription_state, "progress")
        self.assertTrue(self.token.active)
        mails = self._get_mails(order, "mail_template_method_changed")
        self.assertEqual(len(mails), 1)
        self.assertIn("no payment method any more", mails.body_html)
        notes = order.message_ids.filtered(lambda one: "was removed" in one.body)
        self.assertEqual(len(notes), 1)
        self.assertIn("No payment method is saved", self._get_text(self._open(order)))

    # Who may

    def test_without_a_right_link_visitors_are_sent_home(self):
        order = self._contract()
        for token in (None, "", "wrong", self._contract()._portal_ensure_token()):
            with self.subTest(token=token):
                pages = (
                    self._request_page(order, access_token=token),
                    self._post(order, access_token=token, token_id=self.second.id),
                )
                for response in pages:
                    self.assertEqual(response.status_code, 303)
                    self.assertTrue(response.headers["Location"].endswith("/my"))
        self.assertEqual(order.payment_token_id, self.token)

    def test_another_customers_login_opens_nothing(self):
        order = self._contract()
        self._log_in(self.stranger)
        response = self._post(order, access_token=None, token_id=self.foreign.id)
        self.assertTrue(response.headers["Location"].endswith("/my"))
        self.assertEqual(order.payment_token_id, self.token)

    def test_with_the_link_another_login_chooses_and_cannot_save_its_own(self):
        order = self._contract()
        self._log_in(self.stranger)
        page = self._open(order)
        self.assertIn("Log out and open the link again", self._get_text(page))
        self.assertFalse(page.xpath("//form[@id='o_payment_form']"))
        self.assertNotIn("6666", self._get_text(page))
        self.assertEqual(self._post(order, token_id=self.foreign.id).status_code, 422)
        self._assert_refused(
            "Log out",
            self._get_url(order, "/transaction"),
            self._get_saving_values(order),
        )

    def test_who_only_reads_contracts_is_refused(self):
        order = self._contract()
        self._log_in(groups="account.group_account_readonly")
        for response in (
            self._request_page(order, access_token=None),
            self._post(order, access_token=None, token_id=self.second.id),
        ):
            self.assertEqual(response.status_code, 403)
            self.assertIn("not change it", self._get_text(response))
        self.assertEqual(order.payment_token_id, self.token)

    def test_salespeople_choose_for_the_customer(self):
        order = self._contract()
        user = self._log_in(groups="sales_team.group_sale_salesman_all_leads")
        response = self._post(order, access_token=None, token_id=self.second.id)
        self._assert_done(response, order)
        note = order.message_ids.filtered(lambda one: "7777" in one.body)[-1]
        self.assertEqual(note.author_id, user.partner_id)

    def test_what_the_plan_or_the_state_does_not_allow_is_refused_in_words(self):
        order = self._contract()
        cls = self.env.registry["sale.order"]
        words = "Your contract does not provide for this online."
        with patch.object(
            cls, "_get_customer_payment_method_obstacle", lambda order: words
        ):
            for response in (
                self._request_page(order),
                self._post(order, token_id=self.second.id),
                self._post(order, remove="1"),
            ):
                self.assertEqual(response.status_code, 403)
                self.assertIn(words, self._get_text(response))
            self._assert_refused(
                words,
                self._get_url(order, "/transaction"),
                self._get_saving_values(order),
            )
        self.assertEqual(order.payment_token_id, self.token)

    def test_an_ended_contract_takes_no_method(self):
        order = self._contract()
        order.sudo()._set_churned()
        for response in (
            self._request_page(order),
            self._post(order, token_id=self.second.id),
        ):
            self.assertEqual(response.status_code, 403)
            self.assertIn(f"{order.name} has ended.", self._get_text(response))
        self._assert_refused(
            "has ended",
            self._get_url(order, "/transaction"),
            self._get_saving_values(order),
        )
        self.assertEqual(order.payment_token_id, self.token)

    def test_a_quotation_has_no_such_page(self):
        order = self._create_order()
        response = self._request_page(order)
        self.assertTrue(response.headers["Location"].endswith("/my"))
        self._assert_refused(
            "not valid",
            self._get_url(order, "/transaction"),
            self._get_saving_values(order),
        )

    def test_opening_changes_nothing_and_posts_need_their_token(self):
        order = self._contract()
        self._request_page(order, token_id=self.second.id)
        self._request_page(order, remove="1", token_id=self.second.id)
        self.assertEqual(order.payment_token_id, self.token)
        for csrf_token in (None, "wrong"):
            response = self._post(order, token_id=self.second.id, csrf_token=csrf_token)
            self.assertEqual(response.status_code, 400)
        self.assertEqual(order.payment_token_id, self.token)


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
