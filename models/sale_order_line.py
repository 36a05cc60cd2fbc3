from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..const import MAX_AMOUNT, MAX_NUMBER
from ..engine import monthly_amount

# Typed by people, and sent by programs.
NUMBER_FIELDS = ("product_uom_qty", "price_unit", "discount")


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    plan_id = fields.Many2one(related="order_id.plan_id")
    is_recurring = fields.Boolean(
        string="Recurring",
        compute="_compute_is_recurring",
        store=True,
        precompute=True,
    )
    parent_line_id = fields.Many2one(
        comodel_name="sale.order.line",
        string="Line of the Contract",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The line this one of an upsell or a renewal was taken from.",
    )
    mrr = fields.Monetary(
        string="MRR",
        compute="_compute_mrr",
        currency_field="company_currency_id",
        store=True,
        help="Monthly recurring revenue: the untaxed price per period, divided by the "
        "months in the period.",
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    technical_discount = fields.Float(
        compute="_compute_discount",
        store=True,
        precompute=True,
        digits="Discount",
        help="The discount the pricelist gave; another one was typed by a person.",
    )
    has_typed_taxes = fields.Boolean(
        compute="_compute_has_typed_taxes",
        store=True,
        help="The taxes were chosen by a person and stay as they are.",
    )

    _quantity_finite = models.Constraint(
        f"CHECK (product_uom_qty BETWEEN -{MAX_NUMBER:.0f} AND {MAX_NUMBER:.0f})",
        "This quantity is too large, or not a number.",
    )
    _price_finite = models.Constraint(
        f"CHECK (price_unit BETWEEN -{MAX_NUMBER:.0f} AND {MAX_NUMBER:.0f})",
        "This price is too large, or not a number.",
    )

    # === COMPUTE METHODS === #

    # Not on the product's flag: a change of the product leaves running contracts alone.
    @api.depends("product_id", "order_id.plan_id", "display_type", "is_downpayment")
    def _compute_is_recurring(self):
        for line in self:
            line.is_recurring = bool(
                line._get_plan()
                and not line.display_type
                and not line.is_downpayment
                and line._sells_recurring_product()
            )

    def _get_plan(self):
        """Return the plan that the line is sold under: that of the order.

        Hook for other addons, where a quotation is not one contract yet.

        :rtype: subscription.plan
        """
        self.ensure_one()
        return self.order_id.plan_id

    def _sells_recurring_product(self):
        """Tell whether the line recurs under a plan.

        The parts of a combo recur with it.
        """
        self.ensure_one()
        combo = self._get_linked_line() if self.combo_item_id else self
        return (combo or self).product_id.recurring_invoice

    @api.depends(
        "is_recurring",
        "price_subtotal",
        "order_id.subscription_state",
        "order_id.in_trial",
        "order_id.currency_rate",
        "order_id.mrr_rate",
        "order_id.plan_id.billing_period_value",
        "order_id.plan_id.billing_period_unit",
    )
    def _compute_mrr(self):
        for line in self:
            order, plan = line.order_id, line.order_id.plan_id
            has_mrr = order._is_live_contract() and not order.in_trial
            if not line.is_recurring or not has_mrr:
                line.mrr = 0.0
                continue
            amount = monthly_amount(
                line.price_subtotal, plan.billing_period_unit, plan.billing_period_value
            )
            line.mrr = order.company_id.currency_id.round(
                float(amount) / order._get_mrr_rate()
            )

    @api.depends("tax_ids")
    def _compute_has_typed_taxes(self):
        # Evaluated when the taxes change, and only then: a later change of the tax
        # mapping does not make them a person's choice.
        for line in self:
            line.has_typed_taxes = (
                bool(line.product_id) and line.tax_ids != line._get_mapped_taxes()
            )

    def _get_mapped_taxes(self, position=None):
        """Return the taxes Odoo would choose for this line today.

        :param position: the fiscal position, None for that of the order
        :rtype: account.tax
        """
        self.ensure_one()
        if self.product_type == "combo":
            return self.env["account.tax"]
        # sudo: taxes of the product, to compare with; nothing is shown
        taxes = self.product_id.sudo().taxes_id._filter_taxes_by_company(
            self.company_id
        )
        if position is None:
            position = self.order_id.fiscal_position_id
        return position.map_tax(taxes)

    # Prices

    def _get_pricelist_kwargs(self):
        """Override of `sale` to ask for the price of the order's plan."""
        plan = self._get_plan()
        plan_id = plan.id if plan and self._sells_recurring_product() else None
        return dict(
            super()._get_pricelist_kwargs(),
            plan_id=plan_id,
            company_id=self.company_id.id,
        )

    @api.depends("order_id.plan_id")
    def _compute_pricelist_item_id(self):
        super()._compute_pricelist_item_id()
        # Odoo looks for no rule where there is no pricelist; a plan may have a price.
        for line in self:
            order = line.order_id
            if line.product_id and line._get_plan() and not order.pricelist_id:
                line.pricelist_item_id = order.pricelist_id._get_product_rule(
                    product=line.product_id, **line._get_pricelist_kwargs()
                )

    def _get_pricelist_price_before_discount(self):
        """Override of `sale`: without a pricelist, the price has the discount in it.

        Odoo fills in the discount of a line only where the order has a pricelist.
        """
        if not self.order_id.pricelist_id:
            return self._get_pricelist_price()
        return super()._get_pricelist_price_before_discount()

    @api.depends("order_id.plan_id")
    def _compute_price_unit(self):
        """Override of `sale`: the price of a running contract is agreed.

        Only the button "Update prices" asks the pricelist again. (Odoo would not even
        then, once a line is invoiced.)
        """
        agreed = self.filtered(lambda line: line._has_agreed_price())
        super(SaleOrderLine, self - agreed)._compute_price_unit()
        if self.env.context.get("force_price_recomputation"):
            for line in agreed.with_context(sale_write_from_compute=True):
                line._reset_price_unit()

    @api.depends("order_id.plan_id")
    def _compute_discount(self):
        """Override of `sale`: another plan leaves a typed discount alone."""
        lines = self
        if not self.env.context.get("force_price_recomputation"):
            lines = self.filtered(
                lambda line: not line._has_agreed_price()
                and not line._has_typed_discount()
            )
        result = super(SaleOrderLine, lines)._compute_discount()
        for line in lines:
            line.technical_discount = line.discount
        return result

    def _has_typed_discount(self):
        """Tell whether a person changed the discount of a recurring line."""
        self.ensure_one()
        return bool(
            self._origin.id
            and self.is_recurring
            and self.discount != self.technical_discount
        )

    def _has_agreed_price(self):
        """Tell whether the line's price is agreed, and no longer looked up.

        That of a running contract is, and so what an upsell takes from it.
        """
        self.ensure_one()
        if not self._origin.id or not self.is_recurring:
            return False
        is_upsell = self.order_id.subscription_kind == "upsell"
        return self.order_id._is_live_contract() or bool(
            is_upsell and self.parent_line_id
        )

    def _is_same_sale(self, other):
        """Tell whether a line of an upsell sells what this line does.

        :param other: line of the contract
        """
        self.ensure_one()

        def describe(line):
            return (
                line.product_id,
                line.product_uom_id,
                line.currency_id.round(line.price_unit),
                line.discount,
                line.tax_ids,
                line.analytic_distribution or {},
                line.product_no_variant_attribute_value_ids,
            )

        return (
            other.is_recurring
            and self.product_type != "combo"
            and not (self.combo_item_id or other.combo_item_id)
            and describe(self.sudo()) == describe(other.sudo())
        )

    def _update_line_quantity(self, values):
        """Override of `sale`: a change says in the chatter itself what it does."""
        if self.env.su and self.env.context.get("subscription_change"):
            return None
        return super()._update_line_quantity(values)

    # === CONSTRAINT METHODS === #

    @api.constrains("product_uom_qty", "price_unit", "discount")
    def _check_numbers(self):
        for line in self:
            self._refuse_odd_numbers(
                line.product_uom_qty, line.price_unit, line.discount
            )
            if abs(line.product_uom_qty * line.price_unit) > MAX_AMOUNT:
                raise ValidationError(
                    self.env._(
                        "%s: no invoice can hold so large an amount.",
                        line.name or line.product_id.display_name,
                    )
                )

    @api.model
    def _refuse_kept_fields(self, vals):
        if not self.env.su and vals.keys() & {"is_recurring", "mrr"}:
            raise AccessError(
                self.env._("Whether a line recurs follows from product and plan.")
            )

    @api.model
    def _refuse_odd_values(self, vals):
        """Refuse odd numbers before they are rounded, which NaN cannot be."""
        self._refuse_odd_numbers(*map(vals.get, NUMBER_FIELDS))

    @api.model
    def _refuse_odd_numbers(self, *numbers):
        """Refuse numbers that are too large, or none: JSON may bring NaN."""
        for number in numbers:
            # A comparison with NaN is false, whichever way it is put.
            if isinstance(number, (int, float)) and not abs(number) <= MAX_NUMBER:
                raise ValidationError(
                    self.env._(
                        "A quantity, price or discount is too large, or not a number."
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `sale` to refuse odd numbers, and what is worked out."""
        for vals in vals_list:
            self._refuse_odd_values(vals)
            self._refuse_kept_fields(vals)
        sent = [  # Odoo adds to the values
            (
                "price_unit" in vals and "technical_price_unit" not in vals,
                "discount" in vals and "technical_discount" not in vals,
            )
            for vals in vals_list
        ]
        lines = super().create(vals_list)
        for line, which in zip(lines, sent, strict=True):
            line._note_typed(*which)
        return lines

    def _note_typed(self, price_sent, discount_sent):
        """Note which price and discount rules would have given a new recurring line.

        Odoo takes what a program, or the form, sends for what rules gave.

        :param bool price_sent: whether the line was created with a price
        :param bool discount_sent: and with a discount
        """
        if not self.is_recurring or self.combo_item_id or self.product_type == "combo":
            return
        if price_sent or discount_sent:
            price, discount = self._get_plan_price(
                self._get_plan(), self._get_order_date()
            )
            if price_sent:
                line = self.with_context(sale_write_from_compute=True)
                line.technical_price_unit = price
            if discount_sent:
                self.technical_discount = discount

    def write(self, vals):
        """Override of `sale` to refuse odd numbers, and what is worked out."""
        self._refuse_odd_values(vals)
        self._refuse_kept_fields(vals)
        result = super().write(vals)
        if vals.keys() & {"price_unit", "discount"}:
            self._note_typed_on_contract(vals.keys())
        return result

    def _note_typed_on_contract(self, names):
        """Let a planned switch keep what a person types on a running contract.

        :param names: the fields that were written
        """
        if self.env.su and self.env.context.get("subscription_change"):
            return  # written by a change itself
        # sudo: changes are written by the contract's methods alone
        planned = self.sudo().filtered(
            lambda line: line.is_recurring and line.order_id.scheduled_change_ids
        )
        for one in planned.change_line_ids:
            if one.change_id.state == "scheduled" and one.change_id._keeps_typed():
                one._keep_typed(names)

    # === BUSINESS METHODS === #

    def _update_mapped_taxes(self):
        """Bring the taxes up to date with fiscal position and mapping.

        Taxes a person typed stay.

        :return: the lines whose taxes changed
        """
        changed = self.browse()
        for line in self:
            if line.display_type or line.is_downpayment or line.has_typed_taxes:
                continue
            taxes = line._get_mapped_taxes()
            if taxes != line.tax_ids:
                line.tax_ids = taxes
                changed |= line
        return changed
