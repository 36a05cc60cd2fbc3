"""What customers may do to their contract by themselves, by its plan and its state."""

from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError

from ..const import CONTRACT_STATES, CUSTOMER_ACTIONS, PAYMENT_HOLDS
from ..engine import lifecycle


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _is_shown_as_contract(self):
        """Tell whether customers see the order as a contract, and not as a quotation.

        :rtype: bool
        """
        self.ensure_one()
        return self.subscription_state in CONTRACT_STATES

    def _compute_access_url(self):
        """Override of `sale`: contracts have a page of their own."""
        super()._compute_access_url()
        for order in self:
            if order._is_shown_as_contract():
                order.access_url = f"/my/subscriptions/{order.id}"

    # === WHAT IS ALLOWED === #

    def _get_customer_actions(self):
        """Return what the customer may do now, by themselves.

        :return: names of actions, see `CUSTOMER_ACTIONS`
        :rtype: list[str]
        """
        self.ensure_one()
        return [
            action
            for action in CUSTOMER_ACTIONS
            if not self._get_customer_obstacle(action)
        ]

    def _check_customer_may(self, action):
        """Refuse what the customer may not do now.

        :param str action: see `CUSTOMER_ACTIONS`
        :raise UserError: saying why
        """
        obstacle = self._get_customer_obstacle(action)
        if obstacle:
            raise UserError(obstacle)

    def _get_customer_obstacle(self, action):
        """Return in the customer's words why they may not do something, or None.

        Hook for other addons, as are the methods for each action.

        :param str action: see `CUSTOMER_ACTIONS`
        :rtype: str | None
        """
        self.ensure_one()
        if self.subscription_state == lifecycle.RENEWED:
            return self.env._("%s is renewed: another contract goes on.", self.name)
        if action != "renew" and not self._is_live_contract():
            return self.env._("%s has ended.", self.name)
        return getattr(self, f"_get_customer_{action}_obstacle")()

    def _is_customer_action_done(self, action):
        """Tell whether the contract is already what an action would make of it.

        :param str action: see `CUSTOMER_ACTIONS`
        :rtype: bool
        """
        self.ensure_one()
        if action == "pause":
            return self.subscription_state == lifecycle.PAUSED
        if action == "resume":
            return self.subscription_state == lifecycle.PROGRESS
        if action == "close":
            return self._is_live_contract() and bool(self.close_date)
        if action == "revoke_close":
            return self._is_live_contract() and not self.close_date
        return action == "revoke_change" and self._is_live_contract()

    def _get_not_allowed_text(self):
        return self.env._(
            "Your contract does not provide for this online. Write to us, and we see "
            "to it."
        )

    def _get_busy_obstacle(self):
        """Return why a contract is not to be changed as it stands, or None."""
        if self.subscription_state == lifecycle.PAUSED:
            return self.env._("%s is paused. Resume it first.", self.name)
        if self.hold in PAYMENT_HOLDS:
            return self.env._("A payment is open. Please see to it first.")
        if self.hold:
            return self.env._(
                "We are seeing to your contract. Please try again later, or write to "
                "us."
            )
        return None

    def _get_being_paid_obstacle(self):
        """Return why a contract has to wait for what the customer pays, or None."""
        upsell = self._get_customer_upsells().filtered(
            lambda order: order._is_being_paid_online()
        )[:1]
        if not upsell:
            return None
        return self.env._(
            "A payment of %s is under way. Please finish it, or wait half an hour.",
            upsell.name,
        )

    def _get_customer_change_obstacle(self):
        if self.plan_id.customer_change == "no":
            return self._get_not_allowed_text()
        return self._get_busy_obstacle()

    def _get_customer_plan_obstacle(self):
        if not self._get_customer_plans():
            return self._get_not_allowed_text()
        if self.close_date:
            return self.env._("%s is about to end.", self.name)
        planned = self.sudo().scheduled_change_ids  # sudo: the contract's own
        if planned.filtered(
            lambda change: change.kind == "plan" and not change.is_by_customer
        ):
            return self.env._("Another plan is planned for you. Please write to us.")
        return self._get_busy_obstacle() or self._get_being_paid_obstacle()

    def _get_customer_revoke_change_obstacle(self):
        if not self._get_customer_changes():
            return self.env._("This change cannot be taken back any more.")
        return None

    def _get_customer_renew_obstacle(self):
        if not self.plan_id.customer_renew:
            return self._get_not_allowed_text()
        if not self._may_be_renewed():
            return self.env._("%s has ended.", self.name)
        if self.hold in PAYMENT_HOLDS:
            return self.env._("A payment is open. Please see to it first.")
        return None

    def _get_customer_pause_obstacle(self):
        if not self.plan_id.customer_pause:
            return self._get_not_allowed_text()
        if self.close_date:
            return self.env._("%s is about to end.", self.name)
        if self.subscription_state == lifecycle.PAUSED:
            return self.env._("%s is paused already.", self.name)
        return self._get_busy_obstacle() or self._get_being_paid_obstacle()

    def _get_customer_resume_obstacle(self):
        pause = self._get_open_pause()
        is_own = pause.is_by_customer or pause.close_offer_id
        if not self.plan_id.customer_pause and not is_own:
            return self._get_not_allowed_text()
        if self.subscription_state != lifecycle.PAUSED:
            return self.env._("%s is not paused.", self.name)
        if self.hold in PAYMENT_HOLDS or self._has_failed_payment():
            return self.env._("A payment is open. Please see to it first.")
        return None

    def _has_failed_payment(self):
        """Tell whether a payment failed and is still open: a pause does not heal that.

        :rtype: bool
        """
        # sudo: payments are told to whoever may read the contract
        return any(
            collection.state in ("declined", "failed", "lost")
            and collection.move_id.state != "cancel"
            and collection.move_id.payment_state in ("not_paid", "partial")
            for collection in self.sudo().collection_ids
        )

    def _get_customer_payment_method_obstacle(self):
        return None

    def _get_customer_address_obstacle(self):
        return None

    def _get_customer_close_obstacle(self):
        before = not self._has_begun() and self._get_preceding_contract()
        plans = self.plan_id | before.plan_id if before else self.plan_id
        if "no" in plans.mapped("customer_close"):
            return self._get_not_allowed_text()
        if self.close_date:
            return self.env._("%s is about to end.", self.name)
        if not before and not self._has_begun() and self.amount_paid:
            # What was paid in advance is given back by people.
            return self.env._(
                "%s has not begun, and is paid. Please write to us to cancel it.",
                self.name,
            )
        return None

    def _get_customer_revoke_close_obstacle(self):
        if not self.close_date:
            return self.env._("%s is not about to end.", self.name)
        if not self._is_closed_by_customer():
            return self._get_not_allowed_text()
        if self.close_date < self._get_today():
            return self.env._("%s has ended.", self.name)
        return None

    # === WHAT CAN BE CHOSEN === #

    def _get_customer_plans(self):
        """Return the plans that the customer may switch to.

        :rtype: subscription.plan
        """
        self.ensure_one()
        companies = self.company_id.parent_ids
        return self.plan_id.switchable_plan_ids.filtered(
            lambda plan: plan.active
            and plan != self.plan_id
            and (not plan.company_id or plan.company_id in companies)
        )

    def _get_customer_lines(self):
        """Return the lines whose quantity the customer may change.

        Optional lines that are not taken yet are among them. Combos are left to people:
        their parts would have to follow.

        :rtype: sale.order.line
        """
        self.ensure_one()
        return self.order_line.filtered(
            lambda line: line.is_recurring
            and line.product_type != "combo"
            and not line.combo_item_id
            and not line._is_billed_by_delivery()
            # More of a rebate, or of what is free, is not theirs to choose.
            and line.product_uom_qty >= 0
            and line._get_unit_price_to_show() > 0
        )

    def _get_customer_changes(self):
        """Return what the customer has planned, and may take back.

        :rtype: subscription.change
        """
        self.ensure_one()
        # sudo: the contract's own
        return self.sudo().scheduled_change_ids.filtered(
            lambda change: change.is_by_customer
            and not change.billed_period_ids.filtered("is_live")
        )

    def _get_longest_pause_end(self):
        """Return the last day on which a pause that begins today may end, or None.

        :return: the first day the contract would run again
        :rtype: date | None
        """
        self.ensure_one()
        days = self.plan_id.max_pause_days
        return self._get_today() + timedelta(days=days) if days else None

    # === QUANTITIES === #

    def _check_customer_quantities(self, quantities):
        """Refuse quantities that the plan does not let the customer choose.

        Hook for other addons.

        :param dict quantities: the new quantity of each line that changes
        :raise UserError: saying why
        """
        self.ensure_one()
        only_more = self.plan_id.customer_change == "upgrade"
        if only_more and any(
            quantity < line.product_uom_qty for line, quantity in quantities.items()
        ):
            raise UserError(
                self.env._("You can add by yourself. To have less, please write to us.")
            )
        base = self.order_line.filtered(
            lambda line: line.is_recurring and not line._is_line_optional()
        )
        had = any(line.product_uom_qty for line in base)
        if had and not any(quantities.get(line, line.product_uom_qty) for line in base):
            raise UserError(
                self.env._(
                    "Only options would be left. To end your subscription, close it."
                )
            )

    def _split_quantities(self, quantities):
        """Return quantities by when they count: more at once, less later.

        Hook for other addons.

        :param dict quantities: the new quantity of each line that changes
        :return: quantities, as above, for each of ``now`` and ``next_period``
        :rtype: dict
        """
        self.ensure_one()
        parts = {"now": {}, "next_period": {}}  # in the order they are made
        for line, quantity in quantities.items():
            if quantity != line.product_uom_qty:
                at = "now" if quantity > line.product_uom_qty else "next_period"
                parts[at][line] = quantity
        return {at: part for at, part in parts.items() if part}

    def _get_customer_wishes(self):
        """Return the changes of quantities that the customer has planned.

        :rtype: subscription.change
        """
        return self._get_customer_changes().filtered(
            lambda change: change.kind == "quantity"
        )

    def _without_customer_wishes(self):
        """Return the contract as if the customer had no quantities planned.

        :rtype: sale.order
        """
        return self.with_context(
            subscription_supposed_revoked=self._get_customer_wishes()
        )

    def _change_customer_quantities(self, quantities):
        """Make the customer's wish come true, in place of what they wished before.

        :param dict quantities: the new quantity of each line
        """
        self.ensure_one()
        self._get_customer_wishes()._revoke(self.env._("other quantities were chosen"))
        for at, part in self._split_quantities(quantities).items():
            self._change_quantities(part, at, is_by_customer=True)

    def _pays_customer_change_first(self, amount):
        """Tell whether a customer's change waits until it is paid.

        It does where invoices are charged. Elsewhere it comes with an invoice. Hook for
        other addons.

        :param float amount: what is charged at once, taxes included
        :rtype: bool
        """
        self.ensure_one()
        charges = self.plan_id.invoice_mode == "charge"
        return charges and self.currency_id.compare_amounts(amount, 0.0) > 0


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _get_unit_price_to_show(self):
        """Return what one unit costs in a period, after discounts, as quotations do.

        :rtype: float
        """
        self.ensure_one()
        price, discount = self._get_price_on(self.order_id._get_today())
        return price * (1 - discount / 100)

    def _get_customer_wish(self):
        """Return the quantity the customer wished last: that planned, or the present.

        :rtype: float
        """
        self.ensure_one()
        planned = self.order_id._get_customer_wishes().line_ids.filtered(
            lambda one: one.order_line_id == self
        )
        return self.product_uom_qty + sum(planned.mapped("quantity_change"))

    @api.model
    def _format_customer_quantity(self, quantity):
        """Return a quantity as a form shows it and takes it back, digit for digit.

        :rtype: str
        """
        return str(int(quantity)) if quantity == int(quantity) else repr(quantity)
