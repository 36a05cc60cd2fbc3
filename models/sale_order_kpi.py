"""Contracts as they counted on a day of the past."""

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class SaleOrder(models.Model):
    _inherit = "sale.order"

    counted_on = fields.Date(
        compute="_compute_counted_on",
        search="_search_counted_on",
        help="Search for a day to find the contracts that counted at its end.",
    )

    def _compute_counted_on(self):
        self.counted_on = False  # a question, not an answer

    def _search_counted_on(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(
            Domain(
                "id",
                "in",
                SQL(
                    """(SELECT order_id FROM subscription_event WHERE event_date <= %s
                         GROUP BY order_id HAVING sum(active_change) > 0)""",
                    fields.Date.to_date(day),
                    to_flush=self.env["subscription.event"]._fields["active_change"],
                ),
            )
            for day in value
            if day
        )
