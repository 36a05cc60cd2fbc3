"""What a part of a period costs."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

# Prices shorter than this many decimals always exist; see unit_price().
MAX_DECIMALS = 12


def exact(number):
    """Return the number a person typed as an exact fraction: 0.1 is 1/10."""
    return number if isinstance(number, Fraction) else Fraction(str(number))


def prorate(price, quantity=1, discount=0, share=1):
    """Return the exact amount of a line for a share of its period, unrounded.

    ``price x quantity x (1 - discount / 100) x share``

    :param price: price per unit and full period
    :param quantity: units
    :param discount: percent
    :param share: days used / days of the full period
    :rtype: Fraction
    """
    return exact(price) * exact(quantity) * (1 - exact(discount) / 100) * exact(share)


def part_amount(amount, share, done_share=0, rounded=lambda exact: exact):
    """Return the amount of a part of a period, so that its parts add up to the whole.

    ``rounded(amount x (done_share + share)) - rounded(amount x done_share)``

    For a part that stands alone this is its share, rounded once. One that follows
    another of the same period owes what that one left: half of 99.99 is 50.00, and the
    other half 49.99.

    :param amount: exact amount of the full period, with its sign
    :param share: share of the part
    :param done_share: share of the parts billed before it
    :param rounded: function that rounds an exact amount to the currency
    """
    amount = exact(amount)
    if not done_share:
        return rounded(amount * exact(share))
    through = exact(done_share) + exact(share)
    return rounded(amount * through) - rounded(amount * exact(done_share))


def unit_price(amount, quantity=1, discount=0, decimals=2):
    """Return the shortest price per unit that gives exactly this amount.

    An invoice line holds a price, a quantity and a discount, and its total is worked
    out and rounded from these. 7 units for 383.87 are 54.8386 each: 54.84 would make
    383.88.

    :param amount: the amount of the line, already rounded to the currency
    :param quantity: units
    :param discount: percent
    :param decimals: of the currency
    :rtype: Decimal
    """
    factor = exact(quantity) * (1 - exact(discount) / 100)
    if not factor:
        return Decimal(0)
    amount = exact(amount)
    price = amount / factor
    # Well inside half a unit of the currency, so that no float error tips it over.
    tolerance = Fraction(1, 4) / 10**decimals
    for digits in range(decimals, MAX_DECIMALS + 1):
        short = _round(price, digits)
        if abs(exact(short) * factor - amount) < tolerance:
            return short
    return _round(price, MAX_DECIMALS)


def _round(fraction, digits):
    number = Decimal(fraction.numerator) / Decimal(fraction.denominator)
    return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
