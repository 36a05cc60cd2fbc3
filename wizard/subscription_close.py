from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.period import ONE_DAY


class SubscriptionClose(models.TransientModel):
    """Ask why and when contracts are to end."""

    _name = "subscription.close"
    _inherit = ["subscription.contract.wizard"]
    _description = "Close Contract"

    reason_id = fields.Many2one(
        comodel_name="subscription.close.reason", string="Reason", required=True
    )
    when = fields.Selection(
        selection=[
            ("now", "Now"),
            ("period_end", "When what is billed is over"),
            ("date", "On a date"),
        ],
        default="period_end",
        required=True,
    )
    date = fields.Date(string="On")
    credit = fields.Boolean(
        string="Credit Unused Share",
        help="What is billed for the days after the end is given back.",
    )
    override_notice = fields.Boolean(
        string="Override Notice Period and Minimum Term",
        help="End it earlier than they allow.",
    )
    last_day = fields.Date(compute="_compute_last_day")
    earliest_date = fields.Date(
        string="Earliest",
        compute="_compute_earliest_date",
        help="First day allowed by notice period and minimum term.",
    )
    can_override = fields.Boolean(compute="_compute_can_override")
    is_early = fields.Boolean(compute="_compute_last_day")
    has_unused = fields.Boolean(compute="_compute_last_day")
    credited = fields.Monetary(compute="_compute_credited")

    # === COMPUTE METHODS === #

    @api.depends("order_ids", "when", "date", "override_notice")
    def _compute_last_day(self):
        for wizard in self:
            orders = wizard.order_ids._origin
            days = {order: wizard._get_close_date(order) for order in orders}
            wizard.last_day = days.get(wizard.order_id._origin)
            wizard.has_unused = any(
                day and order.paid_until and day < order.paid_until
                for order, day in days.items()
            )
            # Where the end of the period is moved, notice matters as well.
            wizard.is_early = any(
                wizard._is_too_early(order)
                for order in orders
                if order._is_live_contract()
            )

    @api.depends("order_ids")
    def _compute_earliest_date(self):
        for wizard in self:
            order = wizard.order_id._origin
            is_live = order and order._is_live_contract()
            earliest = is_live and order._get_earliest_close_date()
            is_later = earliest and earliest > order._get_today()
            wizard.earliest_date = earliest if is_later else False

    @api.depends_context("uid")
    def _compute_can_override(self):
        self.can_override = self._may_override()

    @api.depends("last_day", "credit")
    def _compute_credited(self):
        for wizard in self:
            order, day = wizard.order_id._origin, wizard.last_day
            wizard.credited = 0.0
            if order and day and wizard.credit:
                # sudo: what it comes to does not depend on who reads the invoices
                order = order.sudo()
                wizard.credited = order.env[
                    "subscription.billing"
                ]._get_credited_amounts(order, order._get_credits(None, day + ONE_DAY))[
                    "amount_untaxed"
                ]

    # === BUSINESS METHODS === #

    def _get_title(self):
        return self.env._("Close")

    def _act(self, order):
        order._check_may_close(self.reason_id)
        day = self._get_close_date(order)
        if not day:
            raise UserError(self.env._("Say on which day it is to end."))
        if not self._overrides():
            order._check_notice(day)
        is_unused = order.paid_until and day < order.paid_until
        order._close(self.reason_id, day, credit=bool(self.credit and is_unused))

    def _get_close_date(self, order):
        """Return the day a contract ends.

        :rtype: date | None
        """
        if self.when == "date":
            return self.date or None
        if self.when == "now":
            return order._get_today()
        if not order._is_live_contract():
            return None
        return order._get_close_date_at_period_end(not self._overrides())

    def _is_too_early(self, order):
        """Tell whether it would end before notice period and minimum term allow."""
        if self.when == "period_end":
            day = order._get_close_date_at_period_end(respect_notice=False)
        else:
            day = self._get_close_date(order)
        return bool(day) and day < order._get_earliest_close_date()

    def _overrides(self):
        return self.override_notice and self._may_override()

    def _may_override(self):
        return self.env.user.has_group("sales_team.group_sale_manager")
