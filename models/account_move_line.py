from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    subscription_id = fields.Many2one(
        comodel_name="sale.order",
        string="Subscription",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    period_id = fields.Many2one(
        comodel_name="subscription.period",
        string="Billed Period",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    period_from = fields.Date(readonly=True, copy=False)
    period_to = fields.Date(readonly=True, copy=False)

    period_price_unit = fields.Float(
        string="Price per Period",
        digits="Product Price",
        readonly=True,
        copy=False,
        help="Price per unit of a full period. The line may bill a part of one.",
    )
    change_line_id = fields.Many2one(
        comodel_name="subscription.change.line",
        string="Contract Change",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The change of the contract this line charges or gives back.",
    )

    # What contracts were invoiced in a span of days, see subscription.revenue: all that
    # is summed up, so that the lines themselves are not read.
    _of_contracts_by_date = models.Index(
        "(company_id, invoice_date) INCLUDE (move_id, balance, company_currency_id, "
        "display_type, subscription_id) "
        "WHERE subscription_id IS NOT NULL AND parent_state = 'posted'"
    )

    def _copy_data_extend_business_fields(self, values):
        """Override of `account` so that credit notes and replacements of an invoice
        know the period; a plain copy does not bill it again."""
        result = super()._copy_data_extend_business_fields(values)
        values.update(
            subscription_id=self.subscription_id.id,
            period_id=self.period_id.id,
            period_from=self.period_from,
            period_to=self.period_to,
            period_price_unit=self.period_price_unit,
            change_line_id=self.change_line_id.id,
        )
        return result
