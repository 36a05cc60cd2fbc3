"""What a line's quantity and price were, are and will be, from its changes.

A contract's line holds what counts today. Changes that were made lead back from there,
changes that are planned lead on.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from .period import ONE_DAY
from .proration import exact


@dataclass(frozen=True)
class Step:
    """On a day the quantity changes by so much.

    :param on: first day with the new quantity
    :param delta: more (positive) or less (negative)
    :param done: whether today's quantity has it in it, or it is planned
    """

    on: date
    delta: object
    done: bool = True


@dataclass(frozen=True)
class Span:
    """A quantity from a first to a last day, both included."""

    quantity: object
    start: date
    end: date


@dataclass(frozen=True)
class Repricing:
    """On a day the price changes. Prices may be of any type, the engine compares none.

    :param on: first day of the new price
    :param before: the price until then
    :param after: the price from then on
    :param done: whether it is today's price already, or planned
    """

    on: date
    before: object
    after: object
    done: bool = True


def quantity_on(day, quantity, steps):
    """Return the quantity on a day.

    :param day: the day
    :param quantity: today's quantity, which has all done steps in it
    :param steps: the :class:`Step`\\ s, in any order
    :rtype: Fraction
    """
    result = exact(quantity)
    for step in steps:
        if step.done and step.on > day:
            result -= exact(step.delta)
        elif not step.done and step.on <= day:
            result += exact(step.delta)
    return result


def quantity_spans(start, end, quantity, steps):
    """Return what a period owes: quantities, each from a first to a last day.

    What comes in last goes out first::

        quantity   2 |          |--- +1 ---|
                   1 |---------------------------------|
                     start                            end

    is one unit for all days and one for some. What comes and goes on one day is
    nothing, in whichever order: its changes are one. A quantity below nothing (a line
    that takes off) is owed as such.

    :param start: first day of the period
    :param end: its last day
    :param quantity: today's quantity, which has all done steps in it
    :param steps: the :class:`Step`\\ s, in any order
    :return: the spans, those that begin first, first
    :rtype: list[Span]
    """
    changes = defaultdict(Fraction, {start: quantity_on(start, quantity, steps)})
    for step in steps:
        if start < step.on <= end:
            changes[step.on] += exact(step.delta)
    stack, spans = [], []
    for on, delta in sorted(changes.items()):
        while stack and stack[-1][1] * delta < 0:
            since, number = stack.pop()
            gone = min(number, -delta, key=abs)
            if gone != number:
                stack.append([since, number - gone])
            spans.append(Span(gone, since, on - ONE_DAY))
            delta += gone
        if delta:
            stack.append([on, delta])
    spans += [Span(number, since, end) for since, number in stack]
    return sorted(spans, key=lambda span: (span.start, span.end))


def price_on(day, price, repricings):
    """Return the price on a day.

    :param day: the day
    :param price: today's price
    :param repricings: the :class:`Repricing`\\ s, in the order they were made
    """
    planned = [one for one in repricings if not one.done and one.on <= day]
    if planned:
        return sorted(planned, key=lambda one: one.on)[-1].after  # the last one made
    undone = [one for one in repricings if one.done and one.on > day]
    if undone:
        return min(undone, key=lambda one: one.on).before
    return price
