from psycopg2.errors import LockNotAvailable

from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.fields import Command
from odoo.http import request, route
from odoo.tools import SQL

from odoo.addons.subscriptions.controllers.quotation_payment import (
    check_quotation_payment,
)
from odoo.addons.website_sale.controllers.payment import PaymentPortal


class ShopPayment(PaymentPortal):
    @route()
    def shop_payment_transaction(self, order_id, access_token, **kwargs):
        """Override of `website_sale`: a subscription asks for what is due now.

        What Odoo checks of its total is checked of that; all else is as there.
        """
        order_sudo = self._get_shop_order(order_id, access_token)
        if order_sudo.state == "sale" and order_sudo.plan_id:
            raise UserError(
                request.env._("This order is complete already. Reload the page.")
            )
        if not order_sudo._is_subscription_cart():
            return super().shop_payment_transaction(order_id, access_token, **kwargs)
        if request.env.user._is_public():
            raise ValidationError(
                request.env._("Please sign in to order a subscription.")
            )
        self._lock_cart(order_sudo)
        order_sudo._check_cart_is_ready_to_be_paid()
        amount = check_quotation_payment(order_sudo, kwargs)
        self._validate_transaction_kwargs(kwargs)
        is_token = kwargs.get("flow") == "token"
        if is_token:
            request.update_context(delay_token_charge=True)  # until it is validated
        kwargs.update(
            amount=amount,
            partner_id=order_sudo.partner_invoice_id.id,
            currency_id=order_sudo.currency_id.id,
            sale_order_id=order_id,  # what saves the method
        )
        tx_sudo = self._create_transaction(
            custom_create_values={"sale_order_ids": [Command.set([order_id])]}, **kwargs
        )
        tx_sudo.contract_start_date = order_sudo._get_today()
        request.session["__website_sale_last_tx_id"] = tx_sudo.id
        self._validate_transaction_for_order(tx_sudo, order_sudo)
        if is_token:
            tx_sudo._charge_with_token()
        return tx_sudo._get_processing_values()

    def _get_shop_order(self, order_id, access_token):
        """Return the order of a link; empty where Odoo is to say what is wrong."""
        try:
            return self._document_check_access("sale.order", order_id, access_token)
        except (AccessError, MissingError):
            return request.env["sale.order"]

    def _lock_cart(self, order_sudo):
        """Let one request at a time pay for a cart, and look at it afterwards.

        :raise UserError: when another one does
        """
        try:
            # The savepoint keeps the connection usable for the words of the refusal.
            with request.env.cr.savepoint():
                request.env.cr.execute(
                    SQL(
                        "SELECT 1 FROM sale_order WHERE id = %s "
                        "FOR NO KEY UPDATE NOWAIT",
                        order_sudo.id,
                    )
                )
        except LockNotAvailable as error:
            raise UserError(
                request.env._("The payment is being processed already.")
            ) from error
