"""From grouped sums to the rows and averages of a cohort table.

Plain Python: values in, values out. A *cohort* is named by the first day of the
interval in which its records start. An *offset* counts intervals from there: 0 is the
cohort's own.
"""

from dataclasses import dataclass
from math import fsum

from dateutil.relativedelta import relativedelta

INTERVALS = ("day", "week", "month", "quarter", "year")
MODES = ("retention", "churn")
TIMELINES = ("forward", "backward")

# The cohort's own period and fifteen more. More do not fit on a screen, and every
# column is a figure that somebody has to read.
COLUMNS = 16
# A year of daily cohorts. The latest ones are kept: a browser cannot show ten years of
# them, and nobody could read it.
ROWS = 366

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Cell:
    """What is left, or gone, at the end of the period at an offset.

    Both figures are None while the period has not begun. The percentage is None too
    where the cohort started with nothing.
    """

    offset: int
    value: float | None
    percentage: float | None


@dataclass(frozen=True)
class Row:
    """A cohort, or the average of all, which has no day."""

    day: object
    value: float
    cells: tuple


def get_offsets(timeline):
    """Return the offsets of the columns: 0 to 15, or -15 to 0."""
    if timeline == "backward":
        return range(1 - COLUMNS, 1)
    return range(COLUMNS)


def shift(day, count, interval):
    """Return the first day of the interval `count` intervals after that of `day`."""
    if interval in _DAYS:
        return day + relativedelta(days=count * _DAYS[interval])
    return day + relativedelta(months=count * _MONTHS[interval])


def count_intervals(day, other, interval):
    """Return how many intervals `other` lies after the one that begins with `day`."""
    if interval in _DAYS:
        return (other - day).days // _DAYS[interval]
    months = (other.year - day.year) * 12 + other.month - day.month
    return months // _MONTHS[interval]


def _divide(part, whole):
    """Return a percentage. In this order, all of it is 100 and not nearly 100."""
    return 100.0 * (part / whole) if whole else None


def _get_left(sums, offset):
    """Return what is left of grouped sums after an offset.

    Added up, not subtracted from the whole: when all are gone, nothing is left, and not
    a trillionth of a cent.
    """
    return fsum(value for stop, value in sums.items() if stop is None or stop > offset)


def _get_gone(sums, offset):
    return fsum(
        value for stop, value in sums.items() if stop is not None and stop <= offset
    )


def build_rows(cohorts, today, interval, mode, timeline):
    """Return the rows of a cohort table, by day.

    :param cohorts: a dict from the first day of each cohort to its sums: a dict from
        the offset at which records stopped to the sum of their values. What never
        stopped, or after the last column, has the offset None. What stopped before the
        first column has its offset.
    :param today: the day after which periods are not shown
    :return: a list of `Row`
    """
    get_figure = _get_left if mode == "retention" else _get_gone
    rows = []
    for day, sums in sorted(cohorts.items()):
        whole = fsum(sums.values())
        last = count_intervals(day, today, interval)
        cells = []
        for offset in get_offsets(timeline):
            value = get_figure(sums, offset) if offset <= last else None
            share = None if value is None else _divide(value, whole)
            cells.append(Cell(offset, value, share))
        rows.append(Row(day, whole, tuple(cells)))
    return rows


def build_average(rows, timeline):
    """Return the `Row` below all others.

    Its value is the sum of what the cohorts started with. Each of its percentages is
    the average of those above it, weighted by that. Cohorts that have not come so far
    do not count in it.
    """
    cells = []
    for index, offset in enumerate(get_offsets(timeline)):
        above = [(row.value, row.cells[index]) for row in rows]
        above = [(whole, cell) for whole, cell in above if cell.percentage is not None]
        value = fsum(cell.value for _whole, cell in above) if above else None
        whole = fsum(whole for whole, _cell in above)
        cells.append(Cell(offset, value, _divide(value, whole) if above else None))
    return Row(None, fsum(row.value for row in rows), tuple(cells))
