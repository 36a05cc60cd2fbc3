import logging
from unittest.mock import patch

import psycopg2.errors
from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tools import SQL, mute_logger

from odoo.addons.subscriptions.models import subscription_billing

from .common import SubscriptionCommon, freeze_time, tagged

CRON_LOGGER = "odoo.addons.base.models.ir_cron"
LOGGER = "odoo.addons.subscriptions.models.subscription_billing"


@tagged("post_install", "-at_install")
@freeze_time("2026-01-31")
class TestBillingRun(SubscriptionCommon):
    """The daily run: batches, commits, progress, and what happens when one fails."""

    def _create_due(self, count, **values):
        """Create contracts whose first period starts on 10 February."""
        values.setdefault("start_date", "2026-02-10")
        orders = self.env["sale.order"]
        for _number in range(count):
            orders |= self._create_contract(**values)
        self.assertFalse(orders.invoice_ids)
        return orders

    def _run_on(self, day, batch_size=3):
        """Run the scheduled action on a day, as the scheduler does."""
        with (
            freeze_time(day),
            patch.object(subscription_billing, "BILLING_BATCH_SIZE", batch_size),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("subscriptions.ir_cron_bill_due").method_direct_trigger()

    def _break_in_database(self, order):
        """Let PostgreSQL refuse every invoice of an order."""
        self.env.cr.execute(
            SQL(
                """
                CREATE FUNCTION pg_temp.refuse_invoice() RETURNS trigger AS $$
                BEGIN
                    RAISE check_violation USING MESSAGE = 'sand in the gears';
                END $$ LANGUAGE plpgsql;
                CREATE TRIGGER refuse_invoice BEFORE INSERT OR UPDATE ON account_move
                FOR EACH ROW WHEN (NEW.invoice_origin = %s)
                EXECUTE FUNCTION pg_temp.refuse_invoice()
                """,
                order.name,
            )
        )

    def _break_in_python(self, order):
        """Let the making of an order's invoice lines fail on a programming error."""

        def prepare(original, line, *args, **kwargs):
            if line.order_id == order:
                raise KeyError("no such thing")
            return original(line, *args, **kwargs)

        return self._patch_method(
            "sale.order.line", "_prepare_period_invoice_line", prepare
        )

    def _get_numbers(self):
        """Return the numbers the company's sales journals have given out."""
        moves = self.env["account.move"].search(
            [("company_id", "=", self.company.id), ("state", "=", "posted")]
        )
        return sorted(moves.mapped("sequence_number"))

    # === BATCHES AND PROGRESS === #

    def test_all_that_is_due_is_billed_in_batches_with_a_commit_after_each(self):
        orders = self._create_due(8)
        progress = []

        def commit(original, cron, processed=0, **kwargs):
            progress.append((processed, kwargs.get("remaining")))
            return original(cron, processed, **kwargs)

        with self._patch_method("ir.cron", "_commit_progress", commit):
            self._run_on("2026-02-10")
        self.assertEqual(
            [step for step in progress if step[0]], [(3, 5), (3, 2), (2, 0)]
        )
        self.assertEqual(len(orders.invoice_ids), 8)
        self.assertEqual(set(orders.invoice_ids.mapped("state")), {"posted"})
        self.assertEqual(len(orders.period_ids), 8)
        self.assertEqual(
            set(orders.mapped("next_invoice_date")), {self._day("2026-03-10")}
        )
        self.assertEqual(self._get_numbers(), list(range(1, 9)))
        self.assertEqual(orders.verify_ledger(), [])

    def test_what_was_committed_survives_a_crash_of_the_run(self):
        orders = self._create_due(5)
        calls = []

        def bill(original, service, *args):
            calls.append(args)
            if len(calls) > 1:
                raise MemoryError("out of memory")
            return original(service, *args)

        with (
            self._patch_method("subscription.billing", "_bill_once", bill),
            self.assertLogs(CRON_LOGGER, "ERROR"),
        ):
            self._run_on("2026-02-10")
        self.assertEqual(len(orders.invoice_ids), 3)
        self._run_on("2026-02-10")
        self.assertEqual(len(orders.invoice_ids), 5)
        self.assertEqual(self._get_numbers(), [1, 2, 3, 4, 5])

    def test_a_run_out_of_time_is_taken_up_again_though_other_companies_are_done(self):
        orders = self._create_due(5)
        other = self.env["res.company"].create(
            {"name": "Another", "sequence": self.company.sequence + 1}
        )
        companies = self.env["res.company"].search([]).ids
        self.assertGreater(companies.index(other.id), companies.index(self.company.id))
        remaining = []

        def commit(original, cron, processed=0, **kwargs):
            original(cron, processed, **kwargs)
            remaining.append(kwargs.get("remaining"))
            return 0.0 if processed else 10.0

        with self._patch_method("ir.cron", "_commit_progress", commit):
            self._run_on("2026-02-10", batch_size=3)
        # Odoo calls the action again as long as something remains.
        self.assertEqual(remaining, [5, 2, 2, 0])
        self.assertEqual(len(orders.invoice_ids), 5)

    def test_the_same_day_twice_makes_nothing_new(self):
        orders = self._create_due(4)
        self._run_on("2026-02-10")
        invoices = orders.invoice_ids
        self.assertEqual(len(invoices), 4)
        self._run_on("2026-02-10")
        self._run_on("2026-02-11")
        self._run_on("2026-03-09")
        self.assertEqual(orders.invoice_ids, invoices)
        self.assertEqual(len(orders.period_ids), 4)

    def test_missed_days_are_caught_up_in_one_run(self):
        orders = self._create_due(4)
        self._run_on("2026-04-15")
        for order in orders:
            self.assertEqual(
                self._get_periods(order),
                [
                    "2026-02-10..2026-03-09",
                    "2026-03-10..2026-04-09",
                    "2026-04-10..2026-05-09",
                ],
            )
        self.assertEqual(len(orders.invoice_ids), 12)
        self.assertEqual(
            set(orders.invoice_ids.mapped("invoice_date")), {self._day("2026-04-15")}
        )
        self.assertEqual(self._get_numbers(), list(range(1, 13)))

    def test_a_contract_that_is_far_behind_does_not_hold_up_the_others(self):
        late = self._create_due(1)
        orders = self._create_due(3, start_date="2027-01-05")
        self._run_on("2027-03-01")
        self.assertEqual(late.hold, "backlog")
        self.assertFalse(late.invoice_ids)
        self.assertEqual(len(orders.invoice_ids), 6)

    def test_contracts_that_share_an_invoice_share_it_across_batches(self):
        plan = self._create_plan(merge_invoices=True)
        orders = self._create_due(5, plan_id=plan.id)
        self._run_on("2026-02-10", batch_size=2)
        self.assertEqual(len(orders.invoice_ids), 1)
        self.assertEqual(orders.invoice_ids.amount_untaxed, 500.0)
        self.assertEqual(orders.invoice_ids.subscription_ids, orders)
        self.assertEqual(len(orders.period_ids), 5)

    # === ONE FAILS === #

    def test_a_contract_that_postgresql_refuses_is_held_alone(self):
        orders = self._create_due(5)
        broken = orders[1]
        self._break_in_database(broken)
        with mute_logger("odoo.sql_db"):
            self._run_on("2026-02-10")
        self.assertEqual(orders.filtered("hold"), broken)
        self.assertRecordValues(
            broken,
            [
                {
                    "hold": "billing_error",
                    "hold_reason": "The database refused the invoice: "
                    "sand in the gears",
                    "next_invoice_date": self._day("2026-02-10"),
                }
            ],
        )
        self.assertFalse(broken.period_ids)
        self.assertFalse(broken.invoice_ids)
        self.assertEqual(len((orders - broken).invoice_ids), 4)
        self.assertEqual(set((orders - broken).invoice_ids.mapped("state")), {"posted"})
        # What was rolled back took no number with it.
        self.assertEqual(self._get_numbers(), [1, 2, 3, 4])

    def test_a_number_given_to_an_invoice_that_fails_later_is_given_again(self):
        orders = self._create_due(5)
        broken = orders[2]

        def post(original, moves, *args, **kwargs):
            posted = original(moves, *args, **kwargs)
            for move in moves:
                if move.invoice_origin == broken.name:
                    raise UserError(f"{move.name} is not to the auditor's liking")
            return posted

        with self._patch_method("account.move", "_post", post):
            self._run_on("2026-02-10", batch_size=10)
        self.assertEqual(orders.filtered("hold"), broken)
        self.assertRegex(broken.hold_reason, r"/0000\d is not to the auditor's")
        self.assertEqual(self._get_numbers(), [1, 2, 3, 4])

    def test_a_programming_error_holds_its_contract_alone(self):
        orders = self._create_due(4)
        broken = orders[0]
        with self._break_in_python(broken):
            self._run_on("2026-02-10")
        self.assertEqual(orders.filtered("hold"), broken)
        self.assertEqual(
            broken.hold_reason, "The invoice could not be made: 'no such thing'"
        )
        self.assertEqual(len(orders.invoice_ids), 3)
        self.assertEqual(self._get_numbers(), [1, 2, 3])

    def test_of_contracts_that_share_an_invoice_only_the_broken_one_is_held(self):
        plan = self._create_plan(merge_invoices=True)
        orders = self._create_due(3, plan_id=plan.id)
        with self._break_in_python(orders[1]):
            self._run_on("2026-02-10")
        self.assertEqual(orders.filtered("hold"), orders[1])
        self.assertEqual(len(orders.period_ids), 2)
        self.assertEqual(sum(orders.invoice_ids.mapped("amount_untaxed")), 200.0)

    def test_three_days_of_failure_make_one_activity(self):
        orders = self._create_due(3)
        broken = orders[2]
        with self._break_in_python(broken):
            for day in ("2026-02-10", "2026-02-11", "2026-02-12"):
                self._run_on(day)
        self.assertEqual(len(broken.activity_ids), 1)
        self.assertRecordValues(
            broken.activity_ids,
            [
                {
                    "summary": "Billing error",
                    "user_id": broken.user_id.id,
                    "activity_type_id": self.env.ref(
                        "subscriptions.mail_activity_type_hold"
                    ).id,
                }
            ],
        )
        self.assertIn("no such thing", broken.activity_ids.note)
        self.assertEqual(len(orders.invoice_ids), 2)

    def test_a_held_contract_is_no_longer_due_until_it_is_released(self):
        order = self._create_due(1)
        billing = self.env["subscription.billing"]
        domain = billing._get_due_domain(self._day("2026-02-10"))
        self.assertIn(order, self.env["sale.order"].search(domain))
        with self._break_in_python(order):
            self._run_on("2026-02-10")
        self.assertNotIn(order, self.env["sale.order"].search(domain))
        self._run_on("2026-02-11")
        self.assertFalse(order.invoice_ids)
        with freeze_time("2026-02-12"):
            order.action_release_hold()
        self.assertEqual(len(order.invoice_ids), 1)
        self.assertEqual(self._get_periods(order), ["2026-02-10..2026-03-09"])
        self.assertFalse(order.hold)
        self.assertFalse(order.hold_reason)
        self.assertFalse(order.activity_ids)

    def test_a_release_that_fails_again_is_held_again_with_its_activity(self):
        order = self._create_due(1)
        with self._break_in_python(order):
            self._run_on("2026-02-10")
            with freeze_time("2026-02-12"):
                order.action_release_hold()
        self.assertEqual(order.hold, "billing_error")
        self.assertEqual(len(order.activity_ids), 1)
        self.assertFalse(order.period_ids)

    def test_an_archived_customer_is_named_as_the_reason(self):
        other = self.env["res.partner"].create({"name": "Bob Gone"})
        gone = self._create_due(1, partner_id=other.id)
        orders = self._create_due(2)
        other.active = False
        self._run_on("2026-02-10")
        self.assertEqual(gone.hold_reason, "The customer Bob Gone is archived.")
        self.assertEqual(len(orders.invoice_ids), 2)

    # === ANOTHER WAS FASTER === #

    def test_a_serialization_failure_is_tried_again_and_holds_nothing(self):
        orders = self._create_due(5)
        failures = [psycopg2.errors.SerializationFailure("another was faster")]

        def make(original, service, units):
            moves = original(service, units)
            if failures:
                raise failures.pop()
            return moves

        with (
            self._patch_method("subscription.billing", "_make", make),
            self.assertLogs(LOGGER, logging.INFO) as logs,
        ):
            self._run_on("2026-02-10")
        self.assertIn("tried again: another was faster", logs.output[0])
        self.assertFalse(orders.filtered("hold"))
        self.assertEqual(len(orders.invoice_ids), 5)
        self.assertEqual(len(orders.period_ids), 5)
        self.assertEqual(self._get_numbers(), [1, 2, 3, 4, 5])

    def test_endless_serialization_failures_end_the_run_and_hold_nothing(self):
        orders = self._create_due(2)
        tries = []

        def make(original, service, units):
            tries.append(1)
            raise psycopg2.errors.SerializationFailure("another is always faster")

        with (
            self._patch_method("subscription.billing", "_make", make),
            self.assertLogs(CRON_LOGGER, "ERROR"),
        ):
            self._run_on("2026-02-10")
        self.assertEqual(len(tries), 1 + subscription_billing.MAX_RETRIES)
        self.assertFalse(orders.filtered("hold"))
        self.assertFalse(orders.invoice_ids)
        self._run_on("2026-02-10")
        self.assertEqual(len(orders.invoice_ids), 2)

    def test_a_contract_another_worker_has_locked_is_left_to_it(self):
        orders = self._create_due(2)
        taken = orders[0]

        def lock(original, records, **kwargs):
            return original(records - taken, **kwargs)

        with self._patch_method("sale.order", "try_lock_for_update", lock):
            self._run_on("2026-02-10")
        self.assertFalse(taken.invoice_ids)
        self.assertFalse(taken.hold)
        self.assertEqual(len(orders[1].invoice_ids), 1)
        self._run_on("2026-02-10")
        self.assertEqual(len(taken.invoice_ids), 1)

    # === THE LEDGER'S LAST GUARD === #

    def _insert_row(self, order, date_from, date_to):
        """Write a ledger row past the ORM and all its checks."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO subscription_period (
                    order_id, date_from, date_to, kind, state, currency_id, company_id
                ) VALUES (%s, %s, %s, 'billed', 'billed', %s, %s)
                """,
                order.id,
                date_from,
                date_to,
                order.currency_id.id,
                order.company_id.id,
            )
        )

    def _assert_refused(self, constraint, order, date_from, date_to):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError) as refused,
            self.env.cr.savepoint(),
        ):
            self._insert_row(order, date_from, date_to)
        self.assertEqual(refused.exception.diag.constraint_name, constraint)

    def test_postgresql_refuses_a_second_live_row(self):
        order = self._create_contract(start_date="2026-01-10")
        # 10 January to 9 February is billed
        self._assert_refused(
            "subscription_period_start_unique", order, "2026-01-10", "2026-02-09"
        )
        self._assert_refused(
            "subscription_period_no_overlap", order, "2026-02-09", "2026-03-08"
        )
        self._assert_refused(
            "subscription_period_no_overlap", order, "2026-01-01", "2026-01-10"
        )
        self._insert_row(order, "2026-02-10", "2026-03-09")
        self._insert_row(self._create_due(1), "2026-01-10", "2026-02-09")

    def test_the_unique_index_refuses_on_its_own(self):
        order = self._create_contract(start_date="2026-01-10")
        self.env.cr.execute(
            "ALTER TABLE subscription_period "
            "DROP CONSTRAINT subscription_period_no_overlap"
        )
        self._assert_refused(
            "subscription_period_start_unique", order, "2026-01-10", "2026-01-10"
        )

    def test_a_void_row_frees_its_days(self):
        order = self._create_contract(start_date="2026-01-10")
        order.period_ids.sudo()._set_void()
        self._insert_row(order, "2026-01-10", "2026-02-09")
        self._assert_refused(
            "subscription_period_start_unique", order, "2026-01-10", "2026-02-09"
        )

    def test_a_second_row_for_a_billed_period_holds_the_contract_in_words(self):
        order = self._create_due(1)
        self._insert_row(order, "2026-02-20", "2026-03-19")
        with mute_logger("odoo.sql_db"):
            self._run_on("2026-02-10")
        self.assertEqual(order.hold, "billing_error")
        self.assertEqual(
            order.hold_reason,
            "Two periods of a contract overlap: some of these days are already billed.",
        )
        self.assertFalse(order.invoice_ids)
