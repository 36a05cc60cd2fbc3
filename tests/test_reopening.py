from odoo.exceptions import UserError

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-10")
class TestReopening(SubscriptionCommon):
    """Closing with credit, taking it back, reopening, and closing by itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env.ref("subscriptions.close_reason_price")

    def test_the_unused_share_is_credited_when_asked_for(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._close(self.reason, credit=True)
        note = contract.invoice_ids.sorted("id")[1]
        self.assertEqual(note.move_type, "out_refund")
        self.assertEqual(note.amount_untaxed, 67.74)  # 21 of 31 days
        self.assertEqual(self._get_periods(contract), ["2026-07-01..2026-07-10"])

    def test_a_credit_for_a_day_to_come_is_given_on_that_day(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._close(self.reason, self._day("2026-07-20"), credit=True)
        self.assertEqual(len(contract.invoice_ids), 1)
        with freeze_time("2026-07-20"):
            self._apply_scheduled()
            self._apply_scheduled()
        self.assertEqual(contract.subscription_state, "churned")
        self.assertEqual(
            contract.invoice_ids.sorted("id").mapped("amount_untaxed"), [100.0, 35.48]
        )

    def test_a_close_date_can_be_taken_back_until_it_comes(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._close(self.reason, self._day("2026-08-15"))
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [48.39])  # 15/31
        with freeze_time("2026-08-10"):
            contract._revoke_close()
            self.assertFalse(contract.close_date or contract.close_reason_id)
        with freeze_time("2026-08-16"):
            # The rest of the month: together exactly its price.
            self.assertEqual(self._get_amounts(contract._bill()), [51.61])
        self.assertEqual(contract.verify_ledger(), [])
        with self.assertRaisesRegex(UserError, "not about to be closed"):
            contract._revoke_close()

    def test_the_rest_of_a_cut_period_costs_what_is_left_of_its_price(self):
        seat = self._create_item("Nearly a hundred", 99.99)
        contract = self._create_contract(seat, start_date="2026-09-01")
        contract.end_date = "2026-09-15"
        with freeze_time("2026-09-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [50.0])
        contract.end_date = False
        with freeze_time("2026-09-16"):
            self.assertEqual(self._get_amounts(contract._bill()), [49.99])

    def test_a_reopened_contract_is_billed_from_today_on(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._close(self.reason)
        with freeze_time("2026-09-16"):
            contract._reopen()
            self.assertEqual(contract.subscription_state, "progress")
            self.assertEqual(
                self._get_periods(contract),
                [
                    "2026-07-01..2026-07-31",
                    "2026-08-01..2026-09-15",
                    "2026-09-16..2026-09-30",
                ],
            )
            self.assertEqual(self._get_amounts(contract.invoice_ids), [100.0, 50.0])
        self.assertEqual(contract.verify_ledger(), [])
        self.assertEqual(contract.mrr, 100.0)

    def test_what_is_paid_until_is_not_billed_again(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._close(self.reason)
        contract._reopen()
        self.assertEqual(len(contract.invoice_ids), 1)
        self.assertEqual(contract.next_invoice_date, self._day("2026-08-01"))

    def test_closed_with_credit_and_reopened_at_once_is_nothing(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._close(self.reason, credit=True)
        contract._reopen()
        with freeze_time("2026-07-11"):
            contract._bill()
        amounts = contract.invoice_ids.mapped("amount_untaxed_signed")
        self.assertAlmostEqual(sum(amounts), 100.0)
        self.assertEqual(contract.verify_ledger(), [])

    def test_a_contract_that_ended_by_its_term_runs_for_ever_when_reopened(self):
        contract = self._create_contract(start_date="2026-06-01", end_date="2026-06-30")
        self._apply_scheduled()
        self.assertEqual(contract.subscription_state, "churned")
        contract._reopen()
        self.assertFalse(contract.end_date)
        self.assertEqual(contract.subscription_state, "progress")

    def test_scheduled_changes_end_with_the_contract(self):
        contract = self._create_contract((self.seat, 2), start_date="2026-07-01")
        change = contract._change_quantities({contract.order_line: 1})
        contract._close(self.reason)
        self.assertEqual(change.state, "revoked")

    def test_a_change_that_was_billed_ahead_does_not_keep_a_contract_from_ending(self):
        plan = self._create_plan(invoice_lead_days=5)
        contract = self._create_contract(
            (self.seat, 2), plan_id=plan.id, start_date="2026-07-01"
        )
        change = contract._change_quantities({contract.order_line: 1})
        with freeze_time("2026-07-27"):
            contract._bill()
            contract._close(self.reason)
        self.assertEqual(change.state, "revoked")
        self.assertEqual(contract.subscription_state, "churned")

    def test_what_runs_is_not_reopened(self):
        contract = self._create_contract()
        with self.assertRaisesRegex(UserError, "nothing to reopen"):
            contract._reopen()

    # Unpaid

    def test_an_unpaid_contract_closes_on_the_16th_not_on_the_15th(self):
        plan = self._create_plan(auto_close_days=15)
        contract = self._create_contract(plan_id=plan.id, start_date="2026-07-01")
        contract.invoice_ids.button_draft()
        contract.invoice_ids.invoice_date_due = "2026-07-01"
        contract.invoice_ids.action_post()
        with freeze_time("2026-07-15"):
            self._apply_scheduled()
            self.assertEqual(contract.subscription_state, "progress")
        with freeze_time("2026-07-16"):
            self._apply_scheduled()
        self.assertEqual(contract.subscription_state, "churned")
        self.assertEqual(
            contract.close_reason_id, self.env.ref("subscriptions.close_reason_unpaid")
        )

    def test_paid_paused_and_patient_contracts_are_not_closed(self):
        plan = self._create_plan(auto_close_days=15)
        paid, paused = (self._create_contract(plan_id=plan.id) for _one in range(2))
        patient = self._create_contract()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.invoice_ids.ids
        ).create({})._create_payments()
        paused._pause()
        with freeze_time("2026-10-01"):
            self._apply_scheduled()
        self.assertEqual(
            (paid | paused | patient).mapped("subscription_state"),
            ["progress", "paused", "progress"],
        )
