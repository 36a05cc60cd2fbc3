from odoo.exceptions import UserError

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-10")
class TestPause(SubscriptionCommon):
    """Contracts that rest for a while, and go on in their own rhythm."""

    def _get_kinds(self, contract):
        return [
            (f"{row.date_from}..{row.date_to}", row.state)
            for row in contract.period_ids.sorted("date_from")
        ]

    def test_periods_wholly_within_the_pause_are_not_billed(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._pause()
        with freeze_time("2026-09-20"):
            self.assertFalse(contract._bill())
            contract._resume()
        self.assertEqual(
            self._get_kinds(contract),
            [
                ("2026-07-01..2026-07-31", "billed"),
                ("2026-08-01..2026-08-31", "paused"),
                ("2026-09-01..2026-09-30", "billed"),
            ],
        )
        self.assertEqual(contract.next_invoice_date, self._day("2026-10-01"))
        self.assertEqual(contract.verify_ledger(), [])

    def test_a_paused_contract_keeps_its_mrr_and_is_not_billed_by_the_run(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._pause()
        self.assertEqual(contract.subscription_state, "paused")
        self.assertEqual(contract.mrr, 100.0)
        with freeze_time("2026-08-01"), self.enter_registry_test_mode():
            self.env.ref("subscriptions.ir_cron_bill_due").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(len(contract.invoice_ids), 1)

    def test_staff_may_bill_a_paused_contract_by_hand(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._pause()
        with freeze_time("2026-08-01"):
            contract.action_create_subscription_invoice()
        self.assertEqual(self._get_amounts(contract.invoice_ids), [100.0, 100.0])
        self.assertEqual(contract.subscription_state, "paused")

    def test_the_run_resumes_on_the_day_that_was_set(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._pause(self._day("2026-09-01"))
        with freeze_time("2026-08-31"):
            self._apply_scheduled()
            self.assertEqual(contract.subscription_state, "paused")
        with freeze_time("2026-09-03"):  # two days late
            self._apply_scheduled()
            self._apply_scheduled()
        self.assertEqual(contract.subscription_state, "progress")
        self.assertFalse(contract.resume_date)
        self.assertEqual(
            self._get_kinds(contract)[1:],
            [
                ("2026-08-01..2026-08-31", "paused"),
                ("2026-09-01..2026-09-30", "billed"),
            ],
        )

    def test_the_preview_leaves_out_what_is_paused(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._pause(self._day("2026-09-01"))
        self.assertEqual(
            str(contract.preview_invoices(1)[0]["date_from"]), "2026-09-01"
        )

    def test_a_resume_day_can_be_set_later(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._pause()
        contract._resume(self._day("2026-10-01"))
        self.assertEqual(contract.subscription_state, "paused")
        self.assertEqual(contract.resume_date, self._day("2026-10-01"))
        with freeze_time("2026-10-01"):
            self._apply_scheduled()
        self.assertEqual(contract.subscription_state, "progress")

    def test_in_arrears_the_period_the_pause_begins_in_is_billed(self):
        plan = self._create_plan(billing_timing="arrears")
        contract = self._create_contract(plan_id=plan.id, start_date="2026-07-01")
        contract._pause()
        with freeze_time("2026-09-05"):
            contract._resume()
        self.assertEqual(
            self._get_kinds(contract),
            [
                ("2026-07-01..2026-07-31", "billed"),
                ("2026-08-01..2026-08-31", "paused"),
            ],
        )

    def test_a_pause_of_years_is_no_backlog(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._pause()
        with freeze_time("2028-07-10"):
            contract._resume()
            self.assertFalse(contract.hold)
        self.assertEqual(len(contract.invoice_ids), 2)

    def test_paused_and_resumed_on_one_day_is_nothing(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._pause()
        contract._resume()
        self.assertEqual(contract.change_ids.state, "revoked")
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [100.0])

    def test_a_paused_contract_ends_on_its_day(self):
        contract = self._create_contract(start_date="2026-07-01", end_date="2026-09-30")
        contract._pause()
        with freeze_time("2026-10-01"):
            self._apply_scheduled()
        self.assertEqual(contract.subscription_state, "churned")
        self.assertEqual(len(contract.invoice_ids), 1)

    def test_a_paused_contract_can_be_closed(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._pause()
        with freeze_time("2026-09-10"):
            contract._close(self.env.ref("subscriptions.close_reason_need"))
        self.assertEqual(contract.subscription_state, "churned")
        self.assertEqual(len(contract.invoice_ids), 1)
        self.assertEqual(contract.verify_ledger(), [])

    def test_the_chatter_says_until_when_and_why(self):
        contract = self._create_contract()
        contract._pause(self._day("2026-09-01"), reason="Summer holidays")
        self.assertIn("08/31/2026", contract.message_ids[0].body)
        self.assertIn("Summer holidays", contract.message_ids[0].body)

    # What is refused

    def test_a_resume_day_in_the_past_is_refused(self):
        contract = self._create_contract()
        for day in ("2026-07-09", "2026-07-10"):
            with self.assertRaisesRegex(UserError, "no day to come"):
                contract._pause(self._day(day))
        self.assertEqual(contract.subscription_state, "progress")

    def test_resuming_in_the_past_is_refused(self):
        contract = self._create_contract()
        contract._pause()
        with (
            freeze_time("2026-09-10"),
            self.assertRaisesRegex(UserError, "is over"),
        ):
            contract._resume(self._day("2026-09-01"))

    def test_what_is_not_in_progress_is_not_paused_and_what_is_not_paused_not_resumed(
        self,
    ):
        contract = self._create_contract()
        with self.assertRaisesRegex(UserError, "not paused"):
            contract._resume()
        contract._pause()
        with self.assertRaisesRegex(UserError, "cannot become"):
            contract._pause()
        with self.assertRaisesRegex(UserError, "no contract"):
            self._create_order(plan_id=False)._pause()
