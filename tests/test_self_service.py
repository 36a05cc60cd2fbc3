"""Customers change, pause and end their contract by themselves."""

from .common import freeze_time, tagged
from .self_service_common import SelfServiceCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestSelfService(SelfServiceCommon):
    def setUp(self):
        super().setUp()
        self.contract = self._subscribe((self.seat, 2.0, {"price_unit": 60.0}))
        self.line = self.contract.order_line

    def _quantity(self, number, line=None):
        return {f"quantity_{(line or self.line).id}": str(number)}

    # Quantities

    def test_more_counts_today_and_is_billed_at_its_share(self):
        page = self._send(self.contract, "change", preview="1", **self._quantity(3))
        self.assertEqual(page.status_code, 200)
        self.assertEqual(self._get_text(page, "charged"), "$ 32.90")
        self.assertIn("180.00", self._get_text(page, "next_invoice"))
        self.assertEqual(self.line.product_uom_qty, 2.0)
        seal = self._parse(page).xpath("//input[@name='seal']/@value")[0]
        answer = self._send(self.contract, "change", seal=seal, **self._quantity(3))
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(self.line.product_uom_qty, 3.0)
        self.assertEqual(
            self.contract.invoice_ids.sorted("id").mapped("amount_total")[-1], 32.9
        )

    def test_less_counts_from_the_next_period(self):
        page = self._send(self.contract, "change", preview="1", **self._quantity(1))
        self.assertIsNone(self._get_text(page, "charged"))
        self.assertIn("60.00", self._get_text(page, "next_invoice"))
        self._send(self.contract, "change", **self._quantity(1))
        self.assertEqual(self.line.product_uom_qty, 2.0)
        self.assertEqual(str(self.contract.scheduled_change_ids.date), "2026-08-01")

    def test_every_page_opens(self):
        for action in ("change", "plan", "renew", "pause", "close"):
            with self.subTest(action=action):
                page = self._open_page(self.contract, action)
                self.assertEqual(page.status_code, 200)
                self.assertFalse(self._get_text(page, "error"))

    def test_pause_and_resume(self):
        page = self._send(self.contract, "pause", preview="1", resume_date="2026-09-10")
        self.assertIn("120.00", self._get_text(page, "next_invoice"))
        self._send(self.contract, "pause", resume_date="2026-09-10")
        self.assertEqual(self.contract.subscription_state, "paused")
        page = self._open_page(self.contract, "resume")
        self.assertEqual(page.status_code, 200)
        self._send(self.contract, "resume")
        self.assertEqual(self.contract.subscription_state, "progress")

    def test_close_and_revoke(self):
        self.reason.write({"offer_kind": "discount", "offer_discount": 20})
        page = self._send(
            self.contract, "close", preview="1", reason_id=str(self.reason.id)
        )
        self.assertIn("07/31/2026", self._get_text(page, "effect_texts"))
        self.assertIn("96.00", self._get_text(page, "offer"))
        self._send(self.contract, "close", reason_id=str(self.reason.id), remark="<b>")
        self.assertEqual(str(self.contract.close_date), "2026-07-31")
        self.assertEqual(self.contract.close_offer_ids.state, "declined")
        page = self._open_page(self.contract, "revoke_close")
        self.assertIn("120.00", self._get_text(page, "next_invoice"))
        self._send(self.contract, "revoke_close")
        self.assertFalse(self.contract.close_date)

    def test_offer_taken(self):
        self.reason.write({"offer_kind": "discount", "offer_discount": 20})
        self._send(
            self.contract, "close", reason_id=str(self.reason.id), take_offer="1"
        )
        self.assertEqual(self.contract.close_offer_ids.state, "taken")
        self.assertFalse(self.contract.close_date)
        amounts = [one["amount_total"] for one in self.contract.preview_invoices(4)]
        self.assertEqual(amounts, [96.0, 96.0, 96.0, 120.0])

    def test_plan(self):
        page = self._send(
            self.contract, "plan", preview="1", plan_id=str(self.yearly_switch.id)
        )
        self.assertEqual(page.status_code, 200)
        self._send(self.contract, "plan", plan_id=str(self.yearly_switch.id))
        change = self.contract.scheduled_change_ids
        self.assertEqual(change.plan_id, self.yearly_switch)
        self._send(self.contract, "revoke_change", change_id=str(change.id))
        self.assertFalse(self.contract.scheduled_change_ids)

    def test_renew(self):
        answer = self._send(self.contract, "renew")
        renewal = self.contract.child_order_ids
        self.assertEqual(renewal.state, "sent")
        self.assertIn(f"/my/orders/{renewal.id}", answer.headers["Location"])

    def test_upgrade_paid_first(self):
        self.plan.invoice_mode = "charge"
        answer = self._confirm(self.contract, "change", **self._quantity(3))
        upsell = self.contract.child_order_ids
        self.assertIn(f"/my/orders/{upsell.id}", answer.headers["Location"])
        self.assertEqual(self.line.product_uom_qty, 2.0)
        self.assertEqual(upsell._get_amount_due_now(), 32.9)
        self._pay(upsell, 32.9)
        self.assertEqual(upsell.state, "sale")
        self.assertEqual(self.line.product_uom_qty, 3.0)
