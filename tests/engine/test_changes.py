"""What a line's quantity and price were, are and will be, by tables."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from oracle import ONE_DAY

from engine import Repricing, Step, price_on, quantity_on, quantity_spans

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)


def march(number):
    """Return a day of March 2026; 0 is the last of February, 32 the first of April."""
    return FIRST + (number - 1) * ONE_DAY


def made(number, delta):
    """Return a change that today's quantity has in it."""
    return Step(march(number), delta)


def planned(number, delta):
    return Step(march(number), delta, done=False)


def spans(quantity, *steps):
    """Return what March owes as (quantity, first day, last day)."""
    return [
        (str(span.quantity), span.start.day, span.end.day)
        for span in quantity_spans(FIRST, LAST, quantity, steps)
    ]


# -- The quantity on a day


#   today's 5
#   before 11 March: 3      5 |     |--- +2, made ---------------
#   from 21 March on: 4     3 |-----|            |-1, planned----
@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, 3), (10, 3), (11, 5), (12, 5), (20, 5), (21, 4), (22, 4), (32, 4)],
)
def test_made_changes_lead_back_from_today_and_planned_ones_lead_on(number, expected):
    steps = [made(11, 2), planned(21, -1)]
    assert quantity_on(march(number), 5, steps) == expected
    assert quantity_on(march(number), 5, steps[::-1]) == expected


@pytest.mark.parametrize(
    ("steps", "before", "on", "after"),
    [
        ([], 5, 5, 5),
        ([made(11, 2)], 3, 5, 5),
        ([made(11, -2)], 7, 5, 5),
        ([planned(11, 2)], 5, 7, 7),
        ([planned(11, -2)], 5, 3, 3),
        ([made(11, 2), made(11, -2)], 5, 5, 5),
        ([made(11, 2), planned(11, -2)], 3, 3, 3),
        ([made(11, 2), made(12, 1)], 2, 4, 5),
        ([planned(11, 2), planned(12, 1)], 5, 7, 8),
        # Planned for the 11th, and sooner than what was made for the 12th.
        ([planned(11, -1), made(12, 3)], 2, 1, 4),
    ],
)
def test_a_change_counts_from_its_day_on(steps, before, on, after):
    numbers = [quantity_on(march(number), 5, steps) for number in (10, 11, 12)]
    assert numbers == [before, on, after]


def test_quantities_are_exact():
    assert quantity_on(FIRST, 0.3, [made(11, 0.1), made(12, 0.2)]) == 0
    assert quantity_on(FIRST, "2.5", [planned(1, Decimal("0.1"))]) == Fraction(13, 5)


# -- What a period owes


#   1 March     11                    31
#     3 |         |--------- +2 --------|
#     1 |-------------------------------|
def test_more_in_mid_period_is_owed_from_its_day_on():
    assert spans(3, made(11, 2)) == [("1", 1, 31), ("2", 11, 31)]


#   1 March         20                31
#     3 |------ 2 ----|
#     1 |-------------------------------|
def test_less_in_mid_period_is_owed_up_to_the_day_before():
    assert spans(1, made(21, -2)) == [("2", 1, 20), ("1", 1, 31)]


#   1 March     11      20            31
#     2 |         |-- 1 --|
#     1 |-------------------------------|
def test_what_came_last_goes_first():
    assert spans(1, made(11, 1), made(21, -1)) == [("1", 1, 31), ("1", 11, 20)]


@pytest.mark.parametrize(
    ("quantity", "steps", "expected"),
    [
        (3, [], [("3", 1, 31)]),
        (0, [], []),
        # All of it leaves, or comes.
        (0, [made(21, -3)], [("3", 1, 20)]),
        (3, [made(11, 3)], [("3", 11, 31)]),
        (0, [made(11, 3), made(21, -3)], [("3", 11, 20)]),
        # Last in, first out, and through to what was there before it.
        (
            0,
            [made(6, 1), made(11, 2), made(21, -2), made(26, -1)],
            [("1", 6, 25), ("2", 11, 20)],
        ),
        (
            1,
            [made(6, 1), made(11, 2), made(21, -3)],
            [("1", 1, 31), ("1", 6, 20), ("2", 11, 20)],
        ),
        (
            4,
            [made(11, 5), made(21, -2)],
            [("1", 1, 31), ("2", 11, 20), ("3", 11, 31)],
        ),
        # Down, and up again later: those are others.
        (5, [made(11, -2), made(21, 2)], [("2", 1, 10), ("3", 1, 31), ("2", 21, 31)]),
        # Parts of a unit.
        ("1.5", [made(11, "0.5")], [("1", 1, 31), ("1/2", 11, 31)]),
        (0.3, [made(11, 0.1), made(21, 0.2)], [("1/10", 11, 31), ("1/5", 21, 31)]),
    ],
)
def test_a_period_owes_each_quantity_for_its_days(quantity, steps, expected):
    assert spans(quantity, *steps) == expected


@pytest.mark.parametrize(
    ("quantity", "steps", "expected"),
    [
        # All planned, some planned: the same history as above.
        (1, [planned(11, 2)], [("1", 1, 31), ("2", 11, 31)]),
        (3, [planned(21, -2)], [("2", 1, 20), ("1", 1, 31)]),
        (2, [made(11, 1), planned(21, -1)], [("1", 1, 31), ("1", 11, 20)]),
        (1, [planned(11, 1), planned(21, -1)], [("1", 1, 31), ("1", 11, 20)]),
        (0, [planned(11, 1), made(21, -1)], [("1", 1, 31), ("1", 11, 20)]),
    ],
)
def test_made_and_planned_changes_owe_the_same(quantity, steps, expected):
    assert spans(quantity, *steps) == expected


@pytest.mark.parametrize("kind", [made, planned])
@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (-300, [("5", 1, 31)]),
        (0, [("5", 1, 31)]),
        (1, [("5", 1, 31)]),  # the first day has it already
        (2, [("3", 1, 31), ("2", 2, 31)]),
        (31, [("3", 1, 31), ("2", 31, 31)]),
        (32, [("3", 1, 31)]),
        (400, [("3", 1, 31)]),
    ],
)
def test_what_changes_before_the_period_is_in_it_and_what_changes_later_is_not(
    kind, number, expected
):
    assert spans(5 if kind is made else 3, kind(number, 2)) == expected


# -- On one day


@pytest.mark.parametrize(
    "steps",
    [
        [made(11, 4), made(11, -4)],
        [made(11, -1), made(11, 1)],
        [planned(11, 4), planned(11, -4)],
        [made(11, 1), made(11, 1), made(11, -2)],
        [made(11, -2), made(11, 3), made(11, -1)],
        # As they stand, the first of them would leave less than nothing.
        [made(11, -9), made(11, 9)],
        [planned(11, -9), planned(11, 9)],
        [made(1, 2), made(1, -2)],
        [made(31, 2), made(31, -2)],
    ],
)
def test_what_comes_and_goes_on_one_day_is_nothing(steps):
    assert spans(2, *steps) == [("2", 1, 31)]
    assert spans(2, *steps[::-1]) == [("2", 1, 31)]


def test_changes_of_one_day_are_one_change():
    up = [made(11, 1), made(11, 3), made(11, -2)]
    assert spans(5, *up) == spans(5, made(11, 2)) == [("3", 1, 31), ("2", 11, 31)]
    down = [made(11, 1), made(11, -4)]
    assert spans(2, *down) == spans(2, made(11, -3)) == [("3", 1, 10), ("2", 1, 31)]


def test_the_order_in_which_changes_are_listed_does_not_matter():
    steps = [made(6, 1), made(11, 2), planned(21, -2), made(21, -1)]
    for turn in range(len(steps)):
        turned = steps[turn:] + steps[:turn]
        assert spans(2, *turned) == [("1", 6, 20), ("2", 11, 20)]


# -- Below nothing: a line that takes off


@pytest.mark.parametrize(
    ("quantity", "steps", "expected"),
    [
        (-2, [], [("-2", 1, 31)]),
        (-2, [made(11, -1)], [("-1", 1, 31), ("-1", 11, 31)]),
        (-1, [made(21, 1)], [("-1", 1, 20), ("-1", 1, 31)]),
        (0, [made(21, 2)], [("-2", 1, 20)]),
        (-1, [made(21, -3)], [("2", 1, 20), ("-1", 21, 31)]),
        (2, [made(21, 3)], [("-1", 1, 20), ("2", 21, 31)]),
        (1, [made(11, -2), made(21, 2)], [("1", 1, 10), ("-1", 11, 20), ("1", 21, 31)]),
    ],
)
def test_a_quantity_below_nothing_is_owed_as_such(quantity, steps, expected):
    assert spans(quantity, *steps) == expected


# -- The price on a day


#   10.00 |-----| 12.00 |-----| 15.00, today's |-----| 18.00
#               6            11                21, planned
@pytest.mark.parametrize(
    ("number", "price"),
    [
        (0, "10.00"),
        (5, "10.00"),
        (6, "12.00"),
        (10, "12.00"),
        (11, "15.00"),
        (20, "15.00"),
        (21, "18.00"),
        (25, "18.00"),
        (26, "20.00"),
        (99, "20.00"),
    ],
)
def test_a_price_holds_from_its_day_to_the_day_before_the_next(number, price):
    repricings = [
        Repricing(march(6), "10.00", "12.00"),
        Repricing(march(11), "12.00", "15.00"),
        Repricing(march(21), "15.00", "18.00", done=False),
        Repricing(march(26), "18.00", "20.00", done=False),
    ]
    assert price_on(march(number), "15.00", repricings) == price
    assert price_on(march(number), "15.00", repricings[::-1]) == price


def test_a_price_without_changes_is_todays():
    assert price_on(FIRST, "15.00", []) == "15.00"


@pytest.mark.parametrize(
    ("number", "price"), [(10, "10.00"), (11, "14.00"), (12, "14.00")]
)
@pytest.mark.parametrize("done", [True, False])
def test_of_two_new_prices_of_one_day_the_one_made_last_counts(number, price, done):
    repricings = [
        Repricing(march(11), "10.00", "12.00", done),
        Repricing(march(11), "12.00", "14.00", done),
    ]
    today = "14.00" if done else "10.00"
    assert price_on(march(number), today, repricings) == price


def test_prices_may_be_anything():
    before, after = object(), object()
    planned_price = [Repricing(march(11), before, after, done=False)]
    assert price_on(march(10), before, planned_price) is before
    assert price_on(march(11), before, planned_price) is after
    made_price = [Repricing(march(11), None, after)]
    assert price_on(march(10), after, made_price) is None
