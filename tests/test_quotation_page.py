"""The page of a quotation and its routes, as a browser uses them."""

from unittest.mock import patch

from lxml import html

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import HttpCase, JsonRpcException, new_test_user
from odoo.tools import mute_logger

from .common import freeze_time, tagged
from .payment_common import OnlinePaymentCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestQuotationPage(OnlinePaymentCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aligned = cls._create_plan(align=True, align_day=1)
        cls.trial = cls._create_plan(trial_days=14)
        cls.unsavable = cls._create_unsavable_method()

    # Helpers

    def _open(self, order, **parameters):
        parameters.setdefault("access_token", order._portal_ensure_token())
        response = self.url_open(f"/my/orders/{order.id}", params=parameters)
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text)

    def _get_form(self, order, **parameters):
        """Return what the page's form asks for, None if it has no form."""
        forms = self._open(order, **parameters).xpath("//form[@id='o_payment_form']")
        if not forms:
            return None
        radios = forms[0].xpath(".//input[@name='o_payment_radio']")
        return {
            "mode": forms[0].get("data-mode"),
            "amount": forms[0].get("data-amount"),
            "route": forms[0].get("data-transaction-route"),
            "assign": forms[0].get("data-assign-token-route"),
            "asks_to_save": bool(
                forms[0].xpath(".//input[@name='o_payment_tokenize_checkbox']")
            ),
            "methods": [
                int(radio.get("data-payment-option-id"))
                for radio in radios
                if radio.get("data-payment-option-type") == "payment_method"
            ],
            "tokens": [
                int(radio.get("data-payment-option-id"))
                for radio in radios
                if radio.get("data-payment-option-type") == "token"
            ],
        }

    def _request_payment(self, order, amount, **values):
        return self.make_jsonrpc_request(
            f"/my/orders/{order.id}/transaction",
            {
                "access_token": order._portal_ensure_token(),
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "token_id": None,
                "amount": amount,
                "flow": "direct",
                "tokenization_requested": False,
                "landing_route": f"/my/orders/{order.id}",
                "is_validation": False,
                **values,
            },
        )

    def _pay_online(self, order, amount, state="done", **values):
        answer = self._request_payment(order, amount, **values)
        if values.get("flow") != "token":
            self.make_jsonrpc_request(
                "/payment/demo/simulate_payment",
                {
                    "reference": answer["reference"],
                    "simulated_state": state,
                    "payment_details": "4321",
                },
            )
        result = self.make_jsonrpc_request("/payment/status/poll", {})
        self.env.invalidate_all()
        return result

    def _assert_refused(self, words, function, *args, **kwargs):
        """Call what makes a request, and look at what the visitor is told."""
        messages = []

        def post(url, **options):
            response = original(url, **options)
            messages.append(response.json()["error"]["data"]["message"])
            return response

        original = self.opener.post
        with (
            patch.object(self.opener, "post", post),
            self.assertRaises(JsonRpcException),
            mute_logger("odoo.http"),
        ):
            function(*args, **kwargs)
        self.assertIn(words, messages[-1])
        self.env.invalidate_all()

    def _log_in(self, partner):
        """Log in as a customer who has an account."""
        new_test_user(
            self.env,
            f"customer{partner.id}",
            "base.group_portal",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
            partner_id=partner.id,
            name=partner.name,
        )
        self.authenticate(f"customer{partner.id}", f"customer{partner.id}")

    # The page

    def test_the_page_asks_for_what_is_due_and_only_for_what_can_be_saved(self):
        order = self._quote(plan_id=self.aligned.id)
        form = self._get_form(order)
        self.assertEqual(form["mode"], "payment")
        self.assertEqual(form["amount"], "54.84")
        self.assertEqual(form["methods"], self.card.ids)
        self.assertFalse(form["asks_to_save"])

    def test_a_plain_order_offers_all_methods_and_saving_is_a_choice(self):
        order = self._quote(self.setup_fee, plan_id=False)
        form = self._get_form(order)
        self.assertEqual(form["amount"], "250.0")
        self.assertEqual(set(form["methods"]), set((self.card | self.unsavable).ids))
        self.assertTrue(form["asks_to_save"])

    def test_nothing_is_offered_by_a_provider_that_cannot_save(self):
        self.provider.allow_tokenization = False
        plain = self._quote(self.setup_fee, plan_id=False)
        self.assertIsNone(self._get_form(self._quote()))
        self.assertTrue(self._get_form(plain)["methods"])

    def test_down_payment_and_full_amount_are_those_of_what_is_due(self):
        order = self._quote(plan_id=self.aligned.id, prepayment_percent=0.5)
        amounts = [
            self._get_form(order)["amount"],
            self._get_form(order, amount_selection="full_amount")["amount"],
            self._get_form(order, payment_amount="30")["amount"],
            self._get_form(order, payment_amount="99")["amount"],
        ]
        self.assertEqual(amounts, ["27.42", "54.84", "30.0", "54.84"])
        button = self._open(order).xpath(
            "//button[@name='o_sale_portal_amount_total_button']/span"
        )[0]
        self.assertIn("54.84", button.text_content())

    def test_a_trial_asks_to_save_a_method(self):
        page = self._open(order := self._quote(plan_id=self.trial.id))
        form = self._get_form(order)
        self.assertEqual(form["mode"], "validation")
        self.assertIsNone(form["amount"])
        self.assertEqual(form["methods"], self.card.ids)
        self.assertEqual(form["tokens"], self.token.ids)
        self.assertIn("/payment_method", form["assign"])
        text = " ".join(page.text_content().split())
        self.assertIn("Accept & Save Payment Method", text)
        self.assertIn("Nothing is due now.", text)
        self.assertNotIn("Pay Now", text)

    # Paying

    def test_a_visitor_pays_by_the_link_and_the_contract_keeps_the_method(self):
        order = self._quote(plan_id=self.aligned.id)
        result = self._pay_online(order, 54.84)
        self.assertEqual(result["state"], "done")
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(order.payment_method_name, "Demo 4321")
        self.assertEqual(order.payment_token_id.partner_id, self.partner)
        self.assertEqual(order.invoice_ids.payment_state, "paid")
        page = self._open(order)
        self.assertIn("Demo 4321", page.text_content())
        [link] = page.xpath("//a[@name='payment_method']/@href")
        self.assertIn("access_token", link)

    def test_a_customer_who_is_logged_in_pays_with_a_saved_method(self):
        self._log_in(self.partner)
        order = self._quote()
        form = self._get_form(order)
        self.assertEqual(form["tokens"], self.token.ids)
        self._pay_online(order, 100.0, flow="token", token_id=self.token.id)
        self.assertEqual(order.payment_token_id, self.token)
        self.assertEqual(order.subscription_state, "progress")
        page = self._open(order, access_token=None)
        [link] = page.xpath("//a[@name='payment_method']/@href")
        self.assertEqual(link, f"/my/subscriptions/{order.id}/payment_method")

    def test_a_visitor_saves_a_method_and_the_trial_begins(self):
        order = self._quote(plan_id=self.trial.id)
        result = self._pay_online(order, None, is_validation=True)
        self.assertEqual(result["state"], "done")
        self.assertRecordValues(
            order,
            [
                {
                    "subscription_state": "progress",
                    "in_trial": True,
                    "payment_method_name": "Demo 4321",
                    "start_date": self._day("2026-07-15"),
                    "amount_paid": 0.0,
                }
            ],
        )
        self.assertFalse(order.invoice_ids)

    def test_a_visitor_accepts_with_a_method_saved_before(self):
        order = self._quote(plan_id=self.trial.id)
        self.make_jsonrpc_request(
            f"/my/orders/{order.id}/payment_method",
            {"access_token": order._portal_ensure_token(), "token_id": self.token.id},
        )
        self.env.invalidate_all()
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(order.payment_token_id, self.token)

    def test_the_trial_is_signed_first(self):
        order = self._quote(plan_id=self.trial.id, require_signature=True)
        self.assertIn("Accept & Sign", self._open(order).text_content())
        self._assert_refused(
            "sign", self._request_payment, order, None, is_validation=True
        )
        answer = self.make_jsonrpc_request(
            f"/my/orders/{order.id}/accept",
            {
                "access_token": order._portal_ensure_token(),
                "name": "Ada",
                "signature": "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=",
            },
        )
        self.env.invalidate_all()
        self.assertIn("allow_payment", answer["redirect_url"])
        self.assertEqual(order.state, "sent")
        page = self._open(order, message="sign_ok")
        self.assertIn("Save a payment method to confirm it", page.text_content())
        self._pay_online(order, None, is_validation=True)
        self.assertEqual(order.subscription_state, "progress")

    # Crafted requests

    def test_what_cannot_be_saved_is_refused(self):
        order = self._quote()
        request = self._request_payment
        self._assert_refused(
            "can be saved", request, order, 100.0, payment_method_id=self.unsavable.id
        )
        self.provider.allow_tokenization = False
        self._assert_refused("can be saved", request, order, 100.0)
        self._assert_refused("can be saved", request, order, 100.0, provider_id=0)
        self.assertFalse(order.transaction_ids)

    def test_amounts_that_are_not_due_are_refused(self):
        order = self._quote(plan_id=self.aligned.id)
        for amount in (54.83, 0.0, -54.84, 54.85, 1e308, "NaN", "Infinity", None):
            self._assert_refused(
                "not what is due", self._request_payment, order, amount
            )
        self.assertFalse(order.transaction_ids)

    def test_saving_is_refused_where_paying_is_asked_for_and_the_reverse(self):
        due = self._quote()
        free = self._quote(plan_id=self.trial.id)
        self._assert_refused(
            "needs no", self._request_payment, due, None, is_validation=True
        )
        self._assert_refused("not what is due", self._request_payment, free, 1.0)
        self._assert_refused(
            "can be saved",
            self._request_payment,
            free,
            None,
            is_validation=True,
            flow="token",
            token_id=self.token.id,
        )

    def test_methods_of_others_are_refused(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        token = self._create_token(stranger)
        self._assert_refused(
            "not one of Ada",
            self._request_payment,
            self._quote(),
            100.0,
            flow="token",
            token_id=token.id,
        )
        order = self._quote(plan_id=self.trial.id)
        self._assert_refused(
            "cannot be used",
            self.make_jsonrpc_request,
            f"/my/orders/{order.id}/payment_method",
            {"access_token": order._portal_ensure_token(), "token_id": token.id},
        )
        self.assertFalse(order.payment_token_id)

    def test_who_is_logged_in_as_somebody_else_is_told(self):
        self._log_in(self.env["res.partner"].create({"name": "Stranger"}))
        self._assert_refused(
            "logged in as Stranger", self._request_payment, self._quote(), 100.0
        )

    def test_a_wrong_link_accepts_nothing(self):
        order = self._quote(plan_id=self.trial.id)
        self._assert_refused(
            "not valid",
            self.make_jsonrpc_request,
            f"/my/orders/{order.id}/payment_method",
            {"access_token": "wrong", "token_id": self.token.id},
        )
        self._assert_refused(
            "access token is invalid",
            self._request_payment,
            order,
            None,
            is_validation=True,
            access_token="wrong",
        )

    # The customer deletes a method

    def test_the_customer_is_told_which_contracts_a_method_pays(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        self._log_in(self.partner)
        info = self.make_jsonrpc_request(
            "/web/dataset/call_kw",
            {
                "model": "payment.token",
                "method": "get_linked_records_info",
                "args": [self.token.id],
                "kwargs": {},
            },
        )
        self.assertEqual([one["name"] for one in info], [contract.name])
        self.make_jsonrpc_request("/payment/archive_token", {"token_id": self.token.id})
        self.env.invalidate_all()
        self.assertFalse(contract.payment_token_id)

    # Staff

    def test_staff_choose_among_what_the_customer_has_saved(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        self._create_token(stranger)
        contract = self._create_contract()
        user = new_test_user(
            self.env,
            "seller",
            "sales_team.group_sale_salesman",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        contract.user_id = user
        action = contract.with_user(user).action_choose_payment_method()
        wizard = self.env[action["res_model"]].with_user(user).browse(action["res_id"])
        self.assertEqual(wizard.available_token_ids, self.token)
        wizard.payment_token_id = self.token
        wizard.action_apply()
        self.assertEqual(contract.payment_token_id, self.token)
        wizard.payment_token_id = False
        wizard.action_apply()
        self.assertFalse(contract.payment_token_id)
        contract.user_id = self.env.user
        with self.assertRaises(UserError):
            contract.with_user(user).action_choose_payment_method()
