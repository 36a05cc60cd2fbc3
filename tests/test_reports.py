from datetime import date

from .common import freeze_time, tagged
from .report_common import ReportCommon

REPORTS = (
    "mrr-breakdown",
    "mrr-over-time",
    "mrr-by-product",
    "analysis",
    "retention",
    "churn-by-reason",
    "salespeople",
)


@tagged("post_install", "-at_install")
@freeze_time("2026-06-30")
class TestReports(ReportCommon):
    # MRR breakdown and MRR over time

    def test_the_breakdown_tells_the_months_by_kind(self):
        rows = self.env["subscription.event"]._read_group(
            [
                ("company_id", "=", self.company.id),
                ("kind", "not in", ("transfer", "currency")),
            ],
            ["event_date:month", "kind"],
            ["mrr_change:sum"],
        )
        self.assertEqual(
            [(day.month, kind, amount) for day, kind, amount in rows],
            [
                (1, "new", 460.0),
                (2, "expansion", 100.0),
                (2, "new", 100.0),
                (3, "churn", -100.0),
                (3, "contraction", -30.0),
            ],
        )

    def test_added_up_the_months_are_the_mrr_by_status_too(self):
        [(total,)] = self.env["subscription.event"]._read_group(
            [("company_id", "=", self.company.id)], [], ["mrr_change:sum"]
        )
        self.assertEqual(total, 530.0)
        contracts = self.ada | self.bob | self.cyd | self.eve
        self.assertEqual(total, sum(contracts.mapped("mrr")))
        rows = self._group("subscription.event", "state", "mrr_change:sum")
        self.assertEqual(dict(rows), {"progress": 430.0, "paused": 100.0})

    # MRR by product

    def test_events_are_told_apart_by_product(self):
        rows = self._group("subscription.product.event", "product_id", "mrr_change:sum")
        self.assertEqual(
            {product: amount for product, amount in rows},
            {self.seat: 500.0, self.goods: 30.0},
        )
        by_category = self._group(
            "subscription.product.event", "categ_id", "mrr_change:sum"
        )
        self.assertEqual(sum(amount for _categ, amount in by_category), 530.0)

    def test_a_row_of_a_product_leads_to_its_event(self):
        Report = self.env["subscription.product.event"]
        rows = Report.search([("order_id", "=", self.ada.id)])
        self.assertEqual(len(rows), 4)
        self.env.invalidate_all()
        for row in Report.browse(rows.ids):
            amounts = row.event_id._get_amounts()
            self.assertEqual(amounts[row.product_id.id], row.mrr_change)
            action = row.action_view_event()
            self.assertEqual(action["res_id"], row.event_id.id)
            self.assertEqual(row.display_name, row.event_id.display_name)

    # Movements: churn by reason, salespeople and teams

    def test_what_is_lost_is_a_positive_amount_by_its_reason(self):
        rows = self._group(
            "subscription.movement.report",
            "close_reason_id",
            "churn_mrr:sum",
            "lost_contracts:sum",
            domain=[("kind", "=", "churn")],
        )
        self.assertEqual(rows, [(self.reason, 100.0, 1)])

    def test_salespeople_have_won_and_lost(self):
        rows = self._group(
            "subscription.movement.report",
            "user_id",
            "new_mrr:sum",
            "expansion_mrr:sum",
            "contraction_mrr:sum",
            "churn_mrr:sum",
            "net_new_mrr:sum",
            "new_contracts:sum",
        )
        self.assertEqual(
            {user: figures for user, *figures in rows},
            {
                self.salesperson: [460.0, 100.0, 30.0, 0.0, 530.0, 3],
                self.leader: [100.0, 0.0, 0.0, 100.0, 0.0, 1],
            },
        )

    def test_a_contract_handed_over_is_nobodys_win(self):
        self.ada.user_id = self.leader
        rows = self._group("subscription.movement.report", "user_id", "net_new_mrr:sum")
        self.assertEqual(dict(rows), {self.salesperson: 530.0, self.leader: 0.0})
        rows = self._group("subscription.event", "user_id", "mrr_change:sum")
        self.assertEqual(dict(rows), {self.salesperson: 200.0, self.leader: 330.0})

    # Subscription analysis

    def test_lines_of_contracts_stand_with_all_their_figures(self):
        [row] = self._group(
            "subscription.report",
            "order_id",
            "mrr:sum",
            "arr:sum",
            "quantity:sum",
            "recurring_total:sum",
            "untaxed_total:sum",
            domain=[("order_id", "=", self.ada.id)],
        )
        # 3 seats and half a coffee a month, and a setup fee
        self.assertEqual(row, (self.ada, 330.0, 3960.0, 4.5, 330.0, 580.0))
        [row] = self._group(
            "subscription.report",
            "next_invoice_date:month",
            "mrr:sum",
            "recurring_total:sum",
            domain=[("order_id", "=", self.cyd.id)],
        )
        self.assertEqual(row, (date(2027, 2, 1), 100.0, 1200.0))

    def test_contracts_are_counted_once_whatever_lines_they_have(self):
        self._create_order((self.seat, 1), (self.goods, 1))
        rows = self._group("subscription.report", "state", "order_id:count_distinct")
        self.assertEqual(
            dict(rows), {"progress": 2, "paused": 1, "churned": 1, "draft": 1}
        )

    def test_amounts_stand_in_the_companys_currency(self):
        currency = self.setup_other_currency("CHF", rates=[("2026-01-01", 2.0)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "Foreign", "currency_id": currency.id}
        )
        order = self._create_contract(
            (self.seat, 1, {"price_unit": 300.0}), pricelist_id=pricelist.id
        )
        [row] = self._group(
            "subscription.report",
            "currency_id",
            "mrr:sum",
            "recurring_total:sum",
            domain=[("order_id", "=", order.id)],
        )
        self.assertEqual(row, (self.company.currency_id, 150.0, 150.0))

    def test_upsells_and_cancelled_quotations_are_no_rows(self):
        upsell = self._upsell(self.cyd, (self.seat, 1))
        cancelled = self._create_order()
        cancelled._action_cancel()
        self.assertFalse(
            self.env["subscription.report"].search(
                [("order_id", "in", (upsell | cancelled).ids)]
            )
        )

    # Retention

    def _get_stays(self):
        self.env.invalidate_all()  # Views are read anew in each request.
        rows = self.env["subscription.retention.report"].search(
            [("company_id", "=", self.company.id)]
        )
        return {
            row.order_id: (str(row.date_start), str(row.date_stop or ""), row.mrr)
            for row in rows
        }

    def test_retention_knows_when_contracts_began_and_ended(self):
        self.assertEqual(
            self._get_stays(),
            {
                self.ada: ("2026-01-10", "", 260.0),
                self.bob: ("2026-01-10", "2026-03-10", 100.0),
                self.cyd: ("2026-02-10", "", 100.0),
                self.eve: ("2026-01-10", "", 100.0),
            },
        )
        rows = self._group("subscription.retention.report", "state", "contracts:sum")
        self.assertEqual(dict(rows), {"active": 3, "ended": 1})

    def test_a_renewal_goes_on_and_a_reopened_contract_is_there_again(self):
        renewal = self._renew(self.ada)
        renewal.action_confirm()
        self.bob._reopen()
        stays = self._get_stays()
        self.assertEqual(stays[self.ada], ("2026-01-10", "", 260.0))
        self.assertEqual(stays[self.bob], ("2026-01-10", "", 100.0))
        self.assertNotIn(renewal, stays)
        with freeze_time("2026-08-20"):
            renewal._close(self.reason)
        self.assertEqual(self._get_stays()[self.ada][1], "2026-08-20")

    def test_what_was_taken_back_never_began(self):
        order = self._create_contract(start_date="2026-07-15")
        self.assertIn(order, self._get_stays())
        order._action_cancel()
        self.assertNotIn(order, self._get_stays())
        order.action_draft()
        with freeze_time("2026-07-10"):
            order.action_confirm()
        self.assertEqual(self._get_stays()[order][0], "2026-07-10")

    # One contract

    def test_a_contract_opens_its_line_of_life(self):
        renewal = self._renew(self.ada)
        renewal.action_confirm()
        action = renewal.action_view_mrr()
        events = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(events.order_id, self.ada | renewal)
        self.assertEqual(sum(events.mapped("mrr_change")), renewal.mrr)

    # What all have

    def test_graphs_tell_one_currency_from_several(self):
        events = self.env["subscription.event"]
        measures = ["currency_id:array_agg_distinct", "mrr_change:sum_currency"]
        domain = [("order_id", "in", (self.ada | self.bob).ids)]
        [group] = events.formatted_read_group(domain, [], measures)
        self.assertEqual(
            group["currency_id:array_agg_distinct"], self.company.currency_id.ids
        )
        self.assertEqual(group["mrr_change:sum_currency"], 330.0)
        other = self.setup_other_currency("CHF")
        self.env.cr.execute(
            "UPDATE subscription_event SET currency_id = %s WHERE order_id = %s",
            [other.id, self.bob.id],
        )
        [group] = events.formatted_read_group(domain, [], measures)
        self.assertEqual(
            set(group["currency_id:array_agg_distinct"]),
            {self.company.currency_id.id, other.id},
        )
        [group] = events.formatted_read_group([("id", "=", 0)], [], measures)
        self.assertEqual(group["currency_id:array_agg_distinct"], [])

    def test_every_view_of_every_report_opens(self):
        menu = self.env.ref("subscriptions.subscription_menu_reports")
        actions = [child.action for child in menu.child_id]
        names = {f"subscription-{name}" for name in REPORTS}
        actions = [action for action in actions if action.path in names]
        self.assertEqual(len(actions), len(REPORTS))
        for action in actions:
            with self.subTest(action.name):
                self.assertIn("o_view_nocontent_smiling_face", action.help)
                records = self.env[action.res_model]
                views = [
                    *([view, mode] for view, mode in action.views),
                    [action.search_view_id.id, "search"],
                ]
                arches = records.get_views(views, {"load_filters": True})["views"]
                self.assertLessEqual(
                    {"graph", "pivot", "list", "form", "search"}, arches.keys()
                )
                self.assertTrue(
                    records.web_search_read([], {"display_name": {}}, limit=1)
                )
