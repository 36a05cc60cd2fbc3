"""A recurrence: every N days, weeks, months or years, counted from an anchor."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

UNITS = ("day", "week", "month", "year")
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
# No contract lives outside these years: dates beyond them are typing errors, and
# arithmetic with them overflows.
FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2999, 12, 31)
_MAX_STEPS = 400_000


class DateOutOfRange(ValueError):
    """A date, or a number of steps, that no contract can mean."""


def check_day(day):
    """Return ``day``, or raise :class:`DateOutOfRange` outside 1900 to 2999."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise DateOutOfRange(f"{day} is outside {FIRST_DAY} to {LAST_DAY}")
    return day


def add_days(day, days):
    """Return the day so many days later, or raise :class:`DateOutOfRange`."""
    try:
        return check_day(day + timedelta(days=days))
    except OverflowError:
        raise DateOutOfRange(f"{days} days from {day} is too far away") from None


@dataclass(frozen=True)
class Recurrence:
    """Every ``count`` ``unit``\\ s.

    :param unit: ``day``, ``week``, ``month`` or ``year``
    :param count: how many of them, at least 1
    :raise ValueError: for another unit, or a count below 1
    """

    unit: str
    count: int = 1

    def __post_init__(self):
        if self.unit not in UNITS:
            raise ValueError(f"unknown unit {self.unit!r}")
        if self.count < 1:
            raise ValueError("a recurrence repeats every 1 or more units")

    def nth(self, anchor, n, day=None):
        """Return the start of the n-th period: *anchor + n x interval*.

        Months that lack the anchor's day end on their last: 31 January, 28 February,
        31 March, 30 April.

        :param date anchor: start of period 0
        :param int n: number of the period, negative for those before the anchor
        :param int day: day of the month to keep, where it is not the anchor's (an
            anchor of 28 February may stand for "the 31st of each month")
        :rtype: date
        :raise DateOutOfRange: when the result leaves 1900 to 2999
        """
        steps = n * self.count
        if abs(steps) > _MAX_STEPS:
            raise DateOutOfRange(f"{steps} {self.unit}s is too far away")
        if self.unit in _DAYS:
            return add_days(anchor, steps * _DAYS[self.unit])
        months = anchor.year * 12 + anchor.month - 1 + steps * _MONTHS[self.unit]
        year, month = divmod(months, 12)
        if not FIRST_DAY.year <= year <= LAST_DAY.year:
            raise DateOutOfRange(f"the year {year} is too far away")
        last = monthrange(year, month + 1)[1]
        return date(year, month + 1, min(day or anchor.day, last))

    def index(self, anchor, on, day=None):
        """Return the number of the period that contains the date ``on``.

        :rtype: int
        """
        if self.unit in _DAYS:
            return (on - anchor).days // (self.count * _DAYS[self.unit])
        months = (on.year - anchor.year) * 12 + on.month - anchor.month
        n = months // (self.count * _MONTHS[self.unit])
        # Within its month, the date may still lie before that period's start.
        return n if self.nth(anchor, n, day) <= on else n - 1

    def align(self, on, day, month=1):
        """Return the first calendar-aligned start on or after the date ``on``.

        :param int day: day of the month (months, years) or of the week (weeks, 1 is
            Monday); months without it use their last day
        :param int month: month of the year, for years only
        :rtype: date
        :raise ValueError: for days, which have no calendar to align to
        """
        if self.unit == "day":
            raise ValueError("a recurrence in days cannot be aligned")
        if self.unit == "week":
            return add_days(on, (day - on.isoweekday()) % 7)
        step = Recurrence("year" if self.unit == "year" else "month")
        first = date(on.year, month if self.unit == "year" else on.month, 1)
        first = step.nth(first, 0, day)
        return first if first >= on else step.nth(first, 1, day)
