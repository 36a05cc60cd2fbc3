from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.web.tests import test_js

from .tour_common import PATIENCE, TourCase


@tagged("post_install", "-at_install")
class TestReportTours(TourCase):
    """A manager in front of the reports, in a real browser."""

    def test_a_manager_opens_every_report_and_the_rows_behind_figures(self):
        company = self.env.ref("base.main_company")
        if not company.chart_template:
            self.env["account.chart.template"].try_loading(
                "generic_coa", company, install_demo=False
            )
        partner = self.env["res.partner"].create(
            {"name": "Ada Example", "email": "ada@example.com"}
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
        orders = self.env["sale.order"].create(
            [
                {
                    "partner_id": partner.id,
                    "plan_id": self.env.ref("subscriptions.plan_monthly").id,
                    "user_id": self.env.ref("base.user_admin").id,
                    "order_line": [Command.create({"product_id": seat.id})],
                }
                for _number in range(2)
            ]
        )
        for order in orders:
            order.action_confirm()
        orders[1]._close(self.env["subscription.close.reason"].search([], limit=1))
        self.start_tour("/odoo/subscriptions", "subscription_reports", login="admin")

    def test_the_units_of_the_graph(self):
        """static/tests/mrr_graph/*.test.js"""
        suite = test_js.HOOTCommon._generate_hash(self, "@subscriptions/mrr_graph")
        self.browser_js(
            f"/web/tests?headless&loglevel=2&preset=desktop&timeout=30000&id={suite}",
            "",
            "",
            login="admin",
            timeout=PATIENCE,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=test_js.unit_test_error_checker,
        )
