from datetime import date

from odoo.tests import freeze_time, tagged

from .common import ShopCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestSplit(ShopCommon):
    def _get_states(self, orders):
        return [
            (order.plan_id, order.subscription_state, order.invoice_ids.payment_state)
            for order in orders
        ]

    def test_a_paid_cart_is_a_running_contract_with_its_first_invoice(self):
        cart = self._create_cart(self.seat)
        tx = self._pay_cart(cart)
        self.assertEqual(self._get_states(cart), [(self.monthly, "progress", "paid")])
        self.assertEqual(cart.payment_token_id, tx.token_id)
        self.assertTrue(tx.token_id)
        self.assertEqual(cart.next_invoice_date, date(2026, 8, 1))

    def test_each_plan_becomes_a_contract_and_one_payment_pays_all(self):
        cart = self._create_cart(
            (self.seat, self.monthly), (self.seat, self.yearly), self.setup_fee
        )
        tx = self._pay_cart(cart)
        part = cart.cart_part_ids
        self.assertEqual(
            self._get_states(cart | part),
            [
                (self.monthly, "progress", "paid"),
                (self.yearly, "progress", "paid"),
            ],
        )
        self.assertEqual(cart.invoice_ids.amount_total, 260.0)
        self.assertEqual(part.invoice_ids.amount_total, 108.0)
        self.assertEqual(tx.payment_id.amount, 368.0)
        self.assertEqual(tx.invoice_ids, (cart | part).invoice_ids)
        self.assertEqual(part.payment_token_id, tx.token_id)
        self.assertEqual(part.next_invoice_date, date(2027, 7, 1))
        self.assertFalse((cart | part).order_line.cart_plan_id)

    def test_figures_count_each_contract_once(self):
        cart = self._create_cart((self.seat, self.monthly), (self.seat, self.yearly))
        self._pay_cart(cart)
        orders = cart | cart.cart_part_ids
        self.assertEqual(
            [(event.kind, event.mrr_change) for event in orders.event_ids],
            [("new", 10.0), ("new", 9.0)],
        )
        self.assertFalse(orders.verify_ledger())

    def test_a_trial_beside_a_paid_plan_is_not_charged(self):
        cart = self._create_cart(self.tryout, (self.seat, self.monthly))
        tx = self._pay_cart(cart)
        part = cart.cart_part_ids
        self.assertEqual(tx.amount, 10.0)
        self.assertEqual(cart.plan_id, self.monthly)
        self.assertEqual((part.plan_id, part.in_trial), (self.trial, True))
        self.assertFalse(part.invoice_ids)
        self.assertEqual(part.payment_token_id, tx.token_id)

    def test_a_trial_alone_is_ordered_by_saving_a_method(self):
        cart = self._create_cart(self.tryout)
        tx = self._pay_cart(cart)
        self.assertEqual(tx.operation, "validation")
        self.assertEqual((cart.state, cart.in_trial), ("sale", True))
        self.assertEqual(cart.payment_token_id, tx.token_id)

    def test_a_payment_that_failed_before_does_not_count_as_paid(self):
        cart = self._create_cart(self.tryout)
        self._answer(self._create_payment(cart, 5.0), "error")
        cart._accept_with_payment_method(self.token)
        self.assertEqual(cart.state, "sale")
        self.assertEqual(cart._get_bought_summary()["due"], 0.0)

    def test_after_the_trial_the_saved_method_is_charged_once(self):
        cart = self._create_cart(self.tryout)
        self._pay_cart(cart)
        with freeze_time("2026-07-15"):
            self._apply_scheduled()
            cart._bill()
            self._collect()
            self.assertEqual(cart.invoice_ids.amount_total, 20.0)
            self.assertEqual(cart.invoice_ids.payment_state, "paid")

    def test_what_was_paid_in_the_shop_is_not_charged_again(self):
        (self.monthly | self.yearly).invoice_mode = "charge"
        cart = self._create_cart((self.seat, self.monthly), (self.seat, self.yearly))
        self._pay_cart(cart)
        orders = cart | cart.cart_part_ids
        self._collect()
        self.assertEqual(set(orders.invoice_ids.mapped("payment_state")), {"paid"})
        payments = self.env["payment.transaction"].search(
            [("partner_id", "=", self.partner.id), ("state", "=", "done")]
        )
        self.assertEqual(sum(payments.mapped("amount")), 118.0)

    def test_notified_five_times_it_is_one_contract_and_one_invoice(self):
        cart = self._create_cart((self.seat, self.monthly), (self.seat, self.yearly))
        tx = self._pay_cart(cart)
        for _time in range(4):
            self._answer(tx)
        self.assertEqual(len(cart.cart_part_ids), 1)
        self.assertEqual(len((cart | cart.cart_part_ids).invoice_ids), 2)
        self.assertEqual(len(tx.invoice_ids), 2)

    def test_the_scheduled_action_finishes_what_the_customer_did_not(self):
        cart = self._create_cart((self.seat, self.monthly), (self.seat, self.yearly))
        tx = self._create_payment(
            cart, cart._get_amount_due_now(), contract_start_date=cart._get_today()
        )
        tx._process(
            "demo",
            {
                "reference": tx.reference,
                "simulated_state": "done",
                "payment_details": "4321",
            },
        )
        self.assertEqual(cart.state, "draft")
        with self.enter_registry_test_mode():
            self.env.ref("payment.cron_post_process_payment_tx").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(len(cart._get_bought_contracts()), 2)

    def test_bought_once_beside_a_subscription_does_not_recur(self):
        cart = self._create_cart((self.goods, 0), (self.goods, self.monthly))
        self._pay_cart(cart)
        self.assertEqual(cart.invoice_ids.amount_total, 115.0)
        self.assertEqual(cart.recurring_total, 55.0)
        (following,) = cart.preview_invoices(1)
        self.assertEqual(following["amount_total"], 55.0)

    def test_a_set_up_fee_goes_with_its_contract(self):
        self.tryout.setup_product_id = self.setup_fee
        self._price(self.tryout, self.yearly, 99.0)
        cart = self._create_cart((self.seat, self.monthly), (self.tryout, self.yearly))
        self._pay_cart(cart)
        self.assertEqual(cart.invoice_ids.amount_total, 10.0)
        self.assertEqual(cart.cart_part_ids.invoice_ids.amount_total, 349.0)

    def test_a_rebate_is_spread_over_the_contracts_to_the_last_cent(self):
        self._price(self.goods, self.yearly, 23.0)
        cart = self._create_cart((self.seat, self.monthly), (self.goods, self.yearly))
        rebate = self._create_item("Rebate", 0.0, recurring_invoice=False)
        cart.order_line = [
            (
                0,
                0,
                {"product_id": rebate.id, "product_uom_qty": 1, "price_unit": -10.0},
            )
        ]
        # 10.00 and 23.00 of 33.00: 3.03 and 6.97
        self.assertEqual(cart._get_amount_due_now(), 23.0)
        tx = self._pay_cart(cart)
        self.assertEqual(tx.amount, 23.0)
        self.assertEqual(cart.invoice_ids.amount_total, 6.97)
        self.assertEqual(cart.cart_part_ids.invoice_ids.amount_total, 16.03)
        self.assertEqual(cart.invoice_ids.payment_state, "paid")

    def test_prices_that_change_after_the_payment_do_not_touch_what_was_paid(self):
        cart = self._create_cart((self.seat, self.monthly), (self.seat, self.yearly))
        tx = self._create_payment(
            cart, cart._get_amount_due_now(), contract_start_date=cart._get_today()
        )
        for rule in (self.monthly | self.yearly).price_ids:
            rule.fixed_price = 500.0
        self._answer(tx)
        self.assertEqual(cart.invoice_ids.amount_total, 10.0)
        self.assertEqual(cart.cart_part_ids.invoice_ids.amount_total, 108.0)
        self.assertEqual(cart.cart_part_ids.order_line.price_unit, 108.0)

    def test_a_person_is_told_of_a_cart_that_is_paid_in_vain(self):
        cart = self._create_cart(self.seat)
        tx = self._create_payment(cart, 10.0, contract_start_date=cart._get_today())
        cart.order_line.product_uom_qty = 2  # in another tab
        self._answer(tx)
        self.assertEqual(cart.state, "draft")
        self.assertIn("Paid, but not confirmed", cart.activity_ids.mapped("summary"))

    def test_the_same_cart_paid_in_two_tabs_tells_a_person_and_bills_once(self):
        cart = self._create_cart(self.seat)
        day = cart._get_today()
        first = self._create_payment(cart, 10.0, contract_start_date=day)
        second = self._create_payment(
            cart, 10.0, contract_start_date=day, reference=f"{first.reference}-second"
        )
        self._answer(first)
        self._answer(second)
        self.assertEqual(len(cart.invoice_ids), 1)
        self.assertEqual(len(cart.period_ids), 1)
        self.assertTrue(cart.activity_ids, "nobody was told of the second payment")

    def test_a_salesperson_who_confirms_a_cart_splits_it_too(self):
        cart = self._create_cart((self.seat, self.monthly), (self.seat, self.yearly))
        cart.with_user(self.env.user).action_confirm()
        self.assertEqual(cart.cart_part_ids.plan_id, self.yearly)
        self.assertEqual(len((cart | cart.cart_part_ids).invoice_ids), 2)

    def test_an_archived_plan_is_refused_when_it_is_confirmed(self):
        cart = self._create_cart((self.seat, self.monthly), (self.seat, self.yearly))
        self.yearly.active = False
        self.assertIn("archived", cart._confirmation_error_message())

    def test_the_mail_names_what_recurs_and_how_it_ends(self):
        cart = self._create_cart(self.seat)
        self._pay_cart(cart)
        mail = self.env["mail.mail"].search(
            [("model", "=", "sale.order"), ("res_id", "=", cart.id)], limit=1
        )
        self.assertIn(f"your contract {cart.name}", mail.subject)
        self.assertIn("renews every month until you cancel it", mail.body_html)
        self.assertIn("every month", mail.body_html)
        self.assertIn(cart.access_token, mail.body_html)
