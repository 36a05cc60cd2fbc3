from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import HttpCase, JsonRpcException, new_test_user
from odoo.tools import mute_logger

from .common import SubscriptionCommon, freeze_time, tagged


class AccessCommon(SubscriptionCommon):
    """A user of each kind, and a contract of each salesperson."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson = cls._create_user("sales_team.group_sale_salesman")
        cls.leader = cls._create_user("sales_team.group_sale_salesman_all_leads")
        cls.manager = cls._create_user("sales_team.group_sale_manager")
        cls.biller = cls._create_user("account.group_account_invoice")
        cls.auditor = cls._create_user("account.group_account_readonly")
        cls.employee = cls._create_user("base.group_user")
        cls.customer = cls._create_user("base.group_portal")
        cls.portal_partner = cls.customer.partner_id
        with freeze_time("2026-07-01"):
            cls.own = cls._create_contract(user_id=cls.salesperson.id)
            cls.others = cls._create_contract(user_id=cls.leader.id)
            cls.bought = cls._create_contract(
                partner_id=cls.portal_partner.id, user_id=cls.leader.id
            )

    @classmethod
    def _create_user(cls, group):
        return new_test_user(
            cls.env,
            login=group.partition(".")[2],
            password=group.partition(".")[2],
            groups=group,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def _rpc(self, user, records, method, *args, **kwargs):
        """Call a method as the web client does."""
        model = self.env[records._name].with_user(user)
        return call_kw(model, method, [records.ids, *args], kwargs)

    def _get_rows(self, user):
        return self.env["subscription.period"].with_user(user).search([]).sudo(False)


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestAccessRights(AccessCommon):
    # The ledger

    def test_a_salesperson_sees_the_ledger_of_own_contracts(self):
        rows = self._get_rows(self.salesperson)
        self.assertEqual(rows.ids, self.own.period_ids.ids)
        with self.assertRaises(AccessError):
            self._rpc(
                self.salesperson, self.others.period_ids, "read", ["amount_untaxed"]
            )
        self.others.user_id = False
        self.assertEqual(
            set(self._get_rows(self.salesperson).ids),
            set((self.own | self.others).period_ids.ids),
        )

    def test_a_salesperson_reads_all_of_an_own_contract(self):
        order = self.own.with_user(self.salesperson)
        self.assertEqual(order.period_ids.state, "billed")
        self.assertEqual(order.last_period_id.date_to, self._day("2026-07-31"))
        self.assertEqual(order.period_count, 1)
        self.assertEqual(len(order.preview_invoices(2)), 2)
        self.assertEqual(order.verify_ledger(), [])
        fields = list(order._fields)
        readable = order.check_access("read") or order._filtered_access("read")
        self.assertEqual(readable, order)
        self.assertTrue(order.read([f for f in fields if f.startswith("subscription")]))

    def test_who_may_see_all_documents_sees_the_whole_ledger(self):
        everything = (self.own | self.others | self.bought).period_ids
        for user in (self.leader, self.manager, self.biller, self.auditor):
            with self.subTest(user.login):
                self.assertEqual(set(self._get_rows(user).ids), set(everything.ids))

    def test_an_employee_without_sales_or_accounting_sees_nothing(self):
        for records in (self.own, self.own.period_ids, self.own.order_line):
            with self.subTest(records._name), self.assertRaises(AccessError):
                self._rpc(self.employee, records, "read", ["id"])

    def test_nobody_writes_the_ledger(self):
        row = self.own.period_ids
        values = {
            "order_id": self.own.id,
            "date_from": "2026-09-01",
            "date_to": "2026-09-30",
            "currency_id": row.currency_id.id,
            "company_id": row.company_id.id,
        }
        Period = self.env["subscription.period"]
        users = (
            self.salesperson
            | self.leader
            | self.manager
            | self.biller
            | self.auditor
            | self.simple_accountman
            | self.env.user  # a system administrator
            | self.customer
        )
        for user in users:
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    call_kw(Period.with_user(user), "create", [values], {})
                with self.assertRaises(AccessError):
                    self._rpc(user, row, "write", {"kind": "void"})
                with self.assertRaises(AccessError):
                    self._rpc(user, row, "unlink")
                with self.assertRaises(AccessError):
                    self._rpc(
                        user,
                        self.own,
                        "write",
                        {"period_ids": [Command.update(row.id, {"kind": "void"})]},
                    )
        self.assertEqual(row.state, "billed")

    def test_accounting_sees_the_invoices_and_their_periods(self):
        for user in (self.biller, self.auditor):
            invoice = self.own.invoice_ids.with_user(user)
            with self.subTest(user.login):
                self.assertEqual(invoice.amount_untaxed, 100.0)
                self.assertEqual(invoice.subscription_ids.sudo(), self.own.sudo())
                self.assertEqual(invoice.period_ids.date_from, self._day("2026-07-01"))
                self.assertTrue(invoice.action_view_subscriptions())

    def test_a_salesperson_sees_invoices_of_own_contracts(self):
        invoice = self.own.invoice_ids.with_user(self.salesperson)
        self.assertEqual(invoice.subscription_count, 1)
        with self.assertRaises(AccessError):
            self._rpc(self.salesperson, self.others.invoice_ids, "read", ["name"])

    # Plans and reasons

    def test_managers_own_plans_prices_and_reasons(self):
        plan = (
            self.env["subscription.plan"]
            .with_user(self.manager)
            .create({"name": "Two weeks", "billing_period_value": 2})
        )
        plan.billing_period_unit = "week"
        plan.copy().unlink()
        reason = self.env["subscription.close.reason"].with_user(self.manager)
        reason.create({"name": "Moved away"}).unlink()

    def test_others_read_plans_and_reasons_and_do_not_change_them(self):
        reason = self.env.ref("subscriptions.close_reason_price")
        for user in (
            self.salesperson | self.leader | self.biller | self.auditor | self.employee
        ):
            for record in (self.monthly, reason):
                with self.subTest(f"{user.login} {record._name}"):
                    self.assertTrue(self._rpc(user, record, "read", ["name"]))
                    with self.assertRaises(AccessError):
                        self._rpc(user, record, "write", {"name": "Mine"})
                    with self.assertRaises(AccessError):
                        self._rpc(user, record, "copy")
                    with self.assertRaises(AccessError):
                        self._rpc(user, record, "unlink")

    # What salespeople do

    def test_a_salesperson_confirms_bills_and_closes_an_own_contract(self):
        order = self._create_order(user_id=self.salesperson.id)
        self._rpc(self.salesperson, order, "action_confirm")
        self.assertEqual(order.invoice_ids.state, "posted")
        with freeze_time("2026-08-01"):
            self._rpc(self.salesperson, order, "action_bill_due")
        self.assertEqual(len(order.invoice_ids), 2)
        self._rpc(self.salesperson, order, "action_create_subscription_invoice")
        self.assertEqual(len(order.invoice_ids), 3)
        wizard = (
            self.env["subscription.close"]
            .with_user(self.salesperson)
            .with_context(active_model="sale.order", active_ids=order.ids)
        )
        self.assertTrue(wizard.has_access("create"))

    @freeze_time("2026-08-01")
    def test_a_salesperson_does_not_bill_contracts_of_others(self):
        for method in (
            "action_bill_due",
            "action_create_subscription_invoice",
            "action_release_hold",
        ):
            with self.subTest(method), self.assertRaises(AccessError):
                self._rpc(self.salesperson, self.others, method)
        self.assertEqual(len(self.others.invoice_ids), 1)

    @freeze_time("2026-08-01")
    def test_who_may_only_read_contracts_does_not_bill_them(self):
        self.own._set_hold("anomaly", "Looks odd")
        for user in (self.auditor, self.employee):
            for method in (
                "action_bill_due",
                "action_create_subscription_invoice",
                "action_release_hold",
            ):
                with self.subTest(f"{user.login} {method}"):
                    with self.assertRaises(AccessError):
                        self._rpc(user, self.others, method)
                    with self.assertRaises(AccessError):
                        self._rpc(user, self.own, method)
        self.assertEqual(len((self.own | self.others).invoice_ids), 2)
        self.assertEqual(self.own.hold, "anomaly")

    def test_the_day_of_the_context_is_for_the_superuser(self):
        replay = {"subscription_today": "2027-01-01"}
        user = self.salesperson
        self.assertEqual(
            self.own.with_user(user).with_context(**replay)._get_today(),
            self._day("2026-07-01"),
        )
        self.assertEqual(
            self.own.sudo().with_context(**replay)._get_today(),
            self._day("2027-01-01"),
        )
        self._rpc(user, self.own, "action_bill_due", context=replay)
        self.assertEqual(len(self.own.invoice_ids), 1)
        order = self._create_order(user_id=user.id)
        self._rpc(user, order, "action_confirm", context=replay)
        self.assertEqual(order.start_date, self._day("2026-07-01"))
        self.assertEqual(order.invoice_ids.invoice_date, self._day("2026-07-01"))
        self.own._set_hold("backlog", "Behind")
        self._rpc(self.manager, self.own, "action_release_hold", context=replay)
        self.assertEqual(self.own.catch_up_until, self._day("2026-07-01"))
        self.assertEqual(len(self.own.invoice_ids), 1)

    def test_holds_are_released_by_managers_alone(self):
        self.own._set_hold("backlog", "Behind")
        with self.assertRaises(AccessError):
            self._rpc(self.salesperson, self.own, "action_release_hold")
        self.assertEqual(self.own.hold, "backlog")
        self._rpc(self.manager, self.own, "action_release_hold")
        self.assertFalse(self.own.hold)

    def test_what_follows_from_the_contract_cannot_be_typed(self):
        for values in (
            {"subscription_state": "churned"},
            {"hold": "anomaly"},
            {"next_invoice_date": "2030-01-01"},
            {"paid_until": "2030-01-01"},
            {"catch_up_until": "2030-01-01"},
            {"close_date": "2030-01-01"},
            {"in_trial": True},
        ):
            with self.assertRaises(AccessError):
                self._rpc(self.manager, self.own, "write", values)
        self.assertEqual(self.own.subscription_state, "progress")

    def test_a_contract_cannot_be_made_up(self):
        values = {
            "partner_id": self.partner.id,
            "plan_id": self.monthly.id,
            "subscription_state": "progress",
        }
        with self.assertRaises(AccessError):
            call_kw(
                self.env["sale.order"].with_user(self.salesperson),
                "create",
                [[values]],
                {},
            )
        with self.assertRaises(AccessError):
            self._rpc(self.manager, self.own, "write", {"subscription_kind": "upsell"})
        with self.assertRaises(AccessError):
            self._rpc(self.manager, self.own.order_line, "write", {"mrr": 1.0})

    # Customers

    def test_a_customer_reads_own_orders_and_no_ledger(self):
        orders = self.env["sale.order"].with_user(self.customer)
        self.assertEqual(orders.search([]).ids, self.bought.ids)
        self.assertTrue(self._rpc(self.customer, self.bought, "read", ["plan_id"]))
        with self.assertRaises(AccessError):
            self._rpc(self.customer, self.own, "read", ["plan_id"])
        with self.assertRaises(AccessError):
            orders.env["subscription.period"].search([])
        with self.assertRaises(AccessError):
            self._rpc(self.customer, self.bought.period_ids, "read", ["date_from"])
        with self.assertRaises(AccessError):
            orders.env["subscription.close.reason"].search([])

    def test_a_customer_reads_plans_and_changes_none(self):
        plans = self.env["subscription.plan"].with_user(self.customer)
        self.assertIn(self.monthly, plans.search([]))
        with self.assertRaises(AccessError):
            self._rpc(self.customer, self.monthly, "write", {"name": "Mine"})
        with self.assertRaises(AccessError):
            call_kw(plans, "create", [{"name": "Mine"}], {})

    def test_a_customer_writes_no_field_of_a_contract(self):
        values = {
            "plan_id": self.yearly.id,
            "start_date": "2026-01-01",
            "end_date": "2026-07-31",
            "close_date": "2026-07-31",
            "close_reason_id": self.env.ref("subscriptions.close_reason_price").id,
            "subscription_state": "churned",
            "subscription_kind": "upsell",
            "hold": "anomaly",
            "hold_reason": "Mine",
            "catch_up_until": "2027-01-01",
            "next_invoice_date": "2030-01-01",
            "paid_until": "2030-01-01",
            "last_period_id": False,
            "mrr": 0.0,
            "order_line": [
                Command.update(self.bought.order_line.id, {"price_unit": 1.0})
            ],
        }
        before = self.bought.read(list(values))
        for field, value in values.items():
            with self.subTest(field), self.assertRaises(AccessError):
                self._rpc(self.customer, self.bought, "write", {field: value})
        with self.assertRaises(AccessError):
            self._rpc(
                self.customer, self.bought.order_line, "write", {"price_unit": 1.0}
            )
        self.env.invalidate_all()
        self.assertEqual(self.bought.read(list(values)), before)

    @freeze_time("2026-08-01")
    def test_a_customer_calls_no_method_of_a_contract(self):
        held = self._create_order(partner_id=self.portal_partner.id)
        held.action_confirm()
        held._set_hold("backlog", "Behind")
        quotation = self._create_order(partner_id=self.portal_partner.id)
        for method in (
            "action_release_hold",
            "action_create_subscription_invoice",
            "action_bill_due",
            "_bill",
            "_close",
            "_set_hold",
            "_set_subscription_state",
            "_cron_bill_due",
        ):
            for order in (self.bought, held):
                with self.subTest(f"{method} {order.hold}"):
                    with self.assertRaises(AccessError):
                        self._rpc(self.customer, order, method)
        for method in ("action_confirm", "action_cancel", "action_lock", "unlink"):
            with self.subTest(method), self.assertRaises(AccessError):
                self._rpc(self.customer, quotation, method)
        for name in ("subscription.billing", "subscription.scheduler"):
            for method in ("_run", "_bill"):
                with self.subTest(name), self.assertRaises(AccessError):
                    call_kw(self.env[name].with_user(self.customer), method, [], {})
        self.assertEqual(len(self.bought.invoice_ids), 1)
        self.assertEqual(len(held.invoice_ids), 1)
        self.assertEqual(held.hold, "backlog")
        self.assertEqual(quotation.state, "draft")

    def test_a_customer_opens_no_wizard(self):
        with self.assertRaises(AccessError):
            call_kw(
                self.env["subscription.close"].with_user(self.customer),
                "create",
                [{}],
                {"context": {"active_ids": self.bought.ids}},
            )

    def test_a_customers_reading_leaks_nothing_of_the_ledger(self):
        order = self.bought
        for field in ("period_ids", "last_period_id"):
            with self.subTest(field):
                try:
                    (values,) = self._rpc(self.customer, order, "read", [field])
                except AccessError:
                    continue
                self.assertNotIn("2026-07-31", str(values[field]))
        with self.assertRaises(AccessError):
            call_kw(
                self.env["sale.order"].with_user(self.customer),
                "search",
                [[("period_ids.amount_untaxed", ">", 0)]],
                {},
            )


@tagged("post_install", "-at_install")
class TestAccessRightsOverHttp(HttpCase, AccessCommon):
    def test_a_customer_is_refused_over_http_as_well(self):
        self.authenticate(self.customer.login, self.customer.login)
        for method in ("action_bill_due", "action_release_hold", "_bill"):
            with self.subTest(method), mute_logger("odoo.http"):
                with self.assertRaisesRegex(JsonRpcException, "AccessError"):
                    self.make_jsonrpc_request(
                        f"/web/dataset/call_kw/sale.order/{method}",
                        {
                            "model": "sale.order",
                            "method": method,
                            "args": [self.bought.ids],
                            "kwargs": {},
                        },
                    )
        self.assertEqual(len(self.bought.invoice_ids), 1)
