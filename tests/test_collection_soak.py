"""Each charge that is wanted is made once, or held: processes that die, workers side by
side, commits that fail, providers that do what providers do.

What was charged is read from the provider's own ledger. docs/reliability.md says what
is proven how, and has the figures. With SUBSCRIPTIONS_FAULT=… the processes lack a
guard, and one of these tests is to fail.
"""

import random
import time

from odoo.tests import tagged

from .collection_crew import CollectionCrewCase
from .collection_verdict import publish
from .crew import DEADLINE, SEED, STRESS

DUE = 1000 if STRESS else 40
FEW = 1000 if STRESS else 16
KILLS = 50 if STRESS else 8
TERMINATIONS = 20 if STRESS else 3
CHARGES = 200 if STRESS else 12  # where commits fail
EACH = 50 if STRESS else 2  # of each scenario of the matrix
SLOW = 10 if STRESS else 4  # seconds a slow provider takes

# What a provider does, and what becomes of it: the state when the same attempt can be
# asked for again, and how often the provider took the money; then both without keys.
MATRIX = {
    "ok": ("paid", 1, "paid", 1),
    "slow:0.2": ("paid", 1, "paid", 1),
    "raw/ok": ("paid", 1, "paid", 1),
    "soft": ("declined", 0, "declined", 0),
    "soft*1,ok": ("declined", 0, "declined", 0),  # as long as nobody tries again
    "hard": ("declined", 0, "declined", 0),
    "soft402": ("declined", 0, "declined", 0),
    "swallow/hard402": ("declined", 0, "declined", 0),
    "timeout_before*1,ok": ("paid", 1, "unknown", 0),
    "timeout_after*1,ok": ("paid", 1, "unknown", 1),
    "timeout_refused*1,ok": ("declined", 0, "unknown", 0),
    "swallow/timeout_after*1,ok": ("paid", 1, "unknown", 1),
    "raw/timeout_after*1,ok": ("paid", 1, "unknown", 1),
    "never": ("unknown", 0, "unknown", 0),
    "error500_before*1,ok": ("paid", 1, "unknown", 0),
    "error500_after*1,ok": ("paid", 1, "unknown", 1),
    "error500_kept": ("unknown", 1, "unknown", 1),
    "raw/error500_after*1,ok": ("paid", 1, "unknown", 1),
    "reset_before*1,ok": ("paid", 1, "unknown", 0),
    "reset_after*1,ok": ("paid", 1, "unknown", 1),
    "garbled_before*1,ok": ("paid", 1, "unknown", 0),
    "garbled_after*1,ok": ("paid", 1, "unknown", 1),
    "busy*1,ok": ("paid", 1, "unknown", 0),
    "key_invalid": ("failed", 0, "failed", 0),
    "wrong_amount": ("unknown", 1, "unknown", 1),
    "wrong_currency": ("unknown", 1, "unknown", 1),
    "pending_done": ("paid", 1, "paid", 1),
    "pending_refused": ("declined", 0, "declined", 0),
    "pending_forever": ("pending", 0, "pending", 0),
}
# Contracts to begin with.
CONTRACTS = max(DUE, EACH * len(MATRIX))


@tagged("post_install", "-at_install")
class TestCollectionSoak(CollectionCrewCase):
    contracts = CONTRACTS

    def _get_fates(self):
        """Return moments to die at: around commits and calls, between statements."""
        chance = random.Random(f"{SEED} collect")
        places = {
            "statement": 400,
            "before_commit": 12,
            "after_commit": 12,
            "before_request": 4,
            "in_request": 4,
            "after_request": 4,
        }
        for number in range(KILLS):
            at = list(places)[number % len(places)]
            yield ("kill", at, chance.randint(1, places[at]))
        for number in range(TERMINATIONS):  # here the connection dies
            at = list(places)[number * 5 % len(places)]
            yield ("terminate", at, chance.randint(1, places[at]))

    def _die_and_go_on(self):
        """Let runs die, or lose their database, one after the other.

        :return: how many did
        """
        ends = {"kill": "died", "terminate": "failed"}
        for fate in self._get_fates():
            # Odoo passes a run over, of which three before died early.
            for _try in range(3):
                self.assertTrue(self._count_left(), f"all was charged before {fate}")
                run = self._run("collect", fate=fate)
                end = run.get_end()
                self._wait_for_silence()
                if end == ends[fate[0]]:
                    break
            else:
                self.fail(f"{fate}: {end}\n{run.get_log()}")
        return KILLS + TERMINATIONS

    def test_runs_killed_at_any_moment_charge_once_with_keys(self):
        self._use(DUE)
        died = self._die_and_go_on()
        self._settle_down()
        verdict = self._assert_right("killed, keys", deaths=died)
        self.assertEqual(verdict.captured, DUE)
        self.assertEqual(verdict.held, {})

    def test_runs_killed_at_any_moment_charge_once_or_hold_without_keys(self):
        self._use(FEW, keys=False)
        died = self._die_and_go_on()
        self._settle_down()
        verdict = self._assert_right("killed, no keys", deaths=died)
        self.assertEqual(set(verdict.held) - {"unknown"}, set())
        # Held is what was in the provider's hands when the process died, no more.
        self.assertLessEqual(verdict.held["unknown"], died)

    def test_workers_and_a_person_who_clicks_charge_once(self):
        for number, keys in ((2, True), (4, False), (8, True))[: 3 if STRESS else 2]:
            with self.subTest(workers=number, keys=keys):
                self.setUp()
                self._use(FEW, keys=keys)
                self._set_tokens(*["ok"] * 7, "timeout_after*1,ok", "soft*1,ok")
                person = self._run("person", ledger=self.provider.ledger, seed=SEED)
                workers = [self._run("work") for _worker in range(number)]
                for worker in workers:
                    worker.get_result()
                clicks = person.get_result()
                self._settle_down()
                self._assert_right(
                    f"{number} workers, a person, {'' if keys else 'no '}keys",
                    clicks=clicks,
                )
                self._assert_all_were_called()

    def test_who_comes_between_intention_and_call_leaves_it_alone(self):
        self._use(1, keys=False)
        first = self._run("work", pauses=["_lock_call"])
        first.reach("_lock_call")
        self._run("collect").get_result()
        first.go().get_result()
        self._settle_down()
        self._assert_all_were_called()
        verdict = self._assert_right("between intention and call")
        self.assertEqual(verdict.captured, 1)

    def test_commits_that_fail_charge_once(self):
        for keys in (True, False):
            with self.subTest(keys=keys):
                self.setUp()
                self._use(CHARGES, keys=keys)
                counts = self._collect(fail_commits={"share": 0.2, "seed": SEED})
                failed = {
                    kind: sum(count[kind] for count in counts)
                    for kind in ("any", "after_call")
                }
                self._settle_down()
                verdict = self._assert_right(
                    f"failing commits, {'' if keys else 'no '}keys", failed=failed
                )
                self.assertEqual(verdict.captured, CHARGES)
                self.assertEqual(verdict.held, {})
                self.assertGreaterEqual(failed["after_call"], CHARGES)

    def test_a_clerk_posts_while_a_provider_sleeps(self):
        self._use(2, timeout=SLOW + 5)
        other, order = self.due
        self._select(
            "UPDATE sale_order SET subscription_state = 'paused' WHERE id = %s", other
        )
        self._set_tokens(f"slow:{SLOW}")
        clerk = self._run("clerk", order_id=order)
        clerk.reach("desk")
        run = self._run("collect")
        end = time.monotonic() + DEADLINE
        while not self.provider.count("call"):
            self.assertLess(time.monotonic(), end, "the provider is not called")
            time.sleep(0.02)
        waits = clerk.go().get_result()
        slept = not self.provider.count("capture")
        run.get_result()
        publish({"proof": "what a clerk waits", "seconds": waits})
        self.assertLess(max(waits.values()), 1, waits)
        self.assertTrue(slept, "the provider was done before the clerk")
        del self.due[other]
        self._assert_right(f"a provider that takes {SLOW} s")

    def _get_states(self, dealt):
        """Return state and number of captures, by scenario: each must have but one."""
        charges = {
            int(charge.split("-")[1]): found
            for charge, found in self._get_verdict().states.items()
        }
        states = {}
        for order, text in dealt.items():
            states.setdefault(text, set()).add(charges[order])
        return states

    def _assert_matrix(self, keys):
        """Let the provider do all that providers do, and see what becomes of it."""
        # Without keys the provider's addon was loaded before ours, with them after it.
        self._use(EACH * len(MATRIX), keys=keys, inner=not keys)
        self.dealt = dealt = self._set_tokens(*MATRIX)
        self._settle_down()
        self.provider.settle()
        pending = self._select(
            "SELECT tx.reference FROM payment_transaction tx"
            " JOIN subscription_collection one ON one.transaction_id = tx.id"
            " WHERE one.state = 'pending'"
        )
        with self._serve() as url:
            self.provider.notify(url, references=[name for (name,) in pending])
        self._collect()
        proof = f"matrix of {len(MATRIX)}, {'' if keys else 'no '}keys"
        verdict = self._assert_right(proof)
        with_keys = {text: {found[:2]} for text, found in MATRIX.items()}
        without = {text: {found[2:]} for text, found in MATRIX.items()}
        self._assert_all_were_called()
        self.assertEqual(self._get_states(dealt), with_keys if keys else without)
        return verdict

    def test_whatever_a_provider_does_it_charges_once_or_it_is_held_with_keys(self):
        self._assert_matrix(keys=True)

    def test_whatever_a_provider_does_it_charges_once_or_it_is_held_without_keys(self):
        before = self._assert_matrix(keys=False)
        # People press the button, on what is unknown too.
        self._run("retry_all").get_result()
        self._collect()
        # Days go by; the provider forgets what it was asked.
        self.provider.forget()
        self.setting["late"] = 4 * 24 * 3600
        self._collect()
        after = self._assert_right("matrix, four days later")
        unknown = {
            charge
            for charge, (state, _n) in before.states.items()
            if state == "unknown"
        }
        self.assertEqual(
            {charge: after.states[charge] for charge in unknown},
            {charge: before.states[charge] for charge in unknown},
        )
        # Then the news come, of everything.
        with self._serve() as url:
            self.assertEqual(set(self.provider.notify(url)), {"200"})
        self._collect()
        last = self._assert_right("matrix, told after four days")
        self.assertEqual(
            {
                (self.dealt[int(charge.split("-")[1])], state)
                for charge, (state, taken) in last.states.items()
                if taken and state != "paid"
            },
            {("wrong_amount", "unknown"), ("wrong_currency", "unknown")},
        )

    def test_a_provider_that_forgot_is_not_asked_again(self):
        self._use(EACH)
        self._set_tokens("timeout_after")
        self._collect()
        self.provider.forget()
        self.setting["late"] = 24 * 3600
        self._collect()
        verdict = self._assert_right("asked again after a day")
        self.assertEqual(verdict.held, {"unknown": EACH})
