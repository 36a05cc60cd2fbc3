"""Payments that save the method they were made with for the contract they pay."""

from odoo import fields, models
from odoo.exceptions import UserError

from ..const import QUOTATION_STATES


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    contract_start_date = fields.Date(
        readonly=True,
        help="The day on which the customer was asked for the payment of a quotation "
        "that names no start: the contract begins on it.",
    )
    # Not one of its orders: nothing of it is paid, and Odoo bills orders that are.
    saved_for_order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Saved for Contract",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The running contract whose payment method the customer saves by it.",
    )

    def _post_process(self):
        """Override of `sale`: the contract has its method before it is confirmed."""
        for tx in self.filtered(lambda tx: tx.state in ("authorized", "done")):
            tx._keep_payment_method()
            tx._keep_saved_method()
            # Odoo confirms what is paid for; here, saving the method accepts it.
            is_saved = tx.state == "done" and tx.operation == "validation"
            if is_saved and tx._get_contract_quotation():
                tx._check_amount_and_confirm_order()
        return super()._post_process()

    def _check_amount_and_confirm_order(self):
        """Override of `sale`: the contract begins on the day it was asked to be paid.

        What is due may follow from that day, and payments may take some more.
        """
        confirmed = self.env["sale.order"]
        for tx in self:
            order = tx._get_contract_quotation()
            if tx.operation == "validation" and order and order._has_to_be_signed():
                continue
            starts = (
                order
                # Other upsells start when they join.
                and (order.subscription_kind != "upsell" or order.is_self_service)
                and not order.start_date
                and tx.contract_start_date
            )
            if starts:
                order.start_date = tx.contract_start_date
            try:
                with self.env.cr.savepoint():
                    confirmed |= super(
                        PaymentTransaction, tx
                    )._check_amount_and_confirm_order()
            except UserError as error:
                if not order:
                    raise
                # The money is there: it is booked, and a person sees to the rest.
                self.env.invalidate_all()
                order._tell_paid_in_vain(tx, error)
            if starts and order not in confirmed:
                order.start_date = False
        return confirmed

    def _get_contract_quotation(self):
        """Return the quotation of a contract or upsell that the payment is for, if so.

        :rtype: sale.order
        """
        self.ensure_one()
        order = self.sale_order_ids
        if len(order) == 1 and order._asks_what_is_due():
            return order
        return order.browse()

    def _tokenize(self, payment_data):
        """Override of `payment`: some providers tell of a method after the payment."""
        result = super()._tokenize(payment_data)
        if self.is_post_processed and self.state in ("authorized", "done"):
            self._keep_payment_method()
            self._keep_saved_method()
        return result

    def _pays_contract(self):
        """Override: what saves a method is processed once at a time as well."""
        return super()._pays_contract() or bool(self.saved_for_order_id)

    def _keep_saved_method(self):
        """Let a running contract be paid with the method that its customer saved.

        Nothing is done where they chose another one meanwhile, or the contract ended.
        """
        self.ensure_one()
        # sudo: whoever processes the validation decides nothing here
        tx = self.sudo()
        if not tx.token_id or not tx.saved_for_order_id:
            return
        order = tx.saved_for_order_id._get_living_contract()
        if not order._is_live_contract():
            return
        obstacle = order._get_payment_token_obstacle(tx.token_id)
        if obstacle:
            tx._tell_not_kept(order, obstacle)
        else:
            order._choose_payment_method(tx.token_id, tx.partner_id, saving=tx)

    def _keep_payment_method(self):
        """Tie the method of a payment to the contract that it pays.

        That of a quotation becomes the contract's, whether it was saved by this payment
        or before. Paying an invoice changes the method of a contract only if it has
        none, or one that failed, and only if the customer saved the method by it.
        """
        self.ensure_one()
        # sudo: whoever pays or processes the payment decides nothing here
        tx = self.sudo()
        if not tx.token_id or tx.operation in ("offline", "refund"):
            return
        for order in tx._get_orders_to_keep_method():
            obstacle = order._get_payment_token_obstacle(tx.token_id)
            if obstacle:
                # Somebody else paid: that is no reason to refuse the money.
                tx._tell_not_kept(order, obstacle)
            elif order.payment_token_id != tx.token_id:
                order.payment_token_id = tx.token_id

    def _tell_not_kept(self, order, obstacle):
        order.message_post(
            body=self.env._(
                "The payment method of %(payment)s was not saved: %(reason)s",
                payment=self.reference,
                reason=obstacle,
            )
        )

    def _get_orders_to_keep_method(self):
        """Return the orders that the method of the payment becomes that of.

        :rtype: sale.order
        """
        self.ensure_one()
        orders = self.sale_order_ids.filtered(
            lambda order: order._saves_payment_method()
        )
        quotations = orders.filtered(lambda order: order.state in QUOTATION_STATES)
        if self.operation == "online_token":
            return quotations
        return quotations | (orders | self.invoice_ids.subscription_ids).filtered(
            lambda order: order._is_live_contract()
            and (not order.payment_token_id or order._is_payment_method_failing())
        )
