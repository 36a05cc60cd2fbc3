"""What a business of contracts is measured by: churn, retention, value, a forecast.

All figures follow from the movements of the MRR in a span of days. Nothing is rounded,
and what would be divided by 0 is None: nobody knows it.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from .period import ONE_DAY
from .proration import exact

MONTHS_PER_YEAR = 12


def ratio(part, whole):
    """Divide, or return None where there is nothing to divide by.

    :rtype: Fraction | None
    """
    if part is None or not whole:
        return None
    return exact(part) / exact(whole)


def months_of(start, end):
    """Return how many months a span has: of each month, the share it covers.

    :param date start: first day
    :param date end: last day
    :rtype: Fraction
    """
    months = Fraction(0)
    while start <= end:
        last = end_of_month(start)
        covered = (min(last, end) - start).days + 1
        months += Fraction(covered, last.day)
        start = last + ONE_DAY
    return months


def end_of_month(day):
    """Return the last day of a day's month.

    :rtype: date
    """
    return day.replace(day=monthrange(day.year, day.month)[1])


def add_months(day, count):
    """Return a day some months later; the last day of a month leads to the last.

    :rtype: date
    """
    index = day.year * MONTHS_PER_YEAR + day.month - 1 + count
    first = date(index // MONTHS_PER_YEAR, index % MONTHS_PER_YEAR + 1, 1)
    last = end_of_month(first)
    if day == end_of_month(day):
        return last
    return first.replace(day=min(day.day, last.day))


def months_until(day, count=MONTHS_PER_YEAR):
    """Return the calendar months that lead to a day, the last one up to it.

    :return: list of (first day, last day)
    :rtype: list[tuple]
    """
    first = day.replace(day=1)
    starts = [add_months(first, back) for back in range(1 - count, 1)]
    return [(start, min(end_of_month(start), day)) for start in starts]


def span_before(start, end, months=None):
    """Return the span to compare with.

    :param date start: first day
    :param date end: last day
    :param int months: so many months earlier, the same days of them; default is the
        span that ends the day before, of as many months if it has whole ones, and of as
        many days if not
    :return: (first day, last day)
    :rtype: tuple
    """
    if not months and start.day == 1 and end == end_of_month(end):
        months = int(months_of(start, end))
    if months:
        return add_months(start, -months), add_months(end, -months)
    return start - (end - start) - ONE_DAY, start - ONE_DAY


def named_span(name, today):
    """Return the span that has a name, up to today.

    :param str name: month, last_month, quarter, year or last_12_months
    :param date today: the day
    :return: (first day, last day, how many months earlier the span before is)
    :rtype: tuple
    """
    month = today.replace(day=1)
    if name == "last_month":
        last = month - ONE_DAY
        return last.replace(day=1), last, 1
    if name == "quarter":
        return month.replace(month=(month.month - 1) // 3 * 3 + 1), today, 3
    if name == "year":
        return month.replace(month=1), today, MONTHS_PER_YEAR
    if name == "last_12_months":
        return add_months(month, 1 - MONTHS_PER_YEAR), today, MONTHS_PER_YEAR
    return month, today, 1


@dataclass(frozen=True)
class Figures:
    """What happened in a span of days; amounts in one currency, losses positive.

    :param opening: MRR before the first day
    :param closing: MRR after the last one
    :param contracts_before: contracts before the first day
    :param contracts: contracts after the last one
    :param moved_contracts: contracts that came from others, less those that went there
    :param kept_gain: expansion of the contracts that were there at the opening
    :param kept_loss: their contraction and churn
    :param capped_loss: the same, of no contract more than it had at the opening
    :param months: how many months the span has
    """

    opening: Fraction = Fraction(0)
    closing: Fraction = Fraction(0)
    new: Fraction = Fraction(0)
    expansion: Fraction = Fraction(0)
    contraction: Fraction = Fraction(0)
    churn: Fraction = Fraction(0)
    reactivation: Fraction = Fraction(0)
    contracts_before: int = 0
    contracts: int = 0
    new_contracts: int = 0
    lost_contracts: int = 0
    moved_contracts: int = 0
    kept_gain: Fraction = Fraction(0)
    kept_loss: Fraction = Fraction(0)
    capped_loss: Fraction = Fraction(0)
    months: Fraction = Fraction(1)

    @property
    def gained(self):
        """New, reactivated and expanded MRR.

        :rtype: Fraction
        """
        return self.new + self.reactivation + self.expansion

    @property
    def lost(self):
        """MRR lost to churn and contraction.

        :rtype: Fraction
        """
        return self.churn + self.contraction

    @property
    def net_new(self):
        """What the MRR grew by, exchange rates apart.

        :rtype: Fraction
        """
        return self.gained - self.lost

    @property
    def arr(self):
        """Recurring revenue in a year.

        :rtype: Fraction
        """
        return MONTHS_PER_YEAR * self.closing

    @property
    def logo_churn(self):
        """Contracts lost ÷ contracts at the start.

        :rtype: Fraction | None
        """
        return ratio(self.lost_contracts, self.contracts_before)

    @property
    def gross_revenue_churn(self):
        """(Churn + contraction) ÷ opening MRR.

        :rtype: Fraction | None
        """
        return ratio(self.lost, self.opening)

    @property
    def net_revenue_churn(self):
        """(Churn + contraction − expansion − reactivation) ÷ opening MRR.

        :rtype: Fraction | None
        """
        return ratio(self.lost - self.expansion - self.reactivation, self.opening)

    @property
    def net_revenue_retention(self):
        """What became of the opening MRR: it grew and shrank ÷ what it was.

        :rtype: Fraction | None
        """
        return ratio(self.opening + self.kept_gain - self.kept_loss, self.opening)

    @property
    def gross_revenue_retention(self):
        """What was kept of the opening MRR; never more than all of it.

        :rtype: Fraction | None
        """
        return ratio(self.opening - self.capped_loss, self.opening)

    @property
    def quick_ratio(self):
        """Gained ÷ lost MRR.

        :rtype: Fraction | None
        """
        return ratio(self.gained, self.lost)

    @property
    def revenue_per_contract(self):
        """MRR ÷ contracts.

        :rtype: Fraction | None
        """
        return ratio(self.closing, self.contracts)

    @property
    def monthly_logo_churn(self):
        """Logo churn ÷ months of the span.

        :rtype: Fraction | None
        """
        return ratio(self.logo_churn, self.months)

    @property
    def lifetime_value(self):
        """Revenue per contract ÷ monthly logo churn.

        :rtype: Fraction | None
        """
        return ratio(self.revenue_per_contract, self.monthly_logo_churn)


def mean(values):
    """Return the mean of the months there are, 0 where there is none.

    :rtype: Fraction
    """
    values = [exact(value) for value in values]
    return sum(values, Fraction(0)) / len(values) if values else Fraction(0)


def forecast(now, changes, trend):
    """Add up what is known, and let it go on as it went, month by month.

    The first month is the present one: the trend begins with the next.

    :param now: the figure as it stands
    :param changes: what is known to change in each month
    :param trend: by how much it grew per month
    :return: list of (known, share of the trend), at the end of each month
    :rtype: list[tuple]
    """
    known, result = exact(now), []
    for index, change in enumerate(changes):
        known += exact(change)
        result.append((known, index * exact(trend)))
    return result
