"""What a line of a contract costs in a period, and the invoice line that says so."""

from contextlib import contextmanager

from odoo import fields, models
from odoo.tools import format_date

from ..engine import prorate, unit_price


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

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

    def _get_period_price_unit(self, period, quantity):
        """Return the price per unit that makes the line cost its share.

        One rounding, of the line's amount, in the currency's precision; a quotation,
        a preview and an invoice all ask here.

        :param engine.Period period: the period
        :param float quantity: the quantity billed
        :rtype: float
        """
        self.ensure_one()
        share = self._get_period_share(period)
        if share == 1:
            return self.price_unit
        exact = prorate(self.price_unit, quantity, self.discount, share)
        currency = self.currency_id
        amount = currency.round(float(exact))
        return float(
            unit_price(amount, quantity, self.discount, currency.decimal_places)
        )

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

    def _prepare_period_invoice_line(self, period, **optional_values):
        """Prepare the values of an invoice line for a period.

        :param engine.Period period: the period
        :param optional_values: what the billing knows: sequence, period_id
        :rtype: dict
        """
        self.ensure_one()
        quantity = self._get_period_quantity(period)
        values = self._prepare_invoice_line(**optional_values)
        values.update(
            subscription_id=self.order_id.id,
            period_from=period.start,
            period_to=period.end,
            quantity=quantity,
        )
        if "price_unit" in values:  # not on the section a combo becomes
            values["price_unit"] = self._get_period_price_unit(period, quantity)
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
