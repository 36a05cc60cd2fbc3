"""The contract's life: confirmed, running, ended; and what cannot be done to it.

What may follow what is the table in ``engine/lifecycle.py``.
"""

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..engine import InvalidMove, check_move, lifecycle, recurrence
from ..engine.period import ONE_DAY


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === STATES === #

    def _set_subscription_state(self, target):
        """Move contracts to another state.

        The only place that writes it; what may follow what is `engine.lifecycle`.

        :param str target: one of the engine's states
        :raise UserError: for a move the table does not know
        """
        for order in self:
            try:
                check_move(order.subscription_state, target)
            except InvalidMove as error:
                labels = dict(
                    self._fields["subscription_state"]._description_selection(self.env)
                )
                raise UserError(
                    self.env._(
                        "%(order)s is “%(state)s” and cannot become “%(target)s”.",
                        order=order.name,
                        state=labels.get(
                            order.subscription_state, self.env._("no contract")
                        ),
                        target=labels.get(target, target),
                    )
                ) from error
        # sudo: the state is kept from all but this method, which has checked the move
        self.sudo().write({"subscription_state": target})

    def _set_churned(self, reason=None, date=None):
        """End contracts.

        :param reason: the reason, a subscription.close.reason
        :param date: the day that counts, default today
        """
        for order in self.filtered("hold"):
            order._log_unbilled()
            order._set_hold(False)
        self._set_subscription_state(lifecycle.CHURNED)
        for order in self:
            order.sudo().write(  # see above
                {
                    "close_date": date or order._get_today(),
                    "close_reason_id": reason and reason.id,
                }
            )
            self.env["subscription.billing"]._bill_pending(order)
            order._revoke_what_is_planned()
            if order.close_with_credit:
                order._credit_unused()

    def _revoke_what_is_planned(self):
        """Take back the changes that a contract does not live to see."""
        # sudo: they follow the contract
        self.sudo().scheduled_change_ids._revoke(
            self.env._("the contract ended"), ending=True
        )

    def _credit_unused(self):
        """Give back the share of what is billed for the days after the contract."""
        self.ensure_one()
        day = self.close_date + ONE_DAY
        credits = self._get_credits(None, day)
        self._cut_periods(day)
        self.env["subscription.billing"]._credit_closing(self, credits)

    def _log_unbilled(self):
        """Say in the chatter of a held contract what ends with it unbilled."""
        if self.next_invoice_date:
            self.message_post(
                body=self.env._(
                    "Ended while it was held: what follows %(date)s is not billed. "
                    "%(reason)s",
                    date=format_date(self.env, self.next_invoice_date - ONE_DAY),
                    reason=self.hold_reason or "",
                )
            )

    def _close(self, reason, date=None, credit=False):
        """End a contract on a day; until then it runs and bills.

        :param reason: why, a subscription.close.reason
        :param date date: the day it ends, default today; no period that starts on
            it or later is billed
        :param bool credit: give back the share of what is billed for the days after
        :raise UserError: without a reason, on a day that is over, or for a contract
            that does not run, or has not begun and was never billed
        """
        self.check_access("write")
        for order in self:
            order._check_may_close(reason)
            order._lock_contract()
            today = order._get_today()
            day = date or today
            if day < today:
                raise UserError(
                    self.env._(
                        "%(order)s cannot end on %(date)s: that day is over.",
                        order=order.name,
                        date=format_date(self.env, day),
                    )
                )
            if (
                day > today
                and (day, reason) == (order.close_date, order.close_reason_id)
                and credit == order.close_with_credit
            ):
                continue  # clicked twice
            # sudo: like the state, these are kept from typing
            order.sudo().write(
                {
                    "close_date": day,
                    "close_reason_id": reason.id,
                    "close_with_credit": credit,
                }
            )
            order.message_post(
                body=self.env._(
                    "Closed as of %(date)s: %(reason)s",
                    date=format_date(self.env, day),
                    reason=reason.name,
                )
            )
            if day == today:
                order._end_now()

    def _check_may_close(self, reason):
        if not reason:
            raise UserError(self.env._("Say why %s is closed.", self.name))
        if not self._is_live_contract():
            raise UserError(
                self.env._("%s does not run and cannot be closed.", self.name)
            )
        if not self.is_billed and self.start_date > self._get_today():
            raise UserError(
                self.env._("%s has never been billed. Cancel it instead.", self.name)
            )

    def _end_now(self):
        """Bill what started before today and end the contract.

        One that cannot be billed is held by that, and ends when it is billed: the daily
        run sees to it.
        """
        held = self.hold
        self._end_pause(self.close_date + ONE_DAY)
        self._bill(recurrence.LAST_DAY)
        if held or not self.hold:
            self._set_churned(self.close_reason_id, self.close_date)

    def _revoke_close(self):
        """Take a close date back that has not come yet.

        :raise UserError: for a contract that is not to end, or has ended
        """
        self.check_access("write")
        for order in self:
            if not order._is_live_contract() or not order.close_date:
                raise UserError(self.env._("%s is not about to be closed.", order.name))
            order._lock_contract()
            day = order.close_date
            if day < order._get_today():
                raise UserError(
                    self.env._(
                        "%(order)s ended on %(date)s: reopen it once it is closed.",
                        order=order.name,
                        date=format_date(self.env, day),
                    )
                )
            order._forget_closing()
            order.message_post(
                body=self.env._(
                    "Not closed on %s: taken back.", format_date(self.env, day)
                )
            )

    def _forget_closing(self):
        # sudo: kept from typing
        self.sudo().write(
            {"close_date": False, "close_reason_id": False, "close_with_credit": False}
        )

    def _reopen(self):
        """Let a closed contract run again, from today on.

        The days in between are not billed.

        :raise UserError: for a contract that is not closed
        """
        self.check_access("write")
        for order in self:
            order._lock_contract()
            today = order._get_today()
            if order.subscription_state != lifecycle.CHURNED:
                raise UserError(
                    self.env._(
                        "%s is not closed: there is nothing to reopen.", order.name
                    )
                )
            order._set_subscription_state(lifecycle.PROGRESS)
            order._forget_closing()
            if order.end_date and order.end_date < today:
                order.sudo().end_date = False
            order._skip_until(today)
            order.message_post(
                body=self.env._("Reopened on %s.", format_date(self.env, today))
            )
            order._bill()

    def _skip_until(self, day):
        """Write into the ledger that the days up to a day are not billed.

        :param date day: the first day that is billed again
        """
        self.ensure_one()
        # What an invoice cancelled since has left open before is billed as such.
        start = self.paid_until + ONE_DAY if self.paid_until else self.start_date
        if start >= day:
            return
        # sudo: the ledger is written by the contract's methods alone
        self.env["subscription.period"].sudo().create(
            {
                "order_id": self.id,
                "date_from": start,
                "date_to": day - ONE_DAY,
                "full_from": start,
                "full_to": day - ONE_DAY,
                "kind": "paused",
                "currency_id": self.currency_id.id,
                "company_id": self.company_id.id,
                "plan_id": self.plan_id.id,
            }
        )

    # === PAUSE === #

    def _pause(self, resume_date=None, reason=None):
        """Pause contracts: nothing is billed until they are resumed.

        :param date resume_date: the day it goes on by itself, None for open end
        :param str reason: why, for the chatter
        :raise UserError: for a day that is not to come, or a contract that is not in
            progress
        """
        self.check_access("write")
        for order in self:
            order._lock_contract()
            today = order._get_today()
            order._check_resume_date(resume_date)
            order._set_subscription_state(lifecycle.PAUSED)
            # sudo: kept from typing; changes are written by the contract's methods
            order.sudo().resume_date = resume_date
            order.env["subscription.change"].sudo().create(
                {
                    "order_id": order.id,
                    "kind": "pause",
                    "state": "done",
                    "date": max(today, order.start_date),
                    "date_to": resume_date and resume_date - ONE_DAY,
                    "reason": reason,
                }
            )
            order.message_post(body=order._get_pause_text(resume_date, reason))

    def _get_pause_text(self, resume_date, reason):
        if resume_date:
            lines = [
                self.env._(
                    "Paused until %s.", format_date(self.env, resume_date - ONE_DAY)
                )
            ]
        else:
            lines = [self.env._("Paused until it is resumed.")]
        if reason:
            lines.append(self.env._("Reason: %s", reason))
        return Markup("<br/>").join(lines)  # escapes what people typed

    def _check_resume_date(self, day):
        self._check_calendar(day)
        if day and day <= self._get_today():
            raise UserError(
                self.env._(
                    "%s is no day to come: choose one after today, or none.",
                    format_date(self.env, day),
                )
            )

    def _resume(self, date=None):
        """Let paused contracts go on, with the periods they had.

        Those that lie within the pause as a whole are not billed.

        :param date date: the first day it runs again, default today; a day to come is
            noted, and the daily run resumes it then
        :raise UserError: for a day that is over, or a contract that is not paused
        """
        self.check_access("write")
        for order in self:
            order._lock_contract()
            today = order._get_today()
            if order.subscription_state != lifecycle.PAUSED:
                raise UserError(self.env._("%s is not paused.", order.name))
            day = date or today
            if day > today:
                order._get_open_pause().date_to = day - ONE_DAY
                order.sudo().resume_date = day  # sudo: kept from typing
                order.message_post(
                    body=self.env._("Is resumed on %s.", format_date(self.env, day))
                )
                continue
            if day < today and day != order.resume_date:
                raise UserError(
                    self.env._(
                        "%s is over: a contract is resumed today at the earliest.",
                        format_date(self.env, day),
                    )
                )
            order._end_pause(day)
            order.message_post(
                body=self.env._("Resumed on %s.", format_date(self.env, day))
            )
            order._bill()

    def _get_open_pause(self):
        return self._get_counted_changes("pause")[-1:]

    def _end_pause(self, day):
        """Let a paused contract run from a day on, or leave it alone if it does.

        :param date day: the first day it runs again
        """
        self.ensure_one()
        if self.subscription_state != lifecycle.PAUSED:
            return
        pause = self._get_open_pause()
        if day > pause.date:
            pause.date_to = day - ONE_DAY
        else:
            pause.state = "revoked"  # paused and resumed on one day
        with self._recording(date=min(day, self._get_today())):
            self._set_subscription_state(lifecycle.PROGRESS)
        self.sudo().resume_date = False  # sudo: kept from typing

    @api.model
    def _cron_apply_scheduled(self):
        """Apply what is due today: contracts whose last day is over end."""
        # sudo: the run is the company's, whoever starts it
        self.env["subscription.scheduler"].sudo()._run()

    def _is_live_contract(self):
        """Tell whether the order is a running contract, paused or not."""
        self.ensure_one()
        return self.subscription_state in lifecycle.LIVE

    # === OVERRIDES OF `sale` === #

    def _confirmation_error_message(self):
        return super()._confirmation_error_message() or self._get_contract_obstacle()

    def _get_contract_obstacle(self):
        """Return why the order cannot become a contract, or False."""
        self.ensure_one()
        products = self.order_line.product_id
        if not self.plan_id:
            without_plan = products.filtered(
                lambda product: product.recurring_invoice
                and not product.accept_one_time
            )
            if without_plan:
                return self.env._(
                    "%(products)s are sold by subscription: choose a recurring plan on "
                    "%(order)s.",
                    products=", ".join(without_plan.mapped("display_name")),
                    order=self.name,
                )
            return False
        if self.parent_order_id:
            obstacle = self._get_family_obstacle()
            if obstacle:
                return obstacle
        if not self.is_subscription:
            return False
        archived = products.filtered(lambda product: not product.active)
        if archived:
            return self.env._(
                "%s cannot be sold any more: the product is archived.",
                ", ".join(archived.mapped("display_name")),
            )
        if not self.plan_id.active:
            return self.env._("The plan “%s” is archived.", self.plan_id.name)
        return False

    def action_confirm(self):
        """Override of `sale`: a contract that names no start begins today."""
        for order in self.filtered("is_subscription"):
            if not order.start_date and order.state in ("draft", "sent"):
                order.start_date = order._get_today()
        return super().action_confirm()

    def _action_confirm(self):
        """Override of `sale`: here the contract begins."""
        contracts = self.filtered("subscription_state")
        contracts._start_trial()
        result = super()._action_confirm()
        contracts._bill()
        return result

    def _start_trial(self):
        """Note for contracts of plans with a trial how long they cost nothing."""
        for order in self.sudo():  # kept from typing
            if not order.plan_id.trial_days or order.parent_order_id:
                continue  # a renewal has no second trial
            last_day = order._get_first_schedule().paid_start - ONE_DAY
            order.write(
                {"trial_end_date": last_day, "in_trial": last_day >= order._get_today()}
            )

    def _should_be_locked(self):
        """Override of `sale`: a running contract stays editable."""
        return not self.subscription_state and super()._should_be_locked()

    def _action_cancel(self):
        """Override of `sale`: what is billed is closed, not cancelled."""
        for order in self:
            if order.period_ids.filtered(lambda row: row.is_live and row.move_id):
                raise UserError(
                    self.env._(
                        "%s has been billed and cannot be cancelled. Close it instead.",
                        order.name,
                    )
                )
        # sudo: free periods go with the order that may be cancelled, and so does all
        # that changed about it: confirmed again, it begins anew
        self.sudo().period_ids._set_void()
        self.sudo().change_ids.filtered(
            lambda change: change.state != "revoked"
        ).state = "revoked"
        for order in self.filtered("hold"):
            order._set_hold(False)
        return super()._action_cancel()
