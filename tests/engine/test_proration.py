"""What a part of a period costs, and the price that makes an invoice say so."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import oracle
import pytest
from draws import draw_line, draw_period
from oracle import ONE_DAY

from engine import Period, prorate, unit_price

CASES = 100_000
DECIMALS = {"JPY": 0, "EUR": 2, "KWD": 3}


@dataclass(frozen=True, slots=True)
class Case:
    """A line of a contract, cut on a day of its period."""

    decimals: int
    price: Decimal
    quantity: Decimal
    discount: Decimal
    period: Period
    cut: date

    @property
    def line(self):
        return self.price, self.quantity, self.discount

    def units(self, share, sign=1):
        """Return what the share costs, rounded, in units of the currency."""
        price, quantity, discount = self.line
        return oracle.units(
            prorate(price, sign * quantity, discount, share), self.decimals
        )


def draw_case(random, decimals):
    line, period = draw_line(random, decimals), draw_period(random)
    cut = period.start + timedelta(days=random.randrange(1, period.days))
    return Case(decimals, *line, period, cut)


@pytest.fixture(scope="module", params=DECIMALS)
def cases(request):
    """A third of the random cases, the same ones on every run, in one currency."""
    random = Random(f"proration {request.param}")
    decimals = DECIMALS[request.param]
    number = -(-CASES // len(DECIMALS))
    return [draw_case(random, decimals) for _case in range(number)]


# -- Tables


#   1 July         15            31
#     |-------------|=============|
#                       17/31
@pytest.mark.parametrize(
    ("price", "quantity", "discount", "share", "expected"),
    [
        ("60.00", 1, 0, Fraction(17, 31), "32.90"),  # service
        ("60.00", 1, 0, 1, "60.00"),  # goods
        ("100.00", 1, 0, Fraction(17, 31), "54.84"),
        ("100.00", 7, 0, Fraction(17, 31), "383.87"),
        ("100.00", 1, 0, Fraction(1), "100.00"),
        ("100.00", 1, 0, 0, "0.00"),
        ("100.00", 1, 100, Fraction(17, 31), "0.00"),
        ("100.00", 1, 10, Fraction(17, 31), "49.35"),
        ("100.00", 3, "12.5", Fraction(1, 2), "131.25"),
        ("100.00", -1, 0, Fraction(17, 31), "-54.84"),
        (0.1, 3, 0, 1, "0.30"),
        (0.15, 1, 0, Fraction(1, 2), "0.08"),
        (1.005, 1, 0, 1, "1.01"),
    ],
)
def test_a_share_of_a_period_costs_its_share_rounded_once(
    price, quantity, discount, share, expected
):
    amount = prorate(price, quantity, discount, share)
    assert oracle.money(oracle.units(amount, 2), 2) == Decimal(expected)


def test_an_amount_is_exact_until_the_caller_rounds_it():
    assert prorate(60, share=Fraction(17, 31)) == Fraction(1020, 31)
    assert prorate(0.1, 3) == Fraction(3, 10)
    assert prorate(100) == 100


@pytest.mark.parametrize(
    ("decimals", "expected"), [(0, "55"), (2, "54.84"), (3, "54.839")]
)
def test_the_currency_names_the_decimals(decimals, expected):
    amount = prorate(100, share=Fraction(17, 31))
    assert oracle.money(oracle.units(amount, decimals), decimals) == Decimal(expected)


@pytest.mark.parametrize(
    ("amount", "quantity", "discount", "decimals", "expected"),
    [
        ("32.90", 1, 0, 2, "32.90"),
        ("383.87", 7, 0, 2, "54.8386"),
        ("100.00", 3, 0, 2, "33.333"),
        ("300.00", 3, 0, 2, "100.00"),
        ("90.00", 1, 10, 2, "100.00"),
        ("1", 3, 0, 0, "0.3"),
        ("0.001", 2, 0, 3, "0.0005"),
        ("0.00", 5, 0, 2, "0.00"),
        ("-383.87", -7, 0, 2, "54.8386"),
        ("-383.87", 7, 0, 2, "-54.8386"),
        (32.9, 1.0, 0.0, 2, "32.90"),
    ],
)
def test_the_price_of_a_unit_is_the_shortest_that_makes_the_amount(
    amount, quantity, discount, decimals, expected
):
    price = unit_price(amount, quantity, discount, decimals)
    # As text: 54.8386 has no zeros behind it and 32.90 keeps its own.
    assert str(price) == expected


@pytest.mark.parametrize(("quantity", "discount"), [(0, 0), (5, 100), (0, 100)])
def test_nothing_sold_or_all_discounted_has_no_price(quantity, discount):
    assert unit_price("0.00", quantity, discount) == 0


# -- 100,000 random lines


def test_an_invoice_with_the_price_of_a_unit_comes_to_exactly_the_amount(cases):
    for case in cases:
        _price, quantity, discount = case.line
        share = case.period.clip(start=case.cut).share
        amount = oracle.money(case.units(share), case.decimals)
        price = unit_price(amount, quantity, discount, case.decimals)
        total = oracle.odoo_total(price, quantity, discount, case.decimals)
        assert total == float(amount), case


def test_the_parts_of_a_cut_period_add_up_to_it(cases):
    for case in cases:
        head = case.period.clip(end=case.cut - ONE_DAY)
        tail = case.period.clip(start=case.cut)
        exact = [prorate(*case.line, share=part.share) for part in (head, tail)]
        full = prorate(*case.line)
        assert sum(exact) == full, case
        parts = [oracle.units(amount, case.decimals) for amount in exact]
        whole = oracle.units(full, case.decimals)
        assert abs(sum(parts) - whole) <= 1, case
        # The credit for the unused part is never more than was paid.
        assert max(parts) <= whole, case


def test_up_and_down_again_on_one_day_is_nothing(cases):
    for case in cases:
        share = case.period.clip(start=case.cut).share
        up, down = case.units(share), case.units(share, sign=-1)
        assert up + down == 0, case


def test_a_full_period_is_exactly_what_an_order_line_of_the_price_comes_to(cases):
    for case in cases:
        # Goods are not prorated: their share is 1 whatever the period.
        for share in (1, case.period.share):
            amount = oracle.money(case.units(share), case.decimals)
            assert float(amount) == oracle.odoo_total(*case.line, case.decimals), case
