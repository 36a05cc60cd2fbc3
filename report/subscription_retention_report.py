from odoo import fields, models
from odoo.tools import SQL


class SubscriptionRetentionReport(models.Model):
    """How long customers stay: a row for each contract they began with.

    Its renewals belong to it, and what it is grouped by is what it began with. A
    contract that was taken back, for it was never billed, is not there.
    """

    _name = "subscription.retention.report"
    _inherit = "subscription.quick.sums"
    _description = "Retention"
    _auto = False
    _rec_name = "order_id"
    _order = "date_start desc, id desc"
    _depends = {
        "subscription.event": [
            "active_change",
            "event_date",
            "kind",
            "mrr_change",
            "root_order_id",
        ],
    }

    order_id = fields.Many2one(
        comodel_name="sale.order", string="First Contract", readonly=True
    )
    date_start = fields.Date(string="Began", readonly=True)
    date_stop = fields.Date(
        string="Ended",
        readonly=True,
        help="The day it ended for the last time; empty while it counts.",
    )
    state = fields.Selection(
        selection=[("active", "Still There"), ("ended", "Ended")],
        string="Status",
        readonly=True,
    )
    plan_id = fields.Many2one(
        comodel_name="subscription.plan", string="Recurring Plan", readonly=True
    )
    template_id = fields.Many2one(
        comodel_name="sale.order.template", string="Quotation Template", readonly=True
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True
    )
    commercial_partner_id = fields.Many2one(
        comodel_name="res.partner", string="Commercial Customer", readonly=True
    )
    country_id = fields.Many2one(comodel_name="res.country", readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users", string="Salesperson", readonly=True
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    contracts = fields.Integer(readonly=True)
    mrr = fields.Monetary(
        string="MRR", readonly=True, help="The MRR that the contract began with."
    )

    @property
    def _table_query(self):
        """Override: the report is a query.

        From the event with which a contract began (for the last time, where one was
        taken back), it looks up those that let it begin or end to count.

        :rtype: SQL
        """
        return SQL(
            """
            SELECT first.root_order_id AS id,
                   first.root_order_id AS order_id,
                   first.event_date AS date_start,
                   family.date_stop,
                   CASE WHEN family.date_stop IS NULL THEN 'active' ELSE 'ended' END
                       AS state,
                   first.plan_id,
                   first.template_id,
                   first.partner_id,
                   first.commercial_partner_id,
                   first.country_id,
                   first.user_id,
                   first.team_id,
                   first.company_id,
                   first.currency_id,
                   1 AS contracts,
                   first.mrr_change AS mrr
              FROM subscription_event first
              JOIN LATERAL (
                  SELECT CASE WHEN sum(active_change) <= 0
                              THEN max(event_date) FILTER (WHERE active_change < 0)
                              END AS date_stop,
                         sum(active_change) FILTER (WHERE kind = 'new') AS begun,
                         max(id) FILTER (WHERE kind = 'new' AND active_change > 0)
                             AS first_id
                    FROM subscription_event
                   WHERE root_order_id = first.root_order_id AND active_change <> 0
                   ) family ON family.begun > 0 AND family.first_id = first.id
             WHERE first.kind = 'new' AND first.active_change > 0
            """
        )

    def action_view_contract(self):
        """Open the contract the customer began with.

        :return: action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "views": [(False, "form")],
        }
