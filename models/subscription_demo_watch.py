"""The demonstration firm's health conditions, and an alert that has acted."""

import random
from datetime import timedelta

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
        self._let_one_be_unhappy()
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

    def _let_one_be_unhappy(self):
        """Have a customer complain whose contract has conditions: its health is bad."""
        yesterday = self.env["sale.order"]._get_today() - timedelta(days=1)
        orders = self.env["sale.order"].search(
            [
                ("sale_order_template_id", "!=", False),
                ("subscription_state", "=", "progress"),
                ("start_date", "<", yesterday),
                ("rating_count", "=", 0),
            ],
            order="id",
        )
        unasked = orders.filtered(lambda order: not order._get_open_rating_request())
        draw = random.Random(13)  # its own, as what they rate
        self._rate(unasked[0], 1, self._get_office_hour(yesterday, draw), draw)
