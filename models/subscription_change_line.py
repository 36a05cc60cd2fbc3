from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

# Documents that count: all but those that were cancelled.
MADE = ("draft", "posted")


class SubscriptionChangeLine(models.Model):
    """What a change does to one line of the contract."""

    _name = "subscription.change.line"
    _description = "Contract Change Line"
    _order = "id"

    change_id = fields.Many2one(
        comodel_name="subscription.change",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    order_line_id = fields.Many2one(
        comodel_name="sale.order.line",
        string="Line",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    source_line_id = fields.Many2one(
        comodel_name="sale.order.line",
        string="Quotation Line",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    currency_id = fields.Many2one(related="order_line_id.currency_id")
    quantity_before = fields.Float(
        digits="Product Unit", readonly=True, help="When the change was asked for."
    )
    quantity_change = fields.Float(digits="Product Unit", readonly=True)
    price_before = fields.Float(
        digits="Product Price", readonly=True, min_display_digits="Product Price"
    )
    price_after = fields.Float(
        digits="Product Price", readonly=True, min_display_digits="Product Price"
    )
    is_typed = fields.Boolean(
        readonly=True,
        help="The new price was typed by a person: no rule writes over it later.",
    )
    discount_before = fields.Float(digits="Discount", readonly=True)
    discount_after = fields.Float(digits="Discount", readonly=True)
    is_charged_apart = fields.Boolean(
        readonly=True,
        help="What it costs of the periods billed before has an invoice of its own.",
    )
    billed_with_id = fields.Many2one(
        comodel_name="subscription.change.line",
        readonly=True,
        ondelete="set null",
        help="A later change whose invoice has this one in it: the own is gone.",
    )
    move_line_ids = fields.One2many(
        comodel_name="account.move.line",
        inverse_name="change_line_id",
        string="Invoice Lines",
        readonly=True,
    )

    def _get_text(self):
        """Return what changes about the line, in the context's language."""
        self.ensure_one()
        product = self.order_line_id.product_id.display_name
        if self.change_id.kind == "quantity":
            return self.env._(
                "%(product)s: %(before)s → %(after)s",
                product=product,
                before=self._format_quantity(self.quantity_before),
                after=self._format_quantity(
                    self.quantity_before + self.quantity_change
                ),
            )
        return self.env._(
            "%(product)s: %(before)s → %(after)s",
            product=product,
            before=self._format_price(self.price_before, self.discount_before),
            after=self._format_price(self.price_after, self.discount_after),
        )

    def _format_quantity(self, quantity):
        return f"{quantity:g}"

    def _format_price(self, price, discount):
        text = formatLang(self.env, price, currency_obj=self.currency_id)
        return f"{text} (−{discount:g} %)" if discount else text

    def _check_not_below_zero(self):
        line = self.order_line_id
        if line.product_uom_qty + self.quantity_change < 0:
            raise UserError(
                self.env._(
                    "%(product)s: the contract has %(quantity)s, %(number)s cannot be "
                    "taken away.",
                    product=line.product_id.display_name,
                    quantity=self._format_quantity(line.product_uom_qty),
                    number=self._format_quantity(-self.quantity_change),
                )
            )

    def _write_quantity(self):
        line = self.order_line_id
        if self.source_line_id:
            # What is delivered for an upsell is delivered by the upsell itself.
            line = line.with_context(skip_procurement=True)
        before = line.product_uom_qty
        # The chatter has it from the change, with who and why.
        line.with_context(
            subscription_change=True
        ).product_uom_qty += self.quantity_change
        self.quantity_before = before

    def _write_price(self):
        line = self.order_line_id.with_context(subscription_change=True)
        self.write({"price_before": line.price_unit, "discount_before": line.discount})
        line.write(
            {
                "price_unit": self.price_after,
                # What rules gave, or an increase, another plan looks up again.
                "technical_price_unit": self.price_after
                if line._has_looked_up_price() and not self.is_typed
                else line.technical_price_unit,
                "discount": self.discount_after,
            }
        )

    def _get_made_lines(self):
        """Return the lines of invoices and credit notes made for the change.

        :rtype: account.move.line
        """
        # sudo: what was billed does not depend on who reads the invoices
        lines = self.sudo().move_line_ids | self.sudo().billed_with_id.move_line_ids
        return lines.filtered(lambda line: line.parent_state in MADE)

    def _has_charge_pending(self):
        """Tell whether what was charged for the line has no invoice any more."""
        self.ensure_one()
        return self.is_charged_apart and not self._get_made_lines()

    def _concerns(self, row):
        """Tell whether the change was charged, or given back, for a ledger row.

        Later periods were billed with it.

        :param row: the ledger row
        """
        change = self.change_id
        return (
            row.date_to >= change.date
            and row.date_from <= change.charged_until
            and row not in change.billed_period_ids
        )

    def _is_billed_apart(self, period):
        """Tell whether days of a period were billed by a document of the change.

        Days that were given back since, by a plan switch or at closing, are not.
        """
        return any(
            line.period_id.kind != "cut"
            and line.period_from <= period.end
            and min(line.period_to, line.period_id.date_to) >= period.start
            for line in self._get_made_lines()
        )

    def _keep_typed(self, names):
        """Keep price and discount of the line, where a person typed them.

        :param names: the fields that were written
        """
        line = self.order_line_id
        typed = "price_unit" in names and not line._has_looked_up_price()
        if typed and not self.is_typed:
            self.write({"price_after": line.price_unit, "is_typed": True})
        if "discount" in names and line._has_typed_discount():
            self.discount_after = line.discount
