from pathlib import Path

from odoo.fields import Command

from .common import SubscriptionCommon, freeze_time, tagged

TYPED = (
    "name",
    "price_unit",
    "discount",
    "tax_ids",
    "analytic_distribution",
    "sequence",
    "product_uom_qty",
    "product_uom_id",
    "customer_lead",
)


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestInvariants(SubscriptionCommon):
    """What a person typed on a contract, nothing that happens to it types anew."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env.ref("subscriptions.close_reason_price")
        cls.service = cls._create_item("Support", 60.0)
        plan = cls.env["account.analytic.plan"].create({"name": "Projects"})
        cls.project = cls.env["account.analytic.account"].create(
            {"name": "Project", "plan_id": plan.id}
        )
        for item in (cls.seat, cls.goods):
            cls.env["product.pricelist.item"].create(
                {
                    "plan_id": cls.yearly.id,
                    "applied_on": "1_product",
                    "product_tmpl_id": item.product_tmpl_id.id,
                    "compute_price": "fixed",
                    "fixed_price": 1000.0,
                }
            )

    def setUp(self):
        super().setUp()
        self.contract = self._create_contract(start_date="2026-07-01")
        self.contract.order_line = [
            Command.create(
                {
                    "display_type": "line_section",
                    "name": "Agreed in May",
                    "sequence": 1,
                }
            ),
            Command.create(
                {
                    "product_id": self.goods.id,
                    "product_uom_qty": 4.0,
                    "name": "Beans of the agreement",
                    "price_unit": 55.5,
                    "discount": 7.5,
                    "tax_ids": [Command.set(self.tax_sale_b.ids)],
                    "analytic_distribution": {str(self.project.id): 100},
                    "sequence": 7,
                }
            ),
        ]
        line = self.contract.order_line.filtered(
            lambda one: one.product_id == self.seat
        )
        line.write(
            {
                "name": "Seats of the agreement",
                "price_unit": 88.0,
                "discount": 12.5,
                "tax_ids": [Command.set(self.tax_sale_a.ids)],
                "analytic_distribution": {str(self.project.id): 40.0},
                "sequence": 3,
                "product_uom_qty": 5.0,
            }
        )
        # Everything a rule could fetch anew is different by now.
        self.seat.list_price = 999.0
        self.goods.list_price = 999.0

    def _get_typed(self, lines):
        return [
            {
                name: line[name].ids if name == "tax_ids" else line[name]
                for name in TYPED
            }
            for line in lines.sorted("sequence")
        ]

    def _assert_kept(self, act, ignored=()):
        """Assert that an act leaves alone what was typed, today and when billed."""
        before = self._get_typed(self.contract.order_line)
        lines = self.contract.order_line
        act()
        self.env.flush_all()
        self.env.invalidate_all()
        after = self._get_typed(lines)
        for one in (*before, *after):
            for name in ignored:
                one.pop(name)
        self.assertEqual(after, before)

    def test_pausing_and_resuming(self):
        self._assert_kept(self.contract._pause)
        with freeze_time("2026-09-01"):
            self._assert_kept(self.contract._resume)

    def test_closing_taking_back_and_reopening(self):
        self._assert_kept(
            lambda: self.contract._close(self.reason, self._day("2026-07-20"))
        )
        self._assert_kept(self.contract._revoke_close)
        self._assert_kept(lambda: self.contract._close(self.reason, credit=True))
        self._assert_kept(self.contract._reopen)

    def test_an_upsell_of_something_else(self):
        upsell = self._upsell(self.contract, self.service)
        self._assert_kept(upsell.action_confirm)

    def test_an_upsell_of_more_changes_one_quantity(self):
        upsell = self._upsell(self.contract, (self.seat, 2))
        self._assert_kept(upsell.action_confirm, ignored=("product_uom_qty",))
        self.assertEqual(
            self.contract.order_line.sorted("sequence").mapped("product_uom_qty"),
            [0.0, 7.0, 4.0],
        )

    def test_fewer_units_now_and_later(self):
        line = self.contract.order_line.filtered(
            lambda one: one.product_id == self.seat
        )
        for at, quantity in (("now", 4.0), ("next_period", 3.0)):
            self._assert_kept(
                lambda at=at, quantity=quantity: self.contract._change_quantities(
                    {line: quantity}, at=at
                ),
                ignored=("product_uom_qty",),
            )
        with freeze_time("2026-08-01"):
            self._assert_kept(self._apply_scheduled, ignored=("product_uom_qty",))
        self.assertEqual(line.product_uom_qty, 3.0)

    def test_another_plan_now_and_later(self):
        self._assert_kept(lambda: self.contract._change_plan(self.yearly, at="now"))
        self.contract._change_plan(self.monthly)
        with freeze_time("2027-07-15"):
            self._assert_kept(self._apply_scheduled)
        self.assertEqual(self.contract.plan_id, self.monthly)

    def test_billing_and_another_end_date(self):
        with freeze_time("2026-08-01"):
            self._assert_kept(self.contract._bill)

        def end():
            self.contract.end_date = "2026-12-31"

        self._assert_kept(end)

    def test_a_renewal_has_what_was_typed_also_with_another_plan(self):
        renewal = self._renew(self.contract)
        before = self._get_typed(self.contract.order_line)
        self.assertEqual(self._get_typed(renewal.order_line), before)
        renewal.plan_id = self.yearly
        self.assertEqual(self._get_typed(renewal.order_line), before)
        self._assert_kept(renewal.action_confirm)
        self.assertEqual(self._get_typed(renewal.order_line), before)

    def test_the_update_prices_button_is_what_asks_rules_again(self):
        self.contract.action_update_prices()
        line = self.contract.order_line.filtered(
            lambda one: one.product_id == self.seat
        )
        self.assertEqual(line.price_unit, 999.0)

    def test_overrides_come_in_the_order_of_their_files(self):
        """Files that import one another would bring them out of it."""
        init = Path(__file__).parents[1] / "models" / "__init__.py"
        files = init.read_text().replace("from . import ", "").split()
        prefix = "odoo.addons.subscriptions.models."
        for name in self.env.registry:
            ours = [
                cls.__module__.removeprefix(prefix)
                for cls in type(self.env[name]).mro()
                # What a mixin brings stands where its own file puts it.
                if cls.__module__.startswith(prefix) and cls._name == name
            ]
            with self.subTest(model=name):
                self.assertEqual(ours, sorted(ours, key=files.index, reverse=True))
