from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from ..const import ONLINE_PAYMENT_MINUTES
from .payment_provider_call import ProviderCall

# Codes of providers for declines that are for good: trying again is no use, and
# networks of cards fine who does.
HARD_DECLINES = {
    "authentication_required",
    "card_not_supported",
    "do_not_try_again",
    "expired_card",
    "incorrect_number",
    "invalid_account",
    "lost_card",
    "new_account_information_available",
    "no_such_issuer",
    "pickup_card",
    "restricted_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "stolen_card",
    "stop_payment_order",
}


@dataclass(eq=False)  # two checks are never the same, nor are their environments
class AmountCheck:
    """What Odoo's comparison of amounts and currencies finds."""

    is_running: bool = False
    message: str | None = None


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    collection_id = fields.Many2one(
        comodel_name="subscription.collection",
        string="Payment Collection",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    is_unknown = fields.Boolean(
        string="Unknown",
        readonly=True,
        copy=False,
        help="The provider did not answer: the payment may have been made or not. Kept "
        "pending, from where everything is possible.",
    )
    amount_differs = fields.Boolean(
        readonly=True,
        copy=False,
        help="Another amount was taken than asked for: a person decides.",
    )
    refusal = fields.Selection(
        # soft: may work another day; hard: never will; not_tried: nobody was asked
        selection=[("soft", "Soft"), ("hard", "For Good"), ("not_tried", "Not Tried")],
        readonly=True,
        copy=False,
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment`: what is being charged is not paid by hand as well."""
        by_hand = self.env["account.move"]
        for vals in vals_list:
            if not vals.get("collection_id") and vals.get("operation") not in (
                "refund",
                "validation",
            ):
                by_hand |= self._get_paid_invoices(vals)
        by_hand._begin_online_payment()
        return super().create(vals_list)

    def _get_paid_invoices(self, vals):
        """Return the invoices of which the values of a transaction speak."""
        commands = vals.get("invoice_ids") or []
        ids = self._fields["invoice_ids"].convert_to_cache(commands, self)
        return self.env["account.move"].browse(ids)

    # === WHAT THE PROVIDER SAYS === #

    def _charge_with_token(self):
        """Override of `payment` to watch how a contract's invoice is charged."""
        if self._is_watched() and "subscription_call" not in self.env.context:
            # A customer, or an accountant, pays by a saved method.
            right = self.env["subscription.charging.right"]
            if not right._is_granted():
                raise UserError(right._get_banner())
            call = ProviderCall(provider=self.provider_code, by_us=False)
            self = self.with_context(subscription_call=call)  # noqa: PLW0642
        return super()._charge_with_token()

    def _is_watched(self):
        """Tell whether what the provider says about it is weighed."""
        self.ensure_one()
        # sudo: customers pay invoices whose collections they cannot read
        tx = self.sudo()
        return bool(
            tx.collection_id
            or tx.invoice_ids.collection_ids
            or tx._get_contract_orders()
        )

    def _process(self, provider_code, payment_data):
        """Override of `payment` to keep apart what was declined and what went wrong.

        A payment of another amount is no decline: money was taken. A person decides.
        """
        tx = self or self._search_by_reference(provider_code, payment_data)
        if len(tx) == 1 and tx._is_watched():
            call = self.env.context.get("subscription_call")
            if call is None:
                call = ProviderCall(provider=provider_code, by_us=False)
            call.note_answer(payment_data)
            tx = tx.with_context(
                subscription_call=call, subscription_amount_check=AmountCheck()
            )
        return super(PaymentTransaction, tx)._process(provider_code, payment_data)

    def _validate_amount(self, payment_data):
        """Override of `payment` to note another amount, and go on.

        What the provider says of the payment is still wanted: its reference above all.
        """
        check = self.env.context.get("subscription_amount_check")
        if check is None:
            return super()._validate_amount(payment_data)
        check.is_running = True
        try:
            return super()._validate_amount(payment_data)
        finally:
            check.is_running = False

    def _set_error(self, state_message, extra_allowed_states=()):
        """Override of `payment`: only what the provider itself refused is declined."""
        check = self.env.context.get("subscription_amount_check")
        if check is not None and check.is_running:
            check.message = state_message
            return self.browse()
        call = self.env.context.get("subscription_call")
        if call is None or not self._is_watched():
            return super()._set_error(state_message, extra_allowed_states)
        if call.is_misconfigured():
            self._set_not_tried(state_message)
            return self
        if not call.is_refusal():
            self._set_unknown(state_message)
            return self
        hard = self._is_declined_for_good(call, state_message)
        self.refusal = "hard" if hard else "soft"
        return super()._set_error(state_message, extra_allowed_states)

    def _is_declined_for_good(self, call, message):
        """Tell whether trying the same method again is no use.

        Hook for other addons; called while a charge is being refused.

        :param ProviderCall call: what is known of the call
        :param str message: what the provider said
        :rtype: bool
        """
        self.ensure_one()
        said = (message or "").lower().replace(" ", "_")
        return bool(
            call.codes & HARD_DECLINES or any(code in said for code in HARD_DECLINES)
        )

    def _set_unknown(self, message):
        """Note that nobody knows whether the payment was made.

        From `error` Odoo lets a payment only become done; from `pending` it may turn
        out either way.

        :param str message: what the provider did, in plain words
        """
        self = self.with_context(  # noqa: PLW0642
            subscription_amount_check=None
        ).filtered(lambda tx: tx.state not in ("done", "cancel"))
        self._update_state(("draft", "authorized", "error"), "pending", message)
        self.write({"is_unknown": True, "state_message": message})
        for tx in self.filtered(lambda tx: not tx.collection_id):
            # A payment made by hand is from now on one of those to be settled.
            tx.collection_id = tx.sudo().invoice_ids.collection_ids[:1]  # sudo: a link
            if not tx.collection_id:
                tx._tell_unknown()
        self._wake_collector()

    def _tell_unknown(self):
        """Tell a person that nobody knows whether a quotation is paid."""
        self.ensure_one()
        for order in self._get_contract_orders():
            order.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("Payment unknown"),
                note=plaintext2html(
                    self.env._(
                        "Nobody knows whether %(reference)s was paid. Look it up at "
                        "the payment provider. %(reason)s",
                        reference=self.reference,
                        reason=self.state_message or "",
                    )
                ),
                user_id=order._get_responsible_user().id,
            )

    def _set_not_tried(self, message):
        """Note that the provider did not let us ask: nothing was charged."""
        self._update_state(("draft", "pending"), "cancel", message)
        self.refusal = "not_tried"

    def _set_pending(self, *, state_message=None, extra_allowed_states=()):
        """Override of `payment`: a provider that says pending has answered."""
        self.filtered(
            lambda tx: tx.is_unknown and not tx.amount_differs
        ).is_unknown = False
        return super()._set_pending(
            state_message=state_message, extra_allowed_states=extra_allowed_states
        )

    def _update_state(self, allowed_states, target_state, state_message):
        """Override of `payment`: what is answered is not unknown any more."""
        check = self.env.context.get("subscription_amount_check")
        if check and check.message and target_state in ("authorized", "done"):
            self._set_unknown(check.message)
            self.amount_differs = True
            return self.browse()
        updated = super()._update_state(allowed_states, target_state, state_message)
        updated.filtered("is_unknown").write(
            {"is_unknown": False, "amount_differs": False}
        )
        updated._wake_collector()
        return updated

    def _wake_collector(self):
        """Let the collector look at payments whose fate became known meanwhile."""
        call = self.env.context.get("subscription_call")
        if self.collection_id and not (call and call.by_us):
            # sudo: whoever brings the news has no rights on scheduled actions
            self.env.ref("subscriptions.ir_cron_collect_payments").sudo()._trigger()

    def _is_being_made(self):
        """Tell whether a customer may be in the middle of this payment."""
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(minutes=ONLINE_PAYMENT_MINUTES)
        return self.last_state_change >= since

    def _is_promise(self):
        """Tell whether the customer only said that the money will be transferred.

        Hook for other addons: that is no payment one would have to wait for.

        :rtype: bool
        """
        self.ensure_one()
        return self.provider_code == "custom"

    # === WHAT FOLLOWS === #

    def _post_process(self):
        """Override of `payment`: one at a time.

        The customer's browser, Odoo's scheduled action and the collector may all come
        for the same transaction; two of them would make two payments.
        """
        ours = self.filtered(lambda tx: tx.collection_id or tx._pays_contract())
        if not ours:
            return super()._post_process()
        # What is about to be sent has nothing to process, and is not to be touched.
        ours -= (drafts := ours.filtered(lambda tx: tx.state == "draft"))
        self -= drafts  # noqa: PLW0642
        ours.flush_recordset()
        locked = ours.try_lock_for_update(allow_referencing=True)
        locked.invalidate_recordset(["state", "is_post_processed"])
        todo = locked.filtered(lambda tx: not tx.is_post_processed)
        result = super(PaymentTransaction, (self - ours) | todo)._post_process()
        for tx in todo.filtered(lambda tx: tx.state == "done"):
            tx._check_used()
        return result

    def _pays_contract(self):
        """Tell whether the payment is for a contract, or for an invoice of one."""
        self.ensure_one()
        return bool(
            self._get_contract_orders() or self.invoice_ids.sudo().collection_ids
        )

    def _get_contract_orders(self):
        """Return the contracts and upsells among the orders of the payment."""
        return self.sale_order_ids.filtered(
            lambda order: order.subscription_state or order.subscription_kind
        )

    def _check_used(self):
        """Tell a person about a payment that came on top of another."""
        self.ensure_one()
        # sudo: who triggers it, a customer's browser say, reads no payments
        tx = self.sudo()
        collection = tx.collection_id or tx.invoice_ids.collection_ids[:1]
        orders = tx._get_contract_orders()
        if tx.operation in ("refund", "validation") or tx._is_captured_in_parts():
            return
        if not collection and not orders:
            return
        payment = tx.payment_id
        if payment.move_id:
            too_much = payment.move_id.line_ids.filtered(
                lambda line: line.account_id == payment.destination_account_id
                and not line.reconciled
            )
        else:  # no account for outstanding payments: it has no entry yet
            too_much = collection and collection._is_overpaid()
        if too_much and collection:
            collection._tell_overpaid(tx)
        elif too_much:
            orders[0]._tell_paid_in_vain(
                tx, self.env._("it is on the customer's account, for no invoice.")
            )

    def _is_captured_in_parts(self):
        """Tell whether the money came by captures that have payments of their own."""
        self.ensure_one()
        return bool(
            self.child_transaction_ids.filtered(
                lambda child: child.operation == self.operation
                and child.state in ("done", "cancel")
            )
        )

    def _invoice_sale_orders(self):
        """Override of `sale` for databases that invoice paid orders automatically.

        Confirming a contract has billed its first period and linked the payment to that
        invoice; Odoo would bill the next period too, and move the payment there.
        """
        of_contracts = self.filtered(
            lambda tx: tx.collection_id or tx._get_contract_orders()
        )
        return super(PaymentTransaction, self - of_contracts)._invoice_sale_orders()

    def _send_invoice(self):
        """Override of `sale` for databases that invoice paid orders automatically.

        What the collector charged is sent by the contract's plan, once.
        """
        ours = self.filtered(lambda tx: tx.invoice_ids.sudo().collection_ids)
        return super(PaymentTransaction, self - ours)._send_invoice()

    def _log_message_on_linked_documents(self, message):
        """Override of `payment` to tell the contracts as well."""
        result = super()._log_message_on_linked_documents(message)
        self.collection_id._post(message)
        return result
