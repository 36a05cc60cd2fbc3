"""The periods of one contract, from its start to its end."""

from dataclasses import dataclass
from datetime import date
from itertools import count

from .period import ONE_DAY, Period
from .recurrence import Recurrence, add_days, check_day


@dataclass(frozen=True)
class Schedule:
    """When a contract's periods start and end, and when each is invoiced.

    ::

        start     anchor
          |-trial-|-partial-|----- 0 -----|----- 1 -----|-- 2 --| end

    :param start: first day of the contract
    :param recurrence: length of a period
    :param end: last day, or None for ever
    :param trial_days: days at the start that cost nothing
    :param align_day: None, or the calendar day periods start on (see
        :meth:`Recurrence.align`)
    :param align_month: month they start in, for years
    :param first_period: how a partial first period is owed: ``prorate`` by its days,
        ``full`` like a whole one, ``free`` not at all
    :param anchored_on: a day some period starts on, where it is not the first after
        the trial: a renewal keeps the rhythm of the contract before it
    :param arrears: invoice after the period instead of before it
    :param lead_days: days the invoice is made before the period starts (arrears:
        before it is over); negative for after
    """

    start: date
    recurrence: Recurrence
    end: date | None = None
    trial_days: int = 0
    align_day: int | None = None
    align_month: int = 1
    first_period: str = "prorate"
    anchored_on: date | None = None
    arrears: bool = False
    lead_days: int = 0

    def __post_init__(self):
        check_day(self.start)
        if self.end is not None:
            check_day(self.end)
        if self.anchored_on is not None:
            check_day(self.anchored_on)
        if self.first_period not in ("prorate", "full", "free"):
            raise ValueError(f"unknown first period {self.first_period!r}")

    # The bounds of the picture above

    @property
    def paid_start(self):
        """First day after the trial."""
        return add_days(self.start, max(self.trial_days, 0))

    @property
    def anchor(self):
        """Start of the first full period."""
        if self.align_day is None:
            if self.anchored_on is None:
                return self.paid_start
            n = self.recurrence.index(self.anchored_on, self.paid_start)
            start = self.recurrence.nth(self.anchored_on, n)
            if start < self.paid_start:
                start = self.recurrence.nth(self.anchored_on, n + 1)
            return start
        return self.recurrence.align(self.paid_start, self.align_day, self.align_month)

    def _nth(self, n):
        return self.recurrence.nth(self.anchor, n, self._kept_day)

    @property
    def _kept_day(self):
        """Day of the month that short months have cut off the anchor, or None."""
        if self.recurrence.unit in ("day", "week"):
            return None
        if self.align_day is None:
            return self.anchored_on and self.anchored_on.day
        return self.align_day

    def _full(self, n):
        """Return the n-th full period, whatever start and end say."""
        start, end = self._nth(n), self._nth(n + 1) - ONE_DAY
        return Period(start, end, start, end)

    # Periods

    def period_from(self, on):
        """Return the stretch that starts on ``on``, up to the end of its period.

        This is the period that contains the date, without the days before it: a
        contract whose ledger ends on the 14th goes on from the 15th.

        :param date on: the first day; days before the contract's start count as it
        :return: the period, or None once the contract has ended
        :rtype: Period | None
        :raise DateOutOfRange: for dates no contract can mean
        """
        on = max(check_day(on), self.start)
        if self.end is not None and on > self.end:
            return None
        return self._containing(on).clip(start=on, end=self.end)

    def _containing(self, on):
        if on < self.paid_start:
            last = self.paid_start - ONE_DAY
            return Period(self.start, last, self.start, last, free=True)
        if on < self.anchor:
            return self._partial_first()
        return self._full(self.recurrence.index(self.anchor, on, self._kept_day))

    def _partial_first(self):
        start, last = self.paid_start, self.anchor - ONE_DAY
        if self.first_period == "prorate":
            # The stretch lies in the period before the first aligned one.
            return Period(start, last, self._nth(-1), last)
        return Period(start, last, start, last, free=self.first_period == "free")

    def periods(self, since=None):
        """Yield the periods from the date ``since`` on (default: all), in order."""
        on = since or self.start
        for _number in count():
            period = self.period_from(on)
            if period is None:
                return
            yield period
            on = period.next_start

    def end_after(self, periods):
        """Return the last day of a contract of so many full periods after the trial.

        12 months from 1 January end on 31 December. A partial first period comes
        on top.

        :rtype: date
        """
        return self._nth(periods) - ONE_DAY

    # Invoices

    def invoice_date(self, period):
        """Return the day the invoice of a period is made."""
        due = period.next_start if self.arrears else period.start
        return add_days(due, -self.lead_days)
