from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time, tagged

from .collection_common import CollectionCommon
from .common import TODAY


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestCollection(CollectionCommon):
    """A saved payment method is charged once, and the books follow."""

    # === SUCCESS === #

    def test_the_invoice_stays_a_draft_until_its_payment_is_known(self):
        order = self._create_charged()
        collection = self._get_collection(order)
        self.assertEqual(collection.move_id.state, "draft")
        self.assertEqual(collection.state, "due")
        self.assertEqual(self.calls, [], "no provider is called by a confirmation")

    def test_a_charged_invoice_is_posted_paid_reconciled_and_mailed(self):
        order = self._create_charged()
        self._collect()
        collection = self._get_collection(order)
        move = collection.move_id
        self.assertEqual(collection.state, "paid")
        self.assertEqual(move.state, "posted")
        self.assertIn(move.payment_state, ("paid", "in_payment"))
        self.assertEqual(move.amount_residual, 0)
        self.assertTrue(move.sending_data or move.is_move_sent)
        self.assertEqual(order.period_ids.state, "paid")
        self.assertFalse(order.hold)

    def test_the_reference_names_contract_period_and_attempt(self):
        order = self._create_charged()
        self._collect()
        self.assertEqual(self.calls, [f"{order.name}-{order.id}-20260701-1"])

    def test_a_second_run_charges_nothing(self):
        self._create_charged()
        self._collect()
        self._collect()
        self.assertEqual(len(self.captured), 1)

    def test_each_period_is_charged_on_its_day(self):
        order = self._create_charged()
        self._collect()
        self._bill_due("2026-08-01")
        self._collect("2026-08-01")
        self.assertEqual(
            self.captured,
            [
                f"{order.name}-{order.id}-20260701-1",
                f"{order.name}-{order.id}-20260801-1",
            ],
        )

    def test_nothing_to_pay_needs_no_provider(self):
        order = self._create_charged("done", (self.seat, 1, {"price_unit": 0.0}))
        move = order.invoice_ids
        self.assertEqual(move.state, "posted")
        self.assertFalse(order.collection_ids)

    def test_an_invoice_posted_by_hand_is_charged_all_the_same(self):
        order = self._create_charged()
        order.invoice_ids.action_post()
        self._collect()
        self.assertEqual(order.invoice_ids.amount_residual, 0)
        self.assertEqual(len(self.captured), 1)

    def test_what_is_paid_in_part_is_charged_for_the_rest(self):
        order = self._create_charged()
        move = order.invoice_ids
        move.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"amount": 30.0})._create_payments()
        self._collect()
        tx = self._get_collection(order).transaction_id
        self.assertEqual(tx.amount, 70.0)
        self.assertEqual(move.amount_residual, 0)

    # === DECLINED === #

    def test_a_declined_payment_leaves_the_draft_and_holds_the_contract(self):
        for answer in ("declined", "refused", "cancelled"):
            with self.subTest(answer=answer):
                order = self._create_charged(answer)
                self._collect()
                collection = self._get_collection(order)
                self.assertEqual(collection.state, "declined")
                self.assertEqual(collection.move_id.state, "draft")
                self.assertEqual(order.hold, "payment_declined")
                self.assertIn("Card", order.hold_reason)
                self.assertEqual(len(order.activity_ids), 1)

    def test_a_second_attempt_has_a_new_reference(self):
        order = self._create_charged("declined")
        self._collect()
        self._collect("2026-07-04")
        self.assertEqual(
            [reference[-2:] for reference in self.calls],
            ["-1", "-2"],
        )
        self.assertEqual(self._get_collection(order).attempt, 2)

    def test_a_hard_decline_is_not_tried_again(self):
        order = self._create_charged("stolen")
        self._collect()
        self._collect("2026-07-04")
        self.assertEqual(len(self.calls), 1)
        collection = self._get_collection(order)
        self.assertTrue(collection.is_hard)
        self.assertEqual(collection.dunning_day, 3, "its mails go out all the same")

    def test_a_provider_that_refuses_our_key_is_no_decline(self):
        order = self._create_charged("bad key")
        self._collect()
        collection = self._get_collection(order)
        self.assertEqual(collection.state, "failed")
        self.assertIn("Invalid API key", order.hold_reason)
        self.assertFalse(collection.failed_on, "the customer is not dunned for it")
        self.assertEqual(self._get_payment_mails(order), [])

    # === UNKNOWN === #

    def test_no_answer_is_unknown_in_both_its_shapes(self):
        for answer in ("lost before", "lost after", "crash", "broken"):
            with self.subTest(answer=answer):
                order = self._create_charged(answer)
                self._collect()
                collection = self._get_collection(order)
                self.assertEqual(collection.state, "unknown")
                self.assertEqual(collection.transaction_id.state, "pending")
                self.assertTrue(collection.transaction_id.is_unknown)
                self.assertEqual(order.hold, "payment_unknown")
                self.assertEqual(len(order.activity_ids), 1)

    def test_unknown_is_never_charged_again_by_a_provider_without_keys(self):
        order = self._create_charged("lost after")
        self._collect()
        for day in ("2026-07-01 01:00:00", "2026-07-04", "2026-07-20"):
            self._collect(day)
            self._bill_due(day)
        self.assertEqual(len(self.calls), 1)
        self.assertEqual(order.hold, "payment_unknown")

    def test_unknown_is_asked_again_with_the_same_reference(self):
        self.remembers = 20
        order = self._create_charged("lost after")
        self._collect("2026-07-01 00:00:00")
        self._collect("2026-07-01 00:04:00")
        self.assertEqual(len(self.calls), 1)
        order.payment_token_id.provider_ref = "done"
        self._collect("2026-07-01 00:05:00")
        self.assertEqual(len(self.calls), 2)
        self.assertEqual(len(set(self.calls)), 1)
        self.assertEqual(self._get_collection(order).state, "paid")
        self.assertFalse(order.hold)
        self.assertFalse(order.activity_ids.filtered("active"))

    def test_unknown_is_not_asked_again_once_the_provider_may_have_forgotten(self):
        self.remembers = 20
        self._create_charged("lost after")
        self._collect("2026-07-01 00:00:00")
        self._collect("2026-07-01 20:00:00")
        self.assertEqual(len(self.calls), 1)

    def test_asked_again_a_refused_question_is_no_refused_payment(self):
        self.remembers = 20
        order = self._create_charged("lost after")
        self._collect("2026-07-01 00:00:00")
        order.payment_token_id.provider_ref = "bad key"
        self._collect("2026-07-01 00:05:00")
        self.assertEqual(self._get_collection(order).state, "unknown")

    def test_another_amount_is_for_a_person(self):
        for answer in ("wrong amount", "wrong currency"):
            with self.subTest(answer=answer):
                order = self._create_charged(answer)
                self._collect()
                self.assertEqual(order.hold, "payment_unknown")
                tx = self._get_collection(order).transaction_id
                self._notify(tx, answer)
                self.assertEqual(tx.state, "pending", "nor when it is told again")

    def test_it_was_paid(self):
        order = self._create_charged("lost after")
        self._collect()
        collection = self._get_collection(order)
        self.env["subscription.collector"]._settle(collection, True, "seen at the bank")
        self.assertEqual(collection.state, "paid")
        self.assertEqual(order.invoice_ids.amount_residual, 0)
        self.assertFalse(order.hold)
        self._collect("2026-07-05")
        self.assertEqual(len(self.calls), 1)

    def test_it_was_not_paid(self):
        order = self._create_charged("lost before")
        self._collect()
        collection = self._get_collection(order)
        order.payment_token_id.provider_ref = "done"
        self.env["subscription.collector"]._settle(collection, False, "not at the bank")
        self._collect()
        self.assertEqual(collection.state, "paid")
        self.assertEqual([one[-2:] for one in self.calls], ["-1", "-2"])

    def test_a_held_unknown_is_not_simply_released(self):
        order = self._create_charged("lost after")
        self._collect()
        with self.assertRaises(UserError):
            order.action_release_hold()
        self.assertEqual(order.hold, "payment_unknown")

    # === NOTIFICATIONS === #

    def test_a_late_notification_settles_an_unknown_payment(self):
        order = self._create_charged("lost after")
        self._collect()
        tx = self._get_collection(order).transaction_id
        self._notify(tx, "done", "2026-07-05")
        self._collect("2026-07-05")
        self.assertEqual(self._get_collection(order).state, "paid")
        self.assertFalse(order.hold)

    def test_a_pending_payment_waits(self):
        order = self._create_charged("pending")
        self._collect()
        collection = self._get_collection(order)
        self.assertEqual(collection.state, "pending")
        self.assertFalse(order.hold)
        self._collect("2026-07-04")
        self.assertEqual(len(self.calls), 1)
        self._notify(collection.transaction_id, "done", "2026-07-05")
        self._collect("2026-07-05")
        self.assertEqual(collection.state, "paid")

    def test_a_pending_payment_that_is_refused_is_declined(self):
        order = self._create_charged("pending")
        self._collect()
        collection = self._get_collection(order)
        self._notify(collection.transaction_id, "declined")
        self._collect()
        self.assertEqual(collection.state, "declined")
        self.assertEqual(order.hold, "payment_declined")

    def test_a_payment_that_is_pending_for_weeks_is_shown_to_a_person(self):
        order = self._create_charged("pending")
        self._collect()
        self._collect("2026-07-16")
        self.assertEqual(order.hold, "payment_unknown")
        self._notify(self._get_collection(order).transaction_id, "done", "2026-07-20")
        self._collect("2026-07-20")
        self.assertFalse(order.hold)

    def test_a_decline_that_turns_out_paid_after_the_next_attempt_is_seen(self):
        order = self._create_charged("declined")
        self._collect()
        first = self._get_collection(order).transaction_id
        order.payment_token_id.provider_ref = "done"
        self._collect("2026-07-04")
        self.assertEqual(self._get_collection(order).state, "paid")
        self._notify(first, "done", "2026-07-05")
        self._collect("2026-07-05")
        activity = order.activity_ids.filtered(lambda one: one.summary == "Paid twice")
        self.assertEqual(len(activity), 1)
        self.assertIn(first.reference, activity.note)

    # === WHAT IS IN FLIGHT STAYS === #

    def test_an_invoice_in_flight_cannot_be_cancelled_deleted_or_changed(self):
        order = self._create_charged("lost after")
        self._collect()
        move = order.invoice_ids
        for act in (
            move.button_cancel,
            move.unlink,
            lambda: move.write({"invoice_line_ids": []}),
        ):
            with self.assertRaises(UserError):
                act()
        self.assertEqual(move.state, "draft")

    def test_an_invoice_in_flight_cannot_be_paid_by_hand_as_well(self):
        order = self._create_charged("lost after")
        self._collect()
        with self.assertRaises(ValidationError):
            self._pay_online(order.invoice_ids)

    def test_what_a_customer_is_paying_is_not_charged(self):
        order = self._create_charged()
        self._pay_online(order.invoice_ids)
        self._collect()
        self.assertEqual(self.calls, [])
        self._collect("2026-07-01 01:00:00")
        self.assertEqual(len(self.calls), 1, "left alone, it is charged after a while")

    def test_a_customer_who_pays_ends_the_dunning(self):
        order = self._create_charged("declined")
        self._collect()
        tx = self._pay_online(order.invoice_ids)
        tx._set_done()
        tx._post_process()
        collection = self._get_collection(order)
        self.assertEqual((collection.state, collection.outcome), ("paid", "recovered"))
        self.assertFalse(order.hold)
        self._collect("2026-07-04")
        self.assertEqual(len(self.calls), 1)

    def _pay_online(self, move):
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "amount": move.amount_total,
                "currency_id": move.currency_id.id,
                "partner_id": move.partner_id.id,
                "operation": "online_direct",
                "invoice_ids": move.ids,
            }
        )

    # === THE BOOKS === #

    def test_a_payment_the_books_refuse_is_seen_and_booked_later(self):
        order = self._create_charged()

        def refuse(_original, _moves, **_options):
            raise UserError("The books are closed.")

        with self._patch_method("account.move", "_post", refuse):
            self._collect()
        collection = self._get_collection(order)
        self.assertEqual(len(self.captured), 1)
        self.assertEqual(collection.move_id.state, "draft")
        self.assertEqual(order.hold, "billing_error")
        self.assertIn("The books are closed.", order.hold_reason)
        self._collect()
        self.assertEqual(collection.state, "paid")
        self.assertEqual(len(self.captured), 1)
        self.assertFalse(order.hold)

    def test_an_invoice_cancelled_and_billed_again_uses_the_payment_it_had(self):
        order = self._create_charged()
        self._collect()
        move = order.invoice_ids
        move.button_draft()
        move.button_cancel()
        self._bill_due(TODAY)
        self._collect()
        self.assertEqual(len(self.captured), 1)
        self.assertEqual(self._get_collection(order).state, "paid")

    def test_a_payment_is_made_once_however_often_it_is_processed(self):
        order = self._create_charged("lost after")
        self._collect()
        tx = self._get_collection(order).transaction_id
        for _time in range(5):
            self._notify(tx, "done")
            tx._post_process()
        self._collect()
        payments = self.env["account.payment"].search(
            [("payment_transaction_id", "=", tx.id)]
        )
        self.assertEqual(len(payments), 1)

    def test_automatic_invoices_leave_contracts_alone(self):
        for setting in ("True", "False"):
            with self.subTest(setting=setting):
                self.env["ir.config_parameter"].sudo().set_param(
                    "sale.automatic_invoice", setting
                )
                order = self._create_charged()
                self._collect()
                self.assertEqual(len(order.invoice_ids), 1)
                self.assertEqual(order.invoice_ids.amount_residual, 0)
                tx = self._get_collection(order).transaction_id
                self.assertEqual(tx.invoice_ids, order.invoice_ids)

    # === OBSTACLES === #

    def test_a_provider_that_does_not_take_the_currency_is_said(self):
        order = self._create_charged()
        self.provider.available_currency_ids = self.env.ref("base.JPY")
        self._collect()
        self.assertEqual(self._get_collection(order).state, "failed")
        self.assertIn("does not take payments in USD", order.hold_reason)
        self.assertEqual(self.calls, [])
        self.provider.available_currency_ids = False
        self._collect("2026-07-02")
        self.assertEqual(self._get_collection(order).state, "paid")
        self.assertFalse(order.hold)

    def test_a_copy_of_the_database_charges_nothing(self):
        order = self._create_charged()
        with self._as_copy():
            self._collect()
        self.assertEqual(self.calls, [])
        self.assertEqual(self._get_collection(order).state, "due")

    def test_a_paused_contract_is_not_charged(self):
        order = self._create_charged("declined")
        self._collect()
        order._pause()
        self._collect("2026-07-10")
        self.assertEqual(len(self.calls), 1)
        with freeze_time("2026-07-10"):
            order._resume()
        collection = self._get_collection(order)
        self.assertEqual(collection.failed_on, self._day("2026-07-10"))
        self._collect("2026-07-13")
        self.assertEqual(len(self.calls), 2)

    # === HELPERS === #

    def _get_payment_mails(self, order):
        return [
            message.subject
            for message in order.message_ids
            if message.subject and "payment" in message.subject.lower()
        ]
