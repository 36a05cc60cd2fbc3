from odoo.fields import Command
from odoo.tests import tagged

from .event_common import EventCommon


@tagged("post_install", "-at_install")
class TestEventHistory(EventCommon):
    """Contracts that have no events yet, and what proves those that are there."""

    def _forget(self, *orders):
        """Make contracts as they were before events were written."""
        self.env.flush_all()
        for order in orders:
            self.env.cr.execute(
                "DELETE FROM subscription_event WHERE order_id = %s", [order.id]
            )
            self.env.cr.execute(
                "UPDATE sale_order SET event_snapshot = NULL, last_event_date = NULL,"
                " mrr_rate = NULL WHERE id = %s",
                [order.id],
            )
        self.env.invalidate_all()

    def _get_history(self, *orders):
        """Return (day, kind, kind for the customer, MRR change), in their order."""
        orders = self.env["sale.order"].union(*orders)
        return [
            (
                str(event.event_date),
                event.kind,
                event.customer_kind,
                event.mrr_change,
                event.mrr_after,
                event.product_mrr,
            )
            for event in orders.event_ids.sorted(lambda one: (one.event_date, one.id))
        ]

    def _live_a_life(self):
        with self._on("2026-01-01"):
            first = self._create_contract((self.seat, 2))
        with self._on("2026-02-10"):
            second = self._create_contract(self.goods)
        with self._on("2026-02-15"):
            first._change_quantities({first.order_line: 3}, at="now")
        with self._on("2026-03-05"):
            first._pause()
        with self._on("2026-03-20"):
            first._resume()
        with self._on("2026-04-01"):
            first._change_plan(self.yearly, at="now")
        with self._on("2026-05-10"):
            second._close(self.tired)
        with self._on("2026-05-11"):
            renewal = self._renew(first)
            renewal.order_line.product_uom_qty = 5
            renewal.action_confirm()
        return first, second, renewal

    def test_history_is_rebuilt_from_what_is_on_record(self):
        orders = self._live_a_life()
        told = self._get_history(*orders)
        self.assertEqual(len(told), 14)
        self._forget(*orders)
        with self._on("2026-07-01"):
            self.Event._rebuild()
            self.assertEqual(self._get_history(*orders), told)
            self._assert_sound()

    def test_history_is_rebuilt_once(self):
        orders = self._live_a_life()
        told = self._get_history(*orders)
        with self._on("2026-07-01"):
            self.assertFalse(self.Event._rebuild() & orders[0].event_ids)
            self.assertEqual(self._get_history(*orders), told)

    def test_a_foreign_contract_gets_the_rates_of_its_days(self):
        euro = self._enable_euro(d2026_01_01=1.10, d2026_08_01=1.20)
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id}
        )
        with self._on("2026-07-01"):
            order = self._create_contract(
                (self.seat, 1, {"price_unit": 100.0}), pricelist_id=pricelist.id
            )
        with self._on("2026-08-15"):
            order._change_quantities({order.order_line: 2}, at="now")
        told = self._get_history(order)
        self._forget(order)
        with self._on("2026-09-01"):
            self.Event._rebuild()
            self.assertEqual(self._get_history(order), told)
            self.assertEqual(order.mrr, 240.0)
            self._assert_sound()

    def test_what_no_record_explains_is_an_event_of_today(self):
        with self._on("2026-01-01"):
            order = self._create_contract(self.seat)
        self._forget(order)
        self.env.cr.execute(
            "UPDATE sale_order_line SET mrr = 150 WHERE order_id = %s", [order.id]
        )
        self.env.cr.execute("UPDATE sale_order SET mrr = 150 WHERE id = %s", [order.id])
        self.env.invalidate_all()
        with self._on("2026-07-01"):
            self.Event._rebuild(order)
            self.assertEqual(
                [one[:4] for one in self._get_history(order)],
                [
                    ("2026-01-01", "new", "new", 100.0),
                    ("2026-07-01", "expansion", "expansion", 50.0),
                ],
            )
            self._assert_sound()

    def test_a_contract_that_is_imported_counts_from_its_start(self):
        with self._on("2026-07-01"):
            order = self.env["sale.order"].create(
                {
                    "partner_id": self.partner.id,
                    "plan_id": self.monthly.id,
                    "state": "sale",
                    "start_date": "2025-03-01",
                    "order_line": [Command.create({"product_id": self.seat.id})],
                }
            )
            self.assertEqual(
                [one[:4] for one in self._get_history(order)],
                [("2025-03-01", "new", "new", 100.0)],
            )
            self._assert_sound()

    # === PROOF === #

    def _plant(self, assignment, kind="new"):
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE subscription_event SET {assignment} WHERE id IN ("
            "SELECT max(id) FROM subscription_event"
            f" WHERE company_id = {self.company.id} AND kind = '{kind}')"
        )
        self.env.invalidate_all()
        return self.Event.verify()

    def test_an_amount_that_is_wrong_is_found(self):
        with self._on("2026-07-01"):
            order = self._create_contract(self.seat)
            self._assert_sound()
            findings = self._plant("mrr_change = 90")
        self.assertEqual(len(findings), 3, findings)
        self.assertIn(f"{order.name}: its events add up to", findings[0])
        self.assertIn("90.00", findings[0])
        self.assertIn("100.00", findings[0])

    def test_a_contract_that_does_not_count_is_found(self):
        with self._on("2026-07-01"):
            self._create_contract(self.seat)
            [finding] = self._plant("active_change = 0")
        self.assertIn("counts 0 times", finding)

    def test_a_customer_who_is_new_twice_is_found(self):
        with self._on("2026-07-01"):
            self._create_contract(self.seat)
            self._create_contract(self.goods)
            [finding] = self._plant("customer_kind = 'new'")
        self.assertIn("Ada Example is new 2 times", finding)

    def test_a_transfer_that_leaves_something_over_is_found(self):
        with self._on("2026-07-01"):
            order = self._create_contract(self.seat)
            order._pause()
            findings = self._plant("active_change = 0", "transfer")
        self.assertEqual(len(findings), 2, findings)
        self.assertIn("transfers leave", findings[1])

    def test_products_that_do_not_add_up_are_found(self):
        with self._on("2026-07-01"):
            self._create_contract(self.seat)
            [finding] = self._plant("product_mrr = '{\"1\": 30.0}'")
        self.assertIn("the products add up to", finding)

    def test_a_contract_without_events_is_found(self):
        with self._on("2026-07-01"):
            order = self._create_contract(self.seat)
            self._forget(order)
            [finding] = self.Event.verify()
        self.assertIn(f"{order.name} counts 0 times", finding)

    def test_the_check_lists_differences_until_they_are_gone(self):
        with self._on("2026-07-01"):
            order = self._create_contract(self.seat)
            self._plant("active_change = 0")
            self._verify_at_night()
            finding = self.env["subscription.finding"].search([])
            self.assertEqual((finding.order_id, finding.is_open), (order, True))
            self.assertIn("counts 0 times", finding.message)
            [activity] = order.activity_ids
            self.assertIn("counts 0 times", activity.note)
            self._verify_at_night()
            self.assertEqual(self.env["subscription.finding"].search([]), finding)
            self.assertEqual(order.activity_ids, activity)
            self._plant("active_change = 1")
            action = finding.action_check()
            self.assertEqual(action["params"]["message"], "All figures add up.")
            self.assertFalse(finding.is_open)
            self.assertTrue(finding.gone_date)

    def _verify_at_night(self):
        with self.enter_registry_test_mode():
            self.env.ref("subscriptions.ir_cron_verify").method_direct_trigger()
        self.env.invalidate_all()
