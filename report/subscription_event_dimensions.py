from odoo import fields, models
from odoo.tools import SQL

from ..models.subscription_event import KINDS


class SubscriptionEventDimensions(models.AbstractModel):
    """What reports that are read from MRR events are grouped and filtered by.

    They are queries over the events and store nothing. A condition on a column of the
    events is one that the database can answer with their indexes.
    """

    _name = "subscription.event.dimensions"
    _inherit = "subscription.quick.sums"
    _description = "What MRR Events Are Grouped By"
    _rec_name = "event_id"
    _order = "event_date desc, id desc"

    event_id = fields.Many2one(
        comodel_name="subscription.event", string="Event", readonly=True
    )
    event_date = fields.Date(string="Date", readonly=True)
    kind = fields.Selection(selection=KINDS, readonly=True)
    customer_kind = fields.Selection(
        selection=KINDS, string="Kind for the Customer", readonly=True
    )
    state = fields.Selection(
        selection=[("progress", "Running"), ("paused", "Paused")],
        string="Contract Status",
        readonly=True,
    )
    order_id = fields.Many2one(
        comodel_name="sale.order", string="Contract", readonly=True
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
    close_reason_id = fields.Many2one(
        comodel_name="subscription.close.reason", string="Close Reason", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    note = fields.Char(string="What Happened", readonly=True)

    def _get_dimensions(self):
        """Return the columns of the event that the report has too.

        Hook: an addon that adds fields to both names them here.

        :rtype: list[str]
        """
        return [
            "event_date",
            "kind",
            "customer_kind",
            "state",
            "order_id",
            "plan_id",
            "template_id",
            "partner_id",
            "commercial_partner_id",
            "country_id",
            "user_id",
            "team_id",
            "close_reason_id",
            "company_id",
            "currency_id",
            "note",
        ]

    def _select_dimensions(self):
        """Return them as columns of a query over ``event``.

        :rtype: SQL
        """
        columns = [SQL.identifier("event", name) for name in self._get_dimensions()]
        return SQL(", ").join(columns)

    def action_view_event(self):
        """Open the event the row was read from.

        :return: action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "subscription.event",
            "res_id": self.event_id.id,
            "views": [(False, "form")],
        }
