from odoo.tests import tagged

from .payment_common import PaymentMethodCommon
from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestTours(TourCase):
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

    def test_a_salesperson_sells_more_on_the_contract(self):
        order = self._create_contract()
        self.start_tour(
            f"/odoo/subscriptions/{order.id}", "subscription_upsell", login="admin"
        )
        order.invalidate_recordset()
        self.assertEqual(order.order_line.product_uom_qty, 3.0)
        self.assertEqual(order.child_order_ids.state, "sale")

    def test_a_salesperson_pauses_and_resumes_a_contract(self):
        order = self._create_contract()
        self.start_tour(
            f"/odoo/subscriptions/{order.id}", "subscription_pause", login="admin"
        )
        order.invalidate_recordset()
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(order.change_ids.mapped("reason"), ["Shop is rebuilt"])

    def test_a_salesperson_changes_plan_and_quantities_and_revokes_one(self):
        self.env.ref("subscriptions.plan_yearly").sequence = 0
        order = self._create_contract()
        self.start_tour(
            f"/odoo/subscriptions/{order.id}", "subscription_change", login="admin"
        )
        order.invalidate_recordset()
        plan_change, quantity_change = order.change_ids.sorted("kind")
        self.assertEqual(plan_change.state, "scheduled")
        self.assertEqual(plan_change.line_ids.price_after, 333.0)
        self.assertEqual(quantity_change.state, "revoked")

    def test_a_salesperson_closes_a_contract_and_takes_it_back(self):
        order = self._create_contract()
        self.start_tour(
            f"/odoo/subscriptions/{order.id}", "subscription_close", login="admin"
        )
        order.invalidate_recordset()
        self.assertFalse(order.close_date)
        self.assertEqual(order.subscription_state, "progress")

    def test_a_salesperson_pauses_several_and_sees_which_refused(self):
        orders = self._create_contract() | self._create_contract()
        orders[1]._pause()
        self.start_tour("/odoo/subscriptions", "subscription_mass", login="admin")
        orders.invalidate_recordset()
        self.assertEqual(orders.mapped("subscription_state"), ["paused"] * 2)


@tagged("post_install", "-at_install")
class TestDeskTours(PaymentMethodCommon, TourCase):
    """An accountant and a sales administrator in front of what is held."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.charged = cls._create_plan(name="Charged", invoice_mode="charge")
        admin = cls.env.ref("base.user_admin")
        admin.company_ids |= cls.company
        admin.company_id = cls.company

    def _create_declined(self):
        token = self._create_token(self.partner, demo_simulated_state="error")
        order = self._create_contract(
            plan_id=self.charged.id, payment_token_id=token.id
        )
        self._collect()
        self.env.invalidate_all()
        self.assertEqual(order.hold, "payment_declined")
        return order

    def test_an_accountant_settles_what_the_provider_left_unknown(self):
        order = self._create_declined()
        collection = order.sudo().collection_ids
        collection.transaction_id.state = "draft"
        collection.transaction_id._set_unknown("No answer by Demo.")
        collection._set_unknown("Sent to Demo, and no answer came.")
        self.start_tour("/odoo", "subscription_settle", login="admin")
        self.env.invalidate_all()
        self.assertFalse(order.hold)
        self.assertEqual(collection.state, "paid")
        self.assertEqual(order.invoice_ids.state, "posted")

    def test_a_manager_tries_again_all_that_was_declined(self):
        orders = self._create_declined() | self._create_declined()
        self.start_tour("/odoo", "subscription_retry_all", login="admin")
        self.env.invalidate_all()
        collections = orders.sudo().collection_ids
        self.assertEqual(collections.mapped("is_asked_for"), [True, True])
        orders.sudo().payment_token_id.demo_simulated_state = "done"
        self._collect()
        self.env.invalidate_all()
        self.assertEqual(orders.mapped("hold"), [False, False])

    def test_a_manager_adds_a_step_to_a_dunning_policy(self):
        policy = self.env.ref("subscriptions.dunning_policy_default")
        self.start_tour("/odoo", "subscription_dunning_policy", login="admin")
        policy.invalidate_recordset()
        self.assertIn(10, policy.step_ids.mapped("days"))
