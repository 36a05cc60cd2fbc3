"""The contract's place in time: which periods are billed, which one is next."""

from dataclasses import replace

from odoo import api, fields, models

from ..const import LIVE_PERIOD_STATES
from ..engine import DateOutOfRange, Epoch, Schedule, Timeline
from ..engine.period import ONE_DAY, count_days


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

    anchor_date = fields.Date(
        readonly=True,
        copy=False,
        help="A day some period starts on, where it is not the contract's first: a "
        "renewal keeps the rhythm of the contract before it.",
    )

    _billing_due_index = models.Index(
        "(company_id, billing_date) WHERE subscription_state = 'progress' "
        "AND hold IS NULL"
    )

    # === COMPUTE METHODS === #

    def _compute_period_count(self):
        # sudo: whoever may read the order, of a warehouse say, may know how many
        groups = (
            self.env["subscription.period"]
            .sudo()
            ._read_group([("order_id", "in", self.ids)], ["order_id"], ["__count"])
        )
        counts = {order.id: count for order, count in groups}
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
            order.period_count = counts.get(order._origin.id, 0)
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
        "change_ids.state",
        "change_ids.date",
        "anchor_date",
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
            order.billing_date = period and order._get_billing_date(period)

    def _get_first_unbilled_day(self, last, freed):
        """Return the first day that no live row of the ledger has.

        :param last: the live row that reaches furthest, if there is any
        :param date freed: first day of a void row that no live row has, or None
        :rtype: date
        """
        self.ensure_one()
        if not last:
            return self.start_date
        switch = self._get_cutting_switch(last)
        if switch:
            return switch.date
        if freed and self.start_date <= freed < last.date_from:
            return freed
        return last.date_to + ONE_DAY

    def _get_cutting_switch(self, last):
        """Return a planned switch of the plan that will cut what is billed.

        Nothing is billed beyond it before: the new plan's periods begin there.

        :param last: the live row that reaches furthest
        :rtype: subscription.change
        """
        if not last:
            return self.env["subscription.change"]
        return self._get_counted_changes("plan").filtered(
            lambda switch: switch.state == "scheduled"
            and switch.date <= last.date_to
            and not switch.billed_period_ids.filtered("is_live")
        )[:1]

    def _get_billing_date(self, period):
        """Return the day the invoice of a period is made.

        :param engine.Period period: the first that is not billed
        :rtype: date
        """
        day = self._get_timeline().invoice_date(period)
        switch = self._get_cutting_switch(self.last_period_id)
        return max(day, switch.date) if switch else day

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

    def _get_timeline(self, **overrides):
        """Return the contract's schedules, one for each plan it had and will have.

        :param overrides: arguments of :class:`engine.Schedule` to replace, and
            ``end_date`` in place of the contract's own
        :rtype: engine.Timeline
        """
        self.ensure_one()
        switches = self._get_counted_changes("plan")
        plan = switches[:1].plan_before_id or self.plan_id
        first = {"start": self.start_date, "anchored_on": self.anchor_date or None}
        if self.parent_order_id:
            first["trial_days"] = 0  # nobody tries again what is renewed
        epochs = [self._get_epoch(plan, {**first, **overrides})]
        for switch in switches:
            values = {"start": switch.date, "trial_days": 0, **overrides}
            epochs.append(self._get_epoch(switch.plan_id, values))
        return Timeline(tuple(epochs))

    def _get_first_schedule(self, **overrides):
        """Return the schedule the contract begins with.

        :rtype: engine.Schedule
        """
        return self._get_timeline(**overrides).epochs[0].schedule

    def _get_epoch(self, plan, values):
        """Return the stretch of time in which the contract has a plan.

        :param plan: the subscription.plan
        :param dict values: arguments of :class:`engine.Schedule`; ``end_date`` is the
            contract's last day unless given
        :rtype: engine.Epoch
        """
        end = values.pop("end_date", self._get_last_day())
        values = {**plan._get_schedule_values(), **values}
        if self._is_billed_by_delivery():
            values["arrears"] = True
        return Epoch(values["start"], Schedule(end=end, **values), plan)

    def _is_in_arrears(self):
        """Tell whether the contract is billed after its periods."""
        return self._get_timeline().get_epoch(self._get_today()).schedule.arrears

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
            period = self._get_timeline().period_from(day)
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
        return period and self._with_done_days(period)

    def _with_done_days(self, period):
        """Return the period with the number of its days that were billed before it.

        A period that was cut, by a close date that was taken back, goes on.
        """
        last = self.last_period_id
        if (
            period.start == period.full_start
            or not last
            or last.date_to < period.full_start
        ):
            return period
        # sudo: what a period costs does not depend on who reads the ledger
        rows = self.sudo().period_ids.filtered(
            lambda row: row.is_live
            and row.kind == "billed"
            and row._get_full_days() == (period.full_start, period.full_end)
            and row.date_from < period.start
        )
        # Rows end before what is not billed; before a switch that is only supposed,
        # they are not cut yet.
        days = sum(
            count_days(row.date_from, min(row.date_to, period.start - ONE_DAY))
            for row in rows
        )
        return replace(period, done_days=days)

    def _get_next_period(self):
        """Return the next period to bill, or None.

        :rtype: engine.Period | None
        """
        self.ensure_one()
        if not self.next_invoice_date:
            return None
        return self._get_period_from(self.next_invoice_date)
