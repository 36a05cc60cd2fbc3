"""What a customer is asked for online to accept a quotation: what is due now, no more.

Odoo asks for the total of the quotation, or a share of it. That of a contract is what a
whole period comes to, whenever it is billed.
"""

import math

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tools import plaintext2html

from ..const import QUOTATION_STATES


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === WHAT IS ASKED FOR === #

    def _asks_what_is_due(self):
        """Tell whether the order asks for its first invoice instead of its total.

        :rtype: bool
        """
        self.ensure_one()
        return self.is_subscription and self.state in QUOTATION_STATES

    def _get_amount_due_now(self):
        """Return what confirming the quotation bills, 0 if that comes later.

        Nothing is due in a trial, in arrears, or before the contract starts.

        :return: taxes included, in the order's currency
        :rtype: float
        """
        self.ensure_one()
        today = self._get_today()
        for invoice in self.preview_invoices(1):
            if invoice["invoice_date"] <= today:
                return max(invoice["amount_total"], 0.0)
        return 0.0

    def _get_online_amounts(self):
        """Return the least and the most that the quotation can be paid with now.

        :rtype: tuple[float, float]
        """
        self.ensure_one()
        due = self._get_amount_due_now()
        share = self._get_prepayment_required_amount() if self.require_payment else due
        return tuple(
            max(self.currency_id.round(amount - self.amount_paid), 0.0)
            for amount in (share, due)
        )

    def _has_to_save_payment_method(self):
        """Tell whether the quotation is accepted by saving a payment method.

        It is where payment is required and nothing is due now. A signature will do if
        the method is known already.

        :rtype: bool
        """
        self.ensure_one()
        return (
            self._asks_what_is_due()
            and self._saves_payment_method()
            and self.require_payment
            and not self.is_expired
            and not (self.require_signature and self._get_known_payment_token())
            and not self._get_amount_due_now()
        )

    def _get_known_payment_token(self):
        """Return the method the contract would begin with.

        :rtype: payment.token
        """
        self.ensure_one()
        # sudo: customers look at it through their link
        order = self.sudo()
        token = order.payment_token_id
        if not token and order.subscription_kind == "renewal":
            token = order.parent_order_id.payment_token_id
            if token and order._get_payment_token_obstacle(token):
                token = token.browse()
        return token

    # === WHAT IS ACCEPTED === #

    def _check_online_payment(self, amount, is_validation):
        """Refuse payments of the quotation that the page does not ask for.

        :param float amount: what is to be paid, None to save a method
        :param bool is_validation: whether a method is saved and nothing paid
        :return: what is to be paid
        :rtype: float
        :raise ValidationError: saying what is wrong
        """
        self.ensure_one()
        self._check_may_be_accepted()
        if is_validation:
            self._check_saves_payment_method()
            return 0.0
        lowest, highest = self._get_online_amounts()
        try:
            amount = float(amount)
        except (TypeError, ValueError):
            amount = math.nan
        compare = self.currency_id.compare_amounts
        if (
            not highest
            # First without rounding, which takes no amount that is beyond all reason.
            or not lowest - 1 < amount < highest + 1
            or compare(amount, lowest) < 0
            or compare(amount, highest) > 0
        ):
            raise ValidationError(
                self.env._(
                    "This is not what is due for %s now. Reload the page to see it.",
                    self.name,
                )
            )
        return amount

    def _check_may_be_accepted(self):
        """Refuse what could not be confirmed once it is paid.

        :raise ValidationError: saying why
        """
        self.ensure_one()
        if self._has_to_be_signed():
            raise ValidationError(self.env._("Please sign %s first.", self.name))
        if self.is_expired:
            raise ValidationError(self.env._("The offer %s has expired.", self.name))
        error = self._confirmation_error_message()
        if error:
            raise ValidationError(error)
        # sudo: payments are read by administrators only
        if self.sudo().transaction_ids.filtered(
            lambda tx: tx.state in ("pending", "authorized") and not tx._is_promise()
        ):
            raise ValidationError(
                self.env._(
                    "A payment of %s is under way. Please wait until it is known "
                    "whether it was successful.",
                    self.name,
                )
            )

    def _tell_paid_in_vain(self, transaction, error):
        """Tell a person that a quotation is paid, and cannot be confirmed.

        :param transaction: the payment.transaction
        :param UserError error: why
        """
        self.ensure_one()
        text = self.env._(
            "%(order)s is paid by %(reference)s, and could not be confirmed: "
            "%(reason)s",
            order=self.name,
            reference=transaction.reference,
            reason=error,
        )
        self.message_post(body=text)
        self.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=self.env._("Paid, but not confirmed"),
            note=plaintext2html(text),
            user_id=self._get_responsible_user().id,
        )

    def _check_saves_payment_method(self):
        if not self._has_to_save_payment_method():
            raise ValidationError(
                self.env._("%s needs no payment method to be saved now.", self.name)
            )

    def _check_saved_method(self, provider, token, partner):
        """Refuse to be paid by a saved method that is not to pay the contract.

        :param provider: the payment.provider, with the right to read it
        :param token: the payment.token, with the right to read it
        :param partner: who pays
        :raise ValidationError: saying what is wrong
        """
        self.ensure_one()
        self._check_payer(partner)
        obstacle = self._get_payment_token_obstacle(token)
        if not obstacle and token.provider_id != provider:
            obstacle = self.env._("This payment method cannot be used here.")
        if obstacle:
            raise ValidationError(obstacle)

    def _check_savable_method(self, provider, method, partner, amount):
        """Refuse to be paid by what cannot be saved for the contract.

        :param provider: the payment.provider, with the right to read it
        :param method: the payment.method
        :param partner: who pays
        :param float amount: what is to be paid
        :raise ValidationError: saying what is wrong
        """
        self.ensure_one()
        self._check_payer(partner)
        context = {"currency_id": self.currency_id.id, "sale_order_id": self.id}
        providers = provider._get_compatible_providers(
            self.company_id.id, partner.id, amount, **context
        )
        methods = method._get_compatible_payment_methods(
            (providers & provider).ids, partner.id, **context
        )
        if not method & (methods | methods.brand_ids):
            raise ValidationError(
                self.env._(
                    "%s is collected with a saved payment method. Choose one that can "
                    "be saved.",
                    self.name,
                )
            )

    def _check_payer(self, partner):
        if partner.commercial_partner_id not in self._get_payers():
            raise ValidationError(
                self.env._(
                    "You are logged in as %(user)s, and %(order)s is paid by a method "
                    "of %(customer)s. Log out and open the link again.",
                    user=partner.name,
                    order=self.name,
                    customer=self.partner_invoice_id.commercial_partner_id.name,
                )
            )

    def _accept_with_payment_method(self, token):
        """Accept the quotation with a method that is saved already.

        :param token: the payment.token, with the right to read it
        :raise ValidationError: when that is not what is asked for
        """
        self.ensure_one()
        self._lock_contract()
        self._check_saves_payment_method()
        self.payment_token_id = token
        self._validate_order()

    # === OVERRIDES OF `sale` === #

    def _get_prepayment_required_amount(self):
        """Override of `sale`: a share of what is due now, not of the total."""
        if not self._asks_what_is_due() or not self.require_payment:
            return super()._get_prepayment_required_amount()
        share = self._get_amount_due_now() * self.prepayment_percent
        return self.currency_id.round(share)

    def _is_confirmation_amount_reached(self):
        """Override of `sale`: where nothing is due, a payment method must be saved."""
        reached = super()._is_confirmation_amount_reached()
        if (
            not reached
            or not self.require_payment
            or not self._asks_what_is_due()
            or not self._saves_payment_method()
            or self._get_amount_due_now()
        ):
            return reached
        return bool(self._get_known_payment_token())

    def _has_to_be_paid(self):
        """Override of `sale`: what is due, or a payment method, is asked for."""
        if not self._asks_what_is_due():
            return super()._has_to_be_paid()
        if not self.require_payment or self.is_expired:
            return False
        if self._get_amount_due_now():
            return not self._is_confirmation_amount_reached()
        return self._has_to_save_payment_method()

    def _has_to_be_signed(self):
        """Override of `sale`: an upsell that costs nothing yet is signed, not paid."""
        if super()._has_to_be_signed():
            return True
        return (
            self.subscription_kind == "upsell"
            and self._asks_what_is_due()
            and self.require_payment
            and not self.is_expired
            and not self.signature
            and not self._get_amount_due_now()
        )

    def _is_paid(self):
        """Override of `sale`: a quotation is paid when what is due now is."""
        if not self._asks_what_is_due():
            return super()._is_paid()
        due = self._get_amount_due_now()
        return self.currency_id.compare_amounts(self.amount_paid, due) >= 0

    @api.depends("transaction_ids")
    def _compute_amount_paid(self):
        """Override of `sale`: what a provider takes to try a method is given back."""
        super()._compute_amount_paid()
        for order in self:
            tries = order.transaction_ids.filtered(
                lambda tx: tx.operation == "validation"
                and tx.state in ("authorized", "done")
            )
            order.amount_paid -= sum(tries.mapped("amount"))

    def _prepare_invoice(self):
        """Override of `sale`: saving a method pays no invoice."""
        values = super()._prepare_invoice()
        # sudo: payments are not a salesperson's
        tries = self.sudo().transaction_ids.filtered(
            lambda tx: tx.operation == "validation"
        )
        if tries:
            values["transaction_ids"] = [
                Command.set(set(command[2]) - set(tries.ids))
                for command in values["transaction_ids"]
            ]
        return values

    def _get_default_payment_link_values(self):
        """Override of `sale`: links ask for what is due now.

        Contracts are paid by the links of their invoices.
        """
        values = super()._get_default_payment_link_values()
        if self._asks_what_is_due():
            lowest, highest = self._get_online_amounts()
            values.update(amount=lowest, amount_max=highest, prepayment_amount=lowest)
        elif self.subscription_state:
            values.update(amount=0.0, amount_max=0.0, prepayment_amount=0.0)
        return values
