"""How a contract is doing: by two conditions on its template, or by hand."""

from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _mark_changed(self):
        """Have health and alerts look at the contracts again, at the commit.

        For what changes how a contract is doing and is no write on it: a rating
        arrives, an invoice is paid.
        """
