from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user

from .common import freeze_time, tagged
from .report_common import ReportCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-06-30")
class TestReportRights(ReportCommon):
    MODELS = (
        "subscription.event",
        "subscription.movement.report",
        "subscription.product.event",
        "subscription.report",
        "subscription.retention.report",
    )

    def _get_orders(self, model, user):
        rows = self.env[model].with_user(user).search([])
        return rows.sudo().order_id

    def test_a_salesperson_sees_own_contracts_in_every_report(self):
        for model in self.MODELS:
            with self.subTest(model):
                self.assertEqual(
                    self._get_orders(model, self.salesperson),
                    self.ada | self.cyd | self.eve,
                )
                self.assertEqual(
                    self._get_orders(model, self.leader),
                    self.ada | self.bob | self.cyd | self.eve,
                )

    def test_figures_leak_nothing_either(self):
        seller = self.salesperson
        rows = self._group(
            "subscription.movement.report", "user_id", "churn_mrr:sum", user=seller
        )
        self.assertEqual(rows, [(seller, 0.0)])
        report = self.env["subscription.retention.report"].with_user(seller)
        with self.assertRaises(AccessError):
            report.browse(self.bob.id).read(["mrr"])
        bobs = self.env["subscription.product.event"].search(
            [("order_id", "=", self.bob.id)]
        )
        with self.assertRaises(AccessError):
            bobs.with_user(seller).read(["mrr_change"])
        seller.group_ids |= self.env.ref("base.group_allow_export")
        with self.assertRaises(AccessError):
            bobs.with_user(seller).export_data(["mrr_change"])

    def test_accountants_see_all_and_employees_nothing(self):
        for group in ("group_account_invoice", "group_account_readonly"):
            user = new_test_user(
                self.env,
                login=group,
                groups=f"account.{group}",
                company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )
            for model in self.MODELS:
                with self.subTest(model, group=group):
                    self.assertEqual(len(self._get_orders(model, user)), 4)
        employee = new_test_user(self.env, login="employee", groups="base.group_user")
        for model in self.MODELS:
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(employee).search([])

    def test_rows_of_another_company_never_show(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            login="stranger",
            groups="sales_team.group_sale_manager,account.group_account_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for model in self.MODELS:
            with self.subTest(model):
                self.assertFalse(self._get_orders(model, stranger))
