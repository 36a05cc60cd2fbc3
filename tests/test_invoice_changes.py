from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestInvoiceChanges(SubscriptionCommon):
    """What becomes of a period when its invoice does not stay what it was."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.draft_plan = cls._create_plan(invoice_mode="draft")

    def _pay(self, invoice):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))

    def _reverse(self, invoice, modify=False):
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "reason": "test"})
        )
        wizard.reverse_moves(is_modify=modify)
        return wizard.new_move_ids

    def _assert_billed_once(self, order, count=1):
        live = order.period_ids.filtered("is_live")
        self.assertEqual(len(live), count)
        self.assertEqual(order.verify_ledger(), [])

    def test_a_deleted_draft_frees_its_period_which_is_billed_again_once(self):
        order = self._create_contract(plan_id=self.draft_plan.id)
        order.invoice_ids.unlink()
        self.assertEqual(order.period_ids.state, "void")
        self.assertEqual(order.next_invoice_date, self._day("2026-07-01"))
        self.assertFalse(order.paid_until)
        self.assertIn("will be billed again", order.message_ids[0].body)
        self.assertEqual(len(order._bill()), 1)
        self.assertFalse(order._bill())
        self._assert_billed_once(order)

    def test_a_cancelled_draft_frees_its_period(self):
        order = self._create_contract(plan_id=self.draft_plan.id)
        order.invoice_ids.button_cancel()
        self.assertEqual(order.period_ids.state, "void")
        self.assertEqual(len(order._bill()), 1)
        self._assert_billed_once(order)

    def test_a_posted_invoice_reset_and_cancelled_frees_its_period(self):
        order = self._create_contract()
        first = order.invoice_ids
        first.button_draft()
        self.assertEqual(order.period_ids.state, "billed")
        first.button_cancel()
        self.assertEqual(order.period_ids.state, "void")
        self.assertEqual(order._bill().amount_untaxed, 100.0)
        self._assert_billed_once(order)

    def test_a_paid_invoice_reset_and_cancelled_frees_its_period(self):
        order = self._create_contract()
        first = order.invoice_ids
        self._pay(first)
        self.assertEqual(order.period_ids.state, "paid")
        first.button_draft()
        first.button_cancel()
        self.assertEqual(order.period_ids.state, "void")
        order._bill()
        self._assert_billed_once(order)

    def test_a_cancelled_invoice_cannot_come_back_once_its_period_is_billed_again(self):
        order = self._create_contract(plan_id=self.draft_plan.id)
        first = order.invoice_ids
        first.button_cancel()
        order._bill()
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            first.button_draft()
            self.env.flush_all()

    def test_a_cancelled_invoice_comes_back_while_its_period_is_free(self):
        order = self._create_contract(plan_id=self.draft_plan.id)
        order.invoice_ids.button_cancel()
        order.invoice_ids.button_draft()
        self.assertEqual(order.period_ids.state, "billed")
        self.assertFalse(order._bill())

    def test_a_freed_period_between_billed_ones_is_billed_again(self):
        order = self._create_contract(plan_id=self.draft_plan.id)
        order._bill(self._day("2026-09-01"))
        middle = order.period_ids.filtered(
            lambda row: row.date_from == self._day("2026-08-01")
        )
        middle.move_id.button_cancel()
        self.assertEqual(order.next_invoice_date, self._day("2026-08-01"))
        self.assertEqual(order.paid_until, self._day("2026-09-30"))
        moves = order._bill(self._day("2026-09-01"))
        self.assertEqual(len(moves), 1)
        self.assertEqual(
            moves.invoice_line_ids.mapped("period_from"), [self._day("2026-08-01")]
        )
        self.assertEqual(order.next_invoice_date, self._day("2026-10-01"))
        self._assert_billed_once(order, 3)

    def test_a_credited_period_stays_billed(self):
        for paid in (False, True):
            order = self._create_contract()
            if paid:
                self._pay(order.invoice_ids)
            refund = self._reverse(order.invoice_ids)
            refund.action_post()
            self.assertEqual(order.period_ids.state, "credited")
            self.assertFalse(order._bill())
            self.assertEqual(order.next_invoice_date, self._day("2026-08-01"))

    def test_a_partly_credited_period_stays_billed_and_paid(self):
        order = self._create_contract()
        refund = self._reverse(order.invoice_ids)
        refund.invoice_line_ids.price_unit = 40.0
        refund.action_post()
        self.assertEqual(order.period_ids.state, "billed")

    def test_reverse_and_create_hands_the_period_over(self):
        for paid in (False, True):
            order = self._create_contract()
            first = order.invoice_ids
            if paid:
                self._pay(first)
            new = self._reverse(first, modify=True)
            self.assertEqual(new.state, "draft")
            self.assertEqual(order.period_ids.move_id, new)
            self.assertEqual(order.period_ids.state, "billed")
            self.assertFalse(order._bill())
            new.action_post()
            self._assert_billed_once(order)
            self.assertEqual(new.invoice_line_ids.period_id, order.period_ids)

    def test_a_replacement_that_is_deleted_frees_the_period(self):
        order = self._create_contract()
        self._reverse(order.invoice_ids, modify=True).unlink()
        self.assertEqual(order.period_ids.state, "void")
        self.assertEqual(len(order._bill()), 1)
        self._assert_billed_once(order)

    def test_a_plain_copy_of_an_invoice_bills_no_period(self):
        order = self._create_contract()
        copy = order.invoice_ids.copy()
        self.assertFalse(copy.invoice_line_ids.period_id)
        self.assertFalse(copy.subscription_ids)
        self.assertEqual(order.period_ids.move_id, order.invoice_ids - copy)

    def test_paying_the_invoice_marks_the_period_and_undoing_it_unmarks(self):
        order = self._create_contract()
        self._pay(order.invoice_ids)
        self.assertEqual(order.period_ids.state, "paid")
        receivable = order.invoice_ids.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        receivable.remove_move_reconcile()
        self.assertEqual(order.period_ids.state, "billed")

    def test_create_invoice_bills_ahead_and_says_so_when_there_is_nothing(self):
        order = self._create_contract(end_date="2026-08-31")
        order.action_create_subscription_invoice()
        self.assertEqual(order.paid_until, self._day("2026-08-31"))
        with self.assertRaisesRegex(UserError, "billed to its end"):
            order.action_create_subscription_invoice()

    def test_create_invoice_on_a_contract_that_fails_leaves_it_held(self):
        order = self._create_contract()
        self.seat.active = False
        action = order.action_create_subscription_invoice()
        self.assertEqual(order.hold, "billing_error")
        self.assertIn("archived", action["params"]["message"])
        self.assertEqual(len(order.activity_ids), 1)
        with self.assertRaisesRegex(UserError, "is held.*archived"):
            order.action_create_subscription_invoice()
        with self.assertRaises(UserError):
            order._create_invoices()

    def test_odoos_own_create_invoice_bills_what_is_due_and_nothing_ahead(self):
        order = self._create_contract()
        with self.assertRaises(UserError):
            order._create_invoices()
        with freeze_time("2026-08-01"):
            self.assertEqual(order._create_invoices().amount_untaxed, 100.0)
        self._assert_billed_once(order, 2)

    def test_odoos_own_create_invoice_bills_what_came_once_in_between(self):
        order = self._create_contract()
        order.order_line = [Command.create({"product_id": self.setup_fee.id})]
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create({"advance_payment_method": "delivered"})
        )
        wizard.create_invoices()
        self.assertEqual(self._get_amounts(order.invoice_ids), [100.0, 250.0])
        self._assert_billed_once(order)
        order._bill(self._day("2026-08-01"))
        self.assertEqual(self._get_amounts(order.invoice_ids), [100.0, 250.0, 100.0])

    def test_a_credited_setup_fee_is_not_billed_again(self):
        order = self._create_contract(self.seat, self.setup_fee)
        refund = self._reverse(order.invoice_ids)
        order._bill(self._day("2026-08-01"))
        refund.action_post()
        order._bill(self._day("2026-09-01"))
        self.assertEqual(
            self._get_amounts(order.invoice_ids - refund), [350.0, 100.0, 100.0]
        )

    def test_credited_hours_are_not_billed_again(self):
        hours = self._create_item(
            "Hours", 80.0, invoice_policy="delivery", service_type="manual"
        )
        order = self._create_contract((hours, 0, {}))
        order.order_line.qty_delivered = 4
        first = order._bill(self._day("2026-08-01"))
        self.assertEqual(first.amount_untaxed, 320.0)
        self._reverse(first).action_post()
        order.order_line.qty_delivered = 5
        second = order._bill(self._day("2026-09-01"))
        self.assertEqual(second.amount_untaxed, 80.0)

    def test_a_replaced_first_invoice_bills_its_setup_fee_once(self):
        order = self._create_contract(self.seat, self.setup_fee)
        new = self._reverse(order.invoice_ids, modify=True)
        new.action_post()
        self.assertEqual(order._bill(self._day("2026-08-01")).amount_untaxed, 100.0)
        new.button_draft()
        new.unlink()
        self.assertEqual(order._bill().amount_untaxed, 350.0)

    def test_automatic_invoicing_of_payments_bills_no_second_period(self):
        order = self._create_contract()
        payment = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.env.ref("payment.payment_provider_demo").id,
                    "payment_method_id": self.env.ref(
                        "payment_demo.payment_method_demo"
                    ).id,
                    "amount": 100.0,
                    "currency_id": order.currency_id.id,
                    "partner_id": order.partner_id.id,
                    "sale_order_ids": order.ids,
                    "state": "done",
                }
            )
        )
        payment._invoice_sale_orders()
        self.assertEqual(len(order.invoice_ids), 1)
