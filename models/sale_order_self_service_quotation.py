"""Quotations that customers make by themselves: to add, paid first, and to renew."""

from odoo import fields, models
from odoo.exceptions import UserError

from .sale_order_family import QUOTATION_STATES
from .subscription_self_service import Effect


class SaleOrder(models.Model):
    _inherit = "sale.order"

    is_self_service = fields.Boolean(
        string="By the Customer",
        readonly=True,
        copy=False,
        help="The customer made this quotation in the portal.",
    )
    reductions = fields.Json(
        readonly=True,
        copy=False,
        help="What the customer takes less of, once what they take more of is paid: "
        "new quantities by line.",
    )

    def _create_customer_upsell(self, quantities, partner):
        """Return the quotation by which a customer pays for more.

        Paid, it joins the contract; until then nothing changes. Another one that the
        customer began before is cancelled.

        :param dict quantities: the new quantity of each line that changes
        :param partner: who asks for it
        :rtype: sale.order
        :raise UserError: while another one is being paid
        """
        self.ensure_one()
        parts = self._split_quantities(quantities)
        more = parts.pop("now")
        for other in self._get_customer_upsells():
            if other.transaction_ids.filtered(
                lambda tx: tx.state in ("pending", "authorized")
            ):
                raise UserError(
                    self.env._(
                        "A payment of %s is under way. Please wait until it is known "
                        "whether it was successful.",
                        other.name,
                    )
                )
            other._action_cancel()
        lines = self.env["sale.order.line"].union(*more)
        upsell = self._create_linked_order(
            "upsell",
            lines,
            {
                line: {
                    "product_uom_qty": quantity - line.product_uom_qty,
                    "sequence": line.sequence,
                }
                for line, quantity in more.items()
            },
            end_date=False,
            require_payment=True,
            require_signature=False,
            prepayment_percent=1.0,
            validity_date=self._get_today(),
            is_self_service=True,
            reductions={
                line.id: quantity
                for part in parts.values()
                for line, quantity in part.items()
            },
        )
        upsell.state = "sent"
        self._note_customer_action(
            partner,
            [self.env._("Wants more, to be paid for first: %s", upsell.name)],
        )
        return upsell

    def _get_customer_upsells(self):
        """Return what the customer began to add and has not paid yet.

        :rtype: sale.order
        """
        self.ensure_one()
        # sudo: the customer's own
        return self.sudo().child_order_ids.filtered(
            lambda order: order.is_self_service
            and order.subscription_kind == "upsell"
            and order.state in QUOTATION_STATES
        )

    def _join_contract(self):
        """Override: what the customer takes less of follows what they paid for."""
        result = super()._join_contract()
        if self.is_self_service and self.reductions:
            contract = self.parent_order_id.sudo()  # sudo: as the upsell itself joins
            lines = contract.order_line
            change = contract._change_quantities(
                {
                    lines.browse(int(number)): quantity
                    for number, quantity in self.reductions.items()
                },
            )
            change.sudo().is_by_customer = True
        if self.is_self_service:
            contract = self.parent_order_id.sudo()  # sudo: see above
            contract._tell_customer_upsell(self)
        return result

    def _tell_customer_upsell(self, upsell):
        """Tell what was added once the customer has paid for it.

        :param upsell: the quotation that joined the contract
        """
        self.ensure_one()
        change = self.change_ids.filtered(lambda one: one.source_order_id == upsell)
        service = self.env["subscription.self.service"]
        planned = service._get_invoice_values(self, self.preview_invoices(1))
        planned.pop("charged")
        effect = Effect(
            texts=tuple(text for one in change for text in one._get_texts()),
            day=change[:1].date,
            charged=sum(upsell.invoice_ids.mapped("amount_total")),
            **planned,
        )
        title = self.env._("What you added to your subscription is paid and active.")
        service._tell(self, upsell.partner_id, effect, title)

    def _create_customer_renewal(self, partner):
        """Return the quotation by which a customer renews the contract.

        It is accepted as its contract was; where that needed neither signature nor
        payment, it is signed.

        :param partner: who asks for it
        :rtype: sale.order
        """
        self.ensure_one()
        renewal = self._create_renewal()
        renewal.is_self_service = True
        if not renewal.require_payment:
            renewal.require_signature = True
        renewal.action_quotation_sent()
        self._note_customer_action(
            partner, [self.env._("Wants to renew: %s", renewal.name)]
        )
        return renewal
