from odoo.fields import Command
from odoo.tests import tagged

from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestStageTours(TourCase):
    """A salesperson in front of the kanban of contracts, in a real browser."""

    def test_cards_are_dragged_and_go_back_where_they_may_not_be(self):
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
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"]
                .create({"name": "Ada Example", "email": "ada@example.com"})
                .id,
                "plan_id": self.env.ref("subscriptions.plan_monthly").id,
                "user_id": self.env.ref("base.user_admin").id,
                "order_line": [Command.create({"product_id": seat.id})],
            }
        )
        order.action_confirm()
        with self.assertLogs("odoo.http", "WARNING") as refusals:
            self.start_tour("/odoo/subscriptions", "subscription_stages", login="admin")
        self.assertEqual(len(refusals.output), 1)
        self.assertIn("is in progress. Pause it", refusals.output[0])
        order.invalidate_recordset()
        onboarding = self.env.ref("subscriptions.stage_onboarding")
        self.assertEqual(order.stage_id, onboarding)
        self.assertEqual(order.subscription_state, "progress")
