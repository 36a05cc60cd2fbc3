from odoo import api, fields, models
from odoo.exceptions import ValidationError


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

    @api.constrains("plan_id", "fixed_price", "compute_price")
    def _check_plan_price(self):
        for item in self.filtered("plan_id"):
            if item.compute_price == "fixed" and item.fixed_price < 0:
                raise ValidationError(
                    self.env._("The price of a plan cannot be negative.")
                )

    def _compute_price(
        self, product, quantity, uom, date, currency=None, **kwargs
    ):  # pylint: disable=too-many-positional-arguments
        """Override of `product` to convert a price that knows no pricelist.

        Odoo takes a fixed price to be in the pricelist's currency.
        """
        price = super()._compute_price(
            product, quantity, uom, date, currency=currency, **kwargs
        )
        if (
            self.plan_id
            and not self.pricelist_id
            and self.compute_price == "fixed"
            and currency
            and self.currency_id != currency
        ):
            price = self.currency_id._convert(
                price, currency, self.env.company, date, round=False
            )
        return price
