from odoo.http import request

from odoo.addons.website_sale.controllers.product_configurator import (
    WebsiteSaleProductConfiguratorController,
)


class ShopProductConfigurator(WebsiteSaleProductConfiguratorController):
    def _get_basic_product_information(
        self, product_or_template, pricelist, combination, **kwargs
    ):
        """Override of `website_sale` to name the plan, and the period of its price."""
        info = super()._get_basic_product_information(
            product_or_template, pricelist, combination, **kwargs
        )
        if request.is_frontend and product_or_template.recurring_invoice:
            shop = request.env["subscription.shop"]
            offer = shop._choose_offer(
                shop._get_offers(product_or_template, shop._get_place()),
                kwargs.get("plan_id"),
            )
            if offer and offer["id"]:
                # Odoo strikes through another price only where there is no such text.
                info["price_info"] = request.env._("every %s", offer["period"])
                info.pop("strikethrough_price", None)
            elif not offer:
                info["can_be_sold"] = False
        return info
