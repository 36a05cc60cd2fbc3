"""What the documents of a change come to, before they are made."""

from odoo import models


class SubscriptionBilling(models.AbstractModel):
    _inherit = "subscription.billing"

    def _get_charged_amounts(self, order, charges):
        """Return what the invoice comes to that a change makes at once.

        :param order: the contract
        :param list[Supplement] charges: what is charged
        :return: amount_untaxed, amount_tax, amount_total in the order's currency
        :rtype: dict
        """
        return self._sum_base_lines(order, self._get_charged_base_lines(charges))

    def _get_credited_amounts(self, order, credits):
        """Return what the credit notes come to that are made.

        One for each invoice, as taxes are rounded by document.

        :param order: the contract
        :param list[Supplement] credits: what is given back
        :return: amount_untaxed, amount_tax, amount_total in the order's currency
        :rtype: dict
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
        amounts = self._sum_base_lines(order, [])
        for base_lines in by_move.values():
            for name, amount in self._sum_base_lines(order, base_lines).items():
                amounts[name] += amount
        return amounts
