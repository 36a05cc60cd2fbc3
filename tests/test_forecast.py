from odoo.tests import freeze_time, tagged

from .common import SubscriptionCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestForecast(SubscriptionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Event = cls.env["subscription.event"]
        cls.reason = cls.env["subscription.close.reason"].search([], limit=1)
        with freeze_time("2026-05-01"):
            cls.contract = cls._create_contract((cls.seat, 1))
            cls.second = cls._create_contract((cls.seat, 2))
        with freeze_time("2026-06-10"):
            cls.third = cls._create_contract((cls.seat, 3))

    def _get(self, months=12, **kwargs):
        return {
            one["month"].strftime("%Y-%m"): one
            for one in self.Event.get_forecast(months, **kwargs)
        }

    def _get_known(self, *months):
        forecast = self._get()
        return [
            (forecast[month]["known_mrr"], forecast[month]["known_contracts"])
            for month in months
        ]

    def test_what_stands_goes_on_and_the_trend_is_apart(self):
        forecast = self._get()
        self.assertEqual(len(forecast), 12)
        self.assertEqual(min(forecast), "2026-07")
        july, august, june = (
            forecast[month] for month in ("2026-07", "2026-08", "2027-06")
        )
        self.assertEqual((july["known_mrr"], july["trend_mrr"]), (600.0, 0.0))
        # 300.00 and 300.00 in May and June: there is no history before.
        self.assertEqual((august["known_mrr"], august["trend_mrr"]), (600.0, 300.0))
        self.assertEqual(august["mrr"], 900.0)
        self.assertEqual((june["trend_mrr"], june["mrr"]), (3300.0, 3900.0))
        self.assertEqual((august["trend_contracts"], august["contracts"]), (1.5, 4.5))

    def test_nobody_looks_further_than_ten_years(self):
        self.assertEqual(len(self._get(10**6)), 120)
        self.assertEqual(self._get(-1), {})

    def test_a_contract_that_is_to_be_closed_is_known_to_leave(self):
        self.second._close(self.reason, self._day("2026-09-30"))
        self.assertEqual(self._get()["2026-09"]["trend_mrr"], 600.0)
        self.assertEqual(
            self._get_known("2026-08", "2026-09", "2027-06"),
            [(600.0, 3), (400.0, 2), (400.0, 2)],
        )

    def test_a_fixed_term_ends_unless_its_renewal_is_open(self):
        self.second.end_date = "2026-10-31"
        self.assertEqual(
            self._get_known("2026-09", "2026-10"), [(600.0, 3), (400.0, 2)]
        )
        self._renew(self.second)
        self.assertEqual(self._get_known("2026-10"), [(600.0, 3)])

    def test_a_planned_quantity_and_a_planned_plan_are_known(self):
        self.contract._change_quantities(
            {self.contract.order_line: 4}, at=self._day("2026-09-01")
        )
        self.assertEqual(
            self._get_known("2026-08", "2026-09"), [(600.0, 3), (900.0, 3)]
        )

    def test_what_changes_and_ends_is_counted_once(self):
        self.contract._change_quantities(
            {self.contract.order_line: 4}, at=self._day("2026-09-01")
        )
        self.contract.end_date = "2026-11-30"
        self.assertEqual(
            self._get_known("2026-09", "2026-11"), [(900.0, 3), (500.0, 2)]
        )

    def test_a_trial_that_ends_is_known_to_count(self):
        plan = self._create_plan(trial_days=30)
        self._create_contract((self.seat, 5), plan_id=plan.id)
        self.assertEqual(
            self._get_known("2026-07", "2026-08"), [(600.0, 3), (1100.0, 4)]
        )

    def test_a_domain_chooses_what_is_forecast(self):
        domain = [("order_id", "=", self.second.id)]
        self.second._close(self.reason, self._day("2026-09-30"))
        forecast = self._get(domain=domain)
        self.assertEqual(forecast["2026-08"]["known_mrr"], 200.0)
        self.assertEqual(forecast["2026-09"]["known_mrr"], 0.0)
        self.assertEqual(forecast["2026-09"]["known_contracts"], 0)
        # Asked for what only events have.
        forecast = self._get(domain=[("note", "!=", False), *domain])
        self.assertEqual(forecast["2026-09"]["known_mrr"], 0.0)

    def test_the_board_says_how_the_forecast_is_made(self):
        board = self.env["subscription.kpi"].get_board()
        self.assertIn("the last 2 full months", board["forecast"]["method"])
        self.assertEqual(board["forecast"]["known_mrr"][0], 600.0)
