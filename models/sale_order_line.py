from collections import defaultdict
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import format_date

from ..const import MAX_AMOUNT, MAX_NUMBER
from ..engine import monthly_amount, prorate, unit_price

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
                line.order_id.plan_id
                and not line.display_type
                and not line.is_downpayment
                and line._sells_recurring_product()
            )

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
                float(amount) / (order.currency_rate or 1.0)
            )

    @api.depends("tax_ids")
    def _compute_has_typed_taxes(self):
        # Evaluated when the taxes change, and only then: a later change of the tax
        # mapping does not make them a person's choice.
        for line in self:
            line.has_typed_taxes = (
                bool(line.product_id) and line.tax_ids != line._get_mapped_taxes()
            )

    def _get_mapped_taxes(self):
        """Return the taxes Odoo would choose for this line today."""
        self.ensure_one()
        if self.product_type == "combo":
            return self.env["account.tax"]
        # sudo: taxes of the product, to compare with; nothing is shown
        taxes = self.product_id.sudo().taxes_id._filter_taxes_by_company(
            self.company_id
        )
        return self.order_id.fiscal_position_id.map_tax(taxes)

    # Prices

    def _get_pricelist_kwargs(self):
        """Override of `sale` to ask for the price of the order's plan."""
        plan = self.order_id.plan_id
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
            if line.product_id and order.plan_id and not order.pricelist_id:
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
        """Tell whether the line's price is agreed, and no longer looked up."""
        self.ensure_one()
        return bool(
            self._origin.id and self.is_recurring and self.order_id._is_live_contract()
        )

    # Quantities

    def _split_recurring(self):
        """Return (recurring lines of contracts, all other lines)."""
        recurring = self.filtered(
            lambda line: line.is_recurring and line.order_id.subscription_state
        )
        return recurring, self - recurring

    def _is_billed_by_delivery(self):
        """Tell whether each period bills what it delivered."""
        self.ensure_one()
        return (
            self.product_id.invoice_policy == "delivery"
            and self.product_id.type != "combo"
        )

    @api.depends("order_id.last_period_id", "invoice_lines.move_id.is_replaced")
    def _compute_qty_invoiced(self):
        """Override of `sale`: the quantity of the latest billed period.

        A quantity billed by delivery adds up over all periods, as Odoo has it.
        """
        recurring, _others = self._split_recurring()
        ordered = recurring.filtered(lambda line: not line._is_billed_by_delivery())
        super(SaleOrderLine, self - ordered)._compute_qty_invoiced()
        quantities = ordered._sum_invoice_lines(
            ["quantity:sum"],
            [("period_id", "in", ordered.order_id.last_period_id.ids)],
            states=("draft", "posted"),
        )
        for line in ordered:
            line.qty_invoiced = quantities[line._origin][0]

    def _prepare_qty_invoiced(self):
        """Override of `sale`: what a contract was credited stays billed.

        Odoo invoices again what a credit note takes back. On an order that bills
        itself, nobody would ask for it. An invoice that was replaced counts once.
        """
        of_contracts = self.filtered(lambda line: line.order_id.subscription_state)
        quantities = super(SaleOrderLine, self - of_contracts)._prepare_qty_invoiced()
        # sudo: salespeople may see what was invoiced, if not the invoices
        groups = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("sale_line_ids", "in", of_contracts._origin.ids),
                    ("move_id.move_type", "=", "out_invoice"),
                    ("move_id.is_replaced", "=", False),
                    ("parent_state", "!=", "cancel"),
                ],
                ["sale_line_ids", "product_uom_id"],
                ["quantity:sum"],
            )
        )
        known = {line._origin: line for line in of_contracts}
        for origin, uom, quantity in groups:
            if origin in known:
                quantities[known[origin]] += uom._compute_quantity(
                    quantity, origin.product_uom_id
                )
        return quantities

    def _compute_qty_invoiced_posted(self):
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_qty_invoiced_posted()
        quantities = recurring._sum_invoice_lines(["quantity:sum"])
        for line in recurring:
            line.qty_invoiced_posted = quantities[line._origin][0]

    def _compute_untaxed_amount_invoiced(self):
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_untaxed_amount_invoiced()
        amounts = recurring._sum_invoice_lines(["price_subtotal:sum"])
        for line in recurring:
            line.untaxed_amount_invoiced = amounts[line._origin][0]

    def _compute_amount_invoiced(self):
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_amount_invoiced()
        amounts = recurring._sum_invoice_lines(["price_total:sum"])
        for line in recurring:
            line.amount_invoiced = amounts[line._origin][0]

    def _sum_invoice_lines(self, aggregates, domain=(), states=("posted",)):
        """Sum the invoice lines of these lines, less credit notes, in one query each.

        Odoo reads every invoice line ever made; a contract has them by the hundred.

        :return: list of sums for each line
        :rtype: dict
        """
        sums = defaultdict(lambda: [0.0] * len(aggregates))
        if not self.ids:
            return sums
        for move_type, sign in (("out_invoice", 1), ("out_refund", -1)):
            # sudo: salespeople may see what was invoiced, if not the invoices
            groups = (
                self.env["account.move.line"]
                .sudo()
                ._read_group(
                    [
                        ("sale_line_ids", "in", self.ids),
                        ("move_id.move_type", "=", move_type),
                        ("parent_state", "in", states),
                        *domain,
                    ],
                    ["sale_line_ids"],
                    aggregates,
                )
            )
            for line, *values in groups:
                for index, value in enumerate(values):
                    sums[line][index] += sign * value
        return sums

    @api.depends("is_recurring", "order_id.subscription_state")
    def _compute_qty_to_invoice(self):
        """Override of `sale`: what the next period's invoice will bill."""
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_qty_to_invoice()
        for line in recurring:
            if line.state != "sale":
                line.qty_to_invoice = 0.0
            elif line._is_billed_by_delivery():
                line.qty_to_invoice = line.qty_delivered - line.qty_invoiced
            else:
                live = line.order_id._is_live_contract()
                line.qty_to_invoice = line.product_uom_qty if live else 0.0

    @api.depends("is_recurring", "order_id.subscription_state")
    def _compute_invoice_status(self):
        """Override of `sale`: periods are invoiced by the run, nothing is pending.

        What an ended contract delivered and did not bill is left to a person.
        """
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_invoice_status()
        for line in recurring:
            if line.qty_to_invoice > 0 and not line.order_id._is_live_contract():
                line.invoice_status = "to invoice"
            else:
                line.invoice_status = "invoiced" if line.qty_invoiced else "no"

    @api.depends("is_recurring")
    def _compute_untaxed_amount_to_invoice(self):
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_untaxed_amount_to_invoice()
        recurring.untaxed_amount_to_invoice = 0.0

    @api.depends("is_recurring")
    def _compute_amount_to_invoice(self):
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_amount_to_invoice()
        recurring.amount_to_invoice = 0.0

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
        return super().create(vals_list)

    def write(self, vals):
        """Override of `sale` to refuse odd numbers, and what is worked out."""
        self._refuse_odd_values(vals)
        self._refuse_kept_fields(vals)
        return super().write(vals)

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

    def _get_period_quantity(self, period):
        """Return the quantity a period bills.

        Hook for other addons (metered quantities).

        :param engine.Period period: the period
        :rtype: float
        """
        self.ensure_one()
        if not self._is_billed_by_delivery():
            return self.product_uom_qty
        # Delivered up to the period's last day, less what earlier periods billed: what
        # comes in late is billed by the next one.
        delivered = self._get_delivered_quantity_until(period.end)
        return max(delivered - self.qty_invoiced, 0.0)

    def _get_delivered_quantity_until(self, day):
        """Return the quantity delivered up to and including a day."""
        self.ensure_one()
        line = self.with_context(accrual_entry_date=fields.Date.to_string(day))
        if line.qty_delivered_method == "manual" or not line._date_in_the_past():
            return self.qty_delivered
        return line.qty_delivered_at_date

    def _get_period_share(self, period):
        """Return the share of its price that the line costs in a period.

        :param engine.Period period: the period
        :rtype: fractions.Fraction
        """
        self.ensure_one()
        if period.free:
            return period.share
        if not self.product_id.prorate or self._is_billed_by_delivery():
            return 1
        return period.share

    def _get_period_price_unit(self, period, quantity):
        """Return the price per unit that makes the line cost its share.

        One rounding, of the line's amount, in the currency's precision; a quotation,
        a preview and an invoice all ask here.

        :param engine.Period period: the period
        :param float quantity: the quantity billed
        :rtype: float
        """
        self.ensure_one()
        share = self._get_period_share(period)
        if share == 1:
            return self.price_unit
        exact = prorate(self.price_unit, quantity, self.discount, share)
        currency = self.currency_id
        amount = currency.round(float(exact))
        return float(
            unit_price(amount, quantity, self.discount, currency.decimal_places)
        )

    @contextmanager
    def _forgetting_invoices(self):
        """Let the recurring lines have no invoice lines for a while.

        To prepare an invoice line, Odoo reads all that a line was ever invoiced on, in
        search of down payments. A recurring line has none, and years of others.
        """
        recurring = self.filtered("is_recurring")
        ordered = recurring.filtered(lambda line: not line._is_billed_by_delivery())
        field = self._fields["invoice_lines"]
        for line in ordered:
            field._update_cache(line, ())
        try:
            yield
        finally:
            ordered.invalidate_recordset(["invoice_lines"], flush=False)

    def _prepare_period_invoice_line(self, period, **optional_values):
        """Prepare the values of an invoice line for a period.

        :param engine.Period period: the period
        :param optional_values: what the billing knows: sequence, period_id
        :rtype: dict
        """
        self.ensure_one()
        quantity = self._get_period_quantity(period)
        values = self._prepare_invoice_line(**optional_values)
        values.update(
            subscription_id=self.order_id.id,
            period_from=period.start,
            period_to=period.end,
            quantity=quantity,
        )
        if "price_unit" in values:  # not on the section a combo becomes
            values["price_unit"] = self._get_period_price_unit(period, quantity)
            values["name"] = "\n".join((values["name"], self._get_period_text(period)))
        return values

    def _get_period_text(self, period):
        """Return the line of text that names the period, in the context's language.

        :param engine.Period period: the period
        :rtype: str
        """
        return self.env._(
            "%(start)s to %(end)s",
            start=format_date(self.env, period.start),
            end=format_date(self.env, period.end),
        )
