"""A contract that keeps the rhythm of the one before it, by tables and an oracle."""

from bisect import bisect_right
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice

import oracle
import pytest
from oracle import ONE_DAY

from engine import DateOutOfRange, Recurrence, Schedule, prorate

day = date.fromisoformat
WEEK = Recurrence("week")
MONTH = Recurrence("month")
QUARTER = Recurrence("month", 3)
YEAR = Recurrence("year")


def renewal(start, anchored_on, recurrence=MONTH, end=None, **options):
    return Schedule(
        day(start), recurrence, end and day(end), anchored_on=anchored_on, **options
    )


def rows(schedule, number=4):
    """Return the first periods as (first day, last day, share)."""
    return [
        (period.start.isoformat(), period.end.isoformat(), str(period.share))
        for period in islice(schedule.periods(), number)
    ]


# -- A renewal on the first day of a period


#   31 Jan     28 Feb      31 Mar      30 Apr      31 May
#     |- - - - - |-----0-----|-----1-----|-----2-----|
#     the old    the renewal
def test_a_renewal_from_28_february_goes_on_with_the_31st():
    renewed = renewal("2026-02-28", day("2026-01-31"))
    assert renewed.anchor == day("2026-02-28")
    assert rows(renewed) == [
        ("2026-02-28", "2026-03-30", "1"),
        ("2026-03-31", "2026-04-29", "1"),
        ("2026-04-30", "2026-05-30", "1"),
        ("2026-05-31", "2026-06-29", "1"),
    ]


def test_without_the_contract_before_it_28_february_stays_the_28th():
    assert rows(renewal("2026-02-28", None), 2) == [
        ("2026-02-28", "2026-03-27", "1"),
        ("2026-03-28", "2026-04-27", "1"),
    ]


@pytest.mark.parametrize(
    ("anchored_on", "recurrence", "starts"),
    [
        ("2026-01-31", MONTH, "2026-04-30 2026-05-31 2026-06-30 2026-07-31"),
        ("2024-01-30", MONTH, "2024-02-29 2024-03-30 2024-04-30 2024-05-30"),
        ("2025-11-30", QUARTER, "2026-02-28 2026-05-30 2026-08-30 2026-11-30"),
        ("2023-08-31", QUARTER, "2024-02-29 2024-05-31 2024-08-31 2024-11-30"),
        ("2024-02-29", YEAR, "2026-02-28 2027-02-28 2028-02-29 2029-02-28"),
        ("2026-01-07", WEEK, "2026-01-21 2026-01-28 2026-02-04 2026-02-11"),
        (
            "2026-01-31",
            Recurrence("day", 30),
            "2026-03-02 2026-04-01 2026-05-01 2026-05-31",
        ),
    ],
)
def test_a_renewal_at_the_end_of_a_period_has_the_periods_that_would_have_followed(
    anchored_on, recurrence, starts
):
    starts = starts.split()
    renewed = renewal(starts[0], day(anchored_on), recurrence)
    assert [start for start, _end, _share in rows(renewed)] == starts
    assert {share for _start, _end, share in rows(renewed)} == {"1"}


def test_a_renewal_of_a_renewal_is_anchored_on_the_first_contract():
    first = renewal("2026-01-31", None, end="2026-02-27")
    second = renewal("2026-02-28", first.anchor, end="2026-04-29")
    third = renewal("2026-04-30", first.anchor)
    assert rows(first) + rows(second) + rows(third, 1) == [
        ("2026-01-31", "2026-02-27", "1"),
        ("2026-02-28", "2026-03-30", "1"),
        ("2026-03-31", "2026-04-29", "1"),
        ("2026-04-30", "2026-05-30", "1"),
    ]


# -- A start between two of them


#   28 Feb      10 Mar    31 Mar      30 Apr
#     |- - - - - - |========|-----0-----|
#                    21/31
def test_a_start_between_has_a_stretch_up_to_the_next_period():
    renewed = renewal("2026-03-10", day("2026-01-31"))
    assert renewed.anchor == day("2026-03-31")
    assert rows(renewed, 3) == [
        ("2026-03-10", "2026-03-30", "21/31"),
        ("2026-03-31", "2026-04-29", "1"),
        ("2026-04-30", "2026-05-30", "1"),
    ]
    stretch = next(renewed.periods())
    assert (stretch.full_start, stretch.full_end) == (
        day("2026-02-28"),
        day("2026-03-30"),
    )
    assert oracle.units(prorate("100.00", share=stretch.share), 2) == 67_74


@pytest.mark.parametrize(
    ("start", "anchored_on", "recurrence", "expected"),
    [
        # The day before a period, and the day after its first.
        ("2026-03-30", "2026-01-31", MONTH, ("2026-03-30", "2026-03-30", "1/31")),
        ("2026-03-01", "2026-01-31", MONTH, ("2026-03-01", "2026-03-30", "30/31")),
        ("2026-02-01", "2026-01-15", QUARTER, ("2026-02-01", "2026-04-14", "73/90")),
        ("2026-02-01", "2024-02-29", YEAR, ("2026-02-01", "2026-02-27", "27/365")),
        ("2026-01-02", "2025-12-31", WEEK, ("2026-01-02", "2026-01-06", "5/7")),
        # Anchored on a day to come.
        ("2026-02-10", "2026-05-31", MONTH, ("2026-02-10", "2026-02-27", "18/28")),
        ("2026-02-10", "2026-03-01", MONTH, ("2026-02-10", "2026-02-28", "19/28")),
    ],
)
def test_the_first_stretch_is_owed_by_its_days_of_the_period_it_lies_in(
    start, anchored_on, recurrence, expected
):
    first, last, share = expected
    assert rows(renewal(start, day(anchored_on), recurrence), 2)[0] == (
        first,
        last,
        str(Fraction(share)),
    )


@pytest.mark.parametrize(
    ("first_period", "share", "free"),
    [("prorate", "21/31", False), ("full", "1", False), ("free", "0", True)],
)
def test_the_first_stretch_is_owed_as_the_plan_says(first_period, share, free):
    renewed = renewal("2026-03-10", day("2026-01-31"), first_period=first_period)
    assert rows(renewed, 2) == [
        ("2026-03-10", "2026-03-30", share),
        ("2026-03-31", "2026-04-29", "1"),
    ]
    assert next(renewed.periods()).free is free


def test_the_rest_of_a_stretch_keeps_its_full_period():
    rest = renewal("2026-03-10", day("2026-01-31")).period_from(day("2026-03-21"))
    assert (rest.end, rest.share) == (day("2026-03-30"), Fraction(10, 31))


def test_the_end_cuts_a_stretch_and_a_period():
    short = renewal("2026-03-10", day("2026-01-31"), end="2026-03-19")
    assert rows(short) == [("2026-03-10", "2026-03-19", "10/31")]
    longer = renewal("2026-02-28", day("2026-01-31"), end="2026-04-14")
    assert rows(longer)[1:] == [("2026-03-31", "2026-04-14", str(Fraction(15, 30)))]


@pytest.mark.parametrize(
    ("start", "end"), [("2026-02-28", "2027-02-27"), ("2026-03-10", "2027-03-30")]
)
def test_a_fixed_number_of_periods_counts_full_ones(start, end):
    assert renewal(start, day("2026-01-31")).end_after(12) == day(end)


# -- With trial and calendar


def test_the_rhythm_is_taken_up_after_the_trial():
    renewed = renewal("2026-03-01", day("2026-01-31"), trial_days=9)
    assert rows(renewed, 3) == [
        ("2026-03-01", "2026-03-09", "0"),
        ("2026-03-10", "2026-03-30", "21/31"),
        ("2026-03-31", "2026-04-29", "1"),
    ]


def test_a_trial_may_be_longer_than_a_period():
    renewed = renewal("2026-03-01", day("2026-01-31"), trial_days=70)
    assert renewed.anchor == day("2026-05-31")
    assert rows(renewed, 3) == [
        ("2026-03-01", "2026-05-09", "0"),
        ("2026-05-10", "2026-05-30", "21/31"),
        ("2026-05-31", "2026-06-29", "1"),
    ]


def test_a_plan_aligned_to_the_calendar_keeps_to_it():
    renewed = renewal("2026-02-28", day("2026-01-31"), align_day=15)
    assert renewed.anchor == day("2026-03-15")
    assert rows(renewed, 2) == [
        ("2026-02-28", "2026-03-14", str(Fraction(15, 28))),
        ("2026-03-15", "2026-04-14", "1"),
    ]


@pytest.mark.parametrize("recurrence", [Recurrence("day"), WEEK, MONTH, YEAR])
@pytest.mark.parametrize("absurd", ["9999-12-31", "3000-01-01", "1899-12-31"])
def test_an_anchor_no_contract_can_mean_is_refused(absurd, recurrence):
    with pytest.raises(DateOutOfRange):
        renewal("2026-01-01", day(absurd), recurrence)


# -- Every start of two years


#   anchored on                    start
#     |------------|------------|-----|======|------------|
#     the oracle's starts, of which those from the start on are the renewal's
@pytest.mark.parametrize(
    "recurrence",
    [
        *(Recurrence("day", count) for count in (1, 30)),
        *(Recurrence("week", count) for count in (1, 2)),
        *(Recurrence("month", count) for count in (1, 3)),
        YEAR,
    ],
    ids=lambda r: f"every {r.count} {r.unit}",
)
@pytest.mark.parametrize(
    "anchored_on", ["2023-01-31", "2024-02-29", "2023-11-30", "2024-01-15"]
)
def test_a_renewal_on_any_day_goes_on_with_the_oracles_periods(recurrence, anchored_on):
    anchored_on = day(anchored_on)
    starts = oracle.starts(recurrence, anchored_on, 2 * 366 + 10)
    for number in range(2 * 366):
        start = anchored_on + timedelta(days=number)
        renewed = Schedule(start, recurrence, anchored_on=anchored_on)
        # The period the renewal starts in, and the two after it.
        index = bisect_right(starts, start) - 1
        full_start, after, *following = starts[index : index + 4]
        first, *others = islice(renewed.periods(), 3)
        assert (first.start, first.end) == (start, after - ONE_DAY)
        assert (first.full_start, first.full_end) == (full_start, after - ONE_DAY)
        assert first.share * (after - full_start).days == (after - start).days
        assert [period.next_start for period in others] == following
        assert all(period.share == 1 for period in others)
