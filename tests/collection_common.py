from contextlib import contextmanager
from unittest.mock import patch

import requests

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time

from .common import TODAY, SubscriptionCommon


class CollectionCommon(SubscriptionCommon):
    """A contract in charge mode, and a provider that answers as its method says.

    The provider stands where Odoo's providers do: it is asked by
    `_send_payment_request` and answers through `_process`, or does not. What real time-
    outs and processes do is in test_collection_soak.py; here each answer is one word in
    the `provider_ref` of the payment method.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.method = cls.env["payment.method"].create(
            {
                "name": "Card",
                "code": "test_card",
                "support_tokenization": True,
                "active": True,
                "image": False,
            }
        )
        cls.provider = cls._create_provider()
        cls.charged = cls._create_plan(name="Charged", invoice_mode="charge")
        cls.policy = cls.env.ref("subscriptions.dunning_policy_default")
        cls.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", True
        )

    @classmethod
    def _create_provider(cls, **values):
        provider = cls.env["payment.provider"].create(
            {
                "name": "Test Provider",
                "code": "none",
                "state": "test",
                "is_published": True,
                "allow_tokenization": True,
                "payment_method_ids": [Command.set(cls.method.ids)],
                "company_id": cls.company.id,
                **values,
            }
        )
        journal = cls.company_data["default_journal_bank"]
        if cls.env["account.payment.method"].sudo().search([("code", "=", "none")]):
            with cls.mocked_get_payment_method_information(cls, "none"):
                provider.journal_id = journal
        else:
            cls._create_dummy_payment_method_for_provider(
                provider=provider, journal=journal
            )
        return provider

    @classmethod
    def _create_token(cls, answer="done", partner=None, **values):
        return cls.env["payment.token"].create(
            {
                "provider_id": cls.provider.id,
                "payment_method_id": cls.method.id,
                "payment_details": "1234",
                "partner_id": (partner or cls.partner).id,
                "provider_ref": answer,
                **values,
            }
        )

    @classmethod
    def _create_charged(cls, answer="done", *lines, **values):
        """Create and confirm a contract whose payment method gives an answer."""
        token = cls._create_token(answer) if answer else cls.env["payment.token"]
        return cls._create_contract(
            *lines,
            **{"plan_id": cls.charged.id, "payment_token_id": token.id, **values},
        )

    def setUp(self):
        super().setUp()
        self.calls = []  # references, as the provider saw them
        self.captured = []  # references it took money for
        self.remembers = 0  # hours it knows a reference
        Transaction = self.env.registry["payment.transaction"]
        Provider = self.env.registry["payment.provider"]
        for model, name, method in (
            (Transaction, "_send_payment_request", self._send_payment_request),
            (Transaction, "_apply_updates", self._apply_updates),
            (Transaction, "_extract_amount_data", self._extract_amount_data),
            (Provider, "_get_charge_key_hours", lambda provider: self.remembers),
        ):
            patcher = patch.object(model, name, self._as_method(method))
            patcher.start()
            self.addCleanup(patcher.stop)

    @staticmethod
    def _as_method(function):
        def method(record, *args, **kwargs):
            return function(record, *args, **kwargs)

        return method

    # === THE PROVIDER === #

    def _send_payment_request(self, tx):
        answer = tx.token_id.provider_ref
        self.calls.append(tx.reference)
        if answer == "crash":
            raise KeyError("no such answer")
        if answer == "lost after":
            self.captured.append(tx.reference)
        if answer.startswith("lost"):
            tx.env.context["subscription_call"].silent = True
            raise ValidationError("Could not establish the connection.")
        if answer == "refused":
            self._refuse(tx, 402, "Your card was declined.")
        if answer == "stolen":
            self._refuse(
                tx, 402, "Declined.", {"error": {"decline_code": "stolen_card"}}
            )
        if answer == "bad key":
            self._refuse(tx, 401, "Invalid API key.")
        if answer == "broken":
            self._refuse(tx, 500, "Internal error.")
        if answer in ("done", "wrong amount", "wrong currency"):
            self.captured.append(tx.reference)
        tx._process("none", self._get_data(tx, answer))

    def _refuse(self, tx, status, message, content=None):
        """Refuse with an HTTP status, as `_send_api_request` tells it."""
        response = requests.Response()
        response.status_code = status
        response.json = lambda: content or {}
        call = tx.env.context["subscription_call"]
        tx.provider_id._note_refusal(
            call, requests.exceptions.HTTPError(response=response)
        )
        raise ValidationError(message)

    def _get_data(self, tx, answer, **values):
        data = {
            "reference": tx.reference,
            "answer": answer,
            "amount": tx.amount,
            "currency": tx.currency_id.name,
        }
        if answer == "wrong amount":
            data.update(answer="done", amount=tx.amount / 2)
        if answer == "wrong currency":
            data.update(answer="done", currency="XXX")
        return {**data, **values}

    def _extract_amount_data(self, tx, data):
        return {"amount": data["amount"], "currency_code": data["currency"]}

    def _apply_updates(self, tx, data):
        tx.provider_reference = f"ref-{tx.reference}"
        answer = data["answer"]
        if answer == "done":
            tx._set_done()
        elif answer == "pending":
            tx._set_pending()
        elif answer == "authorized":
            tx._set_authorized()
        elif answer == "declined":
            tx._set_error("Not enough money on the account.")
        elif answer == "cancelled":
            tx._set_canceled("Cancelled by the bank.")

    # === SHORT WAYS === #

    def _collect(self, day=TODAY):
        """Run the collector's scheduled action on a day, or at a time of it."""
        with freeze_time(day), self.enter_registry_test_mode():
            self.env.ref(
                "subscriptions.ir_cron_collect_payments"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def _bill_due(self, day):
        with freeze_time(day), self.enter_registry_test_mode():
            self.env.ref("subscriptions.ir_cron_bill_due").method_direct_trigger()
        self.env.invalidate_all()

    def _notify(self, tx, answer, day=TODAY, **values):
        """Let the provider tell something by itself, as its web hook does."""
        with freeze_time(day):
            tx._process("none", self._get_data(tx, answer, **values))

    def _get_collection(self, order):
        return order.collection_ids.sorted("id")[-1:]

    @contextmanager
    def _as_copy(self):
        """Let the database look like a copy of the one that charges."""
        right = self.env["subscription.charging.right"]
        right._claim()
        with patch.object(type(right), "_get_identity", lambda self: "elsewhere"):
            yield
