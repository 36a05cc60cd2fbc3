"""Random lines and periods, for tests of what they cost."""

from datetime import date, timedelta
from decimal import Decimal

from engine import Period


def draw_line(random, decimals):
    """Return price, quantity and discount of a line, in a currency's decimals."""
    unit = Decimal(1).scaleb(-decimals)
    price = unit * random.choice(
        [random.randint(1, 999), random.randint(1, 99_999), random.randint(1, 10**8)]
    )
    quantity = random.choice(
        [
            Decimal(1),
            Decimal(random.randint(1, 12)),
            Decimal(random.randint(1, 2_000)),
            Decimal(random.randint(1, 10_000)).scaleb(-2),
        ]
    )
    discount = random.choice(
        [
            Decimal(0),
            Decimal(random.randint(1, 19) * 5),
            Decimal(random.randint(1, 9_999)).scaleb(-2),
        ]
    )
    return price, quantity, discount


def draw_period(random):
    """Return a full period: of days, weeks, months, or a year."""
    start = date(2023, 1, 1) + timedelta(days=random.randrange(3 * 365))
    days = random.choice([2, 7, 14, 28, 29, 30, 31, 59, 92, 181, 365, 366])
    end = start + timedelta(days=days - 1)
    return Period(start, end, start, end)
