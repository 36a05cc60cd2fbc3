"""What customers did by themselves: in the chatter, to the salesperson, by mail."""

from datetime import timedelta

from markupsafe import Markup

from odoo import fields, models
from odoo.tools import plaintext2html

from ..const import MAIL_LAYOUT

# Times a day that a salesperson is notified of one contract by its customer's clicks.
MAX_NOTIFICATIONS = 20


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _note_customer_action(self, partner, texts, remark=None):
        """Write into the chatter what a customer did, and notify the salesperson.

        :param partner: who did it
        :param list[str] texts: what was done
        :param str remark: what the customer wrote
        """
        self.ensure_one()
        body = Markup("<br/>").join(texts)  # escapes what people typed
        if remark:
            body += Markup("<blockquote>%s</blockquote>") % plaintext2html(remark)
        self.message_post(
            body=body,
            author_id=partner.id,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
            partner_ids=self._get_partners_to_tell(partner).ids,
        )

    def _get_partners_to_tell(self, partner):
        """Return who is notified of what a customer does, within reason.

        :param partner: who does it
        :rtype: res.partner
        """
        since = fields.Datetime.now() - timedelta(days=1)
        # sudo: how often, not what
        often = (
            self.env["mail.message"]
            .sudo()
            .search_count(
                [
                    ("model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("author_id", "=", partner.id),
                    ("date", ">=", since),
                ],
                limit=MAX_NOTIFICATIONS,
            )
        )
        if often >= MAX_NOTIFICATIONS:
            return self.env["res.partner"]  # the chatter has the rest
        return self._get_responsible_user().partner_id

    def _mail_customer_action(self, template, **values):
        """Confirm by mail what a customer did.

        :param str template: XML id of the mail template; one that was deleted sends
            nothing
        :param values: what the template may tell, as ``ctx.get("self_service")``
        """
        self.ensure_one()
        template = self.env.ref(template, raise_if_not_found=False)
        if not template or not self.partner_id.email:
            return
        # To the customer alone: followers would get the link to act as the customer.
        mail_id = template.with_context(self_service=values).send_mail(
            self.id, email_layout_xmlid=MAIL_LAYOUT
        )
        # sudo: customers write no mails
        self.env["mail.mail"].sudo().browse(mail_id).send_after_commit()
