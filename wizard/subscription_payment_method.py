from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SubscriptionPaymentMethod(models.TransientModel):
    """Ask which of the customer's saved methods a contract is to be paid with."""

    _name = "subscription.payment.method"
    _description = "Choose Payment Method"

    order_id = fields.Many2one(
        comodel_name="sale.order", string="Contract", required=True, readonly=True
    )
    available_token_ids = fields.Many2many(
        comodel_name="payment.token", compute="_compute_available_token_ids"
    )
    payment_token_id = fields.Many2one(
        comodel_name="payment.token",
        string="Payment Method",
        domain="[('id', 'in', available_token_ids)]",
    )

    @api.depends("order_id")
    def _compute_available_token_ids(self):
        for wizard in self:
            order = wizard.order_id
            order.check_access("write")
            wizard.available_token_ids = order._get_saved_payment_tokens()

    @api.constrains("payment_token_id")
    def _check_payment_token(self):
        for wizard in self.sudo():  # to refuse what may not be read, its name included
            if wizard.payment_token_id - wizard.available_token_ids:
                raise ValidationError(
                    self.env._("This payment method is not one of the customer's.")
                )

    def action_apply(self):
        """Let the contract be paid with the chosen method, or with none."""
        self.ensure_one()
        if self.order_id.payment_token_id != self.payment_token_id:
            self.order_id.payment_token_id = self.payment_token_id
        return {"type": "ir.actions.act_window_close"}
