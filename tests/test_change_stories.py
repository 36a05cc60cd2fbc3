from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestChangeStories(SubscriptionCommon):
    """What one change does to another, and to what a clerk does in between."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env.ref("subscriptions.close_reason_price")
        cls.support = cls._create_item("Support", 60.0)
        for product, price in ((cls.seat, 1000.0), (cls.support, 600.0)):
            cls._create_rule(product, price)

    @classmethod
    def _create_rule(cls, product, price):
        cls.env["product.pricelist.item"].create(
            {
                "plan_id": cls.yearly.id,
                "applied_on": "1_product",
                "product_tmpl_id": product.product_tmpl_id.id,
                "compute_price": "fixed",
                "fixed_price": price,
            }
        )

    def _get_total(self, contract):
        """Return what the customer owes by all documents, untaxed."""
        return round(sum(contract.invoice_ids.mapped("amount_untaxed_signed")), 2)

    # Renewals

    def test_what_is_renewed_is_not_reopened(self):
        contract = self._create_contract(start_date="2026-07-01")
        self._renew(contract).action_confirm()
        with self.assertRaisesRegex(UserError, "not closed"):
            contract.action_reopen()

    def test_a_renewal_keeps_prices_that_changed_since_it_begins(self):
        plan = self._create_plan(billing_timing="arrears")
        contract = self._create_contract(plan_id=plan.id, start_date="2026-07-01")
        self._upsell(contract, (self.seat, 2), self.support).action_confirm()
        with freeze_time("2026-07-20"):
            renewal = self._renew(contract)
            renewal.action_confirm()
        self.assertEqual(renewal.recurring_total, 360.0)
        with freeze_time("2026-08-01"):
            # 100.00 and 17/31 of 200.00 and of 60.00
            self.assertEqual(self._get_amounts(renewal._bill()), [242.58])

    def test_a_paused_contract_that_is_renewed_is_not_billed_for_the_pause(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._pause()
        with freeze_time("2026-09-20"):
            renewal = self._renew(contract)
            renewal.action_confirm()
        self.assertEqual(
            contract.period_ids.sorted("date_from").mapped("state"),
            ["billed", "paused", "billed"],
        )
        self.assertEqual(renewal.start_date, self._day("2026-10-01"))

    def test_a_pause_does_not_outlive_a_renewal_that_is_cancelled(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._pause()
        renewal = self._renew(contract)
        renewal.action_confirm()
        renewal.action_cancel()
        self.assertEqual(contract.subscription_state, "progress")
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [100.0])

    def test_an_upsell_that_is_scheduled_goes_over_to_the_renewal(self):
        contract = self._create_contract(start_date="2026-07-01")
        self._upsell(contract, self.support, start_date="2026-09-10").action_confirm()
        renewal = self._renew(contract)
        renewal.action_confirm()
        with freeze_time("2026-09-10"):
            renewal._bill()
            self._apply_scheduled()
        self.assertEqual(renewal.recurring_total, 160.0)

    def test_a_fixed_term_may_be_renewed_a_little_late(self):
        contract = self._create_contract(start_date="2026-07-01", end_date="2026-07-31")
        renewal = self._renew(contract)
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
            self.assertEqual(contract.subscription_state, "churned")
        with freeze_time("2026-08-03"):
            renewal.action_confirm()
        self.assertEqual(contract.subscription_state, "renewed")
        self.assertEqual(self._get_periods(renewal), ["2026-08-01..2026-08-31"])

    def test_a_term_that_is_extended_is_proposed_again(self):
        plan = self._create_plan(renewal_days=30)
        contract = self._create_contract(
            plan_id=plan.id, start_date="2026-07-01", end_date="2026-07-31"
        )
        self._apply_scheduled()
        self.assertTrue(contract.renewal_proposed_date)
        contract.end_date = "2026-12-31"
        self.assertFalse(contract.renewal_proposed_date)

    # Quotations keep their kind

    def test_an_upsell_stays_one_when_its_lines_are_deleted(self):
        contract = self._create_contract(start_date="2026-07-01")
        upsell = self._upsell(contract)
        upsell.order_line.unlink()
        upsell.order_line = [Command.create({"product_id": self.support.id})]
        self.assertEqual(upsell.subscription_kind, "upsell")
        upsell.action_confirm()
        self.assertEqual(upsell.invoice_ids.amount_untaxed, 32.90)
        self.assertEqual(contract.recurring_total, 160.0)

    def test_an_upsell_of_what_is_sold_once_alone_is_invoiced(self):
        contract = self._create_contract(start_date="2026-07-01")
        upsell = self._upsell(contract, self.setup_fee)
        upsell.order_line.filtered("is_recurring").unlink()
        upsell.action_confirm()
        self.assertEqual(upsell.invoice_ids.amount_untaxed, 250.0)

    def test_a_renewal_stays_one_when_its_plan_is_chosen_anew(self):
        contract = self._create_contract(start_date="2026-07-01")
        renewal = self._renew(contract)
        renewal.plan_id = False
        with self.assertRaisesRegex(UserError, "choose a recurring plan"):
            renewal.action_confirm()
        renewal.plan_id = self.monthly
        self.assertEqual(renewal.subscription_kind, "renewal")
        renewal.action_confirm()
        self.assertEqual(contract.subscription_state, "renewed")

    # Plan switches

    def test_a_line_that_comes_after_a_switch_was_planned_has_its_price(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._change_plan(self.yearly)
        self._upsell(contract, self.support).action_confirm()
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
        self.assertEqual(contract.invoice_ids.sorted("id")[-1].amount_untaxed, 1600.0)

    def test_a_price_typed_after_a_switch_was_planned_stays(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._change_plan(self.yearly)
        contract.order_line.price_unit = 90.0
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
        self.assertEqual(contract.order_line.price_unit, 90.0)

    def test_a_switch_within_what_is_billed_leaves_no_day_out(self):
        self.yearly.invoice_lead_days = 30
        contract = self._create_contract(start_date="2026-07-01")
        contract._change_plan(self.yearly, at=self._day("2026-07-25"))
        self.assertFalse(contract._bill())
        self.assertEqual(contract.billing_date, self._day("2026-07-25"))
        with freeze_time("2026-07-25"):
            self._apply_scheduled()
        self.assertEqual(
            self._get_periods(contract),
            ["2026-07-01..2026-07-24", "2026-07-25..2027-07-24"],
        )
        self.assertEqual(contract.verify_ledger(), [])

    def test_a_day_too_far_away_is_refused(self):
        contract = self._create_contract(start_date="2026-07-01")
        for act in (
            lambda: contract._change_plan(self.yearly, at="9998-01-01"),
            lambda: contract._change_quantities({contract.order_line: 2}, "9998-01-01"),
            lambda: contract._pause(self._day("9998-01-01")),
        ):
            with self.assertRaisesRegex(UserError, "too far away"):
                act()

    def test_parts_of_a_combo_follow_its_price(self):
        combos = self.env["product.combo"].create(
            [
                {
                    "name": product.name,
                    "combo_item_ids": [Command.create({"product_id": product.id})],
                }
                for product in (self.seat, self.support)
            ]
        )
        bundle = self._create_item(
            "Bundle", 80.0, type="combo", combo_ids=[Command.set(combos.ids)]
        )
        self._create_rule(bundle, 800.0)
        order = self._create_order(bundle, start_date="2026-07-01")
        order.order_line = [
            Command.create(
                {
                    "product_id": combo.combo_item_ids.product_id.id,
                    "combo_item_id": combo.combo_item_ids.id,
                    "linked_line_id": order.order_line[0].id,
                }
            )
            for combo in combos
        ]
        order.action_confirm()
        self.assertEqual(order.recurring_total, 80.0)
        order._change_plan(self.yearly, at="now")
        self.assertEqual(order.recurring_total, 800.0)

    # Cancelling, pausing, closing

    def test_an_order_that_is_cancelled_forgets_its_changes(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-08-01")
        contract._change_quantities({contract.order_line: 1})
        contract._pause()
        contract.action_cancel()
        contract.action_draft()
        contract.order_line.product_uom_qty = 5
        contract.action_confirm()
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
            self.assertEqual(self._get_amounts(contract._bill()), [500.0])

    def test_a_paused_contract_is_not_changed_by_the_run(self):
        contract = self._create_contract(start_date="2026-07-01")
        self._upsell(contract, self.support, start_date="2026-07-25").action_confirm()
        contract._pause()
        with freeze_time("2026-07-25"):
            self._apply_scheduled()
        self.assertEqual(len(contract.invoice_ids), 1)

    def test_a_close_date_that_is_over_is_not_taken_back(self):
        plan = self._create_plan(billing_timing="arrears")
        contract = self._create_contract(plan_id=plan.id, start_date="2026-06-01")
        contract._close(self.reason, self._day("2026-07-20"))
        with freeze_time("2026-07-21"), self.assertRaisesRegex(UserError, "ended on"):
            contract._revoke_close()

    def test_a_contract_is_reopened_though_an_old_invoice_was_cancelled(self):
        contract = self._create_contract(start_date="2026-06-01")
        contract._close(self.reason)
        june = contract.invoice_ids.sorted("id")[0]
        june.button_draft()
        june.button_cancel()
        with freeze_time("2026-09-16"):
            contract._reopen()
        self.assertEqual(
            self._get_periods(contract),
            [
                "2026-06-01..2026-06-30",
                "2026-07-01..2026-07-31",
                "2026-08-01..2026-09-15",
                "2026-09-16..2026-09-30",
            ],
        )

    def test_too_little_left_by_what_is_scheduled_is_refused(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        contract._change_quantities({contract.order_line: 1})
        with self.assertRaisesRegex(UserError, "Revoke that first"):
            contract._change_quantities({contract.order_line: 2}, at="now")

    # Rebates

    def test_a_credit_is_no_more_than_was_billed_with_a_rebate(self):
        contract = self._create_contract(
            self.seat, (self.support, -1, {"price_unit": 80.0}), start_date="2026-07-01"
        )
        self.assertEqual(contract.invoice_ids.amount_untaxed, 20.0)
        contract._close(self.reason, credit=True)
        self.assertEqual(self._get_total(contract), 9.68)  # 20.00 x 15/31

    def test_a_rebate_comes_and_goes_at_once(self):
        rebate = self._create_item("Rebate", -10.0)
        contract = self._create_contract(self.seat, rebate, start_date="2026-07-01")
        line = contract.order_line[1]
        contract._change_quantities({line: 2}, at="now")
        self.assertEqual(self._get_total(contract), 84.52)  # 90.00 - 10.00 x 17/31
        contract._change_quantities({line: 0}, at="now")
        self.assertEqual(self._get_total(contract), 95.48)  # and 20.00 more

    # What a clerk does with the documents

    def test_a_replaced_invoice_of_an_upsell_leaves_the_period_alone(self):
        contract = self._create_contract(start_date="2026-07-01")
        main = contract.invoice_ids
        upsell = self._upsell(contract, self.support)
        upsell.action_confirm()
        wizard = (
            self.env["account.move.reversal"]
            .with_context(
                active_model="account.move", active_ids=upsell.invoice_ids.ids
            )
            .create({"journal_id": main.journal_id.id})
        )
        wizard.modify_moves()
        self.assertEqual(contract.period_ids.move_id, main)
        wizard.new_move_ids.filtered(lambda move: move.state == "draft").unlink()
        self.assertEqual(contract.period_ids.state, "billed")

    def test_up_and_down_is_nothing_also_when_both_drafts_are_deleted(self):
        self.monthly.invoice_mode = "draft"
        contract = self._create_contract(start_date="2026-07-01")
        line = contract.order_line
        main = contract.invoice_ids
        contract._change_quantities({line: 3}, at="now")
        contract._change_quantities({line: 1}, at="now")
        (contract.invoice_ids - main).unlink()
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [100.0])
        with freeze_time("2026-09-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [100.0])

    def test_a_deleted_charge_is_billed_before_units_of_it_are_given_back(self):
        self.monthly.invoice_mode = "draft"
        contract = self._create_contract(start_date="2026-07-01")
        line = contract.order_line
        main = contract.invoice_ids
        contract._change_quantities({line: 3}, at="now")
        (contract.invoice_ids - main).unlink()
        with freeze_time("2026-07-20"):
            contract._change_quantities({line: 1}, at="now")
        # 100.00, two units for 17 days less 12
        self.assertEqual(self._get_total(contract), 132.26)
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [100.0])

    def test_a_deleted_credit_note_is_given_back_on_the_next_invoice(self):
        self.monthly.invoice_mode = "draft"
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        main = contract.invoice_ids
        contract._change_quantities({contract.order_line: 2}, at="now")
        (contract.invoice_ids - main).unlink()
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [145.16])
        with freeze_time("2026-09-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [200.0])

    def test_an_invoice_that_a_change_credited_is_not_cancelled_beside_it(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._change_plan(self.yearly, at="now")
        main, note, _new = contract.invoice_ids.sorted("id")
        main.button_draft()
        with self.assertRaisesRegex(UserError, note.name):
            main.button_cancel()

    def test_a_rebate_by_hand_leaves_the_rest_to_be_credited(self):
        contract = self._create_contract(start_date="2026-07-01")
        wizard = (
            self.env["account.move.reversal"]
            .with_context(
                active_model="account.move", active_ids=contract.invoice_ids.ids
            )
            .create({"journal_id": contract.invoice_ids.journal_id.id})
        )
        wizard.refund_moves()
        goodwill = wizard.new_move_ids
        goodwill.invoice_line_ids.price_unit = 10.0
        goodwill.action_post()
        contract._change_plan(self.yearly, at="now")
        # 100.00 - 10.00 - 54.84 + 1,000.00
        self.assertEqual(self._get_total(contract), 1035.16)

    # The run and its readers

    def test_an_odd_error_in_one_change_stops_no_other(self):
        first, second = (
            self._create_contract((self.seat, 3), start_date="2026-07-01")
            for _one in range(2)
        )
        changes = [
            contract._change_quantities({contract.order_line: 2})
            for contract in (first, second)
        ]

        def fail(original, change):
            if change.order_id == first:
                raise ZeroDivisionError("odd")
            return original(change)

        with (
            freeze_time("2026-08-01"),
            self._patch_method("subscription.change", "_apply_quantity", fail),
        ):
            self._apply_scheduled()
        self.assertEqual([change.state for change in changes], ["scheduled", "done"])
        self.assertEqual((first.hold, second.hold), ("billing_error", False))

    def test_reasons_that_the_run_needs_are_not_deleted(self):
        for name in ("close_reason_end", "close_reason_unpaid"):
            with self.assertRaisesRegex(UserError, "Archive it"):
                self.env.ref(f"subscriptions.{name}").unlink()

    def test_whoever_may_read_an_order_may_read_its_form(self):
        keeper = new_test_user(
            self.env,
            login="keeper",
            groups="base.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.env["ir.model.access"].create(
            {
                "name": "orders, as a warehouse reads them",
                "model_id": self.env.ref("sale.model_sale_order").id,
                "group_id": self.env.ref("base.group_user").id,
                "perm_read": True,
            }
        )
        contract = self._create_contract()
        order = contract.with_user(keeper)
        self.assertEqual(
            (order.period_count, order.is_billed, order.change_count), (1, True, 0)
        )
        with self.assertRaises(AccessError):
            self.env["subscription.change"].with_user(keeper).search([])
        arch = order.get_view(self.env.ref("sale.view_order_form").id, "form")["arch"]
        self.assertNotIn("scheduled_change_ids", arch)

    def test_a_number_of_invoices_that_is_none_is_refused(self):
        contract = self._create_contract()
        for count in ("x", None, [1]):
            with self.assertRaisesRegex(UserError, "whole number"):
                contract.preview_invoices(count)
