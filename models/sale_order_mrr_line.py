"""The line of life of a contract's MRR, as it is opened from the contract."""

from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def action_view_mrr(self):
        """Open what moved the MRR of the contract, and of those it was renewed from.

        :return: action
        :rtype: dict
        """
        self.ensure_one()
        root = self.root_order_id or self
        title = self.env._("MRR of %s", self.name)
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "subscriptions.subscription_event_action_contract"
            ),
            "name": title,
            "display_name": title,
            "domain": [("root_order_id", "=", root.id)],
        }
