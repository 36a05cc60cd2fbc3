"""Invoices that are collected: what must not happen while somebody is being charged."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .subscription_collection import IN_FLIGHT


class AccountMove(models.Model):
    _inherit = "account.move"

    collection_ids = fields.One2many(
        comodel_name="subscription.collection", inverse_name="move_id"
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `account` to keep an invoice while its payment is under way."""
        cancelled = vals.get("state") == "cancel"
        if cancelled or {"invoice_line_ids", "line_ids", "currency_id"} & vals.keys():
            self._check_not_in_flight()
        reopened = self.browse()
        if vals.get("state") == "draft":
            reopened = self.filtered(lambda move: move.state == "cancel")
        result = super().write(vals)
        if cancelled:
            self._get_collections()._set_cancelled()
        if reopened:
            reopened._get_collections()._set_reopened()
        return result

    def unlink(self):
        """Override of `account` to keep an invoice while its payment is under way.

        One that was tried keeps its history: it is cancelled instead.
        """
        if not self:  # Odoo deletes nothing a dozen times for each invoice it makes
            return super().unlink()
        collections = self._get_collections()
        self._check_not_in_flight()
        orders = collections.order_ids
        result = super().unlink()
        orders._update_payment_hold()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_tried(self):
        tried = self._get_collections().filtered("attempt")
        if tried:
            raise UserError(
                self.env._(
                    "%s cannot be deleted: the payment method was tried for it. Cancel "
                    "it instead.",
                    tried[0].display_name,
                )
            )

    # === BUSINESS METHODS === #

    def _get_collections(self):
        # sudo: whoever may change an invoice changes what hangs on it
        return (
            self.env["subscription.collection"]
            .sudo()
            .search([("move_id", "in", self.ids)])
        )

    def _get_payment_link(self):
        """Return the address where anybody who has it can pay the invoice.

        :rtype: str
        """
        self.ensure_one()
        # sudo: the link is for the customer, whoever makes it
        token = self.sudo()._portal_ensure_token()
        return f"{self.get_base_url()}/subscriptions/pay/{self.id}?access_token={token}"

    def _check_not_in_flight(self):
        in_flight = self._get_collections().filtered(
            lambda collection: collection.state in IN_FLIGHT
            # What was paid and cannot be booked may be put right.
            and collection.transaction_id.state != "done"
        )
        if in_flight:
            raise UserError(
                self.env._(
                    "A payment of %s is under way, or may have been made. Wait until "
                    "it is known, or settle it on the contract.",
                    in_flight[0].display_name,
                )
            )

    def _begin_online_payment(self):
        """Note that a customer begins to pay, or refuse it.

        The collector leaves the invoice alone for a while. Both write the same row, so
        that they cannot both believe to be the only one.

        :raise ValidationError: when the invoice is being charged, or is paid
        """
        for collection in self._get_collections():
            if collection.state in IN_FLIGHT:
                raise ValidationError(
                    self.env._(
                        "Your saved payment method is being charged for this invoice. "
                        "Please wait until it is known whether that was successful."
                    )
                )
            move = collection.move_id
            if move._get_payments_under_way():
                raise ValidationError(
                    self.env._(
                        "A payment of this invoice is under way. Please wait until it "
                        "is known whether it was successful."
                    )
                )
            if move.state == "posted" and move.currency_id.is_zero(
                move.amount_residual
            ):
                raise ValidationError(self.env._("This invoice is already paid."))
            collection.paying_since = fields.Datetime.now()
            # Now, not at the end of the request: its provider may be called before.
            collection.flush_recordset(["paying_since"])

    def _get_payments_under_way(self):
        """Return the payments of the invoice that may still be made, by any hand.

        What a customer only began is none of them, nor is an announced transfer.

        :rtype: payment.transaction
        """
        # sudo: payments are read by administrators only
        return self.sudo().transaction_ids.filtered(
            lambda tx: tx.operation not in ("refund", "validation")
            and (
                (tx.state in ("pending", "authorized") and not tx._is_promise())
                or (tx.state == "done" and not tx.is_post_processed)
            )
        )

    def _invoice_paid_hook(self):
        """Override of `account`: whoever paid, and however, the collecting ends."""
        result = super()._invoice_paid_hook()
        collections = self._get_collections()
        collections._set_paid()
        collections._send_paid_invoices()
        # sudo: whoever enters the payment may not read the contracts
        self.sudo().subscription_ids._mark_changed()
        return result

    def _get_mail_template(self):
        """Override of `account`: who has no method saved is sent a link to pay."""
        collections = self._get_collections()
        if self.move_type == "out_invoice" and collections.filtered(
            lambda collection: collection.state == "no_method"
        ):
            plans = self._get_billed_periods().plan_id
            if not plans.invoice_mail_template_id:
                template = self.env.ref(
                    "subscriptions.mail_template_invoice_to_pay", False
                )
                if template:
                    return template
        return super()._get_mail_template()
