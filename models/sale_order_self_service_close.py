"""When and why customers may end their contract, and what they are offered to stay."""

from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ..engine import within_calendar
from ..engine.period import ONE_DAY


class SaleOrder(models.Model):
    _inherit = "sale.order"

    close_remark = fields.Text(
        string="Customer's Remark",
        readonly=True,
        copy=False,
        help="What the customer wrote when they ended the contract by themselves.",
    )
    is_closed_online = fields.Boolean(
        string="Closed by the Customer",
        readonly=True,
        copy=False,
        help="The customer ended the contract by themselves, and may take that back.",
    )
    close_offer_ids = fields.One2many(
        comodel_name="subscription.close.offer",
        inverse_name="order_id",
        string="Offers to Stay",
        copy=False,
        groups="sales_team.group_sale_salesman",
    )

    # === WHEN AND WHY === #

    def _has_begun(self):
        """Tell whether the contract has begun, or is billed already.

        :rtype: bool
        """
        self.ensure_one()
        return self.is_billed or self.start_date <= self._get_today()

    def _get_customer_close_reasons(self):
        """Return the reasons a customer may choose from.

        :rtype: subscription.close.reason
        """
        Reason = self.env["subscription.close.reason"]
        visible = Reason.search([("portal_visible", "=", True)])
        # Whoever may leave can, whatever was archived.
        return visible or self.env.ref("subscriptions.close_reason_other").sudo()

    def _get_customer_close_date(self):
        """Return the day the contract ends on if the customer names none.

        :rtype: date
        """
        self.ensure_one()
        contract = self
        if not self._has_begun():
            contract = self._get_preceding_contract()
            if not contract:
                return self._get_today()
        return contract._get_close_date_at_period_end()

    def _check_customer_close_date(self, day):
        """Refuse a day that the plan does not let the customer choose.

        :param date day: last day of the contract
        :raise UserError: for a day that is over, too early, or after its end anyway
        """
        self.ensure_one()
        self._check_calendar(day)
        if day < self._get_today():
            raise UserError(self.env._("%s is over.", format_date(self.env, day)))
        self._check_notice(day)
        if self.end_date and day > self.end_date:
            raise UserError(
                self.env._(
                    "It ends on %s anyway.", format_date(self.env, self.end_date)
                )
            )

    def _as_if_closing(self, day):
        """Return an unsaved copy of the contract that ends on a day.

        :param day: the day, False for no end
        :rtype: sale.order
        """
        draft = self.new(origin=self)
        draft.close_date = day
        return draft

    def _forget_closing(self):
        """Override: what the customer wrote belongs to the closing."""
        result = super()._forget_closing()
        # sudo: kept from typing
        self.sudo().write({"close_remark": False, "is_closed_online": False})
        return result

    def _close(self, reason, date=None, credit=False):
        """Override: who closes it decides anew who may take that back."""
        result = super()._close(reason, date, credit)
        # sudo: kept from typing
        self.sudo().write({"close_remark": False, "is_closed_online": False})
        return result

    def _is_closed_by_customer(self):
        """Tell whether the end is the customer's own decision, whoever typed it.

        What the company ends has a reason that customers cannot choose.

        :rtype: bool
        """
        self.ensure_one()
        return self.is_closed_online or bool(
            self.plan_id.customer_close != "no" and self.close_reason_id.portal_visible
        )

    def _close_for_customer(self, reason, day, remark=None):
        """End the contract because the customer said so.

        One that has not begun is cancelled. If it is a renewal, the contract that it
        would have followed ends instead.

        :param reason: the subscription.close.reason
        :param date day: its last day
        :param str remark: what the customer wrote
        :return: the contract that ends
        :rtype: sale.order
        """
        self.ensure_one()
        contract = self
        if not self._has_begun():
            contract = self._get_preceding_contract()
            self._action_cancel()
        if contract:
            # What is paid is not given back, unless an addon decides otherwise.
            contract._close(reason, day)
        # sudo: kept from typing
        (contract or self).sudo().write(
            {"close_remark": remark, "is_closed_online": True}
        )
        return contract or self

    def _get_preceding_contract(self):
        """Return the contract that a renewal follows which has not begun.

        :rtype: sale.order
        """
        self.ensure_one()
        if self.subscription_kind != "renewal":
            return self.browse()
        return self.parent_order_id.sudo()  # sudo: the same customer's

    # === OFFERS === #

    def _get_retention_offer(self, reason):
        """Return the reason if it has an offer that this contract can be made.

        A contract takes an offer once; who comes back for more writes to people. Hook
        for other addons.

        :param reason: the subscription.close.reason
        :rtype: subscription.close.reason
        """
        self.ensure_one()
        if (
            not reason.offer_kind
            or self.hold
            or not self._has_begun()
            or self._has_taken_offer()
            or not getattr(self, f"_can_take_{reason.offer_kind}")(reason)
        ):
            return reason.browse()
        try:
            self.env["subscription.self.service"]._preview_offer(self, reason)
        except UserError:
            return reason.browse()  # nobody is kept from leaving by what cannot be
        return reason

    def _has_taken_offer(self):
        """Tell whether the customer has stayed for an offer before, renewals or not.

        :rtype: bool
        """
        self.ensure_one()
        # sudo: the contracts of one customer's relation
        return bool(
            self.env["subscription.close.offer"]
            .sudo()
            .search_count(
                [
                    ("order_id.root_order_id", "=", self.root_order_id.id),
                    ("state", "=", "taken"),
                ],
                limit=1,
            )
        )

    def _can_take_discount(self, reason):
        try:
            return bool(self._prepare_offer_discount(reason))
        except UserError:
            return False  # it ends before, say

    def _can_take_pause(self, reason):
        day = self._get_today() + timedelta(days=reason.offer_pause_days)
        last = self._get_last_day()
        return self.subscription_state == "progress" and not (last and day > last)

    def _can_take_plan(self, reason):
        plan = reason.offer_plan_id
        return bool(
            self.subscription_state == "progress"
            and plan.active
            and plan != self.plan_id
            and "plan" not in self.scheduled_change_ids.mapped("kind")
            and (not plan.company_id or plan.company_id in self.company_id.parent_ids)
        )

    def _prepare_offer_discount(self, reason):
        """Return the two changes of prices that an offered discount is made of.

        From the next period on, and back after as many as are offered. The discount is
        taken off what is left of the price.

        :param reason: the subscription.close.reason
        :return: values of changes, with ``date`` and ``line_ids``
        :rtype: list[dict]
        :raise UserError: where there is no next period
        """
        self.ensure_one()
        if self.subscription_state != "progress":
            return []
        first = max(self._get_change_day("next_period"), self._get_first_owed_day())
        if self._get_prices_planned_from(first):
            return []  # two changes would undo each other
        lines = self.order_line.filtered(
            lambda line: line.is_recurring and line.product_type != "combo"
        )
        prices = {line: line._get_price_on(first) for line in lines}
        cheaper = {
            line: (price, 100 - (100 - discount) * (100 - reason.offer_discount) / 100)
            for line, (price, discount) in prices.items()
        }
        changes = [{"date": first, "line_ids": self._prepare_repriced(prices, cheaper)}]
        after = self._get_day_after_periods(first, reason.offer_periods)
        if after:
            back = {"date": after, "line_ids": self._prepare_repriced(cheaper, prices)}
            changes.append(back)
        return changes

    def _get_day_after_periods(self, day, number):
        """Return the first day after a number of periods, None if it ends before.

        :param date day: first day of the first of them
        :param int number: how many
        :rtype: date | None
        """
        periods = within_calendar(self._get_timeline().periods(day))
        for count, period in enumerate(periods, 1):
            if count == number:
                following = period.end + ONE_DAY
                last = self._get_last_day()
                return None if last and following > last else following
        return None

    def _prepare_repriced(self, before, after):
        return [
            Command.create(
                {
                    "order_line_id": line.id,
                    "price_before": before[line][0],
                    "discount_before": before[line][1],
                    "price_after": after[line][0],
                    "discount_after": after[line][1],
                }
            )
            for line in before
        ]

    def _note_offer(self, reason, state):
        """Write down what became of the offer of a reason.

        :param reason: the subscription.close.reason
        :param str state: shown, taken or declined
        """
        self.ensure_one()
        # sudo: offers are written by the contract's methods alone
        order = self.sudo()
        shown = order._get_shown_offer(reason)
        if state == "shown":
            # Of two requests at once, one notes it.
            if not shown and order.try_lock_for_update(allow_referencing=True):
                order.env["subscription.close.offer"]._show(order, reason)
        elif state == "taken":
            shown.write({"state": state, "taken_date": self._get_today()})
        else:  # of whatever reason they were
            order.close_offer_ids.filtered(
                lambda offer: offer.state == "shown"
            ).state = state

    def _get_shown_offer(self, reason):
        """Return the offer that the customer looks at.

        :rtype: subscription.close.offer
        """
        # sudo: the contract's own
        return self.sudo().close_offer_ids.filtered(
            lambda offer: offer.state == "shown" and offer.reason_id == reason
        )[:1]


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _get_switched_price(self, plan, day):
        """Override: the discount of an offer to stay does not go over to a new plan."""
        price, discount = super()._get_switched_price(plan, day)
        ending = self._get_counted_change_lines("price").filtered(
            lambda one: one.change_id.close_offer_id
            and one.change_id.state == "scheduled"
            and one.change_id.date > day
        )
        if ending and self._has_typed_discount():
            discount = ending.sorted(lambda one: one.change_id.date)[-1].discount_after
        return price, discount
