"""The revenue of a span, read from invoices: a part of the key figures."""

from fractions import Fraction

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.period import ONE_DAY
from ..engine.proration import exact

# What an event and a row of revenue are counted under: conditions on these are
# understood by both.
SHARED_FIELDS = {
    "order_id",
    "root_order_id",
    "plan_id",
    "partner_id",
    "commercial_partner_id",
    "user_id",
    "team_id",
    "template_id",
    "country_id",
    "company_id",
    "currency_id",
}


class SubscriptionKpi(models.AbstractModel):
    _inherit = "subscription.kpi"

    def _get_revenue(self, spans, domain):
        """Return what was invoiced less what was credited in each span.

        :return: net_revenue and non_recurring_revenue per span, None where the domain
            asks what invoices do not know
        :rtype: dict
        """
        names = ("net_revenue", "non_recurring_revenue")
        if not self._is_about_revenue(domain):
            return {span: dict.fromkeys(names) for span in spans}
        days = self._get_parts(spans)
        rows = self._read_revenue(days, domain)
        result = {}
        for span in spans:
            start, end = days.index(span[0]), days.index(span[1] + ONE_DAY)
            sums = dict.fromkeys(names, Fraction(0))
            for part, currency, is_recurring, amount in rows:
                if start < part <= end:
                    amount = exact(amount) * self._get_rate(currency, span[1])
                    sums["net_revenue"] += amount
                    if not is_recurring:
                        sums["non_recurring_revenue"] += amount
            result[span] = {name: float(amount) for name, amount in sums.items()}
        return result

    def _is_about_revenue(self, domain):
        """Tell whether rows of revenue know all that a domain of events asks."""
        return all(
            condition.field_expr.split(".")[0] in SHARED_FIELDS
            for condition in domain.iter_conditions()
        )

    def _read_revenue(self, days, domain):
        """Sum up the rows of revenue between days, by currency and whether they recur.

        :return: list of (index of the day before which, currency id, recurs, amount)
        :rtype: list[tuple]
        """
        Revenue = self.env["subscription.revenue"]
        # What invoices and contracts are waiting to write; nothing depends on more.
        self.env.flush_all()
        query = Revenue._search(
            domain & Domain("date", ">=", days[0]) & Domain("date", "<", days[-1])
        )
        if query.is_empty():
            return []
        return self.env.execute_query(
            SQL(
                """
                SELECT width_bucket(subscription_revenue.date, %s::date[]) AS part,
                       subscription_revenue.currency_id,
                       subscription_revenue.is_recurring,
                       sum(subscription_revenue.amount)
                  FROM %s
                 WHERE %s
                 GROUP BY 1, 2, 3
                """,
                days,
                query.from_clause,
                query.where_clause or SQL("TRUE"),
            )
        )
