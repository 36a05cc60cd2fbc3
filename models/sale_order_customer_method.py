"""The payment method of a contract as its customer sees and changes it."""

from odoo import fields, models
from odoo.exceptions import ValidationError

from ..const import MAIL_LAYOUT

# What the collector tries anew when the method changes: see its `_restart`.
RESTARTED = ("due", "declined", "failed", "no_method")


class SaleOrder(models.Model):
    _inherit = "sale.order"

    saving_transaction_ids = fields.One2many(
        comodel_name="payment.transaction",
        inverse_name="saved_for_order_id",
        string="Payment Methods Being Saved",
        copy=False,
        groups="base.group_system",
    )

    # === WHAT IS OFFERED === #

    def _get_customer_payment_tokens(self, family=None):
        """Return the saved methods that somebody may choose for the contract.

        Hook for other addons. Who came by the link alone sees the methods of the very
        contacts that the contract names, as on Odoo's payment pages.

        :param family: commercial partners whose other methods may be seen as well
        :return: with the right to read them
        :rtype: payment.token
        """
        self.ensure_one()
        named = self.partner_id | self.partner_invoice_id
        family = family or named.browse()
        return self._get_saved_payment_tokens().filtered(
            lambda token: token.partner_id in named
            or token.partner_id.commercial_partner_id in family
            or token == self.payment_token_id
        )

    def _get_payments_to_restart(self):
        """Return what is open and tried anew when the payment method changes.

        :rtype: subscription.collection
        """
        self.ensure_one()
        # sudo: what is open is told to whoever sees the contract
        return self.sudo().collection_ids.filtered(
            lambda one: one.order_id == self
            and one.state in RESTARTED
            and one.move_id.state != "cancel"
            and one.move_id.payment_state not in ("paid", "in_payment")
        )

    def _get_method_use_text(self):
        """Return what happens with the payment method next, in sentences.

        :rtype: str
        """
        self.ensure_one()
        if self.plan_id.invoice_mode != "charge":
            return self.env._(
                "Your invoices are sent to you to be paid. The saved payment method is "
                "not charged by itself."
            )
        for invoice in self.preview_invoices(1):
            return self.env._(
                "The next invoice is that of %(day)s: %(amount)s.",
                day=self._format_day(max(invoice["invoice_date"], self._get_today())),
                amount=self.currency_id.format(invoice["amount_total"]),
            )
        return self.env._("No more invoices are to come.")

    # === WHAT THE CUSTOMER DOES === #

    def _choose_payment_method(self, token, partner, saving=None):
        """Let the contract be paid with a method from now on, as its customer wants it.

        What was begun before and is not saved yet does not take its place later on.

        :param token: the payment.token, with the right to read it
        :param partner: who chooses it
        :param saving: the payment.transaction that saved it just now, if any
        :return: whether that is a change
        :rtype: bool
        :raise ValidationError: when the method is not to pay the contract
        """
        self.ensure_one()
        obstacle = self._get_payment_token_obstacle(token)
        if obstacle:
            raise ValidationError(obstacle)
        self._forget_savings(before=saving)
        if self.payment_token_id == token:
            return False
        # The note says what is tracked, and by whom.
        self.with_context(tracking_disable=True).payment_token_id = token
        self._log_method_chosen(
            partner,
            self.env._("The payment method is now %s.", token._get_contract_name()),
        )
        return True

    def _take_payment_method_off(self, partner):
        """Leave the contract without a payment method, as its customer wants it.

        :param partner: who wants it
        :return: whether that is a change
        :rtype: bool
        """
        self.ensure_one()
        self._forget_savings()
        if not self.payment_token_id:
            return False
        name = self.payment_method_name
        self.with_context(tracking_disable=True).payment_token_id = False
        self._log_method_chosen(
            partner,
            self.env._(
                "The payment method %s was removed. The invoices are sent with a link "
                "to pay them.",
                name,
            ),
        )
        return True

    def _forget_savings(self, before=None):
        """Let methods whose saving was begun before not become the contract's.

        :param before: the payment.transaction that counts, None for all
        """
        self.ensure_one()
        # sudo: transactions are an administrator's. What is done stays, as history.
        begun = self.sudo().saving_transaction_ids.filtered(
            lambda tx: not (tx.state == "done" and tx.is_post_processed and tx.token_id)
            and (not before or tx.id < before.id)
        )
        begun.saved_for_order_id = False

    def _log_method_chosen(self, partner, text):
        """Tell chatter and customer that the payment method was changed.

        :param partner: who did it
        :param str text: what was done, plain
        """
        self.ensure_one()
        self._note_customer_action(partner, [text])
        self._send_self_service_mail("subscriptions.mail_template_method_changed")

    def _send_self_service_mail(self, template_xmlid, partners=None):
        """Queue a mail about what was done to the contract online.

        :param str template_xmlid: the mail.template, which may have been deleted
        :param partners: who else is written to
        """
        self.ensure_one()
        template = self.env.ref(template_xmlid, raise_if_not_found=False)
        people = self.partner_id | self.partner_invoice_id
        people |= partners or people.browse()
        people = people.filtered("email")
        if not template or not people:
            return
        told = {"subscription_told_ids": people.ids}
        self.with_context(**told).message_post_with_source(
            template.with_context(**told),
            email_layout_xmlid=MAIL_LAYOUT,
            subtype_xmlid="mail.mt_comment",
            force_send=False,
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _get_told_partner_ids(self):
        """Return who is written to about what was done online, for mail templates.

        :rtype: str
        """
        told = self.env.context.get("subscription_told_ids") or self.partner_id.ids
        return ",".join(str(partner_id) for partner_id in told)
