from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    subscription_anomaly_factor = fields.Float(
        related="company_id.subscription_anomaly_factor", readonly=False
    )
