from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_cancellation_link(self):
        """Return where the contract of an invoice can be cancelled, or False.

        Of several, none is filled in: which one is to end, the customer says.

        :rtype: str | bool
        """
        self.ensure_one()
        # sudo: the mail of an invoice names its contract to whoever may send it
        contracts = self.sudo().subscription_ids.filtered(
            lambda order: order._is_live_contract()
        )
        if len(contracts) > 1:
            return f"{self.get_base_url()}/subscriptions/cancel"
        return contracts._get_cancellation_link() if contracts else False
