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


PLANS = {
    "monthly": Plan(),
    "monthly in arrears": Plan(arrears=True),
    "monthly, 5 days before": Plan(lead=5),
    "monthly, 4 days late": Plan(lead=-4),
    "monthly in arrears, 3 days before": Plan(arrears=True, lead=3),
    "weekly": Plan("week"),
    "two weeks in arrears": Plan("week", 2, arrears=True),
    "quarterly": Plan("month", 3),
    "quarterly in arrears": Plan("month", 3, arrears=True),
    "quarterly on the 31st": Plan("month", 3, align=31),
    "yearly": Plan("year"),
    "yearly, 10 days before": Plan("year", lead=10),
    "yearly in January": Plan("year", align=1),
    "on the 1st": Plan(align=1),
    "on the 1st, in arrears": Plan(align=1, arrears=True),
    "on the 31st": Plan(align=31),
    "on the 31st, 7 days before": Plan(align=31, lead=7),
    "14 days of trial": Plan(trial=14),
    "10 days of trial, on the 1st in arrears": Plan(align=1, arrears=True, trial=10),
}
