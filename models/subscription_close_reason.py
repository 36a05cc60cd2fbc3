from odoo import api, fields, models
from odoo.exceptions import UserError


class SubscriptionCloseReason(models.Model):
    """Why a contract ended."""

    _name = "subscription.close.reason"
    _description = "Subscription Close Reason"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    portal_visible = fields.Boolean(
        string="Shown to Customers",
        default=True,
        help="Customers may choose this reason when they close a contract themselves.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_needed(self):
        """Keep the reasons of contracts that end, or are closed, by themselves."""
        for name in ("close_reason_end", "close_reason_unpaid"):
            needed = self.env.ref(f"subscriptions.{name}", False)
            if needed and needed in self:
                raise UserError(
                    self.env._(
                        "“%s” is the reason of contracts that end by themselves. "
                        "Archive it instead of deleting it.",
                        needed.name,
                    )
                )
