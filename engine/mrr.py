"""Monthly recurring revenue of a price per period."""

from fractions import Fraction

from .proration import exact

# The mean length of a month: 365.25 / 12 = 30.4375 days.
DAYS_PER_MONTH = Fraction("365.25") / 12


def months_in(unit, count=1):
    """Return the length of a period in months: a week is 7 / 30.4375, a year 12.

    :rtype: Fraction
    """
    if unit == "day":
        return count / DAYS_PER_MONTH
    if unit == "week":
        return 7 * count / DAYS_PER_MONTH
    return Fraction(count * (12 if unit == "year" else 1))


def monthly_amount(amount, unit, count=1):
    """Return the amount per month of an amount per period, exact and unrounded.

    100.00 a week is 434.82, 1,200.00 a year is 100.00.

    :rtype: Fraction
    """
    return exact(amount) / months_in(unit, count)
