"""What an order comes to, once and every period, apart: their sum is no price."""

from markupsafe import Markup

from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _get_totals_apart(self):
        """Return what the order comes to once, and what every period costs.

        Hook for other addons, and the table on quotations, contracts and their PDF.
        Worked out by Odoo's computation of taxes, as invoices are.

        :return: dicts with kind (once or recurring), label, inline (the label within or
            below something), amount_untaxed, amount_tax and amount_total (order
            currency); the kinds that have lines
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
                        "inline": self._get_totals_inline(kind),
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

    def _get_totals_inline(self, kind):
        if kind == "once":
            return self.env._("once")
        return self.env._("every %s", self.plan_id.billing_period_label)

    def _get_acceptance_text(self, action, amount=0.0):
        """Return what a customer accepts, in one sentence that can be translated.

        :param str action: sign, pay or save (a payment method)
        :param float amount: what is paid, in the order's currency
        :rtype: markupsafe.Markup
        """
        self.ensure_one()
        bold = Markup("<b>%s</b>")
        values = {
            "order": bold % self.name,
            # sudo: whose order it is stands on it
            "customer": bold
            % self.sudo().partner_id.commercial_partner_id.display_name,
            "terms": self._get_acceptance_terms(),
            "amount": bold % self.currency_id.format(amount or 0.0),
        }
        if action == "sign":
            return self.env._(
                "By signing, you accept %(order)s on behalf of %(customer)s: "
                "%(terms)s, taxes included.",
                **values,
            )
        if action == "save":
            return self.env._(
                "By saving a payment method, you accept %(order)s on behalf of "
                "%(customer)s: %(terms)s, taxes included.",
                **values,
            )
        return self.env._(
            "By paying %(amount)s, you accept %(order)s on behalf of %(customer)s: "
            "%(terms)s, taxes included.",
            **values,
        )

    def _get_acceptance_terms(self):
        """Return what is paid once and what every period, for a sentence.

        :rtype: markupsafe.Markup
        """
        bold = Markup("<b>%s</b>")
        terms = {}
        for total in self._get_totals_apart():
            amount = bold % self.currency_id.format(total["amount_total"])
            if total["kind"] == "once":
                text = self.env._("%(amount)s once", amount=amount)
            else:
                text = self.env._(
                    "%(amount)s every %(period)s",
                    amount=amount,
                    period=self.plan_id.billing_period_label,
                )
            terms[total["kind"]] = text
        if len(terms) == 2:
            return self.env._("%(once)s and %(recurring)s", **terms)
        return next(iter(terms.values()), bold % self.currency_id.format(0.0))

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
