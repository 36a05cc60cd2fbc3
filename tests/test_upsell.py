from odoo.exceptions import AccessError, UserError

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestUpsell(SubscriptionCommon):
    """What is sold on top of a running contract."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls._create_item("Support", 60.0)

    def test_the_rest_of_the_period_is_billed_by_its_share(self):
        contract = self._create_contract(start_date="2026-07-01")
        upsell = self._upsell(contract, self.service, self.goods, self.setup_fee)
        before = contract.next_invoice_date
        upsell.action_confirm()
        # 17 of 31 days; goods and what is sold once in full
        lines = upsell.invoice_ids.invoice_line_ids
        self.assertEqual(
            {line.product_id: line.price_subtotal for line in lines},
            {self.service: 32.90, self.goods: 60.0, self.setup_fee: 250.0},
        )
        self.assertEqual(contract.next_invoice_date, before)
        self.assertEqual(upsell.invoice_ids.state, "posted")
        self.assertFalse(upsell.subscription_state)
        with freeze_time("2026-08-01"):
            moves = contract._bill()
        self.assertEqual(self._get_amounts(moves), [220.0])
        self.assertEqual(contract.verify_ledger(), [])

    def test_an_upsell_starts_with_the_products_of_the_contract_none_of_each(self):
        contract = self._create_contract(
            (self.seat, 3, {"price_unit": 90.0, "discount": 10.0}),
            self.setup_fee,
            client_order_ref="PO 1",
        )
        upsell = self._upsell(contract)
        self.assertRecordValues(
            upsell.order_line,
            [
                {
                    "product_id": self.seat.id,
                    "product_uom_qty": 0.0,
                    "price_unit": 90.0,
                    "discount": 10.0,
                }
            ],
        )
        self.assertRecordValues(
            upsell,
            [
                {
                    "subscription_kind": "upsell",
                    "subscription_state": False,
                    "parent_order_id": contract.id,
                    "root_order_id": contract.id,
                    "plan_id": contract.plan_id.id,
                    "amount_total": 0.0,
                }
            ],
        )

    def test_more_of_a_product_keeps_the_price_that_was_agreed(self):
        contract = self._create_contract(self.seat, start_date="2026-07-01")
        self.seat.list_price = 120.0
        upsell = self._upsell(contract, (self.seat, 2))
        self.assertEqual(upsell.order_line.price_unit, 100.0)
        upsell.action_confirm()
        self.assertEqual(len(contract.order_line), 1)
        self.assertEqual(contract.order_line.product_uom_qty, 3.0)
        self.assertEqual(upsell.invoice_ids.amount_untaxed, 109.68)  # 200 x 17/31
        self.assertEqual(contract.order_line.qty_invoiced, 3.0)

    def test_another_price_of_the_same_product_is_a_line_of_its_own(self):
        contract = self._create_contract(self.seat, start_date="2026-07-01")
        upsell = self._upsell(contract, (self.seat, 1))
        upsell.order_line.price_unit = 80.0
        upsell.action_confirm()
        self.assertEqual(contract.order_line.mapped("price_unit"), [100.0, 80.0])
        self.assertEqual(contract.recurring_total, 180.0)

    def test_an_upsell_before_the_first_invoice_is_billed_with_it(self):
        contract = self._create_contract(start_date="2026-08-01")
        upsell = self._upsell(contract, self.service)
        upsell.action_confirm()
        self.assertFalse(upsell.invoice_ids)
        self.assertEqual(contract.recurring_total, 160.0)
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [160.0])

    def test_what_is_sold_once_is_invoiced_with_an_upsell_before_the_first_invoice(
        self,
    ):
        contract = self._create_contract(start_date="2026-08-01")
        upsell = self._upsell(contract, self.service, self.setup_fee)
        upsell.action_confirm()
        self.assertEqual(upsell.invoice_ids.amount_untaxed, 250.0)

    def test_an_upsell_in_a_trial_costs_nothing_until_the_trial_is_over(self):
        plan = self._create_plan(trial_days=30)
        contract = self._create_contract(plan_id=plan.id, start_date="2026-07-01")
        self._upsell(contract, self.service).action_confirm()
        self.assertFalse(contract.invoice_ids)
        with freeze_time("2026-07-31"):
            self.assertEqual(self._get_amounts(contract._bill()), [160.0])

    def test_an_upsell_of_an_aligned_contract_costs_its_share_of_the_full_month(self):
        plan = self._create_plan(align=True, align_day=1)
        contract = self._create_contract(plan_id=plan.id)
        self.assertEqual(contract.invoice_ids.amount_untaxed, 54.84)
        with freeze_time("2026-07-20"):
            upsell = self._upsell(contract, self.service)
            upsell.action_confirm()
        self.assertEqual(upsell.invoice_ids.amount_untaxed, 23.23)  # 60 x 12/31

    def test_in_arrears_an_upsell_is_billed_for_its_days_at_the_end_of_the_period(self):
        plan = self._create_plan(billing_timing="arrears")
        contract = self._create_contract(plan_id=plan.id, start_date="2026-07-01")
        upsell = self._upsell(contract, self.service, (self.seat, 2))
        upsell.action_confirm()
        self.assertFalse(upsell.invoice_ids)
        self.assertEqual(upsell.invoice_status, "invoiced")
        with freeze_time("2026-08-01"):
            move = contract._bill()
        self.assertRecordValues(
            move.invoice_line_ids,
            [
                {"quantity": 1.0, "price_subtotal": 100.0},
                {"quantity": 2.0, "price_subtotal": 109.68},
                {"quantity": 1.0, "price_subtotal": 32.90},
            ],
        )
        with freeze_time("2026-09-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [360.0])

    def test_several_upsells_in_one_period_are_billed_each_for_its_days(self):
        contract = self._create_contract(start_date="2026-07-01")
        first = self._upsell(contract, self.service)
        first.action_confirm()
        with freeze_time("2026-07-22"):
            second = self._upsell(contract, (self.service, 2))
            second.action_confirm()
        self.assertEqual(first.invoice_ids.amount_untaxed, 32.90)
        self.assertEqual(second.invoice_ids.amount_untaxed, 38.71)  # 120 x 10/31
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [280.0])
        self.assertEqual(contract.verify_ledger(), [])

    def test_periods_that_are_billed_ahead_are_charged_in_full(self):
        plan = self._create_plan(invoice_lead_days=20)
        contract = self._create_contract(plan_id=plan.id, start_date="2026-07-01")
        self.assertEqual(contract.paid_until, self._day("2026-08-31"))
        upsell = self._upsell(contract, self.service)
        upsell.action_confirm()
        self.assertEqual(
            upsell.invoice_ids.invoice_line_ids.mapped("price_subtotal"), [32.90, 60.0]
        )

    def test_confirming_an_alternative_cancels_the_others(self):
        contract = self._create_contract()
        small, large = (self._upsell(contract, self.service) for _one in range(2))
        large.action_confirm()
        self.assertEqual(small.state, "cancel")
        self.assertIn(large.name, small.message_ids[0].body)
        self.assertEqual(large.state, "sale")

    def test_an_upsell_may_start_on_a_day_to_come(self):
        contract = self._create_contract(start_date="2026-07-01")
        upsell = self._upsell(contract, self.service, start_date="2026-07-25")
        upsell.action_confirm()
        self.assertEqual(contract.recurring_total, 100.0)
        self.assertEqual(contract.scheduled_change_ids.source_order_id, upsell)
        self.assertFalse(upsell.invoice_ids)
        with freeze_time("2026-07-25"):
            self._apply_scheduled()
        self.assertEqual(upsell.invoice_ids.amount_untaxed, 13.55)  # 60 x 7/31
        self.assertEqual(contract.recurring_total, 160.0)

    def test_an_upsell_whose_invoice_is_deleted_is_billed_with_the_next_period(self):
        self.monthly.invoice_mode = "draft"
        contract = self._create_contract(start_date="2026-07-01")
        upsell = self._upsell(contract, self.service)
        upsell.action_confirm()
        upsell.invoice_ids.unlink()
        with freeze_time("2026-08-01"):
            self.assertEqual(contract.preview_invoices(1)[0]["amount_untaxed"], 192.9)
            moves = contract._bill()
        self.assertEqual(self._get_amounts(moves), [192.90])
        with freeze_time("2026-09-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [160.0])

    def test_a_period_billed_again_does_not_bill_again_what_the_upsell_billed(self):
        contract = self._create_contract(start_date="2026-07-01")
        self._upsell(contract, self.service, (self.seat, 1)).action_confirm()
        main = contract.invoice_ids.sorted("id")[0]
        main.button_draft()
        main.button_cancel()
        moves = contract._bill()
        self.assertEqual(self._get_amounts(moves), [100.0])
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [260.0])

    def test_both_invoices_of_a_period_cancelled_are_billed_once_again(self):
        contract = self._create_contract(start_date="2026-07-01")
        self._upsell(contract, self.service).action_confirm()
        for move in contract.invoice_ids:
            move.button_draft()
            move.button_cancel()
        self.assertEqual(self._get_amounts(contract._bill()), [132.9])
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [160.0])

    def test_the_quotation_shows_what_will_be_charged(self):
        contract = self._create_contract(start_date="2026-07-01")
        upsell = self._upsell(
            contract, self.service, (self.seat, 2), self.goods, self.setup_fee
        )
        [shown] = upsell.preview_invoices()
        terms = dict(upsell._get_contract_terms())
        self.assertEqual(upsell.upsell_effect, terms["At once"])
        upsell.action_confirm()
        self.assertEqual(shown["amount_untaxed"], upsell.invoice_ids.amount_untaxed)
        self.assertEqual(shown["amount_total"], upsell.invoice_ids.amount_total)
        self.assertIn("$\xa0452.58 for 07/15/2026 to 07/31/2026", terms["At once"])
        self.assertEqual(terms["In full from"], "08/01/2026")

    def test_the_contract_knows_the_invoice_of_its_upsell(self):
        contract = self._create_contract(start_date="2026-07-01")
        upsell = self._upsell(contract, (self.seat, 1))
        upsell.action_confirm()
        self.assertIn(upsell.invoice_ids, contract.invoice_ids)
        self.assertEqual(upsell.invoice_ids.subscription_ids, contract)
        self.assertEqual(upsell.order_line.qty_invoiced, 1.0)
        self.assertEqual(upsell.invoice_status, "invoiced")
        self.assertIn("07/15/2026 to 07/31/2026", upsell.invoice_ids.line_ids[0].name)

    def test_an_upsell_has_no_mrr_of_its_own(self):
        contract = self._create_contract()
        upsell = self._upsell(contract, self.service)
        upsell.action_confirm()
        self.assertEqual((contract.mrr, upsell.mrr), (160.0, 0.0))

    def test_the_chatter_says_what_was_added_by_which_order(self):
        contract = self._create_contract()
        upsell = self._upsell(contract, self.service)
        upsell.action_confirm()
        body = contract.message_ids[0].body
        for text in ("Support: 0 → 1", upsell.name, "07/15/2026"):
            self.assertIn(text, body)

    # What is refused

    def test_a_closed_contract_takes_no_upsell(self):
        contract = self._create_contract()
        upsell = self._upsell(contract, self.service)
        contract._close(self.env.ref("subscriptions.close_reason_price"))
        with self.assertRaisesRegex(UserError, "not in progress"):
            upsell.action_confirm()
        with self.assertRaisesRegex(UserError, "does not run"):
            contract.action_upsell()

    def test_an_upsell_does_not_start_in_the_past(self):
        contract = self._create_contract(start_date="2026-07-01")
        upsell = self._upsell(contract, self.service, start_date="2026-07-14")
        with self.assertRaisesRegex(UserError, "is over"):
            upsell.action_confirm()

    def test_an_upsell_of_nothing_is_refused(self):
        contract = self._create_contract()
        upsell = self._upsell(contract)
        with self.assertRaisesRegex(UserError, "all quantities are 0"):
            upsell.action_confirm()

    def test_an_upsell_takes_nothing_away(self):
        contract = self._create_contract((self.seat, 3))
        upsell = self._upsell(contract, (self.seat, -1))
        with self.assertRaisesRegex(UserError, "An upsell adds"):
            upsell.action_confirm()

    def test_an_upsell_has_the_plan_of_its_contract(self):
        contract = self._create_contract()
        upsell = self._upsell(contract, self.service, plan_id=self.yearly.id)
        with self.assertRaisesRegex(UserError, "plan and the currency"):
            upsell.action_confirm()

    def test_books_that_are_closed_leave_the_contract_as_it_was(self):
        contract = self._create_contract(start_date="2026-07-01")
        upsell = self._upsell(contract, self.service)
        self.company.fiscalyear_lock_date = "2026-07-31"
        with self.assertRaises(UserError) as refused:
            upsell.action_confirm()
        self.assertIn("books are closed", str(refused.exception))
        self.assertEqual(contract.recurring_total, 100.0)
        self.assertFalse(contract.change_ids)

    def test_a_confirmed_upsell_is_not_confirmed_again(self):
        contract = self._create_contract()
        upsell = self._upsell(contract, self.service)
        upsell.action_confirm()
        with self.assertRaises(UserError):
            upsell.action_confirm()
        self.assertEqual(contract.recurring_total, 160.0)

    def test_the_link_to_the_contract_cannot_be_typed(self):
        contract = self._create_contract()
        order = self._create_order()
        with self.assertRaises(AccessError):
            order.parent_order_id = contract
