from lxml import html

from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import Refused, ShopHttpCommon

HTTP = "odoo.http"


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestCheckout(ShopHttpCommon):
    def _sign_in(self):
        self.authenticate(self.login, self.login)

    def _order(self, *things, **values):
        """Fill a cart as the customer who is signed in, and ask to pay it."""
        self._sign_in()
        for product, plan in things:
            self._add_over_http(product, plan_id=plan.id)
        self.url_open("/shop/checkout")
        cart = self._get_cart()
        return cart, self._ask_to_pay(cart, **values)

    def _get_transaction(self, processing_values):
        return (
            self.env["payment.transaction"]
            .sudo()
            .search([("reference", "=", processing_values["reference"])])
        )

    # === PAGES === #

    def test_the_product_page_offers_the_plans(self):
        page = self._open(self.seat.website_url)
        plans = self._find(page, "o_subscription_plan")
        self.assertEqual(len(plans), 2)
        self.assertIn("Save 10 %", " ".join(plans[1].itertext()))
        self.assertEqual(self._get_text(page, "oe_price"), "$ 10.00")

    def test_a_link_may_name_the_plan(self):
        page = self._open(f"{self.seat.website_url}?plan_id={self.yearly.id}")
        self.assertEqual(self._get_text(page, "oe_price"), "$ 108.00")
        for odd in ("x", "1.5", "-1", "9" * 30, ""):
            page = self._open(f"{self.seat.website_url}?plan_id={odd}")
            self.assertEqual(self._get_text(page, "oe_price"), "$ 10.00")

    def test_another_plan_brings_its_price_and_its_mark(self):
        info = self._call(
            "/website_sale/get_combination_info",
            {
                "product_template_id": self.seat.product_tmpl_id.id,
                "product_id": self.seat.id,
                "combination": [],
                "add_qty": 1,
                "plan_id": self.yearly.id,
            },
        )
        self.assertEqual(info["price"], 108.0)
        chosen = html.fromstring(info["shop_plan_selector"]).xpath("//input[@checked]")
        self.assertEqual([one.get("value") for one in chosen], [str(self.yearly.id)])

    def test_the_cart_shows_what_is_due_and_what_recurs(self):
        self._add_over_http(self.seat, plan_id=self.yearly.id)
        self._add_over_http(self.setup_fee)
        page = self._open("/shop/cart")
        self.assertIn("$ 358.00", self._get_text(page, "o_order_total", "name"))
        summary = self._get_text(page, "o_subscription_summary")
        self.assertIn("Once $ 250.00", summary)
        self.assertIn("Every year next on July 1, 2027 $ 108.00", summary)

    def test_the_plan_is_changed_in_the_cart(self):
        self._add_over_http(self.seat)
        cart = self._get_cart()
        values = self._call(
            "/shop/cart/update",
            {
                "line_id": cart.order_line.id,
                "quantity": 2,
                "plan_id": self.yearly.id,
            },
        )
        self.assertEqual(values["amount"], 216.0)
        self.assertEqual(values["minor_amount"], 21600)
        self.assertIn("Every year", values["website_sale.total"])

    def test_what_was_added_names_its_plan(self):
        data = self._add_over_http(self.seat, plan_id=self.yearly.id)
        (line,) = data["notification_info"]["lines"]
        self.assertEqual(line["combination_name"], "By the Year")

    # === WHO ORDERS === #

    def test_visitors_sign_up_before_they_subscribe(self):
        self._add_over_http(self.seat)
        response = self.url_open("/shop/checkout", allow_redirects=False)
        self.assertIn(
            "/web/signup?redirect=%2Fshop%2Fcheckout", response.headers["Location"]
        )

    def test_they_sign_in_where_nobody_may_sign_up(self):
        self.website.auth_signup_uninvited = "b2b"
        self._add_over_http(self.seat)
        response = self.url_open("/shop/checkout", allow_redirects=False)
        self.assertIn(
            "/web/login?redirect=%2Fshop%2Fcheckout", response.headers["Location"]
        )

    def test_visitors_buy_what_does_not_recur_as_ever(self):
        self._add_over_http(self.setup_fee)
        response = self.url_open("/shop/checkout", allow_redirects=False)
        self.assertIn("/shop/address", response.headers["Location"])

    @mute_logger(HTTP)
    def test_visitors_cannot_pay_past_the_sign_in(self):
        self._add_over_http(self.seat)
        cart = self._get_cart()
        with self.assertRaisesRegex(Refused, "sign in"):
            self._ask_to_pay(cart)
        self.assertFalse(cart.transaction_ids)

    def _offers_express_checkout(self):
        self.provider.write(
            {
                "allow_express_checkout": True,
                "express_checkout_form_view_id": self.env.ref(
                    "payment_demo.express_checkout_form"
                ).id,
            }
        )
        page = self._open("/shop/cart")
        return bool(self._find(page, "o_express_checkout_container", "name"))

    def test_express_checkout_waits_for_the_sign_in(self):
        self._add_over_http(self.setup_fee)
        self.assertTrue(self._offers_express_checkout())
        self._add_over_http(self.seat)
        self.assertFalse(self._offers_express_checkout())

    def test_express_checkout_is_offered_where_the_total_is_due(self):
        self._sign_in()
        self._add_over_http(self.seat)
        self.assertTrue(self._offers_express_checkout())
        self._add_over_http(self.tryout)
        self.assertFalse(self._offers_express_checkout())

    # === WHAT IS ASKED FOR === #

    def test_the_payment_page_names_renewal_and_end_and_what_the_button_does(self):
        self.website.subscription_order_button = "Buy and pay"
        self._sign_in()
        self._add_over_http(self.seat)
        page = self._open("/shop/payment")
        button = self._get_text(page, "o_payment_submit_button", "name")
        self.assertEqual(button, "Buy and pay")
        terms = self._get_text(page, "o_subscription_terms")
        self.assertIn("It renews every month until you cancel it.", terms)
        self.assertIn("to the end of the paid period", terms)

    def test_a_plain_cart_keeps_the_button_of_odoo(self):
        self._sign_in()
        self._add_over_http(self.setup_fee)
        page = self._open("/shop/payment")
        button = self._get_text(page, "o_payment_submit_button", "name")
        self.assertEqual(button, "Pay now")
        self.assertFalse(self._find(page, "o_subscription_terms"))

    def test_only_methods_that_can_be_saved_are_offered(self):
        voucher = self._create_unsavable_method()
        self._sign_in()
        self._add_over_http(self.setup_fee)
        self.assertIn(voucher.name, self.url_open("/shop/payment").text)
        self._add_over_http(self.seat)
        text = self.url_open("/shop/payment").text
        self.assertNotIn(voucher.name, text)
        self.assertIn(self.card.name, text)

    def test_a_trial_asks_for_a_method_and_no_money(self):
        self._sign_in()
        self._add_over_http(self.tryout)
        page = self._open("/shop/payment")
        (form,) = self._find(page, "o_payment_form", "id")
        self.assertEqual(form.get("data-mode"), "validation")
        self.assertFalse(float(form.get("data-amount") or 0))

    # === PAYING === #

    def test_a_paid_cart_is_a_contract_whether_the_customer_comes_back_or_not(self):
        cart, values = self._order((self.seat, self.monthly), (self.seat, self.yearly))
        tx = self._get_transaction(values)
        self.assertEqual((tx.amount, tx.tokenize), (118.0, True))
        self._answer(tx)
        self.assertEqual(len(cart._get_bought_contracts()), 2)
        page = self._open("/shop/payment/validate")
        links = self._find(page, "o_subscription_bought")[0].xpath(".//a")
        self.assertEqual(len(links), 2)
        for link in links:
            self.assertEqual(self.url_open(link.get("href")).status_code, 200)
        self.assertIn("Thank you", " ".join(page.itertext()))

    def test_paying_with_a_saved_method_charges_it_once(self):
        cart, values = self._order(
            (self.seat, self.monthly),
            flow="token",
            token_id=self.token.id,
            payment_method_id=None,
        )
        tx = self._get_transaction(values)
        self.assertEqual((tx.state, tx.operation), ("done", "online_token"))
        tx._post_process()
        self.env.invalidate_all()
        self.assertEqual(cart.subscription_state, "progress")
        self.assertEqual(cart.payment_token_id, self.token)

    def test_a_trial_is_ordered_with_a_method_that_is_saved_already(self):
        self._sign_in()
        self._add_over_http(self.tryout)
        cart = self._get_cart()
        self.url_open("/shop/checkout")
        self._call(
            f"/my/orders/{cart.id}/payment_method",
            {"token_id": self.token.id, "access_token": cart._portal_ensure_token()},
        )
        page = self._open("/shop/payment/validate")
        self.env.invalidate_all()
        self.assertEqual((cart.state, cart.in_trial), ("sale", True))
        self.assertEqual(cart.payment_token_id, self.token)
        self.assertIn(cart.name, self._get_text(page, "o_subscription_bought"))

    def test_nothing_is_confirmed_by_opening_the_last_page(self):
        self._sign_in()
        self._add_over_http(self.tryout)
        cart = self._get_cart()
        response = self.url_open("/shop/payment/validate", allow_redirects=False)
        self.assertIn("/shop/payment", response.headers["Location"])
        self.env.invalidate_all()
        self.assertEqual(cart.state, "draft")

    # === BAD INPUT === #

    @mute_logger(HTTP)
    def test_other_amounts_are_refused_in_words(self):
        for amount in (0.01, 9.99, 10.01, -10.0, 1e308, "x", [], "NaN"):
            with (
                self.subTest(amount=amount),
                self.assertRaisesRegex(Refused, "not what is due"),
            ):
                self._order((self.seat, self.monthly), amount=amount)
            self._get_cart().unlink()

    @mute_logger(HTTP)
    def test_a_method_of_somebody_else_is_refused(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        token = self._create_token(stranger)
        with self.assertRaisesRegex(Refused, "not one of"):
            self._order(
                (self.seat, self.monthly),
                flow="token",
                token_id=token.id,
                payment_method_id=None,
            )
        self.assertFalse(self._get_cart().transaction_ids)

    @mute_logger(HTTP)
    def test_a_cart_is_not_paid_without_its_link(self):
        self._add_over_http(self.seat)
        for token in ("", "wrong", None):
            with self.assertRaisesRegex(Refused, "access token"):
                self._ask_to_pay(self._get_cart(), access_token=token)
        self.assertFalse(self._get_cart().transaction_ids)

    @mute_logger(HTTP)
    def test_a_plan_that_was_archived_meanwhile_is_not_paid(self):
        self._sign_in()
        self._add_over_http(self.seat)
        cart = self._get_cart()
        self.monthly.active = False
        with self.assertRaisesRegex(Refused, "archived|not offered"):
            self._ask_to_pay(cart)
        self.assertFalse(cart.transaction_ids)
        page = self._open("/shop/cart")
        self.assertIn("is not offered any more", " ".join(page.itertext()))

    @mute_logger(HTTP)
    def test_the_same_cart_is_not_paid_in_two_tabs(self):
        cart, values = self._order((self.seat, self.monthly))
        tx = self._get_transaction(values)
        tx._set_pending()
        with self.assertRaisesRegex(Refused, "under way"):
            self._ask_to_pay(cart, amount=10.0)
        self._answer(tx)
        with self.assertRaisesRegex(Refused, "complete already"):
            self._ask_to_pay(cart, amount=10.0)
        self.assertEqual(len(cart.transaction_ids), 1)
        self.assertEqual(len(cart.invoice_ids), 1)

    @mute_logger(HTTP)
    def test_odd_plans_and_quantities_get_words_and_change_nothing(self):
        for values, words in (
            ({"plan_id": "x"}, "no plan"),
            ({"plan_id": [1]}, "no plan"),
            ({"plan_id": 1e300}, "no plan|not offered"),
            ({"plan_id": 1.5}, "no plan"),
            ({"plan_id": True}, "no plan"),
            ({"quantity": "x"}, "as a number"),
            ({"quantity": None}, "as a number"),
            ({"quantity": 1e308}, "online|too large"),
        ):
            with self.subTest(**values):
                try:
                    data = self._add_over_http(self.seat, **values)
                    said = data["notification_info"]["warning"]
                except Refused as error:
                    said = str(error)
                self.assertRegex(said, words)
                self.assertNotIn("Traceback", said)

    @mute_logger(HTTP)
    def test_markup_in_the_name_of_a_plan_is_text(self):
        self.monthly.name = "<script>alert(1)</script>"
        self._sign_in()
        self._add_over_http(self.seat)
        for url in (self.seat.website_url, "/shop/cart", "/shop/payment"):
            self.assertNotIn("<script>alert(1)", self.url_open(url).text)
