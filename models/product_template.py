from odoo import api, fields, models
from odoo.fields import Domain


class ProductTemplate(models.Model):
    _inherit = "product.template"

    recurring_invoice = fields.Boolean(
        string="Subscription",
        help="Sold by subscription: on an order with a plan, its lines recur.",
    )
    accept_one_time = fields.Boolean(
        string="Also Sold Once",
        help="May be sold on an order without a plan as well.",
    )
    prorate = fields.Boolean(
        compute="_compute_prorate",
        store=True,
        readonly=False,
        precompute=True,
        help="A part of a period costs its share by days. Otherwise any part costs the "
        "full price.",
    )
    plan_price_ids = fields.One2many(
        comodel_name="product.pricelist.item",
        inverse_name="product_tmpl_id",
        string="Subscription Prices",
        domain=[("plan_id", "!=", False)],
    )

    @api.depends("type")
    def _compute_prorate(self):
        for template in self:
            template.prorate = template.type == "service"

    def _domain_pricelist_rule_ids(self):
        """Override of `product` to show the prices of plans in their own list."""
        return list(
            Domain(super()._domain_pricelist_rule_ids()) & Domain("plan_id", "=", False)
        )
