from odoo.tests import tagged

from odoo.addons.subscriptions.tests.redirect_common import RedirectCommon
from odoo.addons.subscriptions.tests.tour_common import TourCase

from .common import ShopHttpCommon

PHONE = "390x844"


@tagged("post_install", "-at_install")
class TestShopTours(RedirectCommon, ShopHttpCommon, TourCase):
    """Customers of the shop in a real browser, to the contract."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website.product_page_image_width = "none"
        # Pages of the shop load nothing from elsewhere.
        for name in ("web.assets_frontend_minimal", "web.assets_frontend_lazy"):
            cls.env["ir.qweb"]._get_asset_bundle(name, css=False, js=True).js()

    def _walk(self, product, tour, login=None, **options):
        self.start_tour(product.website_url, tour, login=login, **options)
        return self._get_cart()

    def _get_orders(self, order):
        cart = order.cart_id or order
        return cart | cart.cart_part_ids

    def test_a_guest_signs_up_and_subscribes_to_a_trial(self):
        order = self._walk(self.tryout, "subscriptions_shop_guest")
        self.assertEqual(order.partner_id.email, "guest@example.com")
        self.assertTrue(order.partner_id.user_ids)
        self.assertEqual((order.state, order.in_trial), ("sale", True))
        self.assertTrue(order.payment_token_id)
        self.assertFalse(order.invoice_ids)

    def test_a_customer_buys_two_plans_and_something_once(self):
        self._add_for_customer(self.setup_fee)
        order = self._walk(self.seat, "subscriptions_shop_two_plans", self.login)
        orders = self._get_orders(order)
        self.assertEqual(orders.plan_id, self.yearly | self.monthly)
        self.assertEqual(sum(orders.invoice_ids.mapped("amount_total")), 368.0)
        self.assertEqual(set(orders.invoice_ids.mapped("payment_state")), {"paid"})
        self.assertEqual(len(orders.transaction_ids), 1)

    def test_two_plans_on_a_phone(self):
        self.browser_size, self.touch_enabled = PHONE, True
        self._add_for_customer(self.setup_fee)
        order = self._walk(self.seat, "subscriptions_shop_two_plans", self.login)
        self.assertEqual(len(self._get_orders(order)), 2)

    def test_the_plan_is_changed_in_the_cart(self):
        cart = self._walk(self.seat, "subscriptions_shop_change_plan")
        self.assertEqual(cart.plan_id, self.yearly)
        self.assertEqual(cart.order_line.product_uom_qty, 2.0)

    def test_a_variant_with_a_price_of_its_own(self):
        template = self.env["product.template"].create(
            {
                "name": "Locker",
                "type": "service",
                "list_price": 1.0,
                "taxes_id": False,
                "recurring_invoice": True,
                "is_published": True,
            }
        )
        _small, large = self._price_sizes(template)
        cart = self._walk(template, "subscriptions_shop_variant")
        self.assertEqual(cart.order_line.product_id, large)
        self.assertEqual(cart.order_line.price_unit, 15.0)

    def test_a_product_without_sales_price_is_sold_with_its_plan(self):
        cart = self._walk(self.tryout, "subscriptions_shop_zero_price")
        self.assertEqual(cart.order_line.price_unit, 20.0)

    def test_an_option_is_bought_with_the_plan_of_its_product(self):
        option = self._publish(self._create_item("Backup", 3.0))
        self._price(option, self.monthly, 3.0)
        self._price(option, self.yearly, 30.0)
        self.seat.optional_product_ids = option.product_tmpl_id
        cart = self._walk(self.seat, "subscriptions_shop_options")
        self.assertEqual(cart.plan_id, self.yearly)
        self.assertEqual(cart.order_line.mapped("price_unit"), [108.0, 30.0])

    def test_a_provider_with_a_page_of_its_own(self):
        with self._redirecting_provider():
            order = self._walk(self.seat, "subscriptions_shop_redirect", self.login)
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(order.invoice_ids.payment_state, "paid")

    def _add_for_customer(self, product):
        """Let the customer have something in the cart already."""
        return self._create_cart(product)
