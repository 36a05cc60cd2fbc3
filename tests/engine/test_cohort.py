"""From grouped sums to the rows and averages of a cohort table."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cohort.arithmetic import (
    COLUMNS,
    INTERVALS,
    MODES,
    TIMELINES,
    build_average,
    build_rows,
    count_intervals,
    get_offsets,
    shift,
)

TODAY = date(2026, 4, 15)
# The example in docs/cohort.md: how many started in each month, and stopped when.
EXAMPLE = {
    date(2026, 1, 1): {1: 2, 2: 1, None: 7},
    date(2026, 2, 1): {0: 1, 1: 4, None: 15},
    date(2026, 3, 1): {None: 5},
}
# The other one: deadlines in April, and how long before them leads were lost.
DEADLINES = {date(2026, 4, 1): {-3: 1, -1: 3, 0: 1, None: 5}}


def get_percentages(row):
    """Return what stands in the columns of a row."""
    return [
        None if cell.percentage is None else round(cell.percentage, 1)
        for cell in row.cells
    ]


def get_values(row):
    """Return what the columns of a row stand for."""
    return [cell.value for cell in row.cells]


def test_of_ten_that_start_in_january_two_gone_in_february_leave_80_percent():
    cohorts = {date(2026, 1, 1): {1: 2, None: 8}}
    (row,) = build_rows(cohorts, date(2026, 2, 28), "month", "retention", "forward")
    assert (row.value, get_percentages(row)[:3]) == (10, [100, 80, None])
    (row,) = build_rows(cohorts, date(2026, 2, 28), "month", "churn", "forward")
    assert (row.value, get_percentages(row)[:3]) == (10, [0, 20, None])


def test_the_example_of_the_documentation():
    rows = build_rows(EXAMPLE, TODAY, "month", "retention", "forward")
    empty = [None] * COLUMNS
    assert [row.value for row in rows] == [10, 20, 5]
    assert [get_percentages(row) for row in rows] == [
        [100, 80, 70, 70, *empty[4:]],
        [95, 75, 75, *empty[3:]],
        [100, 100, *empty[2:]],
    ]
    assert [get_values(row)[:4] for row in rows] == [
        [10, 8, 7, 7],
        [19, 15, 15, None],
        [5, 5, None, None],
    ]
    average = build_average(rows, "forward")
    assert average.value == 35
    assert get_percentages(average) == [97.1, 80, 73.3, 70, *empty[4:]]
    assert get_values(average) == [34, 28, 22, 7, *empty[4:]]


def test_the_example_as_churn():
    rows = build_rows(EXAMPLE, TODAY, "month", "churn", "forward")
    assert [get_percentages(row)[:4] for row in rows] == [
        [0, 20, 30, 30],
        [5, 25, 25, None],
        [0, 0, None, None],
    ]
    assert get_values(rows[0])[:4] == [0, 2, 3, 3]
    assert get_percentages(build_average(rows, "forward"))[:4] == [2.9, 20, 26.7, 30]


def test_a_backward_timeline_ends_with_the_period_of_the_deadline():
    (row,) = build_rows(DEADLINES, TODAY, "month", "retention", "backward")
    assert [cell.offset for cell in row.cells] == [*range(-15, 1)]
    assert get_percentages(row) == [100] * 12 + [90, 90, 60, 50]
    (row,) = build_rows(DEADLINES, TODAY, "month", "churn", "backward")
    assert get_percentages(row)[-5:] == [0, 10, 10, 40, 50]


def test_deadlines_to_come_show_the_periods_until_today():
    (row,) = build_rows(DEADLINES, date(2026, 2, 1), "month", "retention", "backward")
    assert get_percentages(row)[-4:] == [90, 90, None, None]


def test_a_cohort_that_is_to_come_shows_what_it_starts_with_and_no_more():
    (row,) = build_rows(
        {date(2026, 5, 1): {None: 3}}, TODAY, "month", "churn", "forward"
    )
    assert row.value == 3
    assert get_values(row) == [None] * COLUMNS


def test_a_cohort_of_nothing_has_values_and_no_percentages():
    nothing = {date(2026, 1, 1): {1: -5, None: 5}}
    (row,) = build_rows(nothing, TODAY, "month", "retention", "forward")
    assert get_values(row)[:2] == [0, 5]
    assert get_percentages(row) == [None] * COLUMNS
    rows = build_rows(
        {**EXAMPLE, date(2025, 12, 1): {1: -5, None: 5}},
        TODAY,
        "month",
        "retention",
        "forward",
    )
    average = build_average(rows, "forward")
    assert get_percentages(average)[:4] == [97.1, 80, 73.3, 70]


def test_no_cohorts_have_an_average_of_nothing():
    average = build_average([], "forward")
    assert (average.value, get_values(average)) == (0, [None] * COLUMNS)


def test_what_is_all_gone_leaves_exactly_nothing():
    cohorts = {date(2026, 1, 1): {1: 0.1, 2: 0.2, 3: 0.3}}
    (row,) = build_rows(cohorts, TODAY, "month", "retention", "forward")
    assert row.cells[3].value == 0
    assert row.cells[3].percentage == 0


@given(
    st.lists(st.floats(0.01, 1e6), min_size=1, max_size=20),
    st.sampled_from(["retention", "churn"]),
)
def test_nothing_and_all_are_exact_whatever_the_amounts(amounts, mode):
    none, every = (100, 0) if mode == "retention" else (0, 100)
    for stop, share in ((None, none), (0, every)):
        cohorts = {
            date(2020, 1, 1) + timedelta(days=number): {stop: amount}
            for number, amount in enumerate(amounts)
        }
        rows = build_rows(cohorts, TODAY, "day", mode, "forward")
        for row in (*rows, build_average(rows, "forward")):
            assert {cell.percentage for cell in row.cells} == {share}


@pytest.mark.parametrize(
    ("interval", "day", "count", "expected"),
    [
        ("day", date(2026, 2, 28), 1, date(2026, 3, 1)),
        ("week", date(2026, 12, 28), 1, date(2027, 1, 4)),
        ("month", date(2026, 12, 1), 2, date(2027, 2, 1)),
        ("quarter", date(2026, 10, 1), -1, date(2026, 7, 1)),
        ("year", date(2026, 1, 1), 3, date(2029, 1, 1)),
    ],
)
def test_intervals_are_counted_as_the_calendar_has_them(interval, day, count, expected):
    assert shift(day, count, interval) == expected
    assert count_intervals(day, expected, interval) == count
    before = expected - timedelta(days=1)
    assert count_intervals(day, before, interval) == count - 1


FIRST = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    "year": lambda day: day.replace(month=1, day=1),
}
DAYS = st.dates(date(2023, 1, 1), date(2027, 12, 31))
RECORDS = st.lists(
    st.tuples(DAYS, st.none() | DAYS, st.integers(0, 1000)), min_size=1, max_size=30
)
ANY = {
    "interval": st.sampled_from(INTERVALS),
    "timeline": st.sampled_from(TIMELINES),
    "records": RECORDS,
    "today": DAYS,
}


def group(records, interval, timeline):
    """Return the sums that the database returns for records: (start, stop, value)."""
    offsets = get_offsets(timeline)
    cohorts = {}
    for start, stop, value in records:
        day = FIRST[interval](start)
        offset = stop and count_intervals(day, FIRST[interval](stop), interval)
        if stop:
            offset = None if offset > offsets[-1] else max(offset, offsets[0])
        sums = cohorts.setdefault(day, {})
        sums[offset] = sums.get(offset, 0) + value
    return cohorts


@given(**ANY)
def test_each_figure_is_that_of_the_records_one_by_one(
    records, interval, timeline, today
):
    cohorts = group(records, interval, timeline)
    left, gone = (
        build_rows(cohorts, today, interval, mode, timeline) for mode in MODES
    )
    assert {row.day for row in left} == {FIRST[interval](one[0]) for one in records}
    for row, other in zip(left, gone, strict=True):
        mine = [one for one in records if FIRST[interval](one[0]) == row.day]
        assert row.value == other.value == sum(value for *_days, value in mine)
        for cell, counterpart in zip(row.cells, other.cells, strict=True):
            begin = shift(row.day, cell.offset, interval)
            end = shift(begin, 1, interval)
            if begin > today:
                assert cell.value is counterpart.value is None
                continue
            still = [v for _start, stop, v in mine if stop is None or stop >= end]
            assert cell.value == sum(still)
            assert counterpart.value == row.value - sum(still)


@given(**ANY)
def test_retention_and_churn_add_up_and_retention_never_rises(
    records, interval, timeline, today
):
    cohorts = group(records, interval, timeline)
    left, gone = (
        build_rows(cohorts, today, interval, mode, timeline) for mode in MODES
    )
    left.append(build_average(left, timeline))
    gone.append(build_average(gone, timeline))
    for row, other in zip(left, gone, strict=True):
        shares = [c.percentage for c in row.cells if c.percentage is not None]
        others = [c.percentage for c in other.cells if c.percentage is not None]
        assert len(shares) == len(others)
        for share, counterpart in zip(shares, others, strict=True):
            assert share + counterpart == pytest.approx(100)
            assert -1e-9 <= share <= 100 + 1e-9
        if row.day:  # the average may rise, when only the faithful have come so far
            assert shares == sorted(shares, reverse=True)


@given(mode=st.sampled_from(MODES), **ANY)
def test_the_average_lies_between_what_stands_above_it(
    records, interval, timeline, today, mode
):
    rows = build_rows(
        group(records, interval, timeline), today, interval, mode, timeline
    )
    average = build_average(rows, timeline)
    for index, cell in enumerate(average.cells):
        above = [
            row.cells[index].percentage
            for row in rows
            if row.cells[index].percentage is not None
        ]
        if not above:
            assert cell.percentage is None
        else:
            assert min(above) - 1e-9 <= cell.percentage <= max(above) + 1e-9


@given(factor=st.integers(2, 9), mode=st.sampled_from(MODES), **ANY)
def test_percentages_do_not_depend_on_the_unit_of_the_measure(
    records, interval, timeline, today, mode, factor
):
    assume(any(value for *_days, value in records))
    bigger = [(start, stop, value * factor) for start, stop, value in records]
    tables = [
        build_rows(group(some, interval, timeline), today, interval, mode, timeline)
        for some in (records, bigger)
    ]
    for row, other in zip(*tables, strict=True):
        assert other.value == row.value * factor
        assert get_percentages(row) == get_percentages(other)
