from odoo import api, fields, models
from odoo.exceptions import UserError


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
        if len(self.order_ids) == 1:
            self.order_ids._close(self.reason_id, self._get_close_date(self.order_ids))
            return {"type": "ir.actions.act_window_close"}
        refused = []
        for order in self.order_ids:
            try:
                with self.env.cr.savepoint():
                    order._close(self.reason_id, self._get_close_date(order))
            except UserError as error:
                refused.append(str(error))
        done = len(self.order_ids) - len(refused)
        message = self.env._("%s contracts closed.", done)
        return self.order_ids._notify(
            "warning" if refused else "success", "\n".join([message, *refused])
        )

    def _get_close_date(self, order):
        """Return the day a contract ends, None for today."""
        if self.when == "date":
            return self.date
        if self.when == "period_end":
            # In arrears, what is billed may be over already.
            return max(order.paid_until or order._get_today(), order._get_today())
        return None
