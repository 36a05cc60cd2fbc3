"""Run on the database with demo data and all companions; see scripts/test."""

from datetime import timedelta

from odoo import fields
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """The demonstration firm has something to show in every list."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = cls.env["ir.model.data"].search(
            [
                ("module", "=", "subscriptions"),
                ("model", "=", "res.partner"),
                ("name", "=like", "demo_customer_%"),
            ]
        )
        cls.orders = cls.env["sale.order"].search(
            [("partner_id", "in", names.mapped("res_id")), ("plan_id", "!=", False)]
        )
        cls.contracts = cls.orders.filtered(lambda order: order.state == "sale")
        cls.invoices = cls.contracts.period_ids.move_id

    def test_some_ninety_contracts_began_over_eighteen_months(self):
        self.assertTrue(80 <= len(self.contracts) <= 100, len(self.contracts))
        starts = self.contracts.mapped("start_date")
        self.assertGreater((max(starts) - min(starts)).days, 500)
        begun = self.contracts.filtered(
            lambda order: order.subscription_kind == "new" and not order.hold
        )
        for order in begun:
            self.assertEqual(order.date_order.date(), order.start_date)

    def test_five_plans_and_more_have_contracts_and_prices(self):
        plans = self.contracts.plan_id
        self.assertGreaterEqual(len(plans), 5)
        self.assertTrue(all(plan.price_ids for plan in plans))

    def test_contracts_have_changed_and_some_will(self):
        changes = self.contracts.change_ids
        self.assertLessEqual({"quantity", "plan", "pause"}, set(changes.mapped("kind")))
        self.assertIn("scheduled", changes.mapped("state"))
        kinds = self.env["sale.order"].search(
            [("root_order_id", "in", self.contracts.ids)]
        )
        self.assertLessEqual(
            {"upsell", "renewal"}, set(kinds.mapped("subscription_kind"))
        )
        self.assertTrue(self.contracts.filtered("resume_date"))

    def test_the_ledger_of_every_contract_is_sound(self):
        self.assertEqual(list(self.contracts.verify_ledger()), [])

    def test_the_ledger_shows_every_state_an_invoice_can_bring(self):
        states = set(self.contracts.period_ids.mapped("state"))
        self.assertLessEqual({"billed", "paid", "free", "credited", "void"}, states)

    def test_invoices_carry_the_dates_of_their_history(self):
        months = {move.invoice_date.strftime("%Y-%m") for move in self.invoices}
        self.assertGreaterEqual(len(months), 18)
        today = self.env["sale.order"]._get_today()
        self.assertLessEqual(max(self.invoices.mapped("invoice_date")), today)

    def test_some_invoices_are_overdue_and_most_are_paid(self):
        posted = self.invoices.filtered(lambda move: move.state == "posted")
        today = self.env["sale.order"]._get_today()
        unpaid = posted.filtered(lambda move: move.payment_state == "not_paid")
        self.assertTrue(unpaid.filtered(lambda move: move.invoice_date_due < today))
        self.assertLess(len(unpaid), len(posted) / 2)

    def test_no_mail_waits_to_tell_customers_about_the_past(self):
        past = self.invoices.filtered(
            lambda move: (
                (self.env["sale.order"]._get_today() - move.invoice_date).days > 2
            )
        )
        self.assertFalse(past.filtered("sending_data"))
        self.assertIn("send", self.contracts.plan_id.mapped("invoice_mode"))

    def test_some_contracts_are_held_and_say_why(self):
        held = self.contracts.filtered("hold")
        self.assertGreaterEqual(len(held), 3)
        self.assertTrue(all(held.mapped("hold_reason")))
        self.assertGreaterEqual(len(set(held.mapped("hold"))), 2)
        self.assertTrue(all(order.activity_ids for order in held))

    def test_some_contracts_have_ended_and_say_why(self):
        ended = self.contracts.filtered(
            lambda order: order.subscription_state == "churned"
        )
        self.assertGreaterEqual(len(ended), 3)
        self.assertGreaterEqual(len(ended.close_reason_id), 3)
        self.assertTrue(all(order.close_reason_id for order in ended))
        closing = self.contracts.filtered("close_date") - ended
        self.assertTrue(closing, "a contract whose end is agreed and yet to come")

    def test_something_is_due_or_was_billed_by_the_first_run(self):
        today = self.env["sale.order"]._get_today()
        recent = self.contracts.filtered(
            lambda order: (
                (order.billing_date and order.billing_date <= today)
                or any(
                    (today - move.invoice_date).days <= 1
                    for move in order.period_ids.move_id
                )
            )
        )
        self.assertGreaterEqual(len(recent), 5)

    def test_customers_have_said_how_satisfied_they_are(self):
        rows = self.env["subscription.rating.report"].search(
            [("order_id", "in", self.orders.ids)]
        )
        self.assertGreaterEqual(len(rows), 30)
        self.assertGreaterEqual(len(rows.plan_id), 4)
        self.assertGreaterEqual(len(rows.user_id), 2)
        self.assertEqual(set(rows.mapped("answer")), {"top", "ok", "ko"})
        self.assertTrue(any(rows.mapped("comment")))
        now = fields.Datetime.now()
        self.assertLess(max(rows.mapped("date")), now)
        for row in rows:
            self.assertGreater(row.date.date(), row.order_id.start_date)
        asked = self.orders.filtered(lambda order: order._get_open_rating_request())
        self.assertTrue(asked)

    def test_contracts_are_in_good_in_neutral_and_in_bad_health(self):
        running = self.contracts.filtered(lambda order: order._is_live_contract())
        healths = running.mapped("health")
        self.assertEqual(set(healths), {"good", "neutral", "bad"})
        self.assertGreaterEqual(healths.count("good"), 5)
        self.assertGreaterEqual(healths.count("bad"), 3, "what is held, too")

    def test_payments_show_every_end_they_may_take(self):
        collections = self.contracts.collection_ids
        self.assertLessEqual(
            {"paid", "declined", "unknown", "lost", "no_method"},
            set(collections.mapped("state")),
        )
        self.assertEqual(
            set(collections.mapped("outcome")), {False, "open", "recovered", "lost"}
        )
        today = self.env["sale.order"]._get_today()
        for collection in collections:
            if collection.last_attempt_date:
                self.assertLess(collection.last_attempt_date.date(), today)
        payments = collections.sudo().transaction_ids.payment_id
        self.assertTrue(payments)
        self.assertLess(max(payments.mapped("date")), today)
        self.assertLess(min(payments.mapped("date")), today - timedelta(days=300))

    def test_the_desk_has_several_causes(self):
        held = self.contracts.filtered("hold")
        self.assertGreaterEqual(len(held.hold_cause_id), 4)
        self.assertTrue(all(held.mapped("held_since")))

    def test_nobody_is_written_to_about_payments_of_the_past(self):
        mails = self.env["mail.mail"].search(
            [("model", "=", "sale.order"), ("res_id", "in", self.contracts.ids)]
        )
        self.assertFalse(mails)
        declined = self.contracts.filtered(lambda one: one.hold == "payment_declined")
        subjects = declined.message_ids.mapped("subject")
        self.assertIn(
            f"Your payment for {declined[0].name} did not go through", subjects
        )

    def test_quotations_wait_to_be_sent_and_to_be_signed(self):
        self.assertLessEqual({"draft", "sent"}, set(self.orders.mapped("state")))

    def test_lists_and_charts_have_something_to_show(self):
        running = self.contracts.filtered(
            lambda order: order.subscription_state == "progress"
        )
        self.assertGreater(sum(running.mapped("mrr")), 0)
        for model, domain in (
            ("sale.order.template", [("plan_id", "!=", False)]),
            ("product.template", [("recurring_invoice", "=", True)]),
            ("product.pricelist.item", [("plan_id", "!=", False)]),
            ("subscription.period", [("order_id", "in", self.contracts.ids)]),
            ("sale.order.line", [("is_recurring", "=", True), ("mrr", ">", 0)]),
        ):
            self.assertGreaterEqual(self.env[model].search_count(domain), 5, model)
        self.assertGreaterEqual(len(self.contracts.user_id), 2)
        self.assertGreaterEqual(len(self.contracts.team_id), 2)
        self.assertGreaterEqual(len(self.contracts.partner_id.country_id), 3)

    def test_the_figures_are_proven_and_every_kind_of_movement_occurs(self):
        Event = self.env["subscription.event"]
        self.assertEqual(Event.verify(), [])
        events = Event.search([("order_id.root_order_id", "in", self.contracts.ids)])
        self.assertEqual(
            set(events.mapped("kind")),
            {
                "new",
                "expansion",
                "contraction",
                "churn",
                "reactivation",
                "transfer",
                "currency",
            },
        )
        self.assertGreaterEqual(
            len({event.event_date.strftime("%Y-%m") for event in events}), 17
        )
        self.assertGreaterEqual(len(events.close_reason_id), 5)
        self.assertGreaterEqual(len(events.user_id), 3)
        self.assertGreaterEqual(len(events.team_id), 2)
        self.assertGreaterEqual(len(events.country_id), 5)
        self.assertGreaterEqual(len(events.template_id), 3)
        self.assertTrue(events.filtered(lambda event: event.state == "paused"))

    def test_the_mrr_has_grown_from_half_a_year_to_the_next(self):
        today = self.env["sale.order"]._get_today()
        Event = self.env["subscription.event"]
        totals = [
            sum(
                Event.search(
                    [("event_date", "<=", today - timedelta(days=days))]
                ).mapped("mrr_change")
            )
            for days in (500, 365, 180, 0)
        ]
        self.assertGreater(totals[0], 0)
        self.assertEqual(totals, sorted(totals))
        self.assertGreater(totals[-1], 2 * totals[1])
