"""The demonstration firm's health conditions, and an alert that has acted."""

from odoo import api, models

TEMPLATES = ("workspace", "workspace_year", "coffee", "boxes", "agreement")
GOOD = "['&', ('rating_count', '>', 0), ('satisfaction', '>=', 80)]"
BAD = (
    "['|', ('hold', '!=', False), "
    "'&', ('rating_count', '>', 0), ('satisfaction', '<', 50)]"
)


class SubscriptionDemo(models.AbstractModel):
    _inherit = "subscription.demo"

    @api.model
    def _load(self):
        """Override: somebody looks after how customers are doing."""
        result = super()._load()
        for name in TEMPLATES:
            self._demo_ref(f"demo_template_{name}").write(
                {"good_health_domain": GOOD, "bad_health_domain": BAD}
            )
        # Nobody is written to because of it.
        quiet = {"mail_activity_quick_update": True}
        alert = self.env.ref("subscriptions.alert_unhappy").with_context(**quiet)
        alert.active = True
        alert.action_run()
        self.env.ref("subscriptions.alert_ends_soon").active = True
        return result
