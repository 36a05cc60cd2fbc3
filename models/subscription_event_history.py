import logging

from odoo import api, fields, models

from ..engine import lifecycle
from ..engine.movements import Position
from ..engine.period import ONE_DAY
from .event_facts import Step

_logger = logging.getLogger(__name__)


class SubscriptionEvent(models.Model):
    _inherit = "subscription.event"

    @api.model
    def _rebuild(self, orders=None, imported=False):
        """Write the history of contracts that have none.

        Contracts that were there before this addon wrote events, or that were imported:
        from their start, through the changes that are on record, to what they are. What
        no record explains is an event of today.

        :param orders: contracts, default all; those with events are left alone
        :param bool imported: they were confirmed elsewhere, and count from their start;
            others count from the day they were confirmed
        :return: the events
        :rtype: subscription.event
        """
        orders = self._get_without_history(orders)
        self = self.with_context(subscription_imported=imported)
        days, odd = {}, orders.browse()
        for order in orders:
            try:
                for day in self._get_history_days(order):
                    self._get_position_on(order, day)
                    days.setdefault(day, []).append(order)
            except Exception:  # pylint: disable=broad-exception-caught
                # One contract with odd data must not stop an update of the addon. It
                # counts from today, and the check of the figures compares it.
                _logger.exception("The history of %s cannot be told", order.name)
                odd |= order
        for day in sorted(days):
            self._rebuild_day(day, [one for one in days[day] if one not in odd])
        with self.env["subscription.recorder"]._open() as recording:
            note = self.env._("As found, no record says why")
            recording.touch(orders, {"note": note})
        return orders.event_ids

    def _get_without_history(self, orders):
        # sudo: the history is complete, whoever starts this
        Order = self.env["sale.order"].sudo()
        if orders is None:
            orders = Order.search(
                [
                    ("state", "=", "sale"),
                    ("subscription_state", "not in", (False, lifecycle.DRAFT)),
                    ("event_ids", "=", False),
                ]
            )
        return orders.sudo().filtered(
            lambda order: order.state == "sale"
            and order.subscription_state not in (False, lifecycle.DRAFT)
            and not order.event_ids
        )

    def _rebuild_day(self, day, orders):
        recorder = self.env["subscription.recorder"]
        steps = {}
        for order in orders:
            before = recorder._get_recorded(order)
            rate, old = order._get_event_rate(day), order.mrr_rate
            if rate != old and order.currency_id != order.company_id.currency_id:
                order.mrr_rate = rate
            after = self._get_position_on(order, day)
            if before == after:
                continue
            step = Step(order, before, after, day, self._get_history_facts(order, day))
            if before and old and order.mrr_rate:
                amounts = {
                    key: one * old / order.mrr_rate
                    for key, one in before.amounts.items()
                }
                step.revalued = Position(recorder._round(order, amounts), before.keys)
            steps[order] = step
        return recorder._record_steps(steps)

    def _get_history_start(self, order):
        """Return the day from which on a contract counted, or None.

        It is the day it was confirmed, or, where that was elsewhere, its start.

        :rtype: date | None
        """
        confirmed = fields.Datetime.context_timestamp(order, order.date_order).date()
        day = confirmed
        if self.env.context.get("subscription_imported"):
            day = min(confirmed, order.start_date or confirmed)
        if order.in_trial:
            return None
        if order.trial_end_date and order.trial_end_date >= confirmed:
            day = order.trial_end_date + ONE_DAY
        return day

    def _get_history_end(self, order):
        """Return the day from which on a contract did not count any more, or None.

        :rtype: date | None
        """
        if order.subscription_state == lifecycle.CHURNED:
            return order.close_date or order._get_last_day() or order._get_today()
        if order.subscription_state == lifecycle.RENEWED:
            renewal = order._get_open_renewal()
            return renewal and self._get_history_start(renewal)
        return None

    def _get_history_days(self, order):
        """Return the days on which something happened to a contract.

        :rtype: set
        """
        start, end = self._get_history_start(order), self._get_history_end(order)
        if not start:
            return set()
        days = {start}
        for change in order.change_ids.filtered(lambda one: one.state == "done"):
            days.add(change.date)
            if change.kind == "pause" and change.date_to:
                days.add(change.date_to + ONE_DAY)
        today = order._get_today()
        days = {day for day in days if start <= day <= min(end or today, today)}
        return days | {end} if end and end >= start else days

    def _get_history_facts(self, order, day):
        changes = order.change_ids.filtered(
            lambda one: one.state == "done" and one.date == day and one.kind != "pause"
        )
        return changes[:1]._get_event_facts() if changes else {}

    def _get_position_on(self, order, day):
        """Return where a contract stood on a day, None where it did not count.

        :rtype: Position | None
        """
        end = self._get_history_end(order)
        if end and day >= end:
            return None
        plan = order._get_plan_on(max(day, order.start_date or day))
        amounts = {}
        for line in order.order_line.filtered("is_recurring"):
            price, discount = line._get_price_on(day)
            mrr = line._get_mrr_at(price, discount, line._get_quantity_on(day), plan)
            product = line.product_id.id
            amounts[product] = amounts.get(product, 0.0) + mrr
        rounded = self.env["subscription.recorder"]._round(order, amounts)
        paused = any(
            pause.date <= day and (not pause.date_to or day <= pause.date_to)
            for pause in order._get_counted_changes("pause")
        )
        keys = {
            **order._get_event_keys(),
            "plan_id": plan.id,
            "state": lifecycle.PAUSED if paused else lifecycle.PROGRESS,
        }
        return Position({key: one for key, one in rounded.items() if one}, keys)
