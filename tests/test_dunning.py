from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .collection_common import CollectionCommon
from .common import TODAY


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestDunning(CollectionCommon):
    """What fails is tried again, written about, and ended, as a policy says."""

    def _get_mails(self, order):
        """Return the subjects of the mails about payments, oldest first."""
        return [
            message.subject
            for message in order.message_ids.sorted("id")
            if message.subject and "ayment" in message.subject
        ]

    def _run_days(self, *days):
        for day in days:
            self._collect((self._day(TODAY) + timedelta(days=day)).isoformat())

    # === THE DEFAULT POLICY === #

    def test_tries_on_days_0_3_5_7_and_closes_after_14(self):
        order = self._create_charged("declined")
        tries = []
        for day in range(16):
            before = len(self.calls)
            self._run_days(day)
            if len(self.calls) > before:
                tries.append(day)
            if order.subscription_state == "churned":
                break
        self.assertEqual(tries, [0, 3, 5, 7])
        self.assertEqual(day, 14)
        self.assertEqual(
            order.close_reason_id, self.env.ref("subscriptions.close_reason_unpaid")
        )
        self.assertEqual(order.close_date, self._day("2026-07-15"))
        self.assertEqual(len(self._get_mails(order)), 4)
        collection = self._get_collection(order)
        self.assertEqual((collection.state, collection.outcome), ("lost", "lost"))
        self.assertFalse(order.hold)

    def test_the_draft_of_a_closed_contract_is_left_to_a_person(self):
        order = self._create_charged("declined")
        self._run_days(0, 14)
        self.assertEqual(order.invoice_ids.state, "draft")
        self.assertIn(
            "Decide about an unpaid invoice", order.activity_ids.mapped("summary")
        )

    def test_success_on_the_second_try_ends_it(self):
        order = self._create_charged("declined")
        self._run_days(0)
        order.payment_token_id.provider_ref = "done"
        self._run_days(3, 5, 7, 14)
        self.assertEqual(len(self.calls), 2)
        self.assertEqual(order.subscription_state, "progress")
        self.assertFalse(order.hold)
        self.assertEqual(self._get_collection(order).outcome, "recovered")
        self.assertEqual(len(self._get_mails(order)), 1)

    def test_missed_runs_make_one_try_and_one_mail(self):
        order = self._create_charged("declined")
        self._run_days(0, 6)
        self.assertEqual(len(self.calls), 2)
        self.assertEqual(len(self._get_mails(order)), 2)
        self.assertEqual(self._get_collection(order).next_date, self._day("2026-07-08"))

    def test_a_run_twice_on_a_day_does_nothing_twice(self):
        order = self._create_charged("declined")
        self._run_days(0, 0, 3, 3)
        self.assertEqual(len(self.calls), 2)
        self.assertEqual(len(self._get_mails(order)), 2)

    def test_the_mail_has_a_link_and_the_customers_language(self):
        order = self._create_charged("declined")
        self._run_days(0)
        mail = order.message_ids.filtered(
            lambda one: one.subject and "ayment" in one.subject
        )
        self.assertIn(f"/subscriptions/pay/{order.invoice_ids.id}", mail.body)
        self.assertIn(order.invoice_ids.access_token, mail.body)
        self.assertIn("100.00", mail.body)
        self.assertIn("07/04/2026", mail.body, "the day of the next try")

    def test_the_last_mail_names_the_end(self):
        order = self._create_charged("declined")
        self._run_days(0, 3, 5, 7)
        last = order.message_ids.filtered(
            lambda one: one.subject and one.subject.startswith("Last notice")
        )
        self.assertIn("closed on 07/15/2026", last.body)

    def test_a_contract_waits_while_it_is_dunned(self):
        order = self._create_charged("declined")
        self._run_days(0)
        self._bill_due("2026-08-01")
        self.assertEqual(len(order.period_ids), 1)

    # === OTHER ENDS === #

    def test_a_policy_may_pause(self):
        self.policy.final_action = "pause"
        order = self._create_charged("declined")
        self._run_days(0, 14)
        self.assertEqual(order.subscription_state, "paused")
        self.assertEqual(self._get_collection(order).state, "lost")

    def test_a_policy_may_keep_the_contract_and_send_the_invoice(self):
        self.policy.final_action = "keep"
        order = self._create_charged("declined")
        self._run_days(0, 14)
        self.assertEqual(order.subscription_state, "progress")
        self.assertFalse(order.hold)
        self.assertEqual(order.invoice_ids.state, "posted")
        self._bill_due("2026-08-01")
        self.assertEqual(len(order.invoice_ids), 2)

    def test_without_a_policy_a_person_decides(self):
        self.charged.dunning_policy_id = False
        order = self._create_charged("declined")
        self._run_days(0, 3, 30)
        self.assertEqual(len(self.calls), 1)
        self.assertEqual(order.hold, "payment_declined")
        self.assertEqual(self._get_mails(order), [])

    # === WHAT ENDS OR RESTARTS IT === #

    def test_another_method_restarts_the_tries(self):
        order = self._create_charged("stolen")
        self._run_days(0)
        order.payment_token_id = self._create_token("declined")
        self._run_days(1)
        collection = self._get_collection(order)
        self.assertEqual(len(self.calls), 2)
        self.assertEqual(collection.failed_on, self._day("2026-07-02"))
        order.payment_token_id = self._create_token("done")
        self._run_days(1)
        self.assertEqual(collection.state, "paid")

    def test_a_method_that_is_gone_leads_to_the_link(self):
        order = self._create_charged("declined")
        self._run_days(0)
        order.payment_token_id.active = False
        self.assertFalse(order.payment_token_id)
        self._run_days(1)
        collection = self._get_collection(order)
        self.assertEqual(collection.state, "no_method")
        self.assertEqual(order.invoice_ids.state, "posted")
        self.assertFalse(order.hold)

    def test_closing_stops_the_tries(self):
        order = self._create_charged("declined")
        self._run_days(0)
        order._close(self.env.ref("subscriptions.close_reason_other"))
        self._run_days(3, 5)
        self.assertEqual(len(self.calls), 1)
        self.assertEqual(self._get_collection(order).state, "lost")

    def test_a_transfer_the_accountant_reconciles_ends_it(self):
        order = self._create_charged("declined")
        self._run_days(0)
        move = order.invoice_ids
        move.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()
        self.assertEqual(self._get_collection(order).state, "paid")
        self.assertFalse(order.hold)
        self._run_days(3, 14)
        self.assertEqual(len(self.calls), 1)
        self.assertEqual(order.subscription_state, "progress")

    def test_cancelling_the_invoice_ends_it(self):
        order = self._create_charged("declined")
        self._run_days(0)
        order.invoice_ids.button_cancel()
        self.assertEqual(self._get_collection(order).state, "cancelled")
        self.assertFalse(order.hold)

    def test_paid_after_the_end_counts_as_recovered(self):
        order = self._create_charged("declined")
        self._run_days(0, 14)
        move = order.invoice_ids
        move.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()
        self.assertEqual(self._get_collection(order).outcome, "recovered")

    # === NO METHOD === #

    def test_without_a_method_the_invoice_is_posted_and_sent_with_a_link(self):
        order = self._create_charged(None)
        move = order.invoice_ids
        self.assertEqual(move.state, "posted")
        self.assertTrue(move.sending_data)
        template = move._get_mail_template()
        self.assertEqual(
            template, self.env.ref("subscriptions.mail_template_invoice_to_pay")
        )
        body = template._render_field("body_html", move.ids)[move.id]
        self.assertIn(f"/subscriptions/pay/{move.id}", body)
        self.assertFalse(order.hold)

    def test_without_a_method_reminders_follow_the_due_date(self):
        order = self._create_charged(None)
        self._run_days(0, 1, 2)
        self.assertEqual(self._get_mails(order), [])
        self._run_days(3, 5, 7, 20)
        self.assertEqual(len(self._get_mails(order)), 3)
        self.assertEqual(self.calls, [])
        self.assertEqual(order.subscription_state, "progress")
        self.assertIn(
            "Still unpaid after all reminders", order.activity_ids.mapped("summary")
        )

    def test_without_a_method_it_closes_on_the_16th_and_not_on_the_15th(self):
        self.charged.auto_close_days = 15
        order = self._create_charged(None)
        with freeze_time("2026-07-15"):
            self._apply_scheduled()
        self.assertEqual(order.subscription_state, "progress")
        with freeze_time("2026-07-16"):
            self._apply_scheduled()
        self.assertEqual(order.subscription_state, "churned")

    def test_a_method_saved_later_is_charged_at_once(self):
        order = self._create_charged(None)
        order.payment_token_id = self._create_token()
        self._run_days(0)
        self.assertEqual(self._get_collection(order).state, "paid")
        self.assertEqual(len(self.captured), 1)

    def test_who_has_no_address_is_written_to_by_hand(self):
        self.partner.email = False
        order = self._create_charged("declined")
        self._run_days(0)
        self.assertIn(
            "Write to the customer by hand", order.activity_ids.mapped("summary")
        )

    # === POLICIES === #

    def test_the_statistics_of_a_policy(self):
        paid = self._create_charged("declined")
        lost = self._create_charged("declined")
        still = self._create_charged("declined")
        self._create_charged("done")
        self._run_days(0)
        paid.payment_token_id.provider_ref = "done"
        self._run_days(3)
        lost._close(self.env.ref("subscriptions.close_reason_other"))
        self.assertEqual(self.policy.recovered_count, 1)
        self.assertEqual(self.policy.lost_count, 1)
        self.assertEqual(self.policy.open_count, 1)
        self.assertEqual(self.policy.recovery_rate, 0.5)
        self.assertEqual(self._get_collection(still).outcome, "open")

    def test_a_policy_has_one_step_on_a_day_and_ends_after_all(self):
        with Form(self.env["subscription.dunning.policy"]) as form:
            form.name = "Short"
            with form.step_ids.new() as step:
                step.days = 0
            form.final_days = 2
        policy = form.record
        with self.assertRaises(ValidationError):
            policy.step_ids = [Command.create({"days": 2})]
        with self.assertRaises(ValidationError):
            policy.write({"final_action": "close", "close_reason_id": False})

    def test_a_policy_in_use_is_not_deleted(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.policy.unlink()

    # === BUTTONS === #

    def test_a_retry_by_hand_does_not_wait_for_its_day(self):
        order = self._create_charged("declined")
        self._run_days(0)
        order.payment_token_id.provider_ref = "done"
        order.action_retry_payment()
        self.assertEqual(len(self.calls), 1, "no provider is called by a click")
        self.assertEqual(order.hold, "payment_declined", "until it is known")
        self._run_days(0)
        self.assertEqual(self._get_collection(order).state, "paid")

    def test_a_retry_without_method_says_so(self):
        order = self._create_charged(None)
        with self.assertRaises(UserError):
            order.action_retry_payment()

    def test_the_contract_tells_how_it_is_paid(self):
        order = self._create_charged("declined")
        self._run_days(0)
        order.invalidate_recordset()
        self.assertEqual(order.open_amount, 100.0)
        self.assertEqual(order.last_attempt_result, "Declined")
        self.assertEqual(order.next_attempt_date, self._day("2026-07-04"))
        self.assertEqual(str(order.last_attempt_date.date()), TODAY)
