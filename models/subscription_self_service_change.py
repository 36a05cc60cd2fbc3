"""Customers change quantities, take and leave options, and switch to another plan."""

import math

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..const import MAX_CUSTOMER_QUANTITY
from .subscription_self_service import Effect, Outcome


class SubscriptionSelfService(models.AbstractModel):
    _inherit = "subscription.self.service"

    # === QUANTITIES AND OPTIONS === #

    @api.model
    def _read_change(self, order, params):
        """Return the new quantity of each line whose quantity was changed.

        :param dict params: ``quantity_<id of the line>``
        :rtype: dict
        """
        lines = {line.id: line for line in order._get_customer_lines()}
        quantities = {}
        for name, text in params.items():
            prefix, _, number = name.partition("quantity_")
            if prefix or not number:
                continue
            line = lines.get(self._read_id(number))
            if not line:
                raise UserError(
                    self.env._("This is no part of %s that you can change.", order.name)
                )
            quantity = self._read_quantity(line, text)
            if quantity != line.product_uom_qty:
                quantities[line] = quantity
        if quantities:
            order._check_customer_quantities(quantities)
        return quantities

    @api.model
    def _read_quantity(self, line, text):
        product = line.product_id.display_name
        try:
            quantity = float((text or "").strip() or "nan")
        except ValueError:
            quantity = math.nan
        if not math.isfinite(quantity):
            raise UserError(self.env._("%s: say how many, as a number.", product))
        if quantity < 0:
            raise UserError(self.env._("%s: a quantity cannot be below zero.", product))
        if quantity > MAX_CUSTOMER_QUANTITY and quantity > line.product_uom_qty:
            raise UserError(
                self.env._(
                    "%(product)s: for more than %(most)s, please write to us.",
                    product=product,
                    most=MAX_CUSTOMER_QUANTITY,
                )
            )
        if quantity % 1 and not line.product_uom_qty % 1:
            raise UserError(self.env._("%s: whole numbers only, please.", product))
        return line.product_uom_id.round(quantity)

    @api.model
    def _preview_change(self, order, quantities):
        changes = self.env["subscription.change"].union(
            *(
                order._suppose_change(
                    "quantity", order._get_change_day(at), line_ids=lines
                )
                for at, part in order._split_quantities(quantities).items()
                if (
                    lines := order._prepare_quantity_lines(
                        part, order._get_change_day(at)
                    )
                )
            )
        )
        if not changes:
            raise UserError(self.env._("All quantities are as they will be."))
        effect = self._get_change_effect(order, changes)
        if not order._pays_customer_change_first(effect.charged):
            return effect
        return self._get_change_effect(order, changes, pays_first=True)

    @api.model
    def _perform_change(self, order, quantities, effect, partner):
        if effect.pays_first:
            upsell = order._create_customer_upsell(quantities, partner)
            return Outcome(url=upsell.get_portal_url(query_string="&allow_payment=yes"))
        for at, part in order._split_quantities(quantities).items():
            if order._prepare_quantity_lines(part, order._get_change_day(at)):
                change = order._change_quantities(part, at)
                change.sudo().is_by_customer = True
        title = self.env._("The quantities of your subscription were changed.")
        self._tell(order, partner, effect, title)
        return Outcome(title)

    # === PLAN === #

    @api.model
    def _read_plan(self, order, params):
        """Return the plan that was chosen.

        :param dict params: ``plan_id``
        :rtype: dict
        """
        if not params.get("plan_id"):
            return {}
        number = self._read_id(params["plan_id"])
        plan = order._get_customer_plans().filtered(lambda plan: plan.id == number)
        if not plan:
            raise UserError(self.env._("This plan is not one you can switch to."))
        return {"plan": plan}

    @api.model
    def _preview_plan(self, order, values):
        plan = values["plan"]
        day = max(order._get_change_day("next_period"), order._get_first_owed_day())
        order._check_new_plan(plan, day)
        lines = order._prepare_repricing(plan, day, {})
        change = order._suppose_change(
            "plan",
            day,
            plan_before_id=order.plan_id.id,
            plan_id=plan.id,
            line_ids=[Command.create(line) for line in lines],
        )
        return self._get_change_effect(order, change)

    @api.model
    def _perform_plan(self, order, values, effect, partner):
        change = order._change_plan(values["plan"], effect.day)
        change.sudo().is_by_customer = True
        title = self.env._(
            "Your subscription goes on as “%(plan)s” from %(date)s.",
            plan=values["plan"].name,
            date=self._format_day(effect.day),
        )
        self._tell(order, partner, effect, title)
        return Outcome(title)

    # === TAKING BACK WHAT IS PLANNED === #

    @api.model
    def _read_revoke_change(self, order, params):
        """Return the planned change that was chosen.

        :param dict params: ``change_id``
        :rtype: dict
        """
        number = self._read_id(params.get("change_id"))
        change = order._get_customer_changes().filtered(lambda one: one.id == number)
        if not change:
            raise UserError(self.env._("This change cannot be taken back any more."))
        return {"change": change}

    @api.model
    def _preview_revoke_change(self, order, values):
        texts = values["change"]._get_texts()
        return Effect(
            texts=tuple(self.env._("No longer planned: %s", text) for text in texts)
        )

    @api.model
    def _perform_revoke_change(self, order, values, effect, partner):
        values["change"]._revoke()
        title = self.env._("The planned change of your subscription was taken back.")
        self._tell(order, partner, effect, title)
        return Outcome(title)
