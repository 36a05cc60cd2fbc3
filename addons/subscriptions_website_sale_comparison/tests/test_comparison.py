from odoo.tests import tagged

from odoo.addons.subscriptions_website_sale.tests.common import ShopHttpCommon


@tagged("post_install", "-at_install")
class TestComparison(ShopHttpCommon):
    def test_a_comparison_says_how_often_the_price_is_due(self):
        products = f"{self.seat.id},{self.setup_fee.id}"
        page = self._open(f"/shop/compare?products={products}")
        texts = [
            " ".join(found.itertext()).split()
            for found in self._find(page, "o_subscription_period")
        ]
        self.assertTrue(texts)
        self.assertEqual(set(map(tuple, texts)), {("/", "month")})

    def test_what_is_chosen_to_be_compared_says_so_too(self):
        seat, fee = self._call(
            "/shop/compare/get_product_data",
            {"product_ids": [self.seat.id, self.setup_fee.id]},
        )
        self.assertEqual(seat["shop_period"], "month")
        self.assertNotIn("shop_period", fee)
