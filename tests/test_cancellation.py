"""Cancelling without a login: which contract ends, when, and what mails tell."""

import re

from odoo.fields import Datetime

from .cancellation_common import HTML, CancellationCommon
from .common import freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15 12:03:27")
class TestCancellation(CancellationCommon):
    # What ends, and when

    def test_number_and_address_end_the_contract_with_what_is_billed(self):
        contract = self._create_contract(user_id=self.seller.id)
        declaration = self._cancel(contract)
        self.assertRecordValues(
            declaration,
            [
                {
                    "state": "done",
                    "order_id": contract.id,
                    "last_day": self._day("2026-08-14"),
                    "received_at": Datetime.to_datetime("2026-07-15 12:03:27"),
                }
            ],
        )
        self.assertEqual(contract.close_date, self._day("2026-08-14"))
        self.assertEqual(contract.close_reason_id, self.reason)
        self.assertEqual(contract.cancellation_count, 1)
        self.assertTrue(contract._is_live_contract())
        note = contract.message_ids.filtered(
            lambda message: declaration.reference in message.body
        )
        self.assertIn(self.seller.partner_id, note.notified_partner_ids)

    def test_numbers_are_found_trimmed_in_any_case_and_whole(self):
        contract = self._create_contract(name="Sx0042")
        for typed in ("  sX0042 ", "SX0042\t"):
            with self.subTest(typed=typed):
                declaration = self._declare(typed)
                self.assertEqual(declaration._find_contract(), contract)
        for typed in ("0042", "42", "Sx004_", "Sx004%", "%", "Sx00421", "Sx 0042", ""):
            with self.subTest(typed=typed):
                declaration = self.Cancellation.new(
                    {"contract_number": typed, "email": "ada@example.com"}
                )
                self.assertFalse(declaration._find_contract())

    def test_addresses_of_customer_invoices_and_company_are_known(self):
        firm = self.env["res.partner"].create(
            {"name": "Firm", "email": "firm@example.com", "is_company": True}
        )
        person, books = self.env["res.partner"].create(
            [
                {"name": "Person", "parent_id": firm.id, "email": "Me@Example.com"},
                {
                    "name": "Books",
                    "parent_id": firm.id,
                    "type": "invoice",
                    "email": "books@example.com, two@example.com",
                },
            ]
        )
        contract = self._create_contract(
            partner_id=person.id, partner_invoice_id=books.id
        )
        for typed in (
            "me@example.com",
            "ME@EXAMPLE.COM",
            "books@example.com",
            "two@example.com",
            "firm@example.com",
        ):
            with self.subTest(typed=typed):
                declaration = self._declare(contract.name, email=typed)
                self.assertEqual(declaration._find_contract(), contract)
        declaration = self._declare(contract.name, email="ada@example.com")
        self.assertFalse(declaration._find_contract())

    def test_only_running_contracts_are_meant(self):
        quotation = self._create_order()
        self.assertFalse(self._declare(quotation.name)._find_contract())
        plain = self._create_contract(self.setup_fee, plan_id=False)
        self.assertFalse(self._declare(plain.name)._find_contract())
        ended = self._create_contract()
        ended._close(self.reason)
        self.assertEqual(ended.subscription_state, "churned")
        self.assertFalse(self._declare(ended.name)._find_contract())
        paused = self._create_contract()
        paused._pause()
        self.assertEqual(self._declare(paused.name)._find_contract(), paused)

    def test_a_renewed_contract_ends_in_the_one_that_goes_on(self):
        contract = self._create_contract()
        renewal = self._renew(contract)
        renewal.action_confirm()
        with freeze_time("2026-08-20"):
            renewal._bill()
            declaration = self._cancel(contract)
        self.assertEqual(declaration.order_id, renewal)
        self.assertEqual(declaration.last_day, self._day("2026-09-14"))
        self.assertEqual(renewal.close_reason_id, self.reason)

    def test_a_renewal_that_has_not_begun_never_begins_if_a_person_says_so(self):
        contract = self._create_contract()
        renewal = self._renew(contract)
        renewal.action_confirm()
        declaration = self._cancel(contract)
        self.assertEqual(declaration.state, "to_do")
        self.assertEqual(renewal.state, "sale")
        with freeze_time("2026-07-20"):
            declaration.with_user(self.manager).action_assign()
        self.assertEqual(renewal.state, "cancel")
        self.assertEqual(declaration.order_id, contract)
        self.assertEqual(declaration.last_day, self._day("2026-08-14"))
        self.assertEqual(contract.close_date, self._day("2026-08-14"))
        self.assertEqual(contract.close_reason_id, self.reason)

    def test_two_contracts_of_one_number_are_left_to_a_person(self):
        first, second = self._create_contract(), self._create_contract()
        second.name = first.name
        declaration = self._cancel(first)
        self.assertEqual(declaration.state, "to_do")
        self.assertIn("More than one", declaration.failure)
        self.assertFalse((first | second).filtered("close_date"))

    def test_notice_and_minimum_term_are_kept(self):
        noticed = self._create_contract(plan_id=self._create_plan(notice_days=40).id)
        bound = self._create_contract(plan_id=self._create_plan(minimum_periods=6).id)
        self.assertEqual(self._cancel(noticed).last_day, self._day("2026-09-14"))
        self.assertEqual(self._cancel(bound).last_day, self._day("2027-01-14"))

    def test_a_later_day_is_a_wish_and_an_earlier_one_is_none(self):
        contract = self._create_contract()
        declaration = self._cancel(contract, wished_date=self._day("2026-07-20"))
        self.assertEqual(declaration.last_day, self._day("2026-08-14"))
        end = self._get_mails("ada@example.com")[0]
        self.assertIn("You wished it to end on", end.body_html)
        self.assertIn("07/20/2026", end.body_html)
        contract = self._create_contract()
        declaration = self._cancel(contract, wished_date=self._day("2026-12-31"))
        self.assertEqual(declaration.last_day, self._day("2026-12-31"))
        end = self._get_mails("ada@example.com")[0]
        self.assertNotIn("You wished it to end on", end.body_html)

    def test_notice_counts_from_the_day_it_was_received(self):
        contract = self._create_contract(plan_id=self._create_plan(notice_days=40).id)
        declaration = self._declare(contract.name)
        with freeze_time("2026-08-06"):
            self._run()
        self.assertEqual(declaration.last_day, self._day("2026-09-14"))

    def _match_late(self, contract, received, matched):
        """Let a person find the contract days after the receipt."""
        with freeze_time(received):
            declaration = self._declare("my coffee")
            self._run()
        with freeze_time(matched):
            contract._bill()
            mine = declaration.with_user(self.manager)
            mine.order_id = contract
            mine.action_assign()
        return declaration

    def test_what_was_right_when_it_was_received_counts_later_too(self):
        contract = self._create_contract(start_date="2026-07-01")
        declaration = self._match_late(contract, "2026-07-31 12:00", "2026-08-07 09:00")
        august = contract.period_ids.filtered(
            lambda row: row.date_from == self._day("2026-08-01")
        )
        self.assertTrue(august.move_id)
        self.assertEqual(declaration.last_day, self._day("2026-07-31"))
        self.assertEqual(contract.subscription_state, "churned")
        self.assertEqual(contract.close_date, self._day("2026-08-07"))
        [activity] = contract.activity_ids
        self.assertIn("billed since 08/01/2026", activity.summary)
        self.assertIn(august.move_id.display_name, activity.note)
        end = self._get_mails("ada@example.com")[0]
        self.assertIn("07/31/2026", end.subject)
        self.assertIn("07/31/2026", end.body_html)
        self.assertNotIn("08/07/2026", end.body_html)
        self.assertIn("carried out later", end.body_html)
        self.assertIn(
            "it ended on 07/31/2026", str(contract.message_ids.mapped("body"))
        )

    def test_what_was_billed_ahead_since_is_given_back(self):
        plan = self._create_plan(invoice_lead_days=10)
        contract = self._create_contract(plan_id=plan.id, start_date="2026-07-01")
        declaration = self._match_late(contract, "2026-07-16 12:00", "2026-07-25 09:00")
        self.assertEqual(contract.paid_until, self._day("2026-08-31"))
        self.assertEqual(declaration.last_day, self._day("2026-07-31"))
        self.assertEqual(contract.close_date, self._day("2026-07-31"))
        self.assertFalse(contract.activity_ids)
        with freeze_time("2026-08-01 09:00"):
            self._apply_scheduled()
        self.assertEqual(contract.subscription_state, "churned")
        self.assertIn("out_refund", contract.invoice_ids.mapped("move_type"))

    def test_what_the_company_had_ended_is_not_the_customer_s_to_take_back(self):
        contract = self._create_contract()
        own = self.env["subscription.close.reason"].create(
            {"name": "Breach", "portal_visible": False}
        )
        contract._close(own, self._day("2026-12-31"))
        self._cancel(contract)
        self.assertEqual(contract.close_date, self._day("2026-08-14"))
        self.assertFalse(contract.is_closed_online)
        end = self._get_mails("ada@example.com")[0]
        self.assertNotIn("can be taken back", end.body_html)
        contract = self._create_contract()
        contract._close(
            self.env.ref("subscriptions.close_reason_price"), self._day("2026-12-31")
        )
        self._cancel(contract)
        self.assertTrue(contract.is_closed_online)

    def test_an_earlier_end_stays_as_it_is(self):
        contract = self._create_contract()
        other = self.env.ref("subscriptions.close_reason_price")
        contract._close(other, self._day("2026-07-31"))
        declaration = self._cancel(contract)
        self.assertEqual(declaration.last_day, self._day("2026-07-31"))
        self.assertEqual(contract.close_reason_id, other)

    def test_a_fixed_term_ends_no_later_than_it_would(self):
        contract = self._create_contract(end_date="2026-08-05")
        self.assertEqual(self._cancel(contract).last_day, self._day("2026-08-05"))

    def test_the_plan_need_not_allow_it(self):
        self.assertEqual(self.monthly.customer_close, "no")
        self.assertEqual(self._cancel(self._create_contract()).state, "done")

    def test_a_trial_lasts_as_long_as_it_is_free(self):
        plan = self._create_plan(trial_days=14)
        contract = self._create_contract(plan_id=plan.id)
        declaration = self._cancel(contract)
        self.assertEqual(declaration.last_day, contract.trial_end_date)
        with freeze_time("2026-08-20"):
            self._apply_scheduled()
        self.assertEqual(contract.subscription_state, "churned")
        self.assertFalse(contract.invoice_ids)

    def test_what_has_not_begun_is_left_to_a_person(self):
        contract = self._create_contract(start_date="2026-09-01")
        declaration = self._cancel(contract, wished_date=self._day("2026-08-20"))
        self.assertEqual(contract.state, "sale")
        self.assertEqual(declaration.state, "to_do")
        self.assertIn("08/20/2026", declaration.failure)
        self.assertIn("08/20/2026", declaration.activity_ids.note)
        [receipt] = self._get_mails("ada@example.com")
        self.assertIn("We have received", receipt.subject)
        declaration.with_user(self.manager).action_assign()
        self.assertEqual(contract.state, "cancel")
        self.assertEqual(declaration.state, "done")
        self.assertFalse(declaration.last_day)
        mail = self._get_mails("ada@example.com")[0]
        self.assertIn("will not begin", mail.body_html)

    def test_what_has_not_begun_and_binds_is_left_to_a_person(self):
        plan = self._create_plan(minimum_periods=6)
        contract = self._create_contract(plan_id=plan.id, start_date="2026-09-01")
        declaration = self._cancel(contract)
        self.assertEqual(declaration.state, "to_do")
        self.assertIn("has not begun yet", declaration.failure)
        self.assertEqual(contract.state, "sale")

    def test_for_cause_the_ordinary_end_is_set_and_a_person_decides(self):
        contract = self._create_contract(user_id=self.seller.id)
        declaration = self._cancel(contract, kind="extraordinary", cause=HTML)
        self.assertEqual(declaration.state, "done")
        self.assertEqual(contract.close_date, self._day("2026-08-14"))
        activity = contract.activity_ids
        self.assertEqual(activity.user_id, self.seller)
        self.assertIn("ends at once", activity.summary)
        self.assertIn("&lt;b onclick", activity.note)
        confirmation = self._get_mails().filtered(
            lambda mail: mail.recipient_ids == self.partner
        )
        self.assertIn("for cause", confirmation.body_html)

    # Mails

    def test_the_receipt_is_the_same_and_the_end_is_for_the_customer(self):
        contract = self._create_contract()
        self._declare(contract.name, email="Ada@Example.com", name=HTML)
        self._declare("S99999", email="eve@example.com", name=HTML)
        self._run()
        [matched] = self._get_mails("ada@example.com").filtered("email_to")
        [unmatched] = self._get_mails("eve@example.com")
        self.assertEqual(unmatched.state, "outgoing")
        self.assertIn("&lt;b onclick", unmatched.body_html)
        self.assertNotIn("<b onclick", unmatched.body_html)
        self.assertIn("07/15/2026 12:03:27 (UTC)", unmatched.body_html)
        self.assertIn("confirm the day", unmatched.body_html)
        self.assertEqual(
            self._neutral(matched.subject + matched.body_html, contract.name),
            self._neutral(unmatched.subject + unmatched.body_html, "S99999"),
        )
        end = self._get_mails().filtered(
            lambda mail: mail.recipient_ids == self.partner
        )
        self.assertIn("08/14/2026", end.subject)
        self.assertIn("No further period is invoiced.", end.body_html)
        self.assertIn("can be taken back", end.body_html)
        self.assertIn("access_token=", end.body_html)

    def test_the_receipt_mail_carries_nobody_s_advertising(self):
        declaration = self._declare(
            f"S1 www.evil.example {'x' * 70}",
            email="eve@example.com",
            name="Win at https://evil.example/a now evil.example/b or evil.example",
            kind="extraordinary",
            cause="Buy pills at http://pills.example, they are cheap",
        )
        self._run()
        [mail] = self._get_mails("eve@example.com")
        for part in (
            "https://evil",
            "www.evil",
            "evil.example",
            "pills",
            "x" * 60,
        ):
            self.assertNotIn(part, mail.body_html)
        self.assertIn("with the cause you gave", mail.body_html)
        self.assertIn("Win at", mail.body_html)
        told = dict(declaration._get_declared())
        self.assertIn("they are cheap", told["Cause"])
        self.assertIn("https://evil.example/a", told["Name"])
        self.assertEqual(declaration._shorten("Dr. J.R. Ada-Lee"), "Dr. J. R. Ada-Lee")

    def _neutral(self, text, number):
        text = text.replace(number, "NUMBER")
        text = re.sub(r"(?i)(ada|eve)@example\.com", "ADDRESS", text)
        return re.sub(r"[2-9A-Z]{5}-[2-9A-Z]{5}", "REFERENCE", text)

    def test_the_mail_names_what_is_still_invoiced(self):
        contract = self._create_contract()
        self._cancel(contract, wished_date=self._day("2026-09-14"))
        text = contract._get_remaining_text()
        self.assertIn("One more invoice", text)
        self.assertIn("08/15/2026", text)
        self.assertIn("100.00", text)
        contract = self._create_contract()
        self._cancel(contract, wished_date=self._day("2026-11-14"))
        self.assertIn("3 more invoices", contract._get_remaining_text())

    def test_the_mail_of_an_invoice_of_several_contracts_names_none(self):
        contracts = self._create_contract() | self._create_contract()
        invoice = contracts[0].invoice_ids
        invoice.button_draft()
        invoice.invoice_line_ids[0].copy({"move_id": invoice.id})
        invoice.invoice_line_ids[-1].subscription_id = contracts[1]
        self.assertEqual(invoice.subscription_ids, contracts)
        link = invoice._get_cancellation_link()
        self.assertTrue(link.endswith("/subscriptions/cancel"), link)

    def test_mails_about_contracts_lead_to_the_page(self):
        contract = self._create_contract()
        self.assertTrue(
            contract._get_cancellation_link().endswith(
                f"/subscriptions/cancel?contract={contract.name}"
            )
        )
        self.assertEqual(
            contract.invoice_ids._get_cancellation_link(),
            contract._get_cancellation_link(),
        )
        self.assertFalse(self._create_order()._get_cancellation_link())
        ending = self._create_contract()
        ending._close(self.reason, self._day("2026-08-14"))
        # It may end earlier, or for cause.
        self.assertIn(ending.name, ending._get_cancellation_link())
        ended = self._create_contract()
        ended._close(self.reason)
        self.assertFalse(ended._get_cancellation_link())
        layout = "mail.mail_notification_layout_with_responsible_signature"
        for record in (contract, contract.invoice_ids):
            record.message_post(
                body="Hello",
                partner_ids=self.partner.ids,
                email_layout_xmlid=layout,
                subtype_xmlid="mail.mt_comment",
            )
            mail = self._get_mails("ada@example.com")[0]
            self.assertIn("Cancel contracts here", mail.body_html)
