from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
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


@tagged("post_install", "-at_install")
@freeze_time("2026-07-31")
class TestKpiBoard(KpiCommon):
    def _get_tiles(self, **options):
        options = {"span": "month", **options}
        board = self.kpi.get_board(options)
        return board, {tile["key"]: tile for tile in board["tiles"]}

    def _read(self, action, field):
        rows = self.env[action["res_model"]].search(action["domain"])
        return sum(rows.mapped(field))

    def test_each_tile_says_what_was_before_and_how_it_comes_about(self):
        board, tiles = self._get_tiles()
        self.assertEqual(board["before"]["date_from"], "2026-06-01")
        self.assertEqual(tiles["logo_churn"]["text"], "15.00 %")
        self.assertEqual(tiles["logo_churn"]["before_text"], "n/a")
        self.assertEqual(
            tiles["logo_churn"]["formula"],
            "Contracts lost ÷ contracts at the start: 3 ÷ 20",
        )
        self.assertEqual(tiles["gross_revenue_churn"]["text"], "9.33 %")
        self.assertEqual(tiles["mrr"]["difference"], "+8.7 %")
        self.assertEqual(tiles["mrr"]["mood"], "good")
        self.assertEqual(tiles["contracts"]["difference"], "-1")
        self.assertEqual(tiles["contracts"]["mood"], "bad")
        self.assertEqual(tiles["mrr"]["trend"][-3:], [0.0, 600.0, 652.0])
        self.assertTrue(all(tile["formula"] for tile in board["tiles"]))

    def test_each_tile_opens_the_rows_that_add_up_to_it(self):
        self._sell(34.0, self.setup_fee)
        _board, tiles = self._get_tiles()

        def read(key, field="mrr_change"):
            return self._read(tiles[key]["action"], field)

        self.assertEqual(read("mrr"), tiles["mrr"]["value"])
        self.assertEqual(12 * read("arr"), tiles["arr"]["value"])
        self.assertEqual(read("net_new_mrr"), tiles["net_new_mrr"]["value"])
        self.assertEqual(read("net_revenue", "amount"), tiles["net_revenue"]["value"])
        self.assertEqual(
            read("non_recurring_revenue", "amount"),
            tiles["non_recurring_revenue"]["value"],
        )
        self.assertEqual(read("logo_churn", "active_change"), -3)
        self.assertEqual(read("gross_revenue_churn"), -56.0)
        self.assertEqual(read("net_revenue_churn"), -56.0 + 44.0 + 14.0)
        # Not the 10.00 by which the contract grew that is new itself.
        self.assertEqual(read("net_revenue_retention"), 34.0 - 56.0)
        self.assertEqual(read("gross_revenue_retention"), -56.0)
        contracts = tiles["contracts"]["action"]
        self.assertEqual(contracts["res_model"], "sale.order")
        found = self.env["sale.order"].search_count(contracts["domain"])
        self.assertEqual(found, tiles["contracts"]["value"])

    def test_a_filter_chooses_and_tiles_open_what_it_chose(self):
        self._sell(120.0, plan_id=self.yearly.id)
        _board, tiles = self._get_tiles(filters={"plan_id": [self.yearly.id]})
        self.assertEqual(tiles["mrr"]["value"], 10.0)
        self.assertEqual(self._read(tiles["mrr"]["action"], "mrr_change"), 10.0)
        self.assertEqual(tiles["contracts"]["value"], 1)
        active = self._read(tiles["contracts"]["action"], "active_change")
        self.assertEqual(active, 1)

    def test_the_chart_adds_up_to_the_mrr(self):
        board, _tiles = self._get_tiles()
        chart = board["movements"]
        self.assertEqual(chart["mrr"][-2:], [600.0, 652.0])
        moved = [sum(kind["values"][-1] for kind in chart["kinds"])]
        self.assertEqual(moved, [52.0])
        self.assertEqual(chart["months"][-1], "Jul 2026")

    def test_a_custom_span_is_compared_with_as_many_days_before(self):
        board, tiles = self._get_tiles(
            span="custom", date_from="2026-07-10", date_to="2026-07-20"
        )
        self.assertEqual(board["before"]["date_from"], "2026-06-29")
        self.assertEqual(board["before"]["date_to"], "2026-07-09")
        self.assertEqual(tiles["net_new_mrr"]["value"], 24.0)

    def test_odd_spans_are_refused_in_words(self):
        for options in (
            {"span": "century"},
            {"span": "custom"},
            {"span": "custom", "date_from": "2026-07-10", "date_to": "2026-07-01"},
            {"span": "custom", "date_from": "0001-01-01", "date_to": "2026-07-01"},
        ):
            with self.assertRaises(UserError):
                self.kpi.get_board(options)

    def test_the_board_of_a_firm_without_contracts_says_so(self):
        empty = self.setup_other_company(name="Nothing yet")["company"]
        kpi = self.kpi.with_context(allowed_company_ids=empty.ids)
        board = kpi.get_board()
        self.assertTrue(board["is_empty"])
        self.assertEqual(board["tiles"][0]["value"], 0.0)

    def test_contracts_are_found_by_the_day_they_counted(self):
        Order = self.env["sale.order"].with_context(
            allowed_company_ids=self.company.ids
        )
        domain = Domain("id", "in", (self.contracts | self.new).ids)
        for day, count in (("2026-06-30", 20), ("2026-07-05", 18), ("2026-07-20", 19)):
            found = Order.search_count(domain & Domain("counted_on", "=", day))
            self.assertEqual(found, count, day)
