from odoo import api, fields, models


class SubscriptionClose(models.TransientModel):
    """Ask why and when a contract is to end."""

    _name = "subscription.close"
    _description = "Close Subscription"

    def _default_order_ids(self):
        return self.env["sale.order"].browse(self.env.context.get("active_ids"))

    order_ids = fields.Many2many(
        comodel_name="sale.order",
        string="Contracts",
        default=lambda self: self._default_order_ids(),
        required=True,
    )
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
    date = fields.Date(string="Last Day")
    last_day = fields.Date(string="Billed Until", compute="_compute_last_day")

    @api.depends("order_ids")
    def _compute_last_day(self):
        for wizard in self:
            days = wizard.order_ids.filtered("paid_until").mapped("paid_until")
            wizard.last_day = max(days) if days else False

    def action_close(self):
        """Close the contracts."""
        self.ensure_one()
        for order in self.order_ids:
            order._close(self.reason_id, self._get_close_date(order))
        return {"type": "ir.actions.act_window_close"}

    def _get_close_date(self, order):
        """Return the day a contract ends, None for today."""
        if self.when == "date":
            return self.date
        if self.when == "period_end":
            return order.paid_until or None
        return None
