import logging

from psycopg2 import OperationalError

from odoo import api, models
from odoo.exceptions import LockError
from odoo.fields import Domain

from ..engine import lifecycle
from ..engine.recurrence import add_days

_logger = logging.getLogger(__name__)

# Another transaction was faster: what it left is tried again, so many times.
RETRY = (OperationalError, LockError)
MAX_RETRIES = 5


class SubscriptionScheduler(models.AbstractModel):
    """What happens to contracts on its own, because its day has come.

    Before anything is billed on that day, and safe to run twice: what was done is not
    found again.
    """

    _name = "subscription.scheduler"
    _description = "Subscription Scheduler"

    @api.model
    def _run(self):
        """Apply what is due today, company by company."""
        Order = self.env["sale.order"]
        for company in self.env["res.company"].search([("active", "=", True)]):
            today = Order.new({"company_id": company.id})._get_today()
            service = self.with_company(company)
            for step in service._get_steps():
                if not step(company, today):
                    # Odoo takes the rest up again.
                    self.env["ir.cron"]._commit_progress(remaining=1)
                    return

    def _get_steps(self):
        """Return what is done for each company, in this order.

        Hook for other addons.

        :return: functions of company and day, which tell whether there is time left
        """
        return [
            self._end_trials,
            self._resume_contracts,
            self._apply_changes,
            self._end_contracts,
            self._close_unpaid,
            self._propose_renewals,
        ]

    def _each(self, records, act):
        """Act on each record by itself, committing after each.

        What goes wrong is rolled back alone, and its contract held with the reason.

        :param records: what is due
        :param act: function of one record
        :return: whether there is time left
        :rtype: bool
        """
        IrCron = self.env["ir.cron"]
        for record in records:
            for attempt in range(1, MAX_RETRIES + 1):
                try:
                    self._try(record, act)
                    if not IrCron._commit_progress(1):
                        return False
                    break
                except RETRY as error:
                    # A cron is not retried by Odoo as a request is.
                    self.env.cr.rollback()
                    if attempt == MAX_RETRIES:
                        raise  # the run fails where people see it, and comes again
                    _logger.info("%s is tried again: %s", record, error)
        return True

    def _try(self, record, act):
        order = record if record._name == "sale.order" else record.order_id
        if not order.try_lock_for_update(allow_referencing=True):
            return  # somebody is at it; the next run comes back to it
        record.invalidate_recordset()
        order.invalidate_recordset()
        try:
            with self.env.cr.savepoint():
                act(record)
        except RETRY:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.env.invalidate_all()
            if not order.hold:
                self.env["subscription.billing"]._hold(order, error)
            if record._name == "subscription.change":
                record.failure = str(error)

    def _search_orders(self, company, *conditions):
        domain = Domain("company_id", "=", company.id) & Domain.AND(conditions)
        return self.env["sale.order"].search(domain)

    # === THE STEPS === #

    def _end_trials(self, company, today):
        """Let the contracts whose trial is over count: from now on they have an MRR.

        :param company: the company
        :param date today: the day
        """
        over = self._search_orders(
            company,
            Domain("in_trial", "=", True),
            Domain("trial_end_date", "<", today),
        )
        return self._each(over, self._end_trial)

    def _end_trial(self, order):
        with order._recording(
            date=add_days(order.trial_end_date, 1),
            note=self.env._("The trial is over"),
        ):
            order.in_trial = False

    def _resume_contracts(self, company, today):
        """Resume paused contracts whose day has come, or whose end has."""
        due = self._search_orders(
            company,
            Domain("subscription_state", "=", lifecycle.PAUSED),
            Domain("resume_date", "<=", today)
            | Domain("end_date", "<", today)
            | Domain("close_date", "<=", today),
        )
        return self._each(due, lambda order: self._resume_contract(order, today))

    def _resume_contract(self, order, today):
        """Resume one contract; a pause ends with the contract at the latest."""
        last = order._get_last_day()
        if order.resume_date and order.resume_date <= today:
            order._resume(order.resume_date)
        elif last and last <= today:
            with order._recording(date=last):  # before it ends
                order._end_pause(add_days(last, 1))

    def _apply_changes(self, company, today):
        """Make the changes whose day has come, in the order of their days."""
        due = self.env["subscription.change"].search(
            Domain("company_id", "=", company.id)
            & Domain("state", "=", "scheduled")
            & Domain("date", "<=", today)
            # What is paused changes when it is resumed.
            & Domain("order_id.subscription_state", "=", lifecycle.PROGRESS),
            order="date, id",
        )
        return self._each(due, lambda change: change._apply())

    def _end_contracts(self, company, today):
        """End the contracts whose last day is over, once all is billed."""
        ended = self._search_orders(
            company,
            Domain("subscription_state", "=", lifecycle.PROGRESS),
            Domain("end_date", "<", today) | Domain("close_date", "<=", today),
            Domain("next_invoice_date", "=", False) | Domain("hold", "=", False),
        )
        return self._each(ended, self._end_contract)

    def _end_contract(self, order):
        if order.next_invoice_date:
            order._bill()  # the last of it, which nobody need wait for
            if order.next_invoice_date:
                return
        reason = self.env.ref("subscriptions.close_reason_end", False)
        order._set_churned(
            order.close_reason_id or reason, order.close_date or order.end_date
        )

    def _close_unpaid(self, company, today):
        """Close the contracts that were not paid for longer than their plan allows.

        Due on the 1st, with 15 days to wait: closed on the 16th.
        """
        oldest = self._get_oldest_unpaid(company)
        late = self._search_orders(
            company,
            Domain("id", "in", list(oldest)),
            Domain("subscription_state", "=", lifecycle.PROGRESS),
            Domain("plan_id.auto_close_days", ">", 0),
        ).filtered(
            lambda order: add_days(oldest[order.id], order.plan_id.auto_close_days)
            <= today
            and not order._is_being_paid()
        )
        return self._each(late, self._close_late)

    def _close_late(self, order):
        order._close(self.env.ref("subscriptions.close_reason_unpaid", False))

    def _get_oldest_unpaid(self, company):
        """Return the due date of the oldest unpaid recurring invoice, by order id.

        :rtype: dict
        """
        lines = self.env["account.move.line"].search_fetch(
            [
                ("company_id", "=", company.id),
                ("period_id", "!=", False),
                ("subscription_id.subscription_state", "=", lifecycle.PROGRESS),
                ("subscription_id.plan_id.auto_close_days", ">", 0),
                ("parent_state", "=", "posted"),
                ("move_id.move_type", "=", "out_invoice"),
                ("move_id.payment_state", "in", ("not_paid", "partial")),
            ],
            ["subscription_id", "move_id"],
        )
        oldest = {}
        for line in lines:
            order, due = line.subscription_id, line.move_id.invoice_date_due
            if due:
                oldest[order.id] = min(due, oldest.get(order.id, due))
        return oldest

    def _propose_renewals(self, company, today):
        """Propose the renewal of fixed terms that end soon."""
        ending = self._search_orders(
            company,
            Domain("subscription_state", "=", lifecycle.PROGRESS),
            Domain("end_date", ">=", today),
            Domain("close_date", "=", False),
            Domain("renewal_proposed_date", "=", False),
            Domain("plan_id.renewal_days", ">", 0),
        ).filtered(
            lambda order: order.end_date <= add_days(today, order.plan_id.renewal_days)
        )
        return self._each(ending, lambda order: order._propose_renewal())
