from odoo import api, models

# What moves the MRR of a line.
WATCHED = {
    "discount",
    "display_type",
    "is_downpayment",
    "order_id",
    "price_unit",
    "product_id",
    "product_uom_id",
    "product_uom_qty",
    "tax_ids",
}


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        """Override to write the events of what is added to a running contract."""
        with self.env["subscription.recorder"]._open() as recording:
            lines = super().create(vals_list)
            recording.touch(lines.order_id)
            return lines

    def write(self, vals):
        """Override to write the events of what is written."""
        if not WATCHED & vals.keys():
            return super().write(vals)
        with self.order_id._recording():
            result = super().write(vals)
            with self.order_id._recording():  # it may have moved to another
                return result

    def unlink(self):
        """Override to write the events of what is taken off a running contract."""
        with self.order_id._recording():
            return super().unlink()
