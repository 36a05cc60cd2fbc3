"""How far a payment is: who writes it, whom it is told, and what it holds."""

from odoo import fields, models
from odoo.tools import plaintext2html

from ..const import QUIET
from .subscription_collection import IN_FLIGHT, OPEN


class SubscriptionCollection(models.Model):
    _inherit = "subscription.collection"

    # === SETTERS: THE ONLY PLACES THAT WRITE THE STATE === #

    def _set_state(self, state, reason=False, **values):
        """Say how far the payment is, and hold or release its contracts accordingly.

        :param str state: one of the states
        :param str reason: why, in plain words
        """
        reasons = set(filter(None, self.mapped("reason")))
        self.write({"state": state, "reason": reason, **values})
        for order in self.order_ids:
            # What the books refused to take, and have taken now.
            if order.hold == "billing_error" and order.hold_reason in reasons:
                order._set_hold(False)
        self.order_ids._update_payment_hold()

    def _set_calling(self, transaction):
        """Note that an attempt is about to be sent to its provider."""
        self.ensure_one()
        now = fields.Datetime.now()
        self._set_state(
            "calling",
            transaction_id=transaction.id,
            attempt=self.attempt + 1,
            last_attempt_date=now,
            first_call_date=now,
            ask_again_date=False,
            asked_again=0,
            is_asked_for=False,
        )

    def _set_paid(self):
        """Note that the invoice is paid, by whatever hand: all dunning ends."""
        for collection in self.filtered(lambda one: one.state != "paid"):
            was_open = collection.state in OPEN
            collection._tell_still_open()
            collection._set_state("paid", next_date=False, ask_again_date=False)
            if was_open and collection.was_declined:
                collection._post(
                    self.env._(
                        "%s is paid after all: the reminders end.",
                        collection.display_name,
                    )
                )

    def _tell_still_open(self):
        """Tell a person about an attempt that may have been made beside the payment."""
        self.ensure_one()
        attempts = self.transaction_ids.filtered(
            lambda tx: tx.state in ("draft", "pending", "authorized")
        )
        if self.state not in IN_FLIGHT or not attempts:
            return
        self.order_id.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=self.env._("Perhaps paid twice"),
            note=plaintext2html(
                self.env._(
                    "%(invoice)s is paid, while nobody knows about %(reference)s. Look "
                    "it up at the payment provider, and give it back if it was made.",
                    invoice=self.display_name,
                    reference=", ".join(attempts.mapped("reference")),
                )
            ),
            user_id=self.order_id._get_responsible_user().id,
        )

    def _set_unknown(self, reason, ask_again=None):
        """Note that nobody knows whether a payment was made.

        :param str reason: what the provider did, in plain words
        :param datetime ask_again: when it is asked again, None for never
        """
        self._set_state("unknown", reason, ask_again_date=ask_again)

    def _set_cancelled(self):
        """Note that there is nothing to collect any more."""
        self._set_state("cancelled", next_date=False, ask_again_date=False)

    def _set_reopened(self):
        """Note that a cancelled invoice is a draft again: a person has it charged."""
        for collection in self.filtered(lambda one: one.state == "cancelled"):
            collection._set_state(
                "failed",
                self.env._(
                    "The invoice was cancelled and is a draft again. Try again when it "
                    "is to be charged."
                ),
                next_date=False,
            )

    def _set_lost(self, reason):
        """Note that the payment is given up."""
        self._set_state("lost", reason, next_date=False)

    def _set_without_method(self):
        """Post and send invoices that no saved method pays: a link does."""
        drafts = self.move_id.filtered(lambda move: move.state == "draft")
        drafts.with_context(**QUIET)._post(soft=False)
        for collection in self:
            # An invoice that was a draft for days is due when it is sent at last.
            today = collection.order_id._get_today()
            failed_on = max(collection.move_id.invoice_date_due or today, today)
            collection._set_state(
                "no_method",
                self.env._("There is no saved payment method to charge."),
                policy_id=collection._get_policy().id,
                failed_on=failed_on,
                dunning_day=0,  # the invoice has just been sent
                is_asked_for=False,
                next_date=collection._get_next_date(failed_on, 0, ends=False),
            )
        self.env["subscription.billing"]._send(
            self.move_id.filtered(lambda move: not move.is_move_sent)
        )

    def _is_of_ended_contract(self):
        """Tell whether none of its contracts runs any more, nor is continued."""
        self.ensure_one()
        return not any(
            order._get_living_contract()._is_live_contract() for order in self.order_ids
        )

    def _give_up(self, reason):
        """End the attempts; a person decides what becomes of the invoice.

        :param str reason: why, in plain words
        """
        for collection in self.filtered(lambda one: one.state != "lost"):
            collection._set_lost(reason)
            move = collection.move_id
            if move.state != "draft":
                continue
            collection.order_id.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Decide about an unpaid invoice"),
                note=plaintext2html(
                    self.env._(
                        "%(amount)s could not be charged: %(reason)s The invoice is a "
                        "draft. Validate it to claim the money, or cancel it.",
                        amount=move.currency_id.format(move.amount_total),
                        reason=reason,
                    )
                ),
                user_id=collection.order_id._get_responsible_user().id,
            )

    def _tell_overpaid(self, transaction):
        """Tell a person about a payment that was made on top of another.

        :param transaction: the payment.transaction
        """
        self.ensure_one()
        order = self.order_id
        text = self.env._(
            "%(amount)s was received by %(reference)s, although the invoice "
            "%(invoice)s needed it no more. Give it back, or use it for another.",
            amount=transaction.currency_id.format(transaction.amount),
            reference=transaction.reference,
            invoice=self.move_id.display_name,
        )
        self._post(text)
        order.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=self.env._("Paid twice"),
            note=plaintext2html(text),
            user_id=order._get_responsible_user().id,
        )

    def _send_paid_invoices(self):
        """Send the invoices that were charged, now that they are paid."""
        moves = self.move_id.filtered(
            lambda move: move.state == "posted"
            and not move.is_move_sent
            and not move.sending_data
        )
        if moves:
            self.env["subscription.billing"]._send(moves)

    def _post(self, body):
        """Write into the chatter of the contracts."""
        for order in self.order_ids:
            order.message_post(body=body)

    # === HOLDS === #

    def _get_hold_cause(self):
        """Return for what the payment holds its contracts, or None.

        :return: a value of the contract's `hold`
        :rtype: str | None
        """
        self.ensure_one()
        if self.state == "unknown":
            return "payment_unknown"
        # While a declined one is tried again, its contract stays where it is.
        if self.state in ("declined", "failed") or (
            self.failed_on and self.state in ("due", "calling", "pending")
        ):
            return "payment_declined"
        return None

    def _get_hold_text(self):
        """Return why the contracts are held, in a clerk's words."""
        self.ensure_one()
        move = self.move_id
        values = {
            "amount": move.currency_id.format(self._get_amount()),
            "reason": self.reason or "",
        }
        if self.state == "unknown":
            text = self.env._(
                "Nobody knows whether %(amount)s was charged. %(reason)s", **values
            )
        elif self.state == "failed":
            text = self.env._("%(amount)s could not be charged. %(reason)s", **values)
        else:
            text = self.env._("%(amount)s was declined. %(reason)s", **values)
        return text.strip()
