"""The figures of the business, read from MRR events in a few statements."""

from collections import defaultdict
from fractions import Fraction

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.kpi import Figures, months_of
from ..engine.period import ONE_DAY
from ..engine.proration import exact


class SubscriptionKpi(models.AbstractModel):
    """Works the figures out, for many spans of days at once.

    All goes through the access rules: everybody counts what they may see.
    """

    _name = "subscription.kpi"
    _description = "Subscription KPIs"

    # === FOR MANY SPANS === #

    @api.model
    def _get_values(self, spans, domain=None, movements=None):
        """Return the figures of spans, as :meth:`subscription.event.get_kpis` does.

        :param list spans: (first day, last day)
        :param domain: which events, default all one may see
        :param dict movements: those of the spans, where they are read already
        :return: a dict of numbers per span
        :rtype: dict[tuple, dict]
        """
        domain = Domain(domain or Domain.TRUE)
        self._prepare_reading()
        revenue = self._get_revenue(spans, domain)
        figures = self._get_figures(spans, domain, movements)
        return {
            span: {**self._get_numbers(figures[span]), **revenue[span]}
            for span in spans
        }

    def _get_numbers(self, figures):
        """Return what is shown of figures, by the names of the interface.

        Hook for other addons, which may add to it.

        :param engine.kpi.Figures figures: what happened in a span
        :rtype: dict
        """
        numbers = {
            "mrr": figures.closing,
            "arr": figures.arr,
            "net_new_mrr": figures.net_new,
            "new_mrr": figures.new,
            "expansion_mrr": figures.expansion,
            "contraction_mrr": figures.contraction,
            "churn_mrr": figures.churn,
            "reactivation_mrr": figures.reactivation,
            "opening_mrr": figures.opening,
            "contracts": figures.contracts,
            "opening_contracts": figures.contracts_before,
            "new_contracts": figures.new_contracts,
            "lost_contracts": figures.lost_contracts,
            "revenue_per_contract": figures.revenue_per_contract,
            "lifetime_value": figures.lifetime_value,
            "logo_churn": figures.logo_churn,
            "monthly_logo_churn": figures.monthly_logo_churn,
            "gross_revenue_churn": figures.gross_revenue_churn,
            "net_revenue_churn": figures.net_revenue_churn,
            "net_revenue_retention": figures.net_revenue_retention,
            "gross_revenue_retention": figures.gross_revenue_retention,
            "quick_ratio": figures.quick_ratio,
            "kept_gain": figures.kept_gain,
            "kept_loss": figures.kept_loss,
            "capped_loss": figures.capped_loss,
        }
        return {
            name: float(number) if isinstance(number, Fraction) else number
            for name, number in numbers.items()
        }

    @api.model
    def _get_figures(self, spans, domain, movements=None):
        """Work out what happened in spans.

        :param list spans: (first day, last day)
        :param Domain domain: which events
        :param dict movements: those of the spans, where they are read already
        :rtype: dict[tuple, engine.kpi.Figures]
        """
        movements = movements or self._get_movements(spans, domain)
        retention = self._get_retention(spans, domain)
        return {
            span: Figures(**movements[span], **retention[span], months=months_of(*span))
            for span in spans
        }

    # === IN THE CURRENCY OF THE COMPANY === #

    def _get_rate(self, currency_id, day):
        """Return what one of a currency is in the company's on a day.

        :rtype: Fraction
        """
        company = self.env.company
        if currency_id == company.currency_id.id:
            return Fraction(1)
        currency = self.env["res.currency"].browse(currency_id)
        return exact(
            currency._get_conversion_rate(currency, company.currency_id, company, day)
        )

    def _get_parts(self, spans):
        """Return the days at which spans begin, or are over, in their order."""
        return sorted({day for start, end in spans for day in (start, end + ONE_DAY)})

    # === MOVEMENTS === #

    def _get_movements(self, spans, domain):
        """Sum up the movements of each span, in one pass over the events.

        :return: arguments of :class:`engine.kpi.Figures` per span
        :rtype: dict
        """
        days = self._get_parts(spans)
        rows = [
            (part, currency, kind, exact(amount or 0), active or 0)
            for part, currency, kind, amount, active in self._read_movements(
                days, domain
            )
        ]
        # What there was before each of the days, by currency.
        before = [defaultdict(lambda: [Fraction(0), 0]) for _part in range(len(days))]
        for part, currency, _kind, amount, active in rows:
            for totals in before[part:]:
                totals[currency][0] += amount
                totals[currency][1] += active
        return {
            span: self._sum_movements(
                span, rows, days.index(span[0]), days.index(span[1] + ONE_DAY), before
            )
            for span in spans
        }

    def _read_movements(self, days, domain):
        """Sum up the events between days, by kind and currency.

        What was before the first day is summed up without telling kinds apart: most
        events are, and nobody asks.

        :return: list of (index of the day before which, currency id, kind, MRR, active)
        :rtype: list[tuple]
        """
        Event = self.env["subscription.event"]
        Event.flush_model()
        before = Event._search(domain & Domain("event_date", "<", days[0]))
        since = Event._search(
            domain
            & Domain("event_date", ">=", days[0])
            & Domain("event_date", "<", days[-1])
        )
        if since.is_empty():
            return []
        self._prepare_reading()
        return self.env.execute_query(
            SQL(
                """
                SELECT 0 AS part, subscription_event.currency_id, NULL AS kind,
                       sum(subscription_event.mrr_change),
                       sum(subscription_event.active_change)
                  FROM %(before)s
                 WHERE %(where_before)s
                 GROUP BY 2
                 UNION ALL
                SELECT width_bucket(subscription_event.event_date, %(days)s::date[]),
                       subscription_event.currency_id, subscription_event.kind,
                       sum(subscription_event.mrr_change),
                       sum(subscription_event.active_change)
                  FROM %(since)s
                 WHERE %(where_since)s
                 GROUP BY 1, 2, 3
                """,
                days=days,
                before=before.from_clause,
                where_before=before.where_clause or SQL("TRUE"),
                since=since.from_clause,
                where_since=since.where_clause or SQL("TRUE"),
            )
        )

    def _prepare_reading(self):
        """Let PostgreSQL sum up in memory, for this transaction.

        By its defaults, it writes the sums of many contracts to disk, and compiles each
        statement for longer than it runs.
        """
        self.env.cr.execute("SET LOCAL work_mem = '128MB'; SET LOCAL jit = off")

    def _sum_movements(self, span, rows, start, end, before):
        """Sum up what happened in one span, in the currency of the company.

        :param list rows: see :meth:`_read_movements`
        :param int start: index of the day it begins
        :param int end: index of the day on which it is over
        :param list before: MRR and contracts before each day, by currency
        :return: arguments of :class:`engine.kpi.Figures`
        :rtype: dict
        """
        rates = {currency: self._get_rate(currency, span[1]) for currency in before[-1]}
        opening, closing = (
            [
                sum(
                    (total[0] * rates[currency] for currency, total in one.items()),
                    Fraction(0),
                ),
                sum(total[1] for total in one.values()),
            ]
            for one in (before[start], before[end])
        )
        sums, actives = defaultdict(Fraction), defaultdict(int)
        for part, currency, kind, amount, active in rows:
            if start < part <= end:
                sums[kind] += amount * rates[currency]
                actives[kind] += active
        return {
            "opening": opening[0],
            "closing": closing[0],
            "new": sums["new"],
            "expansion": sums["expansion"],
            "contraction": -sums["contraction"],
            "churn": -sums["churn"],
            "reactivation": sums["reactivation"],
            "contracts_before": int(opening[1]),
            "contracts": int(closing[1]),
            "new_contracts": int(actives["new"]),
            "lost_contracts": -int(actives["churn"]),
            # From or to what the domain does not have, another plan say.
            "moved_contracts": int(actives["transfer"]),
        }

    # === RETENTION === #

    def _get_retention(self, spans, domain):
        """Sum up what became of the contracts that were there when a span began.

        :return: arguments of :class:`engine.kpi.Figures` per span
        :rtype: dict
        """
        spans = list(dict.fromkeys(spans))  # each once, or it would be added up twice
        result = {
            span: dict.fromkeys(("kept_gain", "kept_loss", "capped_loss"), Fraction(0))
            for span in spans
        }
        for number, currency, *amounts in self._read_retention(spans, domain):
            span = spans[number]
            rate = self._get_rate(currency, span[1])
            for name, amount in zip(result[span], amounts, strict=True):
                result[span][name] += exact(amount or 0) * rate
        return result

    def _read_retention(self, spans, domain):
        """Sum up, by span and currency, the movements of those active at its opening.

        Spans are summed up one by one, which PostgreSQL may do side by side: the
        contracts of a month have room in the processor's cache, those of a year do not.

        :param list spans: (first day, last day)
        :return: list of (index of the span, currency id, gain, loss, capped loss)
        :rtype: list[tuple]
        """
        Event = self.env["subscription.event"]
        queries = [
            Event._search(
                domain
                & Domain("event_date", ">=", start)
                & Domain("event_date", "<=", end)
            )
            for start, end in spans
        ]
        parts = [
            self._select_retention(number, query)
            for number, query in enumerate(queries)
            if not query.is_empty()
        ]
        if not parts:
            return []
        self._prepare_reading()
        return self.env.execute_query(SQL(" UNION ALL ").join(parts))

    def _select_retention(self, number, query):
        """Return the statement for one span.

        Contracts are followed through their renewals. The first event of one in the
        span tells whether it was active at the opening: unless it lets the contract
        count, from then on. The event also tells the MRR before it. (An array is what
        PostgreSQL finds the least of without sorting.)

        :param int number: the index of the span
        :param Query query: its events
        :rtype: SQL
        """
        return SQL(
            """
            SELECT %(number)s, currency_id, sum(gain), sum(loss),
                   sum(least(COALESCE(loss, 0), first[4]))
              FROM (
                   SELECT root_order_id, currency_id,
                          min(ARRAY[event_date - DATE '1970-01-01', id, active_change,
                                    mrr_after - mrr_change]) AS first,
                          sum(mrr_change) FILTER (WHERE kind = 'expansion') AS gain,
                          - sum(mrr_change) FILTER (
                              WHERE kind IN ('contraction', 'churn')) AS loss
                     FROM (%(events)s) event
                    GROUP BY root_order_id, currency_id
                   ) moved
             WHERE first[3] < 1
             GROUP BY currency_id
            """,
            number=number,
            events=query.select(
                *(
                    SQL.identifier("subscription_event", name)
                    for name in (
                        "root_order_id",
                        "currency_id",
                        "event_date",
                        "id",
                        "active_change",
                        "mrr_change",
                        "mrr_after",
                        "kind",
                    )
                )
            ),
        )
