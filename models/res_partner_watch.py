from odoo import models

from ..engine import lifecycle

# What contracts are counted under follows from these.
WATCHED = {"country_id", "is_company", "parent_id"}


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        """Override: the MRR of contracts moves to another country or customer."""
        if not WATCHED & vals.keys():
            return super().write(vals)
        with self._get_counted_contracts()._recording():
            return super().write(vals)

    def _get_counted_contracts(self):
        """Return the running contracts of customers and of their people.

        :rtype: sale.order
        """
        # sudo: whatever contracts there are, whoever edits the contact
        return (
            self.env["sale.order"]
            .sudo()
            .search(
                [
                    ("partner_id", "child_of", self.ids),
                    ("subscription_state", "in", list(lifecycle.LIVE)),
                ]
            )
            .sudo(self.env.su)
        )
