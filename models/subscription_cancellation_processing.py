"""What becomes of a declaration: it is matched, and its contract ended.

The page only keeps what was declared and answers. Everything else is done by a
scheduled action that it wakes: so the answer does not tell, by its words or by the
time it takes, whether there is such a contract.
"""

import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools import email_normalize_all, escape_psql, format_date

from .subscription_scheduler import RETRY

_logger = logging.getLogger(__name__)

RETRY_AFTER = timedelta(minutes=1)


class SubscriptionCancellation(models.Model):
    _inherit = "subscription.cancellation"

    # === THE RUN === #

    @api.model
    def _cron_process(self):
        """See to the declarations that came in, each in a transaction of its own."""
        self._forget_addresses()
        IrCron = self.env["ir.cron"]
        declarations = self.search([("state", "=", "new")], order="id")
        IrCron._commit_progress(remaining=len(declarations))
        for declaration in declarations:
            try:
                declaration._process()
            except RETRY as error:
                # Billed or changed right now: it stays new, and is tried again soon.
                self.env.cr.rollback()
                _logger.info("%s is tried again: %s", declaration, error)
                self._wake(RETRY_AFTER)
            if not IrCron._commit_progress(1):
                break

    def _process(self):
        """Send the receipt of a new declaration, find its contract and end it."""
        self.ensure_one()
        self._try_to(self._send_receipt, self.env._("The receipt could not be sent"))
        order = self._find_contract()
        if order:
            self._apply_to(order)
        else:
            self._ask_person(self._get_mismatch_text())

    def _try_to(self, act, what):
        """Do what may go wrong alone, and tell somebody when it does.

        :param act: function without arguments
        :param str what: what went wrong then
        """
        try:
            with self.env.cr.savepoint():
                act()
        except RETRY:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.env.invalidate_all()
            _logger.warning("%s: %s: %s", self.reference, what, error)
            self._schedule_activity(
                "mail.mail_activity_data_todo", what, f"{what}: {error}"
            )

    # === MATCHED === #

    def _find_contract(self):
        """Return the running contract that is meant; empty unless it is just one.

        It is meant when number and e-mail address are both right.

        :rtype: sale.order
        """
        self.ensure_one()
        contracts = self._find_by_number().filtered(self._knows_email)
        return contracts if len(contracts) == 1 else contracts.browse()

    def _find_by_number(self):
        """Return the running contracts with the number, of whatever company."""
        number = self.contract_number.strip()
        orders = self.env["sale.order"].search(
            [("name", "=ilike", escape_psql(number))]
        )
        contracts = orders.browse()
        for order in orders:
            contracts |= order._get_living_contract()
        return contracts.filtered(lambda order: order._is_live_contract())

    def _knows_email(self, order):
        """Tell whether the address typed is one of the contract's customer.

        Hook for other addons: further people who may cancel, for instance.

        :param order: the contract
        :rtype: bool
        """
        partners = order.partner_id | order.partner_invoice_id
        partners |= partners.commercial_partner_id
        known = [
            address
            for partner in partners
            for address in email_normalize_all(partner.email)
        ]
        return self.email_normalized in known

    def _get_mismatch_text(self):
        """Return for a person why no contract was found; visitors are never told."""
        found = self._find_by_number()
        if len(found) > 1:
            return self.env._(
                "More than one running contract has the number “%s”.",
                self.contract_number,
            )
        if found:
            return self.env._(
                "The running contract %(order)s is not known under the address "
                "%(email)s. Ask the customer before you cancel it.",
                order=found.name,
                email=self.email,
            )
        return self.env._(
            "No running contract has the number “%s”. Find the one that is meant, or "
            "ask back.",
            self.contract_number,
        )

    # === ENDED === #

    def _apply_to(self, order):
        """End a contract as declared; what goes wrong is left to a person.

        :param order: the contract
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
        try:
            with self.env.cr.savepoint():
                day = self._end_contract(order)
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
        self._note_on(self.order_id)
        self._try_to(
            lambda: self._confirm(self.order_id),
            self.env._("The end date could not be confirmed by mail"),
        )

    def _end_contract(self, order):
        """End a contract on the earliest day allowed, or the later one wished.

        :param order: the contract
        :return: its last day; None for one that never begins
        :rtype: date | None
        :raise UserError: when it cannot be
        """
        if not order._is_live_contract():
            raise UserError(self.env._("%s does not run.", order.name))
        day = self._get_end_day(order)
        if not order.is_billed and order.start_date > order._get_today():
            if day >= order.start_date:
                raise UserError(
                    self.env._(
                        "%(order)s has not begun yet, and can end on %(day)s at the "
                        "earliest, or was wished to. Close it when it has begun.",
                        order=order.name,
                        day=format_date(self.env, day),
                    )
                )
            return self._cancel_unbegun(order)
        if not order.close_date or order.close_date > day:
            order._close(
                self.env.ref("subscriptions.close_reason_cancelled_online"), day
            )
            # sudo: kept from typing. It is theirs to take back.
            order.sudo().is_closed_online = True
        return order.close_date

    def _cancel_unbegun(self, order):
        """Cancel a contract that has not begun; one that it renews goes on, and ends.

        :rtype: date | None
        """
        renewed = order.parent_order_id
        order._action_cancel()
        if not renewed or not renewed._is_live_contract():
            return None
        self.order_id = renewed
        return self._end_contract(renewed)

    def _get_end_day(self, order):
        """Return the day on which a contract ends by this declaration.

        Hook for other addons. Notice counts from the day it was received, also when
        a person needed a week to find out which contract is meant.

        :param order: the contract
        :rtype: date
        """
        today = order._get_today()
        received = fields.Datetime.context_timestamp(
            self.with_context(tz=order.company_id.partner_id.tz or "UTC"),
            self.received_at,
        ).date()
        day = order.with_context(
            subscription_today=min(received, today)
        )._get_close_date_at_period_end()
        if self.wished_date:
            day = max(day, self.wished_date)
        if order.end_date:
            day = min(day, order.end_date)
        return max(day, today) if order.start_date <= today else day
