"""The periods of a contract whose rhythm changed on the way."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from .period import ONE_DAY
from .recurrence import DateOutOfRange
from .schedule import Schedule


@dataclass(frozen=True)
class Epoch:
    """From its first day on, a schedule holds.

    :param since: first day
    :param schedule: the schedule, whose own start is that day
    :param key: what the caller knows it by (a plan)
    """

    since: date
    schedule: Schedule
    key: object = None


@dataclass(frozen=True)
class Timeline:
    """Schedules one after the other: a contract that switched its plan.

    ::

        |--- monthly ---|--- monthly ---|-- cut --|-------- yearly --------|
        epoch 0                                   epoch 1

    A period never reaches into the next epoch: it is cut, and owes its share.

    :param epochs: in the order of their days, at least one; of two that begin on the
        same day the later one counts
    """

    epochs: tuple

    def __post_init__(self):
        if not self.epochs:
            raise ValueError("a timeline has at least one epoch")
        if any(one.since > next_.since for one, next_ in pairwise(self.epochs)):
            raise ValueError("epochs follow each other")

    def get_epoch(self, on):
        """Return the epoch of a day; days before the first belong to it.

        :rtype: Epoch
        """
        return next(
            (epoch for epoch in reversed(self.epochs) if epoch.since <= on),
            self.epochs[0],
        )

    def period_from(self, on):
        """Return the stretch that starts on ``on``, up to the end of its period.

        See :meth:`Schedule.period_from`.

        :rtype: Period | None
        :raise DateOutOfRange: for dates no contract can mean
        """
        period = self.get_epoch(on).schedule.period_from(on)
        if period is None:
            return None
        following = [epoch.since for epoch in self.epochs if epoch.since > period.start]
        if following:
            period = period.clip(end=min(following) - ONE_DAY)
        return period

    def periods(self, since=None):
        """Yield the periods from a day on (default: all), in order."""
        on = since or self.epochs[0].since
        while (period := self.period_from(on)) is not None:
            yield period
            on = period.next_start

    def invoice_date(self, period):
        """Return the day the invoice of a period is made."""
        return self.get_epoch(period.start).schedule.invoice_date(period)


def within_calendar(periods):
    """Yield periods up to where the calendar ends: that of long plans does soon.

    :param periods: as a timeline yields them
    """
    with suppress(DateOutOfRange):
        yield from periods
