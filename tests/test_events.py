from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .event_common import EventCommon


@tagged("post_install", "-at_install")
class TestEvents(EventCommon):
    """What happens to one contract."""

    def setUp(self):
        super().setUp()
        self._start_clock("2026-07-01")

    def _start_clock(self, day):
        clock = self._on(day)
        clock.start()
        self.addCleanup(clock.stop)

    # === BEGIN === #

    def test_a_confirmed_contract_is_new(self):
        order = self._create_contract((self.seat, 2))
        self.assertEqual(self._get_events(order), [("new", 200.0, 1)])
        event = order.event_ids
        self.assertEqual(event.mrr_after, 200.0)
        self.assertEqual(event.product_mrr, {str(self.seat.id): 200.0})
        self.assertEqual(event.event_date, self._day("2026-07-01"))
        self.assertEqual(event.root_order_id, order)
        self.assertEqual(event.origin, order.name)
        self.assertEqual(event.note, "Confirmed")
        self.assertEqual(event.actor_id, self.env.user)
        self.assertEqual(event.currency_id, self.company.currency_id)
        self._assert_sound()

    def test_a_quotation_is_nothing_yet_and_a_sale_without_plan_never(self):
        quotation = self._create_order(self.seat)
        quotation.order_line.product_uom_qty = 5
        self.assertFalse(quotation.event_ids)
        sale = self._create_order(self.setup_fee, plan_id=False)
        sale.action_confirm()
        self.assertFalse(sale.event_ids)

    def test_a_week_counts_for_its_part_of_a_month_and_a_year_for_a_twelfth(self):
        weekly = self.env.ref("subscriptions.plan_weekly")
        order = self._create_contract(self.seat, plan_id=weekly.id)
        self.assertEqual(order.event_ids.mrr_change, 434.82)
        self.env["product.pricelist.item"].search(
            [("plan_id", "=", self.yearly.id)]
        ).fixed_price = 1200.0
        order = self._create_contract(self.seat, plan_id=self.yearly.id)
        self.assertEqual(order.event_ids.mrr_change, 100.0)

    def test_what_is_sold_once_does_not_count(self):
        order = self._create_contract(self.seat, self.setup_fee)
        self.assertEqual(self._get_events(order), [("new", 100.0, 1)])

    def test_taxes_do_not_count(self):
        tax = self.company_data["default_tax_sale"].copy(
            {"name": "Included", "price_include_override": "tax_included", "amount": 25}
        )
        order = self._create_contract(
            (self.seat, 1, {"tax_ids": [Command.set(tax.ids)]})
        )
        self.assertEqual(self._get_events(order), [("new", 80.0, 1)])

    def test_a_contract_that_costs_nothing_is_a_contract(self):
        order = self._create_contract((self.seat, 1, {"discount": 100.0}))
        self.assertEqual(self._get_events(order), [("new", 0.0, 1)])
        order.order_line.discount = 50.0
        self.assertEqual(
            self._get_events(order), [("new", 0.0, 1), ("expansion", 50.0, 0)]
        )

    def test_a_trial_does_not_count_before_it_is_over(self):
        plan = self._create_plan(trial_days=14)
        order = self._create_contract(self.seat, plan_id=plan.id)
        self.assertFalse(order.event_ids)
        with self._on("2026-07-20"):  # the run comes five days late
            self._apply_scheduled()
            self.assertEqual(self._get_events(order), [("new", 100.0, 1)])
            self.assertEqual(order.event_ids.event_date, self._day("2026-07-15"))
            self.assertEqual(order.event_ids.note, "The trial is over")
            self._assert_sound()

    def test_who_leaves_in_the_trial_was_never_counted(self):
        plan = self._create_plan(trial_days=14)
        order = self._create_contract(self.seat, plan_id=plan.id)
        with self._on("2026-07-10"):
            order._close(self.tired)
            self.assertEqual(order.subscription_state, "churned")
            self.assertFalse(order.event_ids)
            self._assert_sound()

    # === MORE AND LESS === #

    def test_an_upsell_is_an_expansion_by_who_confirmed_it(self):
        order = self._create_contract(self.seat)
        seller = new_test_user(
            self.env, "seller", "sales_team.group_sale_salesman_all_leads"
        )
        upsell = self._upsell(order, (self.seat, 2), self.goods)
        upsell.with_user(seller).action_confirm()
        self.assertEqual(
            self._get_events(order), [("new", 100.0, 1), ("expansion", 260.0, 0)]
        )
        event = order.event_ids.sorted("id")[-1]
        self.assertEqual(event.origin, upsell.name)
        self.assertEqual(event.actor_id, seller)
        self.assertEqual(
            event.product_mrr, {str(self.seat.id): 200.0, str(self.goods.id): 60.0}
        )
        self.assertEqual(event.mrr_after, 360.0)
        self.assertFalse(upsell.event_ids)
        self._assert_sound()

    def test_what_is_planned_counts_on_its_day(self):
        order = self._create_contract((self.seat, 3))
        order._change_quantities({order.order_line: 1})
        self.assertEqual(self._get_events(order), [("new", 300.0, 1)])
        with self._on("2026-08-03"):
            self._apply_scheduled()
            self.assertEqual(
                self._get_events(order), [("new", 300.0, 1), ("contraction", -200.0, 0)]
            )
            event = order.event_ids.sorted("id")[-1]
            self.assertEqual(event.event_date, self._day("2026-08-01"))
            self.assertEqual(event.change_id, order.change_ids)
            self.assertIn("3 → 1", event.note)

    def test_another_plan_moves_the_mrr_and_is_one_expansion(self):
        order = self._create_contract(self.seat)
        order._change_plan(self.yearly, at="now")
        self.assertEqual(
            self._get_events(order),
            [
                ("new", 100.0, 1),
                ("transfer", -100.0, -1),
                ("transfer", 100.0, 1),
                ("expansion", 20.0, 0),
            ],
        )
        self.assertEqual(self._get_mrr_by("plan_id"), {self.yearly: (120.0, 1)})
        self._assert_sound()

    def test_a_price_someone_types_is_an_event_and_a_saved_form_one(self):
        order = self._create_contract(self.seat, self.goods)
        order.order_line[0].price_unit = 130.0
        self.assertEqual(self._get_events(order)[1:], [("expansion", 30.0, 0)])
        seat, coffee = order.order_line
        order.write(
            {
                "order_line": [
                    Command.update(seat.id, {"price_unit": 100.0}),
                    Command.update(coffee.id, {"price_unit": 70.0}),
                ]
            }
        )
        self.assertEqual(self._get_events(order)[2:], [("contraction", -20.0, 0)])
        self.assertEqual(
            order.event_ids.sorted("id")[-1].product_mrr,
            {str(self.seat.id): -30.0, str(self.goods.id): 10.0},
        )
        self._assert_sound()

    def test_a_line_added_or_taken_off_is_an_event(self):
        order = self._create_contract(self.seat)
        order.order_line = [Command.create({"product_id": self.goods.id})]
        self.assertEqual(self._get_events(order)[1:], [("expansion", 60.0, 0)])
        with self._on("2026-07-02"):
            order.order_line[1].product_uom_qty = 0
            self.assertEqual(self._get_events(order)[2:], [("contraction", -60.0, 0)])

    def test_what_changes_nothing_is_no_event(self):
        order = self._create_contract(self.seat)
        order.write({"client_order_ref": "PO 7", "user_id": order.user_id.id})
        order.order_line.write({"name": "Seat, blue", "price_unit": 100.0})
        order._bill(self._day("2026-09-30"))
        order.preview_invoices(3)
        self.assertEqual(len(order.event_ids), 1)

    def test_a_price_increase_is_an_expansion_that_names_it(self):
        order = self._create_contract(self.seat)
        increase = self.env["subscription.price.increase"].create(
            {
                "name": "Indexation",
                "company_id": self.company.id,
                "value": 5.0,
                "date": "2026-07-15",
                "notice_template_id": False,
            }
        )
        increase.action_preview()
        increase.action_schedule()
        with self._on("2026-08-01"):
            self._apply_scheduled()
            event = order.event_ids.sorted("id")[-1]
            self.assertEqual((event.kind, event.mrr_change), ("expansion", 5.0))
            self.assertEqual(event.origin, increase.display_name)

    # === WHAT IT IS COUNTED UNDER === #

    def test_another_salesperson_takes_the_mrr_over(self):
        order = self._create_contract(self.seat)
        other = new_test_user(self.env, "other", "sales_team.group_sale_salesman")
        order.user_id = other
        self.assertEqual(self._get_mrr_by("user_id"), {other: (100.0, 1)})
        self.assertEqual(self._get_events(order, transfers=False), [("new", 100.0, 1)])
        self._assert_sound()

    def test_a_pause_has_its_own_state_and_nets_nothing(self):
        order = self._create_contract(self.seat)
        order._pause()
        self.assertEqual(self._get_mrr_by("state"), {"paused": (100.0, 1)})
        self.assertEqual(order.event_ids.sorted("id")[-1].note, "Paused")
        with self._on("2026-07-20"):
            order._resume()
            self.assertEqual(self._get_mrr_by("state"), {"progress": (100.0, 1)})
            self.assertEqual(order.event_ids.sorted("id")[-1].note, "Resumed")
            self._assert_sound()

    # === RENEWAL === #

    def test_a_renewal_transfers_and_what_is_more_is_expansion(self):
        order = self._create_contract((self.seat, 2))
        renewal = self._renew(order)
        renewal.order_line.product_uom_qty = 3
        renewal.action_confirm()
        self.assertEqual(
            self._get_events(order, renewal),
            [
                ("new", 200.0, 1),
                ("transfer", -200.0, -1),
                ("transfer", 200.0, 1),
                ("expansion", 100.0, 0),
            ],
        )
        self.assertEqual((order | renewal).event_ids.root_order_id, order)
        self.assertEqual(renewal.event_ids.mapped("origin"), [renewal.name] * 2)
        self._assert_sound()

    def test_a_cancelled_renewal_gives_everything_back(self):
        order = self._create_contract(self.seat)
        renewal = self._renew(order)
        renewal.order_line.product_uom_qty = 3
        renewal.action_confirm()
        renewal._action_cancel()
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(sum(renewal.event_ids.mapped("mrr_change")), 0.0)
        self.assertEqual(sum(order.event_ids.mapped("mrr_change")), 100.0)
        self.assertNotIn("churn", (order | renewal).event_ids.mapped("kind"))
        self._assert_sound()

    # === END === #

    def test_a_closed_contract_churns_on_the_day_it_ends(self):
        order = self._create_contract(self.seat)
        order._close(self.tired, self._day("2026-07-31"))
        self.assertEqual(len(order.event_ids), 1)
        with self._on("2026-08-04"):  # the run comes late
            self._apply_scheduled()
            self.assertEqual(
                self._get_events(order), [("new", 100.0, 1), ("churn", -100.0, -1)]
            )
            event = order.event_ids.sorted("id")[-1]
            self.assertEqual(event.event_date, self._day("2026-07-31"))
            self.assertEqual(event.close_reason_id, self.tired)
            self.assertEqual(event.note, "Closed: Tired of it")
            self._assert_sound()

    def test_a_fixed_term_churns_on_its_last_day(self):
        order = self._create_contract(self.seat, end_date="2026-08-31")
        with self._on("2026-09-01"):
            self._apply_scheduled()
            event = order.event_ids.sorted("id")[-1]
            self.assertEqual((event.kind, event.mrr_change), ("churn", -100.0))
            self.assertEqual(event.event_date, self._day("2026-08-31"))

    def test_a_paused_contract_churns_once(self):
        order = self._create_contract(self.seat)
        with self._on("2026-07-05"):
            order._pause()
        with self._on("2026-07-10"):
            order._close(self.tired)
            self.assertEqual(
                self._get_events(order, transfers=False),
                [("new", 100.0, 1), ("churn", -100.0, -1)],
            )
            self.assertEqual(self._get_mrr_by("state"), {})
            self._assert_sound()

    def test_a_reopened_contract_is_reactivated(self):
        order = self._create_contract(self.seat)
        with self._on("2026-07-10"):
            order._close(self.tired)
        with self._on("2026-07-20"):
            order._reopen()
            self.assertEqual(
                self._get_events(order),
                [
                    ("new", 100.0, 1),
                    ("churn", -100.0, -1),
                    ("reactivation", 100.0, 1),
                ],
            )
            self._assert_sound()

    def test_a_late_renewal_reactivates(self):
        order = self._create_contract(self.seat, end_date="2026-07-31")
        renewal = self._renew(order)
        with self._on("2026-08-05"):
            self._apply_scheduled()
            self.assertEqual(order.subscription_state, "churned")
            renewal.action_confirm()
            self.assertEqual(
                self._get_events(order, renewal),
                [
                    ("new", 100.0, 1),
                    ("churn", -100.0, -1),
                    ("reactivation", 100.0, 1),
                ],
            )
            self._assert_sound()

    def test_what_is_cancelled_before_it_was_billed_was_never_sold(self):
        order = self._create_contract(self.seat, start_date="2026-08-01")
        order.order_line.product_uom_qty = 2
        order._action_cancel()
        self.assertEqual(
            sorted(self._get_events(order)),
            [
                ("expansion", -100.0, 0),
                ("expansion", 100.0, 0),
                ("new", -100.0, -1),
                ("new", 100.0, 1),
            ],
        )
        self._assert_sound()
        order.action_draft()
        order.action_confirm()
        self.assertEqual(self._get_events(order)[4:], [("new", 200.0, 1)])
        self.assertEqual(order.event_ids.sorted("id")[-1].customer_kind, "new")
        self._assert_sound()

    # === CURRENCIES === #

    def test_a_foreign_contract_counts_at_the_rate_of_each_event(self):
        euro = self._enable_euro(d2026_01_01=1.10, d2026_08_01=1.20)
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id}
        )
        order = self._create_contract(
            (self.seat, 1, {"price_unit": 100.0}), pricelist_id=pricelist.id
        )
        self.assertEqual(self._get_events(order), [("new", 110.0, 1)])
        with self._on("2026-08-15"):
            order._change_quantities({order.order_line: 2}, at="now")
            self.assertEqual(
                self._get_events(order)[1:],
                [("currency", 10.0, 0), ("expansion", 120.0, 0)],
            )
            self.assertEqual(order.mrr, 240.0)
            self._assert_sound()
        with self._on("2026-09-01"):
            order._bill()
            self.assertEqual(len(order.event_ids), 3)
            order._close(self.tired)
            self.assertEqual(self._get_events(order)[3:], [("churn", -240.0, -1)])
            self._assert_sound()

    # === NEVER REWRITTEN === #

    def test_events_cannot_be_changed_by_anybody(self):
        event = self._create_contract(self.seat).event_ids
        admin = self.env.ref("base.user_admin")
        for user in (admin, self.env.ref("base.user_root")):
            own = event.with_user(user)
            with self.assertRaises(AccessError):
                own.write({"mrr_change": 1.0})
            with self.assertRaises(AccessError):
                own.unlink()
        with self.assertRaises(AccessError):
            event.with_user(admin).create({"order_id": event.order_id.id})
        self.assertEqual(event.mrr_change, 100.0)

    def test_a_contract_with_a_history_cannot_be_deleted(self):
        order = self._create_contract(self.seat, start_date="2026-08-01")
        order._action_cancel()
        with self.assertRaisesRegex(UserError, "reports of the past"):
            order.unlink()
        quotation = self._create_order(self.seat)
        quotation.unlink()
        self.assertFalse(quotation.exists())
