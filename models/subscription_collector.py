import logging
import time
from collections import Counter, defaultdict, deque

from psycopg2 import OperationalError
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..const import MAX_PENDING_DAYS, MAX_SILENCES
from ..engine import lifecycle
from .subscription_collection import IN_FLIGHT

_logger = logging.getLogger(__name__)

# Number of this service's locks among all of PostgreSQL's advisory ones.
LOCKS = 1835627376

# Another transaction was faster: what is written down is written again.
RETRY = (OperationalError, LockError)
MAX_RETRIES = 5


class SubscriptionCollector(models.AbstractModel):
    """Who charges saved payment methods, in which order, and what is done when.

    Three steps, each committed: intend (a transaction whose reference is fixed by
    contract, period and attempt), call, record. A crash between two of them leaves a
    row that says so. The first and the last are repeated when another transaction was
    faster, the call never is.

    What is written before and after the call stands in ``_attempt``, the call itself in
    ``_call``, what follows from a failure in ``_dunning``.
    """

    _name = "subscription.collector"
    _description = "Payment Collector"

    # === THE RUN === #

    @api.model
    def _run(self):
        """Charge what is due and do what dunning policies have for today."""
        if not self.env["subscription.charging.right"]._is_granted():
            _logger.info("nothing is charged: this is a copy of the database")
            return
        queues = self._get_queues()
        total = sum(map(len, queues.values()))
        self.env["ir.cron"]._commit_progress(remaining=total)
        silences = Counter()
        spent = defaultdict(float)
        while queues:
            # The one that took least so far: nobody waits for a slow provider.
            provider = min(queues, key=lambda key: (spent[key], str(key)))
            collection = self._browse(queues[provider].popleft())
            # The clock of the scheduling, not of the business.
            start = time.monotonic()
            answered = self._handle(collection)
            spent[provider] += time.monotonic() - start
            silences[provider] = 0 if answered else silences[provider] + 1
            if not queues[provider] or silences[provider] >= MAX_SILENCES:
                # A provider that is down is asked again by the next run, in an hour:
                # what is left of its queue does not remain for this one.
                del queues[provider]
            left = sum(map(len, queues.values()))
            if not self.env["ir.cron"]._commit_progress(1, remaining=left):
                return

    def _browse(self, collection_id):
        return self.env["subscription.collection"].browse(collection_id)

    def _get_queues(self):
        """Return what there is to do, by provider, oldest first.

        News need no provider and stand in a queue of their own.

        :return: ids of collections by id of provider
        :rtype: dict[int | None, deque]
        """
        Collection = self.env["subscription.collection"]
        queues = defaultdict(deque)
        news = Collection.search(self._get_news_domain(), order="id")
        if news:
            queues[None].extend(news.ids)
        for collection in Collection.search(
            self._get_due_domain() & Domain("id", "not in", news.ids),
            order="next_date, id",
        ):
            provider = collection._get_token().provider_id
            queues[provider.id or None].append(collection.id)
        return dict(queues)

    def _get_news_domain(self):
        """Return the domain of payments of which something became known.

        Or that were left behind: a process died while it was calling.

        :rtype: Domain
        """
        late = fields.Datetime.subtract(fields.Datetime.now(), days=MAX_PENDING_DAYS)
        decided = ("done", "cancel", "error")
        return Domain.OR(
            [
                Domain("state", "=", "calling"),
                Domain("state", "in", IN_FLIGHT)
                & Domain("transaction_id.state", "in", decided),
                Domain("state", "=", "unknown")
                & Domain("transaction_id.is_unknown", "=", False),
                # A refused attempt that may have taken money, though another amount.
                Domain("state", "not in", IN_FLIGHT)
                & Domain("transaction_ids.is_unknown", "=", True)
                & Domain("state", "!=", "paid"),
                # Paid, and open again.
                Domain("state", "=", "paid")
                & Domain("move_id.state", "=", "posted")
                & Domain("move_id.payment_state", "in", ("not_paid", "partial")),
                Domain("state", "=", "pending")
                & (
                    Domain("transaction_id.is_unknown", "=", True)
                    | Domain("last_attempt_date", "<", late)
                ),
                Domain(
                    "transaction_ids",
                    "any",
                    Domain("state", "=", "done")
                    & Domain("is_post_processed", "=", False),
                ),
            ]
        )

    def _get_due_domain(self):
        """Return the domain of what is to be charged, asked for again, or dunned.

        :rtype: Domain
        """
        due = Domain("state", "=", "unknown") & Domain(
            "ask_again_date", "<=", fields.Datetime.now()
        )
        # Paused: no charge and no reminder.
        waiting = Domain("state", "in", ("due", "declined", "failed", "no_method"))
        waiting &= Domain("order_id.subscription_state", "!=", lifecycle.PAUSED)
        for company in self.env["res.company"].search([("active", "=", True)]):
            today = self.env["sale.order"].new({"company_id": company.id})._get_today()
            due |= (
                waiting
                & Domain("company_id", "=", company.id)
                & (Domain("next_date", "<=", today) | Domain("is_asked_for", "=", True))
            )
        return due

    def _handle(self, collection):
        """Do what is due for one payment, whatever it is.

        :return: False when its provider was called and did not answer
        :rtype: bool
        """
        if not self._take_alone(collection):
            return True
        try:
            if not self._retrying(collection, self._begin):
                return True
            answered = self._call(collection)
            self._retrying(collection, self._record)
            return answered
        except UniqueViolation:
            # The reference is the lock: somebody else makes this attempt.
            self.env.cr.rollback()
            self._retrying(collection, self._note_taken)
            return True
        except RETRY as error:
            if self.env.cr.closed or self.env.cr.connection.closed:
                raise  # the run fails where people see it, and comes again
            # Others are at it without end: the next run looks at it anew.
            self.env.cr.rollback()
            _logger.info("%s is left to the next run: %s", collection, error)
            return True
        except Exception as error:  # pylint: disable=broad-exception-caught
            # One that goes wrong keeps nobody else waiting, and is seen.
            self.env.cr.rollback()
            _logger.info("%s cannot be collected", collection, exc_info=error)
            reason = str(error)
            self._retrying(collection, lambda fresh: self._note_trouble(fresh, reason))
            return True
        finally:
            self._leave(collection)

    def _take_alone(self, collection):
        """Take a payment for this process, over all its commits.

        A row says that it is being charged as soon as that is intended. Whoever finds
        such a row must know whether the process that wrote it still lives: this lock
        goes with it.

        :return: whether no other process has it
        :rtype: bool
        """
        [[taken]] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_lock(%s, %s)", LOCKS, collection.id)
        )
        return taken

    def _leave(self, collection):
        if self.env.cr.closed or self.env.cr.connection.closed:
            return  # and the lock with it
        self.env.cr.rollback()  # whatever went wrong is written down by now
        self.env.execute_query(
            SQL("SELECT pg_advisory_unlock(%s, %s)", LOCKS, collection.id)
        )

    def _retrying(self, collection, function):
        """Write something about a payment and commit; again if others were faster.

        :param function: function of the collection, which calls no provider
        :return: what the function returns
        """
        for attempt in range(1, MAX_RETRIES + 1):
            try:
                result = function(self._browse(collection.id))
                self.env["ir.cron"]._commit_progress()
                return result
            except RETRY as error:
                self.env.cr.rollback()
                if attempt == MAX_RETRIES:
                    raise
                _logger.info("%s is tried again: %s", collection, error)
                time.sleep(0.1 * 2**attempt)  # let the other one finish
        return None

    def _lock(self, collection):
        """Lock a payment and read it anew; False when somebody else has it."""
        if not collection.try_lock_for_update(allow_referencing=True):
            return False
        collection.invalidate_recordset()
        return True

    # === WHAT IS TO BE DONE === #

    def _begin(self, collection):
        """Do what is due for a payment, up to the call.

        :return: whether its provider is to be called now
        :rtype: bool
        """
        if not self._lock(collection):
            return False
        company = collection.company_id
        self = self.with_company(company)  # noqa: PLW0642  accounts are the company's
        collection = collection.with_env(self.env)
        if self._has_news(collection):
            self._conclude(collection)
            return False
        if collection.state == "unknown":
            return self._intend_again(collection)
        if collection.state not in ("due", "declined", "failed", "no_method"):
            return False
        today = collection.order_id._get_today()
        if collection.is_asked_for:
            return self._intend(collection)
        if not collection.next_date or collection.next_date > today:
            return False
        if collection.state in ("due", "failed"):
            return self._intend(collection)
        return self._dun(collection, today)

    def _has_news(self, collection):
        return bool(collection.filtered_domain(self._get_news_domain()))

    # === WHAT PEOPLE AND INVOICES ASK FOR === #

    @api.model
    def _take(self, moves):
        """Take over new invoices of contracts whose payment method is charged.

        What needs no payment is posted and sent, and so is what has no method; the rest
        stays a draft until it is paid. Nobody is charged here.

        :param moves: drafts, invoices and credit notes
        """
        Collection = self.env["subscription.collection"]
        billing = self.env["subscription.billing"]
        to_pay = moves.filtered(
            lambda move: move.move_type == "out_invoice" and move.amount_total > 0
        )
        billing._finish_moves(moves - to_pay, "send")
        rows = to_pay._get_billed_periods().grouped("move_id")
        nothing = self.env["subscription.period"]
        collections = Collection.create(
            [self._prepare_collection(move, rows.get(move, nothing)) for move in to_pay]
        )
        without = collections.filtered(
            lambda one: not one._get_token() and not one._get_rivals()
        )
        without._set_without_method()
        if collections - without:
            # The database that has something to charge first is the one that charges.
            self.env["subscription.charging.right"]._claim()
            self._wake()

    def _prepare_collection(self, move, rows):
        """Prepare the values of the collection of an invoice.

        Hook for other addons.

        :param move: the invoice
        :param rows: the periods it bills, of the ledger
        :rtype: dict
        """
        rows = rows.sorted("id")
        orders = rows.order_id or move.line_ids.subscription_id
        if not orders:
            # An upsell's invoice of what does not recur knows its own order only.
            source = move.line_ids.sale_line_ids.order_id[:1]
            orders = source.parent_order_id or source
        return {
            "move_id": move.id,
            "order_id": orders[:1].id,
            "order_ids": [fields.Command.set(orders.ids)],
            "period_id": rows[:1].id,
            "company_id": move.company_id.id,
            "next_date": orders[:1]._get_today(),
        }

    @api.model
    def _ask_for(self, collections):
        """Let payments be charged by the next run, which comes at once."""
        for collection in collections:
            collection.write(
                {
                    "is_asked_for": True,
                    "next_date": collection.order_id._get_today(),
                }
            )
        if collections:
            self._wake()

    @api.model
    def _restart(self, orders):
        """Begin anew with what is open: the payment method changed, or is gone.

        :param orders: the contracts
        """
        # sudo: the customer changes the method, who may read no collections
        service = self.sudo()
        before = orders.sudo().parent_order_id.filtered(
            lambda order: order._get_living_contract() in orders
        )
        orders = orders.sudo() | before
        collections = orders.collection_ids.filtered(
            lambda one: one.order_id in orders  # an invoice may be another's as well
            and one.state in ("due", "declined", "failed", "no_method")
            and (one._get_token() or one.state != "no_method")
        )
        collections.write({"failed_on": False, "dunning_day": -1, "is_hard": False})
        service._ask_for(collections)
        service.env["subscription.charging.right"]._claim()

    def _wake(self):
        self.env.ref("subscriptions.ir_cron_collect_payments").sudo()._trigger()

    # === WHAT A PERSON KNOWS === #

    @api.model
    def _settle(self, collection, paid, remark):
        """Decide about a payment of which the provider says nothing.

        :param collection: the payment, unknown or pending
        :param bool paid: whether the money was taken
        :param str remark: how the person knows
        :raise AccessError: for all but sales administrators and accountants
        :raise UserError: without a remark, or when it is known already
        """
        collection = self._check_may_settle(collection, remark)
        self = self.sudo().with_company(  # noqa: PLW0642  the rights were asked
            collection.company_id
        )
        collection = collection.with_env(self.env)
        if not self._lock(collection):
            raise LockError(self.env._("Somebody else is at this payment."))
        tx = collection.transaction_id
        if not tx.try_lock_for_update(allow_referencing=True):
            raise LockError(self.env._("Somebody else is at this payment."))
        tx.invalidate_recordset()
        user = self.env.user
        collection._post(
            self.env._(
                "%(user)s says that %(reference)s was paid: %(remark)s",
                user=user.name,
                reference=tx.reference,
                remark=remark,
            )
            if paid
            else self.env._(
                "%(user)s says that %(reference)s was not paid: %(remark)s",
                user=user.name,
                reference=tx.reference,
                remark=remark,
            )
        )
        if paid:
            tx._set_done(state_message=remark)
            self._conclude(collection)
            return
        tx._set_error(remark)
        collection._set_state("due", ask_again_date=False)
        if collection._is_of_ended_contract():
            collection._give_up(self.env._("The contract ended."))
            return
        self._ask_for(collection)

    def _check_may_settle(self, collection, remark):
        """Return the payment with all rights, if this user may decide about it."""
        user = self.env.user
        if not self.env.su and not (
            user.has_group("sales_team.group_sale_manager")
            or user.has_group("account.group_account_invoice")
        ):
            raise AccessError(
                self.env._(
                    "Whether it was paid is decided by sales administrators and "
                    "accountants."
                )
            )
        collection.check_access("read")
        if not (remark or "").strip():
            raise UserError(self.env._("Say how you know."))
        # sudo: payments are read by administrators only
        tx = collection.sudo().transaction_id
        if collection.state not in ("unknown", "pending") or tx.state not in (
            "pending",
            "authorized",
        ):
            raise UserError(
                self.env._(
                    "What became of %s is known meanwhile. Reload the page to see it.",
                    collection.display_name,
                )
            )
        return collection.sudo()  # see above

    # === TEXTS === #

    def _get_pending_text(self, collection):
        return self.env._(
            "It is pending at the payment provider since %s.",
            format_date(self.env, collection.last_attempt_date.date()),
        )
