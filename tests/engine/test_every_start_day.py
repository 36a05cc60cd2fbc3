"""Every start day of six years, against an oracle that walks the calendar."""

from datetime import date
from itertools import islice, pairwise

import oracle
import pytest
from oracle import DAYS, ONE_DAY

from engine import Recurrence, Schedule

PERIODS = 40
BEFORE = 3
SIX_YEARS = [day for day in DAYS if 2023 <= day.year <= 2028]
RECURRENCES = [
    Recurrence(unit, count)
    for unit, counts in {
        "day": (1, 7, 14, 30),
        "week": (1, 2),
        "month": (1, 2, 3, 4, 6),
        "year": (1, 2),
    }.items()
    for count in counts
]
every_recurrence = pytest.mark.parametrize(
    "recurrence", RECURRENCES, ids=lambda r: f"every {r.count} {r.unit}"
)


def bounds(starts):
    """Return first and last day of the periods between the starts."""
    return [(start, after - ONE_DAY) for start, after in pairwise(starts)]


def walk(schedule, periods=PERIODS):
    return list(islice(schedule.periods(), periods))


def test_the_load_is_a_million_periods():
    assert (SIX_YEARS[0], SIX_YEARS[-1]) == (date(2023, 1, 1), date(2028, 12, 31))
    assert len(SIX_YEARS) * len(RECURRENCES) * PERIODS == 1_139_840


@every_recurrence
def test_the_nth_start_is_the_oracles(recurrence):
    numbers = range(-BEFORE, PERIODS)
    for anchor in SIX_YEARS:
        expected = oracle.starts(recurrence, anchor, PERIODS, before=BEFORE)
        assert [recurrence.nth(anchor, n) for n in numbers] == expected


@every_recurrence
def test_the_first_and_last_day_of_a_period_have_its_number(recurrence):
    numbers = list(range(-BEFORE, PERIODS))
    for anchor in SIX_YEARS:
        starts = oracle.starts(recurrence, anchor, PERIODS + 1, before=BEFORE)
        assert [recurrence.index(anchor, day) for day in starts[:-1]] == numbers
        lasts = [day - ONE_DAY for day in starts[1:]]
        assert [recurrence.index(anchor, day) for day in lasts] == numbers


@every_recurrence
def test_periods_follow_each_other_without_gap_or_overlap(recurrence):
    for start in SIX_YEARS:
        periods = walk(Schedule(start, recurrence))
        starts = oracle.starts(recurrence, start, PERIODS + 1)
        # The oracle's bounds are contiguous from the start on, so these are.
        assert [(period.start, period.end) for period in periods] == bounds(starts)
        assert all(
            period.start == period.full_start and period.end == period.full_end
            for period in periods
        )


#    full_start      start          anchor
#        |- - - - - - -|--- partial ---|------ 0 ------|------ 1 ------|
#        |-------------|
#            before               their shares add up to 1
ALIGNED = [
    *(
        (Recurrence("week", count), day, 1, 1)
        for count in (1, 2)
        for day in range(1, 8)
    ),
    *(
        (Recurrence("month", count), day, 1, 7 if count > 1 else 2)
        for count in (1, 2, 3, 6)
        for day in range(1, 32)
    ),
    *(
        (Recurrence("year", count), day, month, 11)
        for count in (1, 2)
        for day in (1, 15, 28, 29, 30, 31)
        for month in range(1, 13)
    ),
]


@pytest.mark.parametrize("unit", ["week", "month", "year"])
def test_aligned_periods_are_the_oracles_and_the_partial_one_is_owed_by_its_days(unit):
    for recurrence, day, month, step in ALIGNED:
        if recurrence.unit != unit:
            continue
        for start in SIX_YEARS[: 3 * 366 : step]:
            schedule = Schedule(start, recurrence, align_day=day, align_month=month)
            before, *starts = oracle.starts(
                recurrence, start, 4, before=1, align_day=day, align_month=month
            )
            periods = walk(schedule, 4 if start < starts[0] else 3)
            if start < starts[0]:
                partial = periods.pop(0)
                last = starts[0] - ONE_DAY
                assert (partial.start, partial.end) == (start, last)
                assert (partial.full_start, partial.full_end) == (before, last)
                used, whole = (last - start).days + 1, (last - before).days + 1
                assert partial.share * whole == used
            assert [(period.start, period.end) for period in periods] == bounds(starts)
            assert all(period.share == 1 for period in periods)
            rests = [schedule.period_from(period.end) for period in periods]
            assert [rest.full_start for rest in rests] == starts[:-1]


def test_a_partial_first_stretch_and_what_came_before_it_make_a_full_period():
    for recurrence, day, month, _step in ALIGNED:
        for start in SIX_YEARS[59 : 3 * 366 : 37]:
            schedule = Schedule(start, recurrence, align_day=day, align_month=month)
            partial = schedule.period_from(start)
            earlier = Schedule(
                partial.full_start, recurrence, align_day=day, align_month=month
            ).period_from(partial.full_start)
            assert earlier.end == partial.end
            before = earlier.clip(end=start - ONE_DAY)
            assert partial.share + (before.share if before else 0) == 1
