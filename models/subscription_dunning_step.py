from odoo import api, fields, models

from ..const import MAX_DUNNING_DAYS


class SubscriptionDunningStep(models.Model):
    """One day of a dunning policy, and what is done on it."""

    _name = "subscription.dunning.step"
    _description = "Dunning Step"
    _order = "policy_id, days"

    policy_id = fields.Many2one(
        comodel_name="subscription.dunning.policy",
        required=True,
        index=True,
        ondelete="cascade",
    )
    days = fields.Integer(
        string="Day",
        required=True,
        help="Days after the first failure; 0 is the day of the failure itself.",
    )
    retry = fields.Boolean(
        string="Try Again",
        default=True,
        help="Charge the payment method again. On day 0 it has just been tried.",
    )
    mail_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Mail",
        domain=[("model", "=", "sale.order")],
        ondelete="restrict",
        help="Sent to the customer unless the payment succeeds on this day.",
    )
    activity_summary = fields.Char(
        string="Activity",
        translate=True,
        help="What the contract's responsible is told to do, unless the payment "
        "succeeds on this day. Left empty, nothing.",
    )

    _day_unique = models.Constraint(
        "UNIQUE (policy_id, days)", "A policy has one step on a day."
    )
    _days_sane = models.Constraint(
        f"CHECK (days BETWEEN 0 AND {MAX_DUNNING_DAYS})",
        "A step stands on day 0 to 365 after the first failure.",
    )

    @api.depends("days")
    def _compute_display_name(self):
        for step in self:
            step.display_name = self.env._("Day %s", step.days)
