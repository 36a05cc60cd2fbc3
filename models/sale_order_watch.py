"""Where MRR events are written: around all that may change a contract.

The overrides are the outermost ones: what others do before and after belongs to it.
"""

from odoo import api, models
from odoo.exceptions import UserError

# What moves a contract's MRR, or what it is counted under. Its lines do so too.
WATCHED = {
    "company_id",
    "currency_id",
    "in_trial",
    "order_line",
    "partner_id",
    "plan_id",
    "pricelist_id",
    "sale_order_template_id",
    "state",
    "subscription_state",
    "team_id",
    "user_id",
}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === WHAT IS WATCHED === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to give contracts that come confirmed, by import, their history."""
        with self.env["subscription.recorder"]._open() as recording:
            orders = super().create(vals_list)
            recording.forget(orders)
            confirmed = orders.filtered(lambda order: order.state == "sale")
            if confirmed:
                self.env["subscription.event"].sudo()._rebuild(confirmed, imported=True)
        return orders

    def write(self, vals):
        """Override to write the events of what is written."""
        if not WATCHED & vals.keys():
            return super().write(vals)
        with self._recording():
            return super().write(vals)

    def unlink(self):
        """Override to forget what is no more."""
        with self.env["subscription.recorder"]._open() as recording:
            result = super().unlink()
            recording.forget(self)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_history(self):
        for order in self:
            if order.sudo().event_ids:  # sudo: whoever's they are
                raise UserError(
                    self.env._(
                        "%s has counted as a contract: deleting it would change the "
                        "reports of the past.",
                        order.name,
                    )
                )

    # === WHAT BELONGS TOGETHER === #

    def action_confirm(self):
        """Override to write one set of events for all that follows from it."""
        with self._recording():
            return super().action_confirm()

    def _action_cancel(self):
        """Override to write one set of events: a renewal's contract may go on."""
        with self._recording():
            return super()._action_cancel()

    def _end_now(self):
        """Override to write one set of events: a pause ends with its contract."""
        with self._recording():
            return super()._end_now()

    def _set_churned(self, reason=None, date=None):
        """Override to write the events when the day of the end is known."""
        with self._recording():
            return super()._set_churned(reason, date)

    def _reopen(self):
        """Override to write one set of events for all that follows from it."""
        with self._recording():
            return super()._reopen()

    def _recompute_prices(self):
        """Override to write one set of events for all lines."""
        with self._recording():
            return super()._recompute_prices()

    def _recompute_taxes(self):
        """Override to write one set of events for all lines."""
        with self._recording():
            return super()._recompute_taxes()

    def _set_customer_addresses(self, addresses, partner):
        """Override to write one set of events: taxes may follow the address."""
        with self._recording():
            return super()._set_customer_addresses(addresses, partner)
