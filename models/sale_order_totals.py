"""What an order comes to, once and every period, apart: their sum is no price."""

from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _get_totals_apart(self):
        """Return what the order comes to once, and what every period costs.

        Hook for other addons, and the table on quotations, contracts and their PDF.
        Worked out by Odoo's computation of taxes, as invoices are.

        :return: dicts with kind (once or recurring), label, amount_untaxed, amount_tax
            and amount_total (order currency); the kinds that have lines
        :rtype: list[dict]
        """
        self.ensure_one()
        billing = self.env["subscription.billing"]
        result = []
        for kind, lines in self._get_lines_apart().items():
            if lines:
                base_lines = [
                    line._prepare_base_line_for_taxes_computation() for line in lines
                ]
                result.append(
                    {
                        "kind": kind,
                        "label": self._get_totals_label(kind),
                        **billing._sum_base_lines(self, base_lines),
                    }
                )
        return result

    def _get_lines_apart(self):
        """Return the lines that cost something, by whether they recur.

        :return: lines by kind, once and recurring
        :rtype: dict
        """
        self.ensure_one()
        lines = self.order_line.filtered(
            lambda line: not line.display_type
            and not line.is_downpayment
            and line.product_uom_qty
        )
        recurring = lines.filtered("is_recurring")
        return {"once": lines - recurring, "recurring": recurring}

    def _get_totals_label(self, kind):
        if kind == "once":
            return self.env._("Once")
        return self.env._("Every %s", self.plan_id.billing_period_label)

    def _get_due_dates(self):
        """Return what is due when, as long as the quotation is open.

        The first invoice and the one after it: later ones are like that.

        :return: dicts as of `preview_invoices`, with is_now and a label
        :rtype: list[dict]
        """
        self.ensure_one()
        if not self._asks_what_is_due():
            return []
        today = self._get_today()
        result = []
        for invoice in self.preview_invoices(2):
            is_now = invoice["invoice_date"] <= today
            label = self.env._(
                "On %(date)s, for %(start)s to %(end)s",
                date=self._format_day(invoice["invoice_date"]),
                start=self._format_day(invoice["date_from"]),
                end=self._format_day(invoice["date_to"]),
            )
            if is_now:
                label = self.env._(
                    "Now, for %(start)s to %(end)s",
                    start=self._format_day(invoice["date_from"]),
                    end=self._format_day(invoice["date_to"]),
                )
            result.append({**invoice, "is_now": is_now, "label": label})
        return result
