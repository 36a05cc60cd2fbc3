"""What a price becomes when it is raised: the new price and its rounding."""

from fractions import Fraction

from .proration import exact

# How prices may end: the step between two of them, and where they stand in it.
ENDINGS = {
    "0.01": (Fraction(1, 100), Fraction(0)),
    "0.05": (Fraction(1, 20), Fraction(0)),
    "0.10": (Fraction(1, 10), Fraction(0)),
    "0.50": (Fraction(1, 2), Fraction(0)),
    "1.00": (Fraction(1), Fraction(0)),
    "x.99": (Fraction(1), Fraction(99, 100)),
}


def raised_price(price, method, value):
    """Return a price after its change, exact and unrounded.

    100.00 by 5 percent is 105, by an amount of 7.50 it is 107.5.

    :param price: the price until then
    :param method: ``percent``, ``amount`` (added) or ``price`` (replaces it)
    :param value: percent, amount or price; below zero it makes things cheaper
    :rtype: Fraction
    """
    if method == "percent":
        return exact(price) * (1 + exact(value) / 100)
    if method == "amount":
        return exact(price) + exact(value)
    if method == "price":
        return exact(value)
    raise ValueError(f"No way to change a price: {method!r}")


def nearest_ending(price, ending):
    """Return the price nearest to one that ends as asked for; halves go up.

    101.37 is 101.35 in steps of 0.05, 101.00 in steps of 1.00, and 100.99 or 101.99,
    whichever is nearer, where prices end in .99. What costs something goes on to do so:
    0.02 in steps of 0.05 is 0.05.

    :param price: exact price, not below zero
    :param ending: one of :data:`ENDINGS`
    :rtype: Fraction
    """
    step, offset = ENDINGS[ending]
    price = exact(price)
    result = _step_at(price, step, offset)
    while price > 0 and result <= 0:
        result += step
    return result


def new_price(price, method, value, ending=None):
    """Return what a price becomes, rounded as asked for.

    Rounding never turns a rise into a fall, nor a fall into a rise: 100.00 with 0.2
    percent more ends in .99 as 100.99, not as 99.99. A price that was named is left as
    it is named, and one below zero for the caller to refuse.

    :param price: the price until then
    :param method: see :func:`raised_price`
    :param value: see :func:`raised_price`
    :param ending: one of :data:`ENDINGS`, None for no rounding
    :rtype: Fraction
    """
    price = exact(price)
    result = raised_price(price, method, value)
    if ending is None or method == "price" or result <= 0 or result == price:
        return result
    rounded = nearest_ending(result, ending)
    step, _offset = ENDINGS[ending]
    if result > price > rounded:
        return rounded + step
    if result < price < rounded and rounded > step:
        return rounded - step
    return rounded


def _step_at(price, step, offset):
    """Return the step nearest to a price, halves up."""
    return offset + step * ((price - offset) / step + Fraction(1, 2)).__floor__()
