"""Random changes of quantities and prices, counted day by day.

Their history is made forwards, while the engine looks back from today: a quantity at
the beginning, and what changes it, day after day.
"""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from oracle import ONE_DAY

from engine import Repricing, Span, Step, price_on, quantity_on, quantity_spans

CASES = 6_000
FIRST_DAY = date(2026, 1, 1)


def draw_history(random, lowest=0):
    """Return first and last day, the quantity of each day, and the steps, shuffled."""
    days = random.choice([1, 2, 7, 30, 31])
    first = FIRST_DAY + timedelta(days=random.randrange(400))
    last = first + timedelta(days=days - 1)
    tenths = random.choice([1, 10])  # whole units, or tenths of one
    often = random.choice([0.05, 0.2, 0.5])
    before = quantity = random.choice([0, 1, random.randint(lowest, 20)])
    steps, quantities = [], {}
    for number in range(-5, days + 5):
        day = first + number * ONE_DAY
        if random.random() < often:
            after = random.choice([0, quantity, random.randint(lowest, 20)])
            # By a way round, which may pass below nothing within the day.
            via = random.choice([after, random.randint(-30, 30)])
            for delta in (via - quantity, after - via):
                steps.append((day, delta, random.random() < 0.5))
            quantity = after
        quantities[day] = Fraction(quantity, tenths)
    random.shuffle(steps)
    today = before + sum(delta for _day, delta, done in steps if done)
    steps = [
        Step(day, Decimal(delta) / tenths, done)
        for day, delta, done in steps
        if delta or random.random() < 0.1
    ]
    return first, last, quantities, Decimal(today) / tenths, steps


@pytest.fixture(scope="module", params=[0, -20], ids=["never below 0", "any"])
def histories(request):
    """Random histories, the same ones on every run."""
    random = Random(f"changes {request.param}")
    return [draw_history(random, request.param) for _case in range(CASES)]


def stack_of_units(first, last, quantities):
    """Return what is owed, by tokens of a tenth of a unit that come and go each day."""
    tokens, owed, day = [], Counter(), first
    while day <= last:
        tenths = int(quantities[day] * 10)
        sign = -1 if tenths < 0 else 1
        while tokens and (len(tokens) > abs(tenths) or tokens[-1][1] != sign):
            since, of = tokens.pop()
            owed[since, day - ONE_DAY] += of
        tokens += [(day, sign)] * (abs(tenths) - len(tokens))
        day += ONE_DAY
    for since, of in tokens:
        owed[since, last] += of
    return [
        Span(Fraction(number, 10), start, end)
        for (start, end), number in sorted(owed.items())
    ]


def test_the_quantity_of_a_day_is_the_one_it_had(histories):
    random = Random("days")
    for first, last, quantities, today, steps in histories:
        days = first, last, *random.sample(sorted(quantities), 3)
        assert all(quantity_on(day, today, steps) == quantities[day] for day in days), (
            today,
            steps,
        )


def test_the_spans_of_a_period_add_up_to_the_quantity_of_each_day(histories):
    for first, last, quantities, today, steps in histories:
        spans = quantity_spans(first, last, today, steps)
        billed = sum(
            span.quantity * ((span.end - span.start).days + 1) for span in spans
        )
        counted = sum(
            quantity for day, quantity in quantities.items() if first <= day <= last
        )
        assert billed == counted, (today, steps)


def test_every_day_of_a_period_is_owed_its_quantity(histories):
    for first, last, quantities, today, steps in histories[: CASES // 3]:
        owed = {day: 0 for day in quantities if first <= day <= last}
        for span in quantity_spans(first, last, today, steps):
            for number in range((span.end - span.start).days + 1):
                owed[span.start + number * ONE_DAY] += span.quantity
        assert all(owed[day] == quantities[day] for day in owed), (today, steps)


def test_no_span_is_empty_and_none_leaves_the_period(histories):
    for first, last, quantities, today, steps in histories:
        spans = quantity_spans(first, last, today, steps)
        assert all(first <= span.start <= span.end <= last for span in spans)
        if min(quantities.values()) >= 0:
            assert all(span.quantity > 0 for span in spans), (today, steps)
        assert all(span.quantity for span in spans), (today, steps)


def test_the_spans_are_those_of_units_of_which_the_last_in_goes_first_out(histories):
    for first, last, quantities, today, steps in histories:
        spans = quantity_spans(first, last, today, steps)
        assert spans == stack_of_units(first, last, quantities), (today, steps)


def test_the_spans_begin_in_order(histories):
    for first, last, _quantities, today, steps in histories:
        spans = quantity_spans(first, last, today, steps)
        assert all(
            (one.start, one.end) < (after.start, after.end)
            for one, after in pairwise(spans)
        ), (today, steps)


def test_the_price_of_a_day_is_the_one_it_had():
    random = Random("prices")
    for _case in range(CASES):
        days = sorted(random.choices(range(20), k=random.randrange(6)))
        days = [FIRST_DAY + timedelta(days=number) for number in days]
        prices = [f"price {number}" for number in range(len(days) + 1)]
        made = random.randint(0, len(days))
        repricings = [
            Repricing(on, before, after, number < made)
            for number, (on, (before, after)) in enumerate(
                zip(days, pairwise(prices), strict=True)
            )
        ]
        # As they were made, for one day; those of several days in any order.
        order = {day: random.random() for day in days}
        repricings.sort(key=lambda one: order[one.on])
        day = FIRST_DAY + timedelta(days=random.randrange(-2, 22))
        expected = prices[sum(on <= day for on in days)]
        assert price_on(day, prices[made], repricings) == expected, repricings
