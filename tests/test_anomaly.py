"""The anomaly brake: what is far beyond the usual waits for a person."""

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SubscriptionCommon


@tagged("post_install", "-at_install")
class TestAnomaly(SubscriptionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-07-01"):
            cls.contract = cls._create_contract((cls.seat, 1))

    def _bill_on(self, day, *contracts):
        """Bill what is due on a day, in one batch, and return the invoices."""
        orders = self.env["sale.order"].union(*(contracts or [self.contract]))
        with freeze_time(day):
            return orders._bill()

    def _set_quantity(self, number, contract=None):
        (contract or self.contract).order_line[0].product_uom_qty = number

    def test_ten_times_the_usual_is_held_in_words_and_the_others_are_billed(self):
        with freeze_time("2026-07-01"):
            other = self._create_contract((self.seat, 2))
        with freeze_time("2026-07-20"):
            self._set_quantity(10)
        moves = self._bill_on("2026-08-01", self.contract, other)
        self.assertEqual(self._get_amounts(moves), [200.0])
        self.assertEqual(self.contract.hold, "anomaly")
        for words in ("1,000.00", "100.00", "more than 5 times"):
            self.assertIn(words, self.contract.hold_reason)
        self.assertEqual(self._get_periods(self.contract), ["2026-07-01..2026-07-31"])
        self.assertEqual(self.contract.next_invoice_date, self._day("2026-08-01"))
        self.assertEqual(len(self.contract.activity_ids), 1)

    def test_five_times_the_usual_is_billed(self):
        with freeze_time("2026-07-20"):
            self._set_quantity(5)
        self.assertEqual(self._get_amounts(self._bill_on("2026-08-01")), [500.0])
        self.assertFalse(self.contract.hold)

    def test_released_it_is_billed_up_to_what_was_held_and_no_further(self):
        with freeze_time("2026-07-20"):
            self._set_quantity(10)
        self._bill_on("2026-08-01")
        with freeze_time("2026-08-02"):
            self.contract.action_release_hold()
        self.assertFalse(self.contract.hold)
        [move] = self.contract.period_ids.filtered(
            lambda row: row.date_from == self._day("2026-08-01")
        ).move_id
        self.assertEqual(move.amount_untaxed, 1000.0)
        # Billed anew, it is no surprise any more.
        with freeze_time("2026-08-03"):
            move.button_draft()
            move.button_cancel()
            self.assertEqual(self._get_amounts(self.contract._bill()), [1000.0])
            self._set_quantity(51)
        self.assertFalse(self._bill_on("2026-09-01"))
        self.assertEqual(self.contract.hold, "anomaly")
        self.assertIn("5,100.00", self.contract.hold_reason)

    def test_what_is_put_right_is_billed_after_the_release(self):
        with freeze_time("2026-07-20"):
            self._set_quantity(100)
        self._bill_on("2026-08-01")
        with freeze_time("2026-08-02"):
            self._set_quantity(2)
            self.contract.action_release_hold()
        self.assertFalse(self.contract.hold)

    def test_a_salesperson_does_not_release_it(self):
        with freeze_time("2026-07-20"):
            self._set_quantity(10)
        self._bill_on("2026-08-01")
        salesman = new_test_user(
            self.env,
            "anomaly_salesman",
            groups="sales_team.group_sale_salesman_all_leads",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        contract = self.contract.with_user(salesman)
        with self.assertRaises(AccessError):
            contract.action_release_hold()
        with self.assertRaises(AccessError):
            contract.accepted_amount = 5000.0

    def test_by_hand_it_is_held_too(self):
        with freeze_time("2026-07-20"):
            self._set_quantity(10)
            self.assertFalse(self.contract._bill_by_hand())
        self.assertEqual(self.contract.hold, "anomaly")

    def test_0_holds_nothing(self):
        self.company.subscription_anomaly_factor = 0
        with freeze_time("2026-07-20"):
            self._set_quantity(1000)
        self.assertEqual(self._get_amounts(self._bill_on("2026-08-01")), [100000.0])

    @mute_logger("odoo.sql_db")
    def test_the_factor_is_not_negative(self):
        with self.assertRaises(IntegrityError):
            self.company.subscription_anomaly_factor = -1
            self.env.flush_all()

    def test_a_short_first_period_counts_as_a_full_one(self):
        plan = self._create_plan(align=True, align_day=1, first_period="prorate")
        with freeze_time("2026-07-30"):
            contract = self._create_contract((self.seat, 1), plan_id=plan.id)
        self.assertEqual(contract.period_ids.amount_untaxed, 6.45)
        self.assertEqual(
            self._get_amounts(self._bill_on("2026-08-01", contract)), [100.0]
        )

    def test_a_short_last_period_is_counted_as_a_full_one(self):
        self.contract.end_date = "2026-08-03"
        with freeze_time("2026-07-20"):
            self._set_quantity(10)
        self.assertFalse(self._bill_on("2026-08-01"))
        # 96.77 for three days of 31
        self.assertIn("A full one", self.contract.hold_reason)
        self.assertIn("999.96", self.contract.hold_reason)

    def test_goods_cost_the_same_in_a_short_period(self):
        with freeze_time("2026-07-01"):
            contract = self._create_contract(self.goods, end_date="2026-08-02")
        self.assertEqual(
            self._get_amounts(self._bill_on("2026-08-01", contract)), [60.0]
        )

    def test_another_plan_is_another_length(self):
        with freeze_time("2026-07-15"):
            self.contract._change_plan(
                self.yearly, prices={self.contract.order_line: 1000.0}
            )
        self.assertEqual(self._get_amounts(self._bill_on("2026-08-01")), [1000.0])
        # Back again: what was usual for a year is no surprise for a month.
        with freeze_time("2026-08-15"):
            self._apply_scheduled()
            self.contract._change_plan(
                self.monthly, prices={self.contract.order_line: 900.0}
            )
        self.assertEqual(self._get_amounts(self._bill_on("2027-08-01")), [900.0])

    def test_a_history_of_nothing_says_nothing(self):
        with freeze_time("2026-07-01"):
            contract = self._create_contract((self.seat, 1, {"discount": 100}))
        self.assertEqual(contract.period_ids.amount_untaxed, 0.0)
        with freeze_time("2026-07-20"):
            contract.order_line.discount = 0
        self._bill_on("2026-08-01", contract)
        self.assertFalse(contract.hold)

    def test_taxes_in_the_price_do_not_count(self):
        tax = self.env["account.tax"].create(
            {
                "name": "Included",
                "amount": 25.0,
                "price_include_override": "tax_included",
                "company_id": self.company.id,
            }
        )
        seat = self._create_item("Taxed", 125.0, taxes_id=[Command.set(tax.ids)])
        with freeze_time("2026-07-01"):
            contract = self._create_contract((seat, 1))
        self.assertEqual(contract.period_ids.amount_untaxed, 100.0)
        with freeze_time("2026-07-20"):
            contract.order_line.product_uom_qty = 5
        self.assertEqual(
            self._get_amounts(self._bill_on("2026-08-01", contract)), [500.0]
        )
        with freeze_time("2026-08-20"):
            contract.order_line.product_uom_qty = 26
        self.assertFalse(self._bill_on("2026-09-01", contract))
        self.assertIn("2,600.00", contract.hold_reason)

    def test_of_contracts_that_share_an_invoice_only_the_odd_one_is_held(self):
        plan = self._create_plan(merge_invoices=True)
        with freeze_time("2026-07-01"):
            contracts = [
                self._create_contract((self.seat, 1), plan_id=plan.id)
                for _number in range(3)
            ]
        with freeze_time("2026-07-20"):
            self._set_quantity(10, contracts[1])
        moves = self._bill_on("2026-08-01", *contracts)
        self.assertEqual(self._get_amounts(moves), [200.0])
        self.assertEqual([one.hold for one in contracts], [False, "anomaly", False])

    def test_the_preview_shows_what_would_be_held(self):
        with freeze_time("2026-07-20"):
            self._set_quantity(10)
            [invoice] = self.contract.preview_invoices(1)
        self.assertEqual(invoice["amount_untaxed"], 1000.0)
        self.assertFalse(self.contract.hold)

    def test_what_an_upsell_charges_at_once_is_not_held_but_the_next_period_is(self):
        with freeze_time("2026-07-16"):
            upsell = self._upsell(self.contract, (self.seat, 19))
            upsell.action_confirm()
        self.assertFalse(self.contract.hold)
        charged = self.contract.invoice_ids - self.contract.period_ids.move_id
        self.assertAlmostEqual(sum(charged.mapped("amount_untaxed")), 980.65)
        self.assertFalse(self._bill_on("2026-08-01"))
        self.assertIn("2,000.00", self.contract.hold_reason)

    def test_only_the_last_six_periods_are_usual(self):
        with freeze_time("2026-07-01"):
            contract = self._create_contract((self.seat, 20))
        with freeze_time("2026-07-20"):
            self._set_quantity(1, contract)
        for month in range(8, 13):
            self.assertTrue(self._bill_on(f"2026-{month:02}-01", contract))
        with freeze_time("2026-12-20"):
            self._set_quantity(50, contract)  # 2.5 times what it was in July
        self.assertTrue(self._bill_on("2027-01-01", contract))
        with freeze_time("2027-01-20"):
            self._set_quantity(1, contract)
        for month in range(2, 8):
            self.assertTrue(self._bill_on(f"2027-{month:02}-01", contract))
        with freeze_time("2027-07-20"):
            self._set_quantity(50, contract)
        self.assertFalse(self._bill_on("2027-08-01", contract))
        self.assertEqual(contract.hold, "anomaly")

    def test_one_query_for_a_batch(self):
        with freeze_time("2026-07-01"):
            contracts = [self._create_contract((self.seat, 1)) for _number in range(9)]
        service = self.env["subscription.billing"].sudo().with_company(self.company)
        queries = []

        def count(original, records, jobs):
            records.env.flush_all()
            before = records.env.cr.sql_log_count
            result = original(records, jobs)
            queries.append((len(jobs), records.env.cr.sql_log_count - before))
            return result

        orders = self.env["sale.order"].union(*contracts)
        with (
            freeze_time("2026-08-01"),
            self._patch_method("subscription.billing", "_get_usual_amounts", count),
        ):
            service._bill(orders)
        self.assertEqual(queries, [(9, 1)])
