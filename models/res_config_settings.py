from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    subscription_anomaly_factor = fields.Float(
        related="company_id.subscription_anomaly_factor", readonly=False
    )
    cancellation_user_id = fields.Many2one(
        related="company_id.cancellation_user_id", readonly=False
    )
