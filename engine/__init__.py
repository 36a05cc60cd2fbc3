"""Dates and money of subscriptions, in pure Python.

What belongs here: values in, values out. No Odoo, no database, no clock, no rounding
to a currency (the caller rounds, once). Ratios are exact fractions.

Invariants, each proven in tests/engine:

* the n-th period starts at *anchor + n x interval*, in closed form, never from the
  start of the period before it;
* the periods of a schedule follow each other without a gap or an overlap;
* the shares of the parts of a period add up to the share of the whole.
"""

from .changes import Repricing, Span, Step, price_on, quantity_on, quantity_spans
from .lifecycle import InvalidMove, can_move, check_move
from .mrr import DAYS_PER_MONTH, months_in, monthly_amount
from .period import Period
from .pricing import ENDINGS, new_price
from .proration import part_amount, prorate, unit_price
from .recurrence import DateOutOfRange, Recurrence
from .schedule import Schedule
from .timeline import Epoch, Timeline, within_calendar
