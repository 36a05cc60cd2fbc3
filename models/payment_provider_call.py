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
# Stripe and Worldline a day; Mercado Pago names no time). Odoo's modules send the key
# with charges by token for these, and for no other.
KEY_HOURS = {"adyen": 144, "mercado_pago": 1, "stripe": 20, "worldline": 20}

# Answers that refuse without having charged, and by no fault of the customer.
MISCONFIGURED = (401, 403, 404, 405)
# Answers that leave open whether the charge was made, or is being made.
UNCLEAR = (408, 409, 425, 429)
# Asked again, only this answer is about the payment; others are about the question.
PAYMENT_REQUIRED = 402


@dataclass(eq=False)  # two calls are never the same, nor are their environments
class ProviderCall:
    """One call to a provider, and what came back."""

    again: bool = False  # the transaction was sent before
    status: int | None = None  # of the last request that was refused
    codes: set = field(default_factory=set)  # of the refusal, in the provider's words
    silent: bool = False  # the last request got no answer
    answered: bool = False  # data about the payment were processed

    def is_refusal(self):
        """Tell whether the provider itself said no."""
        if self.silent:
            return False
        if self.status is None:
            return self.answered
        if self.again:
            return self.status == PAYMENT_REQUIRED
        return 400 <= self.status < 500 and self.status not in UNCLEAR

    def is_misconfigured(self):
        """Tell whether it was refused for a reason that is not the customer's."""
        return not self.silent and not self.again and self.status in MISCONFIGURED


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
            cause, requests.exceptions.RequestException
        ):
            cause = cause.__context__
        response = getattr(cause, "response", None)
        if response is None:
            return  # a time-out, a lost connection: still silent
        call.silent = False
        call.status = response.status_code
        with suppress(ValueError):
            call.codes |= set(self._find_codes(response.json()))

    def _find_codes(self, content):
        """Yield the codes of an answer, wherever they stand in it."""
        if isinstance(content, dict):
            for key, value in content.items():
                if isinstance(value, str) and "code" in key:
                    yield value
                else:
                    yield from self._find_codes(value)
        elif isinstance(content, list):
            for value in content:
                yield from self._find_codes(value)
