from odoo import api, fields, models
from odoo.exceptions import LockError, UserError


class SubscriptionSettle(models.TransientModel):
    """Ask how a person knows whether a payment was made that nobody answers for."""

    _name = "subscription.settle"
    _description = "Settle an Unknown Payment"

    collection_id = fields.Many2one(
        comodel_name="subscription.collection",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    paid = fields.Boolean(string="It Was Paid", readonly=True)
    remark = fields.Text(
        string="How You Know",
        help="Kept in the contract's chatter, for those who ask later.",
    )

    # What to look for at the provider, and what is known of it
    order_id = fields.Many2one(related="collection_id.order_id")
    partner_id = fields.Many2one(related="collection_id.partner_id")
    currency_id = fields.Many2one(related="collection_id.currency_id")
    amount = fields.Monetary(compute="_compute_attempt")
    provider_name = fields.Char(string="Payment Provider", compute="_compute_attempt")
    method_name = fields.Char(string="Payment Method", compute="_compute_attempt")
    reference = fields.Char(compute="_compute_attempt")
    provider_reference = fields.Char(
        string="Provider's Reference", compute="_compute_attempt"
    )
    sent_date = fields.Datetime(string="Sent On", compute="_compute_attempt")
    answer = fields.Text(string="What Is Known", compute="_compute_attempt")

    # === COMPUTE METHODS === #

    @api.depends("collection_id")
    def _compute_attempt(self):
        for wizard in self:
            wizard.collection_id.check_access("read")
            # sudo: payments are read by administrators only
            collection = wizard.collection_id.sudo()
            tx = collection.transaction_id
            wizard.amount = tx.amount
            wizard.provider_name = tx.provider_id.name
            wizard.method_name = tx.token_id and tx.token_id._get_contract_name()
            wizard.reference = tx.reference
            wizard.provider_reference = tx.provider_reference
            wizard.sent_date = collection.first_call_date
            wizard.answer = collection.reason or tx.state_message

    # === ACTION METHODS === #

    def action_apply(self):
        """Decide about the payment.

        :raise UserError: without a remark, or when it is known or decided meanwhile
        """
        self.ensure_one()
        try:
            self.env["subscription.collector"]._settle(
                self.collection_id, self.paid, self.remark
            )
        except LockError as error:
            raise UserError(
                self.env._(
                    "Somebody else is at this payment right now. Try again in a minute."
                )
            ) from error
        return {"type": "ir.actions.act_window_close"}
