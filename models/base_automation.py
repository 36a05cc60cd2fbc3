from odoo import fields, models


class BaseAutomation(models.Model):
    _inherit = "base.automation"

    trigger = fields.Selection(
        # Found and run by the alert; Odoo patches nothing for it.
        selection_add=[("subscription_alert", "Subscription alert")],
        ondelete={"subscription_alert": "cascade"},
    )
    subscription_alert_ids = fields.One2many(
        comodel_name="subscription.alert", inverse_name="automation_id"
    )
