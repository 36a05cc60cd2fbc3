"""How a contract is doing: by two conditions on its template, or set by hand.

Looked at again at the end of each transaction that touches the contract, and of all
contracts every night, which also sees what days alone change.
"""

from odoo import SUPERUSER_ID, api, fields, models

from ..const import HEALTH

CHANGED = "subscriptions.changed"


class SaleOrder(models.Model):
    _inherit = "sale.order"

    health = fields.Selection(
        selection=HEALTH,
        default="neutral",
        required=True,
        copy=False,
        tracking=True,
        index=True,
        help="How the contract is doing, by the conditions of its quotation template. "
        "Chosen by hand, it stays until it is released.",
    )
    health_is_manual = fields.Boolean(
        string="Health Set by Hand",
        copy=False,
        readonly=True,
        help="The conditions of the template do not change it.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to look at the health of what is new."""
        for vals in vals_list:
            self._mark_health_by_hand(vals)
        orders = super().create(vals_list)
        orders._mark_changed()
        return orders

    def write(self, vals):
        """Override to keep a health that a person chose, and to look at it again."""
        if self.env.context.get("subscription_health") and self.env.su:
            return super().write(vals)  # the conditions decided
        self._mark_health_by_hand(vals)
        # Both what is a contract no more and what has become one.
        contracts = self.browse()
        if self.env["subscription.watch"]._is_needed():
            contracts = self.filtered("subscription_state")
        result = super().write(vals)
        contracts._note_changed()
        self._mark_changed()
        return result

    def _mark_health_by_hand(self, vals):
        if "health" in vals:
            vals.setdefault("health_is_manual", True)

    # === ACTION METHODS === #

    def action_release_health(self):
        """Let the conditions of the template decide again."""
        self.check_access("write")
        released = self.filtered("health_is_manual")
        # sudo: kept from typing, and marked as no person's choice
        released.sudo().with_context(subscription_health=True).write(
            {"health_is_manual": False}
        )
        self.env["subscription.watch"]._update_health(released)

    # === BUSINESS METHODS === #

    @api.model
    def _cron_update_health(self):
        """Work out the health of all contracts, then look through the alerts."""
        self.env["subscription.watch"]._run_nightly()

    def _mark_changed(self):
        """Have health and alerts look at the contracts again, at the commit.

        For what changes how a contract is doing and is no write on it: a rating
        arrives, an invoice is paid.
        """
        if not self.ids or not self.env["subscription.watch"]._is_needed():
            return
        self.filtered("subscription_state")._note_changed()

    def _note_changed(self):
        """Keep for the end of the transaction which contracts to look at."""
        if not self:
            return
        data = self.env.cr.precommit.data
        if CHANGED not in data:
            data[CHANGED] = set()
            self.env.cr.precommit.add(self.browse()._look_at_changed)
        data[CHANGED].update(self.ids)

    def _look_at_changed(self):
        ids = self.env.cr.precommit.data.pop(CHANGED, ())
        # As the system: whoever changed it may not read all that a condition asks for.
        run = self.env.context.get("subscription_alert_run", False)
        env = self.env(user=SUPERUSER_ID, context={"subscription_alert_run": run})
        orders = self.with_env(env).browse(ids)
        orders.env["subscription.watch"]._look_at(orders.exists())
