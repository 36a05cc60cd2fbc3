"""Odoo's side of the fake provider: what an addon for a real one consists of.

It stands in for provider code "none", payment's dummy. Its requests are real ones, made
by Odoo's own _send_api_request. What the providers of Odoo do differently is chosen by
what stands before the / in a token:

    ok            errors of the API pass through to payment, as with Adyen
    swallow/ok    they are caught, and the transaction set to error, as with Stripe
    raw/ok        requests itself is called, and its exceptions escape
"""

from contextlib import ExitStack
from unittest.mock import patch

import requests

from odoo.exceptions import ValidationError
from odoo.fields import Command

from odoo.addons.payment import utils as payment_utils

CODE = "none"
TIMEOUT = 0.4  # seconds, instead of payment's ten
KEY_HOURS = 24

# What tests put in its place lets no request be shorter than ten seconds.
_send = requests.Session.send
_request = requests.request


def install(registry, url, keys=True, timeout=TIMEOUT, inner=False):
    """Teach a registry the fake provider.

    :param str url: where the provider is
    :param bool keys: whether the provider knows idempotency keys
    :param float timeout: seconds until a request is given up
    :param bool inner: whether the methods stand below those of all other addons, as of
        a provider's addon that was loaded before them; else above
    :return: what undoes it, when closed
    :rtype: ExitStack
    """
    undo = ExitStack()
    for model, methods in (
        ("payment.transaction", _get_transaction_methods(url, keys)),
        ("payment.provider", _get_provider_methods(url, keys)),
    ):
        cls = registry[model]
        if inner:
            cls = next(
                base
                for base in cls.__mro__
                if base.__module__.startswith("odoo.addons.payment.models.")
            )
        for name, method in methods.items():
            method = _only_ours(model, method, getattr(cls, name, None))
            undo.enter_context(patch.object(cls, name, method, create=True))
    undo.enter_context(patch.object(requests, "request", _get_request(timeout)))
    return undo


def create_provider(env, **values):
    """Create the provider, with its journal, and switch its payment method on.

    :rtype: payment.provider
    """
    method = env.ref("payment.payment_method_unknown")
    provider = env["payment.provider"].create(
        {
            "name": "Fake Provider",
            "code": CODE,
            "state": "test",
            "is_published": True,
            "payment_method_ids": [Command.set(method.ids)],
            "allow_tokenization": True,
            **values,
        }
    )
    method.write({"active": True, "support_tokenization": True})
    _set_journal(provider)
    return provider


def _set_journal(provider):
    """Let payments be booked, which for the dummy code Odoo does in its tests only."""
    env = provider.env
    Method = env["account.payment.method"]
    journal = env["account.journal"].search(
        [("type", "=", "bank"), ("company_id", "=", provider.company_id.id)], limit=1
    )
    information = Method._get_payment_method_information()
    information[CODE] = {"mode": "electronic", "type": ("bank",)}
    with patch.object(
        env.registry["account.payment.method"],
        "_get_payment_method_information",
        lambda *args, **kwargs: information,
    ):
        if not Method.search([("code", "=", CODE)]):
            Method.sudo().create(
                {"name": "Fake", "code": CODE, "payment_type": "inbound"}
            )
        provider.journal_id = journal


def create_token(provider, partner, text):
    """Create a saved method of a customer that says what happens to its charges.

    :param str text: the token, as fake_provider describes it
    :rtype: payment.token
    """
    return provider.env["payment.token"].create(
        {
            "provider_id": provider.id,
            "payment_method_id": provider.payment_method_ids[:1].id,
            "partner_id": partner.id,
            "provider_ref": text,
            "payment_details": "0042",
        }
    )


def _only_ours(model, method, original):
    """Return a method that leaves other providers alone."""

    def for_us(records, *args, **kwargs):
        if model == "payment.provider":
            code = records.code
        else:
            code = records.provider_code or (args and args[0])
        if code == CODE:
            return method(records, *args, **kwargs)
        return original(records, *args, **kwargs)

    return for_us


def _get_request(timeout):
    def short_request(method, url, **kwargs):
        if not url.startswith("http://127.0.0.1:"):
            return _request(method, url, **kwargs)
        with requests.Session() as session:
            session.send = lambda *args, **kw: _send(session, *args, **kw)
            return session.request(method, url, **{**kwargs, "timeout": timeout})

    return short_request


def _get_transaction_methods(url, keys):
    def _send_payment_request(self):
        style = self.token_id.provider_ref.partition("#")[0].rpartition("/")[0]
        data = {
            "reference": self.reference,
            "amount": self.amount,
            "currency": self.currency_id.name,
            "token": self.token_id.provider_ref,
        }
        key = payment_utils.generate_idempotency_key(self, scope="charge")
        if style == "raw":
            headers = {"Idempotency-Key": key} if keys else {}
            response = requests.request(
                "POST", f"{url}/charge", json=data, headers=headers, timeout=10
            )
            response.raise_for_status()
            answer = response.json()
        else:
            try:
                answer = self._send_api_request(
                    "POST", "charge", json=data, idempotency_key=key
                )
            except ValidationError as error:
                if style != "swallow":
                    raise
                self._set_error(str(error))
                return
        self._process(CODE, answer)

    def _extract_reference(self, provider_code, payment_data):
        return payment_data["reference"]

    def _extract_amount_data(self, payment_data):
        return {
            "amount": payment_data["amount"],
            "currency_code": payment_data["currency"],
        }

    def _apply_updates(self, payment_data):
        self.provider_reference = payment_data["id"]
        if payment_data["state"] == "done":
            self._set_done()
        elif payment_data["state"] == "pending":
            self._set_pending()
        else:
            self._set_error(f"The payment was refused: {payment_data['reason']}")

    return {
        "_send_payment_request": _send_payment_request,
        "_extract_reference": _extract_reference,
        "_extract_amount_data": _extract_amount_data,
        "_apply_updates": _apply_updates,
    }


def _get_provider_methods(url, keys):
    def _build_request_url(self, endpoint, **kwargs):
        return f"{url}/{endpoint}"

    def _build_request_headers(self, *args, idempotency_key=None, **kwargs):
        return {"Idempotency-Key": idempotency_key} if keys else {}

    def _parse_response_error(self, response):
        return response.json()["error"]

    def _parse_response_content(self, response, **kwargs):
        return response.json()

    def _get_charge_key_hours(self):
        return KEY_HOURS if keys else 0

    return {
        "_build_request_url": _build_request_url,
        "_build_request_headers": _build_request_headers,
        "_parse_response_error": _parse_response_error,
        "_parse_response_content": _parse_response_content,
        "_get_charge_key_hours": _get_charge_key_hours,
    }
