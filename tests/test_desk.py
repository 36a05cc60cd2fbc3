from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .collection_common import CollectionCommon
from .common import TODAY


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestDesk(CollectionCommon):
    """All that is held stands on one screen, by cause, with what mends it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson = new_test_user(
            cls.env, "seller", groups="sales_team.group_sale_salesman", tz="UTC"
        )
        cls.env.user.group_ids += cls.env.ref("sales_team.group_sale_manager")

    def _get_cause(self, code):
        return self.env.ref(f"subscriptions.hold_cause_{code}")

    def _create_declined(self, **values):
        order = self._create_charged("declined", **values)
        self._collect()
        return order

    def _create_broken(self, day=TODAY):
        """Create a contract that cannot be billed: its customer is archived."""
        partner = self.partner.copy({"name": "Gone"})
        partner.active = False
        with freeze_time(day):
            return self._create_contract(partner_id=partner.id)

    def _get_results(self, action):
        lines = self.env["subscription.result"].browse(action["res_id"]).line_ids
        return {line.order_id: (line.state, line.message) for line in lines}

    # === CAUSES === #

    def test_every_cause_of_a_hold_has_words_and_a_repair(self):
        causes = self.env["subscription.hold.cause"].search([])
        values = dict(self.env["sale.order"]._fields["hold"].selection)
        self.assertEqual(set(causes.mapped("code")), set(values))
        self.assertEqual(len(causes), len(values))
        for cause in causes:
            self.assertTrue(cause.explanation and cause.repair)

    def test_a_held_contract_stands_with_its_cause_until_it_is_released(self):
        order = self._create_broken()
        self.assertEqual(order.hold_cause_id, self._get_cause("billing_error"))
        self.assertEqual(order.held_since, self._day(TODAY))
        order.partner_id.active = True
        order.action_release_hold()
        self.assertFalse(order.hold_cause_id)
        self.assertFalse(order.held_since)

    def test_the_age_of_a_hold_is_counted_in_days(self):
        order = self._create_broken()
        self.assertEqual(order.held_days, 0)
        with freeze_time("2026-07-05"):
            order.invalidate_recordset(["held_days"])
            self.assertEqual(order.held_days, 4)

    def test_the_age_goes_on_when_the_cause_changes(self):
        order = self._create_declined()
        with freeze_time("2026-07-05"):
            order._set_hold("payment_unknown", "No answer.")
        self.assertEqual(order.held_since, self._day(TODAY))

    def test_a_cause_made_later_takes_in_what_is_held_for_it(self):
        order = self._create_broken()
        cause = self._get_cause("billing_error").sudo()
        values = cause.copy_data()[0]
        cause.unlink()
        order.invalidate_recordset()
        self.assertFalse(order.hold_cause_id)
        cause = cause.create(values)
        self.assertEqual(order.hold_cause_id, cause)

    def test_nobody_types_since_when_or_why_a_contract_is_held(self):
        order = self._create_broken()
        cause = self._get_cause("anomaly")
        for vals in ({"held_since": "2026-01-01"}, {"hold_cause_id": cause.id}):
            with self.subTest(vals), self.assertRaises(AccessError):
                order.with_user(self.salesperson).write(vals)

    # === THE ACTIVITY === #

    def test_one_activity_says_the_cause_that_holds_now(self):
        order = self._create_declined()
        activity = order.activity_ids
        self.assertEqual(activity.summary, "Payment declined")
        order._set_hold("payment_unknown", "No answer came.")
        self.assertEqual(order.activity_ids, activity)
        self.assertEqual(activity.summary, "Payment unknown")
        self.assertIn("No answer came.", activity.note)

    def test_what_others_say_is_no_html_in_the_activity(self):
        order = self._create_broken()
        order._set_hold("billing_error", "<b>bold</b> claims")
        self.assertIn("&lt;b&gt;bold", order.activity_ids.note)

    # === RETRY ALL === #

    def test_retry_all_bills_what_is_mended_and_tells_what_is_not(self):
        mended, broken = self._create_broken(), self._create_broken()
        mended.partner_id.active = True
        action = self._get_cause("billing_error").action_retry_all()
        results = self._get_results(action)
        self.assertEqual(results[mended], ("done", "Invoices made: 1"))
        self.assertEqual(results[broken][0], "refused")
        self.assertIn("archived", results[broken][1])
        self.assertFalse(mended.hold)
        self.assertEqual(broken.hold, "billing_error")
        self.assertEqual(len(broken.activity_ids), 1)

    def test_retry_all_of_what_is_far_behind_bills_everything(self):
        order = self._create_contract(start_date="2024-12-01")
        self.assertEqual(order.hold, "backlog")
        action = self._get_cause("backlog").action_retry_all()
        self.assertEqual(self._get_results(action)[order][0], "done")
        self.assertEqual(len(self._get_periods(order)), 20)

    def test_retry_all_of_what_was_declined_charges_in_the_next_run(self):
        paid, without = self._create_declined(), self._create_declined()
        paid.payment_token_id.provider_ref = "done"
        without.payment_token_id.active = False
        without._set_hold("payment_declined", "Still open.")
        calls = len(self.calls)
        action = self._get_cause("payment_declined").action_retry_all()
        results = self._get_results(action)
        self.assertEqual(results[paid][0], "done")
        self.assertEqual(results[without][0], "refused")
        self.assertIn("no payment method", results[without][1])
        self.assertEqual(len(self.calls), calls, "no provider is called by a click")
        self._collect()
        self.assertFalse(paid.hold)

    def test_the_unknown_is_not_tried_again_for_all(self):
        self._create_charged("lost before")
        self._collect()
        cause = self._get_cause("payment_unknown")
        self.assertFalse(cause.can_retry_all)
        with self.assertRaises(UserError) as caught:
            cause.action_retry_all()
        self.assertIn("one by one", str(caught.exception))
        self.assertEqual(len(self.calls), 1)

    def test_retry_all_leaves_alone_what_the_desk_does_not_show(self):
        shown, other = self._create_broken(), self._create_broken()
        (shown | other).partner_id.active = True
        cause = self._get_cause("billing_error").with_context(
            subscription_desk_domain=[("partner_id", "=", shown.partner_id.id)]
        )
        self.assertEqual(set(self._get_results(cause.action_retry_all())), {shown})
        self.assertTrue(other.hold)

    def test_retry_all_where_nothing_is_held_any_more_says_so(self):
        with self.assertRaises(UserError):
            self._get_cause("backlog").action_retry_all()

    # === ONE === #

    def test_retry_of_one_tells_what_came_of_it(self):
        order = self._create_broken()
        action = order.action_retry_held()
        self.assertEqual(self._get_results(action)[order][0], "refused")
        order.partner_id.active = True
        action = order.action_retry_held()
        self.assertEqual(action["params"]["message"], "Invoices made: 1")
        with self.assertRaises(UserError):
            order.action_retry_held()

    def test_retry_of_several_chosen_tells_of_each(self):
        declined, broken = self._create_declined(), self._create_broken()
        results = self._get_results((declined | broken).action_retry_held())
        self.assertEqual(results[declined][0], "done")
        self.assertEqual(results[broken][0], "refused")

    def test_the_card_tries_again_its_whole_cause(self):
        first, second = self._create_broken(), self._create_broken()
        self.assertEqual(
            set(self._get_results(first.action_retry_cause())), {first, second}
        )

    # === RIGHTS === #

    def test_a_salesperson_releases_nothing_and_retries_own_payments(self):
        broken, declined = self._create_broken(), self._create_declined()
        (broken | declined).user_id = self.salesperson
        other = self._create_declined()
        other.user_id = self.env.user
        env = self.env(user=self.salesperson)
        with self.assertRaises(AccessError):
            broken.with_env(env).action_retry_held()
        cause = self._get_cause("payment_declined").with_env(env)
        self.assertTrue(cause.can_retry_all)
        self.assertEqual(set(self._get_results(cause.action_retry_all())), {declined})
        cause = self._get_cause("billing_error").with_env(env)
        self.assertFalse(cause.can_retry_all)
        results = self._get_results(cause.action_retry_all())
        self.assertEqual(results[broken][0], "refused")
        self.assertTrue(broken.hold)
        with self.assertRaises(AccessError):
            cause.name = "Mine"

    # === WHAT THE CONTRACT SHOWS === #

    def test_the_desk_shows_what_is_open_and_when_it_was_tried(self):
        order = self._create_declined()
        self.assertEqual(order.open_amount, 100.0)
        self.assertEqual(order.last_attempt_date.date(), self._day(TODAY))
        self.assertEqual(order.next_attempt_date, self._day("2026-07-04"))
        self.assertEqual(order.hold_repair, self._get_cause("payment_declined").repair)
