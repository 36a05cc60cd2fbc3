"""Random contracts that switch plans, against an oracle that walks the calendar."""

from datetime import date, timedelta
from itertools import islice, pairwise
from random import Random

import oracle
import pytest
from oracle import ONE_DAY

from engine import Epoch, Period, Recurrence, Schedule, Timeline

CASES = 1_500
PERIODS = 30
RECURRENCES = [
    *(Recurrence("day", count) for count in (1, 10, 30)),
    *(Recurrence("week", count) for count in (1, 2)),
    *(Recurrence("month", count) for count in (1, 1, 2, 3, 6)),
    *(Recurrence("year", count) for count in (1, 2)),
]
ALIGN_DAYS = {"day": [None], "week": [None, *range(1, 8)]}
MONTH_DAYS = [None, None, 1, 15, 28, 29, 30, 31]


def draw_epochs(random):
    """Return the epochs of a contract: one to five, some on the same day."""
    since = date(2023, 1, 1) + timedelta(days=random.randrange(4 * 365))
    end = None
    if random.random() < 0.3:
        end = since + timedelta(days=random.randrange(900))
    epochs = []
    for _switch in range(random.randint(1, 5)):
        recurrence = random.choice(RECURRENCES)
        schedule = Schedule(
            since,
            recurrence,
            end,
            align_day=random.choice(ALIGN_DAYS.get(recurrence.unit, MONTH_DAYS)),
            align_month=random.randint(1, 12),
        )
        epochs.append(Epoch(since, schedule))
        since += timedelta(days=random.choice([0, 1, 7, 31, random.randrange(400)]))
    return tuple(epochs)


def expected_periods(epochs):
    """Return the oracle's first periods: what each schedule starts before the next."""
    schedules = {epoch.since: epoch.schedule for epoch in epochs}  # the later one
    nexts = [*list(schedules)[1:], None]
    periods = []
    for (since, schedule), until in zip(schedules.items(), nexts, strict=True):
        aligned = {
            "align_day": schedule.align_day,
            "align_month": schedule.align_month,
        }
        starts = oracle.starts(
            schedule.recurrence, since, PERIODS + 1, before=1, **aligned
        )
        for full_start, after in pairwise(starts):
            start, last = max(since, full_start), after - ONE_DAY
            ends = [last, until and until - ONE_DAY, schedule.end]
            end = min(bound for bound in ends if bound)
            if start <= end:
                periods.append(Period(start, end, full_start, last))
    return periods[:PERIODS]


@pytest.fixture(scope="module")
def contracts():
    """Random contracts, the same ones on every run."""
    random = Random("timelines")
    return [draw_epochs(random) for _case in range(CASES)]


def test_the_random_contracts_switch_in_all_ways(contracts):
    numbers = [len({epoch.since for epoch in epochs}) for epochs in contracts]
    assert set(numbers) == {1, 2, 3, 4, 5}
    assert sum(len(e) > n for e, n in zip(contracts, numbers, strict=True)) > 300
    cut = [
        period
        for epochs in contracts
        for period in expected_periods(epochs)
        if period.end < period.full_end
    ]
    assert len(cut) > 1_000


def test_the_periods_of_random_contracts_are_the_oracles(contracts):
    for epochs in contracts:
        periods = list(islice(Timeline(epochs).periods(), PERIODS))
        assert periods == expected_periods(epochs), epochs


def test_periods_follow_each_other_across_switches_without_gap_or_overlap(contracts):
    for epochs in contracts:
        periods = list(islice(Timeline(epochs).periods(), PERIODS))
        assert periods[0].start == epochs[0].since, epochs
        assert all(
            after.start == before.end + ONE_DAY for before, after in pairwise(periods)
        ), epochs
        if len(periods) < PERIODS:
            assert periods[-1].end == epochs[0].schedule.end, epochs


def test_no_period_reaches_into_the_next_epoch(contracts):
    for epochs in contracts:
        switches = [epoch.since for epoch in epochs]
        for period in islice(Timeline(epochs).periods(), PERIODS):
            inside = [on for on in switches if period.start < on <= period.end]
            assert not inside, epochs


def test_the_rest_of_a_period_ends_where_the_period_does(contracts):
    random = Random("rests")
    for epochs in contracts:
        for period in islice(Timeline(epochs).periods(), PERIODS):
            on = period.start + timedelta(days=random.randrange(period.days))
            rest = Timeline(epochs).period_from(on)
            assert rest == period.clip(start=on), epochs
