"""Checkout of carts with subscriptions: who orders, what is asked for, what follows."""

from functools import partial

from werkzeug.urls import url_encode

from odoo.exceptions import UserError
from odoo.http import request, route

from odoo.addons.sale.controllers import portal as sale_portal
from odoo.addons.subscriptions.controllers.quotation_payment import (
    get_quotation_payment_values,
)
from odoo.addons.website_sale.controllers.main import WebsiteSale

from .common import read_plan_id


class ShopCheckout(WebsiteSale):
    # === PRODUCT PAGE === #

    def _prepare_product_values(self, product, category, **kwargs):
        """Override of `website_sale`: a link may name the plan."""
        try:
            plan_id = read_plan_id(kwargs.get("plan_id"))
        except UserError:
            plan_id = None
        if plan_id is not None:
            product = product.with_context(shop_plan_id=plan_id)
        return super()._prepare_product_values(product, category, **kwargs)

    # === WHO ORDERS === #

    def _check_cart(self, order_sudo):
        """Override of `website_sale`: who subscribes has an account.

        Without one, nobody could look after the payment method that is saved.
        """
        redirection = super()._check_cart(order_sudo)
        if redirection or not request.env.user._is_public():
            return redirection
        if order_sudo._is_subscription_cart():
            scope = request.env["res.users"]._get_signup_invitation_scope()
            page = "/web/signup" if scope == "b2c" else "/web/login"
            query = url_encode({"redirect": "/shop/checkout"})
            return request.redirect(f"{page}?{query}")
        return None

    # === WHAT IS ASKED FOR === #

    def _get_shop_payment_values(self, order, **kwargs):
        """Override of `website_sale`: what is due now, or a payment method."""
        values = super()._get_shop_payment_values(order, **kwargs)
        if not order._is_subscription_cart():
            return values
        form = get_quotation_payment_values(
            partial(sale_portal.CustomerPortal._get_payment_values, self),
            order,
            website_id=request.website.id,
        )
        return {
            **values,
            **form,
            "display_submit_button": False,
            "transaction_route": values["transaction_route"],
            "landing_route": values["landing_route"],
            "sale_order_id": order.id,
            "submit_button_label": request.website._get_subscription_order_button(),
        }

    def _get_shop_payment_errors(self, order):
        """Override of `website_sale`: say why a subscription cannot be ordered."""
        errors = super()._get_shop_payment_errors(order)
        if order._is_subscription_cart():
            obstacle = order._get_cart_obstacle()
            if obstacle:
                errors.append(
                    (request.env._("Sorry, this cannot be ordered now."), obstacle)
                )
        return errors

    # === WHAT FOLLOWS === #

    @route()
    def shop_payment_validate(self, sale_order_id=None, **post):
        """Override of `website_sale`: accepted with a saved method, nothing is paid.

        Odoo confirms what costs nothing, and leads back to the shop what was not paid.
        """
        order_sudo = request.cart
        if not order_sudo and "sale_last_order_id" in request.session:
            order_sudo = (
                request.env["sale.order"]
                .sudo()  # the visitor's own, by their session
                .browse(request.session["sale_last_order_id"])
                .exists()
            )
        payment = order_sudo.get_portal_last_transaction() if order_sudo else None
        is_paid = payment and payment.state in ("pending", "authorized", "done")
        if order_sudo.plan_id and not is_paid:
            if order_sudo.state == "sale":
                request.website.sale_reset()
                return request.redirect("/shop/confirmation")
            if order_sudo._is_subscription_cart() and not payment:
                # Never confirmed without having asked for what it asks for.
                return request.redirect("/shop/payment")
        return super().shop_payment_validate(sale_order_id=sale_order_id, **post)
