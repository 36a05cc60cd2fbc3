from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..engine.period import ONE_DAY


class AccountMove(models.Model):
    _inherit = "account.move"

    subscription_ids = fields.Many2many(
        comodel_name="sale.order",
        string="Subscriptions",
        compute="_compute_subscription_ids",
        search="_search_subscription_ids",
        help="The contracts this invoice bills.",
    )
    subscription_count = fields.Integer(compute="_compute_subscription_ids")
    is_replaced = fields.Boolean(
        copy=False,
        help="Another invoice was made in place of this one and bills what it billed.",
    )
    is_change_credit = fields.Boolean(
        readonly=True,
        copy=False,
        help="Made by a change of a contract, for the rest of what was billed.",
    )
    period_ids = fields.One2many(
        comodel_name="subscription.period",
        inverse_name="move_id",
        string="Billed Periods",
    )

    # === COMPUTE METHODS === #

    @api.depends("line_ids.subscription_id")
    def _compute_subscription_ids(self):
        for move in self:
            move.subscription_ids = move.line_ids.subscription_id
            move.subscription_count = len(move.subscription_ids)

    def _search_subscription_ids(self, operator, value):
        return [("line_ids.subscription_id", operator, value)]

    # === CRUD METHODS === #

    def write(self, vals):
        freed = self.env["subscription.period"]
        if vals.get("state") == "cancel":
            self._check_not_credited()
            freed = self._get_billed_periods().filtered("is_live")
        result = super().write(vals)
        freed._log_freed(
            lambda label: self.env._(
                "The invoice was cancelled: %s is free and will be billed again.", label
            )
        )
        return result

    def unlink(self):
        """Override of `account`: the periods of a deleted draft are free again."""
        if not self:  # Odoo deletes nothing a dozen times for each invoice it makes
            return super().unlink()
        self._check_not_credited()
        periods = self._get_billed_periods()
        freed = periods.filtered("is_live")
        result = super().unlink()
        freed._log_freed(
            lambda label: self.env._(
                "The invoice was deleted: %s is free and will be billed again.", label
            )
        )
        periods._set_void()
        return result

    def _check_not_credited(self):
        """Keep an invoice whose periods a change of the contract credited in part.

        Billed again, the periods would be shorter, and the credit would stand beside.
        """
        # sudo: whoever may cancel documents may not read all that hangs on them
        for move in self.sudo():
            notes = move.reversal_move_ids.filtered(
                lambda note: note.is_change_credit and note.state != "cancel"
            )
            if notes - self.sudo():
                raise UserError(
                    self.env._(
                        "%(invoice)s is credited in part by %(note)s, because its "
                        "contract changed. Cancel or delete that first.",
                        invoice=move.display_name,
                        note=", ".join((notes - self.sudo()).mapped("display_name")),
                    )
                )

    # === ACTION METHODS === #

    def action_view_subscriptions(self):
        """Open the contracts the invoice bills."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.sale_order_action_contracts"
        )
        contracts = self.subscription_ids
        if len(contracts) == 1:
            return {
                "type": "ir.actions.act_window",
                "res_model": "sale.order",
                "res_id": contracts.id,
                "views": [(False, "form")],
            }
        action["domain"] = [("id", "in", contracts.ids)]
        return action

    # === BUSINESS METHODS === #

    def _get_billed_periods(self):
        """Return the ledger rows of these invoices.

        :rtype: subscription.period
        """
        # sudo: whoever may change an invoice changes the ledger by it
        return (
            self.env["subscription.period"].sudo().search([("move_id", "in", self.ids)])
        )

    def _is_fully_credited(self):
        """Tell whether posted credit notes take the whole invoice back."""
        self.ensure_one()
        if self.payment_state == "reversed":
            return True
        refunds = self.reversal_move_ids.filtered(
            lambda move: move.state == "posted" and move.move_type == "out_refund"
        )
        if not refunds:
            return False
        credited = sum(refunds.mapped("amount_total"))
        return self.currency_id.compare_amounts(credited, self.amount_total) >= 0

    def _get_mail_template(self):
        """Override of `account` to use the mail of the contracts' plan."""
        templates = self._get_billed_periods().plan_id.invoice_mail_template_id
        if self.move_type == "out_invoice" and len(templates) == 1:
            return templates
        return super()._get_mail_template()

    def _get_renewal_texts(self):
        """Return for each contract on the invoice what is billed and when it renews.

        In the context's language, for the printed invoice.

        :rtype: list[str]
        """
        self.ensure_one()
        texts = []
        if self.move_type != "out_invoice":
            return texts
        for period in self._get_billed_periods().sorted("date_from"):
            order = period.order_id
            values = {
                "contract": order.name,
                "plan": period.plan_id.with_context(lang=self.env.lang).name,
                "period": period.with_env(self.env)._get_label(),
            }
            renewal = order._get_timeline().period_from(period.date_to + ONE_DAY)
            if order._is_live_contract() and renewal:
                values["date"] = format_date(self.env, renewal.start)
                texts.append(
                    self.env._(
                        "%(contract)s, %(plan)s: %(period)s, renews on %(date)s.",
                        **values,
                    )
                )
            else:
                texts.append(
                    self.env._("%(contract)s, %(plan)s: %(period)s.", **values)
                )
        return texts
