from odoo import fields, models


class SubscriptionPause(models.TransientModel):
    """Ask until when contracts are to be paused, and why."""

    _name = "subscription.pause"
    _inherit = ["subscription.contract.wizard"]
    _description = "Pause Contract"

    resume_date = fields.Date(
        string="Resumes On", help="Left empty, it is paused until it is resumed."
    )
    reason = fields.Char()

    def _get_title(self):
        return self.env._("Pause")

    def _act(self, order):
        order._pause(self.resume_date or None, self.reason or None)
