from odoo.http import request, route

from odoo.addons.website_sale.controllers.combo_configurator import (
    WebsiteSaleComboConfiguratorController,
)


class ShopComboConfigurator(WebsiteSaleComboConfiguratorController):
    @route()
    def website_sale_combo_configurator_get_data(
        self, product_tmpl_id, *args, **kwargs
    ):
        """Override of `website_sale` to name the period of the price."""
        data = super().website_sale_combo_configurator_get_data(
            product_tmpl_id, *args, **kwargs
        )
        template = request.env["product.template"].browse(product_tmpl_id)
        if template.recurring_invoice:
            shop = request.env["subscription.shop"]
            offer = shop._choose_offer(
                shop._get_offers(template, shop._get_place()), kwargs.get("plan_id")
            )
            if offer and offer["id"]:
                data["price_info"] = request.env._("every %s", offer["period"])
        return data
