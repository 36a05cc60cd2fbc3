"""What the dates and amounts must be, found in another way than the engine's.

Dates: the calendar is walked day by day and the days on which a period may start are
picked out; the n-th start is the n-th of them. No months are added anywhere.

Money: whole units of the currency, and binary floats as an Odoo invoice line has them.
"""

import math
from bisect import bisect_left
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

ONE_DAY = timedelta(days=1)
# Six years of starts, 40 periods of two years behind them; 2100 is no leap year.
DAYS = [date(2014, 1, 1) + n * ONE_DAY for n in range(100 * 366)]


@cache
def _weekly(weekday):
    return [day for day in DAYS if day.isoweekday() == weekday]


@cache
def _monthly(number):
    # The last day of the month stands in for days the month lacks.
    return [
        day
        for day in DAYS
        if day.day == number or (day.day < number and (day + ONE_DAY).day == 1)
    ]


@cache
def _yearly(month, number):
    return [day for day in _monthly(number) if day.month == month]


def _possible_starts(unit, start, align_day, align_month):
    if unit == "day":
        return DAYS
    if unit == "week":
        return _weekly(align_day or start.isoweekday())
    if unit == "month":
        return _monthly(align_day or start.day)
    if align_day:
        return _yearly(align_month, align_day)
    return _yearly(start.month, start.day)


def starts(recurrence, start, number, before=0, align_day=None, align_month=1):
    """Return the starts of the full periods from ``start`` on, in order.

    :param number: how many
    :param before: how many to put in front of these, from before ``start``
    """
    days = _possible_starts(recurrence.unit, start, align_day, align_month)
    first = bisect_left(days, start)
    step = recurrence.count
    return days[first - before * step : first + number * step : step]


def units(amount, decimals):
    """Return an exact amount in whole units of the currency, halves away from 0."""
    whole = math.floor(abs(amount) * 10**decimals * 2)
    whole = (whole + 1) // 2
    return -whole if amount < 0 else whole


def money(whole, decimals):
    """Return whole units of the currency as an amount: 3290, 2 is 32.90."""
    return Decimal(whole).scaleb(-decimals)


def odoo_total(price, quantity, discount, decimals):
    """Return the total of an invoice line, in binary floats like Odoo's.

    Written after account.tax and tools.float_round of Odoo 19: the half is tipped
    upwards by a few of the last bits.
    """
    total = float(quantity) * (float(price) * (1 - float(discount) / 100.0))
    if not total:
        return 0.0
    scaled = abs(total) * 10.0**decimals
    scaled = round(scaled + 2 ** (math.log2(scaled) - 50))
    return math.copysign(scaled / 10.0**decimals, total)
