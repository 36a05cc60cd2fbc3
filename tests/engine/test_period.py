"""A stretch of time, its days, its share and its parts."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import ONE_DAY

from engine import Period

day = date.fromisoformat
# The same cases on every run, and nothing written to the disk.
repeatable = settings(database=None, deadline=None, derandomize=True, max_examples=500)

JULY = Period(*[day("2025-07-01"), day("2025-07-31")] * 2)


@st.composite
def sorted_days(draw, number):
    first = st.integers(date(2023, 1, 1).toordinal(), date(2025, 12, 31).toordinal())
    days = draw(st.lists(first, min_size=number, max_size=number))
    return [date.fromordinal(ordinal) for ordinal in sorted(days)]


def test_both_ends_of_a_period_count():
    assert JULY.days == JULY.full_days == 31
    assert JULY.share == 1
    assert JULY.next_start == day("2025-08-01")


#   1 July         15            31
#     |-------------|=============|
#                      17 days
def test_17_of_the_31_days_of_july_are_an_exact_share():
    part = JULY.clip(start=day("2025-07-15"))
    assert (part.start, part.end) == (day("2025-07-15"), day("2025-07-31"))
    assert (part.full_start, part.full_end) == (JULY.start, JULY.end)
    assert part.days == 17
    assert part.share == Fraction(17, 31)


@pytest.mark.parametrize(
    ("start", "end", "share"),
    [
        (None, None, Fraction(1)),
        ("2025-07-01", "2025-07-31", Fraction(1)),
        ("2020-01-01", "2030-01-01", Fraction(1)),
        (None, "2025-07-14", Fraction(14, 31)),
        ("2025-07-31", None, Fraction(1, 31)),
        (None, "2025-07-01", Fraction(1, 31)),
        ("2025-07-10", "2025-07-19", Fraction(10, 31)),
    ],
)
def test_a_part_keeps_the_full_period_it_is_a_share_of(start, end, share):
    part = JULY.clip(start=start and day(start), end=end and day(end))
    assert part.share == share
    assert part.full_days == 31


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2025-08-01", None),
        (None, "2025-06-30"),
        ("2025-07-15", "2025-07-14"),
    ],
)
def test_no_part_lies_outside_a_period(start, end):
    assert JULY.clip(start=start and day(start), end=end and day(end)) is None


def test_nothing_is_owed_for_a_free_period_nor_for_its_parts():
    free = Period(JULY.start, JULY.end, JULY.start, JULY.end, free=True)
    assert free.share == 0
    assert free.days == 31
    assert free.clip(start=day("2025-07-15")).share == 0


@pytest.mark.parametrize(
    "days",
    [
        ("2025-07-31", "2025-07-01", "2025-07-01", "2025-07-31"),
        ("2025-06-30", "2025-07-31", "2025-07-01", "2025-07-31"),
        ("2025-07-01", "2025-08-01", "2025-07-01", "2025-07-31"),
    ],
)
def test_a_period_lies_within_its_full_period_and_ends_after_it_starts(days):
    with pytest.raises(ValueError, match="is not within"):
        Period(*map(day, days))


#   full_start   start    cut            end     full_end
#       |- - - - - |-------|--------------|- - - - -|
@repeatable
@given(sorted_days(5))
def test_two_parts_of_a_period_add_up_to_it(days):
    full_start, start, cut, end, full_end = days
    period = Period(start, end, full_start, full_end)
    head, tail = period.clip(end=cut - ONE_DAY), period.clip(start=cut)
    assert tail.end == end
    assert (head is None) == (cut == start)
    if head:
        assert (head.start, head.next_start) == (start, tail.start)
    assert tail.share + (head.share if head else 0) == period.share


@repeatable
@given(sorted_days(2), st.lists(sorted_days(1), max_size=12))
def test_any_number_of_parts_of_a_full_period_add_up_to_one(ends, cuts):
    first, last = ends
    rest, shares = Period(first, last, first, last), []
    for (cut,) in sorted(cuts):
        if part := rest.clip(end=cut):
            shares.append(part.share)
            rest = rest.clip(start=part.next_start)
        if rest is None:
            break
    assert sum(shares) + (rest.share if rest else 0) == 1


@repeatable
@given(sorted_days(4), sorted_days(1), sorted_days(1))
def test_a_part_is_every_day_of_the_period_between_the_bounds(days, lower, upper):
    full_start, start, end, full_end = days
    (lower,), (upper,) = lower, upper
    period = Period(start, end, full_start, full_end)
    inside = {
        ordinal
        for ordinal in range(start.toordinal(), end.toordinal() + 1)
        if lower.toordinal() <= ordinal <= upper.toordinal()
    }
    part = period.clip(lower, upper)
    if part is None:
        assert not inside
    else:
        assert part.start.toordinal() == min(inside)
        assert part.end.toordinal() == max(inside)
        assert part.share == Fraction(len(inside), period.full_days)
        assert part.clip(lower, upper) == part
