from odoo import models

# Units of plans by UN/CEFACT Recommendation 20, which search engines read.
UNIT_CODES = {"day": "DAY", "week": "WEE", "month": "MON", "year": "ANN"}


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _website_show_quick_add(self):
        """Override of `website_sale`: what has no plan cannot be ordered online."""
        if (
            self.recurring_invoice
            and not self.product_tmpl_id._website_show_quick_add()
        ):
            return False
        return super()._website_show_quick_add()

    def _to_markup_data(self, website):
        """Override of `website_sale`: search engines are told of each plan."""
        data = super()._to_markup_data(website)
        if not self.recurring_invoice:
            return data
        shop = self.env["subscription.shop"]
        offers = [
            self._prepare_offer_markup(offer, website)
            for offer in shop._get_offers(self, shop._get_place())
        ]
        if len(offers) == 1:
            data["offers"] = offers[0]
        elif offers:
            prices = [offer["price"] for offer in offers]
            data["offers"] = {
                "@type": "AggregateOffer",
                "priceCurrency": website.currency_id.name,
                "lowPrice": min(prices),
                "highPrice": max(prices),
                "offerCount": len(offers),
                "offers": offers,
            }
        return data

    def _prepare_offer_markup(self, offer, website):
        """Return an offer as https://schema.org/Offer.

        :param dict offer: see `subscription.shop`
        :param website: the website
        :rtype: dict
        """
        currency = website.currency_id.name
        data = {
            "@type": "Offer",
            "name": offer["name"],
            "price": offer["price"],
            "priceCurrency": currency,
        }
        if offer["id"]:
            data["priceSpecification"] = {
                "@type": "UnitPriceSpecification",
                "price": offer["price"],
                "priceCurrency": currency,
                "referenceQuantity": {
                    "@type": "QuantitativeValue",
                    "value": offer["count"],
                    "unitCode": UNIT_CODES[offer["unit"]],
                },
            }
        return data
