"""A billed stretch of time and its share of the full period it belongs to."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

ONE_DAY = timedelta(days=1)


def count_days(start, end):
    """Return the number of days from start to end, both counted."""
    return (end - start).days + 1


@dataclass(frozen=True)
class Period:
    """From ``start`` to ``end``, both inclusive.

    ``full_start`` and ``full_end`` bound the period whose price the plan names; they
    differ from ``start`` and ``end`` where a first, last or changed period is partial.
    A ``free`` period is owed nothing (a trial, a free first stretch).
    ``done_days`` of the full period were billed before ``start``: what is left of it
    then costs what is left of its price, to the last unit of the currency.
    """

    start: date
    end: date
    full_start: date
    full_end: date
    free: bool = False
    done_days: int = 0

    def __post_init__(self):
        if not self.full_start <= self.start <= self.end <= self.full_end:
            raise ValueError(
                f"{self.start}..{self.end} is not within "
                f"{self.full_start}..{self.full_end}"
            )
        if not 0 <= self.done_days <= count_days(self.full_start, self.start) - 1:
            raise ValueError(f"{self.done_days} days cannot be billed already")

    @property
    def days(self):
        """Number of days, both ends counted."""
        return count_days(self.start, self.end)

    @property
    def full_days(self):
        """Number of days of the full period."""
        return count_days(self.full_start, self.full_end)

    @property
    def share(self):
        """Days used / days of the full period, exact: 15-31 July is 17/31."""
        return Fraction(0) if self.free else Fraction(self.days, self.full_days)

    @property
    def done_share(self):
        """Share of the full period that was billed before this stretch."""
        return Fraction(self.done_days, self.full_days)

    @property
    def next_start(self):
        """The day after the last."""
        return self.end + ONE_DAY

    def clip(self, start=None, end=None):
        """Return the part of this period within start..end, or None.

        The full period stays what it was, so the shares of the parts add up.
        """
        start = max(self.start, start or self.start)
        end = min(self.end, end or self.end)
        if start > end:
            return None
        done = self.done_days if start == self.start else 0
        return replace(self, start=start, end=end, done_days=done)
