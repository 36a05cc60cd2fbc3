"""The anomaly brake: an invoice far beyond the usual is held for a person."""

from odoo import models
from odoo.tools import SQL

from ..const import USUAL_PERIODS
from ..engine import months_in


class SubscriptionBilling(models.AbstractModel):
    _inherit = "subscription.billing"

    def _hold_unusual(self, units):
        """Hold contracts whose invoice is far beyond the usual, and pass them by.

        Called when the lines are worked out and nothing is written yet.

        :param list[list[Job]] units: the jobs of each invoice
        :return: the units without the jobs that are held
        :rtype: list[list[Job]]
        """
        checked = [
            job
            for unit in units
            for job in unit
            if job.lines and job.order.company_id.subscription_anomaly_factor > 0
        ]
        if not checked:
            return units
        usual = self._get_usual_amounts(checked)
        held = set()
        for job in checked:
            if self._hold_if_unusual(job, usual.get(job.order.id)):
                held.add(job.order)
        if not held:
            return units
        kept = [[job for job in unit if job.order not in held] for unit in units]
        return [unit for unit in kept if unit]

    def _hold_if_unusual(self, job, usual):
        """Hold the contract of a job, if its invoice is far beyond the usual.

        :param Job job: the contract and its period
        :param float usual: what is usual for such a period, or None
        :return: whether it is held
        :rtype: bool
        """
        order = job.order
        factor = order.company_id.subscription_anomaly_factor
        if not usual or usual <= 0:
            return False
        limit = max(factor * usual, order.accepted_amount)
        # Before taxes are taken out, which takes time: it can only become less.
        if self._sum_lines(job) <= limit:
            return False
        amount = self._get_full_amount(job)
        if order.currency_id.compare_amounts(amount, limit) <= 0:
            return False
        order._set_unusual(amount, usual, job.period)
        return True

    def _get_usual_amounts(self, jobs):
        """Return what a full period of each contract came to at most, of the last.

        One query for all. Where a contract had a plan with shorter periods, they count
        by the mean length of a period: 100.00 a month are usually 1,200.00 a year. The
        other way round, 1,200.00 stay what was usual.

        :param list[Job] jobs: what is to be billed
        :return: amounts by the contract's id; none without a history
        :rtype: dict
        """
        Period = self.env["subscription.period"]
        Period.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT recent.order_id,
                       recent.plan_id,
                       max(recent.amount_untaxed
                           * (recent.last_day - recent.first_day + 1)
                           / (recent.date_to - recent.date_from + 1))
                  FROM unnest(%(orders)s) AS contract(id)
            CROSS JOIN LATERAL (
                       SELECT order_id,
                              plan_id,
                              amount_untaxed,
                              date_from,
                              date_to,
                              coalesce(full_from, date_from) AS first_day,
                              coalesce(full_to, date_to) AS last_day
                         FROM subscription_period
                        WHERE order_id = contract.id
                          AND kind = 'billed'
                          AND state != 'void'
                     ORDER BY date_from DESC
                        LIMIT %(count)s
                       ) recent
              GROUP BY recent.order_id, recent.plan_id
                """,
                orders=[job.order.id for job in jobs],
                count=USUAL_PERIODS,
            )
        )
        plans = {job.order.id: job.order._get_plan_on(job.period.start) for job in jobs}
        usual = {}
        for order_id, plan_id, amount in rows:
            now = plans[order_id]
            then = now.browse(plan_id) or now
            longer = max(self._get_months(now) / self._get_months(then), 1)
            amount = float(amount or 0) * float(longer)
            usual[order_id] = max(usual.get(order_id, 0.0), amount)
        return usual

    def _get_months(self, plan):
        return months_in(plan.billing_period_unit, plan.billing_period_value)

    def _get_scale(self, job, line, values):
        """Return by what a line's amount is multiplied to be that of a full period."""
        if job.period.days == job.period.full_days or values.get("change_line_id"):
            return 1.0
        if not line.is_recurring or line._get_period_share(job.period) == 1:
            return 1.0
        return job.period.full_days / job.period.days

    def _sum_lines(self, job):
        """Return what the lines of a job come to for a full period, taxes included."""
        return sum(
            values["price_unit"]
            * values["quantity"]
            * (1 - values.get("discount", 0.0) / 100)
            * self._get_scale(job, line, values)
            for line, values in job.lines
            if values.get("price_unit")
        )

    def _get_full_amount(self, job):
        """Return what the lines of a job come to for a full period, without taxes.

        :rtype: float
        """
        base_lines = [
            line._prepare_base_line_for_taxes_computation(
                quantity=values["quantity"],
                price_unit=values["price_unit"] * self._get_scale(job, line, values),
                discount=values.get("discount", 0.0),
            )
            for line, values in job.lines
            if values.get("price_unit")
        ]
        return self._sum_base_lines(job.order, base_lines)["amount_untaxed"]
