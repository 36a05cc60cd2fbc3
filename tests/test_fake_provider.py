"""The instrument itself: what the fake provider takes, and what Odoo makes of it."""

import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from urllib import error, request

from odoo.tests import BaseCase, TransactionCase, tagged
from odoo.tools import mute_logger

from .fake_provider import FakeProvider, addon, deliver, sign
from .fake_provider.scenarios import SCENARIOS, get_scenario

# Scenarios after whose first call the customer's money is gone.
TAKEN = {name for name, play in SCENARIOS.items() if play.state == "done"}


def start_provider(cls):
    """Give a test class a provider of its own."""
    cls.folder = tempfile.mkdtemp(prefix="provider")
    cls.addClassCleanup(shutil.rmtree, cls.folder)
    cls.provider_server = FakeProvider(cls.folder)
    cls.addClassCleanup(cls.provider_server.stop)


@tagged("post_install", "-at_install")
class TestFakeProviderLedger(BaseCase):
    """Without Odoo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        start_provider(cls)

    def setUp(self):
        super().setUp()
        self.provider_server.configure(keys=True)

    def _charge(self, token, reference, key="", amount=10.0, timeout=0.4):
        """Return status and answer, or how the call failed."""
        data = {
            "reference": reference,
            "amount": amount,
            "currency": "EUR",
            "token": token,
        }
        headers = {"Idempotency-Key": key} if key else {}
        url = f"{self.provider_server.url}/charge"
        post = request.Request(url, json.dumps(data).encode(), headers)
        try:
            with request.urlopen(post, timeout=timeout) as response:
                return response.status, response.read().decode()
        except error.HTTPError as answer:
            return answer.code, answer.read().decode()
        except OSError as failure:
            return type(failure).__name__, str(failure)

    def _count(self, reference):
        return len(
            [row for row in self.provider_server.get_captures() if row[0] == reference]
        )

    def test_a_token_says_what_happens_to_its_how_manieth_call(self):
        for token, number, expected in (
            ("ok", 1, ("ok", "")),
            ("ok", 9, ("ok", "")),
            ("slow:10", 1, ("slow", "10")),
            ("soft*2,ok", 2, ("soft", "")),
            ("soft*2,ok", 3, ("ok", "")),
            ("raw/soft*1,hard*1,slow:0.5#S1/2", 2, ("hard", "")),
            ("raw/soft*1,hard*1,slow:0.5#S1/2", 3, ("slow", "0.5")),
            ("soft*1", 5, ("soft", "")),
        ):
            self.assertEqual(get_scenario(token, number), expected, (token, number))

    def test_the_ledger_says_what_was_taken_whatever_was_answered(self):
        answers = {}
        for name in sorted(set(SCENARIOS) - {"ok_notified"}):
            token = f"{name}:0.1" if name == "slow" else name
            answers[name], _text = self._charge(token, name)
            self.assertEqual(self._count(name), name in TAKEN, name)
        for name in ("timeout_before", "timeout_after", "timeout_refused", "never"):
            self.assertEqual(answers[name], "TimeoutError", name)
        for name in ("reset_before", "reset_after"):
            self.assertIn(answers[name], ("URLError", "ConnectionResetError"), name)
        self.assertEqual(answers["error500_after"], 500)
        self.assertEqual(answers["soft402"], 402)
        self.assertEqual(answers["key_invalid"], 401)
        self.assertEqual(answers["busy"], 429)
        self.assertEqual(answers["soft"], 200)

    def test_with_keys_a_call_that_is_repeated_takes_nothing_again(self):
        for name in ("ok", "timeout_after", "reset_after", "error500_after"):
            self._charge(name, f"{name}-k", key=f"key {name}")
            again = self._charge(name, f"{name}-k", key=f"key {name}")
            self.assertEqual(again[0], 200, name)
            self.assertEqual(json.loads(again[1])["state"], "done")
            self.assertEqual(self._count(f"{name}-k"), 1, name)
        self._charge("error500_kept", "kept", key="key kept")
        again = self._charge("error500_kept", "kept", key="key kept")
        self.assertEqual(again[0], 500)
        self.assertEqual(self._count("kept"), 1)
        # What never was taken is taken when it is asked again.
        self._charge("timeout_before*1,ok", "before-k", key="key before")
        again = self._charge("timeout_before*1,ok", "before-k", key="key before")
        self.assertEqual(again[0], 200)
        self.assertEqual(self._count("before-k"), 1)
        # A key belongs to one charge.
        other = self._charge("ok", "ok-k", key="key ok", amount=11.0)
        self.assertEqual(other[0], 400)
        # A refusal is remembered too.
        self._charge("soft402*1,ok", "soft-k", key="key soft")
        self.assertEqual(self._charge("soft402*1,ok", "soft-k", key="key soft")[0], 402)
        self.assertEqual(self._count("soft-k"), 0)

    def test_without_keys_each_call_takes(self):
        self.provider_server.configure(keys=False)
        self._charge("timeout_after*1,ok", "twice", key="key twice")
        self._charge("timeout_after*1,ok", "twice", key="key twice")
        self.assertEqual(self._count("twice"), 2)

    def test_ten_calls_with_a_key_at_once_take_once(self):
        with ThreadPoolExecutor(10) as pool:
            answers = list(
                pool.map(
                    lambda _n: self._charge("slow:0.2", "ten", "key ten", timeout=5),
                    range(10),
                )
            )
        self.assertEqual(self._count("ten"), 1)
        self.assertLessEqual({status for status, _text in answers}, {200, 409})

    def test_what_was_pending_is_settled_some_day(self):
        for name in ("pending_done", "pending_refused", "pending_forever"):
            self._charge(name, f"{name}-p")
        self.assertEqual(self._count("pending_done-p"), 0)
        self.provider_server.settle()
        self.assertEqual(self._count("pending_done-p"), 1)
        self.assertEqual(self._count("pending_refused-p"), 0)
        events = {
            event["reference"]: event["state"]
            for event in self.provider_server.get_events()
        }
        self.assertEqual(events["pending_done-p"], "done")
        self.assertEqual(events["pending_refused-p"], "refused")
        self.assertNotIn("pending_forever-p", events)

    def test_notifications_are_signed(self):
        self.assertEqual(sign("a"), sign("a"))
        self.assertNotEqual(sign("a"), sign("b"))
        # There is nobody at this address.
        self.assertEqual(deliver("http://127.0.0.1:9/", "a", timeout=1), 0)


@tagged("post_install", "-at_install")
class TestFakeProviderInOdoo(TransactionCase):
    """With payment's own code, and nothing of ours in between."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        start_provider(cls)
        cls.provider = addon.create_provider(cls.env)
        cls.partner = cls.env["res.partner"].create({"name": "Ada"})

    def _charge(self, token, **options):
        """Charge a token, and return the transaction.

        :raise Exception: what a provider's addon lets escape
        """
        token = addon.create_token(self.provider, self.partner, token)
        self.tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": token.payment_method_id.id,
                "token_id": token.id,
                "reference": f"TX-{token.id}",
                "operation": "offline",
                "amount": 12.5,
                "currency_id": self.env.company.currency_id.id,
                "partner_id": self.partner.id,
            }
        )
        url = self.provider_server.url
        with (
            addon.install(self.registry, url, **options),
            mute_logger("odoo.addons.payment.models.payment_provider"),
        ):
            self.tx._charge_with_token()
        return self.tx

    def test_what_odoo_makes_of_each_answer(self):
        states = {
            "ok": "done",
            "soft": "error",
            "hard402": "error",
            "pending_done": "pending",
            "wrong_amount": "error",
            "wrong_currency": "error",
            "timeout_after": "error",
            "error500_before": "error",
            "reset_after": "error",
            "swallow/timeout_after": "error",
            "key_invalid": "error",
        }
        taken = len(self.provider_server.get_captures())
        for inner in (False, True):
            for token, state in states.items():
                with self.subTest(token=token, inner=inner):
                    tx = self._charge(token, inner=inner, timeout=1.0)
                    self.assertEqual(tx.state, state, tx.state_message)
        taken = len(self.provider_server.get_captures()) - taken
        self.assertEqual(taken, 12)  # of the 22, whatever Odoo makes of it

    def test_some_errors_escape(self):
        for token in ("raw/timeout_after", "raw/error500_after", "garbled_after"):
            with self.subTest(token=token), self.assertRaises(OSError):
                self._charge(token)

    def test_what_is_done_for_a_test_is_undone(self):
        cls = self.registry["payment.transaction"]
        before = cls._send_payment_request
        self._charge("ok")
        self.assertEqual(cls._send_payment_request, before)
        self.assertEqual(self.tx.state, "done")
        self.assertEqual(self.tx.provider_reference, f"ch_{self.tx.reference}_1")
