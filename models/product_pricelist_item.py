from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import MAX_NUMBER


class ProductPricelistItem(models.Model):
    _inherit = "product.pricelist.item"

    plan_id = fields.Many2one(
        comodel_name="subscription.plan",
        string="Plan",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
        help="The price of a period of this plan. Without a plan, the price of a "
        "product sold once, and of plans that have no price of their own.",
    )

    @api.depends("plan_id")
    def _compute_is_pricelist_required(self):
        """Override of `product`: a plan's price may hold for any pricelist."""
        super()._compute_is_pricelist_required()
        self.filtered("plan_id").is_pricelist_required = False

    @api.depends("plan_id.company_id")
    def _compute_company_id(self):
        super()._compute_company_id()
        for item in self.filtered("plan_id"):
            item.company_id = item.company_id or item.plan_id.company_id

    @api.constrains(
        "plan_id",
        "compute_price",
        "fixed_price",
        "percent_price",
        "price_discount",
        "price_surcharge",
    )
    def _check_plan_price(self):
        for item in self.filtered("plan_id"):
            if item.compute_price == "fixed" and item.fixed_price < 0:
                raise ValidationError(
                    self.env._("The price of a plan cannot be negative.")
                )
            for number in (
                item.fixed_price,
                item.percent_price,
                item.price_discount,
                item.price_surcharge,
            ):
                # A comparison with NaN is false, whichever way it is put.
                if not abs(number) <= MAX_NUMBER:
                    raise ValidationError(
                        self.env._("The price of a plan is too large, or not a number.")
                    )

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `product`: a plan's price holds for any pricelist.

        Unless one is named: Odoo proposes the first for every rule.
        """
        for vals in vals_list:
            if vals.get("plan_id") and "default_pricelist_id" not in self.env.context:
                vals.setdefault("pricelist_id", False)
        return super().create(vals_list)

    def _is_applicable_for(self, product, qty_in_product_uom):
        """Override of `product`: what does not recur has no price of a plan."""
        if self.plan_id and not product.recurring_invoice:
            return False
        return super()._is_applicable_for(product, qty_in_product_uom)

    def _compute_price(self, product, quantity, uom, date, currency=None, **kwargs):  # pylint: disable=too-many-positional-arguments
        """Override of `product` to convert a price that knows no pricelist.

        Odoo takes fixed prices and extra fees to be in the pricelist's currency.
        """
        target = currency
        if self.plan_id and not self.pricelist_id:
            currency = self.currency_id
        price = super()._compute_price(
            product, quantity, uom, date, currency=currency, **kwargs
        )
        if target and currency and currency != target:
            price = currency._convert(
                price, target, self.env.company, date, round=False
            )
        return price
