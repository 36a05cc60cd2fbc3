from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tests import freeze_time, tagged

from .kpi_common import KpiCommon


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
            {"span": "custom", "date_from": "yesterday", "date_to": "2026-07-01"},
            {"filters": {"plan_id": ["x"]}},
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
