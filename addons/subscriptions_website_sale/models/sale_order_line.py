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
        if line.is_sold_once or line._comes_by_itself():
            return line.cart_plan_id.browse()
        return line.cart_plan_id or super()._get_plan()

    @api.depends(
        "cart_plan_id",
        "is_sold_once",
        "linked_line_id.cart_plan_id",
        "linked_line_id.is_sold_once",
    )
    def _compute_is_recurring(self):
        super()._compute_is_recurring()

    @api.depends(
        "cart_plan_id",
        "is_sold_once",
        "linked_line_id.cart_plan_id",
        "linked_line_id.is_sold_once",
    )
    def _compute_pricelist_item_id(self):
        super()._compute_pricelist_item_id()

    @api.depends(
        "cart_plan_id",
        "is_sold_once",
        "linked_line_id.cart_plan_id",
        "linked_line_id.is_sold_once",
    )
    def _compute_price_unit(self):
        super()._compute_price_unit()

    @api.depends(
        "cart_plan_id",
        "is_sold_once",
        "linked_line_id.cart_plan_id",
        "linked_line_id.is_sold_once",
    )
    def _compute_discount(self):
        return super()._compute_discount()

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `sale`: lines that move to another cart keep their plan.

        So they do when an abandoned cart is merged into the one at hand.
        """
        moved = {}
        if "order_id" in vals and "cart_plan_id" not in vals:
            moved = {
                line: line._get_plan()
                for line in self
                if line.order_id.website_id
                and line.is_recurring
                and not line.combo_item_id
            }
        result = super().write(vals)
        for line, plan in moved.items():
            line.cart_plan_id = plan
        for cart in self.browse([line.id for line in moved]).order_id:
            cart._settle_cart_plans()
        return result

    # === THE CART === #

    def _comes_by_itself(self):
        """Tell whether the line is what a coupon gives, or what delivery costs.

        Such lines are for once, whatever product they have.

        :rtype: bool
        """
        self.ensure_one()
        is_reward = "reward_id" in self._fields and self.reward_id
        return bool(self.is_delivery or is_reward)

    def _is_reorder_allowed(self):
        """Override of `website_sale`: a setup fee comes with its subscription."""
        return super()._is_reorder_allowed() and not self._is_setup_fee()

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
        plans = shop._get_product_plans(
            self.product_id,
            shop._get_place(self.order_id),
            quantity=self.product_uom_qty,
            uom=self.product_uom_id,
        )
        return self._get_plan() in plans

    def _lacks_plan(self):
        """Tell whether the line cannot be sold as it is: it has no plan, and needs one.

        :rtype: bool
        """
        self.ensure_one()
        return (
            self.product_id.recurring_invoice
            and not self.product_id.accept_one_time
            and not self.is_recurring
            and not self.combo_item_id
            and not self._comes_by_itself()
        )
