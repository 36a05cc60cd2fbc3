"""Movements of MRR: what they are called, and that they add up."""

import random
from collections import Counter, defaultdict
from fractions import Fraction

import pytest

from engine import movements
from engine.movements import Movement, Position

HISTORIES = 10_000
MONTHS = 24


def position(keys="a", **amounts):
    return Position(amounts, keys)


def tell(found):
    return [(one.kind, float(one.total), one.active, one.keys) for one in found]


# --- one step


def test_a_contract_that_begins_counts_with_all_it_has():
    one = movements.enter(position(seat=100.0, coffee=60.0), "new")
    assert one == Movement("new", {"seat": 100, "coffee": 60}, 1, "a")
    assert one.total == 160


def test_a_contract_that_ends_takes_all_of_it_away():
    assert tell([movements.leave(position(seat=100.0), "churn")]) == [
        ("churn", -100.0, -1, "a")
    ]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({"seat": 150.0}, [("expansion", 50.0, 0, "a")]),
        ({"seat": 80.0}, [("contraction", -20.0, 0, "a")]),
        ({"seat": 130.0, "coffee": -10.0}, [("expansion", 20.0, 0, "a")]),
        ({"coffee": 100.0}, [("transfer", 0.0, 0, "a")]),
        ({}, [("contraction", -100.0, 0, "a")]),
        ({"seat": 100.0}, []),
    ],
)
def test_more_is_expansion_and_less_contraction_as_a_whole(after, expected):
    assert tell(movements.move(position(seat=100.0), position(**after))) == expected


def test_under_another_key_all_of_it_moves_and_nets_nothing():
    found = movements.move(position("a", seat=100.0), position("b", seat=120.0))
    assert tell(found) == [
        ("transfer", -100.0, -1, "a"),
        ("transfer", 100.0, 1, "b"),
        ("expansion", 20.0, 0, "b"),
    ]


def test_another_rate_is_a_movement_of_its_own():
    found = movements.revalue(position(seat=110.0), position(seat=120.0))
    assert tell(found) == [("currency", 10.0, 0, "a")]
    assert movements.revalue(position(seat=110.0), position(seat=110.0)) == []


def test_amounts_are_exact():
    found = movements.move(position(seat=0.1), position(seat=0.3))
    assert found[0].total == Fraction(1, 5)


@pytest.mark.parametrize(
    ("kind", "active", "others", "is_known", "expected"),
    [
        ("new", 1, 0, False, "new"),
        ("new", 1, 0, True, "reactivation"),
        ("new", 1, 1, True, "expansion"),
        ("reactivation", 1, 0, True, "reactivation"),
        ("reactivation", 1, 2, True, "expansion"),
        ("churn", -1, 1, True, "contraction"),
        ("churn", -1, 0, True, "churn"),
        ("expansion", 0, 0, True, "expansion"),
        ("contraction", 0, 3, True, "contraction"),
        ("transfer", 1, 0, True, "transfer"),
        ("transfer", -1, 1, True, "transfer"),
        ("currency", 0, 0, True, "currency"),
    ],
)
def test_what_it_is_for_the_customer(kind, active, others, is_known, expected):
    assert movements.at_customer(kind, active, others, is_known) == expected


# --- whole histories


class History:
    """A contract that does what it likes, and a ledger of its movements by month."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.ledger = []  # (month, movement)
        self.now = None
        self.ever = False
        self.closing = {}  # what it is at the end of each month, looked at by itself

    def draw(self):
        amounts = {
            product: Fraction(self.random.randint(1, 99999), 100)
            for product in self.random.sample("pqrs", self.random.randint(0, 3))
        }
        return Position(amounts, self.random.choice("xyz"))

    def live(self):
        for month in range(MONTHS):
            for _event in range(self.random.choice((0, 0, 1, 2))):
                self.step(month)
            self.closing[month] = self.now
        return self

    def step(self, month):
        if self.now is None:
            after = self.draw()
            kind = "reactivation" if self.ever else "new"
            found, self.ever = [movements.enter(after, kind)], True
        elif self.random.random() < 0.2:
            after, found = None, [movements.leave(self.now, "churn")]
        else:
            before, found = self.now, []
            if self.random.random() < 0.2:
                factor = Fraction(self.random.randint(80, 120), 100)
                amounts = {key: one * factor for key, one in before.amounts.items()}
                before = Position(amounts, before.keys)
                found = movements.revalue(self.now, before)
            after = self.draw()
            found = found + movements.move(before, after)
        self.ledger += [(month, one) for one in found]
        self.now = after


@pytest.mark.parametrize("chunk", range(10))
def test_opening_and_movements_are_the_closing_of_every_month(chunk):
    for seed in range(chunk * HISTORIES // 10, (chunk + 1) * HISTORIES // 10):
        history = History(seed).live()
        totals, products = defaultdict(Fraction), Counter()
        active = Counter()
        for month in range(MONTHS):
            opening = sum(totals.values())
            moved = [one for when, one in history.ledger if when == month]
            for one in moved:
                totals[one.keys] += one.total
                active[one.keys] += one.active
                for product, amount in one.amounts.items():
                    products[product] += amount
            closing = history.closing[month]
            expected = closing.total if closing else 0
            assert opening + sum(one.total for one in moved) == expected, seed
            # Under each key, by each product, and as a number of contracts.
            keys = {closing.keys: expected} if closing else {}
            assert {key: one for key, one in totals.items() if one} == {
                key: one for key, one in keys.items() if one
            }, seed
            assert {key: one for key, one in active.items() if one} == (
                {closing.keys: 1} if closing else {}
            ), seed
            assert {key: one for key, one in products.items() if one} == {
                key: one for key, one in (closing.amounts if closing else {}).items()
            }, seed
        transfers = [one for _month, one in history.ledger if one.kind == "transfer"]
        assert sum(one.total for one in transfers) == 0, seed
        assert sum(one.active for one in transfers) == 0, seed
