from unittest.mock import patch

from odoo.fields import Command

from odoo.addons.subscriptions.report.sums import SubscriptionQuickSums, Sums

from .common import freeze_time, tagged
from .report_common import ReportCommon

MODELS = {
    "subscription.event": ("mrr_change", "active_change"),
    "subscription.movement.report": ("net_new_mrr", "new_contracts"),
    "subscription.product.event": ("mrr_change",),
    "subscription.report": ("mrr", "quantity"),
    "subscription.retention.report": ("mrr", "contracts"),
}


@tagged("post_install", "-at_install")
@freeze_time("2026-06-30")
class TestReportSums(ReportCommon):
    """Rows that are summed up first come to what Odoo makes of each row."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        euro = cls.setup_other_currency("EUR", rates=[("2026-01-01", 2.0)])
        cls.europe = cls.env["res.company"].create(
            {"name": "Europe", "currency_id": euro.id}
        )
        cls.env.user.company_ids += cls.europe
        (cls.salesperson | cls.leader).company_ids += cls.europe
        companies = cls.company | cls.europe
        cls.env = cls.env(
            context=dict(cls.env.context, allowed_company_ids=companies.ids)
        )
        with freeze_time("2026-05-10"):
            cls.finn = cls._make(
                "Finn",
                (cls.seat, 1, {"price_unit": 70.0, "tax_ids": [Command.clear()]}),
                company_id=cls.europe.id,
                user_id=cls.leader.id,
            )
        cls.env.flush_all()

    def _get_plain(self):
        return patch.object(
            SubscriptionQuickSums,
            "_ask_for_sums",
            lambda self, groupby, aggregates, order: self,
        )

    def _assert_same(self, ask):
        """Compare what is asked with what Odoo answers by itself."""
        with patch.object(
            SubscriptionQuickSums,
            "_sum_up",
            autospec=True,
            side_effect=SubscriptionQuickSums._sum_up,
        ) as sum_up:
            quick = ask()
        self.assertTrue(sum_up.called)
        with self._get_plain():
            self.assertEqual(quick, ask())
        return quick

    def _get_aggregates(self, model):
        amount, *others = MODELS[model]
        return [
            "__count",
            "currency_id:array_agg_distinct",
            f"{amount}:sum_currency",
            f"{amount}:sum",
            *(f"{name}:sum" for name in others),
        ]

    def test_graphs_show_what_the_rows_add_up_to(self):
        for model in MODELS:
            day = "date_start" if "retention" in model else "event_date"
            day = "start_date" if model == "subscription.report" else day
            for groupby in (
                [],
                ["plan_id"],
                [f"{day}:month"],
                [f"{day}:week", "user_id", "state"],
                [f"{day}:month", f"{day}:quarter"],
                [f"{day}:month_number"],
                ["currency_id", "company_id"],
            ):
                with self.subTest(model, groupby=groupby):
                    self._assert_same(
                        lambda model=model, groupby=groupby: self.env[
                            model
                        ].formatted_read_group([], groupby, self._get_aggregates(model))
                    )

    def test_pivots_do_on_all_levels(self):
        for model in MODELS:
            for user in (self.env.user, self.leader, self.salesperson):
                with self.subTest(model, user=user.login):
                    self._assert_same(
                        lambda model=model, user=user: self.env[model]
                        .with_user(user)
                        .formatted_read_grouping_sets(
                            [("company_id", "in", self.env.companies.ids)],
                            [[], ["team_id"], ["team_id", "user_id"], ["plan_id"]],
                            self._get_aggregates(model),
                        )
                    )

    def test_lists_are_sorted_by_a_sum_and_cut(self):
        rows = self._assert_same(
            lambda: self.env["subscription.event"]._read_group(
                [],
                ["order_id"],
                ["mrr_change:sum"],
                order="mrr_change:sum desc, order_id",
                limit=2,
            )
        )
        self.assertEqual(rows, [(self.ada, 330.0), (self.cyd, 100.0)])

    def test_two_currencies_are_told_and_converted(self):
        [row] = self._assert_same(
            lambda: self.env["subscription.event"].formatted_read_group(
                [], [], self._get_aggregates("subscription.event")
            )
        )
        self.assertEqual(len(row["currency_id:array_agg_distinct"]), 2)
        self.assertEqual(row["mrr_change:sum_currency"], 530.0 + 70.0 / 2)
        self.assertIsInstance(row["active_change:sum"], int)

    def test_nothing_comes_to_nothing(self):
        nothing = [("event_date", ">", "2030-01-01")]
        [row] = self._assert_same(
            lambda: self.env["subscription.event"].formatted_read_group(
                nothing, [], self._get_aggregates("subscription.event")
            )
        )
        self.assertEqual(row["__count"], 0)

    def test_what_cannot_be_added_is_left_to_odoo(self):
        with patch.object(SubscriptionQuickSums, "_sum_up") as sum_up:
            for aggregate in ("order_id:count_distinct", "mrr:avg", "mrr:max"):
                self.env["subscription.report"]._read_group(
                    [], ["plan_id"], [aggregate]
                )
            self.env["subscription.event"]._read_group(
                [], ["active_change"], ["active_change:sum"]
            )
            self.env["subscription.report"]._read_group(
                [], ["plan_id"], ["mrr:sum"], having=[("mrr:sum", ">", 0)]
            )
        self.assertFalse(sum_up.called)

    def test_only_the_search_of_the_question_is_summed_up(self):
        events = self.env["subscription.event"]
        asked = events._ask_for_sums(["plan_id"], ["mrr_change:sum"], None)
        self.assertIsInstance(asked._search([]), Sums)
        self.assertNotIsInstance(asked._search([]), Sums)
        [(plan, _total), *_others] = events._read_group(
            [], ["plan_id"], ["mrr_change:sum"]
        )
        self.assertEqual(len(plan.env[events._name].search([])), len(events.search([])))
