"""Confirming a cart: each of its plans becomes a contract of its own, paid together."""

from odoo import models
from odoo.fields import Command


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def action_confirm(self):
        """Override of `sale`: who is told of an order is told of its parts."""
        result = super().action_confirm()
        if self.env.context.get("send_email"):
            parts = self.cart_part_ids
            if parts:
                parts._send_order_confirmation_mail()
        return result

    def _action_confirm(self):
        """Override of `sale`: the contracts of a cart begin together.

        Whatever was to be checked or counted for the whole order is done by now: its
        coupons, say.
        """
        parts = self._split_carts()
        result = super()._action_confirm()
        if parts:
            # By itself: what other addons do around this is done for them as well.
            parts._action_confirm()
        self.sudo().order_line.filtered("cart_plan_id").cart_plan_id = False
        return result

    def _get_contract_obstacle(self):
        """Override of `subscriptions`: each plan of a cart must be there."""
        obstacle = super()._get_contract_obstacle()
        if obstacle:
            return obstacle
        for plan, _lines in self._get_cart_parts()[1:]:
            if not plan.active:
                return self.env._("The plan “%s” is archived.", plan.name)
        return False

    def _split_carts(self):
        """Make orders of their own for the other plans of carts.

        :return: the orders, confirmed as far as these are
        :rtype: sale.order
        """
        parts = self.browse()
        for order in self:
            contracts = order._get_cart_parts()
            shares = order._get_rebate_shares(contracts)
            for index, (plan, lines) in enumerate(contracts[1:], start=1):
                parts |= order._split_off(plan, lines, shares, index)
            with order._keeping_prices(order.order_line):
                for rebate, amounts in shares.items() if len(contracts) > 1 else ():
                    rebate.price_unit = amounts[0]
        return parts

    def _split_off(self, plan, lines, shares, index):
        """Make an order of one of the plans of a cart.

        :param plan: the plan
        :param lines: the lines that go with it
        :param dict shares: what is taken off, see `_get_rebate_shares`
        :param int index: which of the shares are those of the part
        :rtype: sale.order
        """
        self.ensure_one()
        # sudo: what a contract is made of is kept from typing; who confirms the cart
        # confirms its parts
        part = self.sudo().copy(self._prepare_part_values(plan))
        with self._keeping_prices(lines):
            lines.sudo().write({"order_id": part.id, "cart_plan_id": False})
        part.order_line = [
            Command.create(self._prepare_rebate_values(rebate, amounts[index]))
            for rebate, amounts in shares.items()
            if amounts[index]
        ]
        part.write(part._prepare_confirmation_values())
        self.message_post(
            body=self.env._(
                "%(part)s was bought together with it, with the plan “%(plan)s”.",
                part=part.name,
                plan=plan.name,
            )
        )
        return part.with_env(self.env)

    def _prepare_part_values(self, plan):
        """Return the values of an order that is split off a cart. Hook for others."""
        self.ensure_one()
        order = self.sudo()  # sudo: as above
        return {
            "order_line": [],
            "plan_id": plan.id,
            "cart_id": order.id,
            "origin": order.name,
            "sale_order_template_id": False,
            "start_date": order.start_date,
            "payment_token_id": order.payment_token_id.id,
            "client_order_ref": order.client_order_ref,
            "user_id": order.user_id.id,
            "team_id": order.team_id.id,
        }

    def _prepare_rebate_values(self, rebate, amount):
        """Return the values of a line that is a share of a rebate.

        :param rebate: the line of the cart
        :param float amount: the share, per unit
        :rtype: dict
        """
        return {
            "product_id": rebate.product_id.id,
            "name": rebate.name,
            "product_uom_qty": rebate.product_uom_qty,
            "product_uom_id": rebate.product_uom_id.id,
            "price_unit": amount,
            "discount": rebate.discount,
            "tax_ids": [Command.set(rebate.tax_ids.ids)],
            "sequence": rebate.sequence,
        }

    # === WHO IS TOLD === #

    def _get_confirmation_template(self):
        """Override of `sale`: who ordered a contract in the shop gets it in writing.

        A website that has a mail of its own keeps it.
        """
        template = super()._get_confirmation_template()
        # Odoo gives each website its own mail about orders to begin with.
        usual = self.env.ref(
            "sale.mail_template_sale_confirmation", raise_if_not_found=False
        )
        if self.website_id and self.subscription_state and template == usual:
            ours = self.env.ref(
                "subscriptions_website_sale.mail_template_contract_confirmation",
                raise_if_not_found=False,
            )
            return ours or template
        return template

    def _get_ordered_things(self):
        """Return what stands on the order, for the mail that confirms it.

        :return: dicts of texts: quantity, name, price (with its period)
        :rtype: list[dict]
        """
        self.ensure_one()
        things = []
        for line in self.order_line:
            if line.display_type or line.combo_item_id or not line.product_uom_qty:
                continue
            amount = sum(line._get_lines_with_price().mapped("price_total"))
            price = self.currency_id.format(amount)
            if line.is_recurring:
                price = self.env._(
                    "%(amount)s every %(period)s",
                    amount=price,
                    period=self.plan_id.billing_period_label,
                )
            things.append(
                {
                    "quantity": f"{line.product_uom_qty:g}",
                    "name": line.name_short,
                    "price": price,
                }
            )
        return things

    def _prepare_invoice(self):
        """Override of `sale`: what was paid for a cart pays all first invoices."""
        values = super()._prepare_invoice()
        cart = self.cart_id or self
        family = cart | cart.sudo().cart_part_ids  # sudo: bought by the same customer
        if len(family) > 1 and not self.invoice_ids:
            # sudo: payments are not a salesperson's
            payments = cart.sudo().transaction_ids.filtered(
                lambda tx: tx.operation != "validation"
                and (
                    tx.state in ("pending", "authorized")
                    or (tx.state == "done" and not tx.payment_id.is_reconciled)
                )
            )
            values["transaction_ids"] = [Command.set(payments.ids)]
        return values
