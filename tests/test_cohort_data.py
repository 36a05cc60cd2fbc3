from datetime import date, datetime
from itertools import product

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from ..cohort.models import base as cohort_base
from .common import SubscriptionCommon

MONTHLY = ("month", "retention", "forward")


@tagged("post_install", "-at_install")
class TestCohortData(SubscriptionCommon):
    """Figures of quotations: from the day they are made to the day they expire."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.tz = "UTC"
        cls.partner = cls.env["res.partner"].create({"name": "Cohort customer"})
        cls.product = cls.env["product.product"].create(
            {"name": "Cohort product", "type": "service", "taxes_id": False}
        )
        cls.mine = [("partner_id", "=", cls.partner.id)]
        cls.Order = cls.env["sale.order"]

    def _quote(self, start, stop=False, price=100.0, **values):
        return self.Order.create(
            {
                "partner_id": self.partner.id,
                "date_order": start,
                "validity_date": stop,
                "order_line": [
                    (0, 0, {"product_id": self.product.id, "price_unit": price})
                ],
                **values,
            }
        )

    def _quote_example(self):
        """The example in docs/cohort.md, which is that of tests/engine too."""
        for month, stops in (
            ("01", {"02": 2, "03": 1, None: 7}),
            ("02", {"02": 1, "03": 4, None: 15}),
            ("03", {None: 5}),
        ):
            for stop, count in stops.items():
                for _ in range(count):
                    self._quote(f"2026-{month}-10", stop and f"2026-{stop}-20")

    def _get(self, measure="__count", options=MONTHLY, order=None, **fields):
        interval, mode, timeline = options
        return (self.Order if order is None else order).get_cohort_data(
            fields.get("start", "date_order"),
            fields.get("stop", "validity_date"),
            measure,
            interval,
            fields.get("domain", self.mine),
            mode,
            timeline,
        )

    def _get_percentages(self, row):
        return [
            None if column["percentage"] is None else round(column["percentage"], 1)
            for column in row["columns"]
        ]

    @freeze_time("2026-04-15")
    def test_the_example_of_the_documentation(self):
        self._quote_example()
        data = self._get()
        self.assertEqual(data["offsets"], list(range(16)))
        self.assertEqual(
            [(row["label"], row["value"]) for row in data["rows"]],
            [("January 2026", 10), ("February 2026", 20), ("March 2026", 5)],
        )
        self.assertEqual(
            [self._get_percentages(row)[:5] for row in data["rows"]],
            [
                [100, 80, 70, 70, None],
                [95, 75, 75, None, None],
                [100, 100, None, None, None],
            ],
        )
        self.assertEqual(data["average"]["value"], 35)
        self.assertEqual(
            self._get_percentages(data["average"])[:5], [97.1, 80, 73.3, 70, None]
        )

    @freeze_time("2026-04-15")
    def test_the_example_by_amount(self):
        self._quote("2026-01-05", "2026-02-05", price=30.0)
        self._quote("2026-01-25", price=70.0)
        data = self._get("amount_untaxed", ("month", "churn", "forward"))
        (row,) = data["rows"]
        self.assertEqual(row["value"], 100.0)
        self.assertEqual(self._get_percentages(row)[:4], [0, 30, 30, 30])
        self.assertEqual([c["value"] for c in row["columns"][:4]], [0, 30, 30, 30])
        self.assertEqual(data["currency_id"], self.env.company.currency_id.id)

    @freeze_time("2026-04-15")
    def test_a_backward_timeline_counts_what_is_lost_before_the_deadline(self):
        lost = {
            "2024-03-01": 1,
            "2026-01-31": 1,
            "2026-03-01": 2,
            "2026-04-02": 1,
            "2026-05-01": 1,
            False: 4,
        }
        for stop, count in lost.items():
            for _ in range(count):
                self._quote("2026-04-30", stop)
        data = self._get(options=("month", "retention", "backward"))
        self.assertEqual(data["offsets"], list(range(-15, 1)))
        (row,) = data["rows"]
        self.assertEqual(
            self._get_percentages(row), [90.0] * 12 + [80.0, 80.0, 60.0, 50.0]
        )

    @freeze_time("2026-04-15")
    def test_what_stopped_before_it_started_is_gone_from_the_first_column(self):
        self._quote("2026-02-10", "2026-01-01")
        self._quote("2026-02-10")
        (row,) = self._get()["rows"]
        self.assertEqual(self._get_percentages(row)[:3], [50, 50, 50])

    @freeze_time("2026-04-15")
    def test_what_has_no_start_is_in_no_cohort(self):
        self._quote("2026-02-10", False)
        data = self._get(start="validity_date", stop="date_order")
        self.assertEqual(data["rows"], [])
        self.assertEqual(data["average"]["value"], 0)

    @freeze_time("2026-04-15")
    def test_each_figure_opens_exactly_the_records_that_make_it_up(self):
        order = self.Order.with_context(tz="America/New_York")
        starts = [
            "2025-12-31 23:30:00",
            "2026-01-01 04:30:00",
            "2026-01-01 05:30:00",
            "2026-02-28 12:00:00",
            "2026-03-08 06:59:00",
            "2026-03-08 12:00:00",
            "2026-04-01 03:59:00",
        ]
        stops = [False, "2025-06-01", "2026-01-01", "2026-02-28", "2026-03-09"]
        for start, stop in product(starts, stops):
            self._quote(start, stop, commitment_date=stop and f"{stop} 04:30:00")
        fields = (
            ("date_order", "validity_date"),
            ("date_order", "commitment_date"),
            ("validity_date", "date_order"),
        )
        checked = 0
        for interval, mode, timeline, (start, stop) in product(
            ("day", "week", "month", "quarter", "year"),
            ("retention", "churn"),
            ("forward", "backward"),
            fields,
        ):
            with self.subTest(interval, mode=mode, timeline=timeline, start=start):
                options = (interval, mode, timeline)
                data = self._get("__count", options, order, start=start, stop=stop)
                self.assertTrue(data["rows"])
                for row in data["rows"]:
                    for figure in (row, *row["columns"]):
                        if figure["value"] is None:
                            self.assertIsNone(figure["domain"])
                            continue
                        found = self.Order.search_count([*self.mine, *figure["domain"]])
                        self.assertEqual(found, figure["value"])
                        checked += 1
        self.assertGreater(checked, 1000)

    @freeze_time("2026-04-15")
    def test_moments_belong_to_the_day_of_the_time_zone(self):
        self._quote("2026-02-01 03:00:00")
        (row,) = self._get()["rows"]
        self.assertEqual(row["label"], "February 2026")
        order = self.Order.with_context(tz="America/New_York")
        (row,) = self._get(order=order)["rows"]
        self.assertEqual(row["label"], "January 2026")
        # Calls from outside bring no time zone: the one of the user counts.
        self.env.user.tz = "America/New_York"
        order = self.Order.with_env(self.env(context={"lang": "en_US"}))
        (row,) = self._get(order=order)["rows"]
        self.assertEqual(row["label"], "January 2026")

    def test_weeks_begin_as_the_language_has_it(self):
        self._quote("2026-03-01 12:00:00")  # a Sunday
        week = ("week", "retention", "forward")
        for first_day, start in (("1", "2026-02-23"), ("7", "2026-03-01")):
            self.env["res.lang"]._lang_get("en_US").week_start = first_day
            with freeze_time("2026-04-15"):
                (row,) = self._get(options=week)["rows"]
            self.assertIn(("date_order", ">=", f"{start} 00:00:00"), row["domain"])

    def test_periods_begin_to_count_with_their_first_day(self):
        self._quote("2026-01-10", "2026-02-20")
        for today, count in (("2026-01-31", 1), ("2026-02-01", 2)):
            with freeze_time(today):
                (row,) = self._get()["rows"]
            shown = [c for c in row["columns"] if c["value"] is not None]
            self.assertEqual(len(shown), count)

    @freeze_time("2026-04-15")
    def test_only_so_many_cohorts_are_shown_and_it_is_said(self):
        self._quote("2026-04-01")
        self._quote("2026-04-02")
        self.patch(cohort_base, "ROWS", 1)
        day = ("day", "retention", "forward")
        data = self._get(options=day)
        self.assertEqual([row["label"] for row in data["rows"]], ["02 Apr 2026"])
        self.assertEqual(data["left_out"], 1)
        self.assertEqual(data["average"]["value"], 1)

    def test_several_currencies_are_converted_to_that_of_the_company(self):
        other = self.env["res.currency"].create(
            {
                "name": "COH",
                "symbol": "C",
                "rate_ids": [(0, 0, {"name": "2020-01-01", "rate": 4.0})],
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Other", "currency_id": other.id}
        )
        with freeze_time("2026-04-15"):
            self._quote("2026-01-10", price=100.0, pricelist_id=pricelist.id)
            data = self._get("amount_untaxed")
            self.assertEqual(data["currency_id"], other.id)
            self.assertEqual(data["rows"][0]["value"], 100.0)
            self._quote("2026-01-10", "2026-01-20", price=75.0)
            data = self._get("amount_untaxed")
        self.assertEqual(data["currency_id"], self.env.company.currency_id.id)
        self.assertEqual(data["rows"][0]["value"], 100.0)
        self.assertEqual(self._get_percentages(data["rows"][0])[0], 25.0)

    @freeze_time("2026-04-15")
    def test_record_rules_hold(self):
        seller = new_test_user(
            self.env, "cohort_seller", groups="sales_team.group_sale_salesman"
        )
        self._quote("2026-01-10", user_id=seller.id)
        self._quote("2026-01-10", user_id=self.env.user.id)
        self.assertEqual(self._get()["rows"][0]["value"], 2)
        own = self._get(order=self.Order.with_user(seller))
        self.assertEqual(own["rows"][0]["value"], 1)

    @freeze_time("2026-04-15")
    def test_companies_are_kept_apart(self):
        company = self.env["res.company"].create({"name": "Cohort branch"})
        self.env.user.company_ids += company
        self._quote("2026-01-10")
        self.Order.with_company(company).create(
            {
                "partner_id": self.partner.id,
                "date_order": "2026-01-10",
                "company_id": company.id,
            }
        )
        for companies, count in (
            (self.env.company, 1),
            (company, 1),
            (self.env.company + company, 2),
        ):
            order = self.Order.with_context(allowed_company_ids=companies.ids)
            self.assertEqual(self._get(order=order)["rows"][0]["value"], count)

    def test_who_may_not_read_the_records_gets_no_figures(self):
        stranger = new_test_user(self.env, "cohort_stranger", groups="base.group_user")
        with self.assertRaises(AccessError):
            self._get(order=self.Order.with_user(stranger))

    def test_fields_of_other_groups_give_no_figures(self):
        seller = new_test_user(
            self.env, "cohort_field", groups="sales_team.group_sale_salesman_all_leads"
        )
        order = self.Order.with_user(seller)
        for name, measure in (
            ("date_order", "__count"),
            ("validity_date", "__count"),
            ("amount_untaxed", "amount_untaxed"),
        ):
            self._get(measure, order=order)
            with self.subTest(name):
                self.patch(self.Order._fields[name], "groups", "base.group_system")
                with self.assertRaises(AccessError):
                    self._get(measure, order=order)
                self.patch(self.Order._fields[name], "groups", None)

    def test_what_is_no_date_no_number_or_no_choice_is_refused(self):
        for fields in ({"start": "name"}, {"stop": "nothing"}):
            with self.assertRaises(UserError):
                self._get(**fields)
        for measure in ("name", "nothing", "id", "partner_id"):
            with self.assertRaises(UserError):
                self._get(measure)
        for options in (
            ("hour", "retention", "forward"),
            ("month", "loss", "forward"),
            ("month", "churn", "sideways"),
        ):
            with self.assertRaises(UserError):
                self._get(options=options)

    @freeze_time("2026-04-15")
    def test_one_query_reads_the_figures_however_many_records_there_are(self):
        self._quote_example()
        self._get()
        with self.assertQueryCount(1):
            self._get()

    @freeze_time("2026-04-15")
    def test_dates_of_any_kind_agree(self):
        for start in (date(2026, 1, 10), datetime(2026, 1, 10, 12)):
            self._quote(start, "2026-03-20", commitment_date="2026-03-20 10:00:00")
        shares = [
            self._get_percentages(self._get(stop=stop)["rows"][0])
            for stop in ("validity_date", "commitment_date")
        ]
        self.assertEqual(shares[0], shares[1])
        self.assertEqual(shares[0][:4], [100, 100, 0, 0])
