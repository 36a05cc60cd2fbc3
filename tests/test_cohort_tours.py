from odoo.tests import tagged

from odoo.addons.web.tests import test_js

from .tour_common import PATIENCE, TourCase


class CohortTourCase(TourCase):
    """An action that only these tests have: quotations, until they expire."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partner = cls.env["res.partner"].create({"name": "Cohort customer"})
        cls.env["sale.order"].create(
            [
                {
                    "partner_id": partner.id,
                    "date_order": "2026-01-10 12:00:00",
                    "validity_date": "2026-02-10" if number < 2 else False,
                }
                for number in range(10)
            ]
        )
        view = cls.env["ir.ui.view"].create(
            {
                "name": "Cohorts of quotations",
                "model": "sale.order",
                "type": "cohort",
                "arch": '<cohort string="Quotations" date_start="date_order"'
                ' date_stop="validity_date" interval="month"/>',
            }
        )
        cls.action = cls.env["ir.actions.act_window"].create(
            {
                "name": "Cohorts of quotations",
                "res_model": "sale.order",
                "view_mode": "cohort,list,form",
                "domain": [("partner_id", "=", partner.id)],
                "view_ids": [(0, 0, {"view_mode": "cohort", "view_id": view.id})],
            }
        )

    def _walk(self, tour):
        self.start_tour(f"/odoo/action-{self.action.id}", tour, login="admin")


@tagged("post_install", "-at_install")
class TestCohortTours(CohortTourCase):
    def test_a_person_reads_cohorts_and_looks_behind_them(self):
        self._walk("cohort_view")

    def test_the_units_of_the_web_client(self):
        """static/tests/cohort/*.test.js"""
        suite = test_js.HOOTCommon._generate_hash(self, "@subscriptions/cohort")
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
class TestCohortPhoneTours(CohortTourCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_a_person_reads_cohorts_on_a_phone(self):
        self._walk("cohort_view_phone")
