from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user

from .common import freeze_time, tagged
from .rating_common import RatingMixin
from .report_common import ReportCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-06-30")
class TestRating(RatingMixin, ReportCommon):
    """The numbers of docs/satisfaction.md."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        teams = [{"name": name} for name in ("North", "South")]
        cls.north, cls.south = cls.env["crm.team"].create(teams)
        (cls.ada | cls.bob | cls.eve).team_id = cls.north
        cls.cyd.team_id = cls.south

    def _rate_all(self):
        for value in (5, 5, 1):
            self._rate(self.ada, value)
        self._rate(self.bob, 1)
        self._rate(self.cyd, 5)

    def _get_averages(self, by, user=None):
        groups = self._group(
            "subscription.rating.report", by, "__count", "satisfaction:avg", user=user
        )
        return {record: (count, round(average, 2)) for record, count, average in groups}

    # === WHAT A CONTRACT COMES TO === #

    def test_satisfaction_is_the_average_of_what_was_given(self):
        self._rate_all()
        self.assertAlmostEqual(self.ada.satisfaction, 73.33, 2)
        self.assertEqual(self.ada.rating_count, 3)
        self.assertEqual(self.bob.satisfaction, 20.0)
        self.assertEqual(self.eve.rating_count, 0)

    def test_what_was_asked_for_and_not_answered_does_not_count(self):
        self._rate(self.ada, 5)
        self.ada._rating_get_access_token()
        self.assertEqual((self.ada.rating_count, self.ada.satisfaction), (1, 100.0))

    def test_an_answer_may_be_changed_taken_back_and_deleted(self):
        rating = self._rate(self.ada, 1)
        self._rate(self.ada, 5)
        self.ada.sudo().rating_apply(3, rating=rating)
        self.assertEqual((self.ada.rating_count, self.ada.satisfaction), (2, 80.0))
        rating.reset()
        self.assertEqual((self.ada.rating_count, self.ada.satisfaction), (1, 100.0))
        self.ada.sudo().rating_ids.unlink()
        self.assertEqual((self.ada.rating_count, self.ada.satisfaction), (0, 0.0))

    def test_a_rating_that_moves_to_another_contract_counts_there(self):
        rating = self._rate(self.ada, 1)
        rating.res_id = self.bob.id
        self.assertEqual((self.ada.rating_count, self.bob.rating_count), (0, 1))

    def test_many_ratings_are_summed_up_at_once_and_told_once(self):
        told, sums = [], []

        def mark(original, records):
            told.extend(records)
            return original(records)

        def read(original, records, *args, **kwargs):
            sums.append(args)
            return original(records, *args, **kwargs)

        contracts = self.ada | self.bob | self.cyd
        with (
            self._patch_method("sale.order", "_mark_changed", mark),
            self._patch_method("rating.rating", "_read_group", read),
        ):
            self.env["rating.rating"].sudo().create(
                [
                    {
                        "res_model_id": self.env["ir.model"]._get_id("sale.order"),
                        "res_id": order.id,
                        "rating": value,
                        "consumed": True,
                    }
                    for order in contracts
                    for value in (1, 3, 5)
                ]
            )
        self.assertEqual(contracts.mapped("satisfaction"), [60.0] * 3)
        self.assertEqual(told, list(contracts))
        self.assertEqual(len(sums), 1)

    def test_what_changes_nothing_is_not_told(self):
        rating = self._rate(self.ada, 3)
        told = []
        with self._patch_method(
            "sale.order",
            "_mark_changed",
            lambda _original, records: told.extend(records),
        ):
            rating.write({"rating": 3, "feedback": "As I said."})
        self.assertEqual(told, [])

    def test_a_copy_and_a_renewal_begin_unrated(self):
        self._rate(self.ada, 5)
        self.assertEqual(self.ada.copy().rating_count, 0)
        self.assertEqual(self._renew(self.ada).rating_count, 0)

    def test_what_is_rated_and_no_order_stays_with_odoo(self):
        rating = self.env["rating.rating"].create(
            {
                "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                "res_id": self.partner.id,
                "rating": 5,
                "consumed": True,
            }
        )
        self.assertFalse(rating.order_id)
        rating.feedback = "Written by a colleague"

    def test_a_quotation_is_deleted_with_its_ratings(self):
        order = self._create_order()
        rating = self._rate(order, 5)
        order.unlink()
        self.assertFalse(rating.exists())

    def test_lists_do_not_average_contracts_that_nobody_rated(self):
        self._rate(self.ada, 5)
        info = self.env["sale.order"].fields_get(["satisfaction"], ["aggregator"])
        self.assertNotIn("aggregator", info["satisfaction"])
        self.assertEqual(
            self._get_averages("partner_id"), {self.ada.partner_id: (1, 100.0)}
        )

    # === WHAT OTHERS COME TO === #

    def test_averages_by_plan_team_and_salesperson(self):
        self._rate_all()
        self.assertEqual(
            self._get_averages("plan_id"),
            {self.monthly: (4, 60.0), self.yearly: (1, 100.0)},
        )
        self.assertEqual(
            self._get_averages("team_id"),
            {self.north: (4, 60.0), self.south: (1, 100.0)},
        )
        self.assertEqual(
            self._get_averages("user_id"),
            {self.salesperson: (4, 80.0), self.leader: (1, 20.0)},
        )
        for record, count, percent in (
            (self.monthly, 4, 60.0),
            (self.yearly, 1, 100.0),
            (self.north, 4, 60.0),
        ):
            self.assertEqual(record.subscription_rating_count, count)
            self.assertEqual(record.subscription_satisfaction, percent)
            action = record.action_view_subscription_ratings()
            rows = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(len(rows), count)

    def test_a_customer_has_the_ratings_of_all_its_people(self):
        company = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        (self.ada | self.bob).partner_id.parent_id = company
        self._rate_all()
        partners = company | self.ada.partner_id | self.bob.partner_id
        self.assertEqual(
            [
                (one.subscription_rating_count, round(one.subscription_satisfaction, 2))
                for one in partners
            ],
            [(4, 60.0), (3, 73.33), (1, 20.0)],
        )

    def test_plain_and_cancelled_orders_are_no_part_of_it(self):
        order = self._create_order(self.setup_fee, plan_id=False)
        self._rate(order, 1)
        self.assertEqual(order.satisfaction, 20.0)
        self.assertFalse(self.env["subscription.rating.report"].search([]))

    def test_the_report_knows_what_was_said_and_when(self):
        with freeze_time("2026-05-03 10:00:00"):
            self._rate(self.ada, 3, "It could be faster")
        row = self.env["subscription.rating.report"].search([])
        self.assertEqual(str(row.date), "2026-05-03 10:00:00")
        self.assertEqual((row.answer, row.satisfaction), ("ok", 60.0))
        self.assertEqual(row.comment, "It could be faster")
        self.assertEqual(row.rated_partner_id, self.salesperson.partner_id)
        self.assertEqual(row.action_view_contract()["res_id"], self.ada.id)

    # === WHO MAY WHAT === #

    def test_a_salesperson_sees_own_ratings_only(self):
        self._rate_all()
        seller = self.salesperson
        self.assertEqual(
            self._get_averages("user_id", seller), {self.salesperson: (4, 80.0)}
        )
        ratings = self.env["rating.rating"].with_user(seller).search([])
        self.assertEqual(ratings.order_id, self.ada | self.cyd)
        plan = self.monthly.with_user(seller)
        self.assertEqual(plan.subscription_rating_count, 3)
        partner = self.bob.partner_id.with_user(seller)
        self.assertEqual(partner.subscription_rating_count, 0)
        leader = self.env["rating.rating"].with_user(self.leader).search([])
        self.assertEqual(leader.order_id, self.ada | self.bob | self.cyd)

    def test_accountants_see_all_and_employees_and_strangers_nothing(self):
        self._rate_all()
        Report = self.env["subscription.rating.report"]
        accountant = new_test_user(
            self.env,
            "accountant",
            "account.group_account_readonly",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.assertEqual(len(Report.with_user(accountant).search([])), 5)
        employee = new_test_user(
            self.env,
            "employee",
            "base.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.assertFalse(self.env["rating.rating"].with_user(employee).search([]))
        with self.assertRaises(AccessError):
            Report.with_user(employee).search([])
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "sales_team.group_sale_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(Report.with_user(stranger).search([]))
        self.assertFalse(self.env["rating.rating"].with_user(stranger).search([]))

    def test_nobody_rates_in_the_name_of_the_customer(self):
        rating = self._rate(self.ada, 1).with_user(self.leader)
        with self.assertRaisesRegex(AccessError, "cannot be typed"):
            self.ada.with_user(self.leader).satisfaction = 100
        for vals in ({"rating": 5}, {"feedback": "Super"}, {"res_id": self.bob.id}):
            with self.assertRaisesRegex(AccessError, "written by nobody else"):
                rating.write(vals)
        with self.assertRaisesRegex(AccessError, "written by nobody else"):
            rating.create(
                {
                    "res_model_id": rating.sudo().res_model_id.id,
                    "res_id": self.ada.id,
                    "rating": 5,
                    "consumed": True,
                }
            )
        self.ada.with_user(self.leader).message_post(body="Fine", rating_value=5)
        self.assertEqual(self.ada.rating_count, 1)
        rating.is_internal = True  # what customers are shown is ours to say
        self.assertEqual(self.ada.satisfaction, 20.0)
