from odoo.tests import tagged

from .event_common import EventCommon


@tagged("post_install", "-at_install")
class TestEventsOfCustomers(EventCommon):
    """What the same movements are for the customer as a whole."""

    def setUp(self):
        super().setUp()
        clock = self._on("2026-07-01")
        clock.start()
        self.addCleanup(clock.stop)

    def _get_kinds(self, *orders):
        """Return (kind, kind for the customer), in their order."""
        orders = self.env["sale.order"].union(*orders)
        return [
            (event.kind, event.customer_kind) for event in orders.event_ids.sorted("id")
        ]

    def test_only_the_first_contract_ever_is_new(self):
        first = self._create_contract(self.seat)
        second = self._create_contract(self.goods)
        self.assertEqual(self._get_kinds(first), [("new", "new")])
        self.assertEqual(self._get_kinds(second), [("new", "expansion")])

    def test_dropping_one_of_two_is_a_contraction_and_the_last_one_churn(self):
        first = self._create_contract(self.seat)
        second = self._create_contract(self.goods)
        first._close(self.tired)
        self.assertEqual(self._get_kinds(first)[1:], [("churn", "contraction")])
        second._close(self.tired)
        self.assertEqual(self._get_kinds(second)[1:], [("churn", "churn")])
        self._assert_sound()

    def test_who_had_churned_and_signs_again_is_reactivated(self):
        self._create_contract(self.seat)._close(self.tired)
        again = self._create_contract(self.goods)
        self.assertEqual(self._get_kinds(again), [("new", "reactivation")])
        self._assert_sound()

    def test_a_reopened_contract_beside_another_is_an_expansion(self):
        first = self._create_contract(self.seat)
        self._create_contract(self.goods)
        first._close(self.tired)
        first._reopen()
        self.assertEqual(
            self._get_kinds(first)[1:],
            [("churn", "contraction"), ("reactivation", "expansion")],
        )
        self._assert_sound()

    def test_two_contracts_confirmed_in_one_go_are_one_new_customer(self):
        orders = self._create_order(self.seat) + self._create_order(self.goods)
        orders.action_confirm()
        self.assertEqual(
            sorted(orders.event_ids.mapped("customer_kind")), ["expansion", "new"]
        )
        self._assert_sound()

    def test_people_of_one_company_are_one_customer(self):
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        people = self.env["res.partner"].create(
            [{"name": name, "parent_id": firm.id} for name in ("Bo", "Cy")]
        )
        orders = [self._create_contract(self.seat, partner_id=one.id) for one in people]
        self.assertEqual(
            self._get_kinds(*orders), [("new", "new"), ("new", "expansion")]
        )
        events = orders[0].event_ids + orders[1].event_ids
        self.assertEqual(events.commercial_partner_id, firm)
        self.assertEqual(events.partner_id, people)

    def test_a_customer_of_two_companies_is_new_to_both(self):
        other = self._create_company(name="Other")
        ours = self._create_contract(self.seat)
        theirs = (
            self.env["sale.order"]
            .with_company(other)
            .create(
                {
                    "partner_id": self.partner.id,
                    "company_id": other.id,
                    "plan_id": self.env["subscription.plan"]
                    .create({"name": "Theirs", "invoice_mode": "draft"})
                    .id,
                    "start_date": "2026-08-01",
                    "order_line": [(0, 0, {"product_id": self.seat.id})],
                }
            )
        )
        theirs.action_confirm()
        self.assertEqual(self._get_kinds(ours), [("new", "new")])
        self.assertEqual(self._get_kinds(theirs), [("new", "new")])
        self.assertEqual(theirs.event_ids.company_id, other)

    def test_a_renewal_changes_nothing_for_the_customer(self):
        order = self._create_contract(self.seat)
        renewal = self._renew(order)
        renewal.action_confirm()
        self.assertEqual(
            self._get_kinds(order, renewal)[1:], [("transfer", "transfer")] * 2
        )
        with self._on("2026-08-05"):
            renewal._bill()
            renewal._close(self.tired)
        self.assertEqual(self._get_kinds(renewal)[-1], ("churn", "churn"))
        self._assert_sound()

    def test_who_took_a_sale_back_is_new_the_next_time(self):
        order = self._create_contract(self.seat, start_date="2026-08-01")
        order._action_cancel()
        again = self._create_contract(self.seat)
        self.assertEqual(self._get_kinds(again), [("new", "new")])
        self._assert_sound()
