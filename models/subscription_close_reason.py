from odoo import fields, models


class SubscriptionCloseReason(models.Model):
    """Why a contract ended."""

    _name = "subscription.close.reason"
    _description = "Subscription Close Reason"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    portal_visible = fields.Boolean(
        string="Shown to Customers",
        default=True,
        help="Customers may choose this reason when they close a contract themselves.",
    )
