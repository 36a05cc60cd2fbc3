from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestChangeDocuments(SubscriptionCommon):
    """Invoices and credit notes of changes that are cancelled or deleted afterwards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env.ref("subscriptions.close_reason_price")
        cls.support = cls._create_item("Support", 60.0)
        cls.env["product.pricelist.item"].create(
            {
                "plan_id": cls.yearly.id,
                "applied_on": "1_product",
                "product_tmpl_id": cls.seat.product_tmpl_id.id,
                "compute_price": "fixed",
                "fixed_price": 1000.0,
            }
        )

    def _get_total(self, *orders):
        """Return what the customer owes by all documents that stand, untaxed."""
        moves = self.env["account.move"].union(*(order.invoice_ids for order in orders))
        standing = moves.filtered(lambda move: move.state != "cancel")
        return round(sum(standing.mapped("amount_untaxed_signed")), 2)

    def _cancel(self, move):
        move.button_draft()
        move.button_cancel()

    def _add_two(self, contract):
        """Add two seats at once, and return the invoice."""
        before = contract.invoice_ids
        contract._change_quantities({contract.order_line: 3}, at="now")
        return contract.invoice_ids - before

    def test_what_was_credited_of_an_upsell_is_not_cancelled_before_the_credit(self):
        contract = self._create_contract(start_date="2026-07-01")
        charge = self._add_two(contract)
        with freeze_time("2026-07-20"):
            contract._change_plan(self.yearly, at="now")
            note = charge.reversal_move_ids
            with self.assertRaisesRegex(UserError, note.name):
                self._cancel(charge)
            # Both are cancelled: five days of July are pending, and no year.
            self._cancel(note)
            charge.button_cancel()
            pending = contract._get_pending_charges()
        self.assertEqual([str(one.period.end) for one in pending], ["2026-07-19"])

    def test_two_deleted_charges_are_billed_once(self):
        self.monthly.invoice_mode = "draft"
        contract = self._create_contract(start_date="2026-07-01")
        line, main = contract.order_line, contract.invoice_ids
        contract._change_quantities({line: 2}, at="now")
        with freeze_time("2026-07-16"):
            contract._change_quantities({line: 3}, at="now")
        (contract.invoice_ids - main).unlink()
        with freeze_time("2026-07-20"):
            contract._change_quantities({line: 4}, at="now")
        # 100.00, and a seat each for 17, 16 and 12 of 31 days
        self.assertEqual(self._get_total(contract), 245.16)
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [400.0])

    def test_a_period_billed_again_takes_over_what_was_charged_for_it(self):
        contract = self._create_contract(start_date="2026-07-01")
        main = contract.invoice_ids
        charge = self._add_two(contract)
        self._cancel(main)
        self.assertEqual(self._get_amounts(contract._bill()), [100.0])
        live = contract.period_ids.filtered("is_live")
        self.assertEqual(charge.invoice_line_ids.period_id, live)
        with freeze_time("2026-07-20"):
            contract._change_quantities({contract.order_line: 1}, at="now")
            # 209.68 less two seats for 12 of 31 days
            self.assertEqual(self._get_total(contract), 132.26)
            contract._change_plan(self.yearly, at="now")
        self.assertEqual(contract.invoice_ids.sorted("id")[-1].amount_untaxed, 1000.0)

    def test_what_is_pending_is_billed_when_the_contract_is_renewed(self):
        self.monthly.invoice_mode = "draft"
        contract = self._create_contract(start_date="2026-07-01")
        self._add_two(contract).unlink()
        renewal = self._renew(contract)
        renewal.action_confirm()
        self.assertEqual(self._get_total(contract), 209.68)

    def test_what_is_pending_is_billed_when_the_contract_is_closed(self):
        self.monthly.invoice_mode = "draft"
        contract = self._create_contract(start_date="2026-07-01")
        self._add_two(contract).unlink()
        contract._close(self.reason)
        self.assertEqual(self._get_total(contract), 209.68)

    def test_what_was_pending_is_invoiced_in_the_customers_language(self):
        self.monthly.invoice_mode = "draft"
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        contract = self._create_contract(start_date="2026-07-01")
        self._add_two(contract).unlink()
        contract._close(self.reason)
        pending = contract.invoice_ids.sorted("id")[-1]
        self.assertIn("15/07/2026", pending.invoice_line_ids.name)

    def test_goods_that_nobody_used_are_given_back_though_the_note_was_deleted(self):
        self.monthly.invoice_mode = "draft"
        contract = self._create_contract(
            self.seat, (self.goods, 2), start_date="2026-07-15"
        )
        main = contract.invoice_ids
        contract._change_quantities({contract.order_line[1]: 1}, at="now")
        (contract.invoice_ids - main).unlink()
        with freeze_time("2026-08-15"):
            self.assertEqual(self._get_amounts(contract._bill()), [100.0])

    def test_a_replaced_invoice_of_a_switched_contract_leaves_the_new_plan_alone(self):
        contract = self._create_contract(start_date="2026-07-15")
        main = contract.invoice_ids
        contract._change_plan(self.yearly, at="now")
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=main.ids)
            .create({"journal_id": main.journal_id.id})
        )
        wizard.modify_moves()
        self.assertEqual(self._get_periods(contract), ["2026-07-15..2027-07-14"])

    def test_whoever_cancels_other_documents_needs_no_right_to_the_ledger(self):
        buyer = new_test_user(
            self.env,
            login="buyer",
            groups="base.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        for name in ("model_account_move", "model_account_move_line"):
            self.env["ir.model.access"].create(
                {
                    "name": name,
                    "model_id": self.env.ref(f"account.{name}").id,
                    "group_id": self.env.ref("base.group_user").id,
                    "perm_read": True,
                    "perm_write": True,
                    "perm_unlink": True,
                }
            )
        bill = self.env["account.move"].create(
            {"move_type": "in_invoice", "partner_id": self.partner.id}
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertIsNone(bill.with_user(buyer)._check_not_credited())

    def test_an_ended_contract_says_that_it_bills_a_freed_period_no_more(self):
        contract = self._create_contract(start_date="2026-07-01")
        self._renew(contract).action_confirm()
        self._cancel(contract.invoice_ids)
        self.assertIn("invoice these days by hand", contract.message_ids[0].body)

    # Renewals and switches in between

    def test_a_renewal_begins_after_what_is_billed_though_a_switch_is_planned(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._change_plan(self.yearly, at=self._day("2026-07-25"))
        renewal = self._renew(contract)
        renewal.action_confirm()
        self.assertEqual(renewal.start_date, self._day("2026-08-01"))
        self.assertEqual(renewal.plan_id, self.yearly)

    def test_a_freed_period_is_billed_by_its_contract_before_it_is_renewed(self):
        contract = self._create_contract(start_date="2026-06-01")
        self._cancel(contract.invoice_ids.sorted("id")[0])
        renewal = self._renew(contract)
        renewal.action_confirm()
        self.assertEqual(self._get_total(contract, renewal), 200.0)
        self.assertEqual(renewal.start_date, self._day("2026-08-01"))

    def test_a_cancelled_renewal_gives_back_what_was_planned(self):
        contract = self._create_contract(start_date="2026-07-01")
        self._upsell(contract, self.support, start_date="2026-09-10").action_confirm()
        renewal = self._renew(contract)
        renewal.action_confirm()
        self.assertFalse(contract.scheduled_change_ids)
        renewal.action_cancel()
        self.assertEqual(len(contract.scheduled_change_ids), 1)
        with freeze_time("2026-09-10"):
            contract._bill()
            self._apply_scheduled()
        self.assertEqual(contract.recurring_total, 160.0)

    def test_a_renewal_for_less_counts_from_its_first_day(self):
        plan = self._create_plan(billing_timing="arrears")
        contract = self._create_contract(plan_id=plan.id, start_date="2026-07-01")
        self._upsell(contract, (self.seat, 2)).action_confirm()
        with freeze_time("2026-07-20"):
            renewal = self._renew(contract)
            renewal.order_line.product_uom_qty = 1
            renewal.action_confirm()
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(renewal._bill()), [100.0])

    def test_a_term_that_is_long_over_is_not_renewed(self):
        contract = self._create_contract(start_date="2026-07-01", end_date="2026-07-31")
        renewal = self._renew(contract)
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
        with freeze_time("2026-09-02"), self.assertRaisesRegex(UserError, "any more"):
            renewal.action_confirm()

    def test_beside_a_rebate_of_one_less_other_lines_change(self):
        contract = self._create_contract(
            self.seat, (self.support, -1), start_date="2026-07-01"
        )
        contract._change_quantities({contract.order_line[0]: 2}, at="now")
        self.assertEqual(contract.order_line[0].product_uom_qty, 2.0)

    def test_a_typed_discount_leaves_the_given_price_of_a_switch_alone(self):
        contract = self._create_contract(
            (self.seat, 1, {"price_unit": 90.0}), start_date="2026-07-01"
        )
        line = contract.order_line
        contract._change_plan(self.yearly, prices={line: 950.0})
        line.discount = 10.0
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
        self.assertEqual((line.price_unit, line.discount), (950.0, 10.0))

    def test_the_next_period_is_after_what_is_billed_though_a_switch_is_planned(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        contract._change_plan(self.yearly, at=self._day("2026-07-25"))
        change = contract._change_plan(self.env.ref("subscriptions.plan_quarterly"))
        self.assertEqual(change.date, self._day("2026-08-01"))
