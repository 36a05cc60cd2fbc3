"""What the web shop offers: plans of a product, and what each of them costs."""

from math import floor

from odoo import api, models
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.subscriptions.engine import monthly_amount
from odoo.addons.subscriptions.engine.mrr import months_in
from odoo.addons.subscriptions.engine.proration import exact

# What a page sends for "buy once": there is no plan of this number.
ONCE = 0


class SubscriptionShop(models.AbstractModel):
    """The plans that a product is offered with, and their prices."""

    _name = "subscription.shop"
    _description = "Subscriptions in the Web Shop"

    # === WHICH PLANS === #

    @api.model
    def _get_plans(self, website):
        """Return the plans that a website offers.

        :param website: the website
        :return: with all rights, in the order in which they are offered
        :rtype: subscription.plan
        """
        # sudo: visitors read no plans; what is offered to them is public
        companies = website.sudo().company_id.parent_ids.ids
        return (
            self.env["subscription.plan"]
            .sudo()
            .search(
                Domain("is_sold_online", "=", True)
                & Domain("company_id", "in", [False, *companies])
            )
        )

    @api.model
    def _is_offered(self, product, plan, rule):
        """Tell whether a product is offered with a plan.

        Hook for other addons. It is with those that the product names, or else with
        those that have a price for it.

        :param product: a template or a variant
        :param plan: one of `_get_plans`
        :param rule: the product.pricelist.item that its price comes from
        :rtype: bool
        """
        named = product.sudo().shop_plan_ids  # sudo: see `_get_plans`
        return plan in named if named else rule.plan_id == plan

    @api.model
    def _get_rules(self, products, plan, place, **kwargs):
        """Return what a plan costs for products, untaxed as their sales price is.

        :param products: templates or variants that are sold by subscription
        :param plan: the plan, or none for what is bought once
        :param Place place: where they are sold
        :param kwargs: quantity and uom, which rules may depend on
        :return: price and rule by product id
        :rtype: dict
        """
        prices = place.pricelist._compute_price_rule(
            products,
            kwargs.pop("quantity", 1.0) or 1.0,
            currency=place.currency,
            plan_id=plan.id or None,
            company_id=place.company.id,
            **kwargs,
        )
        Item = place.pricelist.env["product.pricelist.item"]
        return {
            key: (price, Item.browse(rule)) for key, (price, rule) in prices.items()
        }

    @api.model
    def _get_place(self, order=None):
        """Return where something is sold: in a cart, or to the visitor of a page.

        :param order: the cart, None for the page
        :rtype: Place
        """
        if order:
            return Place(self.env, order)
        # Many products of a page are sold in the same place.
        place = getattr(request, "subscription_place", None)
        if not isinstance(place, Place) or place.pricelist != request.pricelist:
            place = request.subscription_place = Place(self.env)
        return place

    @api.model
    def _get_product_plans(self, product, place, **kwargs):
        """Return the plans that a product is offered with in a place.

        :param product: a template or a variant
        :param Place place: where it is sold
        :param kwargs: quantity and uom
        :rtype: subscription.plan
        """
        plans = place.plans
        if not product.recurring_invoice:
            return plans.browse()
        named = product.sudo().shop_plan_ids  # sudo: see `_get_plans`
        return plans.filtered(
            lambda plan: plan in named
            if named
            else self._is_offered(
                product,
                plan,
                self._get_rules(product, plan, place, **kwargs)[product.id][1],
            )
        )

    # === WHAT THEY COST === #

    @api.model
    def _get_offers(self, product, place, **kwargs):
        """Return what a product can be bought as, the default first.

        :param product: a template, or a variant, with its context for prices
        :param Place place: where it is sold
        :param kwargs: quantity and uom
        :return: a dict for each plan, and for buying it once where that is allowed: id
            (0 for once), name, period, price and list_price (in the place's currency,
            taxes as the shop shows them), monthly_price (None where it says no more),
            saving (percent, against the shortest plan), trial_days
        :rtype: list[dict]
        """
        offers = []
        for plan in place.plans:
            price, rule = self._get_rules(product, plan, place, **kwargs)[product.id]
            if self._is_offered(product, plan, rule):
                offers.append(
                    self._prepare_offer(product, plan, price, rule, place, **kwargs)
                )
        once = []
        if product.accept_one_time:
            none = self.env["subscription.plan"]
            price, rule = self._get_rules(product, none, place, **kwargs)[product.id]
            once = [self._prepare_offer(product, none, price, rule, place, **kwargs)]
        if self._is_priced_by_time(product):
            self._compare_by_month(offers, place)
        else:
            self._compare_by_delivery(offers, once)
        return offers + once

    @api.model
    def _prepare_offer(self, product, plan, price, rule, place, **kwargs):
        """Return one of the offers, see `_get_offers`. Hook for other addons."""
        price = place.currency.round(place.with_taxes(product, price))
        list_price = price
        if rule._show_discount_on_shop():
            before = rule._compute_price_before_discount(
                product=product,
                quantity=kwargs.get("quantity") or 1.0,
                date=place.today,
                uom=kwargs.get("uom") or product.uom_id,
                currency=place.currency,
            )
            list_price = max(price, place.with_taxes(product, before))
        return {
            "id": plan.id or ONCE,
            "name": plan.name or self.env._("Buy once"),
            "period": plan.billing_period_label or "",
            "unit": plan.billing_period_unit,
            "count": plan.billing_period_value,
            "price": price,
            "list_price": list_price,
            "monthly_price": None,
            "saving": 0,
            "trial_days": plan.trial_days,
        }

    @api.model
    def _is_priced_by_time(self, product):
        """Tell whether a year of a product is twelve times a month of it.

        It is of services. Of goods, each period is a delivery: weekly ones are more
        coffee than monthly ones, and not dearer.

        :param product: a template or a variant
        :rtype: bool
        """
        return product.prorate

    @api.model
    def _compare_by_delivery(self, offers, once):
        """Note what each offer of goods saves against buying them once.

        :param list[dict] offers: of plans, see `_get_offers`
        :param list[dict] once: that of buying once, if there is one
        """
        for offer in offers if once else ():
            offer["saving"] = self._get_saving(offer["price"], once[0]["price"])

    @api.model
    def _get_saving(self, amount, other):
        """Return how much less one amount is than another, in whole percent.

        :rtype: int
        """
        if not 0 <= amount < other:
            return 0
        return floor(100 * (1 - exact(amount) / exact(other)))

    @api.model
    def _compare_by_month(self, offers, place):
        """Note what each offer costs a month, and saves against the shortest.

        :param list[dict] offers: of plans, see `_get_offers`
        :param Place place: where they are made
        """
        if not offers:
            return
        monthly = [self._get_monthly(offer) for offer in offers]
        shortest = min(
            zip(offers, monthly, strict=True),
            key=lambda pair: months_in(pair[0]["unit"], pair[0]["count"]),
        )[1]
        for offer, amount in zip(offers, monthly, strict=True):
            if (offer["unit"], offer["count"]) != ("month", 1):
                offer["monthly_price"] = place.currency.round(float(amount))
            offer["saving"] = self._get_saving(amount, shortest)

    @api.model
    def _get_monthly(self, offer):
        return monthly_amount(offer["price"], offer["unit"], offer["count"])

    @api.model
    def _choose_offer(self, offers, plan_id=None):
        """Return the offer that was asked for, or else the first.

        :param list[dict] offers: see `_get_offers`
        :param plan_id: the plan, 0 for buying once; anything else for the first
        :rtype: dict | None
        """
        return next(
            (
                offer
                for offer in offers
                if isinstance(plan_id, int) and offer["id"] == plan_id
            ),
            offers[0] if offers else None,
        )

    @api.model
    def _get_grid_prices(self, templates, place):
        """Return the price that a list of products shows for each, with few queries.

        The lowest per month, where there are several plans.

        :param templates: product.template, of any kind
        :param Place place: where they are sold
        :return: offers by template id, of those sold by subscription; from tells
            whether there are several, and then price and period are those of a month
        :rtype: dict
        """
        templates = templates.filtered("recurring_invoice")
        if not templates:
            return {}
        offers = {template: [] for template in templates}
        for plan in place.plans:
            rules = self._get_rules(templates, plan, place)
            for template in templates:
                price, rule = rules[template.id]
                if self._is_offered(template, plan, rule):
                    offers[template].append(
                        self._prepare_offer(template, plan, price, rule, place)
                    )
        place.grid.update(dict.fromkeys(templates.ids))
        prices = {
            template.id: self._summarize(template, found, place)
            for template, found in offers.items()
            if found
        }
        place.grid.update(prices)
        return prices

    @api.model
    def _summarize(self, product, offers, place):
        """Return one offer for several: the lowest, per month where that says more."""
        if len(offers) == 1:
            return {**offers[0], "from": False}
        if not self._is_priced_by_time(product):
            return {**min(offers, key=lambda offer: offer["price"]), "from": True}
        best = min(offers, key=self._get_monthly)
        price = place.currency.round(float(self._get_monthly(best)))
        share = price / best["price"] if best["price"] else 0.0
        return {
            **best,
            "from": True,
            "price": price,
            "list_price": place.currency.round(best["list_price"] * share),
            "period": self.env._("month"),
        }


class Place:
    """Where something is sold: website, company, pricelist, currency and taxes."""

    def __init__(self, env, order=None):
        self.env = env
        self.grid = {}  # what a list of products shows, by template id; None for none
        if order:
            self.website = order.website_id or env["website"].get_current_website()
            self.company = order.company_id
            # sudo: visitors read no pricelists, and see what these come to
            self.pricelist = order.sudo().pricelist_id
            self.fiscal_position = order.sudo().fiscal_position_id
            self.currency = order.currency_id
            self.today = order._get_today()
        else:
            self.website = request.website
            self.company = self.website.sudo().company_id
            self.pricelist = request.pricelist.sudo()
            self.fiscal_position = request.fiscal_position
            self.currency = self.website.currency_id
            # For prices that are valid from some day on, as Odoo's shop asks for them.
            self.today = env["sale.order"]._get_today()
        self.plans = env["subscription.shop"]._get_plans(self.website)

    def with_taxes(self, product, price):
        """Return a price with or without taxes, as the shop shows it.

        :param product: a template or a variant
        :param float price: as the pricelist has it
        :rtype: float
        """
        # sudo: of all companies, those of ours are taken
        taxes = product.sudo().taxes_id._filter_taxes_by_company(self.company)
        if not taxes:
            return price
        return self.env["product.template"]._apply_taxes_to_price(
            price,
            self.currency,
            taxes,
            self.fiscal_position.map_tax(taxes),
            product,
            website=self.website,
        )
