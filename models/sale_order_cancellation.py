"""What a contract knows of its cancellations that came without a login."""

from urllib.parse import urlencode

from odoo import api, fields, models
from odoo.tools import formatLang

from ..const import MAX_PREVIEW


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cancellation_ids = fields.One2many(
        comodel_name="subscription.cancellation",
        inverse_name="order_id",
        string="Cancellations",
        readonly=True,
        groups="sales_team.group_sale_salesman",
    )
    cancellation_count = fields.Integer(
        compute="_compute_cancellation_count",
        groups="sales_team.group_sale_salesman",
    )

    @api.depends("cancellation_ids")
    def _compute_cancellation_count(self):
        counts = dict(
            self.env["subscription.cancellation"]._read_group(
                [("order_id", "in", self.ids)], ["order_id"], ["__count"]
            )
        )
        for order in self:
            order.cancellation_count = counts.get(order._origin, 0)

    def action_view_cancellations(self):
        """Open the cancellations that were declared for the contract."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.subscription_cancellation_action"
        )
        action["domain"] = [("order_id", "=", self.id)]
        action["context"] = {}
        return action

    def _get_cancellation_link(self):
        """Return where anybody can cancel the contract without a login, or False.

        The link says nothing but the number, which is on the mail as well. What is
        about to end has it too: it may end earlier, or for cause.

        :rtype: str | bool
        """
        self.ensure_one()
        if not self._is_live_contract():
            return False
        query = urlencode({"contract": self.name})
        return f"{self.get_base_url()}/subscriptions/cancel?{query}"

    # === WHAT THE MAIL ABOUT THE END TELLS === #

    def _get_cancellation(self):
        """Return the latest declaration that ended the contract."""
        # sudo: it is the contract's own, told to its customer
        return self.sudo().cancellation_ids.filtered(lambda one: one.state == "done")[
            :1
        ]

    def _get_cancelled_day(self):
        """Return the last day that the customer is told.

        By right it may have been over when a person found the contract.

        :rtype: date | bool
        """
        if not self:  # a template is tried out
            return False
        self.ensure_one()
        day = self._get_cancellation().last_day
        return min(day, self.close_date) if day and self.close_date else self.close_date

    def _get_cancellation_recipient(self):
        """Return whom the end date is confirmed to: the contract's customer.

        :rtype: res.partner
        """
        partners = (
            self.partner_id
            | self.partner_invoice_id
            | self.partner_id.commercial_partner_id
        )
        return partners.filtered("email")[:1] or self.partner_id

    def _get_remaining_text(self):
        """Return in a sentence what is still invoiced until the contract ends.

        :rtype: str
        """
        if not self:  # a template is tried out
            return ""
        self.ensure_one()
        invoices = []
        if self._is_live_contract() and self.next_invoice_date:
            invoices = self.preview_invoices(MAX_PREVIEW)
        if not invoices:
            return self.env._("No further period is invoiced.")
        amount = formatLang(
            self.env, invoices[0]["amount_total"], currency_obj=self.currency_id
        )
        values = {
            "count": len(invoices),
            "day": self._format_day(invoices[0]["invoice_date"]),
            "amount": amount,
            "start": self._format_day(invoices[0]["date_from"]),
            "end": self._format_day(invoices[-1]["date_to"]),
        }
        if len(invoices) == 1:
            return self.env._(
                "One more invoice follows, on %(day)s: %(amount)s for %(start)s to "
                "%(end)s.",
                **values,
            )
        return self.env._(
            "Until then it is invoiced as before: %(count)s more invoices for "
            "%(start)s to %(end)s, the next one on %(day)s: %(amount)s.",
            **values,
        )
