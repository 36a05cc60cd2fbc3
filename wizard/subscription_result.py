from odoo import api, fields, models


class SubscriptionResult(models.TransientModel):
    """What came of something that was done with many contracts."""

    _name = "subscription.result"
    _description = "Result"

    name = fields.Char(readonly=True)
    line_ids = fields.One2many(
        comodel_name="subscription.result.line",
        inverse_name="result_id",
        string="Contracts",
        readonly=True,
    )
    done_count = fields.Integer(string="Done", compute="_compute_counts")
    refused_count = fields.Integer(string="Refused", compute="_compute_counts")

    @api.depends("line_ids.state")
    def _compute_counts(self):
        for result in self:
            refused = result.line_ids.filtered(lambda line: line.state == "refused")
            result.refused_count = len(refused)
            result.done_count = len(result.line_ids) - len(refused)

    @api.model
    def _show(self, title, results):
        """Open the page that lists what was done and what was refused.

        :param str title: what was done
        :param dict results: (whether it was done, note or cause) of each contract
        :rtype: dict
        """
        lines = [
            fields.Command.create(
                {
                    # The name of what one may not read is not told here either.
                    "order_id": order.has_access("read") and order.id,
                    "state": "done" if done else "refused",
                    "message": message,
                }
            )
            # What needs somebody stands on top.
            for order, (done, message) in sorted(
                results.items(), key=lambda item: item[1][0]
            )
        ]
        result = self.create({"name": title, "line_ids": lines})
        return {
            "name": title,
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": result.id,
            "views": [(False, "form")],
            "target": "new",
        }


class SubscriptionResultLine(models.TransientModel):
    """What came of it for one contract."""

    _name = "subscription.result.line"
    _description = "Result: Contract"

    result_id = fields.Many2one(
        comodel_name="subscription.result", required=True, ondelete="cascade"
    )
    order_id = fields.Many2one(
        comodel_name="sale.order", string="Contract", readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(related="order_id.partner_id")
    state = fields.Selection(
        selection=[("done", "Done"), ("refused", "Refused")],
        string="Status",
        readonly=True,
    )
    message = fields.Text(string="Note", readonly=True)

    def action_open(self):
        """Open the contract."""
        self.ensure_one()
        return self.order_id._get_form_action()
