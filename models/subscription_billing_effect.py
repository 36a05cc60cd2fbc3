"""What the documents of a change come to, before they are made."""

from odoo import models


class SubscriptionBilling(models.AbstractModel):
    _inherit = "subscription.billing"

    def _get_charged_amount(self, order, charges):
        """Return the untaxed amount of the invoice a change makes at once.

        :param order: the contract
        :param list[Supplement] charges: what is charged
        :rtype: float
        """
        return self._get_untaxed_amount(
            order,
            [
                charge.line.sudo()._prepare_base_line_for_taxes_computation(
                    # sudo: what it costs does not depend on who reads taxes
                    quantity=charge.quantity,
                    price_unit=charge.price_unit,
                    discount=charge.discount,
                )
                for charge in charges
            ],
        )

    def _get_credited_amount(self, order, credits):
        """Return the untaxed amount of the credit notes that are made.

        One for each invoice, as taxes are rounded by document.

        :param order: the contract
        :param list[Supplement] credits: what is given back
        :rtype: float
        """
        AccountTax = self.env["account.tax"]
        by_move = {}
        for credit in credits:
            by_move.setdefault(credit.billed_line.move_id, []).append(
                AccountTax._prepare_base_line_for_taxes_computation(
                    credit.billed_line,
                    quantity=credit.quantity,
                    price_unit=credit.price_unit,
                    discount=credit.discount,
                    sign=1,
                    is_refund=True,
                )
            )
        return sum(
            self._get_untaxed_amount(order, base_lines)
            for base_lines in by_move.values()
        )

    def _get_untaxed_amount(self, order, base_lines):
        if not base_lines:
            return 0.0
        AccountTax = self.env["account.tax"]
        AccountTax._add_tax_details_in_base_lines(base_lines, order.company_id)
        AccountTax._round_base_lines_tax_details(base_lines, order.company_id)
        totals = AccountTax._get_tax_totals_summary(
            base_lines=base_lines,
            currency=order.currency_id,
            company=order.company_id,
        )
        return totals["base_amount_currency"]
