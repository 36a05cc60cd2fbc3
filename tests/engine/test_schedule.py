"""The periods of a contract from its start to its end, by tables with exact dates."""

from datetime import date
from fractions import Fraction
from itertools import islice

import oracle
import pytest

from engine import DateOutOfRange, Period, Recurrence, Schedule, prorate

day = date.fromisoformat
DAY = Recurrence("day")
WEEK = Recurrence("week")
MONTH = Recurrence("month")
QUARTER = Recurrence("month", 3)
YEAR = Recurrence("year")


def schedule(start, recurrence=MONTH, end=None, **options):
    return Schedule(day(start), recurrence, end=end and day(end), **options)


def rows(schedule, number=4):
    """Return the first periods as (first day, last day, share)."""
    return [
        (period.start.isoformat(), period.end.isoformat(), str(period.share))
        for period in islice(schedule.periods(), number)
    ]


# -- Whole periods from the start on


#   31 Jan      28 Feb      31 Mar      30 Apr
#     |-----0-----|-----1-----|-----2-----|
def test_months_from_the_31st_end_the_day_before_the_31st_or_last():
    assert rows(schedule("2023-01-31"), 3) == [
        ("2023-01-31", "2023-02-27", "1"),
        ("2023-02-28", "2023-03-30", "1"),
        ("2023-03-31", "2023-04-29", "1"),
    ]


#   29 Feb 2024   28 Feb 2025   28 Feb 2026   28 Feb 2027   29 Feb 2028
#     |------0------|------1------|------2------|------3------|
def test_years_from_29_february_come_back_to_it_in_leap_years():
    assert rows(schedule("2024-02-29", YEAR), 5) == [
        ("2024-02-29", "2025-02-27", "1"),
        ("2025-02-28", "2026-02-27", "1"),
        ("2026-02-28", "2027-02-27", "1"),
        ("2027-02-28", "2028-02-28", "1"),
        ("2028-02-29", "2029-02-27", "1"),
    ]


@pytest.mark.parametrize(
    ("recurrence", "expected"),
    [
        (DAY, "2024-02-29..2024-02-29 2024-03-01..2024-03-01"),
        (WEEK, "2024-02-28..2024-03-05 2024-03-06..2024-03-12"),
        (Recurrence("week", 2), "2024-02-28..2024-03-12 2024-03-13..2024-03-26"),
        (Recurrence("month", 2), "2023-12-31..2024-02-28 2024-02-29..2024-04-29"),
        (QUARTER, "2023-11-30..2024-02-28 2024-02-29..2024-05-29"),
        (Recurrence("month", 6), "2024-01-01..2024-06-30 2024-07-01..2024-12-31"),
        (YEAR, "2024-01-01..2024-12-31 2025-01-01..2025-12-31"),
    ],
)
def test_each_period_ends_the_day_before_the_next(recurrence, expected):
    periods = rows(schedule(expected[:10], recurrence), 2)
    assert " ".join(f"{start}..{end}" for start, end, _share in periods) == expected


# -- Aligned to the calendar


#   1 July      15 July    1 Aug        1 Sep
#     |- - - - - - |=========|-----0------|-----1------|
#                   17/31
def test_a_contract_from_15_july_pays_17_of_31_days_then_calendar_months():
    aligned = schedule("2025-07-15", align_day=1)
    assert aligned.anchor == day("2025-08-01")
    assert rows(aligned, 3) == [
        ("2025-07-15", "2025-07-31", "17/31"),
        ("2025-08-01", "2025-08-31", "1"),
        ("2025-09-01", "2025-09-30", "1"),
    ]
    first, second = islice(aligned.periods(), 2)
    assert oracle.units(prorate("100.00", share=first.share), 2) == 54_84
    assert oracle.units(prorate("100.00", share=second.share), 2) == 100_00


def test_a_contract_from_an_aligned_day_on_has_no_partial_period():
    assert rows(schedule("2025-07-01", align_day=1), 2) == [
        ("2025-07-01", "2025-07-31", "1"),
        ("2025-08-01", "2025-08-31", "1"),
    ]


#     Mon 30   Wed 1    Mon 6     Mon 13
#       |- - - - |========|----0----|
def test_aligned_weeks_start_on_their_weekday():
    assert rows(schedule("2025-01-01", WEEK, align_day=1), 3) == [
        ("2025-01-01", "2025-01-05", "5/7"),
        ("2025-01-06", "2025-01-12", "1"),
        ("2025-01-13", "2025-01-19", "1"),
    ]
    assert rows(schedule("2025-01-01", Recurrence("week", 2), align_day=1), 2) == [
        ("2025-01-01", "2025-01-05", "5/14"),
        ("2025-01-06", "2025-01-19", "1"),
    ]


#   1 May                15 July   1 Aug            1 Nov
#     |- - - - - - - - - - - |=======|------0---------|
#               92 days        17/92
def test_an_aligned_quarter_starts_at_the_next_month_and_the_part_is_one_of_92_days():
    assert rows(schedule("2025-07-15", QUARTER, align_day=1), 2) == [
        ("2025-07-15", "2025-07-31", "17/92"),
        ("2025-08-01", "2025-10-31", "1"),
    ]


#   1 Apr 2025     15 July        1 Apr 2026      1 Apr 2027
#     |- - - - - - - - |=============|------0--------|
#                         260/365
def test_aligned_years_start_in_their_month():
    aligned = schedule("2025-07-15", YEAR, align_day=1, align_month=4)
    assert rows(aligned, 2) == [
        ("2025-07-15", "2026-03-31", str(Fraction(260, 365))),
        ("2026-04-01", "2027-03-31", "1"),
    ]


def test_aligned_years_start_in_january_when_no_month_is_named():
    assert rows(schedule("2024-12-31", YEAR, align_day=1), 2) == [
        ("2024-12-31", "2024-12-31", "1/366"),
        ("2025-01-01", "2025-12-31", "1"),
    ]


#   31 Dec   15 Jan   31 Jan    28 Feb    31 Mar
#     |- - - - |========|----0----|----1----|
def test_months_aligned_to_the_31st_start_on_the_last_day_of_each():
    assert rows(schedule("2025-01-15", align_day=31)) == [
        ("2025-01-15", "2025-01-30", "16/31"),
        ("2025-01-31", "2025-02-27", "1"),
        ("2025-02-28", "2025-03-30", "1"),
        ("2025-03-31", "2025-04-29", "1"),
    ]


def test_the_31st_is_kept_by_a_contract_from_28_february_on():
    assert rows(schedule("2025-02-28", align_day=31), 2) == [
        ("2025-02-28", "2025-03-30", "1"),
        ("2025-03-31", "2025-04-29", "1"),
    ]


#   28 Feb          29 Mar  31 Mar
#     |- - - - - - - - |=======|-----1-----
def test_a_contract_of_the_31st_goes_on_within_the_period_that_started_in_february():
    rest = schedule("2025-02-28", align_day=31).period_from(day("2025-03-29"))
    assert (rest.full_start, rest.end) == (day("2025-02-28"), day("2025-03-30"))
    assert rest.share == Fraction(2, 31)


#   30 Jan  1 Feb       29 Feb    30 Mar
#     |- - - - |==========|----0----|
def test_the_30th_is_29_february_in_a_leap_year():
    assert rows(schedule("2024-02-01", align_day=30), 3) == [
        ("2024-02-01", "2024-02-28", str(Fraction(28, 30))),
        ("2024-02-29", "2024-03-29", "1"),
        ("2024-03-30", "2024-04-29", "1"),
    ]


def test_years_aligned_to_29_february_keep_it():
    aligned = schedule("2023-01-01", YEAR, align_day=29, align_month=2)
    assert rows(aligned, 3) == [
        ("2023-01-01", "2023-02-27", "58/365"),
        ("2023-02-28", "2024-02-28", "1"),
        ("2024-02-29", "2025-02-27", "1"),
    ]


#   15 July    1 Aug
#     |==========|-----0------|
@pytest.mark.parametrize(
    ("first_period", "share", "free"),
    [("prorate", "17/31", False), ("full", "1", False), ("free", "0", True)],
)
def test_a_partial_first_period_is_owed_as_the_plan_says(first_period, share, free):
    aligned = schedule("2025-07-15", align_day=1, first_period=first_period)
    assert rows(aligned, 2) == [
        ("2025-07-15", "2025-07-31", share),
        ("2025-08-01", "2025-08-31", "1"),
    ]
    assert next(aligned.periods()).free is free


@pytest.mark.parametrize("first_period", ["prorate", "full", "free"])
def test_a_whole_first_period_is_owed_whole_whatever_the_plan_says(first_period):
    aligned = schedule("2025-08-01", align_day=1, first_period=first_period)
    assert rows(aligned, 1) == [("2025-08-01", "2025-08-31", "1")]


def test_an_unknown_way_to_owe_the_first_period_is_refused():
    with pytest.raises(ValueError, match="unknown first period"):
        schedule("2025-07-15", first_period="half")


# -- Trial


#   1 Jan          15 Jan        15 Feb
#     |-- trial 14 --|------0------|
def test_periods_count_from_the_day_after_the_trial():
    trial = schedule("2025-01-01", trial_days=14)
    assert trial.paid_start == day("2025-01-15")
    assert rows(trial, 3) == [
        ("2025-01-01", "2025-01-14", "0"),
        ("2025-01-15", "2025-02-14", "1"),
        ("2025-02-15", "2025-03-14", "1"),
    ]
    assert next(trial.periods()).free


#   1 Jan         15 Jan     1 Feb        1 Mar
#     |-- trial --|==========|-----0------|
def test_an_aligned_contract_is_partial_after_its_trial():
    assert rows(schedule("2025-01-01", trial_days=14, align_day=1), 3) == [
        ("2025-01-01", "2025-01-14", "0"),
        ("2025-01-15", "2025-01-31", "17/31"),
        ("2025-02-01", "2025-02-28", "1"),
    ]


#   1 Nov     1 Jan         15 Jan     1 Feb            1 May
#     |- - - - -|-- trial --|===========|-------0---------|
def test_the_calendar_day_is_looked_for_after_the_trial():
    aligned = schedule("2025-01-01", QUARTER, trial_days=14, align_day=1)
    assert aligned.anchor == day("2025-02-01")
    assert rows(aligned, 3) == [
        ("2025-01-01", "2025-01-14", "0"),
        ("2025-01-15", "2025-01-31", "17/92"),
        ("2025-02-01", "2025-04-30", "1"),
    ]


def test_a_trial_up_to_the_aligned_day_leaves_no_partial_period():
    assert rows(schedule("2025-01-01", trial_days=31, align_day=1), 2) == [
        ("2025-01-01", "2025-01-31", "0"),
        ("2025-02-01", "2025-02-28", "1"),
    ]


@pytest.mark.parametrize("trial_days", [0, -5])
def test_without_a_trial_the_first_day_is_paid(trial_days):
    trial = schedule("2025-01-01", trial_days=trial_days)
    assert rows(trial, 1) == [("2025-01-01", "2025-01-31", "1")]


def test_a_contract_that_ends_within_its_trial_owes_nothing():
    trial = schedule("2025-01-01", end="2025-01-10", trial_days=14)
    assert rows(trial) == [("2025-01-01", "2025-01-10", "0")]


# -- End


#   1 Jan        1 Feb        1 Mar   15
#     |-----0------|-----1------|======|- - - |
#                                15/31
def test_the_last_period_is_cut_by_the_end_and_owed_by_its_days():
    assert rows(schedule("2025-01-01", end="2025-03-15")) == [
        ("2025-01-01", "2025-01-31", "1"),
        ("2025-02-01", "2025-02-28", "1"),
        ("2025-03-01", "2025-03-15", "15/31"),
    ]


def test_an_end_on_the_last_day_of_a_period_cuts_nothing():
    assert rows(schedule("2025-01-01", end="2025-02-28")) == [
        ("2025-01-01", "2025-01-31", "1"),
        ("2025-02-01", "2025-02-28", "1"),
    ]


def test_an_end_on_the_first_day_of_a_period_leaves_one_day_of_it():
    assert rows(schedule("2025-01-01", end="2025-02-01"))[1:] == [
        ("2025-02-01", "2025-02-01", "1/28"),
    ]


def test_the_partial_first_period_is_cut_by_the_end_too():
    assert rows(schedule("2025-07-15", end="2025-07-20", align_day=1)) == [
        ("2025-07-15", "2025-07-20", "6/31"),
    ]


def test_a_contract_of_one_day_owes_that_day():
    assert rows(schedule("2025-07-01", end="2025-07-01")) == [
        ("2025-07-01", "2025-07-01", "1/31"),
    ]


def test_a_contract_that_starts_after_its_end_has_no_periods():
    assert rows(schedule("2025-07-02", end="2025-07-01")) == []


@pytest.mark.parametrize(
    ("start", "recurrence", "periods", "options", "end"),
    [
        ("2025-01-01", MONTH, 12, {}, "2025-12-31"),
        ("2025-01-31", MONTH, 1, {}, "2025-02-27"),
        ("2025-01-31", MONTH, 12, {}, "2026-01-30"),
        ("2024-02-29", YEAR, 1, {}, "2025-02-27"),
        ("2025-01-01", WEEK, 2, {}, "2025-01-14"),
        ("2025-01-01", MONTH, 12, {"trial_days": 14}, "2026-01-14"),
        ("2025-07-15", MONTH, 12, {"align_day": 1}, "2026-07-31"),
        ("2025-01-15", MONTH, 1, {"align_day": 31}, "2025-02-27"),
    ],
)
def test_a_fixed_number_of_periods_ends_the_day_before_the_next(
    start, recurrence, periods, options, end
):
    last = schedule(start, recurrence, **options).end_after(periods)
    assert last == day(end)
    fixed = schedule(start, recurrence, end=end, **options)
    # One stretch more than trial or partial period and the full ones, were there any.
    shares = [period.share for period in islice(fixed.periods(), periods + 2)]
    assert shares[-1] == 1
    assert shares.count(1) == periods


# -- From a date on


#   1 Jan       1 Feb    15 Feb   1 Mar
#     |-----------|- - - - |========|------|
#          billed                14/28
def test_a_contract_goes_on_from_the_day_its_ledger_ends():
    monthly = schedule("2025-01-01")
    part = monthly.period_from(day("2025-02-15"))
    full = (day("2025-02-01"), day("2025-02-28"))
    assert part == Period(day("2025-02-15"), day("2025-02-28"), *full)
    assert part.share == Fraction(14, 28)
    following = list(islice(monthly.periods(since=day("2025-02-15")), 2))
    assert following[0] == part
    assert following[1].start == day("2025-03-01")
    assert following[1].share == 1


def test_the_cadence_does_not_move_when_periods_are_missed():
    monthly = schedule("2023-01-31")
    late = monthly.period_from(day("2024-02-29"))
    assert (late.start, late.end) == (day("2024-02-29"), day("2024-03-30"))
    assert late.share == 1


def test_days_before_the_contract_count_as_its_first():
    monthly = schedule("2025-01-15")
    assert monthly.period_from(day("2024-01-01")) == next(monthly.periods())


def test_the_rest_of_a_trial_or_partial_period_keeps_its_full_period():
    aligned = schedule("2025-01-01", trial_days=14, align_day=1)
    trial = aligned.period_from(day("2025-01-10"))
    assert (trial.start, trial.end, trial.free) == (
        day("2025-01-10"),
        day("2025-01-14"),
        True,
    )
    partial = aligned.period_from(day("2025-01-22"))
    assert (partial.end, partial.share) == (day("2025-01-31"), Fraction(10, 31))


def test_there_is_no_period_once_the_contract_has_ended():
    ended = schedule("2025-01-01", end="2025-03-15")
    assert ended.period_from(day("2025-03-15")).share == Fraction(1, 31)
    assert ended.period_from(day("2025-03-16")) is None
    assert next(ended.periods(since=day("2026-01-01")), None) is None


# -- The day of the invoice


#                       1 Jan              1 Feb
#      <-- lead 5 --|     |------- 0 --------|
#   in advance    27 Dec  1 Jan   11 Jan
#   in arrears                         27 Jan  1 Feb   11 Feb
@pytest.mark.parametrize(
    ("arrears", "lead_days", "expected"),
    [
        (False, 0, "2025-01-01"),
        (False, 5, "2024-12-27"),
        (False, -10, "2025-01-11"),
        (True, 0, "2025-02-01"),
        (True, 5, "2025-01-27"),
        (True, -10, "2025-02-11"),
    ],
)
def test_an_invoice_is_made_lead_days_before_its_period_starts_or_is_over(
    arrears, lead_days, expected
):
    plan = schedule("2025-01-01", arrears=arrears, lead_days=lead_days)
    assert plan.invoice_date(next(plan.periods())) == day(expected)


def test_a_cut_last_period_in_arrears_is_invoiced_after_its_own_end():
    plan = schedule("2025-01-01", end="2025-01-10", arrears=True)
    assert plan.invoice_date(next(plan.periods())) == day("2025-01-11")


# -- Absurd dates


@pytest.mark.parametrize("absurd", ["9999-12-31", "3000-01-01", "1899-12-31"])
def test_dates_no_contract_can_mean_are_refused(absurd):
    with pytest.raises(DateOutOfRange):
        schedule(absurd)
    with pytest.raises(DateOutOfRange):
        schedule("2025-01-01", end=absurd)
    with pytest.raises(DateOutOfRange):
        schedule("2025-01-01").period_from(day(absurd))


@pytest.mark.parametrize("days", [10**6, 10**8, 10**12])
def test_a_trial_or_lead_no_contract_can_mean_is_refused(days):
    with pytest.raises(DateOutOfRange):
        schedule("2025-01-01", trial_days=days).period_from(day("2025-01-01"))
    for lead_days in (days, -days):
        plan = schedule("2025-01-01", lead_days=lead_days)
        with pytest.raises(DateOutOfRange):
            plan.invoice_date(next(plan.periods()))


@pytest.mark.parametrize("recurrence", [DAY, WEEK, MONTH, YEAR])
def test_a_number_of_periods_no_contract_can_mean_is_refused(recurrence):
    with pytest.raises(DateOutOfRange):
        schedule("2025-01-01", recurrence).end_after(10**9)


def test_a_contract_for_ever_stops_at_the_last_day_of_the_range():
    with pytest.raises(DateOutOfRange):
        list(islice(schedule("2990-01-01").periods(), 121))
