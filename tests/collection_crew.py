"""Contracts with charges to make, a provider, and processes that make them."""

import os
import shutil
import tempfile
import time
from contextlib import contextmanager

from .collection_verdict import WANTED, Verdict
from .crew import DEADLINE, CrewCase
from .fake_provider import FakeProvider

FAULT = os.environ.get("SUBSCRIPTIONS_FAULT")


class CollectionCrewCase(CrewCase):
    """Contracts with a period each that is billed and to be charged, and a provider.

    :cvar int contracts: how many
    """

    script = "collection_worker.py"
    contracts = None

    @classmethod
    def _prepare(cls):
        cls.due = cls._new_worker("prepare", count=cls.contracts).go().get_result()

    def setUp(self):
        super().setUp()
        # The right to charge is that of the database this one is a copy of.
        self._select(
            "DELETE FROM ir_config_parameter WHERE key = 'subscriptions.charging_right'"
        )
        folder = tempfile.mkdtemp(prefix="provider")
        self.addCleanup(shutil.rmtree, folder)
        self.provider = FakeProvider(folder)
        self.addCleanup(self.provider.stop)
        self.setting = {"url": self.provider.url, "fault": FAULT}

    def _use(self, count, keys=True, **setting):
        """Keep so many contracts; the others pause.

        :param bool keys: whether the provider knows idempotency keys
        """
        self.due = dict(list(type(self).due.items())[:count])
        self._select(
            "UPDATE sale_order SET subscription_state = 'paused'"
            " WHERE subscription_state = 'progress' AND NOT id = ANY(%s)",
            list(self.due),
        )
        self.provider.configure(keys=keys)
        self.setting.update(keys=keys, **setting)

    def _set_tokens(self, *texts):
        """Deal scenarios out to the contracts, in turn.

        :return: the scenario of each contract
        :rtype: dict
        """
        dealt = {
            order: texts[number % len(texts)] for number, order in enumerate(self.due)
        }
        for order, text in dealt.items():
            self._select(
                "UPDATE payment_token SET provider_ref = %s FROM sale_order"
                " WHERE payment_token_id = payment_token.id AND sale_order.id = %s",
                f"{text}#{order}",
                order,
            )
        return dealt

    # === RUNS === #

    def _run(self, job, **arguments):
        return self._new_worker(job, setting=self.setting, **arguments).go()

    def _count_left(self):
        """Return how many charges a run would look at now."""
        [(count,)] = self._select(
            """
            SELECT count(*) FROM subscription_collection one
              LEFT JOIN payment_transaction tx ON tx.id = one.transaction_id
             WHERE order_id = ANY(%s)
               AND (one.state IN ('due', 'calling')
                    OR one.state = 'unknown'
                       AND ask_again_date <= now() AT TIME ZONE 'UTC'
                    OR is_asked_for
                    OR tx.state = 'done' AND NOT tx.is_post_processed
                    OR tx.state IN ('done', 'cancel', 'error')
                       AND one.state IN ('pending', 'unknown'))
            """,
            list(self.due),
        )
        return count

    def _hurry(self):
        """Let the hours pass until unknown payments are asked for again."""
        self._select(
            "UPDATE subscription_collection"
            " SET ask_again_date = now() AT TIME ZONE 'UTC' - interval '1 minute'"
            " WHERE ask_again_date IS NOT NULL"
        )

    def _collect(self, **arguments):
        """Run the scheduled action until it has nothing left to do.

        :return: what the runs returned
        :rtype: list
        """
        end = time.monotonic() + 2 * DEADLINE
        results = []
        while True:
            results.append(self._run("collect", **arguments).get_result())
            self._wait_for_silence()
            if not self._count_left():
                return results
            if time.monotonic() > end:
                self.fail(f"{self._count_left()} charges are never made")

    def _settle_down(self, rounds=5):
        """Collect, and ask again for what is unknown, until nothing moves."""
        for _round in range(rounds):
            self._collect()
            self._hurry()
            if not self._count_left():
                break
        self._run("post_process").get_result()
        self._collect()

    @contextmanager
    def _serve(self):
        """Let notifications arrive, at the address that is given."""
        server = self._run("serve")
        _what, url = server._receive()
        yield url
        server.go().get_result()

    # === WHAT MUST BE SO === #

    def _get_verdict(self):
        return Verdict(
            self._select(WANTED, list(self.due)),
            [capture[:3] for capture in self.provider.get_captures()],
        )

    def _assert_right(self, proof, **more):
        """Compare the two books, and tell the figures.

        :return: the verdict
        :rtype: Verdict
        """
        self._wait_for_silence()
        verdict = self._get_verdict()
        verdict.publish(proof, **more)
        self.assertEqual(verdict.wrong, [], verdict.get_figures())
        self.assertEqual((verdict.doubles, verdict.lost), (0, 0))
        self._assert_no_gaps()
        return verdict

    def _assert_all_were_called(self):
        """Nothing waits for an answer to a question that was never put.

        Where no process died: who dies before the call cannot tell.
        """
        called = {name for (name,) in self.provider.query("SELECT reference FROM call")}
        unknown = self._select(
            "SELECT tx.reference FROM payment_transaction tx"
            " JOIN subscription_collection one ON one.transaction_id = tx.id"
            " WHERE one.state IN ('unknown', 'calling')"
        )
        self.assertEqual({name for (name,) in unknown} - called, set())

    def _assert_no_gaps(self):
        """No number of an invoice or a payment is missing, none is given twice."""
        numbers = self._select(
            """
            SELECT journal_id, sequence_prefix, array_agg(sequence_number)
              FROM account_move WHERE state = 'posted' GROUP BY 1, 2
            """
        )
        for _journal, prefix, found in numbers:
            self.assertEqual(sorted(found), list(range(1, len(found) + 1)), prefix)
