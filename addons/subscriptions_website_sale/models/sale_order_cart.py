"""The cart: which plan each line is bought with."""

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.subscriptions.const import MAX_CUSTOMER_QUANTITY

from .subscription_shop import ONCE


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === HOW IT IS PAID === #

    @api.depends("website_id", "plan_id")
    def _compute_require_payment(self):
        """Override of `sale`: who subscribes pays, or saves a method."""
        super()._compute_require_payment()
        for order in self:
            if order.website_id and order.plan_id:
                order.require_payment = True

    @api.depends("website_id", "plan_id")
    def _compute_prepayment_percent(self):
        """Override of `sale`: all that is due now, whatever quotations ask for."""
        super()._compute_prepayment_percent()
        for order in self:
            if order.website_id and order.plan_id:
                order.prepayment_percent = 1.0

    @api.depends("website_id", "plan_id")
    def _compute_validity_date(self):
        """Override of `sale`: a cart does not expire, its prices are looked up anew."""
        super()._compute_validity_date()
        for order in self:
            if order.website_id and order.plan_id:
                order.validity_date = False

    # === ADDING AND CHANGING === #

    def _cart_add(self, product_id, quantity=1.0, *, uom_id=None, **kwargs):
        """Override of `website_sale` to buy with a plan.

        :param int plan_id: the plan, 0 to buy once; None for the default
        """
        plan_id = kwargs.pop("plan_id", None)
        product = self.env["product.product"].browse(product_id)
        if not product.recurring_invoice or kwargs.get("combo_item_id"):
            return super()._cart_add(product_id, quantity, uom_id=uom_id, **kwargs)
        try:
            plan = self._choose_cart_plan(
                product,
                plan_id,
                is_option=bool(kwargs.get("linked_line_id")),
                quantity=quantity,
            )
        except UserError as error:
            return {
                "added_qty": 0,
                "line_id": False,
                "quantity": 0,
                "warning": str(error),
            }
        if plan and not self.plan_id:
            self.plan_id = plan
        result = super()._cart_add(
            product_id, quantity, uom_id=uom_id, plan_id=plan.id or ONCE, **kwargs
        )
        self._add_setup_fee(result.get("line_id"))
        return result

    def _choose_cart_plan(
        self, product, plan_id=None, is_option=False, line=None, quantity=1.0
    ):
        """Return the plan that a product is bought with.

        :param product: the product.product, sold by subscription
        :param plan_id: the plan that was asked for, 0 to buy once, None for the default
        :param bool is_option: whether it is bought along with something else, whose
            plan was asked for: where that is not offered, the default will do
        :param line: the line that is changed, if there is one already
        :param float quantity: how many are bought
        :return: the plan, none to buy once
        :rtype: subscription.plan
        :raise UserError: in the customer's words, where it is not offered so
        """
        shop = self.env["subscription.shop"]
        plans = shop._get_product_plans(
            product, shop._get_place(self), quantity=max(quantity, 1.0)
        )
        none = plans.browse()
        if plan_id is None:
            plan = plans[:1]
        elif plan_id == ONCE and isinstance(plan_id, int):
            plan = none
        else:
            plan = plans.filtered(lambda one: one.id == plan_id)
            if not plan and is_option:
                plan = plans[:1]
            elif not plan:
                raise UserError(
                    self.env._(
                        "%s is not offered like this any more. Reload the page to see "
                        "how it can be ordered.",
                        product.name,
                    )
                )
        if not plan and not product.accept_one_time:
            if plans and is_option:
                plan = plans[:1]
            else:
                raise UserError(
                    self.env._(
                        "%s is sold by subscription: choose a plan for it.",
                        product.name,
                    )
                    if plans
                    else self.env._("%s cannot be ordered online.", product.name)
                )
        self._check_plans_of_cart(plan, line)
        return plan

    def _check_plans_of_cart(self, plan, line=None):
        """Refuse another plan where the website takes one a cart.

        :param plan: the plan to be bought with, or none
        :param line: the line that is changed to it, if there is one already
        :raise UserError: saying what else one can do
        """
        if not plan or self.website_id.subscription_cart_plans != "one":
            return
        others = self.order_line
        if line:
            others -= line | line.linked_line_ids
        others = others.filtered("is_recurring")
        other = next(
            (one._get_plan() for one in others if one._get_plan() != plan), None
        )
        if other:
            raise UserError(
                self.env._(
                    "Your cart has a subscription with the plan “%(plan)s”. Complete "
                    "that order first, then order with “%(other)s”.",
                    plan=other.name,
                    other=plan.name,
                )
            )

    def _cart_find_product_line(self, product_id, uom_id, **kwargs):
        """Override of `website_sale`: with another plan it is another line."""
        lines = super()._cart_find_product_line(product_id, uom_id, **kwargs)
        plan_id = kwargs.get("plan_id")
        if plan_id is None:
            return lines
        return lines.filtered(lambda line: (line._get_plan().id or ONCE) == plan_id)

    def _prepare_order_line_values(self, product_id, quantity, uom_id, **kwargs):
        """Override of `website_sale` to buy with a plan."""
        plan_id = kwargs.pop("plan_id", None)
        values = super()._prepare_order_line_values(
            product_id, quantity, uom_id, **kwargs
        )
        return {**values, **self._prepare_plan_values(plan_id)}

    def _prepare_plan_values(self, plan_id):
        """Return what notes on a line with which plan it is bought.

        :param plan_id: the plan, 0 to buy once, None where there is nothing to note
        :rtype: dict
        """
        if plan_id is None:
            return {}
        is_another = plan_id not in (ONCE, self.plan_id.id)
        return {
            "cart_plan_id": plan_id if is_another else False,
            "is_sold_once": plan_id == ONCE,
        }

    def _cart_update_line_quantity(self, line_id, quantity, **kwargs):
        """Override of `website_sale`: the plan can be changed in the cart.

        :param int plan_id: the plan, 0 to buy once; None to leave it
        """
        line = self.order_line.filtered(lambda one: one.id == line_id)
        if line and line._is_setup_fee() and quantity != line.product_uom_qty:
            return self._refuse_cart_change(
                line,
                self.env._(
                    "“%(fee)s” belongs to %(product)s.",
                    fee=line.name_short,
                    product=line.linked_line_id.name_short,
                ),
            )
        plan_id = kwargs.pop("plan_id", None)
        has_plan = line.product_id.recurring_invoice and not line.combo_item_id
        if has_plan and plan_id is not None:
            current = line._get_plan().id or ONCE
            if plan_id != current:
                try:
                    plan = self._choose_cart_plan(
                        line.product_id, plan_id, line=line, quantity=quantity
                    )
                except UserError as error:
                    return self._refuse_cart_change(line, str(error))
                kwargs["plan_id"] = plan.id or ONCE
        result = super()._cart_update_line_quantity(line_id, quantity, **kwargs)
        if "plan_id" in kwargs:
            self._add_setup_fee(result.get("line_id"))
        return result

    def _refuse_cart_change(self, line, warning):
        line.shop_warning = warning
        return {
            "added_qty": 0,
            "line_id": line.id,
            "quantity": line.product_uom_qty,
            "warning": warning,
        }

    def _prepare_order_line_update_values(self, order_line, quantity, **kwargs):
        """Override of `website_sale` to change the plan."""
        plan_id = kwargs.pop("plan_id", None)
        values = super()._prepare_order_line_update_values(
            order_line, quantity, **kwargs
        )
        if plan_id is not None and plan_id != (order_line._get_plan().id or ONCE):
            values.update(self._prepare_plan_values(plan_id))
        return values

    def _verify_updated_quantity(
        self, order_line, product_id, new_qty, uom_id, **kwargs
    ):
        """Override of `website_sale`: for very many, people talk."""
        product = self.env["product.product"].browse(product_id)
        new_qty, warning = super()._verify_updated_quantity(
            order_line, product_id, new_qty, uom_id, **kwargs
        )
        if product.recurring_invoice and new_qty > MAX_CUSTOMER_QUANTITY:
            new_qty = MAX_CUSTOMER_QUANTITY
            warning = self.env._(
                "No more than %s can be ordered online. Please contact us.",
                f"{MAX_CUSTOMER_QUANTITY:,}",
            )
        return new_qty, warning

    def _add_setup_fee(self, line_id):
        """Add what is charged once with a subscription, or take it out with it.

        :param int line_id: the line that was added or changed
        """
        line = self.order_line.filtered(lambda one: one.id == line_id)
        if not line or line.combo_item_id:
            return
        fee = line.linked_line_ids.filtered(lambda one: one._is_setup_fee())
        # sudo: the fee need not be a product of its own in the shop
        product = line.product_id.sudo().setup_product_id
        if not line.is_recurring:
            fee.unlink()
        elif product and not fee:
            line.create(
                {
                    "order_id": self.id,
                    "product_id": product.id,
                    "product_uom_qty": 1.0,
                    "linked_line_id": line.id,
                }
            )
