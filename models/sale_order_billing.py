"""The contract's place in time: which periods are billed, which one is next.

The decisions another addon may want to change are small methods here; who bills,
locks and recovers is the service ``subscription.billing``.
"""

from contextlib import suppress
from itertools import islice

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from ..const import LIVE_PERIOD_STATES, MAX_BACKLOG_PERIODS
from ..engine import DateOutOfRange, Schedule, lifecycle
from ..engine.period import ONE_DAY


def _within_calendar(periods):
    """Yield the periods up to where the calendar ends: that of long plans does soon."""
    with suppress(DateOutOfRange):
        yield from periods


class SaleOrder(models.Model):
    _inherit = "sale.order"

    period_ids = fields.One2many(
        comodel_name="subscription.period",
        inverse_name="order_id",
        string="Periods",
        copy=False,
    )
    period_count = fields.Integer(compute="_compute_period_count")
    is_billed = fields.Boolean(
        compute="_compute_period_count",
        help="An invoice bills a period of the contract: it is closed, not cancelled.",
    )
    last_period_id = fields.Many2one(
        comodel_name="subscription.period",
        string="Latest Period",
        compute="_compute_billing_position",
        store=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    paid_until = fields.Date(
        string="Billed Until",
        compute="_compute_billing_position",
        store=True,
        copy=False,
        help="Last day of the latest period in the ledger.",
    )
    next_invoice_date = fields.Date(
        string="Next Period",
        compute="_compute_billing_position",
        store=True,
        copy=False,
        help="First day of the next period that is not billed yet.",
    )
    billing_date = fields.Date(
        string="Next Invoice",
        compute="_compute_billing_position",
        store=True,
        copy=False,
        help="Day on which the next invoice is made.",
    )
    catch_up_until = fields.Date(
        readonly=True,
        copy=False,
        help="Set by a person who releases a contract that is far behind: periods due "
        "up to this day are billed, however many.",
    )

    _billing_due_index = models.Index(
        "(company_id, billing_date) WHERE subscription_state = 'progress' "
        "AND hold IS NULL"
    )

    # === COMPUTE METHODS === #

    def _compute_period_count(self):
        counts = dict(
            self.env["subscription.period"]._read_group(
                [("order_id", "in", self.ids)], ["order_id"], ["__count"]
            )
        )
        # sudo: whether it is billed decides what may be done, whoever asks
        billed = {
            order
            for (order,) in self.env["subscription.period"]
            .sudo()
            ._read_group(
                [
                    ("order_id", "in", self.ids),
                    ("move_id", "!=", False),
                    ("state", "in", LIVE_PERIOD_STATES),
                ],
                ["order_id"],
            )
        }
        billed = {order.with_env(self.env) for order in billed}
        for order in self:
            order.period_count = counts.get(order._origin, 0)
            order.is_billed = order._origin in billed

    @api.depends(
        "subscription_state",
        "start_date",
        "end_date",
        "close_date",
        "plan_id.billing_timing",
        "plan_id.invoice_lead_days",
        "plan_id.billing_period_value",
        "plan_id.billing_period_unit",
        "plan_id.align",
        "plan_id.align_day",
        "plan_id.align_month",
        "plan_id.trial_days",
        "order_line.is_recurring",
        "period_ids.state",
        "period_ids.date_from",
        "period_ids.date_to",
    )
    def _compute_billing_position(self):
        latest = self._get_latest_periods()
        freed = self._get_freed_starts()
        for order in self:
            last = latest.get(order._origin.id, self.env["subscription.period"])
            order.last_period_id = last
            order.paid_until = last.date_to
            period = None
            if order.start_date and order._is_live_contract():
                period = order._get_period_from(
                    order._get_first_unbilled_day(last, freed.get(order._origin.id))
                )
            order.next_invoice_date = period and period.start
            order.billing_date = period and order._get_schedule().invoice_date(period)

    def _get_first_unbilled_day(self, last, freed):
        """Return the first day that no live row of the ledger has.

        :param last: the live row that reaches furthest, if there is any
        :param date freed: first day of a void row that no live row has, or None
        :rtype: date
        """
        self.ensure_one()
        if not last:
            return self.start_date
        if freed and self.start_date <= freed < last.date_from:
            return freed
        return last.date_to + ONE_DAY

    def _get_latest_periods(self):
        """Return the live ledger row that reaches furthest, by order id.

        :rtype: dict
        """
        if not self.ids:
            return {}
        # sudo: where a contract stands does not depend on who reads its ledger
        Period = self.env["subscription.period"].sudo()
        groups = Period._read_group(
            [("order_id", "in", self.ids), ("state", "in", LIVE_PERIOD_STATES)],
            ["order_id"],
            ["date_to:max"],
        )
        ends = {order.id: date_to for order, date_to in groups}
        rows = Period.search_fetch(
            [
                ("order_id", "in", list(ends)),
                ("date_to", "in", list(set(ends.values()))),
                ("state", "in", LIVE_PERIOD_STATES),
            ],
            ["order_id", "date_to"],
        )
        return {
            row.order_id.id: row for row in rows if row.date_to == ends[row.order_id.id]
        }

    def _get_freed_starts(self):
        """Return the first day that was billed once and is free again, by order id.

        :rtype: dict
        """
        if not self.ids:
            return {}
        # sudo: where a contract stands does not depend on who reads its ledger
        Period = self.env["subscription.period"].sudo()
        void = Period.search_fetch(
            [("order_id", "in", self.ids), ("state", "=", "void")],
            ["order_id", "date_from"],
        )
        if not void:
            return {}
        live = Period.search_fetch(
            [
                ("order_id", "in", void.order_id.ids),
                ("state", "in", LIVE_PERIOD_STATES),
                ("date_to", ">=", min(void.mapped("date_from"))),
            ],
            ["order_id", "date_from", "date_to"],
        )
        starts = {}
        for row in void.sorted("date_from"):
            if row.order_id.id not in starts and not any(
                other.date_from <= row.date_from <= other.date_to
                for other in live
                if other.order_id == row.order_id
            ):
                starts[row.order_id.id] = row.date_from
        return starts

    # === THE SCHEDULE === #

    def _get_schedule(self, **overrides):
        """Return the contract's schedule.

        :param overrides: arguments of :class:`engine.Schedule` to replace, and
            ``end_date`` in place of the contract's own
        :rtype: engine.Schedule
        """
        self.ensure_one()
        end = overrides.pop("end_date", self._get_last_day())
        values = {**self.plan_id._get_schedule_values(), **overrides}
        if self._is_billed_by_delivery():
            values["arrears"] = True
        return Schedule(start=self.start_date, end=end, **values)

    def _get_last_day(self):
        """Return the last day of the contract, or None."""
        self.ensure_one()
        days = [day for day in (self.end_date, self.close_date) if day]
        return min(days) if days else None

    def _is_billed_by_delivery(self):
        """Tell whether a recurring line is billed by what a period delivered.

        What is not delivered yet cannot be billed: such a contract is in arrears,
        whatever its plan says.
        """
        self.ensure_one()
        return any(
            line._is_billed_by_delivery()
            for line in self.order_line
            if line.is_recurring
        )

    def _get_period_from(self, day):
        """Return the period that starts on a day and is not billed, or None.

        :param date day: the first day not billed
        :rtype: engine.Period | None
        """
        self.ensure_one()
        if self.close_date and day >= self.close_date:
            return None  # closing bills only periods that start before it
        try:
            period = self._get_schedule().period_from(day)
        except DateOutOfRange:
            return None
        if period and self.last_period_id and day <= self.last_period_id.date_to:
            # A freed period before others that are billed ends where these begin.
            following = self.sudo().period_ids.filtered(
                lambda row: row.is_live and row.date_from > day
            )
            if following:
                last = min(following.mapped("date_from")) - ONE_DAY
                period = period.clip(end=last)
        return period

    def _get_next_period(self):
        """Return the next period to bill, or None.

        :rtype: engine.Period | None
        """
        self.ensure_one()
        if not self.next_invoice_date:
            return None
        return self._get_period_from(self.next_invoice_date)

    # === BILLING === #

    def _bill(self, until=None):
        """Bill all that is due on a day, one invoice per period, oldest first.

        The one way to bill, for confirmation, button, mass action and cron.

        :param date until: the day, default today
        :return: the invoices
        :rtype: account.move
        """
        return self.env["subscription.billing"]._bill(self, until)

    @api.model
    def _cron_bill_due(self):
        """Bill all contracts that are due today, in batches with their own commits."""
        # sudo: the run is the company's, whoever starts it
        self.env["subscription.billing"].sudo()._run()

    def _get_backlog(self, until):
        """Return how many periods are due on a day, counting up to the limit.

        :param date until: the day
        :rtype: int
        """
        self.ensure_one()
        schedule = self._get_schedule()
        upcoming = islice(
            _within_calendar(schedule.periods(self.next_invoice_date)),
            MAX_BACKLOG_PERIODS + 1,
        )
        return sum(schedule.invoice_date(period) <= until for period in upcoming)

    def _get_billing_obstacle(self, period, invoice_date):
        """Return in a clerk's words why a period cannot be billed, or None.

        Hook for other addons: extend with conditions of their own.

        :param engine.Period period: the period
        :param date invoice_date: date the invoice would have
        :rtype: str | None
        """
        self.ensure_one()
        partner = self.partner_invoice_id
        if not partner.active or not self.partner_id.active:
            return self.env._(
                "The customer %s is archived.",
                (self.partner_id if partner.active else partner).display_name,
            )
        lines = self.order_line.filtered("is_recurring")
        archived = lines.product_id.filtered(lambda product: not product.active)
        if archived:
            return self.env._(
                "The product %s is archived.",
                ", ".join(archived.mapped("display_name")),
            )
        return None

    def _prepare_invoice(self):
        """Override of `sale` for a period's invoice.

        A payment belongs to one invoice: Odoo would link a quotation's pending payment
        to each later one again.
        """
        values = super()._prepare_invoice()
        if self.subscription_state:
            # sudo: payments are not a salesperson's
            payments = self.sudo().transaction_ids
            linked = payments.filtered("invoice_ids").ids
            values["transaction_ids"] = [
                Command.set(set(command[2]) - set(linked))
                for command in values["transaction_ids"]
            ]
        return values

    def _create_invoices(self, grouped=False, final=False, date=None):
        """Override of `sale`: contracts are billed by the period, not by quantity.

        What does not recur, and what an ended contract delivered and did not bill, is
        invoiced as on any order.
        """
        contracts = self.filtered(lambda order: order._is_live_contract())
        free = contracts.filtered(lambda order: not order.hold)
        moves = contracts._bill()
        # What does not recur need not wait for the next period.
        others = (self - contracts) | contracts.filtered(
            lambda order: not (moves & order.sudo().period_ids.move_id)
        )
        if others:
            others = others.with_context(
                subscription_without_recurring=True,
                # An error would roll back what was billed, or is held to be seen.
                raise_if_nothing_to_invoice=not moves
                and not free.filtered("hold")
                and self.env.context.get("raise_if_nothing_to_invoice", True),
            )
            moves |= super(SaleOrder, others)._create_invoices(grouped, final, date)
        return moves

    def _get_invoiceable_lines(self, final=False):
        """Override of `sale`: recurring lines are billed by the period."""
        lines = super()._get_invoiceable_lines(final)
        if (
            self.env.context.get("subscription_without_recurring")
            and self._is_live_contract()
        ):
            lines = lines.filtered(lambda line: not line.is_recurring)
        return lines

    def _bill_by_hand(self):
        """Bill what is due, and where nothing is, the next period ahead of its day.

        :return: the invoices; none where a contract is held by this very attempt
        :rtype: account.move
        :raise UserError: when there is nothing to bill, saying why
        """
        moves = self.env["account.move"]
        refused = self.browse()
        for order in self:
            held = order.hold
            today = order._get_today()
            made = order._bill(max(today, order.billing_date or today))
            moves |= made
            if not made and (held or not order.hold):
                refused |= order
        if refused and not moves:
            raise UserError(
                "\n".join(order._get_nothing_billed_message() for order in refused)
            )
        return moves

    def _get_nothing_billed_message(self):
        self.ensure_one()
        if self.hold:
            return self.env._(
                "%(order)s is held: %(reason)s",
                order=self.name,
                reason=self.hold_reason,
            )
        if not self.next_invoice_date:
            return self.env._("%s is billed to its end.", self.name)
        if self.subscription_state != lifecycle.PROGRESS:
            return self.env._("%s is not in progress.", self.name)
        return self.env._(
            "%s has nothing to bill now. It may be being billed by the daily run.",
            self.name,
        )

    # === ACTION METHODS === #

    def action_create_subscription_invoice(self):
        """Bill what is due, or the next period, and open the invoices.

        The form says which period it showed. Had a second click, or the daily run,
        billed that meanwhile, this click would bill the one after it, ahead of its day.
        """
        self.check_access("write")  # billing itself asks for no rights
        shown = self.env.context.get("subscription_shown_period")
        if shown and fields.Date.to_date(shown) != self.next_invoice_date:
            raise UserError(
                self.env._(
                    "%s has been billed meanwhile. Reload the page to see it.",
                    self.name,
                )
            )
        moves = self._bill_by_hand()
        held = self.filtered("hold")
        if moves or not held:
            return self.action_view_invoice(invoices=moves)
        # No error, which would roll the hold back: it is to be seen.
        return self._notify(
            "danger", "\n".join(held.mapped(lambda order: order.hold_reason or ""))
        )

    def action_bill_due(self):
        """Mass action: bill what is due today of the contracts chosen."""
        self.check_access("write")  # billing itself asks for no rights
        contracts = self.filtered(
            lambda order: order.subscription_state == lifecycle.PROGRESS
            and not order.hold
        )
        moves = contracts._bill()
        held = contracts.filtered("hold")
        message = self.env._("%(count)s invoices made.", count=len(moves))
        if held:
            message += " " + self.env._(
                "Held: %s", ", ".join(held.mapped("display_name"))
            )
        return self._notify("warning" if held else "success", message)

    def _notify(self, kind, message):
        """Return the action that shows a message and reloads the page."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "sticky": kind == "danger",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_release_hold(self):
        """Release held contracts and bill what is due.

        :raise AccessError: for all but sales managers
        """
        self.check_access("write")
        if not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(
                self.env._("Held contracts are released by a sales administrator.")
            )
        for order in self.filtered("hold"):
            if order.hold == "backlog":
                # sudo: kept from typing, set by this button alone
                order.sudo().catch_up_until = order._get_today()
            order._set_hold(False)
            order._bill()

    def _set_hold(self, cause, reason=None):
        """Hold the contract for a person, or release it.

        One activity per hold, not one a day; it is done when the hold is released.

        :param str cause: one of the values of `hold`, or False to release
        :param str reason: what is wrong, in a clerk's words
        """
        self.ensure_one()
        if cause:
            # sudo: holds are kept from typing
            self.sudo().write({"hold": cause, "hold_reason": reason})
            self._schedule_hold_activity(reason)
        else:
            # sudo: holds are kept from typing
            self.sudo().write({"hold": False, "hold_reason": False})
            self.activity_feedback(["subscriptions.mail_activity_type_hold"])

    def _schedule_hold_activity(self, reason):
        activity_type = "subscriptions.mail_activity_type_hold"
        if self.activity_search([activity_type]):
            return
        self.activity_schedule(
            activity_type,
            summary=dict(self._fields["hold"]._description_selection(self.env)).get(
                self.hold
            ),
            note=reason,
            user_id=self._get_responsible_user().id,
        )

    def _get_responsible_user(self):
        """Return whom to tell when something is wrong with the contract.

        Hook for other addons. The daily run's own user reads no activities.

        :rtype: res.users
        """
        self.ensure_one()
        # sudo: to find somebody, not to read about them
        order = self.sudo()
        managers = self.env.ref("sales_team.group_sale_manager").sudo().all_user_ids
        candidates = (
            order.user_id
            | order.team_id.user_id
            | managers.filtered(lambda user: order.company_id in user.company_ids)
        )
        people = candidates.filtered(lambda user: user.active and not user.share)
        return people[:1] or self.env.user
