from werkzeug.urls import url_encode

from odoo.exceptions import AccessError, MissingError
from odoo.http import request, route

from odoo.addons.account_payment.controllers import payment as payment_portal
from odoo.addons.payment import utils as payment_utils
from odoo.addons.portal.controllers.portal import CustomerPortal

from ..models.subscription_collection import IN_FLIGHT
from .contract_common import without_files


class PaymentLink(CustomerPortal):
    @route(
        "/subscriptions/pay/<int:invoice_id>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    @without_files
    def subscription_payment_link(self, invoice_id, access_token=None, **_kwargs):
        """Lead whoever has the link of a mail to where its invoice can be paid.

        The link lasts: it asks for what is open when it is opened, and says so when
        nothing is, or when a payment is under way.
        """
        try:
            invoice = self._document_check_access(
                "account.move", invoice_id, access_token
            )
        except (AccessError, MissingError):
            return request.redirect("/my")
        collection = invoice.collection_ids[:1]
        if not collection and not invoice._has_to_be_paid():
            return request.redirect(invoice.get_portal_url())
        state = self._get_payment_state(invoice, collection)
        if state:
            return request.render(
                "subscriptions.payment_link_closed",
                {"invoice": invoice, "collection": collection, "state": state},
            )
        return request.redirect(self._get_payment_address(invoice, collection))

    def _get_payment_state(self, invoice, collection):
        """Return why an invoice is not to be paid now, or None."""
        if invoice.state == "cancel":
            return "cancelled"
        if collection.state in IN_FLIGHT or invoice._get_payments_under_way():
            return "in_flight"
        if invoice.state == "posted" and invoice.currency_id.is_zero(
            invoice.amount_residual
        ):
            return "paid"
        return None

    def _get_payment_address(self, invoice, collection):
        """Return the address of Odoo's payment form for what is open now."""
        amount = collection._get_amount() if collection else invoice.amount_residual
        partner, currency = invoice.partner_id, invoice.currency_id
        values = {
            "invoice_id": invoice.id,
            "amount": amount,
            "currency_id": currency.id,
            "partner_id": partner.id,
            "company_id": invoice.company_id.id,
            "access_token": payment_utils.generate_access_token(
                partner.id, amount, currency.id
            ),
        }
        return f"/payment/pay?{url_encode(values)}"


class PaymentPortal(payment_portal.PaymentPortal):
    def _get_extra_payment_form_values(self, invoice_id=None, **kwargs):
        """Override of `account_payment`: a draft has no number, its contract has."""
        values = super()._get_extra_payment_form_values(invoice_id=invoice_id, **kwargs)
        # sudo: the parent has checked the token; the contract's name is on the mail
        invoice = (
            request.env["account.move"].sudo().browse(self._cast_as_int(invoice_id))
        )
        if invoice.exists().state == "draft" and invoice.collection_ids:
            values["reference_prefix"] = invoice.collection_ids[0].order_id.name
        return values
