"""What MRR and contracts will be: what is known, and the trend apart from it."""

from collections import defaultdict
from fractions import Fraction

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import QUOTATION_STATES
from ..engine import lifecycle
from ..engine.kpi import (
    MONTHS_PER_YEAR,
    add_months,
    end_of_month,
    forecast,
    mean,
    months_until,
)
from ..engine.period import ONE_DAY
from ..engine.proration import exact

# Where a contract has what its events are counted under.
FIELDS_OF_ORDER = {
    "order_id": "id",
    "root_order_id": "root_order_id",
    "state": "subscription_state",
    "plan_id": "plan_id",
    "partner_id": "partner_id",
    "commercial_partner_id": "partner_id.commercial_partner_id",
    "country_id": "partner_id.country_id",
    "user_id": "user_id",
    "team_id": "team_id",
    "template_id": "sale_order_template_id",
    "company_id": "company_id",
    "currency_id": "company_id.currency_id",
}
CHANGING = ("quantity", "price", "plan")


class SubscriptionKpi(models.AbstractModel):
    _inherit = "subscription.kpi"

    @api.model
    def _get_today(self):
        return self.env["sale.order"]._get_today()

    @api.model
    def _get_forecast(self, months=MONTHS_PER_YEAR, domain=None, movements=None):
        """Forecast the coming months, the present one first.

        :param int months: how many
        :param domain: which events
        :param dict movements: those of :meth:`_get_past`, where they are read already
        :return: the months, see :meth:`subscription.event.get_forecast`, and the trend
            per month: trend_mrr, trend_contracts and trend_months it is the mean of
        :rtype: dict
        """
        domain = Domain(domain or Domain.TRUE)
        today = self._get_today()
        firsts = [add_months(today.replace(day=1), one) for one in range(months)]
        past = self._get_past(today)
        movements = movements or self._get_movements(past, domain)
        now, trend = self._get_present([movements[span] for span in past])
        known = self._get_known_changes(firsts, today, domain)
        mrr = forecast(now["mrr"], known["mrr"], trend["trend_mrr"])
        contracts = forecast(
            now["contracts"], known["contracts"], trend["trend_contracts"]
        )
        return {
            "months": [
                {
                    "month": first,
                    "known_mrr": float(mrr[index][0]),
                    "trend_mrr": float(mrr[index][1]),
                    "mrr": float(sum(mrr[index])),
                    "known_contracts": int(contracts[index][0]),
                    "trend_contracts": float(contracts[index][1]),
                    "contracts": float(sum(contracts[index])),
                }
                for index, first in enumerate(firsts)
            ],
            **{name: float(value) for name, value in trend.items()},
        }

    def _get_past(self, today):
        """Return the spans a forecast looks back on: 12 full months, and today.

        :rtype: list[tuple]
        """
        return [*months_until(today.replace(day=1) - ONE_DAY), (today, today)]

    def _get_present(self, movements):
        """Return how things stand, and how they went per month.

        The mean of the last 12 full months, or of those since the first event.

        :param list movements: those of :meth:`_get_past`
        :return: (mrr and contracts, trend_mrr, trend_contracts and trend_months)
        :rtype: tuple[dict, dict]
        """
        *past, present = movements
        while past and not any(past[0].values()):
            past.pop(0)  # before the first event
        net_mrr = [
            one["new"]
            + one["reactivation"]
            + one["expansion"]
            - one["contraction"]
            - one["churn"]
            for one in past
        ]
        net_contracts = [
            one["contracts"] - one["contracts_before"] - one["moved_contracts"]
            for one in past
        ]
        return (
            {"mrr": present["closing"], "contracts": present["contracts"]},
            {
                "trend_mrr": mean(net_mrr),
                "trend_contracts": mean(net_contracts),
                "trend_months": len(past),
            },
        )

    # === WHAT IS KNOWN === #

    def _get_known_changes(self, firsts, today, domain):
        """Return what will change of MRR and contracts in each month.

        A contract counts for what it is counted under today, also after it changed.

        :param list firsts: first days of the months
        :return: lists of changes: mrr, contracts
        :rtype: dict
        """
        mrr, contracts = defaultdict(Fraction), defaultdict(int)
        if not firsts:
            return {"mrr": [], "contracts": []}
        horizon = end_of_month(firsts[-1])
        # sudo: whoever reads events of contracts reads what they are going to be, in
        # sums; the rules of events decide about which contracts.
        orders = self.env["sale.order"].sudo()
        domain = self._get_order_domain(domain)
        # One by one, each by an index: together, all contracts would be read.
        changing = orders.union(
            *(orders.search(domain & one) for one in self._get_changing(horizon))
        )
        for order in changing:
            rate = self._get_rate(order.company_id.currency_id.id, today)
            for day, amount, active in self._get_steps_of(order, horizon):
                month = max(day, today).replace(day=1)
                mrr[month] += amount * rate
                contracts[month] += active
        ends = self._read_ends(
            domain & Domain("id", "not in", changing.ids), today, horizon
        )
        for month, currency, amount, count in ends:
            mrr[month] -= exact(amount or 0) * self._get_rate(currency, today)
            contracts[month] -= count
        return {
            "mrr": [mrr[first] for first in firsts],
            "contracts": [contracts[first] for first in firsts],
        }

    def _get_order_domain(self, domain):
        """Return which running contracts a domain of events is about.

        By the access rules of events.

        :rtype: Domain
        """
        Event = self.env["subscription.event"]
        Event.check_access("read")
        domain = Domain(domain).optimize(Event)
        if not self.env.su:
            rules = self.env["ir.rule"]._compute_domain("subscription.event", "read")
            domain &= Domain(rules)
        live = Domain("subscription_state", "in", list(lifecycle.LIVE))

        def translate(condition):
            path = FIELDS_OF_ORDER[condition.field_expr]
            return Domain(path, condition.operator, condition.value)

        # What leads on to other records is asked with the rights of who asks.
        if all(
            one.field_expr in FIELDS_OF_ORDER and "any" not in one.operator
            for one in domain.iter_conditions()
        ):
            return live & domain.map_conditions(translate)
        # So is what only events have: contracts that have such events.
        query = Event._search(domain)
        return live & Domain("id", "in", query.subselect("order_id"))

    def _get_changing(self, horizon):
        """Return which contracts will change, or begin to count.

        :rtype: tuple[Domain]
        """
        # sudo: as the contracts they are of
        Change = self.env["subscription.change"].sudo()
        scheduled = Domain("state", "=", "scheduled")
        conditions = (Domain("kind", "in", CHANGING), Domain("date", "<=", horizon))
        changes = [Change._search(scheduled & one) for one in conditions]
        return (
            Domain.AND(
                Domain("id", "in", query.subselect("order_id")) for query in changes
            ),
            Domain("in_trial", "=", True),
        )

    def _get_steps_of(self, order, horizon):
        """Return how a contract's MRR will change, day by day.

        :return: list of (day, change of MRR, change in contracts)
        :rtype: list[tuple]
        """
        last = self._get_known_end(order)
        days = {
            change.date
            for change in order.scheduled_change_ids
            if change.kind in CHANGING
        }
        days |= {order.trial_end_date + ONE_DAY} if order.in_trial else set()
        days |= {last} if last else set()
        amount, active = exact(order.mrr), int(not order.in_trial)
        steps = []
        for day in sorted(day for day in days if day <= horizon):
            is_in_trial = order.in_trial and day <= order.trial_end_date
            counts = not is_in_trial and not (last and day >= last)
            position = counts and self.env[
                "subscription.event"
            ].sudo()._get_position_on(order, day)
            total = position.total if position else Fraction(0)
            steps.append((day, total - amount, int(counts) - active))
            amount, active = total, int(counts)
        return steps

    def _get_known_end(self, order):
        """Return the day from which on a contract is known not to count, or None.

        A fixed term whose renewal is made or open goes on.

        :rtype: date | None
        """
        ends = [order.close_date]
        if not order._get_open_renewal():
            ends.append(order.end_date)
        return min((day for day in ends if day), default=None)

    def _read_ends(self, domain, today, horizon):
        """Sum up the contracts that end, by month and currency.

        As :meth:`_get_known_end` has it, for all in one statement.

        :return: list of (first day of the month, currency id, MRR, contracts)
        :rtype: list[tuple]
        """
        orders = self.env["sale.order"].sudo()  # sudo: see _get_known_changes
        orders.flush_model()
        query = orders._search(
            domain
            & Domain("in_trial", "=", False)
            & (Domain("end_date", "<=", horizon) | Domain("close_date", "<=", horizon))
        )
        if query.is_empty():
            return []
        return self.env.execute_query(
            SQL(
                """
                SELECT date_trunc('month', greatest(last, %(today)s))::date,
                       currency_id, sum(mrr), count(*)
                  FROM (
                        SELECT sale_order.mrr, company.currency_id,
                               least(sale_order.close_date, CASE WHEN NOT EXISTS (
                                   SELECT FROM sale_order renewal
                                    WHERE renewal.parent_order_id = sale_order.id
                                      AND renewal.subscription_kind = 'renewal'
                                      AND renewal.state = ANY(%(states)s)
                               ) THEN sale_order.end_date END) AS last
                          FROM %(table)s
                          JOIN res_company company
                            ON company.id = sale_order.company_id
                         WHERE %(where)s
                       ) ending
                 WHERE last <= %(horizon)s
                 GROUP BY 1, 2
                """,
                today=today,
                horizon=horizon,
                states=[*QUOTATION_STATES, "sale"],
                table=query.from_clause,
                where=query.where_clause or SQL("TRUE"),
            )
        )
