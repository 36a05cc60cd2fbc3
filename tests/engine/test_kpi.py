"""Key figures: the worked month of docs/kpis.md, and what holds for any."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kpi import (
    Figures,
    add_months,
    end_of_month,
    forecast,
    mean,
    months_of,
    months_until,
    named_span,
    ratio,
    span_before,
)
from engine.period import ONE_DAY

JULY = Figures(
    opening=Fraction(600),
    closing=Fraction(652),
    new=Fraction(50),
    expansion=Fraction(44),
    contraction=Fraction(14),
    churn=Fraction(42),
    reactivation=Fraction(14),
    contracts_before=20,
    contracts=19,
    new_contracts=1,
    lost_contracts=3,
    kept_gain=Fraction(34),
    kept_loss=Fraction(56),
    capped_loss=Fraction(56),
)
RATIOS = (
    "logo_churn",
    "gross_revenue_churn",
    "net_revenue_churn",
    "net_revenue_retention",
    "gross_revenue_retention",
    "quick_ratio",
    "revenue_per_contract",
    "lifetime_value",
)
days = st.dates(date(1971, 1, 1), date(2099, 12, 31))
amounts = st.fractions(0, 10**6, max_denominator=100)


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("logo_churn", Fraction("0.15")),
        ("gross_revenue_churn", Fraction(56, 600)),  # 9.33 %
        ("net_revenue_churn", Fraction(-2, 600)),  # -0.33 %
        ("net_revenue_retention", Fraction(578, 600)),  # 96.33 %
        ("gross_revenue_retention", Fraction(544, 600)),  # 90.67 %
        ("quick_ratio", Fraction(108, 56)),  # 1.93
        ("revenue_per_contract", Fraction(652, 19)),  # 34.32
        ("lifetime_value", Fraction(652, 19) / Fraction("0.15")),  # 228.77
        ("net_new", 52),
        ("arr", 7824),
    ],
)
def test_the_worked_month(name, figure):
    assert getattr(JULY, name) == figure


def test_nobody_knows_what_would_be_divided_by_nothing():
    assert [getattr(Figures(), name) for name in RATIOS] == [None] * len(RATIOS)
    assert ratio(None, 5) is None


def test_a_lifetime_is_counted_in_months_whatever_the_span():
    quarter = Figures(closing=Fraction(100), contracts=1, contracts_before=10)
    quarter = Figures(**{**vars(quarter), "lost_contracts": 3, "months": Fraction(3)})
    assert quarter.monthly_logo_churn == Fraction("0.1")
    assert quarter.lifetime_value == 1000


@given(amounts, amounts, amounts, amounts, amounts, amounts)
def test_the_movements_lead_from_opening_to_closing(opening, new, up, down, lost, back):
    figures = Figures(
        opening=opening,
        new=new,
        expansion=up,
        contraction=down,
        churn=lost,
        reactivation=back,
        closing=opening + new + up + back - down - lost,
    )
    assert figures.opening + figures.net_new == figures.closing
    if opening:
        assert figures.gross_revenue_churn >= figures.net_revenue_churn
    assert (figures.quick_ratio is None) == (figures.lost == 0)


@given(st.lists(st.tuples(amounts, amounts), min_size=1))
def test_retention_without_growth_is_never_above_all_and_never_below_nothing(contracts):
    opening = sum(have for have, _lose in contracts)
    capped = sum(min(have, lose) for have, lose in contracts)
    figures = Figures(opening=opening, capped_loss=capped)
    if opening:
        assert 0 <= figures.gross_revenue_retention <= 1


# === SPANS === #


@given(days, st.integers(-500, 500))
def test_months_later_and_back_is_the_same_month(day, count):
    later = add_months(day, count)
    back = add_months(later, -count)
    assert (back.year, back.month) == (day.year, day.month)
    if day == end_of_month(day):
        assert (later, back) == (end_of_month(later), day)


@given(days, days, days)
def test_the_parts_of_a_span_have_its_months(one, two, three):
    start, middle, end = sorted((one, two, three))
    parts = months_of(start, middle) + months_of(middle + ONE_DAY, end)
    assert parts == months_of(start, end)


def test_whole_months_count_as_such():
    assert months_of(date(2026, 1, 1), date(2026, 3, 31)) == 3
    assert months_of(date(2026, 2, 1), date(2026, 2, 14)) == Fraction(1, 2)


@given(days, days)
def test_the_span_before_ends_the_day_before(one, two):
    start, end = sorted((one, two))
    first, last = span_before(start, end)
    assert last == start - ONE_DAY
    assert months_of(first, last) == months_of(start, end) or (
        last - first == end - start
    )


def test_the_span_before_has_the_same_days_of_other_months():
    july = date(2026, 7, 1), date(2026, 7, 15)
    assert span_before(*july, 1) == (date(2026, 6, 1), date(2026, 6, 15))
    march = date(2026, 3, 1), date(2026, 3, 31)
    assert span_before(*march) == (date(2026, 2, 1), date(2026, 2, 28))


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("month", "2026-08-01", "2026-08-20"),
        ("last_month", "2026-07-01", "2026-07-31"),
        ("quarter", "2026-07-01", "2026-08-20"),
        ("year", "2026-01-01", "2026-08-20"),
        ("last_12_months", "2025-09-01", "2026-08-20"),
    ],
)
def test_spans_have_names(name, start, end):
    first, last, _months = named_span(name, date(2026, 8, 20))
    assert (first.isoformat(), last.isoformat()) == (start, end)


@given(days)
def test_twelve_months_lead_to_a_day(day):
    months = months_until(day)
    assert len(months) == 12
    assert months[-1] == (day.replace(day=1), day)
    for (_start, end), (start, _end) in zip(months, months[1:], strict=False):
        assert start == end + ONE_DAY


# === FORECAST === #


def test_the_worked_forecast():
    # 600.00 now, 200.00 leave in the third month, 300.00 more a month by the trend.
    months = forecast(600, [0, 0, -200], mean([300, 300]))
    assert months == [(600, 0), (600, 300), (400, 600)]


def test_without_a_past_there_is_no_trend():
    assert mean([]) == 0


@given(amounts, st.lists(amounts, min_size=1), amounts)
def test_what_is_known_adds_up_and_the_trend_is_a_straight_line(now, changes, trend):
    months = forecast(now, changes, trend)
    assert months[-1] == (now + sum(changes), (len(changes) - 1) * trend)
