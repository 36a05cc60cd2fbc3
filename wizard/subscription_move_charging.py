from odoo import api, fields, models
from odoo.exceptions import UserError


class SubscriptionMoveCharging(models.TransientModel):
    """Show which database charges, and let this one do it from now on."""

    _name = "subscription.move.charging"
    _description = "Right to Charge"

    status = fields.Text(compute="_compute_status")
    is_refused = fields.Boolean(
        compute="_compute_status", help="Another database has the right to charge."
    )
    is_other_stopped = fields.Boolean(string="The other database does not run any more")
    remark = fields.Char(string="Reason", help="Kept for those who ask later.")

    @api.depends_context("uid")
    def _compute_status(self):
        right = self.env["subscription.charging.right"]
        for wizard in self:
            wizard.status = right._get_status()
            wizard.is_refused = bool(right._get_banner())

    def action_move(self):
        """Let this database charge, after a person has vouched for the other one."""
        self.ensure_one()
        if not self.is_other_stopped:
            raise UserError(
                self.env._(
                    "First see that the other database does not run any more, and say "
                    "so here: customers would pay twice."
                )
            )
        self.env["subscription.charging.right"]._move(self.remark)
        # The banner is part of the page.
        return {"type": "ir.actions.client", "tag": "reload"}
