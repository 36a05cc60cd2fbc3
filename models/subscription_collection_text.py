"""What people read about a payment: on the contract, in mails, on the portal."""

from odoo import models
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
        # sudo: the link is for the customer, whoever makes it
        move = self.sudo().move_id
        token = move._portal_ensure_token()
        return f"{move.get_base_url()}/subscriptions/pay/{move.id}?access_token={token}"

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
        return self.env._("Your payment for %s failed", self.order_id.name)

    def _get_next_try_text(self):
        """Return when the method is charged again, in a sentence for the customer.

        :return: the sentence, False when it is not tried again
        :rtype: str | bool
        """
        if not self:  # a template is tried out
            return ""
        self.ensure_one()
        if self.is_hard:
            return self.env._("It will not work again: please choose another one.")
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
            return self.env._("The contract is closed on %s unless they are.", day)
        if action == "pause":
            return self.env._("The contract is paused on %s unless they are.", day)
        return False

    def _get_progress_text(self):
        """Return in one sentence how far the payment is, for people.

        :rtype: str
        """
        self.ensure_one()
        day = self.next_date and format_date(self.env, self.next_date)
        texts = {
            "due": self.env._("is charged on %s", day or self.env._("the next run")),
            "calling": self.env._("is being charged"),
            "pending": self.env._("is pending at the payment provider"),
            "unknown": self.env._("may have been charged: the provider did not answer"),
            "no_method": self.env._("is to be paid by the link in the mail"),
            "paid": self.env._("is paid"),
            "lost": self.env._("was given up"),
            "failed": self.env._("could not be tried"),
            "cancelled": self.env._("is cancelled"),
            "declined": self.env._("was declined"),
        }
        if self.state == "declined" and day:
            return self.env._("was declined, next step on %s", day)
        return texts[self.state]
