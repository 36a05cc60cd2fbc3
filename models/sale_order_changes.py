"""What changes about a running contract: asked for, planned, made, and looked back on.

A change is a ``subscription.change``; on its day it is made. What was and will be is
read from the changes by the engine (``engine/changes.py``, ``engine/timeline.py``).
"""

from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL, format_date

from ..engine import DateOutOfRange, lifecycle, recurrence
from ..engine.period import ONE_DAY
from .subscription_change import COUNTED


class SaleOrder(models.Model):
    _inherit = "sale.order"

    change_ids = fields.One2many(
        comodel_name="subscription.change",
        inverse_name="order_id",
        string="Changes",
        copy=False,
    )
    scheduled_change_ids = fields.One2many(
        comodel_name="subscription.change",
        inverse_name="order_id",
        string="Scheduled Changes",
        domain=[("state", "=", "scheduled")],
        copy=False,
    )
    change_count = fields.Integer(compute="_compute_change_count")

    def _compute_change_count(self):
        # sudo: whoever may read the order, of a warehouse say, may know how many
        groups = (
            self.env["subscription.change"]
            .sudo()
            ._read_group(
                [("order_id", "in", self.ids), ("state", "in", COUNTED)],
                ["order_id"],
                ["__count"],
            )
        )
        counts = {order.id: count for order, count in groups}
        for order in self:
            order.change_count = counts.get(order._origin.id, 0)

    # === ASKED FOR === #

    def _change_quantities(self, quantities, at="next_period", reason=None, **values):
        """Change how many units the contract has.

        :param dict quantities: the new quantity of each line (sale.order.line)
        :param at: ``next_period``, ``now`` or a date. At once, the rest of the running
            period is billed or credited at its share
        :param str reason: why, for the chatter
        :param values: other fields of the change
        :return: the change; empty when nothing changes
        :rtype: subscription.change
        :raise UserError: for quantities below zero, other contracts' lines, days that
            are over, or a contract that does not run
        """
        self.ensure_one()
        self._check_may_change()
        self._lock_contract()
        day = self._get_change_day(at)
        lines = self._prepare_quantity_lines(quantities, day)
        if not lines:
            return self.env["subscription.change"]
        return self._plan_change(
            "quantity", day, reason=reason, line_ids=lines, **values
        )

    def _prepare_quantity_lines(self, quantities, day):
        """Return the lines of the change that brings quantities about.

        :param dict quantities: the new quantity of each line
        :param date day: first day of the change
        :return: commands; none where nothing changes
        :rtype: list
        :raise UserError: for quantities that cannot be
        """
        commands = []
        for line, quantity in quantities.items():
            self._check_new_quantity(line, quantity)
            before = line._get_quantity_on(day)
            delta = line.product_uom_id.round(quantity - before)
            if delta:
                commands.append(
                    Command.create(
                        {
                            "order_line_id": line.id,
                            "quantity_before": before,
                            "quantity_change": delta,
                        }
                    )
                )
        if commands:
            self._check_something_left(quantities, day)
        return commands

    def _check_new_quantity(self, line, quantity):
        if line.order_id != self or not line.is_recurring:
            raise UserError(
                self.env._(
                    "%(line)s is no recurring line of %(order)s.",
                    line=line.display_name,
                    order=self.name,
                )
            )
        line._refuse_odd_numbers(quantity)
        if quantity < 0:
            raise UserError(
                self.env._(
                    "%s: a quantity cannot be below zero.",
                    line.product_id.display_name,
                )
            )

    def _check_something_left(self, quantities, day):
        """Refuse a change after which nothing recurs, on its day or on a later one."""
        recurring = self.order_line.filtered("is_recurring")
        later = self.scheduled_change_ids.filtered(
            lambda change: change.kind == "quantity" and change.date > day
        )
        for one in sorted({day, *later.mapped("date")}):
            left = {}
            for line in recurring:
                left[line] = line._get_quantity_on(one)
                if line in quantities:
                    left[line] += quantities[line] - line._get_quantity_on(day)
            if any(left[line] < 0 for line in quantities) or not any(left.values()):
                raise UserError(self._get_nothing_left_message(one, day))

    def _get_nothing_left_message(self, day, asked):
        if day == asked:
            return self.env._(
                "Nothing recurring would be left on %s. Close it instead.", self.name
            )
        return self.env._(
            "With what is scheduled for %(date)s already, too little would be left on "
            "%(order)s. Revoke that first.",
            date=format_date(self.env, day),
            order=self.name,
        )

    def _change_plan(self, plan, at="next_period", prices=None, reason=None, **values):
        """Switch the contract to another plan.

        Prices follow the new plan's price rules, except those a person typed.

        :param plan: the subscription.plan
        :param at: ``next_period``, ``now`` or a date. At once, the unused share of
            what is billed is credited and the new plan's first period is billed
        :param dict prices: price per unit of lines (sale.order.line) that shall not
            follow the rules
        :param str reason: why, for the chatter
        :param values: other fields of the change
        :rtype: subscription.change
        :raise UserError: for the plan it has, one of another company or archived, a
            day that is over, or a contract that does not run
        """
        self.ensure_one()
        self._check_may_change()
        self._lock_contract()
        day = max(self._get_change_day(at), self._get_first_owed_day())
        self._check_new_plan(plan, day)
        lines = [
            Command.create(line)
            for line in self._prepare_repricing(plan, day, prices or {})
        ]
        return self._plan_change(
            "plan",
            day,
            reason=reason,
            plan_before_id=self.plan_id.id,
            plan_id=plan.id,
            line_ids=lines,
            **values,
        )

    def _get_first_owed_day(self):
        """Return the first day after what is free: a trial is not cut short.

        :rtype: date
        """
        # sudo: what is free does not depend on who reads the ledger
        free = self.sudo().period_ids.filtered(
            lambda row: row.is_live and row.kind == "free"
        )
        ends = [row.date_to + ONE_DAY for row in free]
        return max([self.start_date, *ends])

    def _check_new_plan(self, plan, day):
        if not plan or not plan.active:
            raise UserError(self.env._("Choose a plan that is not archived."))
        if plan == self._get_plan_on(day):
            raise UserError(
                self.env._(
                    "%(order)s has the plan “%(plan)s” already.",
                    order=self.name,
                    plan=plan.name,
                )
            )
        if plan.company_id and plan.company_id not in self.company_id.parent_ids:
            raise UserError(self.env._("“%s” is a plan of another company.", plan.name))

    def _prepare_repricing(self, plan, day, prices, lines=None):
        """Return the values of the change lines that bring prices to a plan.

        :param plan: the plan to look prices up for
        :param date day: day the prices are looked up for
        :param dict prices: prices that are given, per line
        :param lines: the lines, default all that recur
        :rtype: list[dict]
        """
        result = []
        lines = self.order_line if lines is None else lines
        for line in lines.filtered("is_recurring"):
            if line.product_type == "combo":
                continue
            price, discount = line._get_price_on(day)
            after, discount_after = line._get_switched_price(plan, day)
            by_rules, after = after, prices.get(line, after)
            line._refuse_odd_numbers(after)
            if line in prices or (after, discount_after) != (price, discount):
                result.append(
                    {
                        "order_line_id": line.id,
                        "price_before": price,
                        "price_after": after,
                        "is_typed": after != by_rules,
                        "discount_before": discount,
                        "discount_after": discount_after,
                    }
                )
        return result

    def _check_may_change(self):
        self.check_access("write")
        if self.subscription_state == lifecycle.PAUSED:
            raise UserError(
                self.env._("%s is paused. Resume it before you change it.", self.name)
            )
        if self.subscription_state != lifecycle.PROGRESS:
            raise UserError(
                self.env._("%s does not run: nothing changes on it.", self.name)
            )

    def _lock_contract(self):
        """Let nobody else change or bill the contract until this transaction ends.

        :raise UserError: when somebody does so right now
        """
        self.ensure_one()
        # sudo: a lock reads and writes nothing
        if not self.sudo().try_lock_for_update(allow_referencing=True):
            raise UserError(
                self.env._(
                    "%s is being billed or changed right now. Try again in a moment.",
                    self.name,
                )
            )
        # Whoever waited meanwhile looks at the contract as it was before: a new version
        # of its row lets PostgreSQL refuse that, and Odoo begin anew. What is planned
        # for later would not touch the row by itself.
        self.env.cr.execute(
            SQL("UPDATE sale_order SET write_date = write_date WHERE id = %s", self.id)
        )

    def _get_change_day(self, at):
        """Return the first day a change counts on.

        :param at: ``next_period``, ``now`` or a date
        :rtype: date
        :raise UserError: for a day that is over, or after the contract's end
        """
        self.ensure_one()
        today = self._get_today()
        if at == "now":
            return today
        day = self._get_next_period_start() if at == "next_period" else at
        day = fields.Date.to_date(day)
        self._check_calendar(day)
        if day and day < today:
            raise UserError(
                self.env._(
                    "%s is over: a change counts from today on at the earliest.",
                    format_date(self.env, day),
                )
            )
        last = self._get_last_day()
        if not day or (last and day > last):
            raise UserError(
                self.env._(
                    "%(order)s ends on %(date)s, before the change.",
                    order=self.name,
                    date=format_date(self.env, last),
                )
            )
        return max(day, self.start_date)

    def _check_calendar(self, day):
        """Refuse a day no contract can mean.

        :raise UserError: for days beyond the engine's calendar
        """
        try:
            return day and recurrence.check_day(day)
        except DateOutOfRange as error:
            raise UserError(
                self.env._("%s is too far away.", format_date(self.env, day))
            ) from error

    def _get_next_period_start(self):
        """Return the first day of the next period that is not billed and not begun.

        None where the contract ends before.

        :rtype: date | None
        """
        self.ensure_one()
        today = self._get_today()
        timeline = self._get_timeline()
        day = self.next_invoice_date or (self.paid_until and self.paid_until + ONE_DAY)
        if self._get_cutting_switch(self.last_period_id):
            day = self.paid_until + ONE_DAY
        running = timeline.period_from(today)
        if day and day > today:
            return day
        if running is None:
            return None
        if day == today and not self._is_in_arrears():
            return day
        return running.next_start

    def _plan_change(self, kind, day, **values):
        """Note a change, and make it when its day has come.

        :rtype: subscription.change
        """
        # sudo: changes are written by the contract's methods alone
        Change = self.env["subscription.change"].sudo()
        change = Change.create(
            {"order_id": self.id, "kind": kind, "date": day, **values}
        )
        change._overtake()
        if day <= self._get_today():
            change._apply()
        else:
            self._log_change(self.env._("Planned"), change)
        return change.with_env(self.env)

    def _log_change(self, what, change, why=None):
        """Say in the chatter what changes, from when on and why."""
        lines = [
            self.env._(
                "%(what)s from %(date)s:",
                what=what,
                date=format_date(self.env, change.date),
            ),
            *change._get_texts(),
        ]
        if change.source_order_id:
            lines.append(self.env._("Upsell: %s", change.source_order_id.name))
        if why or change.reason:
            lines.append(self.env._("Reason: %s", why or change.reason))
        # Escapes what people typed.
        body = Markup("<br/>").join(lines)
        self.message_post(body=body)
        renewal = self._get_open_renewal()
        if renewal.state in ("draft", "sent"):
            # Its lines were taken from the contract as it was.
            told = self.env._(
                "%s has changed since this quotation was made. Bring it up to date "
                "where need be.",
                self.name,
            )
            renewal.message_post(body=Markup("<br/>").join([told, body]))

    def _write_plan(self, plan):
        """Let the contract have another plan from now on. Prices are not touched."""
        # sudo and the context: the only way around the lock on a contract's plan
        self.sudo().with_context(subscription_switch=True).write({"plan_id": plan.id})

    # === LOOKED BACK ON === #

    def _get_counted_changes(self, kind):
        """Return the changes of a kind that count, in the order of their days.

        :rtype: subscription.change
        """
        self.ensure_one()
        # sudo: how a contract is billed does not depend on who reads its changes
        changes = self.sudo().change_ids.filtered(
            lambda change: change.kind == kind and change.state in COUNTED
        )
        changes = changes.sorted(lambda change: (change.date, change.id))
        changes -= self._get_supposed_revoked()
        supposed = self._get_supposed_changes().filtered(
            lambda change: change.kind == kind
        )
        if supposed:
            changes -= supposed._origin
            changes = (changes + supposed).sorted("date")  # stable: the last one made
        return changes

    def _get_plan_on(self, day):
        """Return the plan of the contract on a day.

        :rtype: subscription.plan
        """
        return self._get_timeline().get_epoch(day).key

    def _is_paused_throughout(self, period):
        """Tell whether a period lies within a pause from its first to its last day.

        :param engine.Period period: the period
        :rtype: bool
        """
        is_paused = self.subscription_state == lifecycle.PAUSED
        return any(
            pause.date <= period.start
            and (period.end <= pause.date_to if pause.date_to else is_paused)
            for pause in self._get_counted_changes("pause")
        )
