from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from ..const import ALERT_BATCH_SIZE, MAX_ALERTS_A_DAY

INSERT_BATCH_SIZE = 1000


class SubscriptionAlertMatch(models.Model):
    """A contract that matches an alert, since when, and what became of it.

    One open row for a contract and alert: as long as it is there, the alert does not
    act again. It ends when the contract matches no more, and stays as history.
    """

    _name = "subscription.alert.match"
    _description = "Contract an Alert Matches"
    _order = "id desc"
    _rec_name = "order_id"

    alert_id = fields.Many2one(
        comodel_name="subscription.alert",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(related="order_id.partner_id", string="Customer")
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True, index=True
    )
    user_id = fields.Many2one(related="order_id.user_id", string="Salesperson")
    began_on = fields.Date(string="Since", required=True, readonly=True)
    ended_on = fields.Date(
        string="Until", readonly=True, help="Matches no more since then."
    )
    day = fields.Date(
        readonly=True, help="The date the alert is timed by: another one is another."
    )
    state = fields.Selection(
        selection=[
            ("known", "Known"),
            ("todo", "To Do"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        string="Status",
        required=True,
        readonly=True,
        help="Known: it matched already when the alert was switched on, so nothing was "
        "done.",
    )
    tried_on = fields.Date(readonly=True)
    error = fields.Text(readonly=True, help="Why it could not be done.")

    _open_uniq = models.UniqueIndex(
        "(alert_id, order_id) WHERE ended_on IS NULL",
        "A contract matches an alert once.",
    )
    _todo_idx = models.Index("(alert_id) WHERE state IN ('todo', 'failed')")

    # === ACTION METHODS === #

    def action_open_order(self):
        """Open the contract."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    @api.model
    def _open_rows(self, alert, days_by_order, state, today):
        """Write down who begins to match, in few statements.

        :param dict days_by_order: the day each contract is timed by, or False, by id
        """
        for batch in split_every(INSERT_BATCH_SIZE, sorted(days_by_order)):
            self.create(
                [
                    {
                        "alert_id": alert.id,
                        "order_id": order_id,
                        "day": days_by_order[order_id],
                        "state": state,
                        "began_on": today,
                    }
                    for order_id in batch
                ]
            )

    @api.model
    def _take_over(self, contract, renewal):
        """Let a renewal match what its contract matched when it was renewed.

        One that matches no more is found out by the next run, as of any contract.

        :param contract: the sale.order that was renewed
        :param renewal: the sale.order that goes on
        """
        rows = self.search(
            [
                ("order_id", "=", contract.id),
                ("ended_on", "=", False),
                ("alert_id.trigger", "!=", "date"),
            ]
        )
        self.create(
            [
                {
                    "alert_id": row.alert_id.id,
                    "order_id": renewal.id,
                    "state": "known" if row.state == "done" else row.state,
                    "began_on": row.began_on,
                    "tried_on": row.tried_on,
                    "error": row.error,
                }
                for row in rows
            ]
        )

    def _get_tired(self, today):
        """Return those of contracts that the alert has acted on too often today.

        Its action, or another alert, undoes what it waits for, and it would go on.
        """
        counts = {
            (alert.id, order.id): count
            for alert, order, count in self._read_group(
                Domain("alert_id", "in", self.alert_id.ids)
                & Domain("order_id", "in", self.order_id.ids)
                & Domain("state", "=", "done")
                & Domain("tried_on", "=", today),
                ["alert_id", "order_id"],
                ["__count"],
            )
        }
        return self.filtered(
            lambda row: counts.get((row.alert_id.id, row.order_id.id), 0)
            >= MAX_ALERTS_A_DAY
        )

    def _batches(self):
        return split_every(ALERT_BATCH_SIZE, self.ids, self.browse)
