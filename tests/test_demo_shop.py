"""Run on the database with demo data and all companions; see scripts/test."""

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestDemoShop(TourCase):
    """The shop of the demonstration firm sells each plan that it offers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shop = cls.env["subscription.shop"]
        cls.website = cls.env.ref("website.default_website")

    def _create_customer(self, plan):
        """Create somebody who may order, and has saved no payment method yet."""
        company = self.website.company_id
        user = new_test_user(
            self.env,
            f"demo_customer_{plan.id}",
            "base.group_portal",
            name=f"Dora {plan.name}",
            email=f"dora{plan.id}@example.com",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        user.partner_id.write(
            {
                "street": "1 Main Street",
                "city": "Springfield",
                "zip": "1000",
                "country_id": self.env.ref("base.be").id,
                "phone": "+32 2 555 12 34",
            }
        )
        return user

    def _get_offered(self):
        """Return a product of the shop for each plan that one is offered with.

        :return: product template by plan
        :rtype: dict
        """
        cart = self.env["sale.order"].create(
            {
                "partner_id": self.website.user_id.partner_id.id,
                "website_id": self.website.id,
            }
        )
        place = self.shop._get_place(cart)
        templates = self.env["product.template"].search(
            [("recurring_invoice", "=", True), ("is_published", "=", True)]
        )
        offered = {}
        for template in templates:
            for plan in self.shop._get_product_plans(template, place):
                offered.setdefault(plan, template)
        cart.unlink()
        return offered

    def test_each_plan_of_the_demonstration_is_offered(self):
        names = set(
            self.env["subscription.plan"]
            .browse([plan.id for plan in self._get_offered()])
            .mapped("name")
        )
        self.assertLessEqual(
            {
                "Weekly",
                "Monthly",
                "Quarterly",
                "Yearly",
                "Monthly, 1st of the Month",
                "Monthly, in Arrears",
                "Monthly, Automatic Payment",
                "Monthly, with a Trial",
            },
            names,
        )

    def test_each_plan_is_sold_from_its_page_to_the_contract(self):
        Order = self.env["sale.order"]
        for plan, template in self._get_offered().items():
            with self.subTest(plan=plan.name, product=template.name):
                customer = self._create_customer(plan)
                self.start_tour(
                    f"{template.website_url}?plan_id={plan.id}",
                    "subscriptions_shop_demo",
                    login=customer.login,
                )
                self.env.invalidate_all()
                order = Order.search(
                    [("partner_id", "=", customer.partner_id.id)],
                    order="id desc",
                    limit=1,
                )
                self.assertEqual(order.plan_id, plan)
                self.assertEqual(order.subscription_state, "progress")
                self.assertTrue(order.payment_token_id)
                self.assertIn(order.invoice_ids.mapped("payment_state"), ([], ["paid"]))
                # What is due at once is paid: only these begin otherwise.
                later = plan.trial_days or plan.billing_timing == "arrears"
                self.assertEqual(bool(order.invoice_ids), not later)
