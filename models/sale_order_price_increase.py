"""What a price increase does to one contract, and why it may not."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ..const import MAX_AMOUNT, MAX_NUMBER
from ..engine import monthly_amount
from .subscription_change import COUNTED


class SaleOrder(models.Model):
    _inherit = "sale.order"

    announced_change_id = fields.Many2one(
        comodel_name="subscription.change",
        string="Price Increase to Come",
        compute="_compute_announced_change_id",
        help="What the notice of a price increase tells the customer.",
    )

    @api.depends("change_ids.state", "change_ids.price_increase_id")
    @api.depends_context("price_increase_id")
    def _compute_announced_change_id(self):
        increase_id = self.env.context.get("price_increase_id")
        for order in self:
            changes = order.change_ids.filtered(
                lambda change: change.price_increase_id.id == increase_id
                and change.state in COUNTED
                if increase_id
                else change.price_increase_id and change.state == "scheduled"
            )
            order.announced_change_id = changes.sorted("date")[:1]

    # === WHAT A PRICE INCREASE CHANGES === #

    def _prepare_price_increase(self, increase, day):
        """Return the values of the change that an increase proposes.

        :param increase: the subscription.price.increase
        :param date day: first day of the new prices
        :rtype: dict
        :raise UserError: in a salesperson's words, where it cannot be
        """
        self.ensure_one()
        self._check_price_increase(increase, day)
        plan = self._get_planned_plan(day)
        before = after = 0.0
        commands = []
        for line in self.order_line.filtered("is_recurring"):
            quantity = line._get_quantity_on(day)
            price, discount = line._get_price_on(day)
            new = line._get_increased_price(increase, price, quantity)
            before += line._get_mrr_at(price, discount, quantity, plan)
            after += line._get_mrr_at(new, discount, quantity, plan)
            if new != price:
                commands.append(
                    Command.create(
                        {
                            "order_line_id": line.id,
                            "price_before": price,
                            "price_after": new,
                            "discount_before": discount,
                            "discount_after": discount,
                        }
                    )
                )
        if not commands:
            raise UserError(self.env._("Its prices stay the same."))
        return {
            "order_id": self.id,
            "kind": "price",
            "state": "proposed",
            "date": day,
            "reason": increase.name,
            "price_increase_id": increase.id,
            "line_ids": commands,
            "mrr_before": before,
            "mrr_after": after,
        }

    def _check_price_increase(self, increase, day):
        """Refuse contracts whose prices cannot change on a day.

        Hook for other addons.
        """
        self.ensure_one()
        if not self._is_live_contract():
            raise UserError(self.env._("It does not run any more."))
        last = self._get_last_day()
        if last and last < day:
            raise UserError(
                self.env._("It ends before, on %s.", format_date(self.env, last))
            )
        if increase.method != "percent" and (
            self.currency_id != increase.company_currency_id
        ):
            raise UserError(
                self.env._(
                    "Its prices are in %(currency)s, the change is in %(company)s.",
                    currency=self.currency_id.name,
                    company=increase.company_currency_id.name,
                )
            )
        later = self._get_prices_planned_from(day)
        if later:
            raise UserError(
                self.env._(
                    "Other prices are planned already, from %s on.",
                    format_date(self.env, later.date),
                )
            )

    def _get_prices_planned_from(self, day):
        """Return the first planned change that sets prices on a day or later.

        :rtype: subscription.change
        """
        self.ensure_one()
        return self.change_ids.filtered(
            lambda change: change.state == "scheduled"
            and change.date >= day
            and (change.kind == "plan" or change.kind == "price" and change.line_ids)
        ).sorted("date")[:1]

    def _get_planned_plan(self, day):
        """Return the plan on a day, by the switches that are planned."""
        switches = self.change_ids.filtered(
            lambda change: change.kind == "plan"
            and change.state == "scheduled"
            and change.date <= day
        )
        return switches.sorted("date")[-1:].plan_id or self.plan_id


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _get_increased_price(self, increase, price, quantity):
        """Return the line's price per unit after an increase.

        :param increase: the subscription.price.increase
        :param float price: its price until then
        :param float quantity: its quantity then
        :rtype: float
        :raise UserError: for a price that cannot be
        """
        self.ensure_one()
        is_gone = not quantity and not self._is_billed_by_delivery()
        if is_gone or not increase._concerns(self):
            return price
        new = increase._get_new_price(self, price)
        if new < 0 <= price:
            raise UserError(
                self.env._(
                    "%s would have a price below zero.", self.product_id.display_name
                )
            )
        if abs(new) > MAX_NUMBER or abs(new * quantity) > MAX_AMOUNT:
            raise UserError(
                self.env._(
                    "%s: no invoice can hold so large an amount.",
                    self.product_id.display_name,
                )
            )
        return new

    def _get_mrr_at(self, price, discount, quantity, plan):
        """Return the MRR of the line at a price, as :meth:`_compute_mrr` does.

        That of a trial too: it counts when the trial is over.

        :rtype: float
        """
        self.ensure_one()
        Tax = self.env["account.tax"]
        order = self.order_id
        base_line = self._prepare_base_line_for_taxes_computation(
            price_unit=price, discount=discount, quantity=quantity
        )
        Tax._add_tax_details_in_base_line(base_line, self.company_id)
        Tax._round_base_lines_tax_details([base_line], self.company_id)
        amount = monthly_amount(
            base_line["tax_details"]["total_excluded_currency"],
            plan.billing_period_unit,
            plan.billing_period_value,
        )
        return order.company_id.currency_id.round(float(amount) / order._get_mrr_rate())
