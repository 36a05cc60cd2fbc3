from odoo.tests import tagged

from odoo.addons.subscriptions_website_sale.tests.common import ShopHttpCommon


@tagged("post_install", "-at_install")
class TestWishlist(ShopHttpCommon):
    def test_a_wishlist_says_how_often_the_price_is_due(self):
        self.authenticate(self.login, self.login)
        self._call("/shop/wishlist/add", {"product_id": self.seat.id})
        page = self._open("/shop/wishlist")
        self.assertEqual(self._get_text(page, "o_subscription_period"), "/ month")
