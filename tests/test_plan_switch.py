from odoo.exceptions import UserError
from odoo.fields import Command

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestPlanSwitch(SubscriptionCommon):
    """From monthly to yearly and back, at the next period or at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["product.pricelist.item"].create(
            {
                "plan_id": cls.yearly.id,
                "applied_on": "1_product",
                "product_tmpl_id": cls.seat.product_tmpl_id.id,
                "compute_price": "fixed",
                "fixed_price": 1000.0,
            }
        )

    def test_the_new_plan_begins_with_the_next_period(self):
        contract = self._create_contract((self.seat, 2), start_date="2026-07-10")
        change = contract._change_plan(self.yearly)
        self.assertEqual(change.date, self._day("2026-08-10"))
        self.assertEqual(contract.plan_id, self.monthly)
        self.assertEqual(contract.order_line.price_unit, 100.0)
        with freeze_time("2026-08-10"):
            self._apply_scheduled()
            self.assertEqual(contract.plan_id, self.yearly)
        self.assertEqual(self._get_amounts(contract.invoice_ids), [200.0, 2000.0])
        self.assertEqual(
            self._get_periods(contract),
            ["2026-07-10..2026-08-09", "2026-08-10..2027-08-09"],
        )
        self.assertEqual(contract.mrr, 166.67)
        self.assertEqual(contract.next_invoice_date, self._day("2027-08-10"))
        self.assertEqual(contract.verify_ledger(), [])

    def test_a_switch_that_is_made_late_bills_as_if_it_was_not(self):
        contract = self._create_contract(start_date="2026-07-10")
        contract._change_plan(self.yearly)
        with freeze_time("2026-08-20"):
            self.assertEqual(self._get_amounts(contract._bill()), [1000.0])
            self._apply_scheduled()
        self.assertEqual(contract.plan_id, self.yearly)
        self.assertEqual(self._get_periods(contract)[-1], "2026-08-10..2027-08-09")

    def test_at_once_the_unused_share_is_credited_and_the_new_period_billed(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._change_plan(self.yearly, at="now")
        self.assertEqual(
            self._get_periods(contract),
            ["2026-07-01..2026-07-14", "2026-07-15..2027-07-14"],
        )
        note, invoice = contract.invoice_ids.sorted("id")[1:]
        self.assertEqual((note.move_type, note.amount_untaxed), ("out_refund", 54.84))
        self.assertEqual(invoice.amount_untaxed, 1000.0)
        self.assertEqual(contract.verify_ledger(), [])

    def test_credit_that_is_left_pays_for_the_new_period(self):
        contract = self._create_contract(start_date="2026-07-01")
        first = contract.invoice_ids
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=first.ids
        ).create({})._create_payments()
        contract._change_plan(self.yearly, at="now")
        invoice = contract.invoice_ids.sorted("id")[-1]
        self.assertEqual(invoice.amount_residual, 945.16)

    def test_a_switch_on_the_first_day_of_a_period_credits_it_as_a_whole(self):
        contract = self._create_contract(start_date="2026-07-15")
        contract._change_plan(self.yearly, at="now")
        self.assertEqual(self._get_periods(contract), ["2026-07-15..2027-07-14"])
        note = contract.invoice_ids.sorted("id")[1]
        self.assertEqual(note.amount_untaxed, 100.0)
        self.assertEqual(contract.verify_ledger(), [])

    def test_back_to_the_month_from_a_year(self):
        contract = self._create_contract(
            plan_id=self.yearly.id, start_date="2026-01-01"
        )
        contract._change_plan(self.monthly, at="now")
        note, invoice = contract.invoice_ids.sorted("id")[1:]
        self.assertEqual(note.amount_untaxed, 465.75)  # 1000 x 170/365
        self.assertEqual(invoice.amount_untaxed, 100.0)
        self.assertEqual(contract.mrr, 100.0)

    def test_in_arrears_the_days_before_are_billed_by_the_old_plan(self):
        arrears = self._create_plan(billing_timing="arrears")
        contract = self._create_contract(plan_id=arrears.id, start_date="2026-07-01")
        contract._change_plan(self.yearly, at="now")
        self.assertEqual(self._get_amounts(contract.invoice_ids), [45.16, 1000.0])
        self.assertEqual(
            self._get_periods(contract),
            ["2026-07-01..2026-07-14", "2026-07-15..2027-07-14"],
        )

    def test_what_is_not_billed_yet_can_be_switched_later(self):
        arrears = self._create_plan(billing_timing="arrears")
        contract = self._create_contract(plan_id=arrears.id, start_date="2026-07-01")
        contract._change_plan(self.yearly)
        self.assertEqual(contract.billing_date, self._day("2026-08-01"))
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
        self.assertEqual(self._get_amounts(contract.invoice_ids), [100.0, 1000.0])

    def test_to_an_aligned_plan_the_stretch_between_is_prorated(self):
        aligned = self._create_plan(align=True, align_day=1)
        contract = self._create_contract(start_date="2026-07-10")
        contract._change_plan(aligned)
        with freeze_time("2026-08-10"):
            self._apply_scheduled()
        # 22 of 31 days
        self.assertEqual(self._get_amounts(contract.invoice_ids), [100.0, 70.97])
        self.assertEqual(contract.next_invoice_date, self._day("2026-09-01"))

    def test_days_of_the_old_plan_are_none_of_the_new_plans_first_stretch(self):
        aligned = self._create_plan(billing_period_unit="year", align=True)
        plan = self._create_plan(billing_timing="arrears", align=True)
        with freeze_time("2028-02-15"):
            contract = self._create_contract(
                (self.seat, 3, {"price_unit": 786.13}),
                plan_id=plan.id,
                start_date="2028-01-01",
            )
            contract._change_plan(aligned, at="now")
            # The month of January is no part of the year's first stretch:
            # 2,358.39 x 321/366 = 2,068.424
            self.assertEqual(self._get_amounts(contract.invoice_ids)[-1], 2068.42)

    def test_a_typed_price_stays_and_a_given_one_is_taken(self):
        contract = self._create_contract(
            (self.seat, 1, {"price_unit": 90.0}),
            (self.seat, 1, {"discount": 10.0}),
            self.seat,
            start_date="2026-07-10",
        )
        typed, discounted, given = contract.order_line
        contract._change_plan(self.yearly, prices={given: 950.0})
        with freeze_time("2026-08-10"):
            self._apply_scheduled()
        self.assertRecordValues(
            contract.order_line,
            [
                {"id": typed.id, "price_unit": 90.0, "discount": 0.0},
                {"id": discounted.id, "price_unit": 1000.0, "discount": 10.0},
                {"id": given.id, "price_unit": 950.0, "discount": 0.0},
            ],
        )

    def test_a_price_that_was_given_is_not_looked_up_by_the_next_switch(self):
        contract = self._create_contract(self.seat, start_date="2026-07-10")
        line = contract.order_line
        contract._change_plan(self.yearly, at="now", prices={line: 950.0})
        contract._change_plan(self.monthly, at="now")
        self.assertEqual(line.price_unit, 950.0)

    def test_the_preview_shows_the_switch(self):
        contract = self._create_contract(start_date="2026-07-10")
        contract._change_plan(self.yearly)
        self.assertEqual(
            [
                (str(one["date_from"]), one["amount_untaxed"])
                for one in contract.preview_invoices(2)
            ],
            [("2026-08-10", 1000.0), ("2027-08-10", 1000.0)],
        )

    def test_another_choice_overtakes_the_scheduled_one(self):
        contract = self._create_contract(start_date="2026-07-10")
        first = contract._change_plan(self.yearly)
        second = contract._change_plan(self.env.ref("subscriptions.plan_quarterly"))
        self.assertEqual((first.state, second.state), ("revoked", "scheduled"))

    def test_a_period_billed_again_after_the_switch_is_of_the_old_plan(self):
        contract = self._create_contract(start_date="2026-06-15")
        contract._change_plan(self.yearly, at=self._day("2026-07-15"))
        self.assertEqual(contract.plan_id, self.yearly)
        june = contract.invoice_ids.sorted("id")[0]
        june.button_draft()
        june.button_cancel()
        self.assertEqual(self._get_amounts(contract._bill()), [100.0])
        self.assertEqual(contract.verify_ledger(), [])

    def test_a_period_billed_ahead_with_the_new_plan_is_not_credited(self):
        early = self._create_plan(invoice_lead_days=5)
        contract = self._create_contract(plan_id=early.id, start_date="2026-07-01")
        self.yearly.invoice_lead_days = 5
        change = contract._change_plan(self.yearly)
        with freeze_time("2026-07-27"):
            self.assertEqual(self._get_amounts(contract._bill()), [1000.0])
            with self.assertRaisesRegex(UserError, "billed with this change"):
                change.action_revoke()
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
        self.assertEqual(contract.plan_id, self.yearly)
        self.assertEqual(self._get_amounts(contract.invoice_ids), [100.0, 1000.0])
        self.assertEqual(
            self._get_periods(contract),
            ["2026-07-01..2026-07-31", "2026-08-01..2027-07-31"],
        )

    def test_a_switch_in_a_trial_begins_when_the_trial_is_over(self):
        plan = self._create_plan(trial_days=30)
        contract = self._create_contract(plan_id=plan.id, start_date="2026-07-10")
        change = contract._change_plan(self.yearly, at="now")
        self.assertEqual(change.date, self._day("2026-08-09"))
        with freeze_time("2026-08-09"):
            self._apply_scheduled()
        self.assertEqual(self._get_amounts(contract.invoice_ids), [1000.0])
        self.assertEqual(
            self._get_periods(contract),
            ["2026-07-10..2026-08-08", "2026-08-09..2027-08-08"],
        )

    # What is refused

    def test_the_same_plan_is_refused(self):
        contract = self._create_contract()
        with self.assertRaisesRegex(UserError, "already"):
            contract._change_plan(self.monthly)

    def test_an_archived_plan_and_one_of_another_company_are_refused(self):
        contract = self._create_contract()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        with self.assertRaisesRegex(UserError, "archived"):
            contract._change_plan(self._create_plan(active=False))
        with self.assertRaisesRegex(UserError, "another company"):
            contract._change_plan(self._create_plan(company_id=other.id))

    def test_the_plan_of_a_contract_is_not_written_past_the_switch(self):
        contract = self._create_contract()
        with self.assertRaisesRegex(UserError, "cannot simply be replaced"):
            contract.with_context(subscription_switch=True).plan_id = self.yearly

    def test_a_contract_may_sell_other_things_once_beside_it(self):
        contract = self._create_contract(
            self.seat, self.setup_fee, start_date="2026-07-01"
        )
        contract._change_plan(self.yearly, at="now")
        note = contract.invoice_ids.filtered(
            lambda move: move.move_type == "out_refund"
        )
        self.assertEqual(note.invoice_line_ids.product_id, self.seat)
        self.assertEqual(
            contract.invoice_ids.sorted("id")[-1].invoice_line_ids.product_id,
            self.seat,
        )

    def test_taxes_that_were_typed_stay(self):
        contract = self._create_contract(
            (self.seat, 1, {"tax_ids": [Command.set(self.tax_sale_a.ids)]}),
            start_date="2026-07-01",
        )
        contract._change_plan(self.yearly, at="now")
        self.assertEqual(contract.order_line.tax_ids, self.tax_sale_a)
