import io
import json

from openpyxl import load_workbook

from odoo.exceptions import ValidationError
from odoo.http import Request
from odoo.tests import HttpCase, TransactionCase, tagged

ARCH = '<cohort date_start="date_order" date_stop="validity_date"/>'


@tagged("post_install", "-at_install")
class TestCohortArch(TransactionCase):
    """What a cohort view may look like."""

    def _create(self, arch, model="sale.order"):
        return self.env["ir.ui.view"].create(
            {"name": "Cohort", "model": model, "type": "cohort", "arch": arch}
        )

    def _refuse(self, attributes, message, children=""):
        arch = f"<cohort {attributes}>{children}</cohort>"
        with self.subTest(attributes), self.assertRaisesRegex(ValidationError, message):
            self._create(arch)

    def test_a_view_with_all_that_there_is(self):
        view = self._create(
            """<cohort string="Quotations" date_start="date_order" sample="1"
                date_stop="validity_date" interval="quarter" mode="churn"
                timeline="backward" measure="amount_untaxed" disable_linking="1">
                <field name="amount_total" string="Total"/>
                <field name="amount_tax" invisible="1"/>
            </cohort>"""
        )
        views = self.env["sale.order"].get_views([(view.id, "cohort")])
        self.assertIn('mode="churn"', views["views"]["cohort"]["arch"])
        fields = views["models"]["sale.order"]["fields"]
        for name in ("date_order", "validity_date", "amount_untaxed", "amount_total"):
            self.assertIn(name, fields)

    def test_dates_and_nothing_else_are_dates(self):
        stop = 'date_stop="validity_date"'
        self._refuse(stop, "needs a date_start")
        self._refuse('date_start="date_order"', "needs a date_stop")
        self._refuse(
            f'date_start="birthday" {stop}', "no field “birthday” on sale.order"
        )
        self._refuse(f'date_start="name" {stop}', "is a date, which “name” is not")
        self._refuse(
            'date_start="date_order" date_stop="expected_date"', "is not stored"
        )

    def test_choices_are_known(self):
        dates = 'date_start="date_order" date_stop="validity_date"'
        self._refuse(f'{dates} interval="hour"', "interval of a cohort view is one of")
        self._refuse(f'{dates} mode="loss"', "one of retention, churn, not “loss”")
        self._refuse(f'{dates} timeline="up"', "one of forward, backward, not “up”")
        self._refuse(f'{dates} colour="red"', "no attribute colour")

    def test_measures_can_be_added_up(self):
        dates = 'date_start="date_order" date_stop="validity_date"'
        self._refuse(f'{dates} measure="cost"', "no field “cost”")
        self._refuse(f'{dates} measure="name"', "“name” is no number")
        self._refuse(dates, "“partner_id” is no number", '<field name="partner_id"/>')
        self._refuse(dates, "only contain fields, not <button>", "<button/>")
        self._create(f'<cohort {dates} measure="__count"/>')

    def test_the_web_client_knows_the_view_type(self):
        info = self.env["ir.ui.view"].get_view_info()["cohort"]
        self.assertEqual(info["display_name"], "Cohort")
        self.assertTrue(info["multi_record"])

    def test_an_action_may_name_a_cohort_view(self):
        view = self._create(ARCH)
        action = self.env["ir.actions.act_window"].create(
            {
                "name": "Cohorts",
                "res_model": "sale.order",
                "view_mode": "cohort,list",
                "view_ids": [(0, 0, {"view_mode": "cohort", "view_id": view.id})],
            }
        )
        self.assertEqual(action.views[0], (view.id, "cohort"))


@tagged("post_install", "-at_install")
class TestCohortExport(HttpCase):
    """The workbook that the button makes."""

    TABLE = {
        "title": "Retention: [all] contracts of this very long year/quarter",
        "headers": ["Start", "=Count", "+0", "+1", "+2"],
        "rows": [
            {"label": "January 2026", "value": 10, "percentages": [100, 80, None]},
            {"label": "=1+1", "value": 2.5, "percentages": [100, None, None]},
            {
                "label": "Average",
                "value": 12.5,
                "percentages": [100, 80, None],
                "is_bold": True,
            },
        ],
    }

    def _export(self, table):
        return self.url_open(
            "/web/cohort/export_xlsx",
            data={
                "data": json.dumps(table),
                "csrf_token": Request.csrf_token(self),
            },
        )

    def test_the_workbook_has_what_the_view_shows(self):
        self.authenticate("admin", "admin")
        response = self._export(self.TABLE)
        self.assertEqual(response.status_code, 200)
        self.assertIn("attachment", response.headers["Content-Disposition"])
        sheet = load_workbook(io.BytesIO(response.content)).active
        self.assertEqual(sheet.title, "Retention   all  contracts of t")
        self.assertEqual(
            list(sheet.values),
            [
                ("Start", "=Count", "+0", "+1", "+2"),
                ("January 2026", 10, 1, 0.8, None),
                ("=1+1", 2.5, 1, None, None),
                ("Average", 12.5, 1, 0.8, None),
            ],
        )
        self.assertEqual(sheet["D2"].number_format, "0.0%")
        self.assertEqual(sheet["B1"].data_type, "s")
        self.assertEqual(sheet["A3"].data_type, "s")
        self.assertTrue(sheet["A4"].font.bold)

    def test_nothing_is_not_exported(self):
        self.authenticate("admin", "admin")
        self.assertEqual(self._export({}).status_code, 422)

    def test_visitors_export_nothing(self):
        self.authenticate(None, None)
        response = self._export(self.TABLE)
        self.assertNotIn("spreadsheetml", response.headers["Content-Type"])
