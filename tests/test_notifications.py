"""What providers tell by themselves: repeated, shuffled, late, too early, and forged.

Over HTTP, into real processes. However often and in whatever order it is told, it is as
if it had been told once.
"""

import json
import random
import time
from collections import Counter

from odoo.tests import tagged

from .collection_crew import CollectionCrewCase
from .collection_verdict import publish
from .crew import DEADLINE, SEED, STRESS
from .fake_provider import deliver

CHARGES = 200 if STRESS else 20
TIMES = 5
SENDERS = 4
LATE = {"a second": 1, "an hour": 3600, "four days": 4 * 24 * 3600}

# What the provider does, how often it takes the money, and where it ends when told.
TOLD = {
    "ok": (1, "paid"),
    "timeout_after": (1, "paid"),
    "raw/error500_after": (1, "paid"),
    "timeout_refused": (0, "declined"),
    "pending_done": (1, "paid"),
    "pending_refused": (0, "declined"),
    "soft": (0, "declined"),
    "wrong_amount": (1, "unknown"),
}

# What else could be there twice.
TRACES = """
    SELECT sale.id,
           (SELECT count(*) FROM account_move_line line
             WHERE line.partner_id = sale.partner_id AND line.reconciled
               AND line.payment_id IN (
                   SELECT payment_id FROM payment_transaction tx
                    WHERE tx.collection_id = collection.id)),
           (SELECT count(*) FROM mail_activity
             WHERE res_model = 'sale.order' AND res_id = sale.id),
           (SELECT count(*) FROM mail_message
             WHERE model = 'sale.order' AND res_id = sale.id),
           (SELECT count(*) FROM mail_message
             WHERE model = 'account.move' AND res_id = collection.move_id)
      FROM subscription_collection collection
      JOIN sale_order sale ON sale.id = collection.order_id
     WHERE sale.id = ANY(%s)
"""


@tagged("post_install", "-at_install")
class TestNotifications(CollectionCrewCase):
    contracts = CHARGES

    def _make_charges(self):
        """Make charges that end in all ways, as far as that is known without news."""
        self._use(CHARGES, keys=False)
        self.dealt = self._set_tokens(*TOLD)
        self._collect()
        self.provider.settle()

    def _tell(self, **how):
        """Let the provider send what it has to tell.

        :return: how often there was which HTTP status
        """
        with self._serve() as url:
            return self.provider.notify(url, seed=SEED, **how)

    def _assert_told(self, proof, **more):
        """Check that all that is told is known, and return the traces it left."""
        self._run("post_process").get_result()
        self._collect()
        verdict = self._assert_right(proof, **more)
        self._assert_all_were_called()
        for charge, (state, taken) in verdict.states.items():
            text = self.dealt[int(charge.split("-")[1])]
            self.assertEqual((taken, state), TOLD[text], (proof, charge, text))
        return sorted(self._select(TRACES, list(self.due)))

    def test_a_storm_of_notifications_is_as_one_of_each(self):
        self._make_charges()
        self._wait_for_silence()
        self._copy_database(self.database, self.told_once)
        self.addCleanup(self._drop_database, self.told_once)
        statuses = self._tell()
        self.assertEqual(set(statuses), {"200"})
        once = self._assert_told("told once", answers=statuses)
        for name, seconds in LATE.items():
            with self.subTest(late=name):
                self._wait_for_silence()
                self._copy_database(self.told_once, self.database)
                self._select(
                    "DELETE FROM ir_config_parameter"
                    " WHERE key = 'subscriptions.charging_right'"
                )
                self.setting["late"] = seconds
                statuses = self._tell(times=TIMES, senders=SENDERS)
                traces = self._assert_told(
                    f"told {TIMES} times, shuffled, {name} late", answers=statuses
                )
                self.assertEqual(set(statuses), {"200"})
                if seconds < 3 * 24 * 3600:  # then reminders begin
                    self.assertEqual(traces, once)

    @property
    def told_once(self):
        return f"{self.database}_untold"

    def test_what_is_told_before_the_answer_is_charged_once(self):
        self._use(CHARGES, keys=False)
        self._set_tokens("ok_notified")
        with self._serve() as url:
            self.provider.configure(notify_url=url)
            self._collect()
            end = time.monotonic() + DEADLINE
            while self.provider.count("told") < CHARGES:
                self.assertLess(time.monotonic(), end, "somebody is not heard")
                time.sleep(0.05)
        self.assertEqual(
            self.provider.query("SELECT status, count(*) FROM told GROUP BY 1"),
            [(200, CHARGES)],
        )
        verdict = self._assert_right("told before the answer")
        self.assertEqual(verdict.captured, CHARGES)
        self.assertEqual(verdict.held, {})

    def test_a_storm_in_the_middle_of_a_run_is_as_one_of_each(self):
        self._use(CHARGES, keys=False)
        self.dealt = self._set_tokens(*TOLD)
        chance = random.Random(SEED)
        statuses = Counter()
        with self._serve() as url:
            workers = [self._run("work") for _worker in range(2)]
            end = time.monotonic() + DEADLINE
            while self._count_left() or not statuses:
                self.assertLess(time.monotonic(), end, "it is never charged")
                # The workers end when nothing is due: who takes note of what is told
                # after that is the next scheduled run.
                others = [self._run("post_process"), self._run("collect")]
                self.provider.settle()
                events = self.provider.get_events()
                for event in chance.sample(events, min(5, len(events))):
                    statuses[deliver(url, json.dumps(event))] += 1
                for other in others:
                    other.get_result()
            for worker in workers:
                worker.get_result()
        self.provider.settle()
        self._tell(times=TIMES, senders=SENDERS)
        self._assert_told("told in the middle of a run", answers=dict(statuses))
        self.assertEqual(set(statuses), {200})

    def test_what_is_forged_is_refused(self):
        self._make_charges()
        before = self._get_verdict()
        with self._serve() as url:
            forged = self.provider.notify(
                url, times=TIMES, senders=SENDERS, signature="0" * 64
            )
            lies = Counter(
                deliver(url, json.dumps({**event, "state": "done"}), signature)
                for event in self.provider.get_events()
                for signature in ("", "forged")
            )
        self.assertEqual(set(forged), {"403"})
        self.assertEqual(set(lies), {403})
        self._collect()
        after = self._get_verdict()
        self.assertEqual(after.states, before.states)
        self.assertEqual(after.wrong, [])
        refused = sum(forged.values()) + sum(lies.values())
        publish({"proof": "forged notifications", "refused": refused, "believed": 0})
