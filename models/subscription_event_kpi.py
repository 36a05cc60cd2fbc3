"""What one asks MRR events for: the figures of a span, and what is to come."""

from datetime import date

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

# Nobody knows what is in ten years.
MAX_MONTHS = 120


class SubscriptionEvent(models.Model):
    _inherit = "subscription.event"

    root_active_before = fields.Date(
        string="First Contract Active Before",
        compute="_compute_root_active_before",
        search="_search_root_active_before",
        help="Search for a day to find events of contracts that counted on its eve.",
    )

    def _compute_root_active_before(self):
        self.root_active_before = False  # a question, not an answer

    def _search_root_active_before(self, operator, value):
        if operator != "in":
            return NotImplemented
        # Which contracts counted is known to who may ask for their events: the rules
        # of events are applied to what is found.
        return Domain.OR(
            Domain(
                "root_order_id",
                "in",
                SQL(
                    """(SELECT root_order_id FROM subscription_event
                         WHERE event_date < %s
                         GROUP BY root_order_id HAVING sum(active_change) > 0)""",
                    fields.Date.to_date(day),
                    to_flush=self._fields["active_change"],
                ),
            )
            for day in value
            if day
        )

    @api.model
    def get_kinds(self):
        """Return the kinds of events with their names, in the reader's language.

        :return: list of (kind, name)
        :rtype: list[tuple]
        """
        return self._fields["kind"]._description_selection(self.env)

    @api.model
    @api.readonly
    def get_kpis(self, date_from, date_to, domain=None):
        """Return the figures of a span of days.

        Amounts are in the currency of the company, ratios are fractions (0.15), and
        what would be divided by 0 is None. So are net and non-recurring revenue where
        the domain asks for what invoices do not know.

        :param date_from: first day
        :param date_to: last day
        :param domain: which events, default all one may see
        :rtype: dict
        """
        try:
            span = fields.Date.to_date(date_from), fields.Date.to_date(date_to)
        except (TypeError, ValueError):
            span = (None, None)
        # The last year there is has no day after it.
        if not all(span) or not span[0] <= span[1] < date(9999, 1, 1):
            raise UserError(self.env._("A span has a first day, and a last one after."))
        return self.env["subscription.kpi"]._get_values([span], domain)[span]

    @api.model
    @api.readonly
    def get_forecast(self, months=12, domain=None):
        """Return what MRR and contracts will be at the end of the coming months.

        The first month is the present one. What is known: the figures of today, the
        changes that are scheduled, trials and contracts that end. The trend is apart.

        :param int months: how many months
        :param domain: which events, default all one may see
        :return: dicts with month (its first day), known_mrr, trend_mrr and mrr (both),
            and the same of contracts
        :rtype: list[dict]
        """
        months = min(max(int(months), 0), MAX_MONTHS)
        return self.env["subscription.kpi"]._get_forecast(months, domain)["months"]
