"""The payment method of a contract: the one it has, another saved one, a new one."""

from odoo.exceptions import UserError, ValidationError
from odoo.http import request, route

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment.controllers.portal import PaymentPortal
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from .contract_answers import ContractAnswers
from .contract_common import without_files

SUFFIX = "/payment_method"


class ContractPaymentMethod(ContractAnswers, PaymentPortal):
    # === PAGES === #

    @route(
        "/my/subscriptions/<int:order_id>/payment_method",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    @without_files
    def contract_payment_method(
        self, order_id, access_token=None, remove=None, **_kwargs
    ):
        """Show the payment method of a contract, and what it may be replaced by."""
        order_sudo = self._get_contract(order_id, access_token)
        if not order_sudo:
            return request.redirect("/my")
        refusal = self._get_contract_refusal(order_sudo, access_token, "payment_method")
        if refusal:
            return self._refuse_contract_request(order_sudo, access_token, refusal)
        if remove and order_sudo.payment_token_id:
            return request.render(
                "subscriptions.contract_payment_method_removal",
                self._get_payment_method_values(order_sudo, access_token),
            )
        return self._show_payment_methods(order_sudo, access_token)

    @route(
        "/my/subscriptions/<int:order_id>/payment_method",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    @without_files
    def contract_payment_method_submit(
        self, order_id, access_token=None, token_id=None, remove=None, **_kwargs
    ):
        """Choose a saved method for a contract, or take its own off."""
        order_sudo = self._get_contract(order_id, access_token)
        if not order_sudo:
            return request.redirect("/my")
        refusal = self._get_contract_refusal(order_sudo, access_token, "payment_method")
        if refusal:
            return self._refuse_contract_request(order_sudo, access_token, refusal)
        partner = self._get_acting_partner(order_sudo)
        try:
            # What fails half-way leaves nothing: the page that says so is no error.
            with request.env.cr.savepoint():
                order_sudo._lock_contract()
                if remove:
                    order_sudo._take_payment_method_off(partner)
                    text = request.env._(
                        "%s has no payment method now. Its invoices are sent to you "
                        "with a link to pay them.",
                        order_sudo.name,
                    )
                else:
                    token_sudo = self._get_offered_token(
                        order_sudo, access_token, token_id
                    )
                    order_sudo._choose_payment_method(token_sudo, partner)
                    text = self._get_chosen_text(order_sudo)
        except UserError as error:
            request.env.invalidate_all()
            return self._show_payment_methods(
                order_sudo, access_token, str(error), status=422
            )
        self._tell_on_contract(order_sudo, text)
        return request.redirect(self._get_contract_url(order_sudo, access_token))

    # === SAVING A NEW ONE === #

    @route(
        "/my/subscriptions/<int:order_id>/transaction", type="jsonrpc", auth="public"
    )
    def contract_transaction(self, order_id, access_token=None, **kwargs):
        """Create the transaction that saves a new payment method for a contract.

        :param int order_id: the contract
        :param str access_token: of its link, for who is not logged in
        :param dict kwargs: what Odoo's payment form asks for
        :return: the mandatory values for the processing of the transaction
        :rtype: dict
        :raise UserError: for a contract, link or method that is not right
        """
        order_sudo = self._get_contract(order_id, access_token)
        if not order_sudo:
            raise ValidationError(
                request.env._("The link to the contract is not valid any more.")
            )
        refusal = self._get_contract_refusal(order_sudo, access_token, "payment_method")
        if refusal:
            raise ValidationError(refusal)
        self._validate_transaction_kwargs(kwargs)
        partner_sudo = self._get_saving_partner(order_sudo)
        provider_id, method_id = self._check_saving_request(
            order_sudo, partner_sudo, kwargs
        )
        tx_sudo = self._create_transaction(
            provider_id=provider_id,
            payment_method_id=method_id,
            token_id=None,
            amount=None,
            currency_id=None,
            partner_id=partner_sudo.id,
            flow=kwargs["flow"],
            tokenization_requested=True,
            landing_route=self._get_contract_url(
                order_sudo, access_token, f"{SUFFIX}/result"
            ),
            reference_prefix=payment_utils.singularize_reference_prefix(
                prefix=f"V-{order_sudo.name}"
            ),
            is_validation=True,
            custom_create_values={"saved_for_order_id": order_sudo.id},
            # A contract's method is saved, whatever the form says.
            sale_order_id=order_sudo.id,
        )
        return tx_sudo._get_processing_values()

    @route(
        "/my/subscriptions/<int:order_id>/payment_method/result",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    @without_files
    def contract_payment_method_result(self, order_id, access_token=None, **_kwargs):
        """Say how the saving of a method went: providers send their visitors here."""
        order_sudo = self._get_contract(order_id, access_token)
        if not order_sudo:
            return request.redirect("/my")
        # sudo: what this visitor has begun, as Odoo's own page looks it up
        tx_sudo = request.env["payment.transaction"].sudo()
        tx_id = request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY)
        tx_sudo = tx_sudo.browse(tx_id).exists()
        if not tx_sudo or tx_sudo.saved_for_order_id != order_sudo:
            return request.redirect(self._get_contract_url(order_sudo, access_token))
        suffix, text, kind = self._get_saving_result(order_sudo, tx_sudo)
        self._tell_on_contract(order_sudo, text, kind)
        return request.redirect(
            self._get_contract_url(order_sudo, access_token, suffix)
        )

    def _get_saving_result(self, order_sudo, tx_sudo):
        """Return where the visitor goes on, what they are told there, and how."""
        if tx_sudo.token_id and tx_sudo.token_id == order_sudo.payment_token_id:
            return "", self._get_chosen_text(order_sudo), "success"
        if tx_sudo.state in ("cancel", "error"):
            text = request.env._(
                "The payment method was not saved, and nothing was changed. Try it "
                "again, or take another one."
            )
            return SUFFIX, text, "danger"
        if tx_sudo.state in ("done", "authorized") and tx_sudo.is_post_processed:
            text = request.env._(
                "%s could not take the payment method over. Please write to us.",
                order_sudo.name,
            )
            return SUFFIX, text, "danger"
        text = request.env._(
            "Your payment method is being checked. %s is paid with it as soon as it is "
            "confirmed.",
            order_sudo.name,
        )
        return "", text, "info"

    def _check_saving_request(self, order_sudo, partner_sudo, values):
        """Refuse what the page does not offer.

        :param order_sudo: the contract
        :param partner_sudo: whose method it will be
        :param dict values: what the request asks for
        :return: provider and method, as ids
        :rtype: tuple[int, int]
        :raise ValidationError: saying what is wrong
        """
        if (
            not values.get("is_validation")
            or values.get("amount")
            or values.get("flow") not in ("direct", "redirect")
        ):
            raise ValidationError(
                request.env._(
                    "Nothing is paid here. What is open is paid by its invoices."
                )
            )
        # sudo: visitors have no right to what the page offers
        env = request.env(su=True)
        provider = env["payment.provider"].browse(
            self._cast_as_int(values.get("provider_id"))
        )
        method = env["payment.method"].browse(
            self._cast_as_int(values.get("payment_method_id"))
        )
        order_sudo._check_payer(partner_sudo)
        providers, methods, _report = self._get_savable_options(
            order_sudo, partner_sudo
        )
        if not provider & providers or not method & (methods | methods.brand_ids):
            raise ValidationError(
                request.env._("This payment method cannot be saved here.")
            )
        order_sudo._check_savable_method(provider, method, partner_sudo, 0.0)
        return provider.id, method.id

    # === WHAT PAGES SHOW === #

    def _show_payment_methods(self, order_sudo, access_token, error=None, status=200):
        values = self._get_payment_method_values(order_sudo, access_token)
        values["error"] = error
        values["tokens_to_choose"] = self._get_offered_tokens(order_sudo, access_token)
        values.update(self._get_saving_form_values(order_sudo, access_token))
        return request.render(
            "subscriptions.contract_payment_method", values, status=status
        )

    def _get_payment_method_values(self, order_sudo, access_token):
        return {
            **self._get_contract_base_values(order_sudo, access_token),
            "page_url": self._get_contract_url(order_sudo, access_token, SUFFIX),
            "open_payments": order_sudo._get_payments_to_restart(),
            "savings": order_sudo.sudo().saving_transaction_ids.filtered(
                lambda tx: tx.state == "pending"
            ),
        }

    def _get_saving_form_values(self, order_sudo, access_token):
        """Return what Odoo's payment form needs to save a method for a contract.

        :rtype: dict
        """
        partner_sudo = self._get_saving_partner(order_sudo)
        try:
            order_sudo._check_payer(partner_sudo)
        except ValidationError as obstacle:
            return {"saving_obstacle": str(obstacle)}
        providers, methods, report = self._get_savable_options(order_sudo, partner_sudo)
        return {
            "saving_obstacle": None,
            "mode": "validation",
            "allow_token_selection": False,
            "partner_id": partner_sudo.id,
            "providers_sudo": providers,
            "payment_methods_sudo": methods,
            # They are in a form of their own, which needs no JavaScript.
            "tokens_sudo": request.env["payment.token"],
            "availability_report": report,
            "transaction_route": f"/my/subscriptions/{order_sudo.id}/transaction",
            "landing_route": self._get_contract_url(
                order_sudo, access_token, f"{SUFFIX}/result"
            ),
            "access_token": access_token,
            **self._get_extra_payment_form_values(),
        }

    def _get_savable_options(self, order_sudo, partner_sudo):
        """Return what a new method can be saved with for the contract.

        :param order_sudo: the contract
        :param partner_sudo: whose method it would be
        :return: providers, methods, and why others are not available
        :rtype: tuple
        """
        report = {}
        # sudo: visitors have no right to what the page offers
        env = request.env(su=True)
        context = {
            "currency_id": order_sudo.currency_id.id,
            "sale_order_id": order_sudo.id,
            "force_tokenization": True,
            "report": report,
        }
        providers = env["payment.provider"]._get_compatible_providers(
            order_sudo.company_id.id,
            partner_sudo.id,
            0.0,
            is_validation=True,
            **context,
        )
        methods = env["payment.method"]._get_compatible_payment_methods(
            providers.ids, partner_sudo.id, **context
        )
        return providers, methods, report

    def _get_saving_partner(self, order_sudo):
        """Return whose a new method will be, as on Odoo's payment pages."""
        if request.env.user._is_public():
            return order_sudo.partner_invoice_id
        return request.env.user.partner_id

    def _get_offered_tokens(self, order_sudo, access_token):
        """Return the saved methods that the visitor may choose.

        :rtype: payment.token
        """
        user = request.env.user
        family = None
        if not user._is_public():
            family = user.partner_id.commercial_partner_id
            # sudo: off, to ask for the visitor's own right
            order = order_sudo.with_user(user).sudo(False)
            if user._is_internal() and order.has_access("write"):
                family = order_sudo._get_payers()
        return order_sudo._get_customer_payment_tokens(family)

    def _get_offered_token(self, order_sudo, access_token, token_id):
        """Return a saved method that was chosen.

        :raise ValidationError: when it is not on offer
        """
        offered = self._get_offered_tokens(order_sudo, access_token)
        token_id = self._cast_as_int(token_id)
        token_sudo = offered.filtered(lambda one: one.id == token_id)
        if not token_sudo:
            # One answer to all: whoever tries numbers learns nothing of the methods.
            raise ValidationError(
                request.env._("Please choose one of the payment methods below.")
            )
        return token_sudo

    def _get_chosen_text(self, order_sudo):
        """Return what the customer reads when the contract has another method."""
        texts = [
            request.env._(
                "%(contract)s is paid with %(method)s from now on.",
                contract=order_sudo.name,
                method=order_sudo.payment_method_name,
            )
        ]
        for payment in order_sudo._get_payments_to_restart():
            texts.append(
                request.env._(
                    "%s is open and is tried with it now.",
                    payment._format_open_amount(),
                )
            )
        return " ".join(texts)
