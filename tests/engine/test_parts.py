"""The parts of a period cost together what the period costs, to the last unit."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from random import Random

import oracle
import pytest
from draws import draw_line, draw_period
from oracle import ONE_DAY

from engine import Period, part_amount, prorate, unit_price

day = date.fromisoformat
CASES = 100_000
DECIMALS = {"JPY": 0, "EUR": 2, "KWD": 3}
MARCH = Period(*[day("2026-03-01"), day("2026-03-31")] * 2)
# Wide enough to be exact: what differs from a half does so in its first 20 digits.
WIDE = Context(prec=60, rounding=ROUND_HALF_UP)


def half_up(decimals):
    """Return the function that rounds an exact amount to so many decimals."""
    unit = Decimal(1).scaleb(-decimals)

    def rounded(exact):
        number = WIDE.divide(Decimal(exact.numerator), Decimal(exact.denominator))
        return number.quantize(unit, context=WIDE)

    return rounded


ROUNDED = {decimals: half_up(decimals) for decimals in DECIMALS.values()}
cents = ROUNDED[2]


def days_of(period, first, number, done=0):
    """Return so many days of a period, from its n-th day on."""
    start = period.start + first * ONE_DAY
    end = start + (number - 1) * ONE_DAY
    return Period(start, end, period.full_start, period.full_end, done_days=done)


# -- Tables


def test_half_of_99_99_is_50_00_and_the_other_half_49_99():
    half = Fraction(1, 2)
    assert part_amount("99.99", half, 0, cents) == Decimal("50.00")
    assert part_amount("99.99", half, half, cents) == Decimal("49.99")


@pytest.mark.parametrize(
    ("amount", "shares", "decimals", "expected"),
    [
        ("100.00", "1/3 1/3 1/3", 2, "33.33 33.34 33.33"),
        ("100", "1/3 1/3 1/3", 0, "33 34 33"),
        ("100.000", "1/3 1/3 1/3", 3, "33.333 33.334 33.333"),
        ("-100.00", "1/3 1/3 1/3", 2, "-33.33 -33.34 -33.33"),
        ("-99.99", "1/2 1/2", 2, "-50.00 -49.99"),
        ("100.00", "14/31 17/31", 2, "45.16 54.84"),
        ("0.01", "1/2 1/2", 2, "0.01 0.00"),
        ("0.01", "1/3 1/3 1/3", 2, "0.00 0.01 0.00"),
        ("1", "1/4 1/4 1/4 1/4", 0, "0 1 0 0"),
        ("100.00", "1", 2, "100.00"),
        ("100.00", "0 1", 2, "0.00 100.00"),
        ("0.00", "1/2 1/2", 2, "0.00 0.00"),
        # A part of a part: the 17 days that are left of March, and of these 10.
        ("100.00", "14/31 10/31 7/31", 2, "45.16 32.26 22.58"),
    ],
)
def test_a_part_owes_what_those_before_it_left(amount, shares, decimals, expected):
    done, amounts = Fraction(0), []
    for share in map(Fraction, shares.split()):
        amounts.append(part_amount(amount, share, done, ROUNDED[decimals]))
        done += share
    assert " ".join(map(str, amounts)) == expected
    assert sum(amounts) == Decimal(amount) * int(done)


def test_a_part_that_stands_alone_is_its_share_rounded_once():
    assert part_amount("100.00", Fraction(17, 31), 0, cents) == Decimal("54.84")
    assert part_amount("99.99", Fraction(1, 2), rounded=cents) == Decimal("50.00")


def test_an_amount_is_exact_where_nobody_rounds_it():
    third = Fraction(1, 3)
    assert part_amount(100, third) == part_amount(100, third, third) == 100 * third
    assert part_amount(0.1, third) == Fraction(1, 30)


def test_a_month_that_is_billed_day_by_day_costs_its_price():
    days = [days_of(MARCH, number, 1, done=number) for number in range(31)]
    amounts = [part_amount("100.00", one.share, one.done_share, cents) for one in days]
    assert sum(amounts) == 100
    assert {str(amount) for amount in amounts} == {"3.22", "3.23"}
    # Not so if each were rounded alone.
    assert sum(part_amount("100.00", one.share, 0, cents) for one in days) != 100


# Half of it was billed, with 50.00. What is left cost 49.99, and no more comes back.
#
#   1 Feb         14 15         28
#     |----50.00----|---49.99-----|
def test_a_credit_of_what_was_left_is_what_was_left():
    february = Period(*[day("2026-02-01"), day("2026-02-28")] * 2)
    rest = days_of(february, 14, 14, done=14)
    billed = part_amount("99.99", rest.share, rest.done_share, cents)
    assert billed == Decimal("49.99")
    assert part_amount("-99.99", rest.share, rest.done_share, cents) == -billed
    # Alone, that half would be a cent more than was billed for it.
    assert part_amount("-99.99", rest.share, 0, cents) == Decimal("-50.00")


# -- The days that were billed before a part


#   1 March       10  11             31
#     |---- billed --|=================|
#          10 days           21
def test_a_rest_knows_the_share_that_was_billed_before_it():
    rest = days_of(MARCH, 10, 21, done=10)
    assert (rest.start, rest.end) == (day("2026-03-11"), day("2026-03-31"))
    assert rest.share == Fraction(21, 31)
    assert rest.done_share == Fraction(10, 31)
    assert MARCH.done_days == MARCH.done_share == 0


@pytest.mark.parametrize(
    ("start", "end", "done_days"),
    [
        (None, None, 10),
        ("2026-03-11", None, 10),
        ("2026-03-01", "2026-03-20", 10),  # clipped from before its start
        (None, "2026-03-20", 10),
        ("2026-03-12", None, 0),  # what was done up to the 12th, it cannot know
        ("2026-03-31", "2026-03-31", 0),
    ],
)
def test_a_part_of_a_rest_from_its_first_day_keeps_what_was_billed(
    start, end, done_days
):
    rest = days_of(MARCH, 10, 21, done=10)
    part = rest.clip(start=start and day(start), end=end and day(end))
    assert part.done_days == done_days


@pytest.mark.parametrize(("first", "done"), [(0, 1), (10, 11), (10, -1), (30, 31)])
def test_no_more_days_were_billed_than_came_before(first, done):
    with pytest.raises(ValueError, match="cannot be billed already"):
        days_of(MARCH, first, 1, done=done)


@pytest.mark.parametrize(("first", "done"), [(0, 0), (10, 10), (10, 3), (30, 30)])
def test_all_days_that_came_before_may_be_billed(first, done):
    assert days_of(MARCH, first, 1, done=done).done_days == done


# -- 100,000 random lines
#
#   full_start   start                              end = full_end
#       |- - - - - |---- part ----|-- part --|--- part ---|
#       not owed     done_share grows ->


@dataclass(frozen=True, slots=True)
class Case:
    """A line, and a period of it that is billed in consecutive parts."""

    decimals: int
    line: tuple
    amount: Fraction
    period: Period
    parts: tuple
    cut: int

    def cost(self, part, sign=1):
        """Return what a part costs, or gives back."""
        rounded = ROUNDED[self.decimals]
        return part_amount(sign * self.amount, part.share, part.done_share, rounded)

    def cut_row(self, row):
        """Return the used and the unused part of a row of the ledger.

        Either may be None: it is cut on any of its days, or on the day after.
        """
        used = self.cut % (row.days + 1)
        first, done = (row.start - self.period.start).days, row.done_days
        left = row.days - used
        return (
            days_of(self.period, first, used, done) if used else None,
            days_of(self.period, first + used, left, done + used) if left else None,
        )


def draw_parts(random, period):
    """Cut a period into one to four consecutive parts."""
    number = min(random.randint(1, 4), period.days)
    cuts = [0, *sorted(random.sample(range(1, period.days), number - 1)), period.days]
    return tuple(
        days_of(period, first, after - first, done=first)
        for first, after in zip(cuts, cuts[1:], strict=False)
    )


def draw_case(random, decimals):
    # As fractions, which the engine takes as they are: to read decimals takes its time.
    price, quantity, discount = map(Fraction, draw_line(random, decimals))
    quantity *= random.choice([1, 1, 1, -1])
    period = draw_period(random)
    if random.random() < 0.4:  # a partial one, as the first of an aligned contract
        first = random.randrange(period.days)
        period = period.clip(start=period.start + first * ONE_DAY)
    return Case(
        decimals,
        (price, quantity, discount),
        prorate(price, quantity, discount),
        period,
        draw_parts(random, period),
        random.randrange(10**6),
    )


@pytest.fixture(scope="module", params=DECIMALS)
def cases(request):
    """A third of the random cases, the same ones on every run, in one currency."""
    random = Random(f"parts {request.param}")
    number = -(-CASES // len(DECIMALS))
    return [draw_case(random, DECIMALS[request.param]) for _case in range(number)]


def test_the_load_is_100_000_lines_of_all_kinds(cases):
    assert 3 * len(cases) >= CASES
    partial = [case for case in cases if case.period.start > case.period.full_start]
    assert len(partial) > 10_000
    assert sum(case.parts[-1].done_days > 0 for case in cases) > 20_000
    assert sum(case.amount < 0 for case in cases) > 5_000


def test_the_rounding_of_these_tests_is_the_oracles(cases):
    for case in cases[::10]:
        exact = case.amount * case.period.share
        whole = oracle.units(exact, case.decimals)
        rounded = ROUNDED[case.decimals](exact)
        assert rounded == oracle.money(whole, case.decimals), case
        tie = Fraction(2 * whole + 1, 2 * 10**case.decimals)
        away = oracle.money(oracle.units(tie, case.decimals), case.decimals)
        assert ROUNDED[case.decimals](tie) == away, case


def test_the_parts_of_a_period_add_up_to_the_rounded_whole(cases):
    for case in cases:
        rounded = ROUNDED[case.decimals]
        billed, days = 0, 0
        for part in case.parts:
            billed += case.cost(part)
            days += part.days
            # After each of them, and so after the last.
            through = Fraction(days, case.period.full_days)
            assert billed == rounded(case.amount * through), case
        assert days == case.period.days, case


def test_up_and_down_on_one_day_is_nothing(cases):
    for case in cases:
        part = case.parts[case.cut % len(case.parts)]
        assert case.cost(part) + case.cost(part, sign=-1) == 0, case


def test_a_credit_never_exceeds_what_was_billed_for_the_row(cases):
    for number, case in enumerate(cases):
        # A full or a first partial period, or what followed parts that were billed.
        row = case.parts[-1] if number % 2 else case.period
        used, unused = case.cut_row(row)
        billed = case.cost(row)
        credit = case.cost(unused, sign=-1) if unused else 0
        sign = -1 if case.amount < 0 else 1
        assert 0 <= -sign * credit <= sign * billed, case
        # What stays is what the used part alone would have cost.
        assert billed + credit == (case.cost(used) if used else 0), case
        if unused and not row.done_days:
            # Of a row that nothing came before, even the share that stands alone.
            alone = ROUNDED[case.decimals](case.amount * unused.share)
            assert abs(alone) <= abs(billed), case


def test_the_price_of_a_unit_gives_back_exactly_the_amount_of_a_part(cases):
    # A third of them: test_proration.py has 100,000 parts that stand alone.
    for case in cases[::3]:
        _price, quantity, discount = case.line
        amount = case.cost(case.parts[-1])
        price = unit_price(amount, quantity, discount, case.decimals)
        total = ROUNDED[case.decimals](prorate(price, quantity, discount))
        assert total == amount, case
