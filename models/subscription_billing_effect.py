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
        return self._get_untaxed_amount(order, self._get_charged_base_lines(charges))

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
        return self._sum_base_lines(order, base_lines)["amount_untaxed"]
