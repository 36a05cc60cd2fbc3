"""What the collector writes before and after it calls a provider."""

from datetime import timedelta

from psycopg2 import Error as DatabaseError

from odoo import fields, models
from odoo.fields import Command
from odoo.tools import format_datetime

from ..const import ASK_AGAIN_MINUTES, MAX_PENDING_DAYS
from ..engine.recurrence import add_days
from .subscription_collection import IN_FLIGHT


class SubscriptionCollector(models.AbstractModel):
    _inherit = "subscription.collector"

    # === BEFORE THE CALL === #

    def _intend(self, collection):
        """Write down an attempt that is about to be made.

        :return: whether the provider is to be called
        :rtype: bool
        """
        move = collection.move_id
        if move.state == "cancel":
            collection._set_cancelled()
            return False
        if self._is_settled(collection):
            return self._close_account(collection)
        if "unknown" in collection.order_ids.collection_ids.mapped("state"):
            return False  # before it is known, the contract is charged nothing more
        rivals = collection._get_rivals()
        if rivals:
            self._leave_to_rivals(collection, rivals)
            return False
        token = collection._get_token()
        if not token:
            return self._go_without_method(collection)
        self._use_credits(collection)
        amount = collection._get_amount()
        if collection.state == "paid" or move.currency_id.is_zero(amount):
            return self._close_account(collection)
        obstacle = self._get_obstacle(collection, token)
        if obstacle:
            self._fail(collection, obstacle)
            return False
        # sudo: a method belongs to its customer; the run charges for its company
        tx = (
            self.env["payment.transaction"]
            .sudo()
            .create(self._prepare_transaction(collection, token, amount))
        )
        collection._set_calling(tx)
        return True

    def _is_settled(self, collection):
        """Tell whether nothing is open of the invoice, whoever paid or credited it."""
        move = collection.move_id
        return move.state == "posted" and (
            move.payment_state in ("paid", "in_payment", "reversed")
            or move.currency_id.is_zero(move.amount_residual)
        )

    def _leave_to_rivals(self, collection, rivals):
        """Wait for a payment that is being made by hand, though not for ever.

        :param rivals: the payments, payment.transaction
        """
        late = fields.Datetime.subtract(fields.Datetime.now(), days=MAX_PENDING_DAYS)
        stale = rivals.filtered(lambda tx: tx.last_state_change < late)
        if stale:
            # From now on one of those that a person settles.
            tx = stale[0]
            tx.write({"collection_id": collection.id, "is_unknown": True})
            self._turn_to(collection, tx)
            self._leave_unknown(collection, tx)

    def _go_without_method(self, collection):
        """Let the customer pay by a link, where no method is saved."""
        if collection.state != "no_method" or not collection.failed_on:
            collection._set_without_method()
            return False
        return self._dun(collection, collection.order_id._get_today())

    def _close_account(self, collection):
        """Post what needs no payment any more."""
        if collection.move_id.state == "draft":
            collection.move_id._post(soft=False)
        collection._set_paid()
        return False

    def _use_credits(self, collection):
        """Pay the invoice by what the customer is owed for it already.

        Credit notes of the contract's changes, and an earlier payment of the same
        period whose invoice was cancelled.
        """
        move = collection.move_id
        notes = move.reversal_move_ids.filtered(
            lambda note: note.state == "posted" and note.amount_residual
        )
        lines = self._get_unused_payments(collection)
        if not notes and not lines:
            return
        if move.state == "draft":
            move._post(soft=False)
        self.env["subscription.billing"]._use_credit(notes, move)
        for line in lines:
            if not move.currency_id.is_zero(move.amount_residual):
                move.js_assign_outstanding_line(line.id)

    def _get_unused_payments(self, collection):
        """Return what was received for the same period and is not used.

        :rtype: account.move.line
        """
        period = collection.period_id
        earlier = self.env["subscription.collection"].search(
            [
                ("order_id", "=", collection.order_id.id),
                ("id", "!=", collection.id),
                ("period_id", "!=", False),
                ("period_id.date_from", "=", period.date_from),
            ]
        )
        used = (earlier.move_id | collection.move_id).transaction_ids
        used |= earlier.transaction_ids
        payments = used.filtered(
            lambda tx: not tx.child_transaction_ids.filtered(
                lambda child: child.operation == "refund"
                and child.state not in ("cancel", "error")
            )
        ).payment_id
        return payments.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
            and not line.reconciled
            and line.parent_state == "posted"
        )

    def _get_obstacle(self, collection, token):
        """Return in a clerk's words why a method cannot be charged at all, or None.

        Hook for other addons.

        :param token: the payment.token
        :rtype: str | None
        """
        provider = token.provider_id
        move = collection.move_id
        if provider.state == "disabled":
            return self.env._("The payment provider %s is disabled.", provider.name)
        if not provider.journal_id:
            return self.env._(
                "The payment provider %s has no journal to book payments in.",
                provider.name,
            )
        currencies = provider.available_currency_ids
        if currencies and move.currency_id not in currencies:
            return self.env._(
                "%(provider)s does not take payments in %(currency)s.",
                provider=provider.name,
                currency=move.currency_id.name,
            )
        return None

    def _prepare_transaction(self, collection, token, amount):
        """Prepare the values of an attempt.

        Hook for other addons. The reference is the lock: whoever makes the same attempt
        of the same period a second time is refused by the database.

        :param token: the payment.token
        :param float amount: in the invoice's currency
        :rtype: dict
        """
        prefix = collection._get_reference_prefix()
        made = self.env["payment.transaction"].search_count(
            [("reference", "=like", prefix.replace("_", r"\_") + "-%")]
        )
        return {
            "collection_id": collection.id,
            "provider_id": token.provider_id.id,
            "payment_method_id": token.payment_method_id.id,
            "token_id": token.id,
            "reference": f"{prefix}-{made + 1}",
            "amount": amount,
            "currency_id": collection.move_id.currency_id.id,
            "partner_id": token.partner_id.id,
            "operation": "offline",
            # No order: Odoo would mail and invoice it as if it were just bought.
            "invoice_ids": [Command.set(collection.move_id.ids)],
        }

    def _note_taken(self, collection):
        """Say that the reference of an attempt exists, unless it was just made."""
        if not self._lock(collection) or collection.state in IN_FLIGHT:
            return
        self._fail(
            collection,
            self.env._(
                "The reference of the next attempt, after %s-…, is taken by another "
                "payment.",
                collection._get_reference_prefix(),
            ),
        )

    def _fail(self, collection, obstacle):
        """Leave a payment that cannot be tried before something is put right.

        It is looked at again each day.
        """
        today = collection.order_id._get_today()
        collection._set_state(
            "failed",
            obstacle,
            is_asked_for=False,
            next_date=add_days(today, 1),
        )

    def _note_trouble(self, collection, reason):
        """Let people see that something went wrong that nobody thought of.

        :param str reason: what was said
        """
        if not self._lock(collection):
            return
        reason = self.env._("The payment could not be worked on: %s", reason)
        if collection.state in ("due", "failed") or (
            collection.state in ("declined", "no_method") and not collection.failed_on
        ):
            self._fail(collection, reason)
            return
        if collection.state in ("declined", "no_method"):
            # It stays where its policy left it, and is looked at again tomorrow.
            today = collection.order_id._get_today()
            collection.write({"is_asked_for": False, "next_date": add_days(today, 1)})
        # It is looked at again by each run; nobody is charged meanwhile.
        collection.reason = reason
        for order in collection.order_ids:
            if (order.hold, order.hold_reason) != ("billing_error", reason):
                order._set_hold("billing_error", reason)

    def _intend_again(self, collection):
        """Write down that the provider is asked again about the same attempt.

        :return: whether the provider is to be called
        :rtype: bool
        """
        if not collection.ask_again_date:
            return False
        if collection.ask_again_date > fields.Datetime.now():
            return False
        if not self._get_ask_again_date(collection):
            # The provider may have forgotten it by now, and would charge again.
            collection.ask_again_date = False
            return False
        collection._set_state(
            "calling",
            collection.reason,
            asked_again=collection.asked_again + 1,
            ask_again_date=False,
            last_attempt_date=fields.Datetime.now(),
        )
        return True

    def _get_ask_again_date(self, collection):
        """Return when a provider is asked again about an attempt, or None for never.

        Only while it is sure to remember the first call.

        :rtype: datetime | None
        """
        if collection.asked_again >= len(ASK_AGAIN_MINUTES):
            return None
        hours = collection.transaction_id.provider_id._get_charge_key_hours()
        first = collection.first_call_date
        now = fields.Datetime.now()
        next_date = max(
            now, first + timedelta(minutes=ASK_AGAIN_MINUTES[collection.asked_again])
        )
        if next_date >= first + timedelta(hours=hours):
            return None
        return next_date

    # === AFTER THE CALL === #

    def _record(self, collection):
        """Write down what came of a call."""
        if self._lock(collection):
            service = self.with_company(collection.company_id)
            service._conclude(collection.with_env(service.env))

    def _conclude(self, collection):
        """Draw the consequences of what is known of a payment.

        Called as often as there is news; what was concluded already is left alone.
        """
        done = collection.transaction_ids.filtered(
            lambda tx: tx.state == "done" and not tx.is_post_processed
        )
        if done:
            self._book(collection, done)
            return
        if collection.state == "paid" and self._is_open_again(collection):
            collection._set_state(
                "failed",
                self.env._(
                    "It was paid, and is open again: the payment came back or was "
                    "taken off the invoice."
                ),
                next_date=False,
            )
            return
        tx = self._get_open_transaction(collection)
        if collection.state not in IN_FLIGHT and tx.state not in (
            "pending",
            "authorized",
        ):
            return
        if tx.state == "error" or (tx.state == "cancel" and tx.refusal != "not_tried"):
            self._decline(collection, tx)
        elif tx.state == "cancel":
            self._fail(collection, tx.state_message)
        elif tx.state == "done":
            self._check_settled(collection)
        elif tx.state == "draft" or tx.is_unknown:
            self._leave_unknown(collection, tx)
        elif collection.state != "pending":
            collection._set_state("pending", self.env._("The provider says: wait."))
        elif self._is_pending_for_long(collection):
            collection._set_unknown(self._get_pending_text(collection))
            tx.is_unknown = True

    def _get_open_transaction(self, collection):
        """Return the attempt that counts: the one that is open, else the latest.

        An earlier one that was refused may turn out to have taken another amount.
        """
        waiting = collection.transaction_ids.filtered(
            lambda tx: tx.state in ("pending", "authorized")
        )
        if waiting and collection.transaction_id not in waiting:
            self._turn_to(collection, waiting[0])
        return collection.transaction_id

    def _turn_to(self, collection, tx):
        """Let another attempt be the one that is looked at.

        :param tx: the payment.transaction
        """
        collection.write(
            {
                "transaction_id": tx.id,
                "first_call_date": tx.create_date,
                "ask_again_date": False,
                "asked_again": len(ASK_AGAIN_MINUTES),  # too late, or not ours to ask
            }
        )

    def _is_open_again(self, collection):
        return bool(
            collection.move_id.state == "posted"
            and collection.move_id.payment_state in ("not_paid", "partial")
        )

    def _is_pending_for_long(self, collection):
        return bool(
            collection.filtered_domain(self._get_news_domain())
            and collection.transaction_id.state in ("pending", "authorized")
        )

    def _book(self, collection, transactions):
        """Post, pay and reconcile the invoice of a payment that was made.

        What the books refuse is tried again by the next run, and seen meanwhile.
        """
        try:
            with self.env.cr.savepoint():
                captures = transactions.child_transaction_ids.filtered(
                    lambda tx: tx.state == "done" and not tx.is_post_processed
                )
                (captures | transactions)._post_process()
            if not all(transactions.mapped("is_post_processed")):
                return  # Odoo's own run, or a browser, is at it right now
        except DatabaseError:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.env.invalidate_all()
            self._note_not_booked(collection, error)
            return
        self._check_settled(collection)

    def _note_not_booked(self, collection, error):
        """Hold the contracts of a payment that the books do not take."""
        reason = self.env._(
            "The payment was received, but its invoice cannot be booked: %s", error
        )
        if collection.reason != reason:
            collection._set_state("pending", reason)
        for order in collection.order_ids:
            if (order.hold, order.hold_reason) != ("billing_error", reason):
                order._set_hold("billing_error", reason)

    def _check_settled(self, collection):
        """Make sure that a payment that was made has paid its invoice."""
        move = collection.move_id
        if move.payment_state in ("paid", "in_payment", "reversed"):
            collection._set_paid()
            collection._send_paid_invoices()
        elif collection.state in IN_FLIGHT:
            # Charged again it might be paid twice: a person looks first.
            self._note_not_booked(
                collection, self.env._("it does not cover what is open")
            )

    def _leave_unknown(self, collection, tx):
        """Hold a payment of which nobody knows whether it was made."""
        if collection.state == "unknown":
            return
        if not collection.first_call_date:  # the customer's own payment
            collection.first_call_date = tx.last_state_change
        company_zone = collection.company_id.partner_id.tz or "UTC"
        sent = format_datetime(
            self.env, collection.first_call_date, tz=company_zone, dt_format="short"
        )
        reason = self.env._(
            "Sent to %(provider)s as %(reference)s on %(date)s, and no clear answer "
            "came.",
            provider=tx.provider_id.name,
            reference=tx.reference,
            date=sent,
        )
        if tx.state_message:
            reason += " " + tx.state_message
        if tx.state == "draft":  # a process died, or the provider said nothing
            tx._set_unknown(self.env._("There is no record of an answer."))
        collection._set_unknown(reason, self._get_ask_again_date(collection))
        if collection.ask_again_date:
            # sudo: the run's own scheduled action
            self.env.ref("subscriptions.ir_cron_collect_payments").sudo()._trigger(
                collection.ask_again_date
            )
