"""Customers change quantities, take and leave options, and switch to another plan."""

import math
from dataclasses import replace

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..const import MAX_CUSTOMER_QUANTITY
from .subscription_self_service import Effect, NothingToDo, Outcome


class SubscriptionSelfService(models.AbstractModel):
    _inherit = "subscription.self.service"

    # === QUANTITIES AND OPTIONS === #

    @api.model
    def _read_change(self, order, params):
        """Return the quantities the customer wishes, empty where they are as before.

        A wish is for all lines: what the customer had planned before and does not
        repeat is planned no more.

        :param dict params: ``quantity_<id of the line>``; lines that are left out stay
        :return: the wished quantity of each line that is, or is planned, otherwise
        :rtype: dict
        """
        lines = {line.id: line for line in order._get_customer_lines()}
        wishes = {line: line._get_customer_wish() for line in lines.values()}
        before = dict(wishes)
        for name, text in params.items():
            prefix, _, number = name.partition("quantity_")
            if prefix or not number:
                continue
            line = lines.get(self._read_id(number))
            if not line:
                raise UserError(
                    self.env._("This is no part of %s that you can change.", order.name)
                )
            # What nobody touched comes back as it was shown.
            if (text or "").strip() != line._format_customer_quantity(wishes[line]):
                wishes[line] = self._read_quantity(line, text)
        if wishes == before:
            return {}
        quantities = {
            line: wish
            for line, wish in wishes.items()
            if wish != line.product_uom_qty or before[line] != line.product_uom_qty
        }
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
        wished = order._without_customer_wishes()
        changes = self.env["subscription.change"]
        for at, part in wished._split_quantities(quantities).items():
            supposed = wished.with_context(subscription_supposed_changes=changes)
            day = supposed._get_change_day(at)
            lines = supposed._prepare_quantity_lines(
                {line.with_env(supposed.env): number for line, number in part.items()},
                day,
            )
            if lines:
                changes |= wished._suppose_change("quantity", day, line_ids=lines)
        if not changes:  # what was planned is not wished any more
            return self._get_revoking_effect(order, order._get_customer_wishes())
        effect = self._get_change_effect(wished, changes)
        if effect.charged < 0:
            raise UserError(order._get_not_allowed_text())
        if order._pays_customer_change_first(effect.charged):
            return replace(effect, pays_first=True)
        return effect

    @api.model
    def _perform_change(self, order, quantities, effect, partner):
        if effect.pays_first:
            upsell = order._create_customer_upsell(quantities, partner)
            return Outcome(url=upsell.get_portal_url(query_string="&allow_payment=yes"))
        order._change_customer_quantities(quantities)
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
        if plan and plan in order._get_customer_changes().plan_id:
            raise NothingToDo(self.env._("“%s” is planned already.", plan.name))
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
        order._change_plan(values["plan"], effect.day, is_by_customer=True)
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
        return self._get_revoking_effect(order, values["change"])

    @api.model
    def _get_revoking_effect(self, order, changes):
        """Return what taking back planned changes comes to.

        :param order: the contract
        :param changes: the changes
        :rtype: Effect
        """
        supposed = order.with_context(subscription_supposed_revoked=changes)
        values = self._get_invoice_values(order, supposed.preview_invoices(2))
        values.pop("charged")  # due with the change or without it
        texts = [text for change in changes for text in change._get_texts()]
        return Effect(
            texts=tuple(self.env._("No longer planned: %s", text) for text in texts),
            **values,
        )

    @api.model
    def _perform_revoke_change(self, order, values, effect, partner):
        values["change"]._revoke()
        title = self.env._("The planned change of your subscription was taken back.")
        self._tell(order, partner, effect, title)
        return Outcome(title)
