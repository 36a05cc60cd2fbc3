"""The call to the provider: the one thing that is never done twice by itself."""

import logging
import time

from psycopg2 import Error as DatabaseError

from odoo import models
from odoo.exceptions import LockError
from odoo.tools import SQL

from .payment_provider_call import ProviderCall
from .subscription_collector import MAX_RETRIES, RETRY

_logger = logging.getLogger(__name__)

# States in which a transaction waits for an answer.
OPEN_STATES = ("draft", "pending")


class SubscriptionCollector(models.AbstractModel):
    _inherit = "subscription.collector"

    def _call(self, collection):
        """Charge the method as intended, and commit what the provider answers.

        The transaction's row is locked for the time of the call, so that a notification
        that comes meanwhile waits and finds the answer. No number of a journal is held:
        nothing is posted before the answer is committed.

        :param collection: one whose attempt is committed
        :return: False when the provider gave no answer
        :rtype: bool
        """
        tx = self._lock_call_patiently(collection)
        if not tx:
            self.env.cr.rollback()
            self._retrying(collection, self._note_not_sent)
            return True
        call = ProviderCall(
            provider=tx.provider_code, again=bool(collection.asked_again)
        )
        before = self._read_row(tx)
        after = failure = None
        try:
            tx.with_context(subscription_call=call)._charge_with_token()
            after = self._read_row(tx)
            self.env.flush_all()
            self.env["ir.cron"]._commit_progress()
        except Exception as error:  # pylint: disable=broad-exception-caught
            failure = error
        if failure:
            # What the provider said is not lost with what could not be written.
            answer = after or self._read_row(tx)
            self.env.cr.rollback()
            _logger.info("%s: the call ended with %r", tx, failure)
            self._retrying(
                collection,
                lambda fresh: self._note_call(fresh, before, answer, failure, call),
            )
        return not call.silent and not failure

    def _lock_call_patiently(self, collection):
        """Lock an attempt that is to be called, waiting for others to leave it.

        :rtype: payment.transaction
        """
        for attempt in range(1, MAX_RETRIES + 1):
            try:
                tx = self._lock_call(collection)
                if tx or attempt == MAX_RETRIES:
                    return tx
            except RETRY as error:
                _logger.info("%s is locked again: %s", collection, error)
                if attempt == MAX_RETRIES:
                    self.env.cr.rollback()
                    break
            self.env.cr.rollback()
            time.sleep(0.1 * 2**attempt)
        return self.env["payment.transaction"]

    def _note_not_sent(self, collection):
        """Take an intention back that nobody acted on: it never left this process."""
        if not self._lock(collection):
            raise LockError(self.env._("Somebody else is at this payment."))
        if collection.state != "calling":
            return
        tx = collection.sudo().transaction_id  # sudo: see above
        if tx.state == "draft" and not collection.asked_again:
            tx._set_not_tried(self.env._("Somebody else was at this payment."))

    def _lock_call(self, collection):
        """Lock an attempt that is to be called; none when it is not ours any more.

        :rtype: payment.transaction
        """
        collection = self._browse(collection.id)
        nothing = self.env["payment.transaction"]
        if not self._lock(collection) or collection.state != "calling":
            return nothing
        # sudo: payments are read by administrators only
        tx = collection.sudo().transaction_id
        if not tx.try_lock_for_update(allow_referencing=True):
            return nothing
        tx.invalidate_recordset()
        return tx if tx.state in OPEN_STATES else nothing

    def _read_row(self, tx):
        """Return what is known of a transaction's own columns, without asking again.

        :return: values by name of field; None when the database is gone
        :rtype: dict | None
        """
        try:
            return {
                name: field.convert_to_write(tx[name], tx)
                for name, field in tx._fields.items()
                if field.store and field.column_type and not field.related
            }
        except DatabaseError:
            return None

    def _note_call(self, collection, before, answer, error, call):
        """Write down once more what a provider said, after the first writing failed.

        :param dict before: the transaction's columns before the call
        :param dict answer: after it, None when that is not known
        :param Exception error: what went wrong
        :param ProviderCall call: what is known of the call
        """
        tx = collection.sudo().transaction_id  # sudo: see above
        # Wait for whoever has it: what was answered is known here alone.
        self.env.execute_query(
            SQL(
                "SELECT id FROM payment_transaction WHERE id = %s FOR NO KEY UPDATE",
                tx.id,
            )
        )
        tx.invalidate_recordset()
        if tx.state not in OPEN_STATES:
            return  # a notification came meanwhile
        tx = tx.with_context(subscription_call=call)
        changed = {
            name: value
            for name, value in (answer or {}).items()
            if before and value != before[name] and name not in ("write_date",)
        }
        if changed.get("state") not in (None, "pending", "draft"):
            tx.write(changed)
        elif call.silent or not answer or not changed.get("state"):
            tx._set_unknown(str(error))
        else:
            tx.write(changed)
