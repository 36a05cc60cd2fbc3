"""Who is told of a declaration: whoever made it, the customer, and our people."""

from odoo import models
from odoo.tools import plaintext2html

ACTIVITY = "subscriptions.mail_activity_type_cancellation"
MAIL_LAYOUT = "mail.mail_notification_layout_with_responsible_signature"


class SubscriptionCancellation(models.Model):
    _inherit = "subscription.cancellation"

    def _send_receipt(self):
        """Queue the mail that says what was received; the same whatever it matches."""
        template = self.env.ref("subscriptions.mail_template_cancellation_receipt")
        template.send_mail(self.id, email_layout_xmlid="mail.mail_notification_light")
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _confirm(self, order):
        """Tell the contract's customer, and nobody else, when it ends."""
        order.message_post_with_source(
            self.env.ref("subscriptions.mail_template_cancellation_done"),
            email_layout_xmlid=MAIL_LAYOUT,
            subtype_xmlid="mail.mt_comment",
        )

    def _note_on(self, order):
        """Write into the contract's chatter who cancelled it, and tell the salesperson.

        :param order: the contract
        """
        user = order._get_responsible_user()
        text = self.env._(
            "Cancelled online by %(name)s (%(email)s), received %(time)s, "
            "reference %(reference)s.",
            name=self.name,
            email=self.email,
            time=self._format_received_at(),
            reference=self.reference,
        )
        order.message_post(body=text, partner_ids=user.partner_id.ids)
        if self.kind == "extraordinary":
            order.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Decide whether the contract ends at once"),
                note=plaintext2html(
                    self.env._(
                        "The customer cancelled for cause, and named this:\n%s",
                        self.cause or "",
                    )
                ),
                user_id=user.id,
            )
        if not order.is_billed and order.amount_paid:
            order.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Give back what was paid in advance"),
                user_id=user.id,
            )

    def _ask_person(self, text):
        """Leave a declaration to a person.

        :param str text: why, and what is to do
        """
        self.write({"state": "to_do", "failure": text})
        summary = (
            self.env._("Cancellation that could not be carried out")
            if self.order_id
            else self.env._("Cancellation that could not be matched")
        )
        self.activity_unlink([ACTIVITY])  # what was asked before is asked anew
        self._schedule_activity(ACTIVITY, summary, text)

    def _schedule_activity(self, activity_type, summary, text):
        self.activity_schedule(
            activity_type,
            summary=summary,
            note=plaintext2html(text),
            user_id=self._get_responsible_user().id,
        )

    def _get_responsible_user(self):
        """Return who sees to a declaration: the salesperson of its contract.

        Hook for other addons.

        :rtype: res.users
        """
        self.ensure_one()
        if self.order_id:
            user = self.order_id._get_responsible_user()
            if self.with_user(user).has_access("read"):
                return user
        return self.company_id._get_cancellation_user()

    def _set_done(self, day=None):
        self.write({"state": "done", "last_day": day, "failure": False})
        self.activity_feedback([ACTIVITY])
