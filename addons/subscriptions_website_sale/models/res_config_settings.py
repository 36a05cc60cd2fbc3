from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    subscription_cart_plans = fields.Selection(
        related="website_id.subscription_cart_plans", readonly=False
    )
    subscription_order_button = fields.Char(
        related="website_id.subscription_order_button", readonly=False
    )
