from odoo import models

from ..engine import lifecycle


class SubscriptionPlan(models.Model):
    _inherit = "subscription.plan"

    def write(self, vals):
        """Override: contracts that were not billed yet have another MRR."""
        if not {"billing_period_unit", "billing_period_value"} & vals.keys():
            return super().write(vals)
        # sudo: whatever contracts there are, whoever edits the plan
        orders = (
            self.env["sale.order"]
            .sudo()
            .search(
                [
                    ("plan_id", "in", self.ids),
                    ("subscription_state", "in", list(lifecycle.LIVE)),
                ]
            )
        )
        with orders._recording():
            return super().write(vals)
