import logging
from dataclasses import dataclass, field

from psycopg2 import Error as DatabaseError
from psycopg2 import OperationalError

from odoo import api, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..const import BILLING_BATCH_SIZE, MAX_BACKLOG_PERIODS
from ..engine import Period, lifecycle
from .billing_facts import BillingFacts

_logger = logging.getLogger(__name__)

# Another transaction was faster. Not the contract's fault: try again, hold nothing.
RETRY = (OperationalError, LockError)
MAX_RETRIES = 5


@dataclass
class Job:
    """One contract and the period to bill, in one round."""

    order: models.Model
    period: Period
    facts: BillingFacts
    paused: bool = False
    row: models.Model = None
    lines: list = field(default_factory=list)


class SubscriptionBilling(models.AbstractModel):
    """Who bills, in which order, and what happens when it fails.

    Lock - check again - write ledger and invoices - post, all in one savepoint per
    batch. A batch that fails is halved until the contract at fault is alone; it is
    rolled back and held, the rest is billed.
    """

    _name = "subscription.billing"
    _description = "Subscription Billing"

    # === ENTRY POINTS === #

    @api.model
    def _run(self):
        """Bill all that is due today, company by company, committing per batch."""
        due = []
        for company in self.env["res.company"].search([("active", "=", True)]):
            today = self.env["sale.order"].new({"company_id": company.id})._get_today()
            domain = self._get_due_domain(today)
            due.append((company, today, domain & Domain("company_id", "=", company.id)))
        # What remains is counted over all companies: a run that stops early is taken up
        # again by Odoo, although the company it came to last has nothing left.
        everything = Domain.OR(domain for _company, _today, domain in due)
        remaining = self.env["sale.order"].search_count(everything)
        self.env["ir.cron"]._commit_progress(remaining=remaining)
        for company, today, domain in due:
            if not self.with_company(company)._run_company(today, domain, everything):
                return

    def _run_company(self, today, domain, everything):
        """Bill the contracts of a domain, in batches.

        :param date today: the company's day
        :param Domain domain: what is due in the company
        :param Domain everything: what is due in all companies
        :return: whether there is time left
        :rtype: bool
        """
        Order = self.env["sale.order"]
        aside = Order.browse()  # what did not move: another worker has it
        retries = 0
        while batch := self._get_batch(domain & Domain("id", "not in", aside.ids)):
            before = {order.id: order.next_invoice_date for order in batch}
            try:
                self._bill_once(batch, today)
                unmoved = batch.filtered(
                    lambda order, before=before: not order.hold
                    and order.next_invoice_date == before[order.id]
                )
                time_left = self.env["ir.cron"]._commit_progress(
                    len(batch - unmoved), remaining=Order.search_count(everything)
                )
            except RETRY as error:
                # A cron is not retried by Odoo as a request is.
                self.env.cr.rollback()
                retries += 1
                _logger.info("billing batch is tried again: %s", error)
                if retries > MAX_RETRIES:
                    raise
                continue
            retries = 0
            aside |= unmoved
            if not time_left:
                return False
        return True

    def _get_due_domain(self, day):
        """Return the domain of the contracts to bill on a day.

        :rtype: Domain
        """
        by_hand = self.env.context.get("subscription_by_hand")
        states = lifecycle.LIVE if by_hand else lifecycle.BILLABLE
        return (
            Domain("subscription_state", "in", list(states))
            & Domain("hold", "=", False)
            & Domain("billing_date", "<=", day)
        )

    def _get_batch(self, domain):
        """Return the next contracts to bill.

        A customer's contracts stand together, so that they can share an invoice.
        """
        Order = self.env["sale.order"]
        batch = Order.search(
            domain,
            order="partner_invoice_id, billing_date, id",
            limit=BILLING_BATCH_SIZE,
        )
        last = batch[-1:]
        if last.plan_id.merge_invoices and len(batch) == BILLING_BATCH_SIZE:
            batch |= Order.search(
                domain & Domain("partner_invoice_id", "=", last.partner_invoice_id.id)
            )
        return batch

    @api.model
    def _bill(self, orders, until=None):
        """Bill all that is due of these contracts, in the running transaction.

        :param orders: sale orders; those that are not due are passed over
        :param date until: the day that is billed up to, default today
        :return: the invoices
        :rtype: account.move
        """
        moves = self.env["account.move"]
        for company, contracts in orders.grouped("company_id").items():
            day = until or contracts[:1]._get_today()
            # sudo: a salesperson confirms orders without any right to invoice; what
            # is billed is decided by the contract, not by its reader
            service = self.sudo().with_company(company)
            if not self.env.su:  # another day is for the superuser's replays alone
                service = service.with_context(subscription_today=False)
            contracts = contracts.with_env(service.env)
            while contracts := contracts.filtered_domain(service._get_due_domain(day)):
                before = contracts.mapped("next_invoice_date")
                moves |= service._bill_once(contracts, day)
                if contracts.mapped("next_invoice_date") == before and not any(
                    contracts.mapped("hold")
                ):
                    break  # locked by another worker, which bills them
        return moves.with_env(self.env)

    # === ONE ROUND: ONE PERIOD PER CONTRACT === #

    def _bill_once(self, orders, day):
        """Bill the oldest due period of each contract.

        :param orders: contracts of one company
        :param date day: the day that is billed up to
        :rtype: account.move
        """
        locked = orders.try_lock_for_update(allow_referencing=True)
        # What was read before the lock may have been billed since.
        locked.invalidate_recordset()
        due = locked.filtered_domain(self._get_due_domain(day))
        facts = BillingFacts(self.env)
        jobs = []
        for order in due:
            try:
                jobs += self._get_jobs(order, day, facts)
            except DatabaseError:
                raise  # the transaction is lost, and not by this contract's fault
            except Exception as error:  # pylint: disable=broad-exception-caught
                self._hold(order, error)
        return self._bill_units(self._get_units(jobs))

    def _get_jobs(self, order, day, facts):
        """Return what to bill of a contract: its next period, unless it is held."""
        period = order._get_next_period()
        if period is None or order._get_cutting_switch(order.last_period_id):
            return []
        if self._is_far_behind(order, day):
            order._set_hold(
                "backlog",
                self.env._(
                    "More than %(number)s periods are due, since %(date)s. Check the "
                    "dates of the contract; release it to bill them all.",
                    number=MAX_BACKLOG_PERIODS,
                    date=format_date(self.env, period.start),
                ),
            )
            return []
        today = order._get_today()
        obstacle = order._get_billing_obstacle(period, today) or self._get_obstacle(
            order, today, facts
        )
        if obstacle:
            order._set_hold("billing_error", obstacle)
            return []
        return [Job(order, period, facts, self._is_paused(order, period))]

    def _is_paused(self, order, period):
        """Tell whether a period is not billed because of a pause."""
        by_hand = self.env.context.get("subscription_by_hand")
        return not by_hand and order._is_paused_throughout(period)

    def _is_far_behind(self, order, day):
        day = min(day, order._get_today())  # billing ahead is not being behind
        days = (day - order.billing_date).days
        if days < MAX_BACKLOG_PERIODS:  # no period is shorter than a day
            return False
        if order.catch_up_until and order.catch_up_until >= order.billing_date:
            return False
        return order._get_backlog(day) > MAX_BACKLOG_PERIODS

    def _get_obstacle(self, order, day, facts):
        """Return why the books do not take an invoice of the contract, or None.

        :param date day: date of the invoice
        :param BillingFacts facts: what was looked up in this round
        :rtype: str | None
        """
        company, currency = order.company_id, order.currency_id
        journal = order.journal_id or facts.get_journal(company)
        if not journal:
            return self.env._("%s has no sales journal.", company.name)
        locked = facts.get_lock_date(company, journal)
        if locked and day <= locked:
            return self.env._(
                "The books are closed until %s.", format_date(self.env, locked)
            )
        if currency != company.currency_id and not facts.has_rate(currency, company):
            return self.env._(
                "There is no exchange rate from %(currency)s to %(company)s.",
                currency=currency.name,
                company=company.currency_id.name,
            )
        for product in order.order_line.filtered("is_recurring").product_id:
            if product.type != "combo" and not facts.has_income_account(
                product, journal
            ):
                return self.env._(
                    "%s has no income account, nor have its category and the company.",
                    product.display_name,
                )
        return None

    # === FAILURE === #

    def _bill_units(self, units):
        """Bill the units; on failure halve them until the one at fault is alone."""
        if not units:
            return self.env["account.move"]
        try:
            # The flushing savepoint: it forgets the number Odoo cached for a journal,
            # which a rolled back invoice must not use up.
            with self.env.cr.savepoint():
                return self._make(units)
        except RETRY:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.env.invalidate_all()
            if len(units) > 1:
                middle = len(units) // 2
                return self._bill_units(units[:middle]) | self._bill_units(
                    units[middle:]
                )
            if len(units[0]) > 1:  # contracts of one customer: each on its own
                return self._bill_units([[job] for job in units[0]])
            self._hold(units[0][0].order, error)
            return self.env["account.move"]

    def _hold(self, order, error):
        """Hold a contract because of an error, with a reason a clerk understands."""
        if isinstance(error, UserError):
            reason = str(error)
        elif isinstance(error, DatabaseError):
            reason = self._explain_database_error(error)
        else:
            _logger.info("%s cannot be billed", order.name, exc_info=error)
            reason = self.env._("The invoice could not be made: %s", error)
        order._set_hold("billing_error", reason)

    def _explain_database_error(self, error):
        """Return the message of the constraint an invoice violated."""
        name = error.diag.constraint_name
        for model in ("subscription.period", "account.move", "account.move.line"):
            table_object = self.env[model]._table_objects.get(name)
            if table_object:
                message = table_object.get_error_message(self.env[model], error.diag)
                if message:
                    return message
        return self.env._(
            "The database refused the invoice: %s", error.diag.message_primary
        )
