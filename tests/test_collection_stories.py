from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .collection_common import CollectionCommon
from .common import TODAY


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestCollectionStories(CollectionCommon):
    """What customers, clerks and providers do one after the other."""

    def _pay_online(self, order, **values):
        move = order.invoice_ids[:1]
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "amount": move.amount_total,
                "currency_id": move.currency_id.id,
                "partner_id": move.partner_id.id,
                "operation": "online_direct",
                "invoice_ids": [Command.set(move.ids)],
                **values,
            }
        )

    def _get_mails(self, order):
        return order.message_ids.filtered(
            lambda one: one.subject and "ayment" in one.subject
        )

    # === WHO IS PAYING === #

    def test_who_pays_by_debit_is_neither_reminded_nor_asked_twice(self):
        order = self._create_charged("declined")
        self._collect()
        mails = self._get_mails(order)
        with freeze_time("2026-07-02"):
            tx = self._pay_online(order)
            tx._set_pending()
        for day in ("2026-07-04", "2026-07-06", "2026-07-08"):
            self._collect(day)
        self.assertEqual(self._get_mails(order), mails)
        with freeze_time("2026-07-08"), self.assertRaises(ValidationError):
            self._pay_online(order)
        tx._set_done()
        tx._post_process()
        self.assertEqual(self._get_collection(order).state, "paid")

    def test_who_is_paying_is_not_closed_for_being_late(self):
        self.charged.auto_close_days = 15
        order = self._create_charged(None)
        with freeze_time("2026-07-14"):
            self._pay_online(order)._set_pending()
        with freeze_time("2026-07-16"):
            self._apply_scheduled()
        self.assertEqual(order.subscription_state, "progress")

    def test_no_answer_to_who_pays_what_was_given_up_is_seen(self):
        self.policy.final_action = "keep"
        order = self._create_charged("declined")
        self._collect()
        self._collect("2026-07-15")
        self.assertEqual(self._get_collection(order).state, "lost")
        token = self._create_token("lost after")
        with freeze_time("2026-07-16"):
            tx = self._pay_online(order, operation="online_token", token_id=token.id)
            tx._charge_with_token()
        self._collect("2026-07-16")
        self.assertEqual(self._get_collection(order).state, "unknown")
        self.assertEqual(order.hold, "payment_unknown")

    def test_a_copy_charges_nobody_by_hand_either(self):
        order = self._create_charged(None)
        token = self._create_token()
        tx = self._pay_online(order, operation="online_token", token_id=token.id)
        with self._as_copy(), self.assertRaises(UserError):
            tx._charge_with_token()
        self.assertEqual(self.calls, [])

    # === WHO HAS LEFT === #

    def test_refused_after_the_contract_was_closed_is_not_tried_again(self):
        order = self._create_charged("pending")
        self._collect()
        order._close(self.env.ref("subscriptions.close_reason_other"))
        collection = self._get_collection(order)
        self._notify(collection.transaction_id, "declined", "2026-07-03")
        for day in ("2026-07-03", "2026-07-06", "2026-07-20"):
            self._collect(day)
        self.assertEqual(len(self.calls), 1)
        self.assertEqual(collection.state, "lost")
        self.assertFalse(self._get_mails(order))

    def test_not_paid_by_one_who_has_left_is_not_charged(self):
        order = self._create_charged("lost before")
        self._collect()
        order._close(self.env.ref("subscriptions.close_reason_other"))
        collection = self._get_collection(order)
        self.env["subscription.collector"]._settle(collection, False, "looked it up")
        self._collect()
        self.assertEqual(len(self.calls), 1)
        self.assertEqual(collection.state, "lost")

    def test_a_contract_that_is_reopened_can_be_charged_again(self):
        order = self._create_charged("declined")
        self._collect()
        self._collect("2026-07-15")
        self.assertEqual(order.subscription_state, "churned")
        with freeze_time("2026-07-20"):
            order._reopen()
            order.payment_token_id = self._create_token()
            order.action_retry_payment()
        self._collect("2026-07-20")
        first = order.collection_ids.sorted("id")[:1]
        self.assertEqual(first.state, "paid")

    # === THE METHOD === #

    def test_deleted_while_pending_and_refused_later_leads_to_the_link(self):
        order = self._create_charged("pending")
        self._collect()
        order.payment_token_id.active = False
        collection = self._get_collection(order)
        self._notify(collection.transaction_id, "declined", "2026-07-03")
        self._collect("2026-07-03")
        self.assertEqual(collection.state, "no_method")
        self.assertEqual(order.invoice_ids.state, "posted")
        self._collect("2026-07-20")
        self.assertEqual(order.subscription_state, "progress")

    # === WHAT CLERKS AND PROVIDERS SAY === #

    def test_not_paid_leaves_a_dunned_contract_held(self):
        order = self._create_charged("declined")
        self._collect()
        order.payment_token_id.provider_ref = "lost before"
        self._collect("2026-07-04")
        self.assertEqual(order.hold, "payment_unknown")
        with freeze_time("2026-07-04"):
            self.env["subscription.collector"]._settle(
                self._get_collection(order), False, "looked it up"
            )
        self.assertEqual(order.hold, "payment_declined")

    def test_a_late_pending_does_not_explain_another_amount(self):
        order = self._create_charged("wrong amount")
        self._collect()
        tx = self._get_collection(order).transaction_id
        self._notify(tx, "pending")
        self._collect()
        self.assertTrue(tx.is_unknown)
        self.assertEqual(order.hold, "payment_unknown")

    def test_the_reference_of_another_amount_is_kept(self):
        order = self._create_charged("wrong amount")
        self._collect()
        tx = self._get_collection(order).transaction_id
        self.assertEqual(tx.provider_reference, f"ref-{tx.reference}")

    def test_a_payment_that_comes_back_is_seen(self):
        order = self._create_charged()
        self._collect()
        move = order.invoice_ids
        move.line_ids.remove_move_reconcile()
        self.assertEqual(move.payment_state, "not_paid")
        self._collect("2026-07-10")
        self.assertEqual(self._get_collection(order).state, "failed")
        self.assertEqual(order.hold, "payment_declined")
        self.assertEqual(len(self.captured), 1)

    # === QUOTATIONS === #

    def test_paid_and_not_confirmed_is_told_and_booked(self):
        order = self._create_order(plan_id=self.charged.id, require_payment=True)
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "operation": "online_direct",
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        self.charged.active = False  # archived between page and payment
        tx._set_done()
        tx._post_process()
        self.assertNotEqual(order.state, "sale")
        self.assertTrue(tx.payment_id)
        self.assertIn("Paid, but not confirmed", order.activity_ids.mapped("summary"))

    def test_what_cannot_be_confirmed_is_not_paid_online(self):
        order = self._create_order(
            plan_id=self.charged.id, require_payment=True, require_signature=False
        )
        self.charged.active = False
        with self.assertRaisesRegex(ValidationError, "archived"):
            order._check_online_payment(order.amount_total, False)

    def test_an_offer_that_has_expired_is_not_paid(self):
        order = self._create_order(
            plan_id=self.charged.id,
            require_payment=True,
            require_signature=False,
            validity_date="2026-06-30",
        )
        with self.assertRaisesRegex(ValidationError, "expired"):
            order._check_online_payment(order.amount_total, False)
