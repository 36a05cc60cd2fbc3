from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..const import MAX_PLAN_DAYS


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

    # What a customer who gives this reason is offered to stay
    offer_kind = fields.Selection(
        selection=[
            ("discount", "A discount"),
            ("pause", "A pause"),
            ("plan", "Another plan"),
        ],
        string="Offer",
        help="What a customer who gives this reason online is offered to stay.",
    )
    offer_text = fields.Text(
        string="Words",
        translate=True,
        help="What the customer reads above the offer.",
    )
    offer_discount = fields.Float(
        string="Discount", digits="Discount", help="Percent off each recurring line."
    )
    offer_periods = fields.Integer(
        string="For Periods", default=3, help="For how many periods it is given."
    )
    offer_pause_days = fields.Integer(
        string="Pause", default=30, help="Days the contract is paused."
    )
    offer_plan_id = fields.Many2one(
        comodel_name="subscription.plan",
        string="Plan Offered",
        index="btree_not_null",
        ondelete="restrict",
    )
    offer_shown_count = fields.Integer(string="Shown", compute="_compute_offer_counts")
    offer_taken_count = fields.Integer(string="Taken", compute="_compute_offer_counts")
    offer_churned_count = fields.Integer(
        string="Taken, Later Churned", compute="_compute_offer_counts"
    )

    # === COMPUTE METHODS === #

    def _compute_offer_counts(self):
        groups = self.env["subscription.close.offer"]._read_group(
            [("reason_id", "in", self.ids)],
            ["reason_id", "state", "is_churned"],
            ["__count"],
        )
        for reason in self:
            mine = [group[1:] for group in groups if group[0] == reason._origin]
            taken = [(churned, n) for state, churned, n in mine if state == "taken"]
            reason.offer_shown_count = sum(n for _state, _churned, n in mine)
            reason.offer_taken_count = sum(n for _churned, n in taken)
            reason.offer_churned_count = sum(n for churned, n in taken if churned)

    # === CONSTRAINT METHODS === #

    @api.constrains(
        "offer_kind",
        "offer_discount",
        "offer_periods",
        "offer_pause_days",
        "offer_plan_id",
    )
    def _check_offer(self):
        for reason in self:
            obstacle = reason._get_offer_obstacle()
            if obstacle:
                raise ValidationError(
                    self.env._(
                        "%(reason)s: %(obstacle)s",
                        reason=reason.name,
                        obstacle=obstacle,
                    )
                )

    def _get_offer_obstacle(self):
        """Return what is missing of the offer, or None."""
        if self.offer_kind == "discount":
            if not 0 < self.offer_discount <= 100:
                return self.env._(
                    "the discount is more than 0 and at most 100 percent."
                )
            if not 1 <= self.offer_periods <= 120:
                return self.env._("the discount is for 1 to 120 periods.")
        if self.offer_kind == "pause" and not (
            1 <= self.offer_pause_days <= MAX_PLAN_DAYS
        ):
            return self.env._("the pause has at least one day.")
        if self.offer_kind == "plan" and not self.offer_plan_id:
            return self.env._("choose the plan that is offered.")
        return None

    @api.ondelete(at_uninstall=False)
    def _unlink_except_needed(self):
        """Keep the reasons of contracts that end, or are closed, by themselves."""
        for name in (
            "close_reason_end",
            "close_reason_unpaid",
            "close_reason_cancelled_online",
        ):
            needed = self.env.ref(f"subscriptions.{name}", False)
            if needed and needed in self:
                raise UserError(
                    self.env._(
                        "“%s” is the reason of contracts that end by themselves. "
                        "Archive it instead of deleting it.",
                        needed.name,
                    )
                )

    # === ACTION METHODS === #

    def action_view_offers(self):
        """Open what came of the reason's offer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.subscription_close_offer_action"
        )
        action["domain"] = [("reason_id", "=", self.id)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS === #

    def _get_offer_title(self):
        """Return the offer in short, for customers.

        :rtype: str
        """
        self.ensure_one()
        if self.offer_kind == "discount":
            return self.env._(
                "%(discount)g %% off for %(number)s periods",
                discount=self.offer_discount,
                number=self.offer_periods,
            )
        if self.offer_kind == "pause":
            return self.env._("A pause of %s days", self.offer_pause_days)
        return self.env._("The plan “%s”", self.offer_plan_id.name)
