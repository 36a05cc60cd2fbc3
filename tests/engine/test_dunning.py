"""On which days after a failed payment something is done."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from engine.dunning import date_of, next_day, reached_steps

DAYS = [0, 3, 5, 7]  # the default policy, which ends on day 14


def test_the_first_failure_reaches_day_0():
    assert reached_steps(DAYS, -1, 0) == [0]


def test_between_two_steps_nothing_is_due():
    assert reached_steps(DAYS, 0, 2) == []


def test_missed_runs_leave_all_steps_since():
    assert reached_steps(DAYS, 0, 6) == [3, 5]


def test_the_next_day_is_the_next_step_and_then_the_end():
    assert [next_day(DAYS, done, 14) for done in (-1, 0, 3, 5, 7)] == [0, 3, 5, 7, 14]


def test_reminders_without_an_end_stop_after_the_last_step():
    assert next_day(DAYS, 7, None) is None


def test_day_14_of_a_failure_on_1_july_is_15_july():
    assert date_of(date(2026, 7, 1), 14) == date(2026, 7, 15)


def test_a_policy_without_steps_only_ends():
    assert reached_steps([], -1, 30) == []
    assert next_day([], -1, 14) == 14


@given(
    days=st.lists(st.integers(0, 365), unique=True, max_size=12),
    runs=st.lists(st.integers(0, 400), max_size=60),
)
def test_whenever_the_run_comes_each_step_is_reached_once(days, runs):
    done, made = -1, []
    for elapsed in sorted(runs):
        steps = reached_steps(days, done, elapsed)
        if steps:
            made += steps
            done = steps[-1]
    last = max(runs, default=-1)
    assert made == sorted(day for day in days if day <= last)
