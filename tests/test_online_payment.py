"""What a customer is asked for on the page of a quotation, and what is accepted."""

from unittest.mock import patch

from lxml import html

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import HttpCase, JsonRpcException, new_test_user
from odoo.tools import mute_logger

from .common import freeze_time, tagged
from .payment_common import PaymentMethodCommon


class OnlinePaymentCommon(PaymentMethodCommon):
    def _quote(self, *lines, **values):
        """Create a quotation that was sent and is to be paid, not signed."""
        values = {
            "require_payment": True,
            "require_signature": False,
            "prepayment_percent": 1.0,
            **values,
        }
        order = self._create_order(*lines, **values)
        order.action_quotation_sent()
        return order


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestAmountDueNow(OnlinePaymentCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aligned = cls._create_plan(align=True, align_day=1)
        cls.trial = cls._create_plan(trial_days=14)

    def test_a_quotation_asks_for_its_first_invoice_not_for_its_total(self):
        order = self._quote(plan_id=self.aligned.id)
        self.assertEqual(order.amount_total, 100.0)
        self.assertEqual(order._get_prepayment_required_amount(), 54.84)
        self.assertTrue(order._has_to_be_paid())

    def test_a_share_of_it_is_asked_for(self):
        order = self._quote(plan_id=self.aligned.id, prepayment_percent=0.5)
        self.assertEqual(order._get_prepayment_required_amount(), 27.42)
        self.assertEqual(order._get_online_amounts(), (27.42, 54.84))

    def test_setup_fees_of_the_first_invoice_are_asked_for(self):
        self.assertEqual(self._quote()._get_prepayment_required_amount(), 100.0)
        order = self._quote(self.seat, self.setup_fee)
        self.assertEqual(order._get_prepayment_required_amount(), 350.0)

    def test_nothing_is_due_in_a_trial_in_arrears_or_before_the_start(self):
        arrears = self._create_plan(billing_timing="arrears")
        for values in (
            {"plan_id": self.trial.id},
            {"plan_id": arrears.id},
            {"start_date": "2026-08-01"},
        ):
            order = self._quote(**values)
            self.assertEqual(order._get_prepayment_required_amount(), 0.0)
            self.assertTrue(order._has_to_save_payment_method())
            self.assertFalse(order._is_confirmation_amount_reached())

    def test_what_is_asked_for_is_what_confirmation_bills(self):
        for values in (
            {"plan_id": self.aligned.id},
            {"plan_id": self.trial.id},
            {"start_date": "2026-08-01"},
            {"start_date": "2026-07-01"},
        ):
            order = self._quote(self.seat, self.setup_fee, **values)
            due = order._get_amount_due_now()
            order.action_confirm()
            self.assertEqual(sum(order.invoice_ids.mapped("amount_total")), due)

    def test_plain_orders_ask_for_their_total(self):
        order = self._quote(self.setup_fee, plan_id=False)
        self.assertEqual(order._get_prepayment_required_amount(), 250.0)
        self.assertFalse(order._has_to_save_payment_method())

    def test_an_upsell_asks_for_what_it_charges_at_once(self):
        contract = self._create_contract(start_date="2026-07-01")
        upsell = self._upsell(contract, self.goods, require_payment=True)
        upsell.require_signature = False
        due = upsell._get_amount_due_now()
        self.assertEqual(due, 60.0)
        self.assertFalse(upsell._has_to_save_payment_method())
        with freeze_time("2026-07-20"):
            self._pay(upsell, due)
        self.assertEqual(upsell.state, "sale")

    def test_an_upsell_that_charges_nothing_yet_is_signed(self):
        contract = self._create_contract(start_date="2026-08-01")
        upsell = self._upsell(contract, self.seat, require_payment=True)
        upsell.require_signature = False
        self.assertEqual(upsell._get_amount_due_now(), 0.0)
        self.assertFalse(upsell._has_to_be_paid())
        self.assertTrue(upsell._has_to_be_signed())

    def test_less_than_what_is_due_does_not_confirm(self):
        order = self._quote(plan_id=self.aligned.id)
        self._pay(order, 54.83)
        self.assertEqual(order.state, "sent")
        self.assertFalse(order.start_date)
        self._pay(order, 0.01)
        self.assertEqual(order.subscription_state, "progress")

    def test_the_contract_begins_on_the_day_it_was_asked_to_be_paid(self):
        order = self._quote(plan_id=self.aligned.id)
        tx = self._create_payment(
            order, 54.84, contract_start_date=self._day("2026-07-15")
        )
        with freeze_time("2026-08-02"):  # the provider answers late
            self._answer(tx)
        self.assertEqual(order.start_date, self._day("2026-07-15"))
        first = order.invoice_ids.sorted("id")[0]
        self.assertEqual(first.amount_total, 54.84)
        self.assertEqual(first.payment_state, "paid")
        self.assertEqual(len(order.invoice_ids), 2)

    def test_paying_a_quotation_bills_and_pays_the_first_invoice_once(self):
        order = self._quote(plan_id=self.aligned.id)
        tx = self._pay(order, 54.84)
        self.assertRecordValues(
            order.invoice_ids, [{"amount_total": 54.84, "payment_state": "paid"}]
        )
        self.assertEqual(tx.invoice_ids, order.invoice_ids)

    def test_a_tried_method_confirms_a_trial_and_pays_no_invoice(self):
        order = self._quote(plan_id=self.trial.id)
        tx = self._pay(order, 1.0, operation="validation")
        self.assertEqual(order.payment_token_id, tx.token_id)
        self.assertRecordValues(
            order, [{"subscription_state": "progress", "in_trial": True}]
        )
        self.assertEqual(order.amount_paid, 0.0)
        with freeze_time("2026-07-29"):
            order._bill()
        self.assertTrue(order.invoice_ids)
        self.assertFalse(tx.invoice_ids)

    def test_a_method_that_is_only_authorized_confirms_too(self):
        self.provider.capture_manually = True
        order = self._quote(plan_id=self.trial.id)
        tx = self._pay(order, 0.0, operation="validation")
        self.assertEqual(tx.state, "authorized")
        self.assertEqual(order.subscription_state, "progress")

    def test_a_refused_method_confirms_nothing(self):
        order = self._quote(plan_id=self.trial.id)
        self._pay(order, 0.0, state="error", operation="validation")
        self.assertEqual(order.state, "sent")
        self.assertTrue(order._has_to_save_payment_method())

    def test_a_saved_method_does_not_stand_for_the_signature(self):
        order = self._quote(plan_id=self.trial.id, require_signature=True)
        self._pay(order, 0.0, operation="validation")
        self.assertTrue(order.payment_token_id)
        self.assertEqual(order.state, "sent")
        self.assertFalse(order._has_to_be_paid())  # signing is all that is missing

    def test_a_method_does_not_confirm_what_is_to_be_paid(self):
        order = self._quote()
        self._pay(order, 0.0, operation="validation")
        self.assertEqual(order.state, "sent")

    def test_a_renewal_from_a_later_day_is_accepted_with_the_method_it_has(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        renewal = self._renew(contract)
        renewal.write({"require_payment": True, "require_signature": False})
        renewal.action_quotation_sent()
        self.assertTrue(renewal._has_to_save_payment_method())
        renewal._accept_with_payment_method(self.token)
        self.assertEqual(renewal.subscription_state, "progress")
        self.assertEqual(renewal.payment_token_id, self.token)

    def test_a_renewal_that_is_signed_needs_no_method_if_its_contract_has_one(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        renewal = self._renew(contract)
        renewal.write({"require_payment": True, "require_signature": True})
        self.assertFalse(renewal._has_to_be_paid())
        contract.payment_token_id = False
        self.assertTrue(renewal._has_to_be_paid())

    def test_payment_links_ask_for_what_is_due(self):
        order = self._quote(plan_id=self.aligned.id, prepayment_percent=0.5)

        def get_link():
            context = {"active_model": "sale.order", "active_id": order.id}
            return self.env["payment.link.wizard"].sudo().with_context(**context)

        wizard = get_link().create({})
        self.assertRecordValues(
            wizard,
            [{"amount": 27.42, "amount_max": 54.84, "warning_message": ""}],
        )
        order.action_confirm()
        self.assertIn("nothing to be paid", get_link().create({}).warning_message)

    def test_what_was_paid_online_is_not_charged_again(self):
        self.aligned.invoice_mode = "charge"
        order = self._quote(plan_id=self.aligned.id)
        self._pay(order, 54.84)
        self._collect()
        self.assertRecordValues(
            order.invoice_ids, [{"amount_total": 54.84, "payment_state": "paid"}]
        )
        self.assertEqual(len(order.transaction_ids), 1)
        self.assertEqual(order.collection_ids.mapped("state"), ["paid"])

    def test_a_share_that_was_paid_online_leaves_the_rest_to_be_charged(self):
        self.aligned.invoice_mode = "charge"
        order = self._quote(plan_id=self.aligned.id, prepayment_percent=0.5)
        self._pay(order, 27.42)
        self._collect()
        self.assertEqual(order.invoice_ids.payment_state, "paid")
        self.assertEqual(
            sorted(order.invoice_ids.transaction_ids.mapped("amount")), [27.42, 27.42]
        )

    def test_the_method_that_a_trial_saved_is_charged_when_it_is_over(self):
        self.trial.invoice_mode = "charge"
        order = self._quote(plan_id=self.trial.id)
        self._pay(order, 0.0, operation="validation")
        with freeze_time("2026-07-29"):
            order._bill()
            self._collect()
        self.assertRecordValues(
            order.invoice_ids, [{"amount_total": 100.0, "payment_state": "paid"}]
        )

    def test_automatic_invoices_leave_tried_methods_alone(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "sale.automatic_invoice", "True"
        )
        order = self._quote(plan_id=self.trial.id)
        self._pay(order, 0.0, operation="validation")
        self.assertEqual(order.subscription_state, "progress")
        self.assertFalse(order.invoice_ids)


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
        self.assertFalse(page.xpath("//a[@href='/my/payment_method']"))

    def test_a_customer_who_is_logged_in_pays_with_a_saved_method(self):
        self._log_in(self.partner)
        order = self._quote()
        form = self._get_form(order)
        self.assertEqual(form["tokens"], self.token.ids)
        self._pay_online(order, 100.0, flow="token", token_id=self.token.id)
        self.assertEqual(order.payment_token_id, self.token)
        self.assertEqual(order.subscription_state, "progress")
        page = self._open(order)
        self.assertTrue(page.xpath("//a[@href='/my/payment_method']"))

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
