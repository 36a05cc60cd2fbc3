from odoo.http import request

from odoo.addons.website_sale.controllers.delivery import Delivery


class ShopDelivery(Delivery):
    def _order_summary_values(self, order, **kwargs):
        """Override of `website_sale`: what is due now is the cart's total."""
        values = super()._order_summary_values(order, **kwargs)
        if order._is_subscription_cart():
            values["amount_total"] = request.env[
                "ir.qweb.field.monetary"
            ].value_to_html(
                order._get_cart_amount(), {"display_currency": order.currency_id}
            )
            values["cart_summary"] = request.env["ir.ui.view"]._render_template(
                "subscriptions_website_sale.cart_summary", {"website_sale_order": order}
            )
        return values
