from odoo import fields, models

from ..const import DEFAULT_ANOMALY_FACTOR


class ResCompany(models.Model):
    _inherit = "res.company"

    subscription_anomaly_factor = fields.Float(
        string="Unusual Amount From",
        default=DEFAULT_ANOMALY_FACTOR,
        help="An invoice of more than so many times the largest of the contract's last "
        "ones is held for a person. 0: none is.",
    )

    _subscription_anomaly_factor_positive = models.Constraint(
        "CHECK (subscription_anomaly_factor >= 0)",
        "The factor of unusual amounts cannot be negative.",
    )
