"""What moves the monthly recurring revenue of a contract, and of a customer.

A contract is at a *position*: its MRR by product, and the keys it is counted under
(plan, salesperson, running or paused ...). From one position to the next lead
*movements*; their amounts add up to the difference, whatever happened.
"""

from fractions import Fraction
from typing import NamedTuple

from .proration import exact

NEW, EXPANSION, CONTRACTION, CHURN, REACTIVATION, TRANSFER, CURRENCY = KINDS = (
    "new",
    "expansion",
    "contraction",
    "churn",
    "reactivation",
    "transfer",
    "currency",
)
# What makes a contract, or a customer, count, and what ends that.
ENTERING = {NEW, REACTIVATION}
LEAVING = {CHURN}


class Position(NamedTuple):
    """Where a contract stands.

    :param dict amounts: MRR by product, in the company's currency
    :param keys: what it is counted under, anything that can be compared
    """

    amounts: dict
    keys: object = None

    @property
    def total(self):
        """The MRR, exact.

        :rtype: Fraction
        """
        return sum(map(exact, self.amounts.values()), Fraction(0))


class Movement(NamedTuple):
    """One step of a contract's MRR.

    :param str kind: one of :data:`KINDS`
    :param dict amounts: what moves by product, without those that do not
    :param int active: change in the number of contracts: +1, 0, -1
    :param keys: what it is counted under
    """

    kind: str
    amounts: dict
    active: int
    keys: object

    @property
    def total(self):
        """The change of MRR, exact.

        :rtype: Fraction
        """
        return sum(self.amounts.values(), Fraction(0))


def _minus(after, before):
    differences = {
        product: exact(after.get(product, 0)) - exact(before.get(product, 0))
        for product in [*before, *(key for key in after if key not in before)]
    }
    return {product: amount for product, amount in differences.items() if amount}


def enter(position, kind):
    """Let a contract count: ``new``, ``reactivation``, or ``transfer`` from another.

    :rtype: Movement
    """
    return Movement(kind, _minus(position.amounts, {}), 1, position.keys)


def leave(position, kind):
    """Let a contract count no more: ``churn``, or ``transfer`` to another.

    :rtype: Movement
    """
    return Movement(kind, _minus({}, position.amounts), -1, position.keys)


def revalue(before, after):
    """Return what another exchange rate makes of the same position, if anything.

    :rtype: list[Movement]
    """
    amounts = _minus(after.amounts, before.amounts)
    return [Movement(CURRENCY, amounts, 0, before.keys)] if amounts else []


def move(before, after):
    """Return the movements of a contract that counts before and after.

    Counted under other keys, all of it leaves the old ones and enters the new ones,
    which nets 0. What it is more or less is an expansion or a contraction as a whole:
    50.00 more of one product and 20.00 less of another are an expansion of 30.00.
    Products of the same price that take each other's place are a transfer of 0.

    :param Position before: where it was
    :param Position after: where it is
    :rtype: list[Movement]
    """
    movements = []
    if before.keys != after.keys:
        moved = Position(before.amounts, after.keys)
        movements += [leave(before, TRANSFER), enter(moved, TRANSFER)]
    amounts = _minus(after.amounts, before.amounts)
    if amounts:
        change = sum(amounts.values())
        kind = TRANSFER
        if change:
            kind = EXPANSION if change > 0 else CONTRACTION
        movements.append(Movement(kind, amounts, 0, after.keys))
    return movements


def at_customer(kind, active, others, is_known):
    """Return what a movement of a contract is for the customer as a whole.

    A second contract is an expansion, dropping one of two a contraction, a contract of
    one who had left a reactivation; only the first ever is new.

    :param str kind: the movement's kind for the contract
    :param int active: its change in the number of contracts
    :param int others: how many other contracts of the customer count
    :param bool is_known: whether any contract of the customer ever counted
    :return: one of :data:`KINDS`
    :rtype: str
    """
    if kind in ENTERING and active > 0:
        if others > 0:
            return EXPANSION
        return REACTIVATION if is_known else NEW
    if kind in LEAVING:
        return CONTRACTION if others > 0 else CHURN
    return kind
