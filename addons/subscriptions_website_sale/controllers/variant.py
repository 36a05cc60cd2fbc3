from odoo.exceptions import UserError
from odoo.http import request, route

from odoo.addons.website_sale.controllers.variant import WebsiteSaleVariantController

from .common import read_plan_id


class ShopVariant(WebsiteSaleVariantController):
    @route()
    def get_combination_info_website(self, *args, **kwargs):
        """Override of `website_sale`: the price is that of the plan that is chosen."""
        try:
            plan_id = read_plan_id(kwargs.pop("plan_id", None))
        except UserError:
            plan_id = None  # the default is shown
        request.update_context(shop_plan_id=plan_id)
        info = super().get_combination_info_website(*args, **kwargs)
        if info.get("shop_offers") is not None:
            info["shop_plan_selector"] = request.env["ir.ui.view"]._render_template(
                "subscriptions_website_sale.plan_selector",
                {"combination_info": info, "website": request.website},
            )
        return info
