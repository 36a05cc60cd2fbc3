from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class SubscriptionChangeQuantity(models.TransientModel):
    """Ask how many units a contract is to have, from when on."""

    _name = "subscription.change.quantity"
    _inherit = ["subscription.change.wizard"]
    _description = "Change Quantities"

    line_ids = fields.One2many(
        comodel_name="subscription.change.quantity.line",
        inverse_name="wizard_id",
        string="Lines",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.depends("order_ids", "day")
    def _compute_line_ids(self):
        for wizard in self:
            order = wizard.order_id._origin
            known = {line.order_line_id._origin: line for line in wizard.line_ids}
            commands = []
            for order_line in order.order_line.filtered(self._is_offered):
                before = order_line._get_quantity_on(wizard.day or order._get_today())
                line = known.pop(order_line, None)
                if not line:
                    values = {
                        "order_line_id": order_line.id,
                        "quantity_before": before,
                        "quantity": before,
                    }
                    commands.append(Command.create(values))
                    continue
                # What was typed stays when another day is chosen.
                if line.quantity == line.quantity_before:
                    line.quantity = before
                line.quantity_before = before
            commands += [Command.delete(line.id) for line in known.values()]
            wizard.line_ids = commands

    @api.model
    def _is_offered(self, order_line):
        """Tell whether a person may change a line: parts follow their combo."""
        return order_line.is_recurring and not order_line.combo_item_id

    def _get_effect_fields(self):
        return ["line_ids.quantity"]

    def _get_quantities(self):
        """Return the new quantity of each line whose quantity was changed.

        :rtype: dict
        """
        quantities = {}
        for line in self.line_ids:
            if line.quantity == line.quantity_before:
                continue
            order_line = line.order_line_id._origin
            quantities[order_line] = line.quantity
            for part in order_line.linked_line_ids.filtered("is_recurring"):
                number = part._get_quantity_on(
                    self.day or order_line.order_id._get_today()
                )
                quantities[part] = (
                    number * line.quantity / line.quantity_before
                    if line.quantity_before
                    else line.quantity
                )
        return quantities

    def _suppose_change(self, order, day):
        commands = order._prepare_quantity_lines(self._get_quantities(), day)
        if not commands:
            return None
        return order._suppose_change("quantity", day, line_ids=commands)

    def _change(self, order, at):
        quantities = self._get_quantities()
        change = order._change_quantities(quantities, at, self.reason or None)
        if not change:
            raise UserError(self.env._("All quantities are as they were."))


class SubscriptionChangeQuantityLine(models.TransientModel):
    """The new quantity of one line."""

    _name = "subscription.change.quantity.line"
    _description = "Change Quantities: Line"

    wizard_id = fields.Many2one(
        comodel_name="subscription.change.quantity", required=True, ondelete="cascade"
    )
    order_line_id = fields.Many2one(
        comodel_name="sale.order.line",
        string="Line",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    product_id = fields.Many2one(related="order_line_id.product_id")
    product_uom_id = fields.Many2one(related="order_line_id.product_uom_id")
    currency_id = fields.Many2one(related="order_line_id.currency_id")
    price_unit = fields.Float(related="order_line_id.price_unit")
    quantity_before = fields.Float(
        string="Present", digits="Product Unit", readonly=True
    )
    quantity = fields.Float(string="New", digits="Product Unit")
