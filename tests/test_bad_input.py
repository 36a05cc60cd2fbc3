import json
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase
from odoo.tools import mute_logger

from .common import SubscriptionCommon, freeze_time, tagged

NAN, INFINITY = float("nan"), float("inf")
# What an answer to a clerk never contains.
GIBBERISH = ("Traceback", "psycopg2", "constraint", "float", "int(", "Error:", "object")


@tagged("post_install", "-at_install")
class TestBadInputOverRpc(HttpCase, SubscriptionCommon):
    """What is refused where it comes in, in words, with nothing stored."""

    def setUp(self):
        super().setUp()
        self.authenticate(self.env.user.login, self.env.user.login)

    def _rpc(self, model, method, *args):
        """Return (result, None), or (None, the error) as the web client gets it.

        NaN and Infinity are no JSON, but Python writes and reads them.
        """
        params = {"model": model, "method": method, "args": args, "kwargs": {}}
        with mute_logger("odoo.http", "odoo.sql_db"):
            response = self.url_open(
                f"/web/dataset/call_kw/{model}/{method}",
                data=json.dumps({"jsonrpc": "2.0", "id": 0, "params": params}),
                headers={"Content-Type": "application/json"},
            )
        answer = response.json()
        return answer.get("result"), answer.get("error", {}).get("data")

    def _assert_refused(self, model, method, *args, words=""):
        _result, error = self._rpc(model, method, *args)
        self.assertTrue(error, "This was accepted.")
        self.assertIn(
            error["name"],
            ("odoo.exceptions.ValidationError", "odoo.exceptions.UserError"),
            error["message"],
        )
        self.assertIn(words, error["message"])
        for word in GIBBERISH:
            self.assertNotIn(word, error["message"])

    def test_a_plan_has_a_length_that_makes_sense(self):
        plans = self.env["subscription.plan"].with_context(active_test=False)
        count = plans.search_count([])
        for values in (
            {"billing_period_value": 0},
            {"billing_period_value": -1},
            {"billing_period_value": 1001},
            {"billing_period_value": 1000, "billing_period_unit": "year"},
            {"trial_days": -1},
            {"trial_days": 100000},
            {"notice_days": -1},
            {"max_pause_days": -1},
            {"auto_close_days": -1},
            {"duration_periods": -1},
            {"minimum_periods": -1},
            {"invoice_lead_days": 366},
            {"invoice_lead_days": -366},
            {"align": True, "align_day": 0},
            {"align": True, "align_day": 32},
            {"align": True, "align_day": 8, "billing_period_unit": "week"},
            {"align": True, "billing_period_unit": "day"},
            {"align": True, "align_month": 13, "billing_period_unit": "year"},
        ):
            with self.subTest(values):
                self._assert_refused(
                    "subscription.plan", "create", [{"name": "Odd", **values}]
                )
                self._assert_refused(
                    "subscription.plan", "write", self.yearly.ids, values
                )
        self.assertEqual(plans.search_count([]), count)
        self.yearly.invalidate_recordset()
        self.assertEqual(self.yearly.billing_period_value, 1)

    def test_the_longest_plans_are_previewed_and_billed(self):
        for unit, value in (("year", 50), ("month", 1000), ("week", 1000)):
            plan = self._create_plan(
                billing_period_unit=unit, billing_period_value=value
            )
            with freeze_time("2026-07-01"):
                order = self._create_contract(plan_id=plan.id)
                self.assertEqual(len(order.invoice_ids), 1)
                self.assertTrue(order.preview_invoices(50))
                self.assertTrue(order._get_contract_terms())
                late = self._create_contract(plan_id=plan.id, start_date="2026-01-01")
                self.assertEqual(len(late.invoice_ids), 1)

    def test_a_plan_takes_no_unknown_unit_and_no_endless_number(self):
        for values in (
            {"billing_period_unit": "century"},
            {"billing_period_value": NAN},
            {"billing_period_value": INFINITY},
            {"billing_period_value": 10**30},
            {"billing_period_value": "many"},
        ):
            with self.subTest(values):
                _result, error = self._rpc(
                    "subscription.plan", "create", [{"name": "Odd", **values}]
                )
                self.assertTrue(error)
        self.assertFalse(self.env["subscription.plan"].search([("name", "=", "Odd")]))

    def test_numbers_that_are_none_are_refused(self):
        order = self._create_order()
        line = order.order_line
        for number in (NAN, INFINITY, -INFINITY, 1e308, 1e13, -1e13):
            for field in ("product_uom_qty", "price_unit", "discount"):
                with self.subTest(f"{field} {number}"):
                    self._assert_refused(
                        "sale.order.line", "write", line.ids, {field: number}
                    )
                    self._assert_refused(
                        "sale.order",
                        "write",
                        order.ids,
                        {"order_line": [[1, line.id, {field: number}]]},
                    )
                    values = {"product_id": self.seat.id, field: number}
                    self._assert_refused(
                        "sale.order",
                        "create",
                        [
                            {
                                "partner_id": self.partner.id,
                                "plan_id": self.monthly.id,
                                "order_line": [[0, 0, values]],
                            }
                        ],
                    )
        self.env.invalidate_all()
        self.assertRecordValues(
            line, [{"product_uom_qty": 1.0, "price_unit": 100.0, "discount": 0.0}]
        )

    def test_numbers_that_are_none_are_refused_on_a_running_contract(self):
        order = self._create_contract()
        for number in (NAN, INFINITY, 1e308):
            for field in ("product_uom_qty", "price_unit", "discount"):
                with self.subTest(f"{field} {number}"):
                    self._assert_refused(
                        "sale.order.line",
                        "write",
                        order.order_line.ids,
                        {field: number},
                    )
        self.env.invalidate_all()
        self.assertEqual(order.recurring_total, 100.0)
        self.assertEqual(order.mrr, 100.0)

    def test_a_price_times_a_quantity_no_book_can_hold_is_refused(self):
        order = self._create_order()
        self._assert_refused(
            "sale.order.line",
            "write",
            order.order_line.ids,
            {"product_uom_qty": 1e12, "price_unit": 1e12},
        )

    def test_days_no_contract_can_mean_are_refused(self):
        order = self._create_order()
        for field in ("start_date", "end_date"):
            for day in ("9999-12-31", "3000-01-01", "1899-12-31", "0001-01-01"):
                with self.subTest(f"{field} {day}"):
                    self._assert_refused("sale.order", "write", order.ids, {field: day})
                    self._assert_refused(
                        "sale.order",
                        "create",
                        [
                            {
                                "partner_id": self.partner.id,
                                "plan_id": self.monthly.id,
                                field: day,
                            }
                        ],
                    )
        for day in ("2026-02-30", "tomorrow", "2026-13-01"):
            with self.subTest(day):
                _result, error = self._rpc(
                    "sale.order", "write", order.ids, {"start_date": day}
                )
                self.assertTrue(error)
        self.env.invalidate_all()
        self.assertFalse(order.start_date or order.end_date or order.close_date)

    def test_a_contract_does_not_end_before_it_starts(self):
        order = self._create_order()
        for values in (
            {"start_date": "2026-07-02", "end_date": "2026-07-01"},
            {"start_date": "2026-07-02", "end_date": "1999-12-31"},
        ):
            self._assert_refused(
                "sale.order", "write", order.ids, values, words="before it starts"
            )
        order.start_date = "2026-07-02"
        self.env.flush_all()
        self._assert_refused(
            "sale.order", "write", order.ids, {"end_date": "2026-07-01"}
        )

    def test_a_duration_beyond_all_years_is_refused(self):
        order = self._create_order(plan_id=self.yearly.id)
        self.yearly.duration_periods = 10000
        self.env.flush_all()
        self._assert_refused(
            "sale.order", "write", order.ids, {"start_date": "2026-07-01"}
        )
        self._assert_refused("sale.order", "action_confirm", order.ids)
        self.env.invalidate_all()
        self.assertEqual(order.state, "draft")

    def test_a_recurring_product_without_plan_is_refused(self):
        order = self._create_order(plan_id=False)
        self._assert_refused(
            "sale.order",
            "action_confirm",
            order.ids,
            words="Seat are sold by subscription: choose a recurring plan",
        )

    def test_a_plan_that_is_none_is_refused(self):
        order = self._create_order()
        for plan in (10**6, -1):
            with self.subTest(plan):
                _result, error = self._rpc(
                    "sale.order", "write", order.ids, {"plan_id": plan}
                )
                self.assertTrue(error)
        self.env.invalidate_all()
        self.assertEqual(order.plan_id, self.monthly)

    def test_a_template_counts_its_periods_from_nothing_up(self):
        for number in (-1, 10001):
            self._assert_refused(
                "sale.order.template",
                "create",
                [
                    {
                        "name": "Odd",
                        "plan_id": self.monthly.id,
                        "duration_periods": number,
                    }
                ],
                words="counts from 0",
            )


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestBadInput(SubscriptionCommon):
    """What does not fit a contract, or one that is billed already."""

    # Quotations

    def test_a_template_with_an_archived_product_does_not_become_a_contract(self):
        template = self.env["sale.order.template"].create(
            {
                "name": "Old",
                "plan_id": self.monthly.id,
                "sale_order_template_line_ids": [
                    Command.create({"product_id": self.seat.id}),
                    Command.create({"product_id": self.goods.id}),
                ],
            }
        )
        self.goods.active = False
        order = self.env["sale.order"].create(
            {"partner_id": self.partner.id, "sale_order_template_id": template.id}
        )
        with self.assertRaisesRegex(UserError, "Coffee cannot be sold any more"):
            order.action_confirm()
        self.assertEqual(order.state, "draft")
        self.assertFalse(order.period_ids or order.invoice_ids)
        self.goods.active = True
        order.action_confirm()
        self.assertEqual(order.invoice_ids.amount_untaxed, 160.0)

    def test_an_archived_plan_starts_no_contract(self):
        plan = self._create_plan(name="Old")
        order = self._create_order(plan_id=plan.id)
        running = self._create_contract(plan_id=plan.id)
        plan.active = False
        with self.assertRaisesRegex(UserError, "The plan “Old” is archived"):
            order.action_confirm()
        running._bill(self._day("2026-08-01"))
        self.assertEqual(len(running.invoice_ids), 2)

    def test_an_order_without_pricelist_is_a_contract_like_any(self):
        order = self._create_contract(pricelist_id=False)
        self.assertEqual(order.invoice_ids.amount_untaxed, 100.0)

    def test_nothing_is_half_done_where_one_of_several_is_refused(self):
        good = self._create_order()
        bad = self._create_order(plan_id=False)
        with self.assertRaises(UserError), self.cr.savepoint():
            (good | bad).action_confirm()
        self.env.invalidate_all()
        self.assertEqual((good | bad).mapped("state"), ["draft", "draft"])
        self.assertFalse(good.invoice_ids or good.period_ids)

    # Running contracts

    def test_the_dates_that_are_billed_stay(self):
        order = self._create_contract(start_date="2026-06-01")
        self.assertEqual(order.paid_until, self._day("2026-07-31"))
        with self.assertRaisesRegex(ValidationError, "has been billed"):
            order.start_date = "2026-06-15"
        with self.assertRaisesRegex(ValidationError, "needs a start date"):
            order.start_date = False
        order.invalidate_recordset()
        with self.assertRaisesRegex(ValidationError, "cannot end before"):
            order.end_date = "2026-07-30"
        order.end_date = "2026-07-31"
        self.assertFalse(order.next_invoice_date)

    def test_the_start_of_a_contract_not_billed_yet_may_move(self):
        order = self._create_contract(start_date="2026-08-15")
        order.start_date = "2026-08-10"
        self.assertEqual(order.next_invoice_date, self._day("2026-08-10"))

    def test_a_running_contract_keeps_a_start_date(self):
        order = self._create_contract(start_date="2026-08-15")
        with self.assertRaises(ValidationError):
            order.start_date = False

    def test_the_plan_of_a_billed_contract_is_not_simply_replaced(self):
        order = self._create_contract()
        for plan in (self.yearly, self.yearly.browse()):
            with self.assertRaisesRegex(UserError, "cannot simply be replaced"):
                order.plan_id = plan
        self.assertEqual(order.plan_id, self.monthly)

    def test_the_rhythm_of_running_contracts_is_not_bent(self):
        plan = self._create_plan()
        self._create_contract(plan_id=plan.id)
        for values in (
            {"billing_period_value": 2},
            {"billing_period_unit": "year"},
            {"billing_timing": "arrears"},
            {"trial_days": 14},
            {"align": True},
        ):
            with self.subTest(values):
                with self.assertRaisesRegex(ValidationError, "1 running contracts"):
                    plan.write(values)
        plan.invalidate_recordset()
        plan.write({"name": "Renamed", "invoice_mode": "draft", "auto_close_days": 7})
        plan.copy({"billing_period_value": 2})

    def test_the_rhythm_of_a_plan_nobody_has_may_change(self):
        plan = self._create_plan()
        self._create_order(plan_id=plan.id)
        plan.write({"billing_period_value": 2, "align": True})

    def test_a_plan_in_use_is_not_deleted(self):
        plan = self._create_plan()
        order = self._create_order(plan_id=plan.id)
        with self.assertRaisesRegex(ValidationError, "Archive it"):
            plan.unlink()
        order.unlink()
        plan.unlink()
        self.assertFalse(plan.exists())

    def test_a_closing_reason_in_use_is_not_deleted(self):
        order = self._create_contract()
        reason = self.env["subscription.close.reason"].create({"name": "Moved"})
        order._close(reason)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            with self.cr.savepoint():
                reason.unlink()
        self.assertTrue(reason.exists())

    def test_a_contract_is_not_closed_before_what_is_billed(self):
        order = self._create_contract()
        reason = self.env.ref("subscriptions.close_reason_price")
        with self.assertRaisesRegex(UserError, "Say why"):
            order._close(None)
        with self.assertRaises(ValidationError):
            order._close(reason, self._day("2999-12-31").replace(year=9999))
        self.assertEqual(order.subscription_state, "progress")


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestPoisonedRun(SubscriptionCommon):
    """A run with all that can be wrong in it bills the rest."""

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("subscriptions.ir_cron_bill_due").method_direct_trigger()
        self.env.invalidate_all()

    def _run_and_expect(self, order, reason):
        """Run twice: the contract is held once, and nothing of it is left behind."""
        before = order.period_ids, order.invoice_ids
        for _run in range(2):
            self._run_cron()
            self.assertEqual(order.hold, "billing_error")
            self.assertRegex(order.hold_reason, reason)
            self.assertEqual(len(order.activity_ids), 1)
            self.assertEqual((order.period_ids, order.invoice_ids), before)
        self.assertFalse(self._get_drafts())

    def _get_drafts(self):
        return self.env["account.move"].search([("state", "=", "draft")])

    def _mend_and_release(self, order, count=2):
        order.action_release_hold()
        self.assertFalse(order.hold, order.hold_reason)
        self.assertFalse(order.activity_ids)
        self.assertEqual(len(order.invoice_ids), count)
        self.assertEqual(order.verify_ledger(), [])
        self._assert_no_gaps()

    def _assert_no_gaps(self, moves=None):
        moves = moves or self.env["account.move"].search(
            [("move_type", "=", "out_invoice"), ("state", "=", "posted")]
        )
        for journal, invoices in moves.grouped("journal_id").items():
            numbers = sorted(invoices.mapped("sequence_number"))
            with self.subTest(journal.display_name):
                self.assertEqual(
                    numbers, list(range(numbers[0], numbers[0] + len(numbers)))
                )

    def test_closed_books_hold_and_open_ones_release(self):
        order = self._create_contract()
        self.company.fiscalyear_lock_date = "2026-08-31"
        with freeze_time("2026-08-01"):
            self._run_and_expect(order, "The books are closed until 08/31/2026")
            self.company.fiscalyear_lock_date = "2026-06-30"
            self._mend_and_release(order)
        self.assertEqual(
            order.invoice_ids.sorted("id")[-1].invoice_date, self._day("2026-08-01")
        )

    def test_sales_books_closed_hold_as_well(self):
        order = self._create_contract()
        self.company.sale_lock_date = "2026-08-31"
        with freeze_time("2026-08-01"):
            self._run_and_expect(order, "The books are closed until 08/31/2026")

    def test_a_confirmation_in_closed_books_holds_the_first_invoice(self):
        self.company.fiscalyear_lock_date = "2026-08-31"
        order = self._create_contract()
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(order.hold, "billing_error")
        self.assertFalse(order.period_ids or order.invoice_ids)
        self.company.fiscalyear_lock_date = False
        self._mend_and_release(order, 1)

    def test_a_missing_income_account_holds(self):
        order = self._create_contract()
        account = self.company.income_account_id
        journal = self.company_data["default_journal_sale"]
        default = journal.default_account_id
        self.company.income_account_id = False
        journal.default_account_id = False
        self.seat.categ_id.property_account_income_categ_id = False
        with freeze_time("2026-08-01"):
            self._run_and_expect(order, "Seat has no income account")
            self.company.income_account_id = account
            journal.default_account_id = default
            self._mend_and_release(order)

    def test_an_archived_customer_holds(self):
        order = self._create_contract()
        self.partner.active = False
        with freeze_time("2026-08-01"):
            self._run_and_expect(order, "The customer Ada Example is archived")
            self.partner.active = True
            self._mend_and_release(order)

    def test_an_archived_product_holds(self):
        order = self._create_contract()
        self.seat.active = False
        with freeze_time("2026-08-01"):
            self._run_and_expect(order, "The product Seat is archived")
            self.seat.active = True
            self._mend_and_release(order)

    def test_an_archived_one_off_product_already_billed_does_not_matter(self):
        order = self._create_contract(self.seat, self.setup_fee)
        self.setup_fee.active = False
        with freeze_time("2026-08-01"):
            self._run_cron()
        self.assertEqual(self._get_amounts(order.invoice_ids), [350.0, 100.0])

    def test_a_missing_exchange_rate_holds(self):
        euro = self.setup_other_currency("EUR", rates=[("2026-01-01", 0.5)])
        pricelist = self._create_pricelist(name="Euro", currency_id=euro.id)
        order = self._create_contract(pricelist_id=pricelist.id)
        (euro | self.company.currency_id).rate_ids.unlink()
        with freeze_time("2026-08-01"):
            self._run_and_expect(order, "no exchange rate from EUR to USD")
            euro.rate_ids = [
                Command.create({"name": "2026-08-01", "rate": 0.5}),
            ]
            self._mend_and_release(order)

    def test_a_missing_sales_journal_holds(self):
        order = self._create_contract()
        journals = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company.id)]
        )
        journals.active = False
        with freeze_time("2026-08-01"):
            self._run_and_expect(order, "has no sales journal")
            journals.active = True
            self._mend_and_release(order)

    @freeze_time("2026-08-01")
    def test_a_draft_left_by_the_plans_mode_is_no_orphan(self):
        plan = self._create_plan(invoice_mode="draft")
        order = self._create_contract(plan_id=plan.id)
        self.assertEqual(self._get_drafts(), order.invoice_ids)
        self.assertEqual(order.period_ids.move_id, order.invoice_ids)

    def _create_partner_named(self, name):
        return self.env["res.partner"].create({"name": name})

    def _poison(self):
        """Create a contract for each kind of poison; return how each is told of."""
        reasons = {}

        def add(reason, *lines, **values):
            order = self._create_contract(*lines, **values)
            self.assertFalse(order.hold, order.hold_reason)
            reasons[order] = reason
            return order

        archived = self._create_partner_named("Gone")
        add("The customer Gone is archived", partner_id=archived.id)
        address = self._create_partner_named("Moved")
        add("The customer Moved is archived", partner_invoice_id=address.id)
        old = self._create_item("Old", 10.0)
        add("The product Old is archived", old)
        euro = self.setup_other_currency("EUR", rates=[("2026-01-01", 0.5)])
        pricelist = self._create_pricelist(name="Euro", currency_id=euro.id)
        add("no exchange rate from EUR to USD", pricelist_id=pricelist.id)
        yen = self.setup_other_currency("JPY", rates=[("2026-01-01", 100.0)])
        pricelist = self._create_pricelist(name="Yen", currency_id=yen.id)
        add("inactive currency: JPY", pricelist_id=pricelist.id)
        journal = self.company_data["default_journal_sale"].copy({"code": "OLD"})
        add("archived journal", journal_id=journal.id)
        account = self.copy_account(self.company_data["default_account_revenue"])
        item = self._create_item("Odd", 10.0, property_account_income_id=account.id)
        add("archived", item)
        closed = self._create_company(name="Closed")
        self.env.user.company_ids += closed
        add("The books are closed until", company_id=closed.id)
        without = self._create_company(name="Bookless")
        self.env.user.company_ids += without
        add("Bookless has no sales journal", company_id=without.id)
        poor = self._create_company(name="Poor")
        self.env.user.company_ids += poor
        add("Seat has no income account", company_id=poor.id)
        add("More than 12 periods are due", plan_id=self.daily.id)
        wrong = add("The invoice could not be made: it is wrong")
        broken = add("The database refused the invoice: division by zero")

        archived.active = address.active = old.active = False
        euro.rate_ids.unlink()
        yen.active = False
        journal.active = account.active = False
        closed.fiscalyear_lock_date = "2026-08-31"
        journals = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "in", (without | poor).ids)]
        )
        journals.filtered(lambda journal: journal.company_id == without).active = False
        journals.filtered(
            lambda journal: journal.company_id == poor
        ).default_account_id = False
        poor.income_account_id = False
        return reasons, wrong, broken

    def test_thirteen_kinds_of_poison_leave_the_good_contracts_billed(self):
        self.daily = self._create_plan(billing_period_unit="day")
        good = self.env["sale.order"]
        for _number in range(14):
            good |= self._create_contract()
        reasons, wrong, broken = self._poison()
        for _number in range(13):
            good |= self._create_contract()
        self.env.user.company_ids.flush_recordset()
        bad = self.env["sale.order"].union(*reasons)
        self.assertEqual((len(good), len(bad)), (27, 13))
        before = {order: (order.period_ids, order.invoice_ids) for order in bad}

        Line = self.env.registry["sale.order.line"]
        prepare = Line._prepare_period_invoice_line

        def fail(line, *args, **kwargs):
            if line.order_id == wrong:
                raise ZeroDivisionError("it is wrong")
            if line.order_id == broken:
                line.env.cr.execute("SELECT 1 / 0")
            return prepare(line, *args, **kwargs)

        with (
            freeze_time("2026-08-01"),
            patch.object(Line, "_prepare_period_invoice_line", fail),
            mute_logger("odoo.sql_db"),
        ):
            self._run_cron()
            self._run_cron()
        for order in good:
            self.assertFalse(order.hold, order.hold_reason)
            self.assertEqual(self._get_amounts(order.invoice_ids), [100.0, 100.0])
            self.assertEqual(set(order.invoice_ids.mapped("state")), {"posted"})
            self.assertEqual(order.verify_ledger(), [])
        for order, reason in reasons.items():
            with self.subTest(reason):
                expected = "backlog" if order.plan_id == self.daily else "billing_error"
                self.assertEqual(order.hold, expected)
                self.assertIn(reason, order.hold_reason)
                self.assertEqual(len(order.activity_ids), 1)
                self.assertEqual((order.period_ids, order.invoice_ids), before[order])
        self.assertFalse(self._get_drafts())
        self._assert_no_gaps()
        # What was wrong with two of them is mended: they are billed like any other.
        with freeze_time("2026-08-01"):
            (wrong | broken).action_release_hold()
        self.assertEqual((wrong | broken).mapped("hold"), [False, False])
        self.assertEqual(len((wrong | broken).invoice_ids), 4)
        self._assert_no_gaps()
