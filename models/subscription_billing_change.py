"""The invoices and credit notes that a change of a contract makes at once."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..const import QUIET
from .billing_facts import BillingFacts


class BooksObstacle(UserError):
    """The books do not take a document now: for a colleague, not for a customer."""


class SubscriptionBilling(models.AbstractModel):
    _inherit = "subscription.billing"

    @api.model
    def _bill_change(self, change, charges, credits):
        """Bill and credit what a change costs and gives back of billed periods.

        In the running transaction: what cannot be billed is not changed either.

        :param change: the subscription.change
        :param list[Supplement] charges: what is charged
        :param list[Supplement] credits: what is given back
        :return: the credit notes
        :rtype: account.move
        :raise UserError: when the books do not take the documents
        """
        order = change.order_id
        # sudo: a salesperson changes contracts without any right to invoice; what is
        # billed is decided by the contract, not by its reader
        service = self.sudo().with_company(order.company_id)
        order = order.with_env(service.env)
        service._check_books(order, charges or credits)
        refunds = service._make_credit_notes(order, credits)
        service._make_change_invoice(order, charges, change.sudo().source_order_id)
        service._note_supplements(change, charges + credits)
        return refunds

    def _note_supplements(self, change, supplements):
        """Note what has a document of its own: without it, the next invoice has it."""
        for one in supplements:
            if one.change_line:
                one.change_line.is_charged_apart = True
                change.charged_until = max(
                    change.charged_until or one.row.date_to, one.row.date_to
                )

    @api.model
    def _bill_pending(self, order):
        """Bill what changes have pending, because its documents were deleted.

        Before more is changed: what is given back next may be a part of it.

        :param order: the contract
        :rtype: account.move
        """
        # sudo: see `_bill_change`
        service = self.sudo().with_company(order.company_id)
        order = order.with_env(service.env)
        charges = order._get_pending_charges()
        if not charges:
            order._settle_pending()
            return service.env["account.move"]
        service._check_books(order, charges)
        order._settle_pending()
        return service._make_change_invoice(order, charges)

    @api.model
    def _credit_closing(self, order, credits):
        """Give back what an ended contract was billed beyond its end.

        :param order: the contract
        :param list[Supplement] credits: what is given back
        :rtype: account.move
        """
        # sudo: see `_bill_change`
        service = self.sudo().with_company(order.company_id)
        order = order.with_env(service.env)
        service._check_books(order, credits)
        return service._make_credit_notes(order, credits)

    def _check_books(self, order, needed):
        if not needed:
            return
        obstacle = self._get_obstacle(order, order._get_today(), BillingFacts(self.env))
        if obstacle:
            raise BooksObstacle(obstacle)

    # === CHARGES === #

    def _make_change_invoice(self, order, charges, upsell=None):
        """Invoice what changes cost, and what an upsell sells once.

        :param order: the contract
        :param list[Supplement] charges: what is charged
        :param upsell: the quotation the change came by, whose invoice it is
        :rtype: account.move
        """
        source = upsell or order
        language = order.partner_invoice_id.lang
        if language:
            source = source.with_context(lang=language)
        lines = [self._prepare_charge_line(charge, source) for charge in charges]
        if upsell:
            lines += source._prepare_one_time_lines()
        if not any(values.get("display_type") == "product" for values in lines):
            return self.env["account.move"]
        values = source.with_company(order.company_id)._prepare_invoice()
        values["invoice_date"] = order._get_today()
        values["invoice_line_ids"] += [
            Command.create(dict(line, sequence=sequence))
            for sequence, line in enumerate(lines, 1)
        ]
        moves = self._create_documents(source, values)
        self._log_change_origin(moves, order)
        self._finish_moves(moves, order.plan_id.invoice_mode)
        return moves

    def _create_documents(self, order, values):
        """Create an invoice or a credit note, whichever its total makes it.

        :param order: the order
        :param dict values: of the invoice
        :rtype: account.move
        """
        moves = order.with_context(**QUIET)._create_account_invoices([values], True)
        negative = moves.filtered(lambda move: move.amount_total < 0)
        if negative:  # a rebate that is added, or taken away
            negative.action_switch_move_type()
        return moves

    def _log_change_origin(self, moves, order):
        """Say in the chatter of invoices and credit notes where they come from."""
        for move in moves:
            move._message_log(
                body=self.env._("Made by a change of the contract %s", order.name)
            )

    def _prepare_charge_line(self, charge, order):
        """Prepare the invoice line of a charge.

        :param Supplement charge: what is charged
        :param order: the order in whose language it is written
        :rtype: dict
        """
        line = charge.line.with_env(order.env)
        values = line._prepare_invoice_line(quantity=charge.quantity)
        values.update(
            price_unit=charge.price_unit,
            discount=charge.discount,
            subscription_id=charge.line.order_id.id,
            period_id=charge.row.id,
            period_from=charge.period.start,
            period_to=charge.period.end,
            period_price_unit=charge.full_price,
            change_line_id=charge.change_line.id,
        )
        source_line = charge.change_line.source_line_id
        if source_line:
            # The quotation says so as well: it is invoiced with this line.
            values["sale_line_ids"] = [Command.set((line | source_line).ids)]
        if "name" in values:
            text = line._get_period_text(charge.period)
            values["name"] = "\n".join((values["name"], text))
        return values

    # === CREDITS === #

    def _make_credit_notes(self, order, credits):
        """Make a credit note for each invoice that is given back in part.

        :param order: the contract
        :param list[Supplement] credits: what is given back
        :rtype: account.move
        """
        notes = self.env["account.move"]
        by_move = {}
        for credit in credits:
            by_move.setdefault(credit.billed_line.move_id, []).append(credit)
        for move, parts in by_move.items():
            language = order.partner_invoice_id.lang
            source = order.with_context(lang=language) if language else order
            values = self._prepare_credit_note(source, move, parts)
            notes |= self._create_documents(order, values)
        self._log_change_origin(notes, order)
        self._finish_moves(notes, order.plan_id.invoice_mode)
        for note in notes.filtered(lambda note: note.state == "posted"):
            self._use_credit(note, note.reversed_entry_id)
        return notes

    def _prepare_credit_note(self, order, move, credits):
        """Prepare the values of a credit note for a part of an invoice.

        :param order: the contract, in its customer's language
        :param move: the invoice
        :param list[Supplement] credits: what is given back of it
        :rtype: dict
        """
        values = order.with_company(order.company_id)._prepare_invoice()
        values.update(
            move_type="out_refund",
            reversed_entry_id=move.id,
            is_change_credit=True,
            partner_id=move.partner_id.id,
            partner_shipping_id=move.partner_shipping_id.id,
            fiscal_position_id=move.fiscal_position_id.id,
            journal_id=move.journal_id.id,
            currency_id=move.currency_id.id,
            partner_bank_id=False,
            invoice_payment_term_id=False,
            payment_reference=False,
            transaction_ids=[],
            invoice_date=order._get_today(),
            ref=self.env._("Credit for %s", move.name)
            if move.name and move.state == "posted"
            else order.name,
            invoice_line_ids=[
                Command.create(self._prepare_credit_line(order, credit, sequence))
                for sequence, credit in enumerate(credits, 1)
            ],
        )
        return values

    def _prepare_credit_line(self, order, credit, sequence):
        """Prepare the line of a credit note: account and taxes are those billed."""
        billed = credit.billed_line
        product = credit.line.with_env(order.env)
        return {
            "display_type": "product",
            "sequence": sequence,
            "name": "\n".join(
                (
                    billed.name.rsplit("\n", 1)[0],
                    product._get_period_text(credit.period),
                )
            ),
            "product_id": billed.product_id.id,
            "product_uom_id": billed.product_uom_id.id,
            "account_id": billed.account_id.id,
            "tax_ids": [Command.set(billed.tax_ids.ids)],
            "analytic_distribution": billed.analytic_distribution,
            "quantity": credit.quantity,
            "price_unit": credit.price_unit,
            "discount": credit.discount,
            "sale_line_ids": [Command.set(billed.sale_line_ids.ids)],
            "subscription_id": order.id,
            "period_id": credit.row.id,
            "period_from": credit.period.start,
            "period_to": credit.period.end,
            "period_price_unit": credit.full_price,
            "change_line_id": credit.change_line.id if credit.change_line else False,
        }

    def _use_credit(self, notes, moves):
        """Pay open invoices with credit notes.

        :param notes: posted credit notes
        :param moves: invoices; those that are drafts or paid are left out
        """
        for note in notes.filtered(lambda move: move.state == "posted"):
            for move in moves.filtered(
                lambda move: move.state == "posted"
                and move.move_type == "out_invoice"
                and not move.currency_id.is_zero(move.amount_residual)
            ):
                open_lines = (note | move).line_ids.filtered(
                    lambda line: line.account_type == "asset_receivable"
                    and not line.reconciled
                )
                if len(open_lines.account_id) == 1 and note & open_lines.move_id:
                    open_lines.reconcile()
