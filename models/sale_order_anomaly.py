"""Contracts whose next invoice is far beyond the usual, and what a person accepts."""

from odoo import fields, models
from odoo.tools import float_repr, format_amount


class SaleOrder(models.Model):
    _inherit = "sale.order"

    unusual_amount = fields.Monetary(
        readonly=True,
        copy=False,
        help="Untaxed amount of a full period for which the contract is held.",
    )
    accepted_amount = fields.Monetary(
        readonly=True,
        copy=False,
        help="Untaxed amount of a full period that a sales administrator has accepted. "
        "Up to it, the contract is billed however unusual it is.",
    )

    def _set_unusual(self, amount, usual, period):
        """Hold the contract for an invoice that is far beyond the usual.

        :param float amount: what a full period comes to now
        :param float usual: what it came to at most
        :param engine.Period period: the period to bill
        """
        self.ensure_one()
        # sudo: kept from typing, set by billing alone
        self.sudo().unusual_amount = amount
        factor = self.company_id.subscription_anomaly_factor
        figures = {
            "amount": format_amount(self.env, amount, self.currency_id),
            "usual": format_amount(self.env, usual, self.currency_id),
            # 5 and 2.5, without the zeros of a float
            "factor": float_repr(factor, 2).rstrip("0").rstrip("."),
        }
        if period.days == period.full_days:
            words = self.env._(
                "The invoice would come to %(amount)s before taxes: more than "
                "%(factor)s times the largest of the last ones, %(usual)s.",
                **figures,
            )
        else:
            words = self.env._(
                "The invoice is for a part of a period. A full one would come to "
                "%(amount)s before taxes: more than %(factor)s times the largest of "
                "the last ones, %(usual)s.",
                **figures,
            )
        self._set_hold("anomaly", words)

    def _accept_unusual(self):
        """Bill the contract from now on up to the amount it is held for."""
        self.ensure_one()
        # sudo: kept from typing, set by the button of managers alone
        order = self.sudo()
        order.accepted_amount = max(order.accepted_amount, order.unusual_amount)
