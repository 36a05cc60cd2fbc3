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

    # What a forecast knows of: few contracts of many are in a trial, or end.
    _in_trial_index = models.Index("(company_id) WHERE in_trial IS TRUE")
    _end_date_index = models.Index(
        "(end_date) WHERE end_date IS NOT NULL "
        "AND subscription_state IN ('progress', 'paused')"
    )
    _close_date_index = models.Index(
        "(close_date) WHERE close_date IS NOT NULL "
        "AND subscription_state IN ('progress', 'paused')"
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
