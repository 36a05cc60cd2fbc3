"""The contract's life: confirmed, running, ended; and what cannot be done to it.

What may follow what is the table in ``engine/lifecycle.py``.
"""

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

    def _close(self, reason, date=None):
        """End a contract on a day; until then it runs and bills.

        :param reason: why, a subscription.close.reason
        :param date date: the day it ends, default today; no period that starts on
            it or later is billed
        :raise UserError: without a reason, on a day that is over, or for a contract
            that does not run or was never billed
        """
        self.check_access("write")
        for order in self:
            if not reason:
                raise UserError(self.env._("Say why %s is closed.", order.name))
            if not order._is_live_contract():
                raise UserError(
                    self.env._("%s does not run and cannot be closed.", order.name)
                )
            if not order.is_billed:
                raise UserError(
                    self.env._(
                        "%s has never been billed. Cancel it instead.", order.name
                    )
                )
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
            # sudo: like the state, these are kept from typing
            order.sudo().write({"close_date": day, "close_reason_id": reason.id})
            if day == today:
                order._end_now()

    def _end_now(self):
        """Bill what started before today and end the contract.

        One that cannot be billed is held by that, and ends when it is billed: the daily
        run sees to it.
        """
        held = self.hold
        self._bill(recurrence.LAST_DAY)
        if held or not self.hold:
            self._set_churned(self.close_reason_id, self.close_date)

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
        for order in self.sudo().filtered("plan_id.trial_days"):  # kept from typing
            last_day = order._get_schedule().paid_start - ONE_DAY
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
        # sudo: free periods go with the order that may be cancelled
        self.sudo().period_ids._set_void()
        for order in self.filtered("hold"):
            order._set_hold(False)
        return super()._action_cancel()
