from odoo import models


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _is_tokenization_required(self, *, sale_order_id=None, **kwargs):
        """Override of `payment`: what pays for a contract is saved for its invoices."""
        if super()._is_tokenization_required(sale_order_id=sale_order_id, **kwargs):
            return True
        if not isinstance(sale_order_id, int):  # a visitor may have typed it
            return False
        # sudo: whether an order recurs is no secret to whoever pays it
        order = self.env["sale.order"].sudo().browse(sale_order_id).exists()
        return bool(order) and order._saves_payment_method()
