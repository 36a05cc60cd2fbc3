"""Monthly recurring revenue of a price per period."""

from decimal import Decimal
from fractions import Fraction

import oracle
import pytest

from engine import DAYS_PER_MONTH, monthly_amount, months_in


def test_a_month_is_a_twelfth_of_365_and_a_quarter_days():
    year = 12 * DAYS_PER_MONTH
    assert year == Fraction("365.25")


@pytest.mark.parametrize(
    ("unit", "count", "months"),
    [
        ("day", 1, Fraction(10_000, 304_375)),
        ("day", 30, Fraction(300_000, 304_375)),
        ("week", 1, Fraction(70_000, 304_375)),
        ("week", 2, Fraction(140_000, 304_375)),
        ("month", 1, 1),
        ("month", 3, 3),
        ("year", 1, 12),
        ("year", 2, 24),
    ],
)
def test_the_months_in_a_period_are_exact(unit, count, months):
    assert months_in(unit, count) == months


@pytest.mark.parametrize(
    ("amount", "unit", "count", "expected"),
    [
        ("100.00", "week", 1, "434.82"),
        ("100.00", "week", 2, "217.41"),
        ("100.00", "day", 1, "3043.75"),
        ("100.00", "day", 7, "434.82"),
        ("100.00", "day", 30, "101.46"),
        ("100.00", "month", 1, "100.00"),
        ("100.00", "month", 2, "50.00"),
        ("100.00", "month", 3, "33.33"),
        ("100.00", "month", 6, "16.67"),
        ("1200.00", "year", 1, "100.00"),
        ("1200.00", "year", 2, "50.00"),
        ("-1200.00", "year", 1, "-100.00"),
        ("0", "month", 1, "0.00"),
    ],
)
def test_an_amount_per_period_is_an_amount_per_month(amount, unit, count, expected):
    monthly = monthly_amount(Decimal(amount), unit, count)
    assert oracle.money(oracle.units(monthly, 2), 2) == Decimal(expected)


def test_an_amount_per_month_is_not_rounded():
    assert monthly_amount(100, "month", 3) == Fraction(100, 3)
    assert monthly_amount(0.1, "month") == Fraction(1, 10)


@pytest.mark.parametrize("unit", ["day", "week", "month", "year"])
def test_twelve_months_of_revenue_are_those_of_a_year(unit):
    assert monthly_amount(12, unit) == 12 * monthly_amount(1, unit)
    assert monthly_amount(1, unit, 5) * 5 == monthly_amount(1, unit)
