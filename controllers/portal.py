"""The page of a quotation: what it asks for, and what it accepts."""

from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.http import request, route

from odoo.addons.sale.controllers import portal as sale_portal
from odoo.addons.sale_management.controllers import portal as option_portal

from .contract_common import without_files
from .quotation_payment import check_quotation_payment, get_quotation_payment_values


class CustomerPortal(option_portal.CustomerPortal):
    @route()
    def portal_quote_option_update(
        self, order_id, line_id, access_token=None, input_quantity=False, **kwargs
    ):
        """Override of `sale_management`: what is no quantity is answered in words."""
        order_sudo = self._get_quotation(order_id, access_token)
        if order_sudo.is_subscription and input_quantity is not False:
            order_sudo._check_typed_quantity(input_quantity, line_id)
        return super().portal_quote_option_update(
            order_id,
            line_id,
            access_token=access_token,
            input_quantity=input_quantity,
            **kwargs,
        )

    @route()
    @without_files
    def portal_quote_decline(
        self, order_id, access_token=None, decline_message=None, **kwargs
    ):
        """Override of `sale`: who is to pay may decline as well as who is to sign."""
        order_sudo = self._get_quotation(order_id, access_token)
        if not order_sudo.is_subscription:
            return super().portal_quote_decline(
                order_id,
                access_token=access_token,
                decline_message=decline_message,
                **kwargs,
            )
        reason = (decline_message or "").strip()
        if not reason or not self._lock_to_decline(order_sudo):
            return request.redirect(
                order_sudo.get_portal_url(query_string="&message=cant_reject")
            )
        order_sudo._action_cancel()
        author = request.env.user.partner_id
        if request.env.user._is_public():
            author = order_sudo.partner_id
        order_sudo.message_post(
            author_id=author.id,
            body=reason,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        return request.redirect(order_sudo.get_portal_url())

    def _lock_to_decline(self, order_sudo):
        """Lock a quotation that may be declined, and look again at what was locked.

        :rtype: bool
        """
        if not order_sudo._may_be_declined():
            return False
        order_sudo._lock_contract()
        # Whoever had it until now may have accepted or paid it.
        order_sudo.invalidate_recordset()
        order_sudo.transaction_ids.invalidate_recordset()
        return order_sudo._may_be_declined()

    def _get_quotation(self, order_id, access_token):
        """Return an order that the visitor may see; Odoo says so where there is none.

        :param int order_id: the order
        :param str access_token: of its link
        :return: with all rights, or empty
        :rtype: sale.order
        """
        try:
            return self._document_check_access("sale.order", order_id, access_token)
        except (AccessError, MissingError):
            return request.env["sale.order"]

    def _determine_is_down_payment(self, order_sudo, amount_selection, payment_amount):
        """Override of `sale`: all of a contract's quotation is what is due now."""
        if not order_sudo._asks_what_is_due() or amount_selection or not payment_amount:
            return super()._determine_is_down_payment(
                order_sudo, amount_selection, payment_amount
            )
        return payment_amount < order_sudo._get_online_amounts()[1]

    def _get_payment_values(
        self, order_sudo, is_down_payment=False, payment_amount=None, **kwargs
    ):
        """Override of `sale`: contracts ask for what is due now, or for a method."""
        if not order_sudo._asks_what_is_due():
            return super()._get_payment_values(
                order_sudo, is_down_payment, payment_amount, **kwargs
            )
        return get_quotation_payment_values(
            super()._get_payment_values,
            order_sudo,
            is_down_payment,
            payment_amount,
            **kwargs,
        )

    @route("/my/orders/<int:order_id>/payment_method", type="jsonrpc", auth="public")
    def portal_order_payment_method(self, order_id, token_id, access_token=None):
        """Accept a quotation with a method that is saved already.

        :param int order_id: the quotation
        :param int token_id: the payment.token
        :param str access_token: of the quotation, for who is not logged in
        :raise ValidationError: for a quotation, link or method that is not right
        """
        try:
            order_sudo = self._document_check_access(
                "sale.order", order_id, access_token
            )
        except (AccessError, MissingError) as error:
            raise ValidationError(
                request.env._("The link to the quotation is not valid any more.")
            ) from error
        offered = self._get_payment_values(order_sudo).get("tokens_sudo")
        token_sudo = offered and offered.filtered(lambda one: one.id == token_id)
        if not token_sudo:
            raise ValidationError(
                request.env._("This payment method cannot be used here.")
            )
        order_sudo._accept_with_payment_method(token_sudo)


class PaymentPortal(sale_portal.PaymentPortal):
    @route()
    def portal_order_transaction(self, order_id, access_token, **kwargs):
        """Override of `sale`: what a contract's page does not offer is refused."""
        try:
            order_sudo = self._document_check_access(
                "sale.order", order_id, access_token
            )
        except (AccessError, MissingError):
            order_sudo = request.env["sale.order"]  # Odoo says what is wrong
        if order_sudo and order_sudo.state == "sale" and order_sudo.plan_id:
            raise ValidationError(
                request.env._(
                    "%s is accepted already. What is open is paid by its invoices.",
                    order_sudo.name,
                )
            )
        if not order_sudo or not order_sudo._asks_what_is_due():
            return super().portal_order_transaction(order_id, access_token, **kwargs)
        check_quotation_payment(order_sudo, kwargs)
        values = super().portal_order_transaction(order_id, access_token, **kwargs)
        # sudo: the payment that was made just now
        tx_sudo = request.env["payment.transaction"].sudo()
        tx_sudo = tx_sudo.search([("reference", "=", values["reference"])])
        tx_sudo.contract_start_date = order_sudo._get_today()
        return values
