from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _confirm_renewal(self):
        """Override: what was done about a contract is not done for its renewal."""
        # sudo: whoever confirms it
        contract = self.parent_order_id.sudo()
        result = super()._confirm_renewal()
        self.env["subscription.alert.match"].sudo()._take_over(contract, self)
        return result
