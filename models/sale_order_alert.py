"""What alerts and stages do about contracts."""

from odoo import fields, models
from odoo.exceptions import UserError

from ..const import MAIL_LAYOUT


class SaleOrder(models.Model):
    _inherit = "sale.order"

    alert_match_ids = fields.One2many(
        comodel_name="subscription.alert.match",
        inverse_name="order_id",
        string="Alerts",
        readonly=True,
        copy=False,
    )

    def _post_mail_template(self, template):
        """Send a mail by a template, by the queue, with its text in the chatter.

        In the customer's language where the template names none.

        :param template: a mail.template for orders
        :raise UserError: with words, where the template names nobody with an address
        """
        self.ensure_one()
        values = template._generate_template(
            self.ids,
            ("email_to", "partner_to", "email_cc"),
            find_or_create_partners=False,
        )[self.id]
        partners = self.env["res.partner"].browse(values.get("partner_ids") or [])
        if not values.get("email_to") and not partners.filtered("email"):
            raise UserError(
                self.env._(
                    "“%(template)s” has nobody to go to: %(customer)s has no e-mail "
                    "address, or the template names no recipient.",
                    template=template.name,
                    customer=self.partner_id.display_name,
                )
            )
        self.with_context(
            lang=self.partner_id.lang or self.env.lang, mail_notify_force_send=False
        ).message_post_with_source(
            template,
            email_layout_xmlid=MAIL_LAYOUT,
            subtype_xmlid="mail.mt_comment",
        )
        # sudo: mails wait in the queue, whoever sent them
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
