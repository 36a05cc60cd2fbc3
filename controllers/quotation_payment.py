"""What a payment form asks for a contract's quotation, and what it accepts.

Odoo's pages for quotations and for carts are of different classes; both use these.
"""

from odoo.http import request


def get_quotation_payment_values(
    parent, order_sudo, is_down_payment=False, payment_amount=None, **kwargs
):
    """Return the values of a form that asks for what is due now, or for a method.

    :param callable parent: `_get_payment_values` of Odoo's own page
    :param order_sudo: a quotation that asks for what is due
    :param bool is_down_payment: whether a part of it will do
    :param float payment_amount: the amount that a link names
    :rtype: dict
    """
    lowest, highest = order_sudo._get_online_amounts()
    # A link may name an amount of its own, and anybody may write one.
    if not payment_amount or not lowest <= payment_amount <= highest:
        payment_amount = None
    amount = (payment_amount or lowest) if is_down_payment else highest
    values = parent(
        order_sudo,
        # Whatever of the total this is, Odoo looks for what takes so much.
        is_down_payment=True,
        payment_amount=amount,
        **kwargs,
    )
    values.update(
        amount=amount,
        payment_amount=payment_amount,
        # The page of the contract says thank you.
        landing_route=order_sudo.get_portal_url(query_string="&message=paid"),
    )
    if order_sudo._saves_payment_method():
        values["tokens_sudo"] = values["tokens_sudo"].filtered(
            lambda token: not order_sudo._get_payment_token_obstacle(token)
        )
    if order_sudo._has_to_save_payment_method():
        values.update(_get_saving_values(order_sudo, values["tokens_sudo"]))
    return values


def _get_saving_values(order_sudo, tokens_sudo):
    """Return what turns the form that pays into one that saves a method.

    :param order_sudo: the quotation
    :param tokens_sudo: the saved methods that the form offers
    :rtype: dict
    """
    known = order_sudo._get_known_payment_token()
    return {
        "mode": "validation",
        "amount": None,
        "payment_amount": None,
        "default_token_id": (known & tokens_sudo).id,
        "assign_token_route": order_sudo.get_portal_url(suffix="/payment_method"),
    }


def check_quotation_payment(order_sudo, values):
    """Refuse what the page of the quotation does not offer.

    :param order_sudo: the quotation
    :param dict values: what the request asks for
    :return: what is to be paid, 0 to save a method
    :rtype: float
    :raise ValidationError: saying what is wrong
    """
    is_validation = bool(values.get("is_validation"))
    amount = order_sudo._check_online_payment(values.get("amount"), is_validation)
    if not order_sudo._saves_payment_method():
        return amount
    user = request.env.user
    # As Odoo chooses who pays.
    partner = order_sudo.partner_invoice_id
    if not user._is_public():
        partner = user.partner_id
    # sudo: visitors have no right to what the page offers
    env = request.env(su=True)
    provider = env["payment.provider"].browse(values.get("provider_id"))
    if values.get("flow") == "token" and not is_validation:
        token = env["payment.token"].browse(values.get("token_id"))
        order_sudo._check_saved_method(provider, token, partner)
    else:
        method = env["payment.method"].browse(values.get("payment_method_id"))
        if values.get("flow") == "token":  # a saved one is assigned, not saved
            method = method.browse()
        order_sudo._check_savable_method(provider, method, partner, amount)
    return amount
