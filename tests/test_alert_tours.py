from odoo.fields import Command
from odoo.tests import tagged

from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestAlertTours(TourCase):
    """A sales manager writes an alert, in a real browser."""

    def test_an_alert_is_written_read_back_and_run(self):
        company = self.env.ref("base.main_company")
        if not company.chart_template:
            self.env["account.chart.template"].try_loading(
                "generic_coa", company, install_demo=False
            )
        seat = self.env["product.product"].create(
            {
                "name": "Tour Seat",
                "type": "service",
                "list_price": 35.0,
                "recurring_invoice": True,
                "taxes_id": False,
            }
        )
        partner = self.env["res.partner"].create({"name": "Ada Example"})
        order = self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "plan_id": self.env.ref("subscriptions.plan_monthly").id,
                "user_id": self.env.ref("base.user_admin").id,
                "order_line": [Command.create({"product_id": seat.id})],
            }
        )
        order.action_confirm()
        self.start_tour(
            "/odoo/subscription-alerts/new", "subscription_alert", login="admin"
        )
        alert = self.env["subscription.alert"].search([("name", "=", "Small ones")])
        self.assertEqual(alert.match_ids.order_id, order)
        self.assertEqual(alert.match_ids.state, "done")
        activity = order.activity_ids.filtered(
            lambda one: one.summary == "Ask what is missing"
        )
        self.assertEqual(activity.user_id, order.user_id)
