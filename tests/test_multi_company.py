from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01 12:00:00")
class TestMultiCompany(SubscriptionCommon):
    """Three companies, each with its own books, currency and day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usd = cls.company.currency_id
        cls.eur = cls._enable_currency("EUR")
        cls.jpy = cls._enable_currency("JPY")
        cls.here = cls.company
        cls.europe = cls._create_company(name="Europe", currency_id=cls.eur.id)
        cls.japan = cls._create_company(name="Japan", currency_id=cls.jpy.id)
        cls.europe.partner_id.tz = "Europe/Brussels"
        cls.japan.partner_id.tz = "Asia/Tokyo"
        cls.companies = cls.here | cls.europe | cls.japan
        cls.west = cls._create_company(name="West", currency_id=cls.usd.id)
        cls.west.partner_id.tz = "America/Los_Angeles"
        cls.branch = cls.env["res.company"].create(
            {"name": "Branch", "parent_id": cls.europe.id}
        )
        cls.env.user.company_ids += cls.branch
        allowed = cls.companies | cls.west | cls.branch
        cls.env = cls.env(
            context=dict(cls.env.context, allowed_company_ids=allowed.ids)
        )
        (cls.eur | cls.jpy | cls.usd).rate_ids.unlink()
        cls.europe_plan = cls._create_plan(name="Europe", company_id=cls.europe.id)

    def _create_contract_in(self, company, price, **values):
        return self._create_contract(
            (self.seat, 1, {"price_unit": price}), company_id=company.id, **values
        )

    def _run_cron(self, name="bill_due"):
        with self.enter_registry_test_mode():
            self.env.ref(f"subscriptions.ir_cron_{name}").method_direct_trigger()
        self.env.invalidate_all()

    def _create_user(self, company, *groups):
        return new_test_user(
            self.env,
            login=f"user_of_{company.name}",
            groups=",".join(("sales_team.group_sale_salesman_all_leads", *groups)),
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    # Billing

    def test_one_run_bills_all_companies_in_their_own_books_and_currency(self):
        prices = {self.here: 100.0, self.europe: 90.0, self.japan: 15000.0}
        contracts = {
            company: self._create_contract_in(company, price)
            for company, price in prices.items()
        }
        with freeze_time("2026-08-02"):
            self._run_cron()
        journals = self.env["account.journal"]
        for company, order in contracts.items():
            self.assertFalse(order.hold, order.hold_reason)
            self.assertEqual(len(order.invoice_ids), 2, company.name)
            for invoice in order.invoice_ids:
                self.assertRecordValues(
                    invoice,
                    [
                        {
                            "company_id": company.id,
                            "currency_id": company.currency_id.id,
                            "state": "posted",
                            "amount_untaxed": prices[company],
                        }
                    ],
                )
                self.assertEqual(invoice.journal_id.company_id, company)
                self.assertEqual(
                    set(invoice.line_ids.account_id.company_ids.ids), {company.id}
                )
            self.assertEqual(
                [
                    (row.company_id, row.currency_id, row.amount_untaxed)
                    for row in order.period_ids
                ],
                [(company, company.currency_id, prices[company])] * 2,
            )
            journals |= order.invoice_ids.journal_id
        self.assertEqual(len(journals), 3)

    def test_each_company_bills_on_its_own_day(self):
        orders = {
            company: self._create_contract_in(company, 100.0)
            for company in (self.japan, self.europe, self.here, self.west)
        }

        def billed():
            self._run_cron()
            return [
                company.name
                for company, order in orders.items()
                if len(order.invoice_ids) == 2
            ]

        with freeze_time("2026-07-31 14:59:00"):
            self.assertEqual(billed(), [])
        with freeze_time("2026-07-31 21:30:00"):
            self.assertEqual(billed(), ["Japan"])
        with freeze_time("2026-07-31 23:30:00"):
            self.assertEqual(billed(), ["Japan", "Europe"])
        with freeze_time("2026-08-01 02:00:00"):
            self.assertEqual(billed(), ["Japan", "Europe", self.here.name])
        with freeze_time("2026-08-01 07:01:00"):
            self.assertEqual(billed(), ["Japan", "Europe", self.here.name, "West"])
        first_of_august = self._day("2026-08-01")
        for order in orders.values():
            invoice = order.invoice_ids.sorted("id")[-1]
            self.assertEqual(invoice.invoice_date, first_of_august)
            self.assertEqual(invoice.date, first_of_august)
            self.assertEqual(invoice.state, "posted")

    def test_a_contract_starts_on_the_day_of_its_company(self):
        with freeze_time("2026-07-31 23:30:00"):
            japan = self._create_contract_in(self.japan, 100.0)
            here = self._create_contract_in(self.here, 100.0)
        self.assertEqual(japan.start_date, self._day("2026-08-01"))
        self.assertEqual(japan.invoice_ids.invoice_date, self._day("2026-08-01"))
        self.assertEqual(here.start_date, self._day("2026-07-31"))

    def test_a_contract_ends_on_the_day_of_its_company(self):
        orders = [
            self._create_contract_in(company, 100.0, end_date="2026-07-31")
            for company in (self.japan, self.here)
        ]
        with freeze_time("2026-07-31 23:30:00"):
            self._run_cron("apply_scheduled")
        self.assertEqual(
            [order.subscription_state for order in orders], ["churned", "progress"]
        )

    def test_a_failing_company_does_not_keep_the_others_from_being_billed(self):
        orders = [
            self._create_contract_in(company, 100.0) for company in self.companies
        ]
        self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.europe.id)]
        ).active = False
        with freeze_time("2026-08-02"):
            self._run_cron()
        self.assertEqual([len(order.invoice_ids) for order in orders], [2, 1, 2])
        self.assertIn("Europe has no sales journal", orders[1].hold_reason)

    def test_contracts_of_two_companies_never_share_an_invoice(self):
        plan = self._create_plan(merge_invoices=True)
        orders = self.env["sale.order"]
        for company in (self.here, self.here, self.europe, self.europe):
            orders |= self._create_contract_in(
                company, 100.0, plan_id=plan.id, start_date="2026-07-10"
            )
        with freeze_time("2026-07-10 12:00:00"):
            self._run_cron()
        self.assertEqual(len(orders.invoice_ids), 2)
        for invoice in orders.invoice_ids:
            self.assertEqual(invoice.amount_untaxed, 200.0)
            self.assertEqual(invoice.subscription_ids.company_id, invoice.company_id)

    def test_a_mass_action_bills_contracts_of_several_companies(self):
        orders = self.env["sale.order"]
        for company in self.companies:
            orders |= self._create_contract_in(company, 100.0)
        with freeze_time("2026-08-01 12:00:00"):
            orders.action_bill_due()
        self.assertEqual(orders.mapped("hold"), [False] * 3)
        self.assertEqual(len(orders.invoice_ids), 6)
        self.assertEqual(orders.invoice_ids.company_id, self.companies)

    # Currencies

    def test_a_contract_in_a_foreign_currency_is_booked_at_the_companys_rate(self):
        self.env["res.currency.rate"].create(
            [
                {
                    "currency_id": self.usd.id,
                    "company_id": self.europe.id,
                    "name": day,
                    "rate": rate,
                }
                for day, rate in (("2026-07-01", 1.25), ("2026-08-01", 1.6))
            ]
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Dollar", "currency_id": self.usd.id, "company_id": False}
        )
        order = self._create_contract_in(self.europe, 100.0, pricelist_id=pricelist.id)
        with freeze_time("2026-08-02"):
            self._run_cron()
        invoices = order.invoice_ids.sorted("id")
        self.assertEqual(invoices.currency_id, self.usd)
        self.assertEqual(invoices.mapped("amount_untaxed"), [100.0, 100.0])
        self.assertEqual(invoices.mapped("amount_untaxed_signed"), [80.0, 62.5])
        self.assertEqual(order.recurring_total, 100.0)
        self.assertEqual(order.mrr, 80.0)
        self.assertEqual(order.company_currency_id, self.eur)
        self.assertEqual(order.period_ids.currency_id, self.usd)

    def test_a_shared_price_is_converted_for_a_company_with_another_currency(self):
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.usd.id,
                "company_id": self.japan.id,
                "name": "2026-01-01",
                "rate": 0.01,
            }
        )
        rule = self.env["product.pricelist.item"].create(
            {
                "plan_id": self.monthly.id,
                "pricelist_id": False,
                "product_tmpl_id": self.seat.product_tmpl_id.id,
                "fixed_price": 90.0,
            }
        )
        self.assertEqual(rule.currency_id, self.usd)
        order = (
            self.env["sale.order"]
            .with_company(self.japan)
            .create(
                {
                    "partner_id": self.partner.id,
                    "plan_id": self.monthly.id,
                    "pricelist_id": False,
                    "order_line": [Command.create({"product_id": self.seat.id})],
                }
            )
        )
        self.assertEqual(order.currency_id, self.jpy)
        self.assertEqual(order.order_line.price_unit, 9000.0)

    def test_a_companys_price_is_found_whichever_company_is_at_work(self):
        self.env["product.pricelist.item"].create(
            {
                "plan_id": self.europe_plan.id,
                "pricelist_id": False,
                "product_tmpl_id": self.seat.product_tmpl_id.id,
                "fixed_price": 70.0,
            }
        )
        self.assertEqual(self.europe_plan.price_ids.company_id, self.europe)
        self.assertEqual(self.europe_plan.price_ids.currency_id, self.eur)
        self.assertEqual(self.env.company, self.here)
        order = self._create_order(company_id=self.europe.id, pricelist_id=False)
        self.assertEqual(order.order_line.price_unit, 100.0)
        order.plan_id = self.europe_plan
        self.assertEqual(order.order_line.price_unit, 70.0)

    # Plans

    def test_a_plan_of_another_company_is_refused(self):
        order = self._create_order(company_id=self.europe.id)
        order.plan_id = self.europe_plan
        with self.assertRaises(UserError):
            self._create_order(company_id=self.here.id, plan_id=self.europe_plan.id)
        here = self._create_order(company_id=self.here.id)
        with self.assertRaises(UserError):
            here.plan_id = self.europe_plan
        Template = self.env["sale.order.template"]
        with self.assertRaises(UserError):
            Template.create(
                {
                    "name": "Here",
                    "company_id": self.here.id,
                    "plan_id": self.europe_plan.id,
                }
            )
        with self.assertRaisesRegex(ValidationError, "belongs to Europe"):
            Template.create({"name": "Shared", "plan_id": self.europe_plan.id})
        template = Template.create(
            {
                "name": "Europe",
                "company_id": self.europe.id,
                "plan_id": self.europe_plan.id,
            }
        )
        with self.assertRaises(UserError):
            template.company_id = self.here

    def test_a_plan_does_not_move_to_a_company_away_from_its_orders(self):
        plan = self._create_plan()
        self._create_contract_in(self.here, 100.0, plan_id=plan.id)
        plan.company_id = self.here
        plan.company_id = False
        with self.assertRaisesRegex(ValidationError, "other companies"):
            plan.company_id = self.europe

    def test_a_branch_uses_the_plan_of_its_head_office(self):
        self.env["product.pricelist.item"].create(
            {
                "plan_id": self.europe_plan.id,
                "pricelist_id": False,
                "product_tmpl_id": self.seat.product_tmpl_id.id,
                "fixed_price": 70.0,
            }
        )
        order = self._create_contract(
            company_id=self.branch.id, plan_id=self.europe_plan.id, pricelist_id=False
        )
        self.assertFalse(order.hold, order.hold_reason)
        self.assertEqual(order.invoice_ids.company_id, self.branch)
        self.assertEqual(order.invoice_ids.amount_untaxed, 70.0)

    # Rights

    def test_a_user_sees_neither_plans_nor_ledger_of_another_company(self):
        ours = self._create_contract_in(self.here, 100.0)
        theirs = self._create_contract_in(
            self.europe, 100.0, plan_id=self.europe_plan.id
        )
        for company, seen, hidden in (
            (self.here, ours, theirs),
            (self.europe, theirs, ours),
        ):
            user = self._create_user(company, "account.group_account_invoice")
            env = self.env(
                user=user, context={"allowed_company_ids": user.company_ids.ids}
            )
            rows = env["subscription.period"].search([])
            self.assertEqual(rows.ids, seen.period_ids.ids)
            with self.assertRaises(AccessError):
                hidden.period_ids.with_env(env).read(["date_from"])
            visible = env["subscription.plan"].search([])
            self.assertIn(self.monthly, visible)
            self.assertEqual(self.europe_plan in visible, company == self.europe)
            if company == self.here:
                with self.assertRaises(AccessError):
                    self.europe_plan.with_env(env).read(["name"])

    def test_the_ledger_follows_the_companies_a_user_has_switched_on(self):
        contracts = self.env["sale.order"]
        for company in self.companies:
            contracts |= self._create_contract_in(company, 100.0)
        Period = self.env["subscription.period"]
        one = Period.with_context(allowed_company_ids=self.japan.ids)
        self.assertEqual(one.search([]).company_id, self.japan)
        self.assertEqual(Period.search([]).company_id, self.companies)

    def test_the_counts_of_a_plan_are_those_of_the_companies_at_work(self):
        for company in (self.here, self.here, self.japan):
            self._create_contract_in(company, 100.0)
        plan = self.monthly.with_context(allowed_company_ids=self.japan.ids)
        self.assertEqual(plan.contract_count, 1)
        self.assertEqual(plan.recurring_line_count, 1)
