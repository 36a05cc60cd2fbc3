from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import ONCE, ShopCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestCombos(ShopCommon):
    """A combo recurs as a whole: its parts have its plan, whatever happens to it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.part = cls._publish(cls._create_item("Part", 4.0, recurring_invoice=False))
        cls.choice = cls.env["product.combo"].create(
            {
                "name": "Choice",
                "combo_item_ids": [Command.create({"product_id": cls.part.id})],
            }
        )
        cls.combo = cls._publish(
            cls._create_item(
                "Bundle",
                40.0,
                type="combo",
                combo_ids=[Command.set(cls.choice.ids)],
                accept_one_time=True,
            )
        )
        cls._price(cls.combo, cls.monthly, 30.0)
        cls._price(cls.combo, cls.yearly, 300.0)

    def _add_combo(self, cart, plan=None):
        result = self._add(cart, self.combo, plan)
        kwargs = {} if plan is None else {"plan_id": plan.id}
        cart._cart_add(
            self.part.id,
            1,
            combo_item_id=self.choice.combo_item_ids.id,
            linked_line_id=result["line_id"],
            **kwargs,
        )
        cart._verify_cart_after_update()
        return cart.order_line.browse(result["line_id"])

    def test_its_parts_recur_with_it(self):
        cart = self._create_cart()
        line = self._add_combo(cart, self.monthly)
        self.assertTrue(all(cart.order_line.mapped("is_recurring")))
        self.assertEqual(cart._get_amount_due_now(), 30.0)
        self.assertEqual(line._get_shop_period(), "month")

    def test_its_price_follows_a_plan_that_is_changed_in_the_cart(self):
        cart = self._create_cart()
        line = self._add_combo(cart, self.monthly)
        cart._cart_update_line_quantity(line.id, 1, plan_id=self.yearly.id)
        self.assertEqual(cart.plan_id, self.yearly)
        self.assertEqual(cart._get_amount_due_now(), 300.0)

    def test_bought_once_nothing_of_it_recurs(self):
        cart = self._create_cart((self.seat, self.monthly))
        line = self._add_combo(cart, self.monthly)
        cart._cart_update_line_quantity(line.id, 1, plan_id=ONCE)
        self.assertFalse(line.linked_line_ids.is_recurring)
        self.assertEqual(cart._get_amount_due_now(), 50.0)
        self.assertEqual(cart.recurring_total, 10.0)

    def test_a_part_has_no_plan_of_its_own(self):
        cart = self._create_cart()
        part = self._add_combo(cart, self.monthly).linked_line_ids
        cart._cart_update_line_quantity(part.id, 1, plan_id=self.yearly.id)
        self.assertFalse(part.cart_plan_id)
        self.assertFalse(cart._is_cart_of_many())

    def test_it_becomes_a_contract_with_its_parts(self):
        cart = self._create_cart((self.seat, self.monthly))
        self._add_combo(cart, self.yearly)
        self._pay_cart(cart)
        part = cart.cart_part_ids
        self.assertEqual(part.plan_id, self.yearly)
        self.assertEqual(part.order_line.product_id, self.combo | self.part)
        self.assertEqual(part.invoice_ids.amount_total, 300.0)
        self.assertEqual(part.recurring_total, 300.0)

    def test_where_one_plan_is_taken_its_plan_can_be_changed(self):
        self.website.subscription_cart_plans = "one"
        cart = self._create_cart()
        line = self._add_combo(cart, self.monthly)
        cart._cart_update_line_quantity(line.id, 1, plan_id=self.yearly.id)
        self.assertEqual(cart.plan_id, self.yearly)


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestCartInOrder(ShopCommon):
    """What was found wrong once, and must not come back."""

    def test_a_discount_of_the_pricelist_is_there_after_the_checkout_looks_again(self):
        group = self.env.ref("sale.group_discount_per_so_line")
        self.env.ref("base.group_user").sudo().implied_ids = [Command.link(group.id)]
        pricelist = self.env["product.pricelist"].create(
            {"name": "Discounts", "company_id": self.company.id}
        )
        self.tryout.list_price = 100.0
        self._price(
            self.tryout,
            self.monthly,
            0.0,
            compute_price="percentage",
            percent_price=20.0,
            pricelist_id=pricelist.id,
        )
        cart = self._create_cart(pricelist_id=pricelist.id)
        self._add(cart, self.tryout, self.monthly)
        self.assertEqual(cart._get_amount_due_now(), 80.0)
        cart._recompute_cart()
        self.assertEqual(cart._get_amount_due_now(), 80.0)

    def test_a_cart_that_is_merged_into_another_keeps_its_plan(self):
        abandoned = self._create_cart((self.seat, self.yearly))
        cart = self._create_cart((self.seat, self.monthly))
        abandoned.order_line.write({"order_id": cart.id})  # as Odoo does
        self.assertEqual(cart.plan_id, self.monthly)
        self.assertEqual(sorted(cart.order_line.mapped("price_unit")), [10.0, 108.0])
        self.assertEqual(cart._get_amount_due_now(), 118.0)

    def test_a_cart_that_is_merged_into_a_plain_one_keeps_its_plan(self):
        abandoned = self._create_cart((self.seat, self.yearly))
        cart = self._create_cart(self.setup_fee)
        abandoned.order_line.write({"order_id": cart.id})
        self.assertEqual(cart.plan_id, self.yearly)
        self.assertEqual(cart._get_amount_due_now(), 358.0)

    def test_a_cart_from_before_a_product_was_a_subscription_gets_its_plan(self):
        self.setup_fee.recurring_invoice = False
        cart = self._create_cart(self.setup_fee)
        self.setup_fee.recurring_invoice = True
        with self.assertRaisesRegex(ValidationError, "sold by subscription"):
            cart._check_cart_is_ready_to_be_paid()
        self._price(self.setup_fee, self.monthly, 20.0)
        cart._verify_cart()
        self.assertEqual(cart.plan_id, self.monthly)
        self.assertIn("has the plan “By the Month” now", cart.shop_warning)

    def test_a_product_and_its_option_that_lose_their_plans_are_both_taken_out(self):
        option = self._publish(self._create_item("Option", 3.0))
        self._price(option, self.yearly, 3.0)
        cart = self._create_cart((self.seat, self.yearly))
        cart._cart_add(
            option.id, 1, linked_line_id=cart.order_line.id, plan_id=self.yearly.id
        )
        (self.seat | option).product_tmpl_id.shop_plan_ids = self.trial
        self.trial.is_sold_online = False
        cart._verify_cart()
        self.assertFalse(cart.order_line)

    def test_goods_are_not_given_away_beside_a_trial(self):
        cart = self._create_cart(self.tryout, self.setup_fee)
        with self.assertRaisesRegex(ValidationError, "order it by itself"):
            cart._check_cart_is_ready_to_be_paid()
        token = self.token
        with self.assertRaisesRegex(ValidationError, "order it by itself"):
            cart._accept_with_payment_method(token)
        self.assertEqual(cart.state, "draft")

    def test_the_fee_of_a_trial_is_paid_with_its_first_invoice(self):
        self.tryout.setup_product_id = self.setup_fee
        cart = self._create_cart(self.tryout)
        self._pay_cart(cart)
        self.assertEqual(cart.state, "sale")
        self.assertEqual(cart.preview_invoices(1)[0]["amount_total"], 270.0)

    def test_a_rebate_of_more_than_what_is_due_is_refused_in_words(self):
        cart = self._create_cart(self.seat)
        cart.order_line = [
            Command.create({"product_id": self.setup_fee.id, "price_unit": -50.0})
        ]
        self.assertEqual(cart._get_amount_due_now(), 0.0)
        with self.assertRaisesRegex(ValidationError, "discount is more"):
            cart._check_cart_is_ready_to_be_paid()

    def test_a_rebate_goes_to_what_is_due_now(self):
        cart = self._create_cart((self.seat, self.monthly), self.tryout)
        cart.order_line = [
            Command.create({"product_id": self.setup_fee.id, "price_unit": -5.0})
        ]
        self._pay_cart(cart)
        self.assertEqual(cart.invoice_ids.amount_total, 5.0)
        self.assertFalse(
            cart.cart_part_ids.order_line.filtered(lambda line: line.price_unit < 0)
        )

    def test_a_rebate_is_spread_as_the_customer_was_told(self):
        # What is invoiced when it is delivered is on no invoice at confirmation.
        self.setup_fee.invoice_policy = "delivery"
        cart = self._create_cart(
            (self.seat, self.monthly), (self.seat, self.yearly), self.setup_fee
        )
        cart.order_line = [
            Command.create({"product_id": self.tryout.id, "price_unit": -36.8})
        ]
        cart.order_line[-1].is_sold_once = True
        shares = cart._get_rebate_shares(cart._get_cart_parts())
        # 260.00 and 108.00 of 368.00 are due now
        self.assertEqual(list(shares.values()), [[-26.0, -10.8]])
        cart.action_confirm()
        self.assertEqual(cart.order_line[-1].price_unit, -26.0)
        self.assertEqual(cart.cart_part_ids.order_line[-1].price_unit, -10.8)

    def test_a_price_for_many_is_offered_for_many_only(self):
        self._price(self.tryout, self.yearly, 5.0, min_quantity=5)
        cart = self._create_cart()
        few = self._add(cart, self.tryout, self.yearly, quantity=4)
        self.assertIn("not offered like this", few["warning"])
        self.assertFalse(self._add(cart, self.tryout, self.yearly, 5)["warning"])
        cart._check_cart_is_ready_to_be_paid()

    def test_a_fee_is_not_ordered_again_by_itself(self):
        self.seat.setup_product_id = self.setup_fee
        cart = self._create_cart(self.seat)
        fee = self._get_line(cart, self.setup_fee)
        with self._on_page():
            self.assertFalse(fee._is_reorder_allowed())

    def test_a_person_is_told_when_more_was_paid_than_was_due(self):
        cart = self._create_cart(self.seat)
        cart.order_line.product_uom_qty = 2
        tx = self._create_payment(cart, 20.0, contract_start_date=cart._get_today())
        cart.order_line.product_uom_qty = 1  # in another tab
        self._answer(tx)
        self.assertEqual(cart.state, "sale")
        self.assertTrue(cart.activity_ids, "nobody was told of the rest")

    def test_an_upsell_is_never_split(self):
        contract = self._create_cart(self.seat)
        self._pay_cart(contract)
        upsell = self.env["sale.order"].browse(contract.action_upsell()["res_id"])
        upsell.order_line[0].cart_plan_id = self.yearly
        self.assertFalse(upsell._is_cart_of_many())
