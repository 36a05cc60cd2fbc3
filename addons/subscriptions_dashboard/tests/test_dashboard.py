import importlib.util
import json
import re
import sys
from pathlib import Path

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import file_path

from odoo.addons.spreadsheet.utils.validate_data import (
    fields_in_spreadsheet,
    menus_xml_ids_in_spreadsheet,
)

TOOL = file_path("subscriptions_dashboard/tools/build.py")


@tagged("post_install", "-at_install")
class TestDashboard(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.ref("base.main_company")
        if not cls.company.chart_template:
            cls.env["account.chart.template"].try_loading(
                "generic_coa", cls.company, install_demo=False
            )
        cls.dashboard = cls.env.ref(
            "subscriptions_dashboard.spreadsheet_dashboard_subscriptions"
        )
        tools = str(Path(TOOL).parent)
        sys.path.insert(0, tools)
        cls.addClassCleanup(sys.path.remove, tools)
        spec = importlib.util.spec_from_file_location("build", TOOL)
        cls.build = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(cls.build)

    def _create_contract(self, price=50.0):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Ada"}).id,
                "plan_id": self.env.ref("subscriptions.plan_monthly").id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.env["product.product"]
                            .create(
                                {
                                    "name": "Seat",
                                    "type": "service",
                                    "list_price": price,
                                    "recurring_invoice": True,
                                    "taxes_id": False,
                                }
                            )
                            .id
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        return order

    def _fetch(self):
        self.authenticate("admin", "admin")
        url = f"/spreadsheet/dashboard/data/{self.dashboard.id}"
        return self.url_open(url).json()

    def test_the_files_are_what_the_tool_makes(self):
        folder = Path(file_path("subscriptions_dashboard/data/files"))
        for name, text in self.build.texts().items():
            with self.subTest(name):
                self.assertEqual((folder / name).read_text(), text)

    def test_all_it_reads_and_links_to_is_there(self):
        data = json.loads(self.dashboard.spreadsheet_data)
        for model, names in fields_in_spreadsheet(data).items():
            fields = self.env[model]._fields
            for name in names:
                with self.subTest(model, field=name):
                    self.assertIn(name.split(":")[0].split(".")[0], fields)
        titles = re.findall(
            r"odoo://ir_menu_xml_id/([\w.]+)", self.dashboard.spreadsheet_data
        )
        self.assertEqual(len(titles), 4)
        menus = menus_xml_ids_in_spreadsheet(data) | set(titles)
        self.assertEqual(len(menus), 5)
        for name in menus:
            self.assertEqual(self.env.ref(name)._name, "ir.ui.menu")

    def test_every_filter_is_about_every_figure_of_the_period(self):
        data = json.loads(self.dashboard.spreadsheet_data)
        filters = {one["id"] for one in data["globalFilters"]}
        figures = data["sheets"][0]["figures"]
        charts = [one["data"] for one in figures if "metaData" in one["data"]]
        self.assertEqual(len(charts), 2)
        for one in [*charts, *data["pivots"].values()]:
            missing = filters - one["fieldMatching"].keys()
            # What is there today is so in every period.
            self.assertIn(missing, (set(), {self.build.PERIOD}))
        self.assertEqual(
            [one["chain"] for one in charts[0]["fieldMatching"].values()],
            ["company_id", "plan_id", "user_id", "team_id", "event_date"],
        )

    def test_without_a_contract_it_shows_a_sample(self):
        if self.env["subscription.event"].search_count([], limit=1):
            self.assertNotIn("is_sample", self._fetch())
            return
        sample = self._fetch()
        self.assertTrue(sample["is_sample"])
        self.assertFalse(sample["snapshot"]["pivots"])
        self._create_contract()
        self.assertNotIn("is_sample", self._fetch())

    def test_it_is_for_who_may_see_all_contracts(self):
        for group, is_shown in (
            ("sales_team.group_sale_salesman", False),
            ("sales_team.group_sale_salesman_all_leads", True),
        ):
            user = new_test_user(self.env, login=group, groups=group)
            dashboard = self.dashboard.with_user(user)
            with self.subTest(group):
                self.assertEqual(bool(dashboard._filtered_access("read")), is_shown)
                if not is_shown:
                    with self.assertRaises(AccessError):
                        dashboard.read(["spreadsheet_data"])

    def test_it_opens_with_figures_and_leads_to_a_report(self):
        self._create_contract()
        self.start_tour(
            f"/odoo/dashboards?dashboard_id={self.dashboard.id}",
            "subscriptions_dashboard",
            login="admin",
            timeout=300,
        )
