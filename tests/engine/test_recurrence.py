"""Where the n-th period starts, by tables with exact dates."""

from datetime import date

import pytest

from engine import DateOutOfRange, Recurrence

day = date.fromisoformat


def starts(recurrence, anchor, number, **options):
    return [
        recurrence.nth(day(anchor), n, **options).isoformat() for n in range(number)
    ]


# The anchor's day is kept, or the last of the month stands in for it.
#
#   31 Jan     28 Feb     31 Mar     30 Apr     31 May
#     |----0-----|----1-----|----2-----|----3-----|
@pytest.mark.parametrize(
    ("unit", "count", "expected"),
    [
        ("month", 1, "2023-01-31 2023-02-28 2023-03-31 2023-04-30 2023-05-31"),
        ("month", 1, "2024-01-31 2024-02-29 2024-03-31 2024-04-30 2024-05-31"),
        ("month", 1, "2024-01-30 2024-02-29 2024-03-30 2024-04-30 2024-05-30"),
        ("month", 1, "2023-01-29 2023-02-28 2023-03-29 2023-04-29 2023-05-29"),
        ("month", 1, "2023-11-15 2023-12-15 2024-01-15 2024-02-15 2024-03-15"),
        ("month", 2, "2023-12-31 2024-02-29 2024-04-30 2024-06-30 2024-08-31"),
        ("month", 3, "2023-11-30 2024-02-29 2024-05-30 2024-08-30 2024-11-30"),
        ("month", 6, "2023-08-31 2024-02-29 2024-08-31 2025-02-28 2025-08-31"),
        ("month", 18, "2023-01-31 2024-07-31 2026-01-31 2027-07-31 2029-01-31"),
        ("year", 1, "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29"),
        ("year", 2, "2024-02-29 2026-02-28 2028-02-29 2030-02-28 2032-02-29"),
        ("year", 1, "2097-02-28 2098-02-28 2099-02-28 2100-02-28 2101-02-28"),
        ("week", 1, "2023-12-20 2023-12-27 2024-01-03 2024-01-10 2024-01-17"),
        ("week", 2, "2024-02-15 2024-02-29 2024-03-14 2024-03-28 2024-04-11"),
        ("day", 1, "2024-02-28 2024-02-29 2024-03-01 2024-03-02 2024-03-03"),
        ("day", 30, "2023-01-31 2023-03-02 2023-04-01 2023-05-01 2023-05-31"),
    ],
)
def test_a_period_starts_a_whole_number_of_intervals_after_the_anchor(
    unit, count, expected
):
    expected = expected.split()
    assert starts(Recurrence(unit, count), expected[0], 5) == expected


def test_periods_before_the_anchor_have_negative_numbers():
    monthly = Recurrence("month")
    anchor = day("2024-03-31")
    assert monthly.nth(anchor, -1) == day("2024-02-29")
    assert monthly.nth(anchor, -3) == day("2023-12-31")
    assert monthly.index(anchor, day("2024-03-30")) == -1
    assert monthly.index(anchor, day("2024-02-28")) == -2


def test_a_day_the_anchor_lacks_comes_back_in_longer_months():
    expected = ["2023-02-28", "2023-03-31", "2023-04-30", "2023-05-31"]
    assert starts(Recurrence("month"), "2023-02-28", 4, day=31) == expected


#   31 Jan       28 Feb        31 Mar
#     |-----0------|-----1-------|
#     ^         27 ^ 28       30 ^ 31
@pytest.mark.parametrize(
    ("on", "number"),
    [
        ("2023-01-30", -1),
        ("2023-01-31", 0),
        ("2023-02-27", 0),
        ("2023-02-28", 1),
        ("2023-03-30", 1),
        ("2023-03-31", 2),
        ("2024-01-30", 11),
        ("2024-01-31", 12),
    ],
)
def test_a_date_belongs_to_the_period_that_started_last(on, number):
    assert Recurrence("month").index(day("2023-01-31"), day(on)) == number


#   28 Feb       31 Mar       30 Apr
#     |-----0------|-----1------|
@pytest.mark.parametrize(
    ("on", "number"),
    [("2023-03-29", 0), ("2023-03-30", 0), ("2023-03-31", 1), ("2023-04-29", 1)],
)
def test_a_date_belongs_to_the_period_of_the_day_the_anchor_lacks(on, number):
    assert Recurrence("month").index(day("2023-02-28"), day(on), day=31) == number


# Months and years: the day of the month, or its last. Weeks: 1 is Monday.
@pytest.mark.parametrize(
    ("unit", "on", "options", "expected"),
    [
        ("month", "2025-07-15", {"day": 1}, "2025-08-01"),
        ("month", "2025-07-01", {"day": 1}, "2025-07-01"),
        ("month", "2025-12-02", {"day": 1}, "2026-01-01"),
        ("month", "2025-07-15", {"day": 20}, "2025-07-20"),
        ("month", "2025-02-15", {"day": 31}, "2025-02-28"),
        ("month", "2024-02-15", {"day": 31}, "2024-02-29"),
        ("month", "2025-02-28", {"day": 31}, "2025-02-28"),
        ("month", "2025-03-01", {"day": 31}, "2025-03-31"),
        ("year", "2025-07-15", {"day": 1}, "2026-01-01"),
        ("year", "2025-07-15", {"day": 1, "month": 4}, "2026-04-01"),
        ("year", "2025-03-15", {"day": 1, "month": 4}, "2025-04-01"),
        ("year", "2025-04-01", {"day": 1, "month": 4}, "2025-04-01"),
        ("year", "2023-03-01", {"day": 29, "month": 2}, "2024-02-29"),
        ("year", "2024-03-01", {"day": 29, "month": 2}, "2025-02-28"),
        ("year", "2025-07-15", {"day": 31, "month": 12}, "2025-12-31"),
        ("week", "2025-01-01", {"day": 1}, "2025-01-06"),  # from a Wednesday
        ("week", "2025-01-01", {"day": 3}, "2025-01-01"),
        ("week", "2025-01-01", {"day": 7}, "2025-01-05"),
        ("week", "2025-01-01", {"day": 2}, "2025-01-07"),
    ],
)
def test_an_aligned_start_is_the_first_such_calendar_day_from_the_date_on(
    unit, on, options, expected
):
    assert Recurrence(unit).align(day(on), **options) == day(expected)


def test_days_cannot_be_aligned_to_the_calendar():
    with pytest.raises(ValueError, match="cannot be aligned"):
        Recurrence("day", 30).align(day("2025-01-01"), 1)


@pytest.mark.parametrize(
    ("unit", "count"), [("month", 0), ("month", -1), ("fortnight", 1), ("", 1)]
)
def test_a_recurrence_repeats_every_one_or_more_known_units(unit, count):
    with pytest.raises(ValueError, match="unit"):
        Recurrence(unit, count)


# Nothing but DateOutOfRange comes out of absurd dates: no OverflowError, no endless
# arithmetic with numbers of a thousand digits.
@pytest.mark.parametrize("anchor", ["1900-01-01", "2025-01-31", "2999-12-31"])
@pytest.mark.parametrize(
    ("unit", "n"),
    [
        ("day", 402_000),  # 1900 to 2999 are 401,768 days
        ("week", 60_000),
        ("week", 400_000),  # beyond the year 9999
        ("month", 13_200),
        ("year", 1_100),
        *((unit, 10**9) for unit in ("day", "week", "month", "year")),
        pytest.param("day", 10**400, id="day-1e400"),
        pytest.param("month", 10**400, id="month-1e400"),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_period_too_far_away_is_refused(unit, anchor, n, sign):
    with pytest.raises(DateOutOfRange):
        Recurrence(unit).nth(day(anchor), sign * n)


@pytest.mark.parametrize("unit", ["day", "week", "month", "year"])
@pytest.mark.parametrize(
    ("anchor", "n"), [("9999-12-31", 0), ("9999-12-31", 1), ("0001-01-01", -1)]
)
def test_an_anchor_no_contract_can_mean_is_refused(unit, anchor, n):
    with pytest.raises(DateOutOfRange):
        Recurrence(unit).nth(day(anchor), n)


@pytest.mark.parametrize("unit", ["week", "month", "year"])
@pytest.mark.parametrize("on", ["9999-12-31", "3000-01-01"])
def test_alignment_of_a_date_no_contract_can_mean_is_refused(unit, on):
    with pytest.raises(DateOutOfRange):
        Recurrence(unit).align(day(on), 1)


@pytest.mark.parametrize("unit", ["day", "week", "month", "year"])
def test_an_absurd_count_is_refused(unit):
    with pytest.raises(DateOutOfRange):
        Recurrence(unit, 10**9).nth(day("2025-01-01"), 1)


def test_the_first_and_the_last_day_of_the_range_are_inside():
    daily = Recurrence("day")
    assert daily.nth(day("1900-01-02"), -1) == day("1900-01-01")
    assert daily.nth(day("2999-12-30"), 1) == day("2999-12-31")
    assert Recurrence("month").nth(day("2999-11-30"), 1) == day("2999-12-30")
    assert Recurrence("year").nth(day("1901-01-01"), -1) == day("1900-01-01")
