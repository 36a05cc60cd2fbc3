from odoo import fields, models


class SubscriptionPriceIncreaseRefusal(models.Model):
    """A contract that a price increase leaves out, and why."""

    _name = "subscription.price.increase.refusal"
    _description = "Contract Left Out of a Price Increase"
    _order = "id"
    _rec_name = "order_id"

    increase_id = fields.Many2one(
        comodel_name="subscription.price.increase",
        string="Price Increase",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    stage = fields.Selection(
        selection=[
            ("preview", "Not proposed"),
            ("schedule", "Not scheduled"),
            ("notice", "Not told"),
            ("undo", "Not taken back"),
            ("revoked", "No longer planned"),
        ],
        string="What",
        required=True,
        readonly=True,
    )
    cause = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one(related="increase_id.company_id", store=True)
    partner_id = fields.Many2one(related="order_id.partner_id")
    plan_id = fields.Many2one(related="order_id.plan_id")
    mrr = fields.Monetary(
        related="order_id.mrr", currency_field="company_currency_id", string="MRR"
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id")
