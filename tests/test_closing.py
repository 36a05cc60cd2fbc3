from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestClosing(SubscriptionCommon):
    """How contracts end, and what cannot be done to them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env.ref("subscriptions.close_reason_price")

    def test_a_closed_contract_has_no_mrr_and_is_billed_no_more(self):
        order = self._create_contract()
        order._close(self.reason)
        self.assertRecordValues(
            order,
            [
                {
                    "subscription_state": "churned",
                    "close_date": self._day("2026-07-15"),
                    "close_reason_id": self.reason.id,
                    "mrr": 0.0,
                    "next_invoice_date": False,
                }
            ],
        )
        self.assertFalse(order._bill(self._day("2027-07-15")))

    def test_closing_in_arrears_bills_the_days_that_were_used(self):
        plan = self._create_plan(billing_timing="arrears")
        order = self._create_contract(plan_id=plan.id, start_date="2026-06-01")
        self.assertEqual(self._get_amounts(order.invoice_ids), [100.0])
        order._close(self.reason)
        # 15 of 31 days of July
        self.assertEqual(self._get_amounts(order.invoice_ids), [100.0, 48.39])
        self.assertEqual(order.subscription_state, "churned")
        self.assertEqual(order.verify_ledger(), [])

    def test_closing_bills_what_was_missed(self):
        order = self._create_contract(start_date="2026-06-10")
        with freeze_time("2026-08-20"):
            order._close(self.reason)
        self.assertEqual(
            self._get_periods(order),
            [
                "2026-06-10..2026-07-09",
                "2026-07-10..2026-08-09",
                "2026-08-10..2026-08-20",
            ],
        )

    def test_a_contract_that_fails_at_closing_is_held_and_ends_when_mended(self):
        order = self._create_contract(start_date="2026-06-10")
        self.seat.active = False
        with freeze_time("2026-08-20"):
            order._close(self.reason)
            self.assertEqual(order.subscription_state, "progress")
            self.assertEqual(order.hold, "billing_error")
            self.seat.active = True
            order.action_release_hold()
            self.assertFalse(order.next_invoice_date)
        with freeze_time("2026-08-21"), self.enter_registry_test_mode():
            cron = self.env.ref("subscriptions.ir_cron_apply_scheduled")
            cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(order.subscription_state, "churned")

    def test_closing_a_held_contract_says_what_is_left_unbilled(self):
        order = self._create_contract(start_date="2026-06-10")
        order._set_hold("billing_error", "The product is archived.")
        with freeze_time("2026-08-20"):
            order._close(self.reason)
        self.assertEqual(order.subscription_state, "churned")
        self.assertFalse(order.hold or order.activity_ids)
        bodies = " ".join(order.message_ids.mapped("body"))
        self.assertIn("08/09/2026 is not billed", bodies)

    def test_closing_needs_a_reason_a_day_to_come_and_an_invoice(self):
        order = self._create_contract()
        with self.assertRaisesRegex(UserError, "Say why"):
            order._close(self.env["subscription.close.reason"])
        with self.assertRaisesRegex(UserError, "that day is over"):
            order._close(self.reason, self._day("2026-07-14"))
        never = self._create_contract(start_date="2026-09-01")
        with self.assertRaisesRegex(UserError, "Cancel it instead"):
            never._close(self.reason)

    def test_closing_several_lists_those_that_refuse(self):
        good = self._create_contract()
        never = self._create_contract(start_date="2026-09-01")
        wizard = (
            self.env["subscription.close"]
            .with_context(active_ids=(good | never).ids)
            .create({"reason_id": self.reason.id, "when": "now"})
        )
        action = wizard.action_apply()
        result = self.env["subscription.result"].browse(action["res_id"])
        self.assertEqual(result.line_ids.mapped("state"), ["refused", "done"])
        self.assertEqual(result.line_ids[0].order_id, never)
        self.assertEqual(
            (good | never).mapped("subscription_state"), ["churned", "progress"]
        )

    def test_the_wizard_proposes_the_end_of_what_is_billed(self):
        order = self._create_contract()
        wizard = Form(self.env["subscription.close"].with_context(active_ids=order.ids))
        self.assertEqual(wizard.last_day, self._day("2026-08-14"))
        wizard.reason_id = self.reason
        wizard.save().action_apply()
        self.assertEqual(order.close_date, self._day("2026-08-14"))
        self.assertEqual(order.subscription_state, "progress")

    def test_a_contract_in_its_trial_is_cancelled_with_its_free_days(self):
        plan = self._create_plan(trial_days=14)
        order = self._create_contract(plan_id=plan.id)
        self.assertTrue(order.period_count)
        self.assertFalse(order.is_billed)
        order.action_cancel()
        self.assertEqual(order.period_ids.state, "void")
        self.assertFalse(order.subscription_state)

    def test_a_confirmed_order_neither_gets_nor_loses_its_plan(self):
        running = self._create_contract(start_date="2026-09-01")
        with self.assertRaisesRegex(UserError, "is confirmed"):
            running.plan_id = False
        self.seat.accept_one_time = True
        plain = self._create_order(plan_id=False)
        plain.action_confirm()
        with self.assertRaisesRegex(UserError, "is confirmed"):
            plain.plan_id = self.monthly

    def test_a_contract_that_comes_to_be_later_needs_a_start_date(self):
        order = self._create_order(self.setup_fee)
        order.action_confirm()
        self.assertFalse(order.subscription_state)
        with self.assertRaisesRegex(ValidationError, "needs a start date"):
            self.env["sale.order.line"].create(
                {"order_id": order.id, "product_id": self.seat.id}
            )
            self.env.flush_all()

    def test_a_typed_end_date_stays_and_one_of_the_plan_goes_with_it(self):
        year = self._create_plan(duration_periods=12)
        order = self._create_order(plan_id=year.id, end_date="2026-12-31")
        order.action_confirm()
        self.assertEqual(order.end_date, self._day("2026-12-31"))
        order = self._create_order(plan_id=year.id, start_date="2026-08-01")
        self.assertEqual(order.end_date, self._day("2027-07-31"))
        order.plan_id = self.monthly
        self.assertFalse(order.end_date)

    def test_a_freed_day_before_a_later_start_is_no_gap(self):
        plan = self._create_plan(invoice_mode="draft")
        order = self._create_contract(plan_id=plan.id)
        order.invoice_ids.button_cancel()
        order.start_date = "2026-07-20"
        self.assertEqual(order.next_invoice_date, self._day("2026-07-20"))
        order._bill(self._day("2026-07-20"))
        self.assertEqual(order.next_invoice_date, self._day("2026-08-20"))
        order.invoice_ids.filtered(lambda m: m.state == "draft").button_cancel()
        order.start_date = "2026-07-01"
        self.assertEqual(order.next_invoice_date, self._day("2026-07-01"))

    def test_the_form_keeps_showing_how_far_a_contract_is_billed(self):
        order = self._create_contract()
        with Form(order) as form:
            form.end_date = self._day("2026-12-31")
            self.assertEqual(str(form.paid_until), "2026-08-14")
            self.assertEqual(str(form.billing_date), "2026-08-15")

    def test_a_failing_check_of_another_addon_holds_one_contract_alone(self):
        good, bad = self._create_contract(), self._create_contract()

        def fail(order, period, day):
            if order == bad:
                raise ZeroDivisionError("meter")
            return

        self.patch(self.registry["sale.order"], "_get_billing_obstacle", fail)
        with mute_logger("odoo.addons.subscriptions.models.subscription_billing"):
            moves = (good | bad)._bill(self._day("2026-08-15"))
        self.assertEqual(len(moves), 1)
        self.assertEqual((good | bad).mapped("hold"), [False, "billing_error"])

    def test_an_order_without_plan_has_nothing_to_preview(self):
        order = self._create_order(self.setup_fee, plan_id=False)
        self.assertEqual(order.preview_invoices(3), [])
