from odoo import api, models
from odoo.exceptions import UserError


class SubscriptionPlan(models.Model):
    _inherit = "subscription.plan"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_alert(self):
        """Keep a plan that an alert names: without it, the alert would watch all."""
        # sudo: alerts of other companies too
        Alert = self.env["subscription.alert"].sudo().with_context(active_test=False)
        alert = Alert.search([("plan_ids", "in", self.ids)], limit=1)
        if alert:
            raise UserError(
                self.env._(
                    "The alert “%s” is about this plan. Take the plan off it first, or "
                    "archive the plan.",
                    alert.name,
                )
            )
