"""What customers may do on the page of a quotation that becomes a contract."""

from odoo import models
from odoo.exceptions import ValidationError

from ..const import MAX_NUMBER, QUOTATION_STATES


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _has_payment_under_way(self):
        """Tell whether a payment of the order was made, or may still be.

        :rtype: bool
        """
        self.ensure_one()
        # sudo: payments are read by administrators only
        return any(
            tx.state == "done"
            or (tx.state in ("pending", "authorized") and not tx._is_promise())
            for tx in self.sudo().transaction_ids
        )

    def _may_be_declined(self):
        """Tell whether the customer may decline the quotation online.

        Odoo asks those who are to sign. Who is to pay may say no as well.

        :rtype: bool
        """
        self.ensure_one()
        return (
            self.is_subscription
            and self.state in QUOTATION_STATES
            and (self._has_to_be_signed() or self._has_to_be_paid())
            and not self._has_payment_under_way()
        )

    def _can_be_edited_on_portal(self):
        """Override of `sale`: what is signed or being paid stays as it is."""
        editable = super()._can_be_edited_on_portal()
        if not editable or not self.is_subscription:
            return editable
        return (
            not self.signature
            and not self.is_expired
            and not self._has_payment_under_way()
        )

    def _check_typed_quantity(self, quantity, line_id=None):
        """Refuse what a customer types that is no number of things to buy.

        :param quantity: as the request has it
        :param line_id: of the option, as the request has it
        :raise ValidationError: saying what is wrong
        """
        is_number = isinstance(quantity, (int, float)) and not isinstance(
            quantity, bool
        )
        # The comparison is false for what is no number (NaN).
        if not is_number or not 0 <= quantity <= MAX_NUMBER:
            raise ValidationError(
                self.env._("Please type a quantity: a number, 0 for none.")
            )
        line = self.order_line.filtered(lambda one: one.id == line_id)
        if not line._takes_part_quantities() and quantity != int(quantity):
            raise ValidationError(
                self.env._("Please type a quantity: a whole number, 0 for none.")
            )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _takes_part_quantities(self):
        """Tell whether the customer may type a part of a unit, such as 1.5 hours.

        Only where there is one already: nobody orders a seat and a half by mistake.
        Hook for other addons.

        :rtype: bool
        """
        return any(not line.product_uom_qty.is_integer() for line in self)

    def _get_quantity_to_type(self):
        """Return the quantity as the field on the page has it.

        :rtype: str
        """
        self.ensure_one()
        quantity = self.product_uom_qty
        return str(int(quantity) if quantity.is_integer() else quantity)
