from odoo import fields, models


class BaseAutomation(models.Model):
    _inherit = "base.automation"

    trigger = fields.Selection(
        # Found and run by the alert; Odoo patches nothing for it.
        selection_add=[("subscription_alert", "Subscription alert")],
        ondelete={"subscription_alert": "cascade"},
    )
    subscription_alert_ids = fields.One2many(
        comodel_name="subscription.alert",
        inverse_name="automation_id",
        context={"active_test": False},
    )

    def write(self, vals):
        """Override: an alert whose rule is switched on does not act on the past."""
        waking = self.browse()
        if vals.get("active"):
            waking = self.filtered(lambda rule: not rule.active)
        result = super().write(vals)
        if waking.subscription_alert_ids:
            self.env.registry.clear_cache()
            waking.subscription_alert_ids._take_stock()
        return result
