from odoo import fields, models
from odoo.tools import SQL

from ..const import HEALTH


class SubscriptionReport(models.Model):
    """Contracts and their quotations as they are: a row for each of their lines."""

    _name = "subscription.report"
    _inherit = "subscription.quick.sums"
    _description = "Subscription Analysis"
    _auto = False
    _rec_name = "order_id"
    _order = "mrr desc, id desc"
    _depends = {
        "sale.order": [
            "currency_rate",
            "end_date",
            "health",
            "mrr_rate",
            "next_invoice_date",
            "partner_id",
            "plan_id",
            "sale_order_template_id",
            "stage_id",
            "start_date",
            "subscription_state",
            "team_id",
            "user_id",
        ],
        "sale.order.line": [
            "is_recurring",
            "mrr",
            "price_subtotal",
            "product_id",
            "product_uom_id",
            "product_uom_qty",
        ],
    }

    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contracts",
        readonly=True,
        aggregator="count_distinct",
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
    stage_id = fields.Many2one(
        comodel_name="subscription.stage", string="Stage", readonly=True
    )
    health = fields.Selection(selection=HEALTH, readonly=True)
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
    start_date = fields.Date(readonly=True)
    end_date = fields.Date(readonly=True)
    next_invoice_date = fields.Date(readonly=True)
    product_id = fields.Many2one(
        comodel_name="product.product", string="Product Variant", readonly=True
    )
    product_tmpl_id = fields.Many2one(
        comodel_name="product.template", string="Product", readonly=True
    )
    categ_id = fields.Many2one(
        comodel_name="product.category", string="Product Category", readonly=True
    )
    is_recurring = fields.Boolean(string="Recurring", readonly=True)
    quantity = fields.Float(
        readonly=True, help="In the unit of measure of the product."
    )
    mrr = fields.Monetary(string="MRR", readonly=True)
    arr = fields.Monetary(string="ARR", readonly=True)
    recurring_total = fields.Monetary(
        string="Recurring Revenue",
        readonly=True,
        help="Untaxed, per period of the plan, in the company's currency.",
    )
    untaxed_total = fields.Monetary(
        readonly=True,
        help="With what is sold once, in the company's currency.",
    )

    @property
    def _table_query(self):
        """Override: the report is a query.

        What is joined may be left out by the database where nobody asks for it.

        :rtype: SQL
        """
        return SQL(
            """
            SELECT line.id,
                   contract.id AS order_id,
                   contract.subscription_state AS state,
                   contract.stage_id,
                   contract.health,
                   contract.plan_id,
                   contract.sale_order_template_id AS template_id,
                   contract.partner_id,
                   partner.commercial_partner_id,
                   partner.country_id,
                   contract.user_id,
                   contract.team_id,
                   contract.company_id,
                   company.currency_id,
                   contract.start_date,
                   contract.end_date,
                   contract.next_invoice_date,
                   line.product_id,
                   product.product_tmpl_id,
                   template.categ_id,
                   line.is_recurring,
                   line.product_uom_qty * uom.factor / product_uom.factor AS quantity,
                   COALESCE(line.mrr, 0) AS mrr,
                   COALESCE(line.mrr, 0) * 12 AS arr,
                   CASE WHEN line.is_recurring THEN %(amount)s ELSE 0 END
                       AS recurring_total,
                   %(amount)s AS untaxed_total
              FROM sale_order contract
              JOIN sale_order_line line ON line.order_id = contract.id
              LEFT JOIN res_company company ON company.id = contract.company_id
              LEFT JOIN res_partner partner ON partner.id = contract.partner_id
              LEFT JOIN product_product product ON product.id = line.product_id
              LEFT JOIN product_template template
                     ON template.id = product.product_tmpl_id
              LEFT JOIN uom_uom uom ON uom.id = line.product_uom_id
              LEFT JOIN uom_uom product_uom ON product_uom.id = template.uom_id
             WHERE contract.subscription_state IS NOT NULL
               AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
            """,
            # At the rate the MRR is valued at, as _get_mrr_rate of orders.
            amount=SQL(
                """
                (line.price_subtotal / COALESCE(
                    NULLIF(contract.mrr_rate, 0), NULLIF(contract.currency_rate, 0), 1
                )::numeric)
                """
            ),
        )

    def action_view_contract(self):
        """Open the contract the row belongs to.

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
