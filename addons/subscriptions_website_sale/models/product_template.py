from markupsafe import Markup

from odoo import api, fields, models
from odoo.http import request
from odoo.tools import float_is_zero


class ProductTemplate(models.Model):
    _inherit = "product.template"

    shop_plan_ids = fields.Many2many(
        comodel_name="subscription.plan",
        relation="product_template_shop_plan_rel",
        string="Plans in the Shop",
        domain="[('is_sold_online', '=', True)]",
        help="The plans that the web shop offers. Left empty, those that have a price "
        "for the product.",
    )
    setup_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Setup Fee",
        domain="[('sale_ok', '=', True), ('recurring_invoice', '=', False), "
        "('type', '=', 'service')]",
        index="btree_not_null",
        ondelete="restrict",
        help="Sold once with each subscription to the product in the web shop.",
    )

    # === PRODUCT PAGE === #

    def _get_additionnal_combination_info(  # the typo is Odoo's
        self, product_or_template, quantity, uom, date, website
    ):
        """Override of `website_sale` to show the plans, and the price of one."""
        info = super()._get_additionnal_combination_info(
            product_or_template, quantity, uom, date, website
        )
        if not self.recurring_invoice:
            return info
        shop = self.env["subscription.shop"]
        place = shop._get_place()
        offers = shop._get_offers(
            product_or_template, place, quantity=quantity, uom=uom
        )
        offer = shop._choose_offer(offers, self.env.context.get("shop_plan_id"))
        info["shop_offers"] = offers
        info["shop_setup_fee"] = self._get_setup_fee(place)
        if not offer:
            # Nothing to order online: the page offers to get in touch instead.
            info.update(prevent_zero_price_sale=True, compare_list_price=0)
            return info
        compare = place.currency.compare_amounts
        info.update(
            price=offer["price"],
            list_price=offer["list_price"],
            has_discounted_price=compare(offer["list_price"], offer["price"]) > 0,
            prevent_zero_price_sale=website.prevent_zero_price_sale
            and float_is_zero(
                offer["price"], precision_rounding=place.currency.rounding
            ),
            shop_plan_id=offer["id"],
            shop_period=offer["period"],
        )
        if offer["id"]:
            info.pop("compare_list_price", None)  # that is of buying it once
        return info

    def _get_setup_fee(self, place):
        """Return what is charged once with a subscription to the product, or 0.

        :param Place place: where it is sold
        :return: taxes as the shop shows them
        :rtype: float
        """
        self.ensure_one()
        # sudo: the fee need not be a product of its own in the shop
        product = self.sudo().setup_product_id
        if not product:
            return 0.0
        price = place.pricelist._get_product_price(
            product, 1.0, currency=place.currency
        )
        return place.with_taxes(product, price)

    def _get_contextual_price(self, product=None):
        """Override of `product`: the shop asks whether a product has a price."""
        if self.recurring_invoice and request and request.is_frontend:
            shop = self.env["subscription.shop"]
            place = shop._get_place()
            if self.id in place.grid:
                return (place.grid[self.id] or {}).get("price", 0.0)
            offers = shop._get_offers(product or self, place)
            return max((offer["price"] for offer in offers), default=0.0)
        return super()._get_contextual_price(product=product)

    def _website_show_quick_add(self):
        """Override of `website_sale`: what has no plan cannot be ordered online."""
        shown = super()._website_show_quick_add()
        if shown and self.recurring_invoice and not self.accept_one_time:
            shop = self.env["subscription.shop"]
            place = shop._get_place()
            if self.id in place.grid:
                return bool(place.grid[self.id])
            return bool(shop._get_product_plans(self, place))
        return shown

    # === LISTS === #

    def _get_sales_prices(self, website):
        """Override of `website_sale` to show what a subscription costs."""
        prices = super()._get_sales_prices(website)
        shop = self.env["subscription.shop"]
        if not any(template.recurring_invoice for template in self):
            return prices
        for key, offer in shop._get_grid_prices(self, shop._get_place()).items():
            values = prices[key]
            values["price_reduce"] = offer["price"]
            values["shop_offer"] = offer
            values.pop("base_price", None)
            if offer["list_price"] > offer["price"]:
                values["base_price"] = offer["list_price"]
        return prices

    def _search_render_results_prices(self, mapping, combination_info):
        """Override of `website_sale` to name the period in search results."""
        price, list_price = super()._search_render_results_prices(
            mapping, combination_info
        )
        if price and combination_info.get("shop_period"):
            price = Markup("%s <small>/ %s</small>") % (
                price,
                combination_info["shop_period"],
            )
        return price, list_price

    # === CONFIGURATORS === #

    @api.model
    def _get_configurator_price(
        self, product_or_template, quantity, date, currency, pricelist, **kwargs
    ):
        """Override of `sale` to show the price of the plan that was chosen."""
        if request and request.is_frontend:
            plan_id = kwargs.pop("plan_id", None)
            if product_or_template.recurring_invoice:
                shop = self.env["subscription.shop"]
                place = shop._get_place()
                offers = shop._get_offers(product_or_template, place)
                offer = shop._choose_offer(offers, plan_id)
                kwargs.update(
                    plan_id=(offer and offer["id"]) or None, company_id=place.company.id
                )
        return super()._get_configurator_price(
            product_or_template, quantity, date, currency, pricelist, **kwargs
        )
