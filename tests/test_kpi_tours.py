from datetime import timedelta

from odoo import fields
from odoo.tests import freeze_time, tagged

from odoo.addons.web.tests import test_js

from .tour_common import PATIENCE, TourCase


class KpiTourCase(TourCase):
    """The KPI board in a browser: two contracts since a year ago, one closed today."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = cls.env.ref("base.main_company")
        if not company.chart_template:
            cls.env["account.chart.template"].try_loading(
                "generic_coa", company, install_demo=False
            )
        seat = cls.env["product.product"].create(
            {
                "name": "Tour Seat",
                "type": "service",
                "list_price": 50.0,
                "recurring_invoice": True,
                "taxes_id": False,
            }
        )
        partner = cls.env["res.partner"].create({"name": "Ada Example"})
        before = fields.Date.today() - timedelta(days=40)
        with freeze_time(before):
            orders = cls.env["sale.order"].create(
                [
                    {
                        "partner_id": partner.id,
                        "plan_id": cls.env.ref("subscriptions.plan_monthly").id,
                        "order_line": [(0, 0, {"product_id": seat.id})],
                    }
                ]
                * 2
            )
            orders.action_confirm()
        orders[0]._close(cls.env["subscription.close.reason"].search([], limit=1))

    def _walk(self):
        self.start_tour(
            "/odoo/subscription-kpis", "subscription_kpi_board", login="admin"
        )


@tagged("post_install", "-at_install")
class TestKpiTours(KpiTourCase):
    def test_a_manager_reads_the_key_figures_and_looks_behind_them(self):
        self._walk()

    def test_the_units_of_the_board(self):
        """static/tests/kpi_board/*.test.js"""
        suite = test_js.HOOTCommon._generate_hash(self, "@subscriptions/kpi_board")
        self.browser_js(
            f"/web/tests?headless&loglevel=2&preset=desktop&timeout=30000&id={suite}",
            "",
            "",
            login="admin",
            timeout=PATIENCE,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=test_js.unit_test_error_checker,
        )


@tagged("post_install", "-at_install")
class TestKpiPhoneTours(KpiTourCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_a_manager_reads_the_key_figures_on_a_phone(self):
        self._walk()
