from datetime import date

from odoo.tests import freeze_time, tagged

from .common import ONCE, ShopCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestCart(ShopCommon):
    def test_a_product_is_bought_with_the_plan_that_was_chosen(self):
        cart = self._create_cart((self.seat, self.yearly))
        self.assertEqual(cart.plan_id, self.yearly)
        self.assertEqual(cart.order_line.price_unit, 108.0)
        self.assertTrue(cart.order_line.is_recurring)

    def test_without_a_choice_it_is_the_first_plan(self):
        self.assertEqual(self._create_cart(self.seat).plan_id, self.monthly)

    def test_the_same_product_with_another_plan_is_another_line(self):
        cart = self._create_cart(
            (self.seat, self.monthly), (self.seat, self.yearly), self.seat
        )
        self.assertEqual(cart.order_line.mapped("product_uom_qty"), [2.0, 1.0])
        self.assertEqual(cart.order_line.mapped("price_unit"), [10.0, 108.0])

    def test_what_is_also_sold_once_can_be_bought_once(self):
        cart = self._create_cart((self.goods, ONCE))
        self.assertFalse(cart.plan_id)
        self.assertFalse(cart.is_subscription)
        self.assertEqual(cart.order_line.price_unit, 60.0)

    def test_once_and_by_subscription_stand_in_one_cart(self):
        cart = self._create_cart((self.goods, ONCE), (self.goods, self.monthly))
        self.assertEqual(cart.order_line.mapped("price_unit"), [60.0, 55.0])
        self.assertEqual(cart.order_line.mapped("is_recurring"), [False, True])

    def test_a_cart_without_subscriptions_is_a_plain_order(self):
        cart = self._create_cart(self.setup_fee)
        self.assertFalse(cart.plan_id)
        self.assertFalse(cart._is_subscription_cart())
        self.assertEqual(cart._get_cart_amount(), 250.0)

    def test_the_plan_leaves_with_its_last_line(self):
        cart = self._create_cart((self.seat, self.yearly), self.setup_fee)
        cart._cart_update_line_quantity(self._get_line(cart, self.seat).id, 0)
        self.assertFalse(cart.plan_id)
        self.assertFalse(cart.is_subscription)

    def test_the_plan_can_be_changed_in_the_cart(self):
        cart = self._create_cart(self.seat)
        cart._cart_update_line_quantity(cart.order_line.id, 2, plan_id=self.yearly.id)
        self.assertEqual(cart.plan_id, self.yearly)
        self.assertEqual(
            (cart.order_line.price_unit, cart.order_line.product_uom_qty), (108.0, 2.0)
        )

    def test_it_can_be_changed_to_buying_once_and_back(self):
        cart = self._create_cart((self.goods, self.monthly))
        line = cart.order_line
        cart._cart_update_line_quantity(line.id, 1, plan_id=ONCE)
        self.assertEqual((line.price_unit, cart.is_subscription), (60.0, False))
        cart._cart_update_line_quantity(line.id, 1, plan_id=self.monthly.id)
        self.assertEqual((line.price_unit, cart.is_subscription), (55.0, True))

    def test_a_salesperson_who_changes_the_plan_of_a_cart_changes_its_lines(self):
        cart = self._create_cart(self.seat)
        cart.plan_id = self.yearly
        self.assertEqual(cart.order_line.price_unit, 108.0)
        self.assertFalse(cart._is_cart_of_many())

    def test_what_is_sold_once_is_paid_with_a_contract_that_is_paid_now(self):
        cart = self._create_cart(self.tryout, self.setup_fee, (self.seat, self.yearly))
        self.assertEqual(cart.plan_id, self.yearly)
        self.assertEqual(self._get_line(cart, self.tryout).cart_plan_id, self.trial)
        self.assertEqual(cart._get_amount_due_now(), 108.0 + 250.0)

    # === THE FEE FOR THE SET-UP === #

    def test_a_set_up_fee_comes_with_its_subscription_and_leaves_with_it(self):
        self.seat.setup_product_id = self.setup_fee
        cart = self._create_cart(self.seat)
        fee = self._get_line(cart, self.setup_fee)
        self.assertEqual((fee.product_uom_qty, fee.price_unit), (1.0, 250.0))
        self._add(cart, self.seat)
        self.assertEqual(self._get_line(cart, self.setup_fee), fee)
        cart._cart_update_line_quantity(self._get_line(cart, self.seat).id, 0)
        self.assertFalse(cart.order_line)

    def test_it_is_not_taken_out_alone_nor_counted(self):
        self.seat.setup_product_id = self.setup_fee
        cart = self._create_cart(self.seat)
        fee = self._get_line(cart, self.setup_fee)
        for quantity in (0, 3):
            result = cart._cart_update_line_quantity(fee.id, quantity)
            self.assertIn("belongs to Seat", result["warning"])
        self.assertEqual(fee.product_uom_qty, 1.0)

    def test_bought_once_there_is_no_set_up(self):
        self.goods.setup_product_id = self.setup_fee
        cart = self._create_cart((self.goods, self.monthly))
        self.assertTrue(self._get_line(cart, self.setup_fee))
        line = self._get_line(cart, self.goods)
        cart._cart_update_line_quantity(line.id, 1, plan_id=ONCE)
        self.assertFalse(self._get_line(cart, self.setup_fee))

    # === WHAT IT COMES TO === #

    def test_once_and_each_plan_stand_apart_with_their_next_day(self):
        cart = self._create_cart(
            (self.seat, self.monthly), (self.seat, self.yearly), self.setup_fee
        )
        summary = cart._get_cart_summary()
        self.assertEqual(
            [(row["label"], row["amount"], row["date"]) for row in summary["rows"]],
            [
                ("Once", 250.0, False),
                ("Every month", 10.0, date(2026, 8, 1)),
                ("Every year", 108.0, date(2027, 7, 1)),
            ],
        )
        self.assertEqual(summary["due"], 368.0)

    def test_what_is_due_has_taxes_and_rows_have_them_as_the_shop_shows(self):
        self.seat.taxes_id = self._tax(10.0)
        cart = self._create_cart(self.seat)
        summary = cart._get_cart_summary()
        self.assertEqual(
            (summary["due"], summary["tax"], summary["rows"][0]["amount"]),
            (11.0, 1.0, 10.0),
        )
        self.website.show_line_subtotals_tax_selection = "tax_included"
        self.assertEqual(cart._get_cart_summary()["rows"][0]["amount"], 11.0)

    def test_in_a_trial_nothing_is_due_until_its_end(self):
        cart = self._create_cart(self.tryout)
        summary = cart._get_cart_summary()
        self.assertEqual(summary["due"], 0.0)
        self.assertEqual(
            [(row["label"], row["date"]) for row in summary["rows"]],
            [("Every month", date(2026, 7, 15))],
        )
        self.assertTrue(cart._has_to_save_payment_method())

    def test_a_first_period_that_is_prorated_is_due_at_its_share(self):
        aligned = self._create_plan(name="First of Month", align=True, align_day=1)
        self._price(self.goods, aligned, 100.0)
        self.goods.prorate = True
        with freeze_time("2026-07-15"):
            cart = self._create_cart((self.goods, aligned))
            # 17 of 31 days
            self.assertEqual(cart._get_amount_due_now(), 54.84)
            self.assertEqual(cart._get_cart_summary()["rows"][0]["amount"], 100.0)

    def test_what_was_asked_before_a_change_is_not_answered_after_it(self):
        cart = self._create_cart((self.seat, self.monthly), (self.seat, self.yearly))
        self.assertEqual(cart._get_amount_due_now(), 118.0)
        cart.order_line[0].product_uom_qty = 3
        self.assertEqual(cart._get_amount_due_now(), 138.0)

    def test_the_terms_say_how_each_plan_renews_and_ends(self):
        self.yearly.notice_days = 30
        cart = self._create_cart((self.seat, self.monthly), (self.seat, self.yearly))
        monthly, yearly = cart._get_cart_terms()
        self.assertIn("renews every month until you cancel", monthly["text"])
        self.assertIn("to the end of the paid period", monthly["text"])
        self.assertIn("30 days’ notice", yearly["text"])

    def test_the_terms_name_the_day_on_which_a_trial_is_first_charged(self):
        (terms,) = self._create_cart(self.tryout)._get_cart_terms()
        self.assertIn("July 15, 2026", terms["text"])

    # === WHAT THE WEBSITE TAKES === #

    def test_a_website_may_take_one_plan_a_cart(self):
        self.website.subscription_cart_plans = "one"
        cart = self._create_cart((self.seat, self.monthly))
        result = self._add(cart, self.seat, self.yearly)
        self.assertIn("By the Month", result["warning"])
        self.assertEqual(len(cart.order_line), 1)
        # The only line may change its plan, and more of the same may come.
        cart._cart_update_line_quantity(cart.order_line.id, 1, plan_id=self.yearly.id)
        self.assertEqual(cart.plan_id, self.yearly)
        self.assertFalse(self._add(cart, self.seat, self.yearly)["warning"])

    # === WHAT CANNOT BE BOUGHT === #

    def test_a_plan_that_is_not_offered_is_refused_in_words(self):
        cart = self._create_cart()
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self._create_plan(name="Foreign", company_id=other.id)
        hidden = self._create_plan(name="Hidden", is_sold_online=False)
        archived = self._create_plan(name="Gone", active=False)
        for plan in (self.trial, foreign, hidden, archived):
            with self.subTest(plan=plan.name):
                self._price(self.seat, plan, 1.0) if plan != self.trial else None
                result = self._add(cart, self.seat, plan)
                self.assertIn("not offered like this", result["warning"])
                self.assertFalse(cart.order_line)

    def test_numbers_that_are_no_plan_are_refused_in_words(self):
        cart = self._create_cart()
        for number in (-1, 10**9, 2**40):
            result = cart._cart_add(self.seat.id, 1, plan_id=number)
            self.assertIn("not offered like this", result["warning"])
        self.assertFalse(cart.order_line)

    def test_buying_once_what_is_not_sold_once_is_refused_in_words(self):
        cart = self._create_cart()
        self.assertIn("choose a plan", self._add(cart, self.seat, ONCE)["warning"])
        self.assertFalse(cart.order_line)

    def test_what_has_no_plan_is_refused_in_words(self):
        lonely = self._publish(self._create_item("Lonely", 5.0))
        result = self._add(self._create_cart(), lonely)
        self.assertIn("cannot be ordered online", result["warning"])

    def test_quantities_without_sense_leave_the_cart_as_it_was(self):
        cart = self._create_cart()
        for quantity in (0, -1):
            self._add(cart, self.seat, quantity=quantity)
            self.assertFalse(cart.order_line)
        result = self._add(cart, self.seat, quantity=10**9)
        self.assertIn("100,000", result["warning"])
        self.assertEqual(cart.order_line.product_uom_qty, 100_000)

    def test_an_archived_plan_in_an_old_cart_is_replaced_with_words(self):
        cart = self._create_cart((self.seat, self.yearly))
        self.yearly.active = False
        cart._verify_cart()
        self.assertEqual(cart.plan_id, self.monthly)
        self.assertEqual(cart.order_line.price_unit, 10.0)
        self.assertIn("is not offered any more", cart.shop_warning)

    def test_what_has_no_plan_any_more_is_taken_out_with_words(self):
        cart = self._create_cart((self.seat, self.yearly), self.setup_fee)
        self.seat.shop_plan_ids = self.trial
        self.trial.is_sold_online = False
        cart._verify_cart()
        self.assertEqual(cart.order_line.product_id, self.setup_fee)
        self.assertFalse(cart.plan_id)
        self.assertIn("taken out", cart.shop_warning)

    def test_new_prices_are_shown_before_they_are_paid(self):
        cart = self._create_cart(self.seat)
        self.monthly.price_ids.filtered(
            lambda rule: rule.product_tmpl_id == self.seat.product_tmpl_id
        ).fixed_price = 12.0
        self.assertEqual(cart._get_amount_due_now(), 10.0)
        cart._recompute_cart()  # as the payment page does
        self.assertEqual(cart._get_amount_due_now(), 12.0)

    def test_an_old_cart_does_not_expire(self):
        self.company.quotation_validity_days = 30
        cart = self._create_cart(self.seat)
        with freeze_time("2026-12-24"):
            self.assertFalse(cart.is_expired)
            cart._check_may_be_accepted()
