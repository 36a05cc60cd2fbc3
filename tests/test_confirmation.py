from odoo.exceptions import UserError
from odoo.fields import Command

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestConfirmation(SubscriptionCommon):
    def test_confirming_an_order_with_plan_and_recurring_line_starts_a_contract(self):
        order = self._create_order()
        self.assertRecordValues(
            order,
            [
                {
                    "is_subscription": True,
                    "subscription_state": "draft",
                    "subscription_kind": "new",
                    "next_invoice_date": False,
                    "mrr": 0.0,
                }
            ],
        )
        order.action_confirm()
        self.assertRecordValues(
            order,
            [
                {
                    "subscription_state": "progress",
                    "start_date": self._day("2026-07-01"),
                    "paid_until": self._day("2026-07-31"),
                    "next_invoice_date": self._day("2026-08-01"),
                    "billing_date": self._day("2026-08-01"),
                    "recurring_total": 100.0,
                    "mrr": 100.0,
                    "arr": 1200.0,
                    "hold": False,
                }
            ],
        )
        self.assertEqual(self._get_periods(order), ["2026-07-01..2026-07-31"])

    def test_the_first_invoice_is_made_at_confirmation_and_carries_the_period(self):
        order = self._create_contract()
        invoice = order.invoice_ids
        self.assertRecordValues(
            invoice,
            [
                {
                    "state": "posted",
                    "amount_untaxed": 100.0,
                    "invoice_date": self._day("2026-07-01"),
                    "invoice_origin": order.name,
                    "partner_id": self.partner.id,
                }
            ],
        )
        line = invoice.invoice_line_ids
        self.assertRecordValues(
            line,
            [
                {
                    "subscription_id": order.id,
                    "period_id": order.period_ids.id,
                    "period_from": self._day("2026-07-01"),
                    "period_to": self._day("2026-07-31"),
                }
            ],
        )
        self.assertIn("07/01/2026 to 07/31/2026", line.name)
        self.assertEqual(invoice.subscription_ids, order)
        self.assertEqual(order.period_ids.amount_untaxed, 100.0)

    def test_one_off_lines_are_on_the_first_invoice_only(self):
        order = self._create_contract(self.seat, self.setup_fee)
        self.assertEqual(self._get_amounts(order.invoice_ids), [350.0])
        order._bill(self._day("2026-08-01"))
        self.assertEqual(self._get_amounts(order.invoice_ids), [350.0, 100.0])
        self.assertEqual(order.period_ids.sorted("date_from")[0].amount_untaxed, 100.0)

    def test_nothing_is_billed_before_the_start_date(self):
        order = self._create_contract(start_date="2026-07-15")
        self.assertFalse(order.invoice_ids)
        self.assertEqual(order.next_invoice_date, self._day("2026-07-15"))
        order._bill(self._day("2026-07-14"))
        self.assertFalse(order.invoice_ids)
        order._bill(self._day("2026-07-15"))
        self.assertEqual(self._get_periods(order), ["2026-07-15..2026-08-14"])

    def test_a_recurring_product_without_plan_is_refused_in_words(self):
        order = self._create_order(plan_id=False)
        with self.assertRaisesRegex(UserError, "sold by subscription.*plan"):
            order.action_confirm()
        self.seat.accept_one_time = True
        order.action_confirm()
        self.assertFalse(order.subscription_state)

    def test_an_order_with_neither_plan_nor_recurring_product_is_plain_odoo(self):
        order = self._create_order(self.setup_fee, plan_id=False)
        order.action_confirm()
        self.assertFalse(order.is_subscription)
        self.assertFalse(order.invoice_ids)
        self.assertEqual(order.invoice_status, "to invoice")
        order._create_invoices()
        self.assertEqual(order.invoice_status, "invoiced")
        self.assertFalse(order.period_ids)

    def test_a_billed_contract_cannot_be_cancelled_a_never_billed_one_can(self):
        billed = self._create_contract()
        with self.assertRaisesRegex(UserError, "Close it instead"):
            billed.action_cancel()
        self.assertEqual(billed.state, "sale")
        future = self._create_contract(start_date="2026-09-01")
        future.action_cancel()
        self.assertEqual(future.state, "cancel")
        self.assertFalse(future.subscription_state)

    def test_mass_cancelling_obeys_too(self):
        billed = self._create_contract()
        wizard = self.env["sale.mass.cancel.orders"].create(
            {"sale_order_ids": [Command.set(billed.ids)]}
        )
        with self.assertRaises(UserError):
            wizard.action_mass_cancel()
        self.assertEqual(billed.subscription_state, "progress")

    def test_a_running_contract_is_not_locked(self):
        self.env["res.config.settings"].create(
            {"group_auto_done_setting": True}
        ).execute()
        order = self._create_contract()
        self.assertFalse(order.locked)
        order.order_line.price_unit = 120.0
        plain = self._create_order(self.setup_fee, plan_id=False)
        plain.action_confirm()
        self.assertTrue(plain.locked)

    def test_every_move_the_table_does_not_know_raises(self):
        order = self._create_order()
        for target in ("paused", "renewed", "churned"):
            with self.assertRaises(UserError):
                order._set_subscription_state(target)
        order.action_confirm()
        with self.assertRaisesRegex(UserError, "In Progress.*In Progress"):
            order._set_subscription_state("progress")

    def test_a_salesperson_without_accounting_rights_confirms_and_bills(self):
        user = self.env["res.users"].create(
            {
                "name": "Sales",
                "login": "sales_only",
                "group_ids": [
                    Command.set(
                        [
                            self.env.ref("sales_team.group_sale_salesman").id,
                            self.env.ref("base.group_user").id,
                        ]
                    )
                ],
                "company_ids": [Command.set(self.company.ids)],
                "company_id": self.company.id,
            }
        )
        order = self._create_order(user_id=user.id)
        order.with_user(user).action_confirm()
        self.assertEqual(order.invoice_ids.state, "posted")

    def test_a_template_fills_an_order_made_over_rpc(self):
        template = self.env["sale.order.template"].create(
            {
                "name": "Seats for a year",
                "plan_id": self.monthly.id,
                "duration_periods": 12,
                "sale_order_template_line_ids": [
                    Command.create({"product_id": self.seat.id, "product_uom_qty": 3}),
                    Command.create({"product_id": self.setup_fee.id}),
                ],
            }
        )
        order = self.env["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "sale_order_template_id": template.id,
                "start_date": "2026-01-01",
            }
        )
        self.assertEqual(order.plan_id, self.monthly)
        self.assertEqual(
            order.order_line.mapped("product_uom_qty"),
            [3.0, 1.0],
        )
        self.assertEqual(order.end_date, self._day("2026-12-31"))

    def test_a_fixed_duration_counts_from_the_day_of_confirmation(self):
        plan = self._create_plan(duration_periods=12)
        order = self._create_contract(plan_id=plan.id)
        self.assertEqual(order.end_date, self._day("2027-06-30"))
