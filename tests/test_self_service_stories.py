"""What happens between a customer's clicks: plans that change, colleagues, payments."""

from odoo.fields import Command

from .common import freeze_time, tagged
from .self_service_common import StoryCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestSelfServiceStories(StoryCommon):
    # Quantities

    def test_a_later_wish_takes_the_place_of_an_earlier_one(self):
        contract = self._subscribe((self.seat, 5.0, {"price_unit": 60.0}))
        line = contract.order_line
        self._wish((line, 1), order=contract)
        self.assertEqual(self._get_totals(1, contract), [60.0])
        self._wish((line, 3), order=contract)
        self.assertEqual(self._get_totals(1, contract), [180.0])
        self.assertEqual(len(contract.scheduled_change_ids), 1)
        change = contract.scheduled_change_ids
        self._send(contract, "revoke_change", change_id=str(change.id))
        self.assertEqual(self._get_totals(1, contract), [300.0])

    def test_more_after_less_was_planned_is_billed_as_shown(self):
        self._wish((self.line, 1))
        page = self._preview("change", **{f"quantity_{self.line.id}": "4"})
        self.assertEqual(self._get_text(page, "charged"), "$ 65.81")
        self.assertIn("240.00", self._get_text(page, "next_invoice"))
        self._wish((self.line, 4))
        self.assertEqual(self._get_totals(1), [240.0])
        self.assertFalse(self.contract.scheduled_change_ids)

    def test_what_was_planned_is_shown_and_can_be_wished_away(self):
        self._wish((self.line, 1))
        page = self._open_page(self.contract, "change")
        field = self._parse(page).get_element_by_id(f"quantity_{self.line.id}")
        self.assertEqual(field.get("value"), "1")
        page = self._preview("change", **{f"quantity_{self.line.id}": "2"})
        self.assertIn("No longer planned", self._get_text(page, "effect_texts"))
        self.assertIn("120.00", self._get_text(page, "next_invoice"))
        self._wish((self.line, 2))
        self.assertEqual(self._get_totals(1), [120.0])
        self.assertFalse(self.contract.scheduled_change_ids)

    def test_one_product_is_swapped_for_another(self):
        self.contract.order_line = [
            Command.create(
                {
                    "product_id": self.goods.id,
                    "product_uom_qty": 0,
                    "price_unit": 30.0,
                }
            )
        ]
        goods = self._get_line(self.goods)
        values = {f"quantity_{self.line.id}": "0", f"quantity_{goods.id}": "1"}
        page = self._preview("change", **values)
        self.assertEqual(self._get_text(page, "charged"), "$ 30.00")
        self.assertIn("30.00", self._get_text(page, "next_invoice"))
        self._wish((self.line, 0), (goods, 1))
        self.assertEqual(self._get_totals(1), [30.0])

    def test_rebates_and_free_lines_are_not_theirs_to_choose(self):
        contract = self._subscribe(
            (self.seat, 2.0, {"price_unit": 60.0}),
            (self.goods, 1.0, {"price_unit": -10.0}),
            (self.seat, 1.0, {"price_unit": 60.0, "discount": 100}),
            (self.goods, -1.0, {"price_unit": 10.0}),
        )
        self.assertEqual(contract._get_customer_lines(), contract.order_line[0])
        answer = self._wish((contract.order_line[1], 11), order=contract)
        self.assertIn("no part of", self._get_text(answer, "error"))
        self._wish((contract.order_line[0], 3), order=contract)
        self.assertEqual(contract.order_line[0].product_uom_qty, 3.0)

    def test_large_and_broken_numbers_come_back_digit_for_digit(self):
        self.line.product_uom_qty = 1000001
        self.assertEqual(self.line._format_customer_quantity(1000001.0), "1000001")
        self.assertEqual(self.line._format_customer_quantity(12345.67), "12345.67")
        answer = self._wish((self.line, "1000001"))
        self.assertEqual(answer.status_code, 303)
        self.assertFalse(self.contract.change_ids)

    # Paid first

    def _begin_upgrade(self, *wishes, order=None):
        self.plan.invoice_mode = "charge"
        answer = self._wish(*(wishes or ((self.line, 3),)), order=order)
        self.assertEqual(answer.status_code, 303)
        return (order or self.contract).child_order_ids.sorted("id")[-1]

    def _begin_payment(self, upsell, **values):
        return self._create_payment(
            upsell,
            upsell._get_amount_due_now(),
            contract_start_date=upsell._get_today(),
            **values,
        )

    def test_asked_for_twice_it_is_one_upsell(self):
        upsell = self._begin_upgrade()
        self.assertEqual(self._begin_upgrade(), upsell)
        other = self._begin_upgrade((self.line, 4))
        self.assertEqual((upsell.state, other.state), ("cancel", "sent"))

    def test_nothing_else_is_begun_while_it_is_being_paid(self):
        upsell = self._begin_upgrade()
        self._begin_payment(upsell)  # the customer is at the provider's page
        answer = self._wish((self.line, 5))
        self.assertIn("under way", self._get_text(answer, "error"))
        self.assertEqual(upsell.state, "sent")
        for action in ("plan", "pause"):
            self.assertIn("under way", self.contract._get_customer_obstacle(action))
        self.assertIsNone(self.contract._get_customer_obstacle("close"))

    def test_what_was_paid_late_counts_from_the_day_it_was_asked_for(self):
        upsell = self._begin_upgrade()
        tx = self._begin_payment(upsell)
        self.assertEqual(tx.amount, 32.9)
        with self._on("2026-07-20"):
            self._answer(tx)
        self.assertEqual(upsell.state, "sale")
        self.assertEqual(self.line.product_uom_qty, 3.0)
        self.assertEqual(upsell.invoice_ids.amount_total, 32.9)
        self.assertEqual(upsell.invoice_ids.payment_state, "paid")

    def test_paid_after_the_next_period_was_billed_it_is_all_billed(self):
        upsell = self._begin_upgrade()
        tx = self._begin_payment(upsell)
        with self._on("2026-08-03"):
            self.contract._bill()
            self._answer(tx)
            self.assertEqual(upsell.state, "sale")
            self.assertEqual(upsell.invoice_ids.amount_total, 92.9)
            self.assertEqual(upsell.invoice_ids.amount_residual, 60.0)
        self.assertEqual(self.line.product_uom_qty, 3.0)

    def test_a_refused_payment_changes_nothing(self):
        upsell = self._begin_upgrade()
        self._answer(self._begin_payment(upsell), "error")
        self.assertEqual((upsell.state, self.line.product_uom_qty), ("sent", 2.0))
        self.assertFalse(self.contract.change_ids)
        self._answer(self._begin_payment(upsell))
        self.assertEqual((upsell.state, self.line.product_uom_qty), ("sale", 3.0))

    def test_what_is_less_follows_what_is_paid(self):
        self.contract.order_line = [
            Command.create(
                {"product_id": self.goods.id, "product_uom_qty": 3, "price_unit": 10.0}
            )
        ]
        goods = self._get_line(self.goods)
        self._wish((goods, 2))
        upsell = self._begin_upgrade((self.line, 3), (goods, 1))
        self.assertEqual(goods._get_customer_wish(), 2.0)
        self._answer(self._begin_payment(upsell))
        self.assertEqual(goods._get_customer_wish(), 1.0)
        self.assertEqual(self._get_totals(1), [190.0])

    def test_what_was_paid_for_stays_though_the_rest_cannot_be_made(self):
        self.contract.order_line = [
            Command.create(
                {"product_id": self.goods.id, "product_uom_qty": 3, "price_unit": 10.0}
            )
        ]
        goods = self._get_line(self.goods)
        upsell = self._begin_upgrade((self.line, 3), (goods, 1))
        tx = self._begin_payment(upsell)
        self.assertEqual(self._close().status_code, 303)
        self._answer(tx)
        self.assertEqual((upsell.state, self.line.product_uom_qty), ("sale", 3.0))
        self.assertIn("less", self.contract.activity_ids.summary)

    def test_what_is_paid_for_is_added_to_the_line_that_was_chosen(self):
        contract = self._subscribe(
            (self.seat, 2.0, {"price_unit": 60.0}),
            (self.seat, 1.0, {"price_unit": 60.0, "name": "Branch"}),
        )
        first, branch = contract.order_line
        upsell = self._begin_upgrade((branch, 2), order=contract)
        self._answer(self._begin_payment(upsell))
        self.assertEqual((first.product_uom_qty, branch.product_uom_qty), (2.0, 2.0))

    def test_the_salespersons_offer_is_no_alternative(self):
        offer = self._upsell(self.contract, (self.seat, 50.0))
        upsell = self._begin_upgrade()
        self._answer(self._begin_payment(upsell))
        self.assertEqual((upsell.state, offer.state), ("sale", "draft"))

    def test_it_can_be_paid_in_any_part_of_the_world(self):
        self.company.partner_id.tz = "America/Los_Angeles"
        with self._on("2026-07-16 03:00:00"):  # the 15th, 20:00 there
            upsell = self._begin_upgrade()
            self.assertFalse(upsell.is_expired)
            self.assertTrue(upsell._has_to_be_paid())

    # Prices, pauses, renewals

    def test_an_announced_increase_is_not_evaded_by_planning_a_switch(self):
        order = self.contract
        increase = self.env["subscription.price.increase"].create(
            {
                "name": "Prices of autumn",
                "company_id": self.company.id,
                "value": 20.0,
                "date": "2026-09-01",
                "notice_template_id": False,
                "domain": f"[('id', '=', {order.id})]",
            }
        )
        increase.action_preview()
        increase.action_schedule()
        change = order.scheduled_change_ids
        self.assertEqual(self._get_totals(2), [120.0, 144.0])
        self._send(order, "plan", plan_id=str(self.yearly_switch.id))
        self.assertEqual(change.state, "revoked")
        switch = order.scheduled_change_ids
        self._send(order, "revoke_change", change_id=str(switch.id))
        self.assertEqual(change.state, "scheduled")
        self.assertEqual(self._get_totals(2), [120.0, 144.0])

    def test_a_switch_planned_by_a_colleague_is_not_replaced(self):
        self.contract._change_plan(self.yearly)
        answer = self._send(self.contract, "plan", plan_id=str(self.yearly_switch.id))
        self.assertEqual(answer.status_code, 403)
        self.assertEqual(self.contract.scheduled_change_ids.plan_id, self.yearly)

    def test_a_switch_whose_day_is_today_is_billed_today_as_shown(self):
        with self._on("2026-08-01"):
            page = self._preview("plan", plan_id=str(self.yearly_switch.id))
            shown = self._get_text(page, "charged")
            self._confirm(self.contract, "plan", plan_id=str(self.yearly_switch.id))
            invoice = self.contract.invoice_ids.sorted("id")[-1]
            self.assertEqual(len(self.contract.invoice_ids), 2)
            self.assertEqual(shown, f"$ {invoice.amount_total:.2f}")

    def test_a_pause_is_billed_as_it_was_shown(self):
        page = self._preview("pause", resume_date="2026-09-10")
        self.assertIn("09/10/2026", self._get_text(page, "next_invoice"))
        self._send(self.contract, "pause", resume_date="2026-09-10")
        with self._on("2026-09-10"):
            self._apply_scheduled()
            invoice = self.contract.invoice_ids.sorted("id")[-1]
            self.assertEqual(invoice.amount_total, 120.0)
            self.assertEqual(str(invoice.invoice_line_ids.period_from), "2026-09-01")

    def test_resuming_is_billed_as_it_was_shown(self):
        self._send(self.contract, "pause")
        with self._on("2026-08-10"):
            page = self._open_page(self.contract, "resume")
            self.assertEqual(self._get_text(page, "charged"), "$ 120.00")
            self._confirm(self.contract, "resume")
            invoice = self.contract.invoice_ids.sorted("id")[-1]
            self.assertEqual(invoice.amount_total, 120.0)

    def test_a_contract_whose_payment_failed_is_not_resumed_by_its_customer(self):
        self.contract._pause()
        collection = self.env["subscription.collection"].sudo()
        collection.create(
            {
                "move_id": self.contract.invoice_ids.id,
                "order_id": self.contract.id,
                "order_ids": [Command.set(self.contract.ids)],
                "company_id": self.company.id,
                "state": "lost",
            }
        )
        self.assertIn("payment is open", self.contract._get_customer_obstacle("resume"))

    def test_an_expired_renewal_is_made_anew(self):
        self._send(self.contract, "renew")
        first = self.contract.child_order_ids
        first.validity_date = "2026-07-01"
        answer = self._send(self.contract, "renew")
        second = self.contract.child_order_ids - first
        self.assertEqual((first.state, second.state), ("cancel", "sent"))
        self.assertIn(f"/my/orders/{second.id}", answer.headers["Location"])

    def test_a_renewal_that_a_colleague_prepares_is_not_shown_yet(self):
        self._renew(self.contract)
        answer = self._send(self.contract, "renew")
        self.assertIn("preparing an offer", self._get_text(answer, "error"))

    # Who is told what

    def test_the_chatter_tells_what_the_customer_did(self):
        self.contract.user_id = self.env.user
        self._wish((self.line, 3))
        note = self.contract.message_ids.filtered(
            lambda message: message.author_id == self.partner
        )
        self.assertIn("Seat: 2 → 3", note.body)
        self.assertIn(self.env.user.partner_id, note.notified_partner_ids)
        mail = self.env["mail.mail"].search(
            [("model", "=", "sale.order"), ("res_id", "=", self.contract.id)],
            order="id desc",
            limit=1,
        )
        self.assertEqual(mail.recipient_ids, self.partner)
        self.assertIn("Seat: 2 → 3", mail.body_html)
        self.assertIn("180.00", mail.body_html)

    def test_what_the_books_refuse_is_told_to_the_salesperson(self):
        self.company.sale_lock_date = "2026-07-31"
        answer = self._wish((self.line, 3))
        self.assertEqual(answer.status_code, 422)
        self.assertIn("at the moment", self._get_text(answer, "error"))
        self.assertNotIn("closed until", answer.text)
        self.assertEqual(self.line.product_uom_qty, 2.0)
        self.assertTrue(
            self.contract.message_ids.filtered(
                lambda message: "was refused a change" in message.body
            )
        )

    def test_a_second_click_leads_back_without_an_error(self):
        self._send(self.contract, "pause", resume_date="2026-09-01")
        answer = self._send(self.contract, "pause", resume_date="2026-09-01")
        self.assertEqual(answer.status_code, 303)
        self.assertIn(
            f"/my/subscriptions/{self.contract.id}", answer.headers["Location"]
        )

    def test_odd_tokens_and_files_are_no_error(self):
        answer = self._send(self.contract, "close", token="ä", confirm="1")
        self.assertEqual(answer.status_code, 303)
        answer = self.url_open(
            self._get_url(self.contract, "pause"),
            data={"csrf_token": self._get_csrf_token()},
            files={"resume_date": ("a.txt", b"file")},
            allow_redirects=False,
        )
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(self.contract.subscription_state, "paused")
