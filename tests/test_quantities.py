from odoo.exceptions import UserError

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestQuantities(SubscriptionCommon):
    """Fewer units, more units, none: at the next period or at once."""

    def _get_credit_notes(self, contract):
        return contract.invoice_ids.filtered(
            lambda move: move.move_type == "out_refund"
        )

    # At the next period

    def test_fewer_units_count_from_the_next_period(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        change = contract._change_quantities({contract.order_line: 2})
        self.assertEqual(change.state, "scheduled")
        self.assertEqual(change.date, self._day("2026-08-01"))
        self.assertEqual(contract.order_line.product_uom_qty, 3.0)
        self.assertEqual(contract.scheduled_change_ids, change)
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
            self.assertEqual(contract.order_line.product_uom_qty, 2.0)
            self.assertEqual(self._get_amounts(contract._bill()), [200.0])
        self.assertFalse(self._get_credit_notes(contract))
        self.assertEqual(change.state, "done")

    def test_the_run_may_be_late_or_run_twice(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        contract._change_quantities({contract.order_line: 2})
        with freeze_time("2026-09-03"):
            # Billed before the change is made: it counts all the same.
            moves = contract._bill()
            self.assertEqual(self._get_amounts(moves), [200.0, 200.0])
            self._apply_scheduled()
            self._apply_scheduled()
        self.assertEqual(contract.order_line.product_uom_qty, 2.0)
        self.assertFalse(self._get_credit_notes(contract))

    def test_a_period_billed_ahead_has_the_change_in_it_and_is_not_credited(self):
        plan = self._create_plan(invoice_lead_days=5)
        contract = self._create_contract(
            (self.seat, 3), plan_id=plan.id, start_date="2026-07-01"
        )
        change = contract._change_quantities({contract.order_line: 2})
        with freeze_time("2026-07-27"):
            self.assertEqual(self._get_amounts(contract._bill()), [200.0])
            with self.assertRaisesRegex(UserError, "billed with this change"):
                change.action_revoke()
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
        self.assertEqual(contract.order_line.product_uom_qty, 2.0)
        self.assertFalse(self._get_credit_notes(contract))

    def test_a_scheduled_change_can_be_taken_back(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        change = contract._change_quantities({contract.order_line: 2})
        change.action_revoke()
        self.assertEqual(change.state, "revoked")
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
            self.assertEqual(self._get_amounts(contract._bill()), [300.0])
        with self.assertRaisesRegex(UserError, "Only what is scheduled"):
            change.action_revoke()

    def test_asking_twice_for_the_same_is_one_change(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        contract._change_quantities({contract.order_line: 2})
        self.assertFalse(contract._change_quantities({contract.order_line: 2}))
        self.assertEqual(len(contract.change_ids), 1)

    def test_an_upsell_before_a_scheduled_downgrade_is_not_lost(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        contract._change_quantities({contract.order_line: 2})
        self._upsell(contract, (self.seat, 4)).action_confirm()
        self.assertEqual(contract.order_line.product_uom_qty, 7.0)
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
            self.assertEqual(self._get_amounts(contract._bill()), [600.0])

    def test_the_preview_shows_what_is_scheduled(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        contract._change_quantities(
            {contract.order_line: 1}, at=self._day("2026-09-01")
        )
        amounts = [one["amount_untaxed"] for one in contract.preview_invoices(3)]
        self.assertEqual(amounts, [300.0, 100.0, 100.0])

    def test_a_line_that_is_removed_is_billed_no_more(self):
        contract = self._create_contract(self.seat, self.goods, start_date="2026-07-01")
        contract._change_quantities({contract.order_line[1]: 0})
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
            moves = contract._bill()
        self.assertEqual(moves.invoice_line_ids.product_id, self.seat)

    # At once

    def test_fewer_units_at_once_are_credited_for_the_rest(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        contract._change_quantities({contract.order_line: 2}, at="now")
        note = self._get_credit_notes(contract)
        self.assertEqual(note.amount_untaxed, 54.84)
        self.assertEqual(note.state, "posted")
        invoice = contract.invoice_ids - note
        self.assertEqual(note.reversed_entry_id, invoice)
        # It pays the open invoice.
        self.assertEqual(invoice.amount_residual, 245.16)
        self.assertEqual(contract.order_line.qty_invoiced, 2.0)
        self.assertEqual(contract.mrr, 200.0)
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [200.0])

    def test_up_and_down_again_on_one_day_is_nothing(self):
        contract = self._create_contract(self.seat, self.goods, start_date="2026-07-01")
        service = self._create_item("Support", 33.33)
        self._upsell(contract, (self.seat, 2), (self.goods, 1), service)
        upsell = contract.child_order_ids
        upsell.action_confirm()
        invoice = upsell.invoice_ids
        lines = contract.order_line
        contract._change_quantities({lines[0]: 1, lines[1]: 1, lines[2]: 0}, at="now")
        note = self._get_credit_notes(contract)
        self.assertEqual(note.amount_untaxed, invoice.amount_untaxed)
        self.assertEqual(note.reversed_entry_id, invoice)
        self.assertEqual(invoice.amount_residual, 0.0)

    def test_goods_that_are_in_use_are_not_credited(self):
        contract = self._create_contract(
            self.seat, (self.goods, 2), start_date="2026-07-01"
        )
        contract._change_quantities({contract.order_line[1]: 1}, at="now")
        self.assertFalse(self._get_credit_notes(contract))
        self.assertEqual(contract.order_line[1].product_uom_qty, 1.0)

    def test_more_units_at_once_are_charged_for_the_rest(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._change_quantities({contract.order_line: 2}, at="now")
        self.assertEqual(self._get_amounts(contract.invoice_ids), [100.0, 54.84])

    def test_what_came_in_last_goes_out_first(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._change_quantities({contract.order_line: 3}, at="now")
        with freeze_time("2026-07-20"):
            contract._change_quantities({contract.order_line: 1}, at="now")
        note = self._get_credit_notes(contract)
        self.assertEqual(note.amount_untaxed, 77.42)  # 200 x 12/31
        self.assertEqual(note.reversed_entry_id.amount_untaxed, 109.68)

    def test_a_credit_is_at_the_price_that_was_billed(self):
        contract = self._create_contract((self.seat, 2), start_date="2026-07-01")
        contract.order_line.price_unit = 150.0
        contract._change_quantities({contract.order_line: 1}, at="now")
        self.assertEqual(self._get_credit_notes(contract).amount_untaxed, 54.84)

    def test_a_credit_has_the_taxes_that_were_billed(self):
        contract = self._create_contract(
            (self.seat, 2, {"tax_ids": self.tax_sale_a.ids}), start_date="2026-07-01"
        )
        contract._change_quantities({contract.order_line: 1}, at="now")
        note = self._get_credit_notes(contract)
        self.assertEqual(note.invoice_line_ids.tax_ids, self.tax_sale_a)
        self.assertEqual((note.amount_untaxed, note.amount_tax), (54.84, 8.23))

    def test_what_was_credited_by_hand_is_not_credited_again(self):
        contract = self._create_contract((self.seat, 2), start_date="2026-07-01")
        wizard = (
            self.env["account.move.reversal"]
            .with_context(
                active_model="account.move", active_ids=contract.invoice_ids.ids
            )
            .create({"journal_id": contract.invoice_ids.journal_id.id})
        )
        wizard.refund_moves()
        contract.invoice_ids.filtered(lambda move: move.state == "draft").action_post()
        notes = self._get_credit_notes(contract)
        contract._change_quantities({contract.order_line: 1}, at="now")
        self.assertEqual(self._get_credit_notes(contract), notes)

    def test_in_arrears_each_unit_is_billed_for_its_days(self):
        plan = self._create_plan(billing_timing="arrears")
        contract = self._create_contract(
            (self.seat, 3), plan_id=plan.id, start_date="2026-07-01"
        )
        contract._change_quantities({contract.order_line: 2}, at="now")
        self.assertFalse(contract.invoice_ids)
        with freeze_time("2026-08-01"):
            move = contract._bill()
        # two for the month, one for 14 days
        self.assertEqual(
            move.invoice_line_ids.mapped(
                lambda line: (line.quantity, line.price_subtotal)
            ),
            [(1.0, 45.16), (2.0, 200.0)],
        )

    def test_in_arrears_the_next_period_is_the_one_that_has_not_begun(self):
        plan = self._create_plan(billing_timing="arrears")
        contract = self._create_contract(
            (self.seat, 3), plan_id=plan.id, start_date="2026-07-01"
        )
        change = contract._change_quantities({contract.order_line: 2})
        self.assertEqual(change.date, self._day("2026-08-01"))
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
            self.assertEqual(self._get_amounts(contract._bill()), [300.0])

    def test_the_chatter_says_what_changed_and_why(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        contract._change_quantities({contract.order_line: 2}, reason="<b>one left</b>")
        message = contract.message_ids[0]
        self.assertIn("Seat: 3 → 2", message.body)
        self.assertIn("08/01/2026", message.body)
        self.assertIn("&lt;b&gt;one left&lt;/b&gt;", message.body)
        self.assertEqual(message.author_id, self.env.user.partner_id)

    # What is refused

    def test_a_quantity_below_zero_is_refused(self):
        contract = self._create_contract((self.seat, 3))
        with self.assertRaisesRegex(UserError, "below zero"):
            contract._change_quantities({contract.order_line: -1}, at="now")

    def test_taking_everything_away_is_closing(self):
        contract = self._create_contract((self.seat, 3))
        with self.assertRaisesRegex(UserError, "Close it instead"):
            contract._change_quantities({contract.order_line: 0})

    def test_a_day_that_is_over_is_refused(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        with self.assertRaisesRegex(UserError, "is over"):
            contract._change_quantities(
                {contract.order_line: 1}, at=self._day("2026-07-14")
            )

    def test_a_day_after_the_end_is_refused(self):
        contract = self._create_contract(
            (self.seat, 3), start_date="2026-07-01", end_date="2026-08-31"
        )
        with self.assertRaisesRegex(UserError, "before the change"):
            contract._change_quantities(
                {contract.order_line: 1}, at=self._day("2026-09-01")
            )

    def test_lines_of_another_contract_and_of_one_off_products_are_refused(self):
        contract = self._create_contract(self.seat, self.setup_fee)
        other = self._create_contract()
        for line in (other.order_line, contract.order_line[1]):
            with self.assertRaisesRegex(UserError, "no recurring line"):
                contract._change_quantities({line: 2})

    def test_a_closed_and_a_paused_contract_do_not_change(self):
        contract = self._create_contract((self.seat, 3))
        contract._pause()
        with self.assertRaisesRegex(UserError, "is paused"):
            contract._change_quantities({contract.order_line: 2})
        contract._close(self.env.ref("subscriptions.close_reason_price"))
        with self.assertRaisesRegex(UserError, "does not run"):
            contract._change_quantities({contract.order_line: 2})

    def test_a_change_that_cannot_be_made_holds_the_contract_with_its_reason(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        change = contract._change_quantities({contract.order_line: 1})
        contract.order_line.product_uom_qty = 1
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
        self.assertEqual(change.state, "scheduled")
        self.assertIn("2 cannot be taken away", change.failure)
        self.assertEqual(contract.hold, "billing_error")
        self.assertEqual(contract.order_line.product_uom_qty, 1.0)
