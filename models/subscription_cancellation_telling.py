"""Who is told of a declaration: whoever made it, the customer, and our people."""

import re

from odoo import models
from odoo.tools import format_date, plaintext2html

ACTIVITY = "subscriptions.mail_activity_type_cancellation"
MAIL_LAYOUT = "mail.mail_notification_layout_with_responsible_signature"

# Of what strangers typed, a mail to whoever has this much, and nothing to click on.
MAX_IN_MAIL = 60
DOT = "[.\u3002\uff0e\uff61]"  # mail programs take any of these for one
LINK = re.compile(rf"(?i)\S*(?:http|www|://|{DOT}\S*[/\\])\S*")
DOT_WITHIN = re.compile(rf"({DOT})(?=[^\W\d_])")


class SubscriptionCancellation(models.Model):
    _inherit = "subscription.cancellation"

    def _send_receipt(self):
        """Queue the mail that says what was received; the same whatever it matches.

        Not to an address that had many within an hour, for anybody can type it: the
        page shows the receipt all the same.
        """
        if self._is_throttled():
            return
        template = self.env.ref("subscriptions.mail_template_cancellation_receipt")
        template.send_mail(self.id, email_layout_xmlid="mail.mail_notification_light")
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _get_declared_for_mail(self):
        """Return what was declared, as it may go to an address that anybody typed.

        No long text and no links: else the form would send whatever to whomever.

        :return: list of (label, text)
        :rtype: list[tuple]
        """
        if not self:  # a template is tried out
            return []
        self.ensure_one()
        told = self.new(origin=self)
        told.contract_number = self._shorten(self.contract_number)
        told.name = self._shorten(self.name)
        told.email = self.email_normalized
        if self.cause:
            told.cause = self.env._(
                "with the cause you gave, see the page with your receipt"
            )
        return told._get_declared()

    def _get_name_for_mail(self):
        return self._shorten(self.name) if self else ""

    def _shorten(self, text):
        """Return what was typed on one line, short, and without links."""
        text = DOT_WITHIN.sub(r"\1 ", LINK.sub("…", text or ""))
        text = " ".join(text.split())
        return text if len(text) <= MAX_IN_MAIL else f"{text[: MAX_IN_MAIL - 1]}…"

    def _confirm(self, order):
        """Tell the contract's customer, and nobody else, when it ends."""
        order.message_post_with_source(
            self.env.ref("subscriptions.mail_template_cancellation_done"),
            email_layout_xmlid=MAIL_LAYOUT,
            subtype_xmlid="mail.mt_comment",
        )

    def _note_on(self, order, quiet=False):
        """Write into the contract's chatter who cancelled it, and tell the salesperson.

        :param order: the contract
        :param bool quiet: tell nobody, and ask nothing that is asked already
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
        if self.last_day:
            text += " " + self._get_last_day_text(order)
        partners = [] if quiet else user.partner_id.ids
        order.message_post(body=text, partner_ids=partners)
        question = self.env._("Decide whether the contract ends at once")
        if self.kind == "extraordinary" and not (
            quiet and question in order.activity_ids.mapped("summary")
        ):
            order.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=question,
                note=plaintext2html(
                    self.env._(
                        "The customer cancelled for cause, and named this:\n%s",
                        self.cause or "",
                    )
                ),
                user_id=user.id,
            )
        if not quiet and not order.is_billed and order.amount_paid:
            order.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Give back what was paid in advance"),
                user_id=user.id,
            )

    def _get_last_day_text(self, order):
        day = format_date(self.env, self.last_day)
        if order.close_date and self.last_day < order.close_date:
            return self.env._(
                "By the day it was received it ended on %(day)s; it was carried out on "
                "%(end)s.",
                day=day,
                end=format_date(self.env, order.close_date),
            )
        return self.env._("The contract ends on %s.", day)

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
        if self._is_throttled() and self._has_activity_of_sender():
            return
        self._schedule_activity(ACTIVITY, summary, text)

    def _schedule_activity(self, activity_type, summary, text):
        self.activity_schedule(
            activity_type,
            summary=summary,
            note=plaintext2html(text),
            user_id=self._get_responsible_user().id,
        )

    def _has_activity_of_sender(self):
        """Tell whether a person is asked about another one of the same address."""
        others = self.search(
            [
                ("email_normalized", "=", self.email_normalized),
                ("state", "=", "to_do"),
                ("id", "!=", self.id),
            ]
        )
        return bool(others.activity_search([ACTIVITY]))

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
