"""Which moves between the states of a contract are allowed."""

from itertools import product

import pytest

from engine import InvalidMove, can_move, check_move
from engine.lifecycle import BILLABLE, LIVE, STATES

#             +---------> paused <---+
#             |             |        |
#   draft <-> progress <----+        |        paused moves on as progress does
#             |   ^  ^               |
#             v   |  |               |
#        renewed -+  +- churned <----+
ALLOWED = {
    ("draft", "progress"),
    ("progress", "draft"),
    ("progress", "paused"),
    ("progress", "renewed"),
    ("progress", "churned"),
    ("paused", "draft"),
    ("paused", "progress"),
    ("paused", "renewed"),
    ("paused", "churned"),
    ("renewed", "progress"),
    ("churned", "progress"),
    ("churned", "renewed"),  # a fixed term whose renewal is accepted late
}
REFUSED = sorted(set(product(STATES, STATES)) - ALLOWED)


def test_there_are_five_states():
    assert STATES == ("draft", "progress", "paused", "renewed", "churned")


@pytest.mark.parametrize(("state", "target"), sorted(ALLOWED))
def test_a_move_of_the_table_is_allowed(state, target):
    assert can_move(state, target)
    assert check_move(state, target) == target


@pytest.mark.parametrize(("state", "target"), REFUSED)
def test_every_other_move_is_refused(state, target):
    assert not can_move(state, target)
    with pytest.raises(InvalidMove, match=f"{state} -> {target}"):
        check_move(state, target)


@pytest.mark.parametrize(
    ("state", "target"),
    [(False, "progress"), (None, "draft"), ("sale", "progress"), ("progress", "x")],
)
def test_an_unknown_state_moves_nowhere(state, target):
    with pytest.raises(InvalidMove):
        check_move(state, target)


def test_running_and_paused_contracts_are_live_and_only_running_ones_billed():
    assert sorted(LIVE) == ["paused", "progress"]
    assert sorted(BILLABLE) == ["progress"]
