from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import MAX_DUNNING_DAYS
from ..engine import dunning


class SubscriptionDunningPolicy(models.Model):
    """What is done, and when, about a contract whose payment failed."""

    _name = "subscription.dunning.policy"
    _description = "Dunning Policy"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        comodel_name="res.company",
        help="Leave empty to offer the policy in all companies.",
    )
    step_ids = fields.One2many(
        comodel_name="subscription.dunning.step",
        inverse_name="policy_id",
        string="Steps",
        copy=True,
    )
    final_days = fields.Integer(
        string="Last Action After",
        default=14,
        required=True,
        help="Days after the first failure at which the last action is taken.",
    )
    final_action = fields.Selection(
        # keep: the invoice is validated and sent, the contract goes on
        selection=[
            ("close", "Close the contract"),
            ("pause", "Pause the contract"),
            ("keep", "Keep the contract, send the invoice"),
        ],
        string="Last Action",
        default="close",
        required=True,
    )
    close_reason_id = fields.Many2one(
        comodel_name="subscription.close.reason",
        string="Reason",
        default=lambda self: self.env.ref("subscriptions.close_reason_unpaid", False),
        ondelete="restrict",
        help="The reason of contracts that the policy closes or pauses.",
    )
    plan_ids = fields.One2many(
        comodel_name="subscription.plan", inverse_name="dunning_policy_id"
    )
    collection_ids = fields.One2many(
        comodel_name="subscription.collection", inverse_name="policy_id"
    )
    recovered_count = fields.Integer(
        string="Recovered", compute="_compute_outcome_counts"
    )
    open_count = fields.Integer(string="Still Open", compute="_compute_outcome_counts")
    lost_count = fields.Integer(string="Lost", compute="_compute_outcome_counts")
    recovery_rate = fields.Float(
        compute="_compute_outcome_counts",
        help="Recovered payments of those that are decided: recovered / (recovered + "
        "lost).",
    )

    _final_days_sane = models.Constraint(
        f"CHECK (final_days BETWEEN 1 AND {MAX_DUNNING_DAYS})",
        "The last action is taken 1 to 365 days after the first failure.",
    )

    # === COMPUTE METHODS === #

    def _compute_outcome_counts(self):
        groups = self.env["subscription.collection"]._read_group(
            [("policy_id", "in", self.ids), ("outcome", "!=", False)],
            ["policy_id", "outcome"],
            ["__count"],
        )
        counts = {(policy, outcome): count for policy, outcome, count in groups}
        for policy in self:
            recovered = counts.get((policy, "recovered"), 0)
            lost = counts.get((policy, "lost"), 0)
            policy.recovered_count = recovered
            policy.lost_count = lost
            policy.open_count = counts.get((policy, "open"), 0)
            decided = recovered + lost
            policy.recovery_rate = recovered / decided if decided else 0

    # === CONSTRAINT METHODS === #

    @api.constrains("step_ids", "final_days")
    def _check_steps_before_end(self):
        for policy in self:
            if any(step.days >= policy.final_days for step in policy.step_ids):
                raise ValidationError(
                    self.env._(
                        "%s: the last action comes after all steps.", policy.name
                    )
                )

    @api.constrains("final_action", "close_reason_id")
    def _check_close_reason(self):
        for policy in self:
            if policy.final_action == "close" and not policy.close_reason_id:
                raise ValidationError(
                    self.env._(
                        "%s: say with which reason contracts are closed.", policy.name
                    )
                )

    @api.onchange("step_ids")
    def _onchange_step_ids(self):
        last = max(self.step_ids.mapped("days"), default=0)
        if last >= self.final_days:
            self.final_days = last + 1

    # === BUSINESS METHODS === #

    def _get_reached_steps(self, done, elapsed):
        """Return the steps that are due and were not done.

        :param int done: day of the last step that was done, -1 for none
        :param int elapsed: days since the first failure
        :rtype: subscription.dunning.step
        """
        days = dunning.reached_steps(self.step_ids.mapped("days"), done, elapsed)
        return self.step_ids.filtered(lambda step: step.days in days).sorted("days")

    def _get_next_date(self, failed_on, done, ends=True):
        """Return the date on which the policy does something next, or None.

        :param date failed_on: date of the first failure
        :param int done: day of the last step that was done, -1 for none
        :param bool ends: whether the last action is taken
        :rtype: date | None
        """
        last = self.final_days if self and ends else None
        day = dunning.next_day(self.step_ids.mapped("days"), done, last)
        return None if day is None else dunning.date_of(failed_on, day)

    # === ACTION METHODS === #

    def action_view_collections(self):
        """Open the payments that failed under this policy."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.subscription_collection_action_dunning"
        )
        action["domain"] = [("policy_id", "=", self.id), ("outcome", "!=", False)]
        # A button tells which of them, by the filter that it sets.
        action["context"] = dict(self.env.context, create=False)
        action["views"] = [(False, view) for view in ("list", "form", "pivot", "graph")]
        return action

    def copy_data(self, default=None):
        """Override to tell the copy from its original."""
        return [
            dict(vals, name=self.env._("%s (copy)", policy.name))
            for policy, vals in zip(self, super().copy_data(default), strict=True)
        ]
