"""When the periods of a plan start: the calendar of the simulation's notebook."""

from dataclasses import dataclass
from datetime import timedelta

from dateutil.relativedelta import relativedelta

DAY = timedelta(days=1)


def count(first, last):
    """Return the number of days, both counted."""
    return (last - first).days + 1


@dataclass(frozen=True)
class Plan:
    """What the notebook has to know of a plan."""

    unit: str = "month"
    count: int = 1
    align: int = 0
    arrears: bool = False
    lead: int = 0
    trial: int = 0

    def get_anchor(self, day):
        """Return the first day from a day on that a full period starts on."""
        if not self.align:
            return day
        while not self._is_aligned(day):
            day += DAY
        return day

    def _is_aligned(self, day):
        if self.unit == "week":
            return day.isoweekday() == self.align
        short = day.day < self.align and (day + DAY).day == 1
        first_month = self.unit != "year" or day.month == 1
        return (day.day == self.align or short) and first_month

    def get_start(self, anchor, number):
        """Return the first day of the full period of a number; it may be negative."""
        number *= self.count
        if self.unit == "day":
            return anchor + number * DAY
        if self.unit == "week":
            return anchor + 7 * number * DAY
        months = number * (12 if self.unit == "year" else 1)
        # The day that is meant, also where the anchor's month lacks it.
        wanted = self.align or anchor.day
        first = anchor.replace(day=1) + relativedelta(months=months)
        return first + relativedelta(day=wanted)

    def get_full(self, anchor, day):
        """Return first and last day of the full period a day lies in."""
        number = 0
        while self.get_start(anchor, number) > day:
            number -= 1
        while self.get_start(anchor, number + 1) <= day:
            number += 1
        start = self.get_start(anchor, number)
        return start, self.get_start(anchor, number + 1) - DAY
