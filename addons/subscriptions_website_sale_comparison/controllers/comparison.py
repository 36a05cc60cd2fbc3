from odoo.http import request, route

from odoo.addons.website_sale_comparison.controllers.main import (
    WebsiteSaleProductComparison,
)


class ContractComparison(WebsiteSaleProductComparison):
    @route()
    def get_product_data(self, product_ids):
        """Override of `website_sale_comparison` to name the period of prices."""
        data = super().get_product_data(product_ids)
        shop = request.env["subscription.shop"]
        for item in data:
            product = request.env["product.product"].browse(item["id"])
            if product.recurring_invoice:
                offer = shop._choose_offer(shop._get_offers(product, shop._get_place()))
                if offer and offer["id"]:
                    item["shop_period"] = offer["period"]
        return data
