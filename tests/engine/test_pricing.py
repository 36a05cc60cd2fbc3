"""What a price becomes when it is raised."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing import ENDINGS, nearest_ending, new_price, raised_price

PRICES = st.decimals("0", "100000", places=2)
PERCENTS = st.decimals("-99", "300", places=3)


@pytest.mark.parametrize(
    ("method", "value", "price"),
    [
        ("percent", 5, "105"),
        ("percent", 3.7, "103.7"),
        ("percent", -10, "90"),
        ("amount", 7.5, "107.5"),
        ("amount", -7.5, "92.5"),
        ("price", 119, "119"),
    ],
)
def test_a_price_of_100_is_raised(method, value, price):
    assert raised_price(100.0, method, value) == Fraction(price)


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="halve"):
        raised_price(100, "halve", 1)


@pytest.mark.parametrize(
    ("price", "ending", "rounded"),
    [
        ("101.374", "0.01", "101.37"),
        ("101.375", "0.01", "101.38"),  # halves up
        ("101.37", "0.05", "101.35"),
        ("101.375", "0.05", "101.40"),
        ("101.37", "0.10", "101.40"),
        ("101.37", "0.50", "101.50"),
        ("101.37", "1.00", "101"),
        ("101.50", "1.00", "102"),
        ("101.37", "x.99", "100.99"),
        ("101.49", "x.99", "101.99"),  # halves up here too
        ("101.99", "x.99", "101.99"),
    ],
)
def test_a_price_is_rounded_to_the_nearest_ending(price, ending, rounded):
    assert nearest_ending(price, ending) == Fraction(rounded)


@pytest.mark.parametrize(
    ("ending", "price"), [("0.05", "0.05"), ("1.00", "1"), ("x.99", "0.99")]
)
def test_what_costs_something_is_not_rounded_to_nothing(ending, price):
    assert nearest_ending("0.02", ending) == Fraction(price)


def test_rounding_does_not_turn_a_rise_into_a_fall():
    assert new_price(100, "percent", 0.2, "x.99") == Fraction("100.99")
    assert new_price(100, "percent", 0.2, "1.00") == 100
    assert new_price(100.40, "percent", 0.05, "1.00") == 101


def test_rounding_does_not_turn_a_fall_into_a_rise():
    assert new_price(100.60, "amount", -0.05, "1.00") == 100


def test_a_price_that_was_named_is_left_as_it_is():
    assert new_price(100, "price", 119.37, "x.99") == Fraction("119.37")


def test_a_price_below_zero_is_for_the_caller_to_refuse():
    assert new_price(10, "amount", -15, "0.05") == -5


def test_nothing_more_leaves_a_price_alone():
    assert new_price(100, "percent", 0, "x.99") == 100


@given(PRICES, PERCENTS, st.sampled_from(sorted(ENDINGS)))
def test_a_rise_never_falls_and_a_fall_never_rises(price, percent, ending):
    new = new_price(price, "percent", percent, ending)
    step, offset = ENDINGS[ending]
    if percent >= 0:
        assert new >= price
    if percent == 0 or price == 0:
        assert new == price
    else:
        assert ((new - offset) / step).denominator == 1
        assert abs(new - raised_price(price, "percent", percent)) <= max(step, 1)
