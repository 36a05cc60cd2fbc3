"""What a customer is asked for to accept a quotation, and what accepts it."""

from .common import freeze_time, tagged
from .payment_common import OnlinePaymentCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestAmountDueNow(OnlinePaymentCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aligned = cls._create_plan(align=True, align_day=1)
        cls.trial = cls._create_plan(trial_days=14)

    def test_a_quotation_asks_for_its_first_invoice_not_for_its_total(self):
        order = self._quote(plan_id=self.aligned.id)
        self.assertEqual(order.amount_total, 100.0)
        self.assertEqual(order._get_prepayment_required_amount(), 54.84)
        self.assertTrue(order._has_to_be_paid())

    def test_a_share_of_it_is_asked_for(self):
        order = self._quote(plan_id=self.aligned.id, prepayment_percent=0.5)
        self.assertEqual(order._get_prepayment_required_amount(), 27.42)
        self.assertEqual(order._get_online_amounts(), (27.42, 54.84))

    def test_setup_fees_of_the_first_invoice_are_asked_for(self):
        self.assertEqual(self._quote()._get_prepayment_required_amount(), 100.0)
        order = self._quote(self.seat, self.setup_fee)
        self.assertEqual(order._get_prepayment_required_amount(), 350.0)

    def test_nothing_is_due_in_a_trial_in_arrears_or_before_the_start(self):
        arrears = self._create_plan(billing_timing="arrears")
        for values in (
            {"plan_id": self.trial.id},
            {"plan_id": arrears.id},
            {"start_date": "2026-08-01"},
        ):
            order = self._quote(**values)
            self.assertEqual(order._get_prepayment_required_amount(), 0.0)
            self.assertTrue(order._has_to_save_payment_method())
            self.assertFalse(order._is_confirmation_amount_reached())

    def test_what_is_asked_for_is_what_confirmation_bills(self):
        for values in (
            {"plan_id": self.aligned.id},
            {"plan_id": self.trial.id},
            {"start_date": "2026-08-01"},
            {"start_date": "2026-07-01"},
        ):
            order = self._quote(self.seat, self.setup_fee, **values)
            due = order._get_amount_due_now()
            order.action_confirm()
            self.assertEqual(sum(order.invoice_ids.mapped("amount_total")), due)

    def test_what_was_asked_before_a_change_is_not_answered_after_it(self):
        order = self._quote((self.seat, 1.0))
        self.assertEqual(order._get_amount_due_now(), 100.0)
        order.order_line.product_uom_qty = 3
        self.assertEqual(order._get_amount_due_now(), 300.0)

    def test_plain_orders_ask_for_their_total(self):
        order = self._quote(self.setup_fee, plan_id=False)
        self.assertEqual(order._get_prepayment_required_amount(), 250.0)
        self.assertFalse(order._has_to_save_payment_method())

    def test_an_upsell_asks_for_what_it_charges_at_once(self):
        contract = self._create_contract(start_date="2026-07-01")
        upsell = self._upsell(contract, self.goods, require_payment=True)
        upsell.require_signature = False
        due = upsell._get_amount_due_now()
        self.assertEqual(due, 60.0)
        self.assertFalse(upsell._has_to_save_payment_method())
        with freeze_time("2026-07-20"):
            self._pay(upsell, due)
        self.assertEqual(upsell.state, "sale")

    def test_an_upsell_that_charges_nothing_yet_is_signed(self):
        contract = self._create_contract(start_date="2026-08-01")
        upsell = self._upsell(contract, self.seat, require_payment=True)
        upsell.require_signature = False
        self.assertEqual(upsell._get_amount_due_now(), 0.0)
        self.assertFalse(upsell._has_to_be_paid())
        self.assertTrue(upsell._has_to_be_signed())

    def test_less_than_what_is_due_does_not_confirm(self):
        order = self._quote(plan_id=self.aligned.id)
        self._pay(order, 54.83)
        self.assertEqual(order.state, "sent")
        self.assertFalse(order.start_date)
        self._pay(order, 0.01)
        self.assertEqual(order.subscription_state, "progress")

    def test_the_contract_begins_on_the_day_it_was_asked_to_be_paid(self):
        order = self._quote(plan_id=self.aligned.id)
        tx = self._create_payment(
            order, 54.84, contract_start_date=self._day("2026-07-15")
        )
        with freeze_time("2026-08-02"):  # the provider answers late
            self._answer(tx)
        self.assertEqual(order.start_date, self._day("2026-07-15"))
        first = order.invoice_ids.sorted("id")[0]
        self.assertEqual(first.amount_total, 54.84)
        self.assertEqual(first.payment_state, "paid")
        self.assertEqual(len(order.invoice_ids), 2)

    def test_paying_a_quotation_bills_and_pays_the_first_invoice_once(self):
        order = self._quote(plan_id=self.aligned.id)
        tx = self._pay(order, 54.84)
        self.assertRecordValues(
            order.invoice_ids, [{"amount_total": 54.84, "payment_state": "paid"}]
        )
        self.assertEqual(tx.invoice_ids, order.invoice_ids)

    def test_a_tried_method_confirms_a_trial_and_pays_no_invoice(self):
        order = self._quote(plan_id=self.trial.id)
        tx = self._pay(order, 1.0, operation="validation")
        self.assertEqual(order.payment_token_id, tx.token_id)
        self.assertRecordValues(
            order, [{"subscription_state": "progress", "in_trial": True}]
        )
        self.assertEqual(order.amount_paid, 0.0)
        with freeze_time("2026-07-29"):
            order._bill()
        self.assertTrue(order.invoice_ids)
        self.assertFalse(tx.invoice_ids)

    def test_a_method_that_is_only_authorized_confirms_too(self):
        self.provider.capture_manually = True
        order = self._quote(plan_id=self.trial.id)
        tx = self._pay(order, 0.0, operation="validation")
        self.assertEqual(tx.state, "authorized")
        self.assertEqual(order.subscription_state, "progress")

    def test_a_refused_method_confirms_nothing(self):
        order = self._quote(plan_id=self.trial.id)
        self._pay(order, 0.0, state="error", operation="validation")
        self.assertEqual(order.state, "sent")
        self.assertTrue(order._has_to_save_payment_method())

    def test_a_saved_method_does_not_stand_for_the_signature(self):
        order = self._quote(plan_id=self.trial.id, require_signature=True)
        self._pay(order, 0.0, operation="validation")
        self.assertTrue(order.payment_token_id)
        self.assertEqual(order.state, "sent")
        self.assertFalse(order._has_to_be_paid())  # signing is all that is missing

    def test_a_method_does_not_confirm_what_is_to_be_paid(self):
        order = self._quote()
        self._pay(order, 0.0, operation="validation")
        self.assertEqual(order.state, "sent")

    def test_a_renewal_from_a_later_day_is_accepted_with_the_method_it_has(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        renewal = self._renew(contract)
        renewal.write({"require_payment": True, "require_signature": False})
        renewal.action_quotation_sent()
        self.assertTrue(renewal._has_to_save_payment_method())
        renewal._accept_with_payment_method(self.token)
        self.assertEqual(renewal.subscription_state, "progress")
        self.assertEqual(renewal.payment_token_id, self.token)

    def test_a_renewal_that_is_signed_needs_no_method_if_its_contract_has_one(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        renewal = self._renew(contract)
        renewal.write({"require_payment": True, "require_signature": True})
        self.assertFalse(renewal._has_to_be_paid())
        contract.payment_token_id = False
        self.assertTrue(renewal._has_to_be_paid())

    def test_payment_links_ask_for_what_is_due(self):
        order = self._quote(plan_id=self.aligned.id, prepayment_percent=0.5)

        def get_link():
            context = {"active_model": "sale.order", "active_id": order.id}
            return self.env["payment.link.wizard"].sudo().with_context(**context)

        wizard = get_link().create({})
        self.assertRecordValues(
            wizard,
            [{"amount": 27.42, "amount_max": 54.84, "warning_message": ""}],
        )
        order.action_confirm()
        self.assertIn("nothing to be paid", get_link().create({}).warning_message)

    def test_what_was_paid_online_is_not_charged_again(self):
        self.aligned.invoice_mode = "charge"
        order = self._quote(plan_id=self.aligned.id)
        self._pay(order, 54.84)
        self._collect()
        self.assertRecordValues(
            order.invoice_ids, [{"amount_total": 54.84, "payment_state": "paid"}]
        )
        self.assertEqual(len(order.transaction_ids), 1)
        self.assertEqual(order.collection_ids.mapped("state"), ["paid"])

    def test_a_share_that_was_paid_online_leaves_the_rest_to_be_charged(self):
        self.aligned.invoice_mode = "charge"
        order = self._quote(plan_id=self.aligned.id, prepayment_percent=0.5)
        self._pay(order, 27.42)
        self._collect()
        self.assertEqual(order.invoice_ids.payment_state, "paid")
        self.assertEqual(
            sorted(order.invoice_ids.transaction_ids.mapped("amount")), [27.42, 27.42]
        )

    def test_the_method_that_a_trial_saved_is_charged_when_it_is_over(self):
        self.trial.invoice_mode = "charge"
        order = self._quote(plan_id=self.trial.id)
        self._pay(order, 0.0, operation="validation")
        with freeze_time("2026-07-29"):
            order._bill()
            self._collect()
        self.assertRecordValues(
            order.invoice_ids, [{"amount_total": 100.0, "payment_state": "paid"}]
        )

    def test_automatic_invoices_leave_tried_methods_alone(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "sale.automatic_invoice", "True"
        )
        order = self._quote(plan_id=self.trial.id)
        self._pay(order, 0.0, operation="validation")
        self.assertEqual(order.subscription_state, "progress")
        self.assertFalse(order.invoice_ids)
