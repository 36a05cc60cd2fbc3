from odoo import fields, models
from odoo.tools import SQL

from ..const import PERCENT_PER_POINT


class SubscriptionRatingReport(models.Model):
    """What customers said of their contracts: a row for each rating that was given.

    Counted under the same names as MRR events, as the contract is now.
    """

    _name = "subscription.rating.report"
    _inherit = "subscription.quick.sums"
    _description = "Satisfaction"
    _auto = False
    _rec_name = "order_id"
    _order = "date desc, id desc"
    _depends = {
        "rating.rating": [
            "consumed",
            "feedback",
            "order_id",
            "rated_on",
            "rated_partner_id",
            "rating",
            "rating_text",
        ],
        "res.partner": ["commercial_partner_id", "country_id"],
        "sale.order": [
            "company_id",
            "partner_id",
            "plan_id",
            "sale_order_template_id",
            "subscription_state",
            "team_id",
            "user_id",
        ],
    }

    date = fields.Datetime(string="Rated On", readonly=True)
    rating = fields.Float(string="Rating (of 5)", aggregator="avg", readonly=True)
    satisfaction = fields.Float(
        string="Satisfaction (%)",
        aggregator="avg",
        readonly=True,
        help="5 of 5 is 100 %, 1 of 5 is 20 %.",
    )
    answer = fields.Selection(
        selection=[("top", "Happy"), ("ok", "Neutral"), ("ko", "Unhappy")],
        readonly=True,
    )
    comment = fields.Text(readonly=True)
    order_id = fields.Many2one(
        comodel_name="sale.order", string="Contract", readonly=True
    )
    state = fields.Selection(
        selection=[
            ("draft", "Quotation"),
            ("progress", "In Progress"),
            ("paused", "Paused"),
            ("renewed", "Renewed"),
            ("churned", "Churned"),
        ],
        string="Subscription Status",
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
    rated_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Salesperson When Asked",
        readonly=True,
        help="Who answered for the contract when the customer was asked.",
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)

    @property
    def _table_query(self):
        """Override: the report is a query.

        It starts from the ratings that have an order, which have an index.

        :rtype: SQL
        """
        return SQL(
            """
            SELECT rating.id,
                   COALESCE(rating.rated_on, rating.write_date) AS date,
                   rating.rating,
                   rating.rating * %(percent)s AS satisfaction,
                   rating.rating_text AS answer,
                   rating.feedback AS comment,
                   rating.order_id,
                   rating.rated_partner_id,
                   contract.subscription_state AS state,
                   contract.plan_id,
                   contract.sale_order_template_id AS template_id,
                   contract.partner_id,
                   customer.commercial_partner_id,
                   customer.country_id,
                   contract.user_id,
                   contract.team_id,
                   contract.company_id
              FROM rating_rating rating
              JOIN sale_order contract ON contract.id = rating.order_id
              LEFT JOIN res_partner customer ON customer.id = contract.partner_id
             WHERE rating.order_id IS NOT NULL
               AND rating.consumed
               AND rating.rating >= 1
               AND contract.subscription_state IS NOT NULL
            """,
            percent=PERCENT_PER_POINT,
        )

    def action_view_contract(self):
        """Open the contract that was rated.

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
