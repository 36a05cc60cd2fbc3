from odoo.http import request, route

from odoo.addons.payment import utils as payment_utils
from odoo.addons.website_sale.controllers.cart import Cart

from .common import read_plan_id, read_quantity


class ShopCart(Cart):
    @route()
    def cart(self, **kwargs):
        """Override of `website_sale`: what is offered no more is taken out first."""
        if cart := request.cart:
            cart._repair_cart_plans()
        return super().cart(**kwargs)

    @route()
    def add_to_cart(self, product_template_id, product_id, quantity=1.0, **kwargs):
        """Override of `website_sale`: whatever was sent is checked."""
        quantity = read_quantity(quantity)
        if "plan_id" in kwargs:
            kwargs["plan_id"] = read_plan_id(kwargs["plan_id"])
        return super().add_to_cart(
            product_template_id, product_id, quantity=quantity, **kwargs
        )

    @route()
    def update_cart(self, line_id, quantity, product_id=None, **kwargs):
        """Override of `website_sale`: the plan may be changed, and is checked."""
        quantity = read_quantity(quantity)
        if "plan_id" in kwargs:
            kwargs["plan_id"] = read_plan_id(kwargs["plan_id"])
        values = super().update_cart(line_id, quantity, product_id=product_id, **kwargs)
        cart = request.cart
        if cart._is_subscription_cart():
            amount = cart._get_cart_amount()
            values["amount"] = amount
            values["minor_amount"] = payment_utils.to_minor_currency_units(
                amount, cart.currency_id
            )
        return values

    def _get_express_shop_payment_values(self, order, **kwargs):
        """Override of `website_sale`: express checkout where it can save a method.

        Visitors have to sign in first, and these forms know one amount: the total.
        """
        values = super()._get_express_shop_payment_values(order, **kwargs)
        if order._is_subscription_cart() and (
            request.website.is_public_user()
            or order.currency_id.compare_amounts(
                order._get_cart_amount(), order.amount_total
            )
        ):
            values["providers_sudo"] = values["providers_sudo"].browse()
            values["payment_methods_sudo"] = values["payment_methods_sudo"].browse()
        return values

    def _get_additional_cart_notification_information(self, line):
        """Override of `website_sale` to name the plan."""
        infos = super()._get_additional_cart_notification_information(line)
        if plan := line._get_name_of_plan():
            name = line._get_combination_name()
            infos["combination_name"] = ", ".join(filter(None, (name, plan)))
        return infos
