"""Customers who leave, who are made an offer, and who change their mind."""

from .common import freeze_time, tagged
from .self_service_common import StoryCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestSelfServiceLeaving(StoryCommon):
    # Closing

    def test_it_is_told_what_is_still_billed_and_nothing_else(self):
        contract = self._subscribe(start_date="2026-04-01")
        contract._bill()
        self.assertEqual(len(contract.invoice_ids), 4)
        page = self._preview("close", contract, reason_id=str(self.reason.id))
        self.assertTrue(
            self._get_text(page, "effect_notes").startswith("Nothing more is billed.")
        )
        self.plan.customer_close = "any_date"
        page = self._preview(
            "close", contract, reason_id=str(self.reason.id), date="2026-08-15"
        )
        self.assertIn(
            "Still billed: $ 48.39 on 08/01/2026, for 08/01/2026 to 08/15/2026.",
            self._get_text(page, "effect_notes"),
        )
        self._close(contract, date="2026-08-15")
        with self._on("2026-08-16"):
            contract._bill()
            self._apply_scheduled()
            self.assertEqual(contract.subscription_state, "churned")
            self.assertEqual(contract.invoice_ids.sorted("id")[-1].amount_total, 48.39)

    def test_a_last_day_on_which_a_period_begins_bills_nothing_of_it(self):
        self.plan.customer_close = "any_date"
        data = {"reason_id": str(self.reason.id), "date": "2026-08-01"}
        page = self._preview("close", **data)
        self.assertTrue(
            self._get_text(page, "effect_notes").startswith("Nothing more is billed.")
        )

    def test_a_renewal_that_has_not_begun_ends_with_its_contract(self):
        renewal = self._renew(self.contract)
        renewal.action_confirm()
        self.assertEqual(str(renewal.start_date), "2026-08-01")
        page = self._preview("close", renewal, reason_id=str(self.reason.id))
        self.assertIn("07/31/2026", self._get_text(page, "effect_texts"))
        self._close(renewal)
        self.assertEqual(renewal.state, "cancel")
        self.assertEqual(str(self.contract.close_date), "2026-07-31")
        with self._on("2026-08-01"):
            self._apply_scheduled()
            self.contract._bill()
        self.assertEqual(self.contract.subscription_state, "churned")
        self.assertEqual(len(self.contract.invoice_ids), 1)

    def test_a_contract_that_has_not_begun_is_cancelled(self):
        contract = self._subscribe(start_date="2026-09-01")
        page = self._preview("close", contract, reason_id=str(self.reason.id))
        self.assertIn("before it begins", self._get_text(page, "effect_texts"))
        self._close(contract, remark="Changed my mind")
        self.assertEqual(contract.state, "cancel")
        self.assertEqual(contract.close_remark, "Changed my mind")

    def test_a_trial_ends_with_its_last_free_day(self):
        plan = self._create_plan(trial_days=14, customer_close="period_end")
        contract = self._subscribe(plan_id=plan.id)
        self._close(contract)
        self.assertEqual(str(contract.close_date), "2026-07-28")
        with self._on("2026-07-29"):
            self._apply_scheduled()
            contract._bill()
        self.assertEqual(contract.subscription_state, "churned")
        self.assertFalse(contract.invoice_ids)

    def test_what_the_company_ends_the_customer_does_not_take_back(self):
        unpaid = self.env.ref("subscriptions.close_reason_unpaid")
        self.contract._close(unpaid, self._day("2026-09-30"))
        answer = self._send(self.contract, "revoke_close")
        self.assertEqual(answer.status_code, 403)
        self.assertEqual(str(self.contract.close_date), "2026-09-30")

    def test_what_was_taken_back_is_billed_as_shown(self):
        self.plan.invoice_lead_days = 10
        contract = self._subscribe((self.seat, 1.0, {"price_unit": 60.0}))
        self._close(contract)
        with self._on("2026-07-25"):
            contract._bill()
            self.assertEqual(len(contract.invoice_ids), 1)
            page = self._open_page(contract, "revoke_close")
            self.assertEqual(self._get_text(page, "charged"), "$ 60.00")
            self.assertIn("08/22/2026", self._get_text(page, "next_invoice"))
            self._confirm(contract, "revoke_close")
            self.assertEqual(len(contract.invoice_ids), 2)

    def test_the_mail_about_the_end_goes_to_the_customer_alone(self):
        follower = self.env["res.partner"].create(
            {"name": "Adviser", "email": "adviser@example.com"}
        )
        self.contract.message_subscribe(follower.ids)
        self._close()
        mails = self.env["mail.mail"].search(
            [("model", "=", "sale.order"), ("res_id", "=", self.contract.id)]
        )
        closing = mails.filtered(lambda mail: "ends" in (mail.subject or ""))
        self.assertEqual(closing.recipient_ids, self.partner)
        self.assertIn("07/31/2026", closing.body_html)
        self.assertIn("/revoke_close?access_token=", closing.body_html)
        self.assertIn("Nothing more is billed.", closing.body_html)

    def test_a_renewal_is_no_way_around_the_notice_period(self):
        self.plan.write({"customer_close": "any_date", "notice_days": 90})
        renewal = self._renew(self.contract)
        renewal.action_confirm()
        answer = self._close(renewal, date="2026-07-16")
        self.assertIn("at the earliest", self._get_text(answer, "error"))
        self.assertEqual((renewal.state, self.contract.close_date), ("sale", False))
        self._close(renewal, date="2026-10-31")
        self.assertEqual(renewal.state, "cancel")
        self.assertEqual(str(self.contract.close_date), "2026-10-31")

    def test_who_closes_last_decides_who_may_take_it_back(self):
        unpaid = self.env.ref("subscriptions.close_reason_unpaid")
        self._close(remark="Bye")
        self.assertTrue(self.contract.is_closed_online)
        self.contract._close(unpaid, self._day("2026-07-20"))
        self.assertFalse(self.contract.is_closed_online or self.contract.close_remark)
        self.assertEqual(self._send(self.contract, "revoke_close").status_code, 403)

    # Offers

    def _offer(self, kind="discount", **values):
        self.reason.write({"offer_kind": kind, "offer_discount": 20, **values})

    def _take(self, **data):
        return self._close(take_offer="1", **data)

    def test_the_discount_of_an_offer_is_taken_off_what_is_left(self):
        self.line.discount = 10
        self._offer()
        self._take()
        self.assertEqual(self._get_totals(4), [86.4, 86.4, 86.4, 108.0])
        first = self.contract.scheduled_change_ids.sorted("date")[0]
        self.assertAlmostEqual(first.line_ids.discount_after, 28.0)

    def test_a_plan_that_is_planned_and_taken_back_leaves_the_discount_as_it_was(self):
        self._offer()
        self._take()
        with self._on("2026-08-02"):
            self._apply_scheduled()
            self.contract._bill()
            self.assertEqual(self._get_totals(3), [96.0, 96.0, 120.0])
            self._send(self.contract, "plan", plan_id=str(self.yearly_switch.id))
            switch = self.contract.scheduled_change_ids
            self.assertEqual(switch.mapped("kind"), ["plan"])
            self._send(self.contract, "revoke_change", change_id=str(switch.id))
            self.assertEqual(self._get_totals(3), [96.0, 96.0, 120.0])

    def test_the_discount_does_not_go_over_to_another_plan(self):
        self._offer()
        self._take()
        with self._on("2026-08-02"):
            self._apply_scheduled()
            self.contract._bill()
            self.contract._change_plan(self.yearly_switch)
        with self._on("2026-09-01"):
            self._apply_scheduled()
        self.assertEqual((self.line.price_unit, self.line.discount), (60.0, 0.0))

    def test_a_price_typed_meanwhile_stays_when_the_discount_ends(self):
        self._offer()
        self._take()
        with self._on("2026-08-02"):
            self._apply_scheduled()
            self.contract._bill()
            self.line.price_unit = 70.0
            self.assertEqual(self._get_totals(3), [112.0, 112.0, 140.0])
        with self._on("2026-11-01"):
            self._apply_scheduled()
        self.assertEqual((self.line.price_unit, self.line.discount), (70.0, 0.0))

    def test_an_offer_is_taken_once(self):
        self._offer()
        self._take()
        self._take()
        self.assertEqual(len(self.contract.scheduled_change_ids), 2)
        answer = self._take()
        self.assertIn("not open to you", self._get_text(answer, "error"))
        renewal = self._renew(self.contract)
        renewal.action_confirm()
        self.assertFalse(renewal._get_retention_offer(self.reason))

    def test_an_offered_pause_can_be_ended_by_who_took_it(self):
        self._offer("pause", offer_pause_days=30)
        self.plan.customer_pause = False
        self._take()
        self.assertEqual(str(self.contract.resume_date), "2026-08-14")
        self.assertEqual(self.contract.close_offer_ids.state, "taken")
        self._send(self.contract, "resume")
        self.assertEqual(self.contract.subscription_state, "progress")

    def test_an_offered_plan_is_planned_and_can_be_taken_back(self):
        self._offer("plan", offer_plan_id=self.yearly.id)
        self._take()
        change = self.contract.scheduled_change_ids
        self.assertEqual(change.plan_id, self.yearly)
        self.assertEqual(change.close_offer_id, self.contract.close_offer_ids)
        self._send(self.contract, "revoke_change", change_id=str(change.id))
        self.assertFalse(self.contract.scheduled_change_ids)

    def test_no_offer_keeps_anybody_from_leaving(self):
        cases = [
            ("pause", {"offer_pause_days": 60}, {"end_date": "2026-08-31"}),
            ("plan", {"offer_plan_id": self.plan.id}, {}),
            ("discount", {}, {"end_date": "2026-07-31"}),
        ]
        for kind, offer, values in cases:
            with self.subTest(kind=kind):
                self._offer(kind, **offer)
                contract = self._subscribe(**values)
                page = self._preview("close", contract, reason_id=str(self.reason.id))
                self.assertEqual(page.status_code, 200)
                self.assertIsNone(self._get_text(page, "offer"))
        self._offer("plan", offer_plan_id=self.yearly.id)
        self.contract._change_plan(self.yearly_switch)
        page = self._preview("close", reason_id=str(self.reason.id))
        self.assertIsNone(self._get_text(page, "offer"))

    def test_what_came_of_offers_is_counted(self):
        self._offer()
        self._preview("close", reason_id=str(self.reason.id))
        self._preview("close", reason_id=str(self.reason.id))
        other = self._subscribe()
        self._close(other)
        third = self._subscribe()
        self._close(third, take_offer="1")
        third._close(self.reason)
        counts = (
            self.reason.offer_shown_count,
            self.reason.offer_taken_count,
            self.reason.offer_churned_count,
        )
        self.assertEqual(counts, (3, 1, 1))
        states = self.reason.env["subscription.close.offer"].search([]).mapped("state")
        self.assertEqual(sorted(states), ["declined", "shown", "taken"])
