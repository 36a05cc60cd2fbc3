"""What people read about a payment: in lists, in mails and on the customer's page."""

from odoo import fields, models
from odoo.tools import format_date

from ..engine import dunning


class SubscriptionCollection(models.Model):
    _inherit = "subscription.collection"

    def _get_result_text(self):
        """Return how the latest attempt went, in two words; False for none."""
        if not self:
            return False
        labels = dict(self._fields["state"]._description_selection(self.env))
        return labels[self.state]

    def _get_payment_link(self):
        """Return the address where anybody who has it can pay the invoice.

        :rtype: str
        """
        if not self:  # a template is tried out
            return ""
        self.ensure_one()
        return self.move_id._get_payment_link()

    def _format_open_amount(self):
        """Return what is open, for people."""
        if not self:  # a template is tried out
            return ""
        self.ensure_one()
        return self.move_id.currency_id.format(self._get_amount())

    def _get_mail_subject(self):
        """Return what a mail about the payment says in its subject.

        :rtype: str
        """
        if not self:  # a template is tried out
            return ""
        self.ensure_one()
        if self.state == "no_method":
            return self.env._("Payment of %s is due", self.display_name)
        return self.env._("Your payment for %s did not go through", self.order_id.name)

    def _get_next_try_text(self):
        """Return when the method is charged again, in a sentence for the customer.

        :return: the sentence, False when it is not tried again
        :rtype: str | bool
        """
        if not self:  # a template is tried out
            return ""
        self.ensure_one()
        if self.is_hard:
            return self.env._(
                "This payment method cannot be used any more: please pay with another "
                "one."
            )
        policy = self._get_policy()
        days = policy.step_ids.filtered("retry").mapped("days")
        day = dunning.next_day(days, self.dunning_day, None)
        if self.state != "declined" or day is None:
            return False
        date = dunning.date_of(self.failed_on, day)
        return self.env._("We will try again on %s.", format_date(self.env, date))

    def _get_last_action_text(self):
        """Return what the policy ends with and when, in a sentence for the customer.

        :rtype: str | bool
        """
        if not self:  # a template is tried out
            return ""
        self.ensure_one()
        date = self._get_final_date()
        if not date:
            return False
        day = format_date(self.env, date)
        action = self._get_policy().final_action
        if action == "close":
            return self.env._("Without a payment, the contract is closed on %s.", day)
        if action == "pause":
            return self.env._("Without a payment, the contract is paused on %s.", day)
        return False

    def _get_progress_text(self):
        """Return in a sentence how far the payment is, for the customer.

        Without names of providers and reasons of ours.

        :rtype: str
        """
        self.ensure_one()
        values = {
            "amount": self.move_id.currency_id.format(self.amount)
            if self.state == "paid"
            else self._format_open_amount(),
            "day": self._get_progress_day(),
        }
        texts = {
            "due": self.env._("%(amount)s is collected on %(day)s.", **values),
            "calling": self.env._("%(amount)s is being collected.", **values),
            "pending": self.env._(
                "The payment of %(amount)s is being processed.", **values
            ),
            "unknown": self.env._(
                "%(amount)s may have been paid already: we are finding out. Please do "
                "not pay again.",
                **values,
            ),
            "failed": self.env._("%(amount)s could not be collected yet.", **values),
            "no_method": self.env._("%(amount)s is due since %(day)s.", **values)
            if self._is_past_due()
            else self.env._("%(amount)s is due on %(day)s.", **values),
            "declined": self.env._("The payment of %(amount)s was declined.", **values),
            "paid": self.env._("%(amount)s is paid.", **values),
            "lost": self.env._("%(amount)s was not paid.", **values),
            "cancelled": self.env._("Nothing is to be paid any more.", **values),
        }
        text = texts[self.state]
        if self.state == "declined":
            return " ".join(filter(None, (text, self._get_next_try_text())))
        return text

    def _get_progress_day(self):
        """Return the date that is named beside the payment, for people."""
        date = self.move_id.invoice_date_due if self.state == "no_method" else None
        return format_date(
            self.env, date or self.next_date or self.order_id._get_today()
        )

    def _is_past_due(self):
        due = self.move_id.invoice_date_due
        return bool(due and due < self.order_id._get_today())

    def _get_last_attempt_day(self):
        """Return the company's day of the last attempt, for people; False for none."""
        self.ensure_one()
        if not self.last_attempt_date:
            return False
        # sudo: the company's time zone is a field of its contact
        tz = self.company_id.sudo().partner_id.tz or self.env.context.get("tz")
        moment = fields.Datetime.context_timestamp(
            self.with_context(tz=tz), self.last_attempt_date
        )
        return format_date(self.env, moment.date())

    def _is_to_be_paid(self):
        """Tell whether the customer is asked to pay the invoice by its link.

        Neither what is about to be collected, nor what may have been paid.

        :rtype: bool
        """
        self.ensure_one()
        return (
            self.state in ("declined", "failed", "no_method")
            and self.move_id.state != "cancel"
            and not self.move_id._get_payments_under_way()
        )
