from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestTours(HttpCase):
    """A salesperson and an accountant in a real browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = cls.env.ref("base.main_company")
        if not company.chart_template:
            cls.env["account.chart.template"].try_loading(
                "generic_coa", company, install_demo=False
            )
        cls.monthly = cls.env.ref("subscriptions.plan_monthly")
        cls.partner = cls.env["res.partner"].create(
            {"name": "Ada Example", "email": "ada@example.com"}
        )
        cls.seat = cls.env["product.product"].create(
            {
                "name": "Tour Seat",
                "type": "service",
                "list_price": 50.0,
                "recurring_invoice": True,
                "invoice_policy": "order",
                "taxes_id": False,
            }
        )
        cls.env["product.pricelist.item"].create(
            {
                "plan_id": cls.monthly.id,
                "pricelist_id": False,
                "applied_on": "1_product",
                "product_tmpl_id": cls.seat.product_tmpl_id.id,
                "fixed_price": 35.0,
            }
        )

    def _create_contract(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "plan_id": self.monthly.id,
                "order_line": [(0, 0, {"product_id": self.seat.id})],
            }
        )
        order.action_confirm()
        return order

    def test_a_salesperson_makes_a_contract_that_invoices_itself(self):
        self.start_tour("/odoo", "subscription_contract", login="admin")
        order = self.env["sale.order"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(order.invoice_ids.state, "posted")
        self.assertEqual(order.invoice_ids.amount_untaxed, 35.0)

    def test_an_accountant_mends_a_held_contract_and_releases_it(self):
        self.partner.active = False
        order = self._create_contract()
        self.assertEqual(order.hold, "billing_error")
        self.partner.active = True
        self.start_tour("/odoo", "subscription_release_hold", login="admin")
        order.invalidate_recordset()
        self.assertFalse(order.hold)
        self.assertEqual(order.invoice_ids.state, "posted")
