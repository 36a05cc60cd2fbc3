"""How a contract ends by a declaration, and on which day."""

import logging

from odoo import fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools import format_date, plaintext2html

from ..engine.period import ONE_DAY
from .subscription_scheduler import RETRY

_logger = logging.getLogger(__name__)


class SubscriptionCancellation(models.Model):
    _inherit = "subscription.cancellation"

    # === ENDED === #

    def _apply_to(self, order, by_hand=False):
        """End a contract as declared; what goes wrong is left to a person.

        :param order: the contract
        :param bool by_hand: a person has decided that it is meant
        """
        self.ensure_one()
        order = order.with_company(order.company_id)
        if not order.try_lock_for_update(allow_referencing=True):
            raise LockError(
                self.env._(
                    "%s is being billed or changed right now. Try again in a moment.",
                    order.name,
                )
            )
        self.write({"order_id": order.id, "company_id": order.company_id.id})
        before = order.close_date
        try:
            with self.env.cr.savepoint():
                day = self._end_contract(order, by_hand)
                self.env.flush_all()
        except RETRY:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.env.invalidate_all()
            _logger.info("%s cannot be cancelled: %s", order, error)
            self._ask_person(
                self.env._(
                    "%(order)s could not be ended: %(error)s",
                    order=order.name,
                    error=error,
                )
            )
            return
        self._set_done(day)
        # Who declares on and on what is so already is not told of it on and on.
        quiet = bool(before) and before == order.close_date and self._is_throttled()
        self._note_on(self.order_id, quiet)
        if not quiet:
            self._try_to(
                lambda: self._confirm(self.order_id),
                self.env._("The end date could not be confirmed by mail"),
            )

    def _end_contract(self, order, by_hand=False):
        """End a contract on the earliest day allowed, or the later one wished.

        :param order: the contract
        :param bool by_hand: a person has decided that it is meant
        :return: the day it ends by right, which may be over; None for one that never
            begins
        :rtype: date | None
        :raise UserError: when it cannot be
        """
        if not order._is_live_contract():
            raise UserError(self.env._("%s does not run.", order.name))
        day, today = self._get_end_day(order), order._get_today()
        if not order.is_billed and order.start_date > today:
            self._check_unbegun(order, day, by_hand)
            return self._cancel_unbegun(order)
        last = max(day, today)
        if order.close_date and order.close_date <= last:
            return order.close_date
        # Theirs to take back, but for an end that the company had set itself.
        is_theirs = (
            not order.close_date
            or order.is_closed_online
            or order.close_reason_id.portal_visible
        )
        order._close(
            self.env.ref("subscriptions.close_reason_cancelled_online"),
            last,
            # What was billed after it was received, for later days, is given back.
            credit=day == last and self._is_billed_since(order, day),
        )
        # sudo: kept from typing
        order.sudo().is_closed_online = is_theirs
        if day < last:
            self._ask_to_give_back(order, day)
        return day

    def _check_unbegun(self, order, day, by_hand):
        """Refuse to cancel what has not begun: that cannot be taken back.

        Number and address are no secret, so a person looks at it first.
        """
        if day >= order.start_date:
            raise UserError(
                self.env._(
                    "%(order)s has not begun yet, and can end on %(day)s at the "
                    "earliest, or was wished to. Close it when it has begun.",
                    order=order.name,
                    day=format_date(self.env, day),
                )
            )
        if not by_hand:
            raise UserError(
                self.env._(
                    "%(order)s has not begun yet; it would on %(start)s. It was "
                    "declared to end: %(wish)s. Make sure that the customer means it, "
                    "then try again: it will never begin.",
                    order=order.name,
                    start=format_date(self.env, order.start_date),
                    wish=self._get_wish_text(),
                )
            )

    def _cancel_unbegun(self, order):
        """Cancel a contract that has not begun; one that it renews goes on, and ends.

        :rtype: date | None
        """
        renewed = order.parent_order_id
        order._action_cancel()
        if not renewed or not renewed._is_live_contract():
            return None
        self.order_id = renewed
        return self._end_contract(renewed, by_hand=True)

    # === WHEN === #

    def _get_received_day(self, order):
        """Return the day of receipt where the contract's company is.

        :rtype: date
        """
        received = fields.Datetime.context_timestamp(
            self.with_context(tz=order.company_id.partner_id.tz or "UTC"),
            self.received_at,
        ).date()
        return min(received, order._get_today())

    def _get_end_day(self, order):
        """Return the day on which a contract ends by this declaration.

        Hook for other addons. What was right on the day it was received counts, notice
        and what was billed by then, also when a person needed a week to find out which
        contract is meant. So the day may be over.

        :param order: the contract
        :rtype: date
        """
        received = self._get_received_day(order)
        order = order.with_context(subscription_today=received)
        billed = max(self._get_rows_by(order, received).mapped("date_to"), default=None)
        if billed != (order.paid_until or None):
            order = order.new(origin=order)  # as it was then
            order.paid_until = billed
        day = order._get_close_date_at_period_end()
        if self.wished_date:
            day = max(day, self.wished_date)
        if order.end_date:
            day = min(day, order.end_date)
        return day

    def _get_rows_by(self, order, day):
        """Return the periods of a contract that were billed by a day.

        What has no invoice, as free days have none, was there when it began.

        :rtype: subscription.period
        """
        return order.period_ids.filtered(
            lambda row: (
                row.is_live and (row.move_id.invoice_date or row.date_from) <= day
            )
        )

    def _is_billed_since(self, order, day):
        """Tell whether days after a day were billed after the receipt.

        :rtype: bool
        """
        rows = order.period_ids - self._get_rows_by(
            order, self._get_received_day(order)
        )
        return any(row.is_live and row.date_to > day for row in rows)

    def _ask_to_give_back(self, order, day):
        """Ask a person for what no run can give back: days that are over by now.

        :param order: the contract
        :param date day: its last day by right
        """
        rows = order.period_ids.filtered(
            lambda row: row.is_live and row.kind == "billed" and row.date_to > day
        )
        if not rows:
            return
        since = format_date(self.env, day + ONE_DAY)
        order.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Give back what was billed since %s", since),
            note=plaintext2html(
                self.env._(
                    "The cancellation %(reference)s was received on %(time)s, and the "
                    "contract ended on %(day)s by it. It was carried out later. Give "
                    "back what these invoices have for the days since: %(invoices)s.",
                    reference=self.reference,
                    time=self._format_received_at(),
                    day=format_date(self.env, day),
                    invoices=", ".join(
                        rows.sorted("date_from").move_id.mapped("display_name")
                    ),
                )
            ),
            user_id=order._get_responsible_user().id,
        )
