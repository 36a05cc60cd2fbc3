"""Each period is billed once: processes side by side, and processes that die."""

import random
from collections import Counter

import psycopg2
from dateutil.relativedelta import relativedelta

from odoo.sql_db import connection_info_for
from odoo.tests import tagged

from .crew import SEED, STRESS, CrewCase

CONTRACTS = 1000 if STRESS else 200
FEW = 1000 if STRESS else 60  # contracts where one process after another bills
KILLS = 50 if STRESS else 6
TERMINATIONS = 20 if STRESS else 3


@tagged("post_install", "-at_install")
class TestConcurrency(CrewCase):
    """Each period is billed once, whatever runs at once and whatever dies."""

    script = "concurrency_worker.py"

    @classmethod
    def _prepare(cls):
        cls.due, cls.quotation = (
            cls._new_worker("prepare", count=CONTRACTS).go().get_result()
        )

    # === WHAT MUST BE SO === #

    def _keep(self, count):
        """Keep so many contracts in progress; the others pause."""
        self.due = dict(list(type(self).due.items())[:count])
        self._select(
            "UPDATE sale_order SET subscription_state = 'paused'"
            " WHERE subscription_state = 'progress' AND NOT id = ANY(%s)",
            list(self.due),
        )

    def _get_due_count(self):
        [(count,)] = self._select(
            "SELECT count(*) FROM sale_order"
            " WHERE subscription_state = 'progress' AND billing_date <= %s",
            self.today,
        )
        return count

    @property
    def today(self):
        return max(max(days) for days in self.due.values())

    def _assert_each_period_is_billed_once(self, expected=None):
        """Compare ledger, invoices and contracts with what was due.

        :param dict expected: the first days of the periods, by contract
        """
        expected = self.due if expected is None else expected
        rows = self._select(
            "SELECT order_id, date_from, move_id, state FROM subscription_period"
            " WHERE state != 'void'"
        )
        wanted = Counter(
            (order, first) for order, firsts in expected.items() for first in firsts
        )
        self.assertEqual(
            Counter((order, first) for order, first, _m, _s in rows), wanted
        )
        self.assertEqual({state for *_row, state in rows}, {"billed"})
        # One invoice each, posted, with the one line of the period; and no others.
        moves = self._select(
            "SELECT id, state, sequence_number FROM account_move"
            " WHERE move_type = 'out_invoice'"
        )
        self.assertNotIn(None, [move for _order, _first, move, _state in rows])
        self.assertEqual({state for _id, state, _number in moves}, {"posted"})
        self.assertEqual(
            sorted(move for _order, _first, move, _state in rows),
            sorted(move for move, _state, _number in moves),
        )
        lines = self._select(
            "SELECT period.order_id, line.period_from FROM account_move_line line"
            " JOIN subscription_period period ON period.id = line.period_id"
            " AND period.move_id = line.move_id"
        )
        self.assertEqual(Counter(lines), wanted)
        # No number is missing, none is given twice.
        self.assertEqual(
            sorted(number for _id, _state, number in moves),
            list(range(1, len(rows) + 1)),
        )
        self.assertEqual(
            self._select(
                "SELECT id, hold, hold_reason FROM sale_order WHERE hold IS NOT NULL"
            ),
            [],
        )
        starts = {order: min(firsts) for order, firsts in self.due.items()}
        following = dict(
            self._select(
                "SELECT id, next_invoice_date FROM sale_order"
                " WHERE subscription_state = 'progress'"
            )
        )
        for order, firsts in expected.items():
            start = starts.get(order, min(firsts))
            self.assertEqual(
                following[order], start + relativedelta(months=len(firsts))
            )
        self.assertEqual(self._new_worker("verify").go().get_result(), [])

    # === AT ONCE === #

    def test_workers_and_a_person_who_clicks_bill_each_period_once(self):
        for number in (2, 4, 8) if STRESS else (2, 4):
            with self.subTest(workers=number):
                self.setUp()
                person = self._new_worker("person", seed=SEED)
                workers = [
                    self._new_worker("work", batch_size=10) for _worker in range(number)
                ]
                for worker in (person, *workers):
                    worker.go()
                for worker in workers:
                    worker.get_result()
                clicks = person.get_result()
                self.assertGreater(clicks["done"], 0)
                self._assert_each_period_is_billed_once()

    def test_a_run_that_looked_before_another_was_done_bills_nothing_twice(self):
        self._keep(FEW)
        first, second = (
            self._new_worker("work", batch_size=CONTRACTS, pauses=["_bill_once"]).go()
            for _worker in range(2)
        )
        # Both have read what is due; what the second has read is history now.
        first.reach("_bill_once")
        second.reach("_bill_once")
        first.go().get_result()
        second.go().get_result()
        self._assert_each_period_is_billed_once()

    def test_ten_clicks_at_once_on_a_contract_make_one_invoice(self):
        order = next(order for order, firsts in self.due.items() if len(firsts) == 1)
        [shown] = self.due[order]
        clicks = [
            self._new_worker(
                "click", order_id=order, shown=shown, pauses=["_bill_once"]
            )
            for _click in range(10)
        ]
        for click in clicks:
            click.go()
        for click in clicks:
            click.reach("_bill_once")
        for click in clicks:
            click.go()
        results = [click.get_result() for click in clicks]
        self.assertEqual(results.count(True), 1, results)
        # And one whose page is older than the invoice.
        late = self._new_worker("click", order_id=order, shown=shown).go().get_result()
        self.assertIn("meanwhile", late)
        self._assert_each_period_is_billed_once({order: [shown]})

    def _click_ten_times(self, order, name):
        """Let ten people click at once, and return what they are told."""
        clicks = [
            self._new_worker(
                "act", order_id=order, name=name, pauses=["_lock_contract"]
            ).go()
            for _click in range(10)
        ]
        for click in clicks:
            click.reach("_lock_contract")
        for click in clicks:
            click.go()
        results = [click.get_result() for click in clicks]
        self.assertFalse([one for one in results if not isinstance(one, (bool, str))])
        return results

    def _take_billed(self, number):
        """Return contracts that are billed, with the only period that was due."""
        orders = [order for order, firsts in self.due.items() if len(firsts) == 1]
        orders = orders[:number]
        for order in orders:
            [shown] = self.due[order]
            worker = self._new_worker("click", order_id=order, shown=shown)
            self.assertIs(worker.go().get_result(), True)
        return orders

    def _select_changes(self, order):
        return self._select(
            """
            SELECT change.state, line.quantity_change,
                   (SELECT count(*) FROM account_move_line
                     WHERE change_line_id = line.id)
              FROM subscription_change change
              JOIN subscription_change_line line ON line.change_id = change.id
             WHERE change.order_id = %s
            """,
            order,
        )

    def test_ten_clicks_at_once_change_a_contract_once(self):
        now, later, bought, renewed, paused, switched = self._take_billed(6)
        self.assertIn(True, self._click_ten_times(now, "more_now"))
        self.assertEqual(self._select_changes(now), [("done", 2.0, 1)])
        self.assertIn(True, self._click_ten_times(later, "more_later"))
        self.assertEqual(self._select_changes(later), [("scheduled", 2.0, 0)])
        upsell = self._new_worker("upsell", order_id=bought).go().get_result()
        results = self._click_ten_times(upsell, "confirm")
        self.assertEqual(results.count(True), 1, results)
        self.assertEqual(self._select_changes(bought), [("done", 2.0, 1)])
        for order, name in (
            (renewed, "renew"),
            (paused, "pause"),
            (switched, "switch"),
        ):
            results = self._click_ten_times(order, name)
            self.assertEqual(results.count(True), 1, (name, results))
        children = self._select(
            "SELECT count(*) FROM sale_order WHERE parent_order_id = %s", renewed
        )
        self.assertEqual(children, [(1,)])
        documents = self._select(
            """
            SELECT move.move_type, count(DISTINCT move.id)
              FROM account_move_line line JOIN account_move move ON move.id = move_id
             WHERE line.subscription_id = %s GROUP BY 1 ORDER BY 1
            """,
            switched,
        )
        self.assertEqual(documents, [("out_invoice", 2), ("out_refund", 1)])

    def test_who_looked_before_another_was_done_changes_nothing_twice(self):
        for order, name in zip(
            self._take_billed(2), ("more_later", "pause"), strict=True
        ):
            first, second = (
                self._new_worker(
                    "act", order_id=order, name=name, pauses=["_lock_contract"]
                ).go()
                for _click in range(2)
            )
            for click in (first, second):
                click.reach("_lock_contract")
            self.assertIs(first.go().get_result(), True)
            second.go().get_result()
            rows = self._select(
                "SELECT count(*) FROM subscription_change WHERE order_id = %s", order
            )
            self.assertEqual(rows, [(1,)], name)

    def test_a_contract_being_billed_is_not_billed_by_a_click(self):
        order = next(order for order, firsts in self.due.items() if len(firsts) == 1)
        [shown] = self.due[order]
        blocker = psycopg2.connect(**connection_info_for(self.database)[1])
        self.addCleanup(blocker.close)
        blocker.cursor().execute(
            "SELECT FROM sale_order WHERE id = %s FOR NO KEY UPDATE", (order,)
        )
        click = self._new_worker("click", order_id=order, shown=shown).go()
        self.assertIn("being billed", click.get_result())
        blocker.rollback()
        click = self._new_worker("click", order_id=order, shown=shown).go()
        self.assertIs(click.get_result(), True)
        self._assert_each_period_is_billed_once({order: [shown]})

    def test_confirming_twice_at_once_makes_one_first_invoice(self):
        clicks = [
            self._new_worker(
                "confirm", order_id=self.quotation, pauses=["_action_confirm"]
            ).go()
            for _click in range(2)
        ]
        for click in clicks:
            click.reach("_action_confirm")
        for click in clicks:
            click.go()
        results = [click.get_result() for click in clicks]
        self.assertEqual(results.count(True), 1, results)
        [(start,)] = self._select(
            "SELECT start_date FROM sale_order WHERE id = %s", self.quotation
        )
        self._assert_each_period_is_billed_once({self.quotation: [start]})

    # === DEATHS === #

    def _get_fates(self, how, number):
        """Return moments to die at: around commits, and between any two statements."""
        chance = random.Random(f"{SEED} {how}")
        fates = [(how, "before_commit", 4), (how, "after_commit", 4)]
        while len(fates) < number:
            fates.append((how, "statement", chance.randint(1, 400)))
        return fates

    def _run_until_done(self, fates):
        """Run, let it die, run again, and so on until nothing is due.

        A run Odoo refuses, because three before it died early, is not one that died.
        """
        end = None
        for fate in [*fates, None]:
            expected = {None: "done", "kill": "died", "terminate": "failed"}[
                fate and fate[0]
            ]
            # Odoo ends a run after some ten seconds, and takes it up again.
            for _try in range(3 if fate else 3 + CONTRACTS // 10):
                self.assertTrue(self._get_due_count(), f"all was billed before {fate}")
                worker = self._new_worker("run", batch_size=5, fate=fate).go()
                end = worker.get_end()
                self._wait_for_silence()
                if end == expected and (fate or not self._get_due_count()):
                    break
            else:
                self.fail(f"{fate}: {end} is not {expected}\n{worker.get_log()}")

    def test_a_run_killed_at_any_moment_and_repeated_bills_each_period_once(self):
        self._keep(FEW)
        self._run_until_done(self._get_fates("kill", KILLS))
        self._assert_each_period_is_billed_once()

    def test_a_run_that_loses_its_database_and_is_repeated_bills_each_period_once(self):
        self._keep(FEW)
        self._run_until_done(self._get_fates("terminate", TERMINATIONS))
        self._assert_each_period_is_billed_once()
