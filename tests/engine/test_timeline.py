"""The periods of a contract that switches its plan, by tables with exact dates."""

from datetime import date
from fractions import Fraction
from itertools import islice

import oracle
import pytest
from oracle import ONE_DAY

from engine import (
    DateOutOfRange,
    Epoch,
    Recurrence,
    Schedule,
    Timeline,
    prorate,
)

day = date.fromisoformat
WEEK = Recurrence("week")
MONTH = Recurrence("month")
QUARTER = Recurrence("month", 3)
YEAR = Recurrence("year")


def epoch(since, recurrence=MONTH, end=None, key=None, **options):
    end = end and day(end)
    return Epoch(day(since), Schedule(day(since), recurrence, end, **options), key)


def timeline(*epochs):
    return Timeline(tuple(epochs))


def rows(timeline, number=5, since=None):
    """Return the first periods as (first day, last day, share)."""
    periods = timeline.periods(since=since and day(since))
    return [
        (period.start.isoformat(), period.end.isoformat(), str(period.share))
        for period in islice(periods, number)
    ]


# -- One switch


#   1 Jan     1 Feb     1 Mar 2026             1 Mar 2027
#     |---------|---------|----------------------|------
#     monthly             yearly
def test_a_switch_at_the_start_of_a_period_cuts_nothing():
    assert rows(timeline(epoch("2026-01-01"), epoch("2026-03-01", YEAR)), 4) == [
        ("2026-01-01", "2026-01-31", "1"),
        ("2026-02-01", "2026-02-28", "1"),
        ("2026-03-01", "2027-02-28", "1"),
        ("2027-03-01", "2028-02-29", "1"),
    ]


#   1 Feb     1 Mar   15            15 Mar 2027
#     |---------|=======|- - -|       |
#     monthly    14/31  |-------------|------
#                       yearly
def test_a_period_is_cut_by_the_switch_and_owes_its_days_of_the_old_period():
    switched = timeline(epoch("2026-02-01"), epoch("2026-03-15", YEAR))
    assert rows(switched, 4) == [
        ("2026-02-01", "2026-02-28", "1"),
        ("2026-03-01", "2026-03-14", "14/31"),
        ("2026-03-15", "2027-03-14", "1"),
        ("2027-03-15", "2028-03-14", "1"),
    ]
    cut = list(islice(switched.periods(), 2))[1]
    assert (cut.full_start, cut.full_end) == (day("2026-03-01"), day("2026-03-31"))
    assert oracle.units(prorate("100.00", share=cut.share), 2) == 45_16


def test_a_cut_year_owes_its_days_of_the_year():
    switched = timeline(epoch("2026-01-01", YEAR), epoch("2026-04-11"))
    assert rows(switched, 3) == [
        ("2026-01-01", "2026-04-10", str(Fraction(100, 365))),
        ("2026-04-11", "2026-05-10", "1"),
        ("2026-05-11", "2026-06-10", "1"),
    ]


@pytest.mark.parametrize(
    ("since", "last", "share"),
    [
        ("2026-03-02", "2026-03-01", "1/31"),
        ("2026-03-31", "2026-03-30", "30/31"),
        ("2026-04-01", "2026-03-31", "1"),
    ],
)
def test_the_last_old_period_ends_the_day_before_the_switch(since, last, share):
    switched = timeline(epoch("2026-03-01"), epoch(since, YEAR))
    assert rows(switched, 2) == [
        ("2026-03-01", last, share),
        (since, (day(since).replace(year=2027) - ONE_DAY).isoformat(), "1"),
    ]


#   1 Jan       15 Jan
#     |-- trial --|- - - |
#     |===|-------------|------
#         8 Jan       8 Feb
def test_a_trial_that_a_switch_cuts_is_free_for_its_days():
    switched = timeline(epoch("2026-01-01", trial_days=14), epoch("2026-01-08"))
    assert rows(switched, 2) == [
        ("2026-01-01", "2026-01-07", "0"),
        ("2026-01-08", "2026-02-07", "1"),
    ]
    assert next(switched.periods()).free


def test_without_a_switch_the_periods_are_those_of_the_schedule():
    monthly = Schedule(day("2026-01-31"), MONTH, align_day=15, trial_days=3)
    alone = timeline(Epoch(monthly.start, monthly))
    assert list(islice(alone.periods(), 20)) == list(islice(monthly.periods(), 20))


# -- Several switches


#   1 Feb   10  17  20              20 Feb 2027
#     |======|---|==|------------------|
#     monthly weekly yearly
def test_each_of_several_plans_counts_from_its_own_first_day():
    switched = timeline(
        epoch("2026-01-01"), epoch("2026-02-10", WEEK), epoch("2026-02-20", YEAR)
    )
    assert rows(switched) == [
        ("2026-01-01", "2026-01-31", "1"),
        ("2026-02-01", "2026-02-09", "9/28"),
        ("2026-02-10", "2026-02-16", "1"),
        ("2026-02-17", "2026-02-19", "3/7"),
        ("2026-02-20", "2027-02-19", "1"),
    ]


def test_a_plan_shorter_than_its_period_owes_one_cut_period():
    switched = timeline(
        epoch("2026-01-01"), epoch("2026-01-11", QUARTER), epoch("2026-01-21", YEAR)
    )
    assert rows(switched, 3) == [
        ("2026-01-01", "2026-01-10", "10/31"),
        ("2026-01-11", "2026-01-20", str(Fraction(10, 90))),
        ("2026-01-21", "2027-01-20", "1"),
    ]


def test_there_and_back_again_counts_from_the_day_back():
    switched = timeline(
        epoch("2026-01-01"), epoch("2026-02-01", YEAR), epoch("2026-02-11")
    )
    assert rows(switched, 3) == [
        ("2026-01-01", "2026-01-31", "1"),
        ("2026-02-01", "2026-02-10", str(Fraction(10, 365))),
        ("2026-02-11", "2026-03-10", "1"),
    ]


def test_of_two_switches_on_one_day_the_later_one_counts():
    switched = timeline(
        epoch("2026-01-01", key="monthly"),
        epoch("2026-02-10", WEEK, key="weekly", arrears=True),
        epoch("2026-02-10", YEAR, key="yearly"),
    )
    assert rows(switched, 3) == [
        ("2026-01-01", "2026-01-31", "1"),
        ("2026-02-01", "2026-02-09", "9/28"),
        ("2026-02-10", "2027-02-09", "1"),
    ]
    assert switched.get_epoch(day("2026-02-10")).key == "yearly"
    yearly = switched.period_from(day("2026-02-10"))
    assert switched.invoice_date(yearly) == day("2026-02-10")


def test_a_switch_on_the_first_day_leaves_nothing_of_the_first_plan():
    switched = timeline(epoch("2026-01-01"), epoch("2026-01-01", YEAR))
    assert rows(switched, 1) == [("2026-01-01", "2026-12-31", "1")]


# -- Which plan holds


@pytest.mark.parametrize(
    ("on", "key"),
    [
        ("2025-12-31", "monthly"),  # before the contract
        ("2026-01-01", "monthly"),
        ("2026-03-14", "monthly"),
        ("2026-03-15", "yearly"),
        ("2026-07-31", "yearly"),
        ("2026-08-01", "weekly"),
        ("2999-12-31", "weekly"),
    ],
)
def test_a_plan_holds_from_its_first_day_to_the_day_before_the_next(on, key):
    switched = timeline(
        epoch("2026-01-01", MONTH, key="monthly"),
        epoch("2026-03-15", YEAR, key="yearly"),
        epoch("2026-08-01", WEEK, key="weekly"),
    )
    assert switched.get_epoch(day(on)).key == key


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2025-06-01", ("2026-01-01", "2026-01-31", "1")),
        ("2026-02-15", ("2026-02-15", "2026-02-28", "1/2")),
        ("2026-03-10", ("2026-03-10", "2026-03-14", "5/31")),
        ("2026-03-14", ("2026-03-14", "2026-03-14", "1/31")),
        ("2026-03-15", ("2026-03-15", "2027-03-14", "1")),
        ("2027-03-14", ("2027-03-14", "2027-03-14", "1/365")),
    ],
)
def test_a_switched_contract_goes_on_from_the_day_its_ledger_ends(on, expected):
    switched = timeline(epoch("2026-01-01"), epoch("2026-03-15", YEAR))
    assert rows(switched, 1, since=on) == [expected]


def test_a_timeline_has_at_least_one_epoch():
    with pytest.raises(ValueError, match="at least one epoch"):
        timeline()


def test_epochs_out_of_order_are_refused():
    with pytest.raises(ValueError, match="follow each other"):
        timeline(epoch("2026-03-15", YEAR), epoch("2026-03-14"))


@pytest.mark.parametrize("absurd", ["9999-12-31", "3000-01-01", "1899-12-31"])
def test_dates_no_contract_can_mean_are_refused(absurd):
    switched = timeline(epoch("2026-01-01"), epoch("2026-03-15", YEAR))
    with pytest.raises(DateOutOfRange):
        switched.period_from(day(absurd))


# -- The day of the invoice


#   1 Jan     1 Feb  11 Feb      11 Mar
#     |---------|======|-----------|
#     arrears          in advance, 5 days before
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            {"arrears": True},
            {"lead_days": 5},
            "2026-02-01 2026-02-11 2026-02-06 2026-03-06",
        ),
        (
            {"lead_days": 5},
            {"arrears": True},
            "2025-12-27 2026-01-27 2026-03-11 2026-04-11",
        ),
        (
            {"arrears": True, "lead_days": -3},
            {"arrears": True, "lead_days": 3},
            "2026-02-04 2026-02-14 2026-03-08 2026-04-08",
        ),
        ({}, {}, "2026-01-01 2026-02-01 2026-02-11 2026-03-11"),
    ],
)
def test_each_period_is_invoiced_as_its_own_plan_says(before, after, expected):
    switched = timeline(epoch("2026-01-01", **before), epoch("2026-02-11", **after))
    days = [switched.invoice_date(period) for period in islice(switched.periods(), 4)]
    assert " ".join(map(str, days)) == expected


# -- The end


#   1 Jan    15 Jan              20 Mar
#     |========|-------|-------|====|- - -|
@pytest.mark.parametrize(
    ("end", "last"),
    [
        ("2026-03-20", ("2026-03-15", "2026-03-20", "6/31")),
        ("2026-03-14", ("2026-02-15", "2026-03-14", "1")),
        ("2026-01-15", ("2026-01-15", "2026-01-15", "1/31")),  # the day of the switch
        ("2026-01-14", ("2026-01-01", "2026-01-14", "14/31")),  # the day before it
        ("2026-01-10", ("2026-01-01", "2026-01-10", "10/31")),  # it never comes
    ],
)
def test_a_switched_contract_ends_on_its_last_day(end, last):
    switched = timeline(
        epoch("2026-01-01", end=end), epoch("2026-01-15", MONTH, end=end)
    )
    assert rows(switched)[-1] == last
    assert switched.period_from(day(end) + ONE_DAY) is None
    assert rows(switched, since="2027-01-01") == []


def test_a_plan_that_names_no_end_is_ended_by_the_next():
    switched = timeline(
        epoch("2026-01-01"), epoch("2026-01-15", YEAR, end="2026-02-14")
    )
    assert rows(switched) == [
        ("2026-01-01", "2026-01-14", "14/31"),
        ("2026-01-15", "2026-02-14", "31/365"),
    ]


# -- Alignment in the second epoch


#   15 Feb    15 Mar  20    1 Apr      1 May
#     |---------|======|=====|----------|
#     from the 15th    to the 1st
def test_a_switch_to_calendar_months_has_two_partial_stretches():
    switched = timeline(epoch("2026-02-15"), epoch("2026-03-20", align_day=1))
    assert rows(switched) == [
        ("2026-02-15", "2026-03-14", "1"),
        ("2026-03-15", "2026-03-19", "5/31"),
        ("2026-03-20", "2026-03-31", "12/31"),
        ("2026-04-01", "2026-04-30", "1"),
        ("2026-05-01", "2026-05-31", "1"),
    ]
    stretch = switched.period_from(day("2026-03-20"))
    # The new plan's month began before the switch.
    assert (stretch.full_start, stretch.full_end) == (
        day("2026-03-01"),
        day("2026-03-31"),
    )


@pytest.mark.parametrize(
    ("first_period", "share"), [("prorate", "287/365"), ("full", "1"), ("free", "0")]
)
def test_the_first_stretch_after_a_switch_is_owed_as_the_new_plan_says(
    first_period, share
):
    switched = timeline(
        epoch("2026-03-01"),
        epoch("2026-03-20", YEAR, align_day=1, first_period=first_period),
    )
    assert rows(switched, 3) == [
        ("2026-03-01", "2026-03-19", "19/31"),
        ("2026-03-20", "2026-12-31", share),
        ("2027-01-01", "2027-12-31", "1"),
    ]


#   1 Jan       1 Feb   11   16  1 Mar
#     |-----------|------|====|- - |
#     monthly            aligned, cut before its first full period
def test_a_partial_first_stretch_may_itself_be_cut():
    switched = timeline(
        epoch("2026-01-01"),
        epoch("2026-02-11", align_day=1),
        epoch("2026-02-16", YEAR),
    )
    assert rows(switched, 4)[1:] == [
        ("2026-02-01", "2026-02-10", str(Fraction(10, 28))),
        ("2026-02-11", "2026-02-15", "5/28"),
        ("2026-02-16", "2027-02-15", "1"),
    ]


def test_a_new_plan_may_keep_the_day_of_the_old_one():
    switched = timeline(
        epoch("2026-01-31"),
        epoch("2026-02-28", QUARTER, anchored_on=day("2026-01-31")),
    )
    assert rows(switched, 4) == [
        ("2026-01-31", "2026-02-27", "1"),
        ("2026-02-28", "2026-04-29", str(Fraction(61, 89))),
        ("2026-04-30", "2026-07-30", "1"),
        ("2026-07-31", "2026-10-30", "1"),
    ]
