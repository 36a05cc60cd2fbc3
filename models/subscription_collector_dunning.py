"""What the collector does about payments that failed: tries, mails, and an end."""

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date, plaintext2html

from ..const import MAIL_LAYOUT
from ..engine.recurrence import add_days
from .subscription_collector import RETRY


class SubscriptionCollector(models.AbstractModel):
    _inherit = "subscription.collector"

    def _decline(self, collection, tx):
        """Note that the provider refused, and do what the policy has for that day.

        :param tx: the payment.transaction
        """
        order = collection.order_id
        today = order._get_today()
        token = collection._get_token()
        if collection._is_of_ended_contract():
            # Its last bill may still be paid, but nobody is chased for it by itself.
            collection.was_declined = True
            collection._give_up(self._get_decline_text(tx))
            return
        if not token:
            collection._set_without_method()
            return
        if tx.operation == "offline" and token != tx.token_id:
            # Another method was chosen meanwhile: this one's refusal is no news of it.
            collection._set_state("due", self._get_decline_text(tx))
            self._ask_for(collection)
            return
        policy = collection._get_policy()
        first = not collection.failed_on
        failed_on = collection.failed_on or today
        steps = policy._get_reached_steps(
            collection.dunning_day, (today - failed_on).days
        )
        day = steps[-1:].days if steps else collection.dunning_day
        collection._set_state(
            "declined",
            self._get_decline_text(tx),
            policy_id=policy.id,
            failed_on=failed_on,
            dunning_day=day,
            was_declined=True,
            is_hard=tx.refusal == "hard" and tx.operation == "offline",
            next_date=collection._get_next_date(failed_on, day),
        )
        if first and not policy:
            collection._post(
                self.env._("No dunning policy says what to do about it: decide.")
            )
        self._do_step(collection, steps[-1:])

    def _get_decline_text(self, tx):
        """Return in plain words that, and why, a provider refused."""
        message = tx.state_message or self.env._("The provider named no reason.")
        text = self.env._(
            "%(provider)s refused %(method)s: %(message)s",
            provider=tx.provider_id.name,
            method=tx.token_id._get_contract_name(),
            message=message,
        )
        if tx.refusal == "hard":
            text += " " + self.env._(
                "Trying again is no use: the customer has to choose another method."
            )
        return text

    def _dun(self, collection, today):
        """Do what the policy has for today.

        :param date today: the company's day
        :return: whether the provider is to be called
        :rtype: bool
        """
        if self._is_settled(collection):
            return self._close_account(collection)
        rivals = collection._get_rivals()
        if rivals:  # it is being paid: nobody is written to, nor closed
            collection.next_date = add_days(today, 1)
            self._leave_to_rivals(collection, rivals)
            return False
        policy = collection._get_policy()
        declined = collection.state == "declined"
        elapsed = (today - collection.failed_on).days
        if declined and (not policy or elapsed >= policy.final_days):
            if policy:
                self._take_last_action(collection, policy)
            return False
        steps = policy._get_reached_steps(collection.dunning_day, elapsed)
        if (
            declined
            and any(step.retry for step in steps)
            and not collection.is_hard
            and collection._get_token()
        ):
            return self._intend(collection)
        day = steps[-1:].days if steps else collection.dunning_day
        collection.write(
            {
                "dunning_day": day,
                "is_asked_for": False,
                "next_date": collection._get_next_date(
                    collection.failed_on, day, ends=declined
                ),
                # A bill that had to be asked for is a failed payment as well.
                "was_declined": collection.was_declined or bool(steps),
            }
        )
        self._do_step(collection, steps[-1:])
        if not declined and not collection.next_date:
            self._tell_unpaid(collection)
        return False

    def _do_step(self, collection, step):
        """Write to the customer and to the responsible, as a step says.

        What goes wrong with that is told, and undoes nothing else.

        :param step: the subscription.dunning.step; empty for none
        """
        try:
            with self.env.cr.savepoint():
                self._write_to_people(collection, step)
        except RETRY:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.env.invalidate_all()
            collection.order_id.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Write to the customer by hand"),
                note=plaintext2html(
                    self.env._("The mail about the payment failed: %s", error)
                ),
                user_id=collection.order_id._get_responsible_user().id,
            )

    def _write_to_people(self, collection, step):
        order = collection.order_id.with_context(
            subscription_collection_id=collection.id
        )
        if step.mail_template_id:
            self._send_mail(order, step.mail_template_id)
        if step.activity_summary:
            order.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=step.activity_summary,
                note=plaintext2html(collection._get_hold_text()),
                user_id=order._get_responsible_user().id,
            )

    def _send_mail(self, order, template):
        """Send a mail about a payment, in the customer's language.

        Who has no address is written to by hand.
        """
        if not order.partner_invoice_id.email and not order.partner_id.email:
            order.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Write to the customer by hand"),
                note=plaintext2html(
                    self.env._(
                        "%s has no e-mail address, and a payment failed.",
                        order.partner_id.display_name,
                    )
                ),
                user_id=order._get_responsible_user().id,
            )
            return
        order.message_post_with_source(
            template,
            # As Odoo's own mails about orders: it fits telephones.
            email_layout_xmlid=MAIL_LAYOUT,
            subtype_xmlid="mail.mt_comment",
        )

    def _tell_unpaid(self, collection):
        """Tell the responsible that all reminders of an invoice were sent."""
        order = collection.order_id
        move = collection.move_id
        order.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Still unpaid after all reminders"),
            note=plaintext2html(
                self.env._(
                    "%(invoice)s, due on %(date)s: %(amount)s are open.",
                    invoice=move.display_name,
                    date=format_date(self.env, move.invoice_date_due),
                    amount=move.currency_id.format(move.amount_residual),
                )
            ),
            user_id=order._get_responsible_user().id,
        )

    def _take_last_action(self, collection, policy):
        """Do what the policy ends with.

        :param policy: the subscription.dunning.policy
        """
        reason = policy.close_reason_id
        failures = []
        for order in collection.order_ids.filtered(
            lambda order: order._is_live_contract()
        ):
            try:
                with self.env.cr.savepoint():
                    self._end_contract(order, policy, reason)
            except UserError as error:  # somebody is at it, or it cannot be
                failures.append(f"{order.name}: {error}")
        if failures:
            today = collection.order_id._get_today()
            collection._set_state(
                "declined", "\n".join(failures), next_date=add_days(today, 1)
            )
            return
        if policy.final_action == "keep":
            self._send_unpaid(collection)
        text = self.env._("Not paid by the end of “%s”.", policy.name)
        collection._give_up(text)
        collection._post(text)

    def _end_contract(self, order, policy, reason):
        """Close or pause a contract that was not paid.

        Hook for other addons: what comes at the end of a policy.
        """
        if policy.final_action == "close":
            order._close(reason)
        elif policy.final_action == "pause":
            order._pause(reason=reason.name)

    def _send_unpaid(self, collection):
        """Validate and send an invoice that could not be charged."""
        move = collection.move_id
        if move.state == "draft":
            move._post(soft=False)
        self.env["subscription.billing"]._send(move)
