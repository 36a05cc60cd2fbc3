"""The page on which customers see and change the payment method of their contract."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .common import freeze_time, tagged
from .contract_page_common import MethodPageCommon


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
            with mute_logger("odoo.http"):
                response = self._post(
                    order, token_id=self.second.id, csrf_token=csrf_token
                )
            self.assertEqual(response.status_code, 400)
        self.assertEqual(order.payment_token_id, self.token)
