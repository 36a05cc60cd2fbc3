from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from .event_common import EventCommon


@tagged("post_install", "-at_install")
class TestEventsInTheWorld(EventCommon):
    """What happens around contracts leaves their events right."""

    def setUp(self):
        super().setUp()
        clock = self._on("2026-07-01")
        clock.start()
        self.addCleanup(clock.stop)

    def test_a_deleted_team_leaves_contracts_that_can_be_changed(self):
        team = self.env["crm.team"].create({"name": "Short-lived"})
        order = self._create_contract(self.seat, team_id=team.id)
        self.env.flush_all()
        team.unlink()
        self.env.invalidate_all()
        order.order_line.product_uom_qty = 2
        self.assertEqual(
            self._get_events(order, transfers=False),
            [("new", 100.0, 1), ("expansion", 100.0, 0)],
        )
        self._assert_sound()

    def test_merged_customers_keep_their_history_and_their_contracts_go_on(self):
        double = self.env["res.partner"].create({"name": "Ada Exmaple"})
        kept = self._create_contract(self.seat)
        merged = self._create_contract(self.goods, partner_id=double.id)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.partner | double).ids, self.partner)
        self.env.invalidate_all()
        self._assert_sound()
        merged._close(self.tired)
        self.assertEqual(merged.event_ids.sorted("id")[-1].customer_kind, "contraction")
        kept._close(self.tired)
        self.assertEqual(kept.event_ids.sorted("id")[-1].customer_kind, "churn")
        self._assert_sound()

    def test_a_key_that_is_not_known_any_more_is_left_out(self):
        order = self._create_contract(self.seat)
        snapshot = order.event_snapshot
        keys = {**snapshot["keys"], "gone_id": 5}
        order.sudo().event_snapshot = {**snapshot, "keys": keys}
        order.order_line.product_uom_qty = 2
        self.assertEqual(
            self._get_events(order), [("new", 100.0, 1), ("expansion", 100.0, 0)]
        )

    def test_a_customer_who_moves_takes_the_mrr_to_another_country(self):
        self._create_contract(self.seat)
        germany = self.env.ref("base.de")
        self.partner.country_id = germany
        self.assertEqual(self._get_mrr_by("country_id"), {germany: (100.0, 1)})
        self._assert_sound()

    def test_a_person_who_joins_a_company_takes_the_contract_along(self):
        order = self._create_contract(self.seat)
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        self.partner.parent_id = firm
        self.assertEqual(self._get_mrr_by("commercial_partner_id"), {firm: (100.0, 1)})
        order._close(self.tired)
        self.assertEqual(order.event_ids.sorted("id")[-1].customer_kind, "churn")
        again = self._create_contract(self.seat)
        self.assertEqual(again.event_ids.customer_kind, "reactivation")
        self._assert_sound()

    def test_a_plan_edited_before_anything_was_billed_moves_the_mrr(self):
        plan = self._create_plan()
        order = self._create_contract(
            self.seat, plan_id=plan.id, start_date="2026-08-01"
        )
        plan.billing_period_value = 2
        self.assertEqual(self._get_events(order)[1:], [("contraction", -50.0, 0)])
        self._assert_sound()

    def test_prices_updated_at_once_are_one_event(self):
        order = self._create_contract(
            (self.seat, 1, {"discount": 20.0}), (self.goods, 1, {"discount": 20.0})
        )
        self.seat.list_price, self.goods.list_price = 50.0, 90.0
        order._recompute_prices()
        self.assertEqual(self._get_events(order)[1:], [("expansion", 12.0, 0)])

    def test_taken_back_at_another_rate_leaves_nothing(self):
        euro = self._enable_euro(d2026_01_01=1.10, d2026_08_01=1.20)
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id}
        )
        order = self._create_contract(
            (self.seat, 1, {"price_unit": 100.0}),
            pricelist_id=pricelist.id,
            start_date="2026-09-01",
        )
        with self._on("2026-08-15"):
            order._action_cancel()
            self.assertEqual(
                self._get_events(order), [("new", 110.0, 1), ("new", -110.0, -1)]
            )
            self._assert_sound()
            order.action_draft()
            order.pricelist_id = self.env["product.pricelist"].create({"name": "USD"})
            order.order_line.price_unit = 100.0
            order.action_confirm()
            self.assertEqual(order.mrr, 100.0)
            self._assert_sound()

    def test_taken_back_after_closing_and_reopening_twice_leaves_nothing(self):
        order = self._create_contract(self.seat)
        for _time in range(2):
            order._close(self.tired)
            order._reopen()
        moves = order.invoice_ids
        moves.button_draft()
        moves.button_cancel()
        order._action_cancel()
        self.assertEqual(sum(order.event_ids.mapped("mrr_change")), 0.0)
        self.assertEqual(sum(order.event_ids.mapped("active_change")), 0)
        self._assert_sound()

    def test_a_customer_who_keeps_another_contract_stays_new_once(self):
        first = self._create_contract(self.seat, start_date="2026-08-01")
        second = self._create_contract(self.goods)
        first._action_cancel()
        self.assertEqual(first.event_ids.sorted("id")[-1].customer_kind, "contraction")
        second._close(self.tired)
        third = self._create_contract(self.seat)
        self.assertEqual(third.event_ids.customer_kind, "reactivation")
        self._assert_sound()

    # === DAYS === #

    def test_a_paused_contract_churns_on_its_last_day(self):
        order = self._create_contract(self.seat, end_date="2026-07-31")
        order._pause()
        with self._on("2026-08-04"):
            self._apply_scheduled()
            event = order.event_ids.sorted("id")[-1]
            self.assertEqual((event.kind, event.event_date.day), ("churn", 31))
            self._assert_sound()

    def test_a_late_run_resumes_on_the_day_that_was_said(self):
        order = self._create_contract(self.seat)
        order._pause(self._day("2026-07-20"))
        with self._on("2026-08-03"):
            self._apply_scheduled()
            event = order.event_ids.sorted("id")[-1]
            self.assertEqual(event.event_date, self._day("2026-07-20"))

    def test_closed_in_the_trial_and_reopened_it_counts_from_that_day(self):
        plan = self._create_plan(trial_days=14)
        order = self._create_contract(self.seat, plan_id=plan.id)
        with self._on("2026-07-10"):
            order._close(self.tired)
        with self._on("2026-10-01"):
            order._reopen()
            self._apply_scheduled()
            [event] = order.event_ids
            self.assertGreaterEqual(event.event_date, self._day("2026-07-15"))
            self._assert_sound()

    def test_confirmed_late_it_counts_from_the_confirmation(self):
        plan = self._create_plan(trial_days=14)
        order = self._create_contract(
            self.seat, plan_id=plan.id, start_date="2026-05-01"
        )
        self.assertEqual(order.event_ids.event_date, self._day("2026-07-01"))

    # === ROBUST === #

    def test_an_error_that_is_caught_inside_keeps_what_is_known(self):
        order = self._create_contract(self.seat)
        with order._recording(note="Two steps"):
            order.order_line.product_uom_qty = 3
            with self.assertRaises(AccessError):
                order.event_ids.write({"note": "Never"})
            order.order_line.product_uom_qty = 5
        self.assertEqual(self._get_events(order)[1:], [("expansion", 400.0, 0)])
        self.assertEqual(order.event_ids.sorted("id")[-1].note, "Two steps")

    def test_what_is_made_inside_and_undone_is_forgotten(self):
        order = self._create_contract(self.seat)
        with order._recording():
            try:
                with self.env.cr.savepoint():
                    other = self._create_order(self.seat)
                    other.order_line.product_uom_qty = 2
                    raise KeyError
            except KeyError:
                order.order_line.product_uom_qty = 2
        self.assertEqual(self._get_events(order)[1:], [("expansion", 100.0, 0)])

    # === PEOPLE === #

    def test_who_handed_a_contract_over_can_read_what_was_theirs(self):
        seller = new_test_user(self.env, "seller", "sales_team.group_sale_salesman")
        other = new_test_user(self.env, "other", "sales_team.group_sale_salesman")
        order = self._create_contract(self.seat, user_id=seller.id)
        order.user_id = other
        self.env.invalidate_all()
        mine = self.Event.with_user(seller).search([("order_id", "=", order.id)])
        self.assertEqual(len(mine), 2)
        self.assertIn(order.name, mine[0].display_name)

    def test_the_button_checks_as_the_browser_presses_it(self):
        order = self._create_contract(self.seat)
        self.env.cr.execute(
            "UPDATE subscription_event SET active_change = 0 WHERE order_id = %s",
            [order.id],
        )
        self.env.invalidate_all()
        Finding = self.env["subscription.finding"]
        call_kw(Finding, "action_check", [[]], {})
        finding = Finding.search([("order_id", "=", order.id)])
        self.assertEqual(finding.company_id, self.company)
        self.env["res.lang"]._activate_lang("fr_FR")
        call_kw(Finding.with_context(lang="fr_FR"), "action_check", [[]], {})
        self.assertEqual(Finding.search([("order_id", "=", order.id)]), finding)

    def test_another_company_reads_no_differences_of_ours(self):
        order = self._create_contract(self.seat)
        self.env.cr.execute(
            "UPDATE subscription_event SET active_change = 0 WHERE order_id = %s",
            [order.id],
        )
        self.env.invalidate_all()
        self.env["subscription.finding"].action_check()
        other = self._create_company(name="Other")
        manager = new_test_user(
            self.env,
            "manager",
            "sales_team.group_sale_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        Finding = self.env["subscription.finding"]
        self.assertTrue(Finding.search([]))
        self.assertFalse(Finding.with_user(manager).search([]))
