from odoo import api, fields, models


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    state = fields.Selection(
        selection_add=[("subscription_alert", "Subscription Alert"), ("code",)],
        ondelete={"subscription_alert": "cascade"},
    )

    @api.model
    def _run_action_subscription_alert_multi(self, eval_context=None):
        """Do what the alert of the automation rule says, about each contract."""
        # sudo: run by the rule, whoever caused it
        alert = self.base_automation_id.sudo().subscription_alert_ids
        if not alert:
            return  # somebody put it into a rule of their own
        orders = (eval_context or {}).get("records") or self.env["sale.order"]
        for order in orders.sudo():
            alert._act(order)
