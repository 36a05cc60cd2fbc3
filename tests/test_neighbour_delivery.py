from odoo.tests import Form

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestDeliveries(SubscriptionCommon):
    """With stock installed: a period bills what was delivered in it."""

    def _deliver(self, order, quantity, day):
        with freeze_time(day):
            picking = order.picking_ids.filtered(lambda p: p.state != "done")
            picking.move_ids.quantity = quantity
            picking.move_ids.picked = True
            Form.from_action(self.env, picking.button_validate()).save().process()

    def test_a_period_bills_what_was_delivered_until_its_last_day(self):
        beans = self._create_item(
            "Beans", 12.0, type="consu", invoice_policy="delivery", prorate=False
        )
        order = self._create_contract((beans, 30, {}))
        self.assertTrue(order.picking_ids)
        self.assertFalse(order.invoice_ids)
        self._deliver(order, 10, "2026-07-20")
        self._deliver(order, 5, "2026-08-03")
        self.assertEqual(order.order_line.qty_delivered, 15)
        with freeze_time("2026-08-10"):
            # Billed late: what was delivered in August is not on July's invoice.
            july = order._bill(self._day("2026-08-10"))
        self.assertEqual(july.amount_untaxed, 120.0)
        with freeze_time("2026-09-01"):
            august = order._bill()
        self.assertEqual(august.amount_untaxed, 60.0)
        self.assertEqual(order.verify_ledger(), [])
