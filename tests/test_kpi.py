from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from .kpi_common import JULY, KpiCommon

KEYS = {
    "mrr",
    "arr",
    "net_new_mrr",
    "new_mrr",
    "expansion_mrr",
    "contraction_mrr",
    "churn_mrr",
    "reactivation_mrr",
    "opening_mrr",
    "contracts",
    "new_contracts",
    "lost_contracts",
    "revenue_per_contract",
    "lifetime_value",
    "logo_churn",
    "gross_revenue_churn",
    "net_revenue_churn",
    "net_revenue_retention",
    "gross_revenue_retention",
    "quick_ratio",
    "net_revenue",
    "non_recurring_revenue",
}
RATIOS = {
    "revenue_per_contract",
    "lifetime_value",
    "logo_churn",
    "gross_revenue_churn",
    "net_revenue_churn",
    "net_revenue_retention",
    "gross_revenue_retention",
    "quick_ratio",
}


@tagged("post_install", "-at_install")
@freeze_time("2026-07-31")
class TestKpi(KpiCommon):
    def test_the_worked_month_of_the_documentation(self):
        kpis = self._get_kpis()
        self.assertLessEqual(KEYS, kpis.keys())
        expected = {
            "opening_mrr": 600.0,
            "new_mrr": 50.0,
            "reactivation_mrr": 14.0,
            "expansion_mrr": 44.0,
            "contraction_mrr": 14.0,
            "churn_mrr": 42.0,
            "net_new_mrr": 52.0,
            "mrr": 652.0,
            "arr": 7824.0,
            "contracts": 19,
            "new_contracts": 1,
            "lost_contracts": 3,
            "logo_churn": 0.15,
        }
        self.assertEqual({key: kpis[key] for key in expected}, expected)
        for key, value in {
            "gross_revenue_churn": 0.0933,
            "net_revenue_churn": -0.0033,
            "net_revenue_retention": 0.9633,
            "gross_revenue_retention": 0.9067,
            "quick_ratio": 1.9286,
            "revenue_per_contract": 34.3158,
            "lifetime_value": 228.7719,
        }.items():
            self.assertAlmostEqual(kpis[key], value, 4, key)

    def test_what_would_be_divided_by_nothing_is_not_known(self):
        kpis = self._get_kpis(("2026-05-01", "2026-05-31"))
        self.assertEqual({key: kpis[key] for key in RATIOS}, dict.fromkeys(RATIOS))
        self.assertEqual(kpis["mrr"], 0.0)

    def test_without_churn_nobody_knows_a_lifetime_value(self):
        kpis = self._get_kpis(("2026-07-06", "2026-07-31"))
        self.assertEqual(kpis["logo_churn"], 0.0)
        self.assertIsNone(kpis["lifetime_value"])
        self.assertIsNone(kpis["quick_ratio"])

    def test_a_span_has_a_first_day_and_a_last_one(self):
        with self.assertRaises(UserError):
            self._get_kpis(("2026-07-31", "2026-07-01"))
        with self.assertRaises(UserError):
            self._get_kpis(("2026-07-31", False))
        with self.assertRaises(UserError):
            self._get_kpis(("2026-07-31", "9999-12-31"))

    def test_a_contract_never_loses_more_than_it_had(self):
        contract = self.contracts[2]  # 34.00
        contract.order_line.product_uom_qty = 3
        contract.order_line.product_uom_qty = 0.5  # 85.00 less
        kpis = self._get_kpis()
        self.assertEqual(kpis["contraction_mrr"], 14.0 + 85.0)
        self.assertAlmostEqual(
            kpis["gross_revenue_retention"], (600 - 56 - 34) / 600, 9
        )
        self.assertAlmostEqual(
            kpis["net_revenue_retention"], (600 + 34 + 68 - 56 - 85) / 600, 9
        )

    def test_a_renewed_contract_stays_one_that_was_there(self):
        contract = self.contracts[3]
        with freeze_time("2026-07-10"):
            renewal = self._renew(contract)
            renewal.order_line.price_unit = 40.0
            renewal.action_confirm()
        kpis = self._get_kpis()
        self.assertEqual(kpis["expansion_mrr"], 50.0)
        self.assertEqual(kpis["lost_contracts"], 3)
        self.assertEqual(kpis["contracts"], 19)
        self.assertAlmostEqual(kpis["net_revenue_retention"], (578 + 6) / 600, 9)

    def test_a_domain_chooses_what_is_counted(self):
        self._sell(120.0, plan_id=self.yearly.id)
        domain = [("plan_id", "=", self.yearly.id)]
        kpis = self._get_kpis(domain=domain)
        self.assertEqual((kpis["mrr"], kpis["contracts"]), (10.0, 1))
        self.assertEqual(kpis["net_revenue"], 120.0)
        kpis = self._get_kpis(domain=[("kind", "=", "churn")])
        self.assertEqual(kpis["churn_mrr"], 42.0)
        self.assertIsNone(kpis["net_revenue"])

    def test_revenue_is_what_was_invoiced_less_what_was_credited(self):
        before = self._get_kpis()
        order = self._sell(34.0, self.setup_fee)
        self.assertEqual(order.invoice_ids.amount_untaxed, 284.0)
        kpis = self._get_kpis()
        self.assertEqual(kpis["net_revenue"] - before["net_revenue"], 284.0)
        self.assertEqual(kpis["non_recurring_revenue"], 250.0)
        order.invoice_ids._reverse_moves(cancel=True)
        kpis = self._get_kpis()
        self.assertEqual(kpis["net_revenue"], before["net_revenue"])
        self.assertEqual(kpis["non_recurring_revenue"], 0.0)

    def test_what_is_sold_once_and_invoiced_by_itself_is_revenue(self):
        before = self._get_kpis()
        order = self._sell(34.0)
        upsell = self._upsell(order)
        upsell.order_line.unlink()
        upsell.order_line = [Command.create({"product_id": self.setup_fee.id})]
        upsell.action_confirm()
        self.assertEqual(upsell.invoice_ids.mapped("state"), ["posted"])
        kpis = self._get_kpis()
        self.assertEqual(kpis["non_recurring_revenue"], 250.0)
        self.assertEqual(kpis["net_revenue"] - before["net_revenue"], 284.0)
        rows = self.env["subscription.revenue"].search([("order_id", "=", order.id)])
        self.assertEqual(sum(rows.mapped("amount")), 284.0)

    def test_each_row_of_revenue_knows_its_contract(self):
        order = self._sell(34.0, self.setup_fee)
        rows = self.env["subscription.revenue"].search([("order_id", "=", order.id)])
        self.assertEqual(sorted(rows.mapped("amount")), [34.0, 250.0])
        self.assertEqual(rows.plan_id, self.monthly)
        self.assertEqual(rows.partner_id, self.partner)
        self.assertEqual(rows.move_id, order.invoice_ids)
        once = rows.filtered(lambda row: not row.is_recurring)
        self.assertEqual(once.product_id, self.setup_fee)


@tagged("post_install", "-at_install")
@freeze_time("2026-07-31")
class TestKpiRights(KpiCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contracts[:4].user_id = False
        cls.other = new_test_user(
            cls.env, "kpi_other", "sales_team.group_sale_salesman_all_leads"
        )
        cls.seller = new_test_user(
            cls.env, "kpi_seller", "sales_team.group_sale_salesman"
        )
        (cls.contracts | cls.new).user_id = cls.other
        cls.own = cls._sell(70.0, user_id=cls.seller.id)

    def _as(self, user, **kwargs):
        event = self.Event.with_user(user).with_company(self.company)
        return event.with_context(allowed_company_ids=self.company.ids).get_kpis(
            *JULY, **kwargs
        )

    def test_a_salesperson_counts_own_contracts(self):
        (self.seller | self.other).write(
            {"company_ids": [(4, self.company.id)], "company_id": self.company.id}
        )
        kpis = self._as(self.seller)
        self.assertEqual((kpis["mrr"], kpis["contracts"]), (70.0, 1))
        self.assertEqual(kpis["net_revenue"], 70.0)
        self.assertEqual(self._as(self.other)["mrr"], 722.0)

    def test_who_has_no_part_in_it_counts_nothing(self):
        user = new_test_user(self.env, "kpi_nobody", "base.group_user")
        with self.assertRaises(AccessError):
            self._as(user)
        with self.assertRaises(AccessError):
            self.kpi.with_user(user).get_board()
        with self.assertRaises(AccessError):
            self.Event.with_user(user).get_forecast()


@tagged("post_install", "-at_install")
@freeze_time("2026-07-31")
class TestKpiCompanies(KpiCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        euro = cls.setup_other_currency("EUR", rates=[("2026-01-01", 2.0)])
        cls.europe = cls.setup_other_company(name="Europe", currency_id=euro.id)[
            "company"
        ]
        cls.europe.partner_id.tz = "UTC"
        seat = cls.seat.with_company(cls.europe)
        order = (
            cls.env["sale.order"]
            .with_company(cls.europe)
            .create(
                {
                    "company_id": cls.europe.id,
                    "partner_id": cls.partner.id,
                    "plan_id": cls.monthly.id,
                    "order_line": [
                        (0, 0, {"product_id": seat.id, "price_unit": 100.0})
                    ],
                }
            )
        )
        order.action_confirm()
        cls.foreign = order
        cls.env["res.currency.rate"].create(
            {
                "currency_id": cls.company.currency_id.id,
                "company_id": cls.europe.id,
                "name": "2026-01-01",
                "rate": 0.5,
            }
        )

    def _in(self, *companies):
        return self.Event.with_context(
            allowed_company_ids=[company.id for company in companies]
        ).get_kpis(*JULY)

    def test_companies_are_counted_in_the_currency_of_the_first(self):
        self.assertEqual(self._in(self.company)["mrr"], 652.0)
        self.assertEqual(self._in(self.europe)["mrr"], self.foreign.mrr)
        both = self._in(self.company, self.europe)
        self.assertAlmostEqual(both["mrr"], 652.0 + self.foreign.mrr / 2, 6)
        self.assertEqual(both["contracts"], 20)
        self.assertAlmostEqual(
            self._in(self.europe, self.company)["mrr"],
            652.0 * 2 + self.foreign.mrr,
            6,
        )
