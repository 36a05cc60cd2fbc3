"""Quotations that customers make by themselves: to add, paid first, and to renew."""

from odoo import fields, models
from odoo.exceptions import MissingError, UserError
from odoo.tools import plaintext2html

from ..const import QUOTATION_STATES
from ..engine.period import ONE_DAY
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
        reductions = {
            str(line.id): quantity
            for part in parts.values()
            for line, quantity in part.items()
        }
        obstacle = self._get_being_paid_obstacle()
        for other in self._get_customer_upsells():
            if other._sells(more, reductions):
                return other  # asked for a moment ago
            if obstacle:
                raise UserError(obstacle)
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
            # Odoo's day may be another than the company's. What is due is worked out
            # anew each time the page is opened.
            validity_date=self._get_today() + ONE_DAY,
            is_self_service=True,
            reductions=reductions,
        )
        upsell.state = "sent"
        self._note_customer_action(
            partner,
            [self.env._("Wants more, to be paid for first: %s", upsell.name)],
        )
        return upsell

    def _sells(self, more, reductions):
        """Tell whether an upsell that a customer began is for the same once more."""
        self.ensure_one()
        return (
            not self.is_expired
            and (self.reductions or {}) == reductions
            and {line.parent_line_id: line.product_uom_qty for line in self.order_line}
            == {line: wish - line.product_uom_qty for line, wish in more.items()}
        )

    def _is_being_paid_online(self):
        """Tell whether the customer may be in the middle of paying the quotation.

        :rtype: bool
        """
        self.ensure_one()
        # sudo: payments are read by administrators only
        return any(
            tx.state in ("pending", "authorized")
            or (tx.state == "draft" and tx._is_being_made())
            for tx in self.sudo().transaction_ids
        )

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

    # === WHAT IS PAID FOR === #

    def _is_confirmation_amount_reached(self):
        """Override of `sale`: what was asked for when it was paid is enough.

        A payment that arrives late finds another amount due.
        """
        is_own = self.is_self_service and self.subscription_kind == "upsell"
        # sudo: payments are read by administrators only
        if is_own and self.sudo().transaction_ids.filtered(
            lambda tx: tx.state == "done" and tx.contract_start_date
        ):
            return True
        return super()._is_confirmation_amount_reached()

    def _cancel_alternatives(self, contract):
        """Override: what a salesperson offers is no alternative to the customer's."""
        if not self.is_self_service:
            return super()._cancel_alternatives(contract)
        for other in contract._get_customer_upsells() - self.sudo():
            other._action_cancel()
        return None

    def _get_joining_day(self):
        """Override: what was paid for counts from the day it was asked for."""
        if self.is_self_service and self.start_date:
            return self.start_date
        return super()._get_joining_day()

    def _get_joined_lines(self, added):
        """Override: a customer adds to the very line they chose."""
        result = []
        for line, target in super()._get_joined_lines(added):
            chosen = line.parent_line_id
            if (
                line.order_id.is_self_service
                and chosen.order_id == self
                and line._is_same_sale(chosen)
            ):
                target = chosen
            result.append((line, target))
        return result

    def _join_contract(self):
        """Override: what the customer takes less of follows what they paid for."""
        result = super()._join_contract()
        if self.is_self_service:
            contract = self.parent_order_id.sudo()  # sudo: as the upsell itself joins
            contract._finish_customer_upsell(self)
        return result

    def _finish_customer_upsell(self, upsell):
        """Make the reductions that came with a paid upsell, and tell the customer.

        What was paid for stays, whatever is wrong with the rest.

        :param upsell: the quotation that joined the contract
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                lines = self.order_line
                self._change_customer_quantities(
                    {
                        lines.browse(int(number)): quantity
                        for number, quantity in (upsell.reductions or {}).items()
                    }
                )
        except (UserError, MissingError) as error:
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("The customer wanted less, too"),
                note=plaintext2html(str(error)),
                user_id=self._get_responsible_user().id,
            )
        language = self.partner_id.lang
        contract = self.with_context(lang=language) if language else self
        contract._tell_customer_upsell(upsell)

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
        language = self.partner_id.lang
        contract = self.with_context(lang=language) if language else self
        renewal = contract._create_renewal()
        renewal.is_self_service = True
        if not renewal.require_payment:
            renewal.require_signature = True
        renewal.action_quotation_sent()
        self._note_customer_action(
            partner, [self.env._("Wants to renew: %s", renewal.name)]
        )
        return renewal
