from odoo import api, fields, models
from odoo.exceptions import UserError


class SubscriptionChangeWizard(models.AbstractModel):
    """Ask when something is to change, and show what that would come to."""

    _name = "subscription.change.wizard"
    _inherit = ["subscription.contract.wizard"]
    _description = "Contract Change Wizard"

    when = fields.Selection(
        selection=[
            ("next_period", "With the next period"),
            ("now", "Now"),
            ("date", "On a date"),
        ],
        default="next_period",
        required=True,
    )
    date = fields.Date(string="On")
    reason = fields.Char()
    day = fields.Date(
        string="From",
        compute="_compute_day",
        help="First day on which the change counts.",
    )

    # What it comes to
    obstacle = fields.Char(compute="_compute_effect")
    has_effect = fields.Boolean(compute="_compute_effect")
    is_later = fields.Boolean(compute="_compute_day")
    charged = fields.Monetary(compute="_compute_effect")
    credited = fields.Monetary(compute="_compute_effect")
    next_amount = fields.Monetary(compute="_compute_effect")
    next_date = fields.Date(compute="_compute_effect")
    next_from = fields.Date(compute="_compute_effect")
    next_to = fields.Date(compute="_compute_effect")

    # === COMPUTE METHODS === #

    @api.depends("order_ids", "when", "date")
    def _compute_day(self):
        for wizard in self:
            order = wizard.order_id._origin
            try:
                wizard.day = order and wizard._get_day(order)
            except UserError:
                wizard.day = False  # the effect says why
            wizard.is_later = wizard.day and wizard.day > order._get_today()

    def _get_day(self, order):
        """Return the first day the change of a contract counts on.

        :rtype: date | None
        :raise UserError: for a day that cannot be
        """
        at = self._get_at()
        if not at or not order._is_live_contract():
            return None
        return order._get_change_day(at)

    def _get_at(self):
        """Return when, as the methods of the contract take it."""
        return (self.date or None) if self.when == "date" else self.when

    def _get_effect_fields(self):
        """Return the fields the effect depends on, besides order and day."""
        return []

    @api.depends(lambda self: ["order_ids", "when", "date", *self._get_effect_fields()])
    def _compute_effect(self):
        for wizard in self:
            effect, obstacle = {}, False
            order = wizard.order_id._origin
            try:
                if order:
                    effect = wizard._get_effect(order)
            except UserError as error:
                obstacle = str(error)
            wizard.update(
                {
                    "obstacle": obstacle,
                    "has_effect": bool(effect),
                    "charged": effect.get("charged", 0.0),
                    "credited": effect.get("credited", 0.0),
                    "next_amount": effect.get("amount_untaxed", 0.0),
                    "next_date": effect.get("invoice_date"),
                    "next_from": effect.get("date_from"),
                    "next_to": effect.get("date_to"),
                }
            )

    def _get_effect(self, order):
        """Return what the change would come to, empty where nothing changes.

        :rtype: dict
        :raise UserError: when the contract does not allow the change
        """
        order._check_may_change()
        day = self._get_day(order)
        change = day and self._suppose_change(order, day)
        return order._get_effect(change) if change else {}

    def _suppose_change(self, order, day):
        """Return the unsaved change, or None where nothing changes.

        :rtype: subscription.change | None
        """
        raise NotImplementedError

    # === BUSINESS METHODS === #

    def _act(self, order):
        at = self._get_at()
        if not at:
            raise UserError(self.env._("Say from which day on."))
        return self._change(order, at)

    def _change(self, order, at):
        """Change one contract.

        :param at: ``next_period``, ``now`` or a date
        """
        raise NotImplementedError
