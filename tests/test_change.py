from odoo.exceptions import UserError

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestUpsell(SubscriptionCommon):
    """What is sold on top of a running contract."""

    def _upsell(self, contract, *lines, **values):
        """Make an upsell; a line is (product, quantity) or a product."""
        upsell = self.env["sale.order"].browse(contract.action_upsell()["res_id"])
        for line in lines:
            product, quantity = line if isinstance(line, tuple) else (line, 1.0)
            known = upsell.order_line.filtered(
                lambda one, product=product: one.product_id == product
            )
            if known:
                known.product_uom_qty = quantity
            else:
                upsell.order_line = [
                    (0, 0, {"product_id": product.id, "product_uom_qty": quantity})
                ]
        if values:
            upsell.write(values)
        return upsell

    def test_the_rest_of_the_period_is_billed_by_its_share(self):
        service = self._create_item("Support", 60.0)
        contract = self._create_contract(start_date="2026-07-01")
        upsell = self._upsell(contract, service, self.goods, self.setup_fee)
        before = contract.next_invoice_date
        upsell.action_confirm()
        # 17 of 31 days; goods and what is sold once in full
        lines = upsell.invoice_ids.invoice_line_ids
        self.assertEqual(
            {line.product_id: line.price_subtotal for line in lines},
            {service: 32.90, self.goods: 60.0, self.setup_fee: 250.0},
        )
        self.assertEqual(contract.next_invoice_date, before)
        self.assertEqual(upsell.invoice_ids.state, "posted")
        self.assertFalse(upsell.subscription_state)
        with freeze_time("2026-08-01"):
            moves = contract._bill()
        self.assertEqual(self._get_amounts(moves), [220.0])
        self.assertEqual(contract.verify_ledger(), [])
