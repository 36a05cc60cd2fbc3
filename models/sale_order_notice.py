"""When a contract may end at the earliest: notice period and minimum term."""

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..engine import recurrence


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _get_earliest_close_date(self):
        """Return the first day the contract may end on, if it is closed today.

        :rtype: date
        """
        self.ensure_one()
        today = self._get_today()
        try:
            notice = recurrence.add_days(today, self.plan_id.notice_days)
            return max(notice, self._get_minimum_term_end() or today)
        except recurrence.DateOutOfRange:
            return recurrence.LAST_DAY

    def _get_minimum_term_end(self):
        """Return the last day the customer is bound to, or None.

        A plan the contract was switched to binds from the switch on.

        :rtype: date | None
        """
        self.ensure_one()
        today = self._get_today()
        ends = [
            epoch.schedule.end_after(epoch.key.minimum_periods)
            for number, epoch in enumerate(self._get_timeline().epochs)
            if epoch.key.minimum_periods and (not number or epoch.since <= today)
        ]
        return max(ends, default=None)

    def _check_notice(self, date):
        """Refuse a day that notice period or minimum term do not allow.

        :param date date: the day the contract is to end
        :raise UserError: for a day that is too early
        """
        self.ensure_one()
        earliest = self._get_earliest_close_date()
        if date < earliest:
            raise UserError(
                self.env._(
                    "%(order)s can end on %(date)s at the earliest, by its notice "
                    "period and minimum term.",
                    order=self.name,
                    date=format_date(self.env, earliest),
                )
            )

    def _get_close_date_at_period_end(self, respect_notice=True):
        """Return the end of what is billed, or of the first later period allowed.

        :param bool respect_notice: not before notice period and minimum term
        :rtype: date
        """
        self.ensure_one()
        today = self._get_today()
        # In arrears, what is billed may be over already.
        day = max(self.paid_until or today, today)
        if not respect_notice:
            return day
        earliest = self._get_earliest_close_date()
        if day >= earliest:
            return day
        # Whatever close date it has now is about to be replaced.
        timeline = self._get_timeline(end_date=self.end_date or None)
        try:
            period = timeline.period_from(earliest)
        except recurrence.DateOutOfRange:
            return earliest
        return period.end if period else earliest
