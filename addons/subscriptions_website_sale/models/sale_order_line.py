from odoo import api, fields, models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    cart_plan_id = fields.Many2one(
        comodel_name="subscription.plan",
        string="Another Plan",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="Another plan than the order's: when the order is confirmed, it becomes a "
        "contract of its own.",
    )
    is_sold_once = fields.Boolean(
        string="Sold Once",
        help="Bought without a subscription, though the product is sold by one too.",
    )

    # === COMPUTE METHODS === #

    def _get_plan(self):
        """Override of `subscriptions`: lines of a cart may have plans of their own."""
        combo = self._get_linked_line() if self.combo_item_id else self
        line = combo or self
        if line.is_sold_once:
            return line.cart_plan_id.browse()
        return line.cart_plan_id or super()._get_plan()

    @api.depends("cart_plan_id", "is_sold_once")
    def _compute_is_recurring(self):
        super()._compute_is_recurring()

    @api.depends("cart_plan_id", "is_sold_once")
    def _compute_pricelist_item_id(self):
        super()._compute_pricelist_item_id()

    @api.depends("cart_plan_id", "is_sold_once")
    def _compute_price_unit(self):
        super()._compute_price_unit()

    @api.depends("cart_plan_id", "is_sold_once")
    def _compute_discount(self):
        return super()._compute_discount()

    # === THE CART === #

    def _is_setup_fee(self):
        """Tell whether the line came with the subscription it is linked with.

        :rtype: bool
        """
        self.ensure_one()
        parent = self.linked_line_id
        # sudo: visitors need not see the product of a fee
        return bool(parent) and (
            self.product_id == parent.product_id.sudo().setup_product_id
            and not self.combo_item_id
        )

    def _get_shop_offers(self):
        """Return what the line can be bought as, see `subscription.shop`.

        :rtype: list[dict]
        """
        self.ensure_one()
        if not self.product_id.recurring_invoice or self.combo_item_id:
            return []
        shop = self.env["subscription.shop"]
        product = self.product_id.with_context(**self._get_product_price_context())
        return shop._get_offers(
            product,
            shop._get_place(self.order_id),
            quantity=self.product_uom_qty,
            uom=self.product_uom_id,
        )

    def _get_shop_period(self):
        """Return the period after which the price of the line is due again, if any."""
        self.ensure_one()
        return self._get_plan().billing_period_label if self.is_recurring else ""

    def _get_name_of_plan(self):
        """Return how the line is bought: by the plan's name, or once."""
        self.ensure_one()
        if self.is_recurring:
            return self._get_plan().name
        return self.env._("Buy once") if self.is_sold_once else ""

    def _is_plan_offered(self):
        """Tell whether the shop still offers the product with the plan of the line.

        :rtype: bool
        """
        self.ensure_one()
        shop = self.env["subscription.shop"]
        plans = shop._get_product_plans(self.product_id, shop._get_place(self.order_id))
        return self._get_plan() in plans
