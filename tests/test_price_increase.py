from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user

from .common import SubscriptionCommon, freeze_time, tagged


class PriceIncreaseCommon(SubscriptionCommon):
    """Contracts that began on 1 July 2026, seen from 10 July."""

    def _create_increase(self, **values):
        return self.env["subscription.price.increase"].create(
            {
                "name": "Prices of autumn",
                "company_id": self.company.id,
                "value": 5.0,
                "date": "2026-08-15",
                "notice_template_id": False,
                **values,
            }
        )

    def _preview(self, **values):
        increase = self._create_increase(**values)
        increase.action_preview()
        return increase

    def _schedule(self, **values):
        increase = self._preview(**values)
        increase.action_schedule()
        return increase

    def _run_cron(self, name="ir_cron_price_increase"):
        with self.enter_registry_test_mode():
            self.env.ref(f"subscriptions.{name}").method_direct_trigger()
        self.env.invalidate_all()

    def _get_change(self, increase, contract):
        return increase.change_ids.filtered(lambda one: one.order_id == contract)

    def _get_prices(self, change):
        return change.line_ids.mapped("price_after")

    def _get_causes(self, increase):
        return {row.order_id: row.cause for row in increase.refusal_ids}

    def _bill_on(self, contract, day):
        with freeze_time(day):
            return self._get_amounts(contract._bill())


@tagged("post_install", "-at_install")
@freeze_time("2026-07-10")
class TestPreview(PriceIncreaseCommon):
    """What is proposed, and what it comes to."""

    def test_prices_rise_by_percent_amount_or_to_a_new_price(self):
        contract = self._create_contract(
            (self.seat, 2.0, {"price_unit": 101.3}), start_date="2026-07-01"
        )
        for values, price in (
            ({"value": 3.7}, 105.05),
            ({"value": 3.7, "ending": "0.10"}, 105.0),
            ({"value": 3.7, "ending": "0.50"}, 105.0),
            ({"value": 3.7, "ending": "x.99"}, 104.99),
            ({"value": 4.0, "ending": "1.00"}, 105.0),
            ({"value": -10.0}, 91.17),
            ({"method": "amount", "value": 7.5}, 108.8),
            ({"method": "amount", "value": 7.52, "ending": "0.05"}, 108.8),
            ({"method": "price", "value": 119.37, "ending": "1.00"}, 119.37),
            ({"value": 3.777, "ending": False}, 105.13),
        ):
            with self.subTest(**values):
                increase = self._preview(**values)
                self.assertEqual(
                    self._get_prices(self._get_change(increase, contract)), [price]
                )

    def test_the_example_of_the_documentation(self):
        monthly = self._create_contract(
            (self.seat, 4.0, {"discount": 10.0}), self.goods, start_date="2026-07-01"
        )
        yearly = self._create_contract(
            (self.seat, 1.0, {"price_unit": 1200.0}),
            plan_id=self.yearly.id,
            start_date="2026-07-01",
        )
        increase = self._preview(
            value=5.0, ending="x.99", product_ids=[Command.set(self.seat.ids)]
        )
        self.assertRecordValues(
            increase.change_ids.sorted(lambda one: one.order_id.id),
            [
                # 4 × 100.00 − 10 % + 60.00 = 420.00; 4 × 104.99 − 10 % = 377.96
                {
                    "order_id": monthly.id,
                    "mrr_before": 420.0,
                    "mrr_after": 437.96,
                    "mrr_effect": 17.96,
                },
                # 1,200.00 ÷ 12; 1,259.99 ÷ 12
                {
                    "order_id": yearly.id,
                    "mrr_before": 100.0,
                    "mrr_after": 105.0,
                    "mrr_effect": 5.0,
                },
            ],
        )
        self.assertEqual(
            self._get_prices(self._get_change(increase, yearly)), [1259.99]
        )
        self.assertRecordValues(
            increase,
            [
                {
                    "state": "preview",
                    "contract_count": 2,
                    "refusal_count": 0,
                    "mrr_before": 520.0,
                    "mrr_after": 542.96,
                    "mrr_effect": 22.96,
                }
            ],
        )
        increase.action_schedule()
        # The period of 1 August starts before the 15th, also when it is billed late.
        self.assertEqual(self._bill_on(monthly, "2026-08-20"), [420.0])
        self.assertEqual(self._bill_on(monthly, "2026-09-01"), [437.96])

    def test_the_effect_is_what_the_contract_has_after_it_applied(self):
        tax = self.env["account.tax"].create(
            {
                "name": "21 % included",
                "amount": 21.0,
                "price_include_override": "tax_included",
                "company_id": self.company.id,
            }
        )
        contract = self._create_contract(
            (self.seat, 3.0, {"tax_ids": [Command.set(tax.ids)], "discount": 5.0}),
            start_date="2026-07-01",
        )
        change = self._schedule(value=7.0).change_ids
        self.assertEqual(change.mrr_before, contract.mrr)
        with freeze_time("2026-08-15"):
            change.sudo()._apply()
        self.assertEqual(change.mrr_after, contract.mrr)

    def test_a_preview_changes_nothing(self):
        contract = self._create_contract(start_date="2026-07-01")
        messages = contract.message_ids
        self._preview()
        self.assertEqual(contract.order_line.price_unit, 100.0)
        self.assertEqual(contract.message_ids, messages)
        self.assertEqual(contract.change_count, 0)
        self.assertEqual(self._bill_on(contract, "2026-09-01"), [100.0, 100.0])

    def test_a_second_preview_replaces_the_first(self):
        contract = self._create_contract(start_date="2026-07-01")
        increase = self._preview()
        self._create_contract(start_date="2026-07-01")
        increase.action_preview()
        self.assertEqual(increase.contract_count, 2)
        self.assertEqual(len(self._get_change(increase, contract)), 1)

    def test_the_filter_plans_and_products_choose_the_contracts(self):
        monthly = self._create_contract(start_date="2026-07-01")
        coffee = self._create_contract(self.goods, start_date="2026-07-01")
        yearly = self._create_contract(
            plan_id=self.yearly.id, start_date="2026-07-01", client_order_ref="VIP"
        )
        self._create_order()  # a quotation
        for values, contracts in (
            ({}, monthly | coffee | yearly),
            ({"plan_ids": [Command.set(self.monthly.ids)]}, monthly | coffee),
            ({"product_ids": [Command.set(self.goods.ids)]}, coffee),
            ({"domain": "[('client_order_ref', '=', 'VIP')]"}, yearly),
        ):
            with self.subTest(**values):
                increase = self._preview(**values)
                self.assertEqual(increase.change_ids.order_id, contracts)
                self.assertFalse(increase.refusal_ids)

    def test_what_is_no_filter_is_refused(self):
        for domain in ("[('no_field', '=', 1)]", "nonsense(", "5"):
            with self.subTest(domain), self.assertRaises(ValidationError):
                self._create_increase(domain=domain)

    def test_contracts_that_cannot_change_are_listed_with_their_cause(self):
        start = {"start_date": "2026-07-01"}
        ending = self._create_contract(end_date="2026-07-31", **start)
        cheap = self._create_contract((self.seat, 1.0, {"price_unit": 3.0}), **start)
        planned = self._create_contract(**start)
        free = self._create_contract((self.seat, 1.0, {"price_unit": 0.0}), **start)
        kept = self._create_contract(**start)
        earlier = self._schedule(
            date="2026-09-01", domain=f"[('id', '=', {planned.id})]"
        )
        self.assertEqual(earlier.contract_count, 1)
        increase = self._preview(method="amount", value=-5.0)
        causes = self._get_causes(increase)
        self.assertEqual(causes[ending], "It ends before, on 07/31/2026.")
        self.assertEqual(causes[cheap], "Seat would have a price below zero.")
        self.assertEqual(
            causes[planned], "Other prices are planned already, from 09/01/2026 on."
        )
        self.assertEqual(causes[free], "Seat would have a price below zero.")
        self.assertEqual(increase.change_ids.order_id, kept)
        percent = self._preview(value=10.0)
        self.assertEqual(self._get_causes(percent)[free], "Its prices stay the same.")

    def test_amounts_are_not_added_to_prices_in_another_currency(self):
        pricelist = self.env["product.pricelist"].create(
            {"name": "Yen", "currency_id": self.env.ref("base.JPY").id}
        )
        self.env.ref("base.JPY").active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.env.ref("base.JPY").id,
                "rate": 150.0,
                "name": "2026-01-01",
                "company_id": self.company.id,
            }
        )
        contract = self._create_contract(
            (self.seat, 1.0, {"price_unit": 15000.0}),
            pricelist_id=pricelist.id,
            start_date="2026-07-01",
        )
        increase = self._preview(method="amount", value=5.0)
        self.assertEqual(
            self._get_causes(increase)[contract],
            "Its prices are in JPY, the change is in USD.",
        )
        change = self._preview(value=10.0).change_ids
        self.assertEqual(self._get_prices(change), [16500.0])
        self.assertEqual(change.mrr_effect, 10.0)  # in the company's currency

    def test_days_that_are_over_are_refused(self):
        self._create_contract(start_date="2026-07-01")
        for day in ("2026-07-10", "2026-07-01"):
            with (
                self.subTest(day),
                self.assertRaisesRegex(UserError, "from tomorrow on at the earliest"),
            ):
                self._preview(date=day)
        increase = self._preview(date="2026-07-11")
        with (
            freeze_time("2026-07-11"),
            self.assertRaisesRegex(UserError, "from tomorrow on at the earliest"),
        ):
            increase.action_schedule()

    def test_a_day_in_closed_books_is_refused(self):
        self.company.fiscalyear_lock_date = "2026-08-31"
        with self.assertRaisesRegex(UserError, "books are closed until 08/31/2026"):
            self._preview(date="2026-08-15")

    def test_what_was_previewed_cannot_be_edited_under_it(self):
        self._create_contract(start_date="2026-07-01")
        increase = self._preview()
        with self.assertRaisesRegex(UserError, "set it back to draft"):
            increase.value = 50.0
        increase.action_draft()
        self.assertFalse(increase.change_ids)
        increase.value = 50.0

    def test_a_state_cannot_be_typed(self):
        increase = self._create_increase()
        with self.assertRaises(AccessError):
            increase.write({"state": "scheduled"})

    def test_a_contract_can_be_taken_out_and_put_back(self):
        contract = self._create_contract(start_date="2026-07-01")
        other = self._create_contract(start_date="2026-07-01")
        increase = self._preview()
        change = self._get_change(increase, contract)
        change.action_take_out()
        self.assertEqual(increase.contract_count, 1)
        self.assertEqual(increase.mrr_effect, 5.0)
        increase.action_preview()  # a decision, and stays one
        self.assertEqual(increase.contract_count, 1)
        change.action_put_back()
        self.assertEqual(increase.contract_count, 2)
        change.action_take_out()
        increase.action_schedule()
        self.assertEqual(self._bill_on(contract, "2026-09-01"), [100.0, 100.0])
        self.assertEqual(self._bill_on(other, "2026-09-01"), [100.0, 105.0])

    def test_salespeople_neither_see_nor_make_price_increases(self):
        self._create_contract(start_date="2026-07-01")
        increase = self._preview()
        salesperson = new_test_user(
            self.env,
            "sally",
            groups="sales_team.group_sale_salesman_all_leads",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        for call in (
            lambda record: record.read(["name"]),
            lambda record: record.action_preview(),
            lambda record: record.action_schedule(),
            lambda record: record.action_undo(),
            lambda record: record.action_view_changes()
            and record.change_ids.action_take_out(),
            lambda record: record.create({"name": "Mine", "value": 1.0}),
        ):
            with self.assertRaises(AccessError):
                call(increase.with_user(salesperson))
        with self.assertRaises(AccessError):
            increase.change_ids.with_user(salesperson).action_take_out()
        self.assertEqual(increase.state, "preview")

    def test_another_companys_contracts_stay_out(self):
        self._create_contract(start_date="2026-07-01")
        increase = self._preview(company_id=self.env.company.id)
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids += other
        self.assertEqual(increase.contract_count, 1)
        self.assertEqual(self._preview(company_id=other.id).contract_count, 0)


@tagged("post_install", "-at_install")
@freeze_time("2026-07-10")
class TestScheduled(PriceIncreaseCommon):
    """What is scheduled counts for periods that start on its day or later."""

    def test_the_day_comes_and_the_price_is_written(self):
        contract = self._create_contract(start_date="2026-07-01")
        increase = self._schedule(date="2026-08-01")
        self.assertEqual(contract.order_line.price_unit, 100.0)
        with freeze_time("2026-08-01"):
            self._run_cron("ir_cron_apply_scheduled")
        self.assertEqual(contract.order_line.price_unit, 105.0)
        self.assertEqual(increase.state, "applied")
        self.assertEqual(contract.mrr, 105.0)
        self.assertEqual(contract.verify_ledger(), [])

    def test_a_period_before_the_day_has_the_old_price_however_late_it_is_billed(self):
        contract = self._create_contract(start_date="2026-07-01")
        increase = self._schedule(date="2026-08-15")
        with freeze_time("2026-09-20"):
            increase.change_ids.sudo()._apply()
        self.assertEqual(contract.order_line.price_unit, 105.0)
        self.assertEqual(self._bill_on(contract, "2026-09-20"), [100.0, 105.0])

    def test_typed_discounts_taxes_and_texts_stay(self):
        tax = self.env["account.tax"].create(
            {"name": "6 %", "amount": 6.0, "company_id": self.company.id}
        )
        typed = {
            "discount": 12.5,
            "tax_ids": [Command.set(tax.ids)],
            "name": "As agreed in June",
        }
        contract = self._create_contract(
            (self.seat, 2.0, typed), start_date="2026-07-01"
        )
        increase = self._schedule()
        with freeze_time("2026-08-15"):
            increase.change_ids.sudo()._apply()
        self.assertRecordValues(
            contract.order_line,
            [
                {
                    "price_unit": 105.0,
                    "discount": 12.5,
                    "tax_ids": tax.ids,
                    "name": "As agreed in June",
                    "product_uom_qty": 2.0,
                }
            ],
        )

    def test_one_line_in_the_chatter_and_one_effect_for_two_clicks(self):
        contract = self._create_contract(start_date="2026-07-01")
        increase = self._preview()
        messages = contract.message_ids
        increase.action_schedule()
        increase.action_schedule()
        new = contract.message_ids - messages
        self.assertEqual(len(new), 1)
        self.assertIn("Planned from 08/15/2026", new.body)
        self.assertIn("Prices of autumn", new.body)
        self.assertEqual(len(increase.change_ids), 1)

    def test_prices_that_changed_since_the_preview_are_not_scheduled(self):
        contract = self._create_contract(start_date="2026-07-01")
        kept = self._create_contract(start_date="2026-07-01")
        increase = self._preview()
        contract.order_line.price_unit = 150.0
        kept.order_line.product_uom_qty = 3.0
        increase.action_schedule()
        self.assertEqual(
            self._get_causes(increase)[contract],
            f"The prices of {contract.name} have changed since the preview.",
        )
        self.assertEqual(self._get_change(increase, contract).state, "revoked")
        self.assertEqual(increase.mrr_effect, 15.0)  # of three by now

    def test_undo_restores_all(self):
        contracts = self._create_contract(start_date="2026-07-01")
        contracts |= self._create_contract(start_date="2026-07-01")
        increase = self._schedule()
        increase.action_undo()
        self.assertEqual(increase.state, "cancelled")
        self.assertEqual(set(increase.change_ids.mapped("state")), {"revoked"})
        for contract in contracts:
            self.assertEqual(self._bill_on(contract, "2026-09-01"), [100.0, 100.0])
        increase.action_undo()  # nothing left to do
        increase.action_draft()
        increase.date = "2026-10-01"
        with freeze_time("2026-09-02"):
            increase.action_preview()
        self.assertEqual(increase.contract_count, 2)

    def test_undo_leaves_what_is_billed_ahead_and_says_so(self):
        ahead = self._create_contract(start_date="2026-07-01")
        other = self._create_contract(start_date="2026-07-01")
        increase = self._schedule(date="2026-08-01")
        moves = ahead._bill(fields.Date.to_date("2026-08-01"))
        self.assertEqual(self._get_amounts(moves), [105.0])
        increase.action_undo()
        self.assertEqual(increase.state, "scheduled")
        self.assertIn(
            "is billed with this change already", self._get_causes(increase)[ahead]
        )
        self.assertEqual(self._get_change(increase, other).state, "revoked")
        with freeze_time("2026-08-01"):
            self._run_cron("ir_cron_apply_scheduled")
        self.assertEqual(increase.state, "applied")
        self.assertEqual(ahead.order_line.price_unit, 105.0)

    def test_what_is_billed_already_is_not_billed_again(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._bill(fields.Date.to_date("2026-08-01"))
        increase = self._schedule(date="2026-07-20")
        self.assertEqual(increase.change_ids.date, self._day("2026-09-01"))
        self.assertEqual(self._bill_on(contract, "2026-09-01"), [105.0])

    def test_one_contract_is_revoked_after_all_are_scheduled(self):
        contract = self._create_contract(start_date="2026-07-01")
        other = self._create_contract(start_date="2026-07-01")
        increase = self._schedule()
        self._get_change(increase, contract).action_revoke()
        self.assertEqual(increase.contract_count, 1)
        self.assertEqual(self._get_causes(increase)[contract], "revoked by hand")
        self.assertEqual(self._bill_on(contract, "2026-09-01"), [100.0, 100.0])
        self._get_change(increase, other).action_take_out()
        self.assertEqual(increase.state, "cancelled")

    def test_a_contract_that_ends_drops_out(self):
        contract = self._create_contract(start_date="2026-07-01")
        increase = self._schedule()
        contract._close(self.env.ref("subscriptions.close_reason_end"))
        self.assertEqual(self._get_causes(increase)[contract], "the contract ended")

    def test_a_price_per_month_is_not_left_to_a_yearly_plan(self):
        contract = self._create_contract(start_date="2026-07-01")
        increase = self._schedule()
        contract._change_plan(self.yearly)
        self.assertEqual(
            self._get_causes(increase)[contract], "another plan was chosen"
        )
        self.assertEqual(self._bill_on(contract, "2026-08-01"), [100.0])

    def test_what_counts_cannot_be_deleted(self):
        self._create_contract(start_date="2026-07-01")
        increase = self._schedule()
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            increase.unlink()
        increase.action_undo()
        increase.unlink()


@tagged("post_install", "-at_install")
@freeze_time("2026-07-10")
class TestNotice(PriceIncreaseCommon):
    """Customers are told in time, once and in their language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env.ref("subscriptions.mail_template_price_increase")
        cls.values = {"notice_template_id": cls.template.id, "notice_days": 30}

    def _get_notices(self, contract):
        return contract.message_ids.filtered(
            lambda message: "New" in (message.subject or "")
            or "Nouveaux" in (message.subject or "")
        )

    def test_the_notice_names_the_old_and_the_new_price(self):
        contract = self._create_contract(
            (self.seat, 2.0, {"discount": 10.0}), start_date="2026-07-01"
        )
        increase = self._schedule(date="2026-08-09", **self.values)
        self._run_cron()
        notice = self._get_notices(contract)
        self.assertEqual(
            notice.subject,
            f"New prices for your contract {contract.name} from 08/09/2026",
        )
        for text in ("$&nbsp;100.00", "$&nbsp;105.00", "08/09/2026", "month", "10 %"):
            self.assertIn(text, notice.body.replace("\N{NO-BREAK SPACE}", "&nbsp;"))
        self.assertIn(self.partner, notice.notified_partner_ids)
        self.assertEqual(increase.notified_count, 1)

    def test_it_is_sent_once_on_its_day(self):
        contract = self._create_contract(start_date="2026-07-01")
        increase = self._schedule(date="2026-08-15", **self.values)
        self._run_cron()
        self.assertFalse(self._get_notices(contract))
        with freeze_time("2026-07-16"):
            self._run_cron()
            self._run_cron()
        self.assertEqual(len(self._get_notices(contract)), 1)
        self.assertEqual(increase.change_ids.notified_date, self._day("2026-07-16"))
        self.assertFalse(increase.task)

    def test_it_is_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.template.with_context(lang="fr_FR").subject = (
            "Nouveaux prix : {{ object.name }}, "
            "{{ format_date(object.announced_change_id.date) }}"
        )
        self.partner.lang = "fr_FR"
        contract = self._create_contract(start_date="2026-07-01")
        self._schedule(date="2026-07-20", **self.values)
        self._run_cron()
        self.assertEqual(
            self._get_notices(contract).subject,
            f"Nouveaux prix : {contract.name}, 20/07/2026",
        )

    def test_a_customer_without_address_is_listed_and_told_later(self):
        self.partner.email = False
        contract = self._create_contract(start_date="2026-07-01")
        increase = self._schedule(date="2026-07-20", **self.values)
        self._run_cron()
        self.assertEqual(
            self._get_causes(increase)[contract], "Ada Example has no e-mail address."
        )
        self.assertTrue(increase.has_notice_failures)
        self.partner.email = "ada@example.com"
        increase.action_retry_notices()
        self._run_cron()
        self.assertEqual(len(self._get_notices(contract)), 1)
        self.assertFalse(increase.refusal_ids)

    def test_who_was_taken_out_is_not_told(self):
        contract = self._create_contract(start_date="2026-07-01")
        increase = self._preview(date="2026-07-20", **self.values)
        increase.change_ids.action_take_out()
        self._create_contract(start_date="2026-07-01")
        increase.action_preview()
        increase.action_schedule()
        self._run_cron()
        self.assertFalse(self._get_notices(contract))
        self.assertEqual(increase.notified_count, 1)


@tagged("post_install", "-at_install")
@freeze_time("2026-07-10")
class TestMany(PriceIncreaseCommon):
    """Thousands of contracts: in batches, and without a query for each."""

    def _create_contracts(self, number):
        with freeze_time("2026-07-01"):
            orders = self.env["sale.order"].create(
                [
                    {
                        "partner_id": self.partner.id,
                        "plan_id": self.monthly.id,
                        "start_date": "2026-07-01",
                        "order_line": [
                            Command.create({"product_id": self.seat.id}),
                            Command.create({"product_id": self.goods.id}),
                        ],
                    }
                    for _number in range(number)
                ]
            )
            orders.action_confirm()
        self.env.flush_all()
        return orders

    def _count_queries(self, act):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        act()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_a_preview_of_twice_as_many_asks_no_more_questions(self):
        few, many = self._create_contracts(20), self._create_contracts(40)
        counts = []
        for orders in (few, few, many):
            increase = self._create_increase(domain=f"[('id', 'in', {orders.ids})]")
            counts.append(self._count_queries(increase.action_preview))
            self.assertEqual(increase.contract_count, len(orders))
        _warm, some, double = counts
        # Rows are written by the hundred, so nothing grows with the contracts.
        self.assertLessEqual(double, some + 5)

    def test_scheduling_costs_the_same_for_each_contract(self):
        few, many = self._create_contracts(20), self._create_contracts(40)
        counts = []
        for orders in (few, many):
            increase = self._preview(domain=f"[('id', 'in', {orders.ids})]")
            counts.append(self._count_queries(increase.action_schedule))
            self.assertEqual(increase.contract_count, len(orders))
        some, double = counts
        self.assertLess(double, 2.1 * some)

    def test_what_the_click_leaves_the_scheduled_action_does(self):
        self._create_contracts(7)
        run = "odoo.addons.subscriptions.models.subscription_price_increase_run"
        for name in ("PRICE_INCREASE_BATCH_SIZE", "PRICE_INCREASE_MESSAGE_BATCH_SIZE"):
            self.startPatcher(patch(f"{run}.{name}", 3))
        increase = self._preview(
            date="2026-07-20",
            notice_template_id=self.env.ref(
                "subscriptions.mail_template_price_increase"
            ).id,
        )
        self.assertEqual((increase.task, increase.task_done), ("preview", 3))
        self.assertAlmostEqual(increase.progress, 300 / 7)
        self._run_cron()
        self.assertFalse(increase.task)
        self.assertEqual(increase.contract_count, 7)
        increase.action_schedule()
        self.assertEqual((increase.task, increase.task_done), ("schedule", 3))
        self.assertEqual(increase.state, "scheduled")
        self._run_cron()
        self.assertFalse(increase.task)
        self.assertEqual(set(increase.change_ids.mapped("state")), {"scheduled"})
        self.assertEqual(increase.notified_count, 7)
        increase.action_undo()
        self._run_cron()
        self.assertEqual(increase.state, "cancelled")
