import logging
from collections import defaultdict
from dataclasses import dataclass, field

from psycopg2 import Error as DatabaseError
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..const import BILLING_BATCH_SIZE, MAX_BACKLOG_PERIODS, QUIET
from ..engine import DateOutOfRange, Period, lifecycle

_logger = logging.getLogger(__name__)

# Another transaction was faster. Not the contract's fault: try again, hold nothing.
RETRY = (OperationalError, LockError)
MAX_RETRIES = 5


@dataclass
class Job:
    """One contract and the period to bill."""

    order: models.Model
    period: Period
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
        for company in self.env["res.company"].search([]):
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
        return (
            Domain("subscription_state", "in", list(lifecycle.BILLABLE))
            & Domain("hold", "=", False)
            & Domain("billing_date", "<=", day)
        )

    def _get_batch(self, domain):
        """Return the next contracts to bill.

        A customer's contracts stand together, so that they can share an invoice.
        """
        Order = self.env["sale.order"]
        batch = Order.search(
            domain, order="partner_invoice_id, billing_date, id", limit=BILLING_BATCH_SIZE
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
        :param date day: the day that is billed; date of the invoices
        :rtype: account.move
        """
        locked = orders.try_lock_for_update(allow_referencing=True)
        # What was read before the lock may have been billed since.
        locked.invalidate_recordset()
        due = locked.filtered_domain(self._get_due_domain(day))
        jobs = [job for order in due for job in self._get_jobs(order, day)]
        return self._bill_units(self._get_units(jobs), day)

    def _get_jobs(self, order, day):
        """Return what to bill of a contract: its next period, unless it is held."""
        try:
            period = order._get_next_period()
        except (DateOutOfRange, ValueError) as error:
            self._hold(order, error)
            return []
        if period is None:
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
        obstacle = order._get_billing_obstacle(period, day) or self._get_obstacle(
            order, day
        )
        if obstacle:
            order._set_hold("billing_error", obstacle)
            return []
        return [Job(order, period)]

    def _is_far_behind(self, order, day):
        days = (day - order.billing_date).days
        if days < MAX_BACKLOG_PERIODS:  # no period is shorter than a day
            return False
        if order.catch_up_until and order.catch_up_until >= order.billing_date:
            return False
        return order._get_backlog(day) > MAX_BACKLOG_PERIODS

    def _get_obstacle(self, order, day):
        """Return why the books do not take an invoice of the contract, or None."""
        company, currency = order.company_id, order.currency_id
        journal = order.journal_id or self._get_journal(company)
        if not journal:
            return self.env._("%s has no sales journal.", company.name)
        # sudo is inherited from the caller: lock dates are not a salesperson's
        locked = company._get_user_fiscal_lock_date(journal)
        if locked and day <= locked:
            return self.env._(
                "The books are closed until %s.", format_date(self.env, locked)
            )
        if currency != company.currency_id and not self._has_rate(currency, company):
            return self.env._(
                "There is no exchange rate from %(currency)s to %(company)s.",
                currency=currency.name,
                company=company.currency_id.name,
            )
        for product in order.order_line.filtered("is_recurring").product_id:
            if product.type == "combo":
                continue
            if not self._has_income_account(product, journal):
                return self.env._(
                    "%s has no income account, nor have its category and the company.",
                    product.display_name,
                )
        return None

    def _get_journal(self, company):
        return self.env["account.journal"].search(
            [
                *self.env["account.journal"]._check_company_domain(company),
                ("type", "=", "sale"),
            ],
            limit=1,
        )

    def _has_income_account(self, product, journal):
        account = product.with_company(journal.company_id)._get_product_accounts()
        return bool(account["income"] or journal.default_account_id)

    def _has_rate(self, currency, company):
        return bool(
            self.env["res.currency.rate"].search_count(
                [
                    ("currency_id", "in", (currency.id, company.currency_id.id)),
                    ("company_id", "in", (False, company.root_id.id)),
                ],
                limit=1,
            )
        )

    # === FAILURE === #

    def _bill_units(self, units, day):
        """Bill the units; on failure halve them until the one at fault is alone."""
        if not units:
            return self.env["account.move"]
        try:
            # The flushing savepoint: it forgets the number Odoo cached for a journal,
            # which a rolled back invoice must not use up.
            with self.env.cr.savepoint():
                return self._make(units, day)
        except RETRY:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.env.invalidate_all()
            if len(units) > 1:
                middle = len(units) // 2
                return self._bill_units(units[:middle], day) | self._bill_units(
                    units[middle:], day
                )
            if len(units[0]) > 1:  # contracts of one customer: each on its own
                return self._bill_units([[job] for job in units[0]], day)
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

    # === MAKING INVOICES === #

    def _get_units(self, jobs):
        """Group the jobs that share an invoice.

        :param list[Job] jobs: what is due
        :rtype: list[list[Job]]
        """
        units, merged = [], defaultdict(list)
        for job in jobs:
            if job.order.plan_id.merge_invoices:
                merged[self._get_merge_key(job.order)].append(job)
            else:
                units.append([job])
        return units + list(merged.values())

    def _get_merge_key(self, order):
        """Return what contracts must have in common to share an invoice.

        Hook for other addons.
        """
        return (
            order.partner_invoice_id,
            order.partner_shipping_id,
            order.company_id,
            order.currency_id,
            order.fiscal_position_id,
            order.payment_term_id,
            order.journal_id,
            order.user_id,
            order.plan_id.invoice_mode,
            order.plan_id.invoice_mail_template_id,
        )

    def _make(self, units, day):
        """Write ledger rows and invoices of the units.

        :param list[list[Job]] units: the jobs of each invoice
        :param date day: date of the invoices
        :rtype: account.move
        """
        jobs = [job for unit in units for job in unit]
        self._update_taxes(jobs)
        self._prepare_lines(jobs)
        self._create_rows(jobs)
        units = [unit for unit in units if any(job.lines for job in unit)]
        values = [self._prepare_invoice_values(unit, day) for unit in units]
        moves = self._create_moves(units, values)
        self._link_rows(units, moves)
        self._finish(units, moves)
        self.env.flush_all()
        return moves

    def _update_taxes(self, jobs):
        """Bring fiscal positions and taxes up to date: they are those of today."""
        positions = {}
        for job in jobs:
            order = job.order
            position = self._get_fiscal_position(order, positions)
            changed = position != order.fiscal_position_id
            if changed:
                order.fiscal_position_id = position
            lines = order.order_line._update_mapped_taxes()
            if lines or changed:
                order.message_post(
                    body=self.env._(
                        "The taxes were brought up to date before billing: they follow "
                        "the customer's address and the tax settings of today."
                    )
                )

    def _get_fiscal_position(self, order, known):
        """Return the fiscal position of an order today.

        One that was chosen by a person stays.

        :param dict known: positions found before in this batch
        """
        if order.has_typed_fiscal_position:
            return order.fiscal_position_id
        key = (order.partner_id, order.partner_shipping_id, order.company_id)
        if key not in known:
            known[key] = order._get_mapped_fiscal_position()
        return known[key]

    def _prepare_lines(self, jobs):
        """Work out the invoice lines of each job.

        A period that has nothing to bill becomes free, and says so.
        """
        for job in jobs:
            order = job.order
            language = order.partner_invoice_id.lang
            if language:
                order = order.with_context(lang=language)
            if not job.period.free:
                job.lines = self._get_invoice_lines(order, job.period)

    def _get_invoice_lines(self, order, period, one_off=True):
        """Return the values of the invoice lines of a contract's period.

        Recurring lines for the period; others once, as far as they are to invoice;
        sections, notes and combos around them as on Odoo's own invoice.

        :param engine.Period period: the period
        :param bool one_off: whether to include what does not recur
        :return: list of (order line, values)
        :rtype: list[tuple]
        """
        lines = order._get_invoiceable_lines(final=True)
        if not one_off:
            lines = lines.filtered(lambda line: line.is_recurring or line.display_type)
        result = []
        for sequence, line in enumerate(lines):
            if line.is_recurring:
                values = line._prepare_period_invoice_line(period, sequence=sequence)
                if not values["quantity"] and line.product_uom_qty:
                    continue  # nothing delivered
                result.append((line, values))
            else:
                options = {"sequence": sequence}
                if line.is_downpayment:
                    options["quantity"] = -1.0
                    options["extra_tax_data"] = self.env[
                        "account.tax"
                    ]._reverse_quantity_base_line_extra_tax_data(line.extra_tax_data)
                result += [
                    (line, values)
                    for values in line._prepare_invoice_lines_vals_list(**options)
                ]
        if all(values.get("display_type") != "product" for _line, values in result):
            return []
        return result

    def _create_rows(self, jobs):
        """Write the ledger rows: the lock on the periods, before any invoice."""
        rows = self.env["subscription.period"].create(
            [
                {
                    "order_id": job.order.id,
                    "date_from": job.period.start,
                    "date_to": job.period.end,
                    "kind": "billed" if job.lines else "free",
                    "currency_id": job.order.currency_id.id,
                    "company_id": job.order.company_id.id,
                    "plan_id": job.order.plan_id.id,
                }
                for job in jobs
            ]
        )
        for job, row in zip(jobs, rows, strict=True):
            job.row = row
            for line, values in job.lines:
                if line.is_recurring:
                    values["period_id"] = row.id
            if not job.lines and not job.period.free:
                job.order.message_post(
                    body=self.env._(
                        "%s: nothing was delivered, so nothing is billed.",
                        row._get_label(),
                    )
                )

    def _prepare_invoice_values(self, unit, day):
        """Prepare the values of one invoice.

        The one place where invoices are put together; another addon, or a faster
        implementation, replaces it here.

        :param list[Job] unit: the jobs that share the invoice
        :param date day: its date
        :rtype: dict
        """
        order = unit[0].order
        if order.partner_invoice_id.lang:
            order = order.with_context(lang=order.partner_invoice_id.lang)
        values = order.with_company(order.company_id)._prepare_invoice()
        values["invoice_date"] = day
        if len(unit) > 1:
            names = [job.order.name for job in unit]
            values["invoice_origin"] = ", ".join(names)
            values["ref"] = ", ".join(
                job.order.client_order_ref or job.order.name for job in unit
            )[:2000]
            values["payment_reference"] = False
        sequence = 0
        for job in unit:
            for _line, line_values in job.lines:
                sequence += 1
                values["invoice_line_ids"].append(
                    fields.Command.create(dict(line_values, sequence=sequence))
                )
        return values

    def _create_moves(self, units, values):
        if not units:
            return self.env["account.move"]
        orders = self.env["sale.order"].union(*(unit[0].order for unit in units))
        moves = orders.with_context(**QUIET)._create_account_invoices(values, True)
        credits = moves.filtered(lambda move: move.amount_total < 0)
        if credits:
            credits.action_switch_move_type()
        return moves

    def _link_rows(self, units, moves):
        """Let each ledger row know its invoice and what it comes to."""
        for unit, move in zip(units, moves, strict=True):
            amounts = defaultdict(float)
            for line in move.invoice_line_ids:
                amounts[line.period_id] += line.price_subtotal
            for job in unit:
                job.row.write(
                    {"move_id": move.id, "amount_untaxed": amounts[job.row]}
                )

    def _finish(self, units, moves):
        """Post and send the invoices as the plan says."""
        to_post, to_send = moves.browse(), moves.browse()
        for unit, move in zip(units, moves, strict=True):
            mode = unit[0].order.plan_id.invoice_mode
            if mode != "draft":
                to_post |= move
            if mode in ("send", "charge"):
                to_send |= move
        self._log_origin(units, moves)
        if to_post:
            to_post.with_context(**QUIET)._post(soft=False)
        if to_send:
            self._send(to_send)

    def _log_origin(self, units, moves):
        """Say in the invoice's chatter which contract and period made it."""
        bodies = {
            move.id: self.env._(
                "Made by the billing run for %s",
                ", ".join(
                    f"{job.order.name} ({job.row._get_label()})" for job in unit
                ),
            )
            for unit, move in zip(units, moves, strict=True)
        }
        moves._message_log_batch(bodies)

    def _send(self, moves):
        """Queue the invoices for Odoo's own asynchronous sending."""
        for move in moves:
            if move.partner_id.email:
                move.sending_data = {
                    "author_user_id": self.env.user.id,
                    "author_partner_id": self.env.user.partner_id.id,
                }
            else:
                move.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=self.env._("Send the invoice by hand"),
                    note=self.env._("%s has no e-mail address.", move.partner_id.name),
                    user_id=move.invoice_user_id.id or self.env.user.id,
                )
        self.env.ref("account.ir_cron_account_move_send")._trigger()

    # === PREVIEW === #

    def _get_period_amounts(self, order, period, one_off):
        """Return what a period costs, worked out as its invoice is.

        :param order: the contract
        :param engine.Period period: the period
        :param bool one_off: whether what does not recur is on the invoice
        :return: amount_untaxed, amount_tax, amount_total in the order's currency
        :rtype: dict
        """
        AccountTax = self.env["account.tax"]
        base_lines = []
        for line in order.order_line:
            if line.display_type or line.product_id.type == "combo":
                continue
            if line.is_recurring:
                quantity = line._get_period_quantity(period)
                price = line._get_period_price_unit(period, quantity)
            elif one_off:
                quantity, price = line.product_uom_qty, line.price_unit
            else:
                continue
            base_lines.append(
                line._prepare_base_line_for_taxes_computation(
                    quantity=quantity, price_unit=price
                )
            )
        AccountTax._add_tax_details_in_base_lines(base_lines, order.company_id)
        AccountTax._round_base_lines_tax_details(base_lines, order.company_id)
        totals = AccountTax._get_tax_totals_summary(
            base_lines=base_lines,
            currency=order.currency_id,
            company=order.company_id,
        )
        return {
            "amount_untaxed": totals["base_amount_currency"],
            "amount_tax": totals["tax_amount_currency"],
            "amount_total": totals["total_amount_currency"],
        }
