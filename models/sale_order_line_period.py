"""What a line of a contract costs in a period, and the invoice line that says so."""

from contextlib import contextmanager

from odoo import fields, models
from odoo.tools import format_date

from ..engine import (
    Repricing,
    Step,
    part_amount,
    price_on,
    prorate,
    quantity_on,
    quantity_spans,
    unit_price,
)
from .subscription_change import COUNTED


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    change_line_ids = fields.One2many(
        comodel_name="subscription.change.line",
        inverse_name="order_line_id",
        string="Changes",
        copy=False,
    )

    # === AS IT WAS AND WILL BE === #

    def _get_counted_change_lines(self, kind):
        """Return the changes of a kind that count for the line, as they were made.

        :rtype: subscription.change.line
        """
        self.ensure_one()
        # sudo: what is billed does not depend on who reads the changes
        line = self.sudo()
        supposed = line.order_id._get_supposed_changes()
        if not line.order_id.change_ids and not supposed:
            return line.env["subscription.change.line"]  # most: no query for each line
        overtaken = line.order_id._get_supposed_revoked()
        lines = line.change_line_ids.filtered(
            lambda one: one.change_id.state in COUNTED
            and one.change_id not in overtaken
        ) + supposed.line_ids.filtered(lambda one: one.order_line_id == line)
        return lines.filtered(
            lambda one: one.change_id.kind == kind
            or (kind == "price" and one.price_after)
        )

    def _get_steps(self, period=None):
        """Return the changes of the quantity, for the engine.

        :param engine.Period period: leave out what was billed for these days on a
            document of its own
        :return: (today's quantity, steps)
        :rtype: tuple
        """
        quantity, steps = self.product_uom_qty, []
        for one in self._get_counted_change_lines("quantity"):
            done = one.change_id.state == "done"
            if period and one._is_billed_apart(period):
                quantity -= one.quantity_change if done else 0
                continue
            steps.append(Step(one.change_id.date, one.quantity_change, done))
        return quantity, steps

    def _get_quantity_on(self, day):
        """Return the quantity of the line on a day.

        :rtype: float
        """
        return float(quantity_on(day, *self._get_steps()))

    def _get_price_on(self, day):
        """Return the price per unit and the discount of a period that starts on a day.

        :rtype: tuple[float, float]
        """
        repricings = [
            Repricing(
                one.change_id.date,
                (one.price_before, one.discount_before),
                (one.price_after, one.discount_after),
                one.change_id.state == "done",
            )
            for one in self._get_counted_change_lines("price")
        ]
        return price_on(day, (self.price_unit, self.discount), repricings)

    def _get_terms_on(self, day):
        """Return quantity, price and discount that hold on a day, as field values.

        A price that a change plans is agreed as the present one is.

        :rtype: dict
        """
        price, discount = self._get_price_on(day)
        values = {
            "product_uom_qty": self._get_quantity_on(day),
            "price_unit": price,
            "discount": discount,
        }
        if price != self.price_unit and self._has_looked_up_price():
            values["technical_price_unit"] = price
        return values

    def _get_plan_price(self, plan, day):
        """Return the price per unit and the discount that a plan's rules give.

        :param plan: the subscription.plan
        :param date day: day the rules are looked up for
        :rtype: tuple[float, float]
        """
        self.ensure_one()
        if self.combo_item_id:
            return self._get_plan_price_of_part(plan, day)
        line = self.with_company(self.company_id)
        kwargs = dict(line._get_pricelist_kwargs(), plan_id=plan.id, date=day)
        product = line.product_id.with_context(**line._get_product_price_context())
        pricelist = line.order_id.pricelist_id
        item = self.env["product.pricelist.item"].browse(
            pricelist._get_product_rule(product=line.product_id, **kwargs)
        )
        price, discount = item._compute_price(product=product, **kwargs), 0.0
        if pricelist and item._is_discount_feature_enabled() and item._show_discount():
            base = item._compute_price_before_discount(product=product, **kwargs)
            if base and (base - price) / base > 0:  # a surcharge is not shown
                price, discount = base, (base - price) / base * 100
        taxes = line.product_id.taxes_id._filter_taxes_by_company(line.company_id)
        price = line.product_id._get_tax_included_unit_price_from_price(
            price,
            product_taxes=taxes,
            fiscal_position=line.order_id.fiscal_position_id,
        )
        return price, discount

    def _get_switched_price(self, plan, day):
        """Return the price per unit and the discount after a switch to a plan.

        Those of the plan's rules, unless a person typed others.

        :param plan: the subscription.plan
        :param date day: first day of the plan
        :rtype: tuple[float, float]
        """
        price, discount = self._get_price_on(day)
        after, discount_after = self._get_plan_price(plan, day)
        return (
            after if self._has_looked_up_price() else price,
            discount if self._has_typed_discount() else discount_after,
        )

    def _get_plan_price_of_part(self, plan, day):
        """Return the price and the discount of a part of a combo under a plan.

        A combo's price is spread over its parts: each follows it in proportion.

        :rtype: tuple[float, float]
        """
        combo = self._get_linked_line()
        present, _discount = combo._get_plan_price(self.order_id.plan_id, day)
        price, discount = combo._get_plan_price(plan, day)
        ratio = price / present if present else 1.0
        return self.currency_id.round(self.price_unit * ratio), discount

    def _has_looked_up_price(self):
        """Tell whether the price is one that rules gave, and no person typed."""
        self.ensure_one()
        return not self.currency_id.compare_amounts(
            self.technical_price_unit, self.price_unit
        )

    def _is_billed_for_contract(self):
        """Tell whether the line is an upsell's, which its contract bills."""
        self.ensure_one()
        return self.is_recurring and self.order_id.subscription_kind == "upsell"

    # === IN A PERIOD === #

    def _get_period_quantity(self, period):
        """Return the quantity a period bills.

        Hook for other addons (metered quantities).

        :param engine.Period period: the period
        :rtype: float
        """
        self.ensure_one()
        if not self._is_billed_by_delivery():
            return self.product_uom_qty
        # Delivered up to the period's last day, less what earlier periods billed: what
        # comes in late is billed by the next one.
        delivered = self._get_delivered_quantity_until(period.end)
        return max(delivered - self.qty_invoiced, 0.0)

    def _get_delivered_quantity_until(self, day):
        """Return the quantity delivered up to and including a day."""
        self.ensure_one()
        line = self.with_context(accrual_entry_date=fields.Date.to_string(day))
        if line.qty_delivered_method == "manual" or not line._date_in_the_past():
            return self.qty_delivered
        return line.qty_delivered_at_date

    def _get_period_share(self, period):
        """Return the share of its price that the line costs in a period.

        :param engine.Period period: the period
        :rtype: fractions.Fraction
        """
        self.ensure_one()
        if period.free:
            return period.share
        if not self.product_id.prorate or self._is_billed_by_delivery():
            return 1
        return period.share

    def _get_period_parts(self, period):
        """Return the quantities a period bills, each with the days it was there.

        :param engine.Period period: the period
        :return: list of (quantity, part of the period)
        :rtype: list[tuple]
        """
        self.ensure_one()
        if not self._is_billed_by_delivery():
            quantity, steps = self._get_steps(period)
            if steps or quantity != self.product_uom_qty:
                spans = quantity_spans(period.start, period.end, quantity, steps)
                return [
                    (float(span.quantity), period.clip(span.start, span.end))
                    for span in spans
                ]
        return [(self._get_period_quantity(period), period)]

    def _get_period_price_unit(self, period, quantity):
        """Return the price per unit that makes the line cost its share.

        One rounding, of the line's amount, in the currency's precision; a quotation,
        a preview and an invoice all ask here.

        :param engine.Period period: the period, or the part of one
        :param float quantity: the quantity billed
        :rtype: float
        """
        self.ensure_one()
        price, discount = self._get_price_on(period.start)
        share = self._get_period_share(period)
        if share == 1:
            return price
        currency = self.currency_id
        amount = part_amount(
            prorate(price, quantity, discount),
            share,
            period.done_share if not period.free else 0,
            lambda exact: currency.round(float(exact)),
        )
        return float(unit_price(amount, quantity, discount, currency.decimal_places))

    @contextmanager
    def _forgetting_invoices(self):
        """Let the recurring lines have no invoice lines for a while.

        To prepare an invoice line, Odoo reads all that a line was ever invoiced on, in
        search of down payments. A recurring line has none, and years of others.
        """
        recurring = self.filtered("is_recurring")
        ordered = recurring.filtered(lambda line: not line._is_billed_by_delivery())
        field = self._fields["invoice_lines"]
        for line in ordered:
            field._update_cache(line, ())
        try:
            yield
        finally:
            ordered.invalidate_recordset(["invoice_lines"], flush=False)

    def _prepare_period_invoice_lines(self, period, **optional_values):
        """Prepare the values of the invoice lines for a period.

        One line, unless the quantity changed within the period.

        :param engine.Period period: the period
        :param optional_values: what the billing knows: sequence, period_id
        :rtype: list[dict]
        """
        self.ensure_one()
        return [
            self._prepare_period_invoice_line(part, quantity, **optional_values)
            for quantity, part in self._get_period_parts(period)
        ]

    def _prepare_period_invoice_line(self, period, quantity, **optional_values):
        """Prepare the values of an invoice line for a period, or a part of one.

        :param engine.Period period: the period
        :param float quantity: how many units
        :param optional_values: what the billing knows: sequence, period_id
        :rtype: dict
        """
        self.ensure_one()
        values = self._prepare_invoice_line(**optional_values)
        values.update(
            subscription_id=self.order_id.id,
            period_from=period.start,
            period_to=period.end,
            quantity=quantity,
        )
        if "price_unit" in values:  # not on the section a combo becomes
            price, discount = self._get_price_on(period.start)
            values["price_unit"] = self._get_period_price_unit(period, quantity)
            values["period_price_unit"] = price
            values["discount"] = discount
            values["name"] = "\n".join((values["name"], self._get_period_text(period)))
        return values

    def _get_period_text(self, period):
        """Return the line of text that names the period, in the context's language.

        :param engine.Period period: the period
        :rtype: str
        """
        return self.env._(
            "%(start)s to %(end)s",
            start=format_date(self.env, period.start),
            end=format_date(self.env, period.end),
        )
