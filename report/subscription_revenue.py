from odoo import fields, models


class SubscriptionRevenue(models.Model):
    """What contracts were invoiced, less what was credited: a row per invoice line.

    Counted under the same names as MRR events, as the contract is now.
    """

    _name = "subscription.revenue"
    _description = "Subscription Revenue"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "move_id"

    date = fields.Date(string="Invoice Date", readonly=True)
    move_id = fields.Many2one(
        comodel_name="account.move", string="Invoice", readonly=True
    )
    product_id = fields.Many2one(comodel_name="product.product", readonly=True)
    amount = fields.Monetary(
        readonly=True, help="Untaxed, in the company's currency; negative on credits."
    )
    is_recurring = fields.Boolean(string="Recurring", readonly=True)
    order_id = fields.Many2one(
        comodel_name="sale.order", string="Contract", readonly=True
    )
    root_order_id = fields.Many2one(
        comodel_name="sale.order", string="First Contract", readonly=True
    )
    plan_id = fields.Many2one(
        comodel_name="subscription.plan", string="Recurring Plan", readonly=True
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
    template_id = fields.Many2one(
        comodel_name="sale.order.template", string="Quotation Template", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)

    @property
    def _table_query(self):
        # Lines of contracts, and what else stands on their invoices. PostgreSQL takes
        # conditions on date and company into both parts, and to the index made for
        # them; it leaves out what is joined and not asked for.
        return """
            SELECT line.id, line.invoice_date AS date, line.move_id, line.product_id,
                   -line.balance AS amount, line.is_recurring, line.order_id,
                   COALESCE(contract.root_order_id, contract.id) AS root_order_id,
                   contract.plan_id, contract.partner_id,
                   customer.commercial_partner_id, customer.country_id,
                   contract.user_id, contract.team_id,
                   contract.sale_order_template_id AS template_id,
                   line.company_id, line.company_currency_id AS currency_id
              FROM (
                    SELECT id, invoice_date, move_id, product_id, balance,
                           TRUE AS is_recurring, subscription_id AS order_id,
                           company_id, company_currency_id
                      FROM account_move_line
                     WHERE subscription_id IS NOT NULL
                       AND parent_state = 'posted'
                       AND display_type = 'product'
                     UNION ALL
                    -- What else stands on their invoices. Whose it is, is looked up
                    -- where somebody asks.
                    SELECT once.id, once.invoice_date, once.move_id, once.product_id,
                           once.balance, FALSE, COALESCE(
                               (SELECT min(CASE WHEN sold.subscription_kind = 'upsell'
                                                THEN sold.parent_order_id
                                                ELSE sold.id END)
                                  FROM sale_order_line_invoice_rel link
                                  JOIN sale_order_line ON sale_order_line.id
                                                          = link.order_line_id
                                  JOIN sale_order sold ON sold.id
                                                          = sale_order_line.order_id
                                 WHERE link.invoice_line_id = once.id),
                               (SELECT min(subscription_id)
                                  FROM account_move_line billed
                                 WHERE billed.move_id = once.move_id
                                   AND billed.subscription_id IS NOT NULL)),
                           once.company_id, once.company_currency_id
                      FROM account_move_line once
                     WHERE once.subscription_id IS NULL
                       AND once.parent_state = 'posted'
                       AND once.display_type = 'product'
                       AND EXISTS (
                            SELECT 1 FROM account_move_line billed
                             WHERE billed.move_id = once.move_id
                               AND billed.company_id = once.company_id
                               AND billed.subscription_id IS NOT NULL
                               AND billed.parent_state = 'posted')
                     UNION ALL
                    -- What is sold once and invoiced by itself, or given back so.
                    SELECT alone.id, alone.invoice_date, alone.move_id,
                           alone.product_id, alone.balance, FALSE,
                           min(CASE WHEN sold.subscription_kind = 'upsell'
                                    THEN sold.parent_order_id ELSE sold.id END),
                           alone.company_id, alone.company_currency_id
                      FROM sale_order sold
                      JOIN sale_order_line fee ON fee.order_id = sold.id
                       AND fee.is_recurring IS NOT TRUE
                       AND fee.display_type IS NULL
                      JOIN sale_order_line_invoice_rel link
                        ON link.order_line_id = fee.id
                      JOIN account_move_line alone ON alone.id = link.invoice_line_id
                       AND alone.subscription_id IS NULL
                       AND alone.parent_state = 'posted'
                       AND alone.display_type = 'product'
                     WHERE (sold.subscription_state IS NOT NULL
                            OR sold.subscription_kind = 'upsell')
                       AND NOT EXISTS (
                            SELECT 1 FROM account_move_line other
                             WHERE other.move_id = alone.move_id
                               AND other.subscription_id IS NOT NULL)
                     GROUP BY alone.id, alone.invoice_date, alone.move_id,
                              alone.product_id, alone.balance, alone.company_id,
                              alone.company_currency_id
                   ) line
              LEFT JOIN sale_order contract ON contract.id = line.order_id
              LEFT JOIN res_partner customer ON customer.id = contract.partner_id
        """
