from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestRenewal(SubscriptionCommon):
    """A contract that follows another, and no day twice or never."""

    def test_the_renewal_continues_where_the_paid_periods_end(self):
        contract = self._create_contract(start_date="2026-06-01")
        renewal = self._renew(contract)
        self.assertEqual(renewal.start_date, self._day("2026-08-01"))
        self.assertEqual(renewal.subscription_kind, "renewal")
        renewal.action_confirm()
        self.assertEqual(contract.subscription_state, "renewed")
        self.assertEqual(renewal.subscription_state, "progress")
        self.assertFalse(contract.next_invoice_date)
        with freeze_time("2026-08-01"):
            self.assertFalse(contract._bill())
            self.assertEqual(self._get_amounts(renewal._bill()), [100.0])
        self.assertEqual(
            self._get_periods(contract) + self._get_periods(renewal),
            [
                "2026-06-01..2026-06-30",
                "2026-07-01..2026-07-31",
                "2026-08-01..2026-08-31",
            ],
        )

    def test_what_is_billed_before_confirmation_moves_the_start(self):
        contract = self._create_contract(start_date="2026-07-01")
        renewal = self._renew(contract)
        with freeze_time("2026-08-01"):
            contract._bill()
            renewal.action_confirm()
        self.assertEqual(renewal.start_date, self._day("2026-09-01"))

    def test_what_is_due_and_not_billed_is_billed_by_the_renewal(self):
        contract = self._create_contract(start_date="2026-07-01")
        with freeze_time("2026-08-03"):
            renewal = self._renew(contract)
            renewal.action_confirm()
            self.assertEqual(self._get_periods(renewal), ["2026-08-01..2026-08-31"])

    def test_in_arrears_the_running_period_goes_to_the_renewal(self):
        plan = self._create_plan(billing_timing="arrears")
        contract = self._create_contract(plan_id=plan.id, start_date="2026-06-01")
        renewal = self._renew(contract)
        renewal.action_confirm()
        self.assertEqual(renewal.start_date, self._day("2026-07-01"))
        with freeze_time("2026-08-01"):
            renewal._bill()
        self.assertEqual(self._get_periods(renewal), ["2026-07-01..2026-07-31"])

    def test_a_month_that_lacks_the_day_does_not_change_the_rhythm(self):
        with freeze_time("2026-01-31"):
            contract = self._create_contract(start_date="2026-01-31")
            renewal = self._renew(contract)
            renewal.action_confirm()
        with freeze_time("2026-03-31"):
            renewal._bill()
        self.assertEqual(
            self._get_periods(renewal),
            ["2026-02-28..2026-03-30", "2026-03-31..2026-04-29"],
        )
        self.assertEqual(renewal.verify_ledger(), [])

    def test_there_is_no_second_trial(self):
        plan = self._create_plan(trial_days=30)
        with freeze_time("2026-06-01"):
            contract = self._create_contract(plan_id=plan.id)
        contract._bill()
        renewal = self._renew(contract)
        renewal.action_confirm()
        self.assertFalse(renewal.in_trial)
        self.assertEqual(renewal.start_date, self._day("2026-08-01"))
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(renewal._bill()), [100.0])

    def test_typed_terms_are_kept_and_one_off_lines_are_not(self):
        contract = self._create_contract(
            (
                self.seat,
                3,
                {
                    "price_unit": 90.0,
                    "discount": 5.0,
                    "name": "Seats of the agreement",
                    "tax_ids": self.tax_sale_a.ids,
                },
            ),
            self.setup_fee,
            payment_term_id=self.env.ref("account.account_payment_term_30days").id,
            note="As agreed in May",
        )
        renewal = self._renew(contract)
        self.assertRecordValues(
            renewal.order_line,
            [
                {
                    "product_id": self.seat.id,
                    "product_uom_qty": 3.0,
                    "price_unit": 90.0,
                    "discount": 5.0,
                    "name": "Seats of the agreement",
                    "tax_ids": self.tax_sale_a.ids,
                    "parent_line_id": contract.order_line[0].id,
                }
            ],
        )
        self.assertEqual(renewal.payment_term_id, contract.payment_term_id)
        self.assertIn("As agreed in May", renewal.note)

    def test_what_is_scheduled_for_its_start_is_in_the_renewal(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        contract._change_quantities({contract.order_line: 2})
        renewal = self._renew(contract)
        self.assertEqual(renewal.order_line.product_uom_qty, 2.0)

    def test_an_open_renewal_is_told_that_the_contract_changed(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        renewal = self._renew(contract)
        contract._change_quantities({contract.order_line: 2}, at="now")
        self.assertIn("Seat: 3 → 2", renewal.message_ids[0].body)

    def test_another_plan_may_follow(self):
        contract = self._create_contract(
            (self.seat, 1, {"price_unit": 90.0}), start_date="2026-07-01"
        )
        renewal = self._renew(contract)
        renewal.plan_id = self.yearly
        renewal.action_confirm()
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(renewal._bill()), [90.0])
        self.assertEqual(self._get_periods(renewal), ["2026-08-01..2027-07-31"])

    def test_followers_and_documents_move_over(self):
        contract = self._create_contract()
        friend = self.env["res.partner"].create({"name": "Friend"})
        contract.message_subscribe(friend.ids)
        self.env["ir.attachment"].create(
            {
                "name": "agreement.txt",
                "raw": b"agreed",
                "res_model": "sale.order",
                "res_id": contract.id,
            }
        )
        renewal = self._renew(contract)
        renewal.action_confirm()
        self.assertIn(friend, renewal.message_partner_ids)
        documents = self.env["ir.attachment"].search(
            [("res_model", "=", "sale.order"), ("res_id", "=", renewal.id)]
        )
        self.assertEqual(documents.mapped("raw"), [b"agreed"])

    def test_mrr_moves_over_without_a_difference(self):
        contract = self._create_contract(start_date="2026-07-01")
        renewal = self._renew(contract)
        self.assertEqual((contract.mrr, renewal.mrr), (100.0, 0.0))
        renewal.action_confirm()
        self.assertEqual((contract.mrr, renewal.mrr), (0.0, 100.0))

    def test_the_family_is_one_click_away(self):
        contract = self._create_contract()
        upsell = self._upsell(contract, self.goods)
        renewal = self._renew(contract)
        renewal.action_confirm()
        second = self._renew(renewal)
        family = contract | upsell | renewal | second
        for order in family:
            self.assertEqual(order.root_order_id, contract)
            action = order.action_view_family()
            self.assertEqual(
                self.env["sale.order"].search(action["domain"]), family.sorted()
            )
            self.assertEqual(order.family_count, 3)

    def test_open_upsells_and_scheduled_changes_end_with_the_contract(self):
        contract = self._create_contract((self.seat, 2), start_date="2026-07-01")
        upsell = self._upsell(contract, self.goods)
        change = contract._change_quantities({contract.order_line: 1})
        self._renew(contract).action_confirm()
        self.assertEqual(upsell.state, "cancel")
        self.assertEqual(change.state, "revoked")

    def test_what_is_planned_for_later_goes_over_to_the_renewal(self):
        contract = self._create_contract((self.seat, 3), start_date="2026-07-01")
        renewal = self._renew(contract)
        change = contract._change_quantities(
            {contract.order_line: 2}, at=self._day("2026-10-01")
        )
        renewal.action_confirm()
        self.assertEqual(change.order_id, renewal)
        self.assertEqual(renewal.scheduled_change_ids, change)
        with freeze_time("2026-10-01"):
            self._apply_scheduled()
            moves = renewal._bill()
        self.assertEqual(renewal.order_line.product_uom_qty, 2.0)
        self.assertEqual(self._get_amounts(moves), [300.0, 300.0, 200.0])

    def test_a_renewal_that_is_cancelled_lets_the_contract_go_on(self):
        contract = self._create_contract(start_date="2026-07-01")
        renewal = self._renew(contract)
        renewal.action_confirm()
        renewal.action_cancel()
        self.assertEqual(contract.subscription_state, "progress")
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(contract._bill()), [100.0])
        self.assertTrue(self._renew(contract))

    def test_a_fixed_term_lasts_as_long_again(self):
        plan = self._create_plan(duration_periods=12)
        with freeze_time("2026-01-01"):
            contract = self._create_contract(plan_id=plan.id)
        self.assertEqual(contract.end_date, self._day("2026-12-31"))
        with freeze_time("2026-12-15"):
            contract._bill()
            renewal = self._renew(contract)
            renewal.action_confirm()
        self.assertEqual(renewal.start_date, self._day("2027-01-01"))
        self.assertEqual(renewal.end_date, self._day("2027-12-31"))

    # Proposed by itself

    def test_a_fixed_term_proposes_its_renewal_to_the_salesperson(self):
        plan = self._create_plan(renewal_days=30)
        contract = self._create_contract(
            plan_id=plan.id, start_date="2026-07-01", end_date="2026-12-31"
        )
        with freeze_time("2026-11-30"):
            self._apply_scheduled()
            self.assertFalse(contract.activity_ids)
        with freeze_time("2026-12-01"):
            contract._bill()
            self._apply_scheduled()
            self._apply_scheduled()
        self.assertEqual(len(contract.activity_ids), 1)
        self.assertIn("12/31/2026", contract.activity_ids.note)

    def test_a_fixed_term_sends_its_renewal_to_the_customer(self):
        plan = self._create_plan(renewal_days=30, renewal_notice="mail")
        contract = self._create_contract(
            plan_id=plan.id, start_date="2026-07-01", end_date="2026-12-31"
        )
        with freeze_time("2026-12-01"):
            contract._bill()
            self._apply_scheduled()
            self._apply_scheduled()
        renewal = contract.child_order_ids
        self.assertEqual(renewal.state, "sent")
        self.assertEqual(renewal.start_date, self._day("2027-01-01"))
        message = renewal.message_ids.filtered("partner_ids")
        self.assertEqual(message.partner_ids, self.partner)
        self.assertIn("12/31/2026", message.body)
        self.assertIn(contract.name, message.subject)

    # What is refused

    def test_one_renewal_at_a_time(self):
        contract = self._create_contract()
        renewal = self._renew(contract)
        with self.assertRaisesRegex(UserError, f"renewed by {renewal.name}"):
            contract.action_renew()
        renewal.action_cancel()
        self.assertTrue(self._renew(contract))

    def test_the_database_refuses_a_second_renewal(self):
        contract = self._create_contract()
        renewal = self._renew(contract)
        values = {
            "partner_id": self.partner.id,
            "parent_order_id": contract.id,
            "subscription_kind": "renewal",
        }
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self.env["sale.order"].sudo().create(values)
        self.assertEqual(contract.child_order_ids, renewal)

    def test_a_closed_contract_is_not_renewed(self):
        contract = self._create_contract()
        renewal = self._renew(contract)
        contract._close(self.env.ref("subscriptions.close_reason_price"))
        with self.assertRaisesRegex(UserError, "does not run"):
            contract.action_renew()
        with self.assertRaisesRegex(UserError, "does not run any more"):
            renewal.action_confirm()
        self.assertEqual(contract.subscription_state, "churned")

    def test_a_billed_renewal_is_not_cancelled(self):
        contract = self._create_contract(start_date="2026-06-15")
        with freeze_time("2026-07-14"):
            renewal = self._renew(contract)
        renewal.action_confirm()
        with freeze_time("2026-08-15"):
            renewal._bill()
            with self.assertRaisesRegex(UserError, "Close it instead"):
                renewal.action_cancel()
