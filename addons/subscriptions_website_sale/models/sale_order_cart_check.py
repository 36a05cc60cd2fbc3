"""What keeps a cart in order: its own plan, what is gone, what cannot be ordered so."""

from contextlib import contextmanager

from odoo import models
from odoo.exceptions import ValidationError

from odoo.addons.subscriptions.const import QUOTATION_STATES


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === KEEPING IT IN ORDER === #

    def _verify_cart_after_update(self):
        """Override of `website_sale`: the cart's plan follows from its lines."""
        self._settle_cart_plans()
        return super()._verify_cart_after_update()

    def _verify_cart(self):
        """Override of `website_sale`: what is offered no more is not kept."""
        result = super()._verify_cart()
        self._repair_cart_plans()
        return result

    def _recompute_cart(self):
        """Override of `website_sale`: what is offered no more is not kept."""
        self._repair_cart_plans()
        return super()._recompute_cart()

    def _check_cart_is_ready_to_be_paid(self):
        """Override of `website_sale`: what cannot become a contract is not paid."""
        result = super()._check_cart_is_ready_to_be_paid()
        obstacle = self._get_cart_obstacle()
        if obstacle:
            raise ValidationError(obstacle)
        return result

    def _check_may_be_accepted(self):
        """Override of `subscriptions`: a cart is checked whichever way it is paid."""
        result = super()._check_may_be_accepted()
        if self.website_id:
            self._check_cart_is_ready_to_be_paid()
        return result

    def _accept_with_payment_method(self, token):
        """Override of `subscriptions`: a cart is checked whichever way it is paid."""
        if self.website_id:
            self._check_cart_is_ready_to_be_paid()
        return super()._accept_with_payment_method(token)

    def _get_cart_obstacle(self):
        """Return in the customer's words why the cart cannot be ordered, or None.

        Hook for other addons.

        :rtype: str | None
        """
        self.ensure_one()
        error = self._confirmation_error_message()
        if error:
            return error
        if not self._is_subscription_cart():
            return None
        for line in self.order_line.filtered("is_recurring"):
            if not line.combo_item_id and not line._is_plan_offered():
                return self.env._(
                    "%s is not offered like this any more. Reload the page to see what "
                    "your cart comes to.",
                    line.name_short,
                )
        if self.website_id.subscription_cart_plans == "one" and self._is_cart_of_many():
            return self.env._(
                "Subscriptions with different plans are ordered one after the other."
            )
        return self._get_obstacle_of_what_is_due()

    def _get_obstacle_of_what_is_due(self):
        """Return why what is due now cannot be asked for, or None."""
        if not self.plan_id._begins_with_payment():
            once = self.order_line.filtered(
                lambda line: not line.is_recurring
                and not line._is_setup_fee()
                and line.price_total > 0
            )
            if once:
                return self.env._(
                    "%(products)s would be paid with the first invoice of “%(plan)s” "
                    "only. Please order it by itself.",
                    products=", ".join(once.mapped("name_short")),
                    plan=self.plan_id.name,
                )
        for part in self._each_contract():
            invoices = part.preview_invoices(1)
            if invoices and invoices[0]["amount_total"] < 0:
                return self.env._(
                    "The discount is more than what is due for “%s” first. Please take "
                    "it out, or order more.",
                    part.plan_id.name,
                )
        return None

    def _settle_cart_plans(self):
        """Let the order have the plan of its first contract, and other lines theirs.

        What is sold once is paid with that contract: one that begins with a payment
        comes first.
        """
        self.ensure_one()
        if self.state not in QUOTATION_STATES or not self.website_id:
            return
        lines = self.order_line.filtered("is_recurring")
        plans = {line: line._get_plan() for line in lines}
        candidates = list(dict.fromkeys(plans.values()))
        main = next(
            (plan for plan in candidates if plan.sudo()._begins_with_payment()),
            candidates[0] if candidates else self.plan_id.browse(),
        )
        with self._keeping_prices(self.order_line):
            for line, plan in plans.items():
                another = plan if plan != main else plan.browse()
                if line.cart_plan_id != another and not line.combo_item_id:
                    line.cart_plan_id = another
            if self.plan_id != main:
                self.plan_id = main

    @contextmanager
    def _keeping_prices(self, lines):
        """Let lines keep what was looked up for them, whatever moves around them."""
        names = [
            field
            for field in lines._fields.values()
            if field.store and field.compute and not field.readonly
        ]
        names.append(lines._fields["technical_discount"])
        with self.env.protecting(names, lines):
            yield

    def _repair_cart_plans(self):
        """Take out of an old cart what is not offered any more, and say so."""
        self.ensure_one()
        if self.state not in QUOTATION_STATES or not self.website_id:
            return
        shop = self.env["subscription.shop"]
        warnings = []
        for line in self.order_line.filtered(
            lambda line: line._lacks_plan()
            or (line.is_recurring and not line.combo_item_id)
        ):
            if not line.exists():  # an option, taken out with its product
                continue
            if not line._lacks_plan() and line._is_plan_offered():
                continue
            plan = line._get_plan()
            other = shop._get_product_plans(
                line.product_id,
                shop._get_place(self),
                quantity=line.product_uom_qty,
                uom=line.product_uom_id,
            )[:1]
            if not other:
                warnings.append(
                    self.env._(
                        "%s cannot be ordered online any more and was taken out.",
                        line.name_short,
                    )
                )
                line.unlink()
                continue
            line.write({"cart_plan_id": other.id, "is_sold_once": False})
            if not plan:
                text = self.env._(
                    "%(product)s is sold by subscription: it has the plan “%(other)s” "
                    "now.",
                    product=line.name_short,
                    other=other.name,
                )
            else:
                text = self.env._(
                    "%(product)s: the plan “%(plan)s” is not offered any more. It "
                    "was replaced by “%(other)s”.",
                    product=line.name_short,
                    plan=plan.name,
                    other=other.name,
                )
            warnings.append(text)
        if warnings:
            self.shop_warning = "\n".join(warnings)
            self._settle_cart_plans()
