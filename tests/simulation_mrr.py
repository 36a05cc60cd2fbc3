"""What the MRR of contracts must have been, read from their invoices alone.

An invoice line says what was paid for which days; with the length of the whole period
that is an amount per month. Nothing here knows of events, or of the contract's lines.
"""

from collections import defaultdict

from odoo.tools import SQL

# Parts of a period add up to it: a part is off by a cent at most.
CENT = 0.01

MEAN_DAYS = {"day": 1, "week": 7}
DAYS_PER_MONTH = 365.25 / 12
MONTHS = {"month": 1, "year": 12}


def get_differences(env, orders, products):
    """Compare events with invoices, on the first day of each billed period and of each
    event.

    :param orders: contracts
    :param products: products whose price is shared out by days
    :return: texts; empty when they agree
    :rtype: list[str]
    """
    env.flush_all()
    differences = []
    families = defaultdict(lambda: env["sale.order"])
    for order in orders:
        families[order.root_order_id] |= order
    for root, family in families.items():
        invoiced = _get_invoiced(env, family, products)
        events = _get_events(env, family)
        for day in sorted(_get_days(family)):
            if _is_renewed_ahead(family, day):
                continue
            found = _sum_events(events, day, products)
            expected, tolerance = _sum_invoices(invoiced, day)
            for product in set(found) | set(expected):
                one, other = found.get(product, 0), expected.get(product, 0)
                if abs(one - other) > tolerance.get(product, 0) + CENT * 1.01:
                    differences.append(
                        f"{root.name}, {day}, product {product}: {one} by events, "
                        f"{other} by invoices"
                    )
    return differences


def _is_renewed_ahead(family, day):
    """Tell whether a renewal counts, with what it will have, that has not begun."""
    return any(
        order.parent_order_id
        and min(order.event_ids.mapped("event_date"), default=day) <= day
        and day < order.start_date
        for order in family
    )


def _get_days(family):
    """Return the days that are billed, and on which the contract ran."""
    days = set()
    for order in family:
        events = order.event_ids.sorted(lambda one: (one.event_date, one.id))
        if not events:
            continue
        churned = [one.event_date for one in events if one.kind == "churn"]
        back = [one.event_date for one in events if one.kind == "reactivation"]
        gone = [
            (day, min((one for one in back if one >= day), default=None))
            for day in churned
        ]
        pauses = order.change_ids.filtered(
            lambda one: one.kind == "pause" and one.state == "done" and one.date_to
        )
        for row in order.period_ids.filtered("is_live"):
            if row.kind != "billed":
                continue
            for day in {row.date_from, row.date_to, *events.mapped("event_date")}:
                if (
                    row.date_from <= day <= row.date_to
                    and day >= events[0].event_date
                    # What was planned for a day of the pause counts from its end on.
                    and not any(pause.date <= day <= pause.date_to for pause in pauses)
                    and not any(
                        first <= day and (not last or day < last)
                        for first, last in gone
                    )
                ):
                    days.add(day)
    return days


def _get_invoiced(env, family, products):
    """Return (product, first day, last day, MRR, tolerance) of each line."""
    rows = env.execute_query(
        SQL(
            """
            SELECT line.product_id, line.period_from, line.period_to,
                   -line.amount_currency, period.full_from, period.full_to,
                   plan.billing_period_unit, plan.billing_period_value
              FROM account_move_line line
              JOIN subscription_period period ON period.id = line.period_id
              JOIN subscription_plan plan ON plan.id = period.plan_id
             WHERE period.order_id = ANY(%s)
               AND line.product_id = ANY(%s)
               AND line.display_type = 'product'
               AND line.parent_state <> 'cancel'
            """,
            family.ids,
            products.ids,
        )
    )
    lines = []
    for product, first, last, amount, full_from, full_to, unit, count in rows:
        months = MONTHS.get(unit, 0) or MEAN_DAYS[unit] / DAYS_PER_MONTH
        share = ((last - first).days + 1) / ((full_to - full_from).days + 1)
        per_month = 1 / (share * months * count)
        lines.append(
            (product, first, last, float(amount) * per_month, CENT * per_month)
        )
    return lines


def _get_events(env, family):
    events = family.event_ids.sorted(lambda one: (one.event_date, one.id))
    return [(one.event_date, one._get_amounts()) for one in events]


def _sum_events(events, day, products):
    sums = defaultdict(float)
    for date, amounts in events:
        if date <= day:
            for product, amount in amounts.items():
                if product in products.ids:
                    sums[product] += amount
    return sums


def _sum_invoices(invoiced, day):
    sums, tolerance = defaultdict(float), defaultdict(float)
    for product, first, last, amount, inexact in invoiced:
        if first <= day <= last:
            sums[product] += amount
            tolerance[product] += inexact
    return sums, tolerance
