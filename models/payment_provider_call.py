"""What is known of a call to a payment provider: the difference between no and nothing.

Odoo puts a transaction into `error` whether the provider declined it or never answered.
Here the call is watched, so that only what the provider itself said counts as a no.
"""

from contextlib import suppress
from dataclasses import dataclass, field

import requests

from odoo import models
from odoo.exceptions import ValidationError

# Hours for which a provider answers a repeated call of one transaction as it answered
# the first, by its idempotency key: what they promise, less a margin (Adyen a week,
# Stripe and Worldline a day). Odoo's modules send the key with charges by token for
# these. Mercado Pago has keys too, but is sent another card token with each call.
KEY_HOURS = {"adyen": 144, "stripe": 20, "worldline": 20}

# What providers call a payment that they refused. Odoo's modules set the same error for
# these, for statuses they do not know, and for data they do not understand. Providers
# that are not named here are believed to mean a refusal.
DECLINES = {
    "adyen": {"refused", "error"},
    "authorize": set(),  # its declines are cancelled
    "flutterwave": {"failed"},
    "mercado_pago": {"rejected"},
    "razorpay": {"failed"},
    "stripe": {"requires_payment_method", "failed"},
    "worldline": {"rejected", "rejected_capture"},
}
# What they call a payment that was not processed, by no fault of the customer.
NOT_PROCESSED = {"authorize": {"3"}}
# The keys such words stand under.
STATUS_KEYS = {"resultcode", "status", "x_response_code"}

# Who answers a declined payment with this alone; other refusals are about the request.
BY_402_ALONE = {"adyen", "stripe", "worldline"}
PAYMENT_REQUIRED = 402
# Answers that refuse without having charged, and by no fault of the customer.
MISCONFIGURED = {401, 403, 404, 405}
# Answers that leave open whether the charge was made, or is being made.
UNCLEAR = {408, 409, 425, 429}


@dataclass(eq=False)  # two calls are never the same, nor are their environments
class ProviderCall:
    """One call to a provider, or its notification, and what it said."""

    provider: str = ""  # its code
    again: bool = False  # the transaction was sent before
    by_us: bool = True  # else it told us by itself
    status: int | None = None  # of the last request that was refused
    codes: set = field(default_factory=set)  # of the refusal, in the provider's words
    statuses: set = field(default_factory=set)  # of the payment, in its words
    silent: bool = False  # the last request got no answer
    answered: bool = False  # data about the payment were processed

    def is_refusal(self):
        """Tell whether the provider itself said no."""
        if self.silent:
            return False
        if self.answered:
            declines = DECLINES.get(self.provider)
            # With a status, a later request failed: the payment may have been made.
            return self.status is None and (
                declines is None or bool(self.statuses & declines)
            )
        if self.status is None or self.status in UNCLEAR | MISCONFIGURED:
            return False
        if self.again or self.provider in BY_402_ALONE:
            return self.status == PAYMENT_REQUIRED
        return 400 <= self.status < 500

    def is_misconfigured(self):
        """Tell whether nothing was charged, for a reason that is not the customer's."""
        if self.silent:
            return False
        if self.answered:
            words = NOT_PROCESSED.get(self.provider, set())
            return self.status is None and bool(self.statuses & words)
        if self.again or self.status is None or self.status in UNCLEAR:
            return False
        if self.provider in BY_402_ALONE:
            return 400 <= self.status < 500 and self.status != PAYMENT_REQUIRED
        return self.status in MISCONFIGURED

    def note_answer(self, data):
        """Note that data about the payment came, and what they call it.

        :param dict data: as the provider sent them
        """
        self.answered = True
        self.statuses |= {
            value.lower() for key, value in _walk(data) if key.lower() in STATUS_KEYS
        }


def _walk(content):
    """Yield the keys and texts of nested data."""
    if isinstance(content, dict):
        for key, value in content.items():
            if isinstance(value, str):
                yield str(key), value
            else:
                yield from _walk(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _walk(value)


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _get_charge_key_hours(self):
        """Return for how many hours a charge can be asked again without a second one.

        Hook for other addons: a provider whose module sends an idempotency key that
        depends on the transaction's reference alone may be added.

        :return: hours, 0 when each call charges
        :rtype: int
        """
        self.ensure_one()
        return KEY_HOURS.get(self.code, 0)

    def _send_api_request(self, *args, **kwargs):
        """Override of `payment` to note how a charge was answered."""
        call = self.env.context.get("subscription_call")
        if call is None:
            return super()._send_api_request(*args, **kwargs)
        call.status, call.silent = None, True  # until there is an answer
        try:
            result = super()._send_api_request(*args, **kwargs)
        except ValidationError as error:
            self._note_refusal(call, error.__context__)
            raise
        call.silent = False
        return result

    def _note_refusal(self, call, cause):
        """Note what an HTTP error says about a charge.

        :param ProviderCall call: the call
        :param cause: what Odoo made a ValidationError of
        """
        while cause is not None and not isinstance(
            cause, requests.exceptions.HTTPError
        ):
            cause = cause.__context__
        response = getattr(cause, "response", None)
        if response is None:
            return  # a time-out, a lost connection: still silent
        call.silent = False
        call.status = response.status_code
        with suppress(ValueError):
            call.codes |= {
                value for key, value in _walk(response.json()) if "code" in key
            }
