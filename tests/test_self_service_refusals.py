"""Requests that the pages of a contract do not answer with what they ask for.

The table of them is in docs/self-service.md.
"""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import freeze_time, tagged
from .self_service_common import SelfServiceCommon

HTML = "<script>alert(1)</script><b>bold</b>"


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestSelfServiceRefusals(SelfServiceCommon):
    def setUp(self):
        super().setUp()
        self.contract = self._subscribe((self.seat, 2.0, {"price_unit": 60.0}))
        self.line = self.contract.order_line
        self.requests = {
            "change": {f"quantity_{self.line.id}": "3"},
            "plan": {"plan_id": str(self.yearly_switch.id)},
            "renew": {},
            "pause": {"resume_date": "2026-09-01"},
            "close": {"reason_id": str(self.reason.id)},
        }

    def _get_fingerprint(self, order=None):
        """Return what no refused request may change."""
        order = (order or self.contract).sudo()
        self.env.invalidate_all()
        return (
            order.subscription_state,
            order.close_date,
            order.plan_id,
            order.order_line.mapped("product_uom_qty"),
            order.change_ids.ids,
            order.child_order_ids.ids,
            order.invoice_ids.ids,
            order.close_offer_ids.ids,
            order.payment_token_id,
        )

    def _assert_leads_away(self, answer):
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith("/my"))

    def _assert_all_refused(self, check, token=None, requests=None):
        """Send each request; none of them changes anything."""
        before = self._get_fingerprint()
        for action, data in (requests or self.requests).items():
            with self.subTest(action=action):
                check(self._send(self.contract, action, token=token, **data))
                self.assertEqual(self._get_fingerprint(), before)

    # Who

    def test_without_a_token_nobody_is_let_in(self):
        self._assert_all_refused(self._assert_leads_away, token="")

    def test_a_wrong_token_opens_nothing(self):
        other = self._subscribe()
        self._assert_all_refused(self._assert_leads_away, token="wrong")
        self._assert_all_refused(
            self._assert_leads_away, token=other._portal_ensure_token()
        )

    def test_a_number_that_is_no_contract_leads_away(self):
        quotation = self._create_order(plan_id=self.plan.id)
        plain = self._create_order((self.setup_fee, 1.0), plan_id=False)
        plain.action_confirm()
        for order in (quotation, plain, self.contract.browse(2**31 - 1)):
            token = order.exists() and order._portal_ensure_token()
            answer = self._send(order, "close", token=token or "x", confirm="1")
            self._assert_leads_away(answer)

    def test_another_customer_is_led_away_though_logged_in(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        new_test_user(
            self.env, "stranger", groups="base.group_portal", partner_id=stranger.id
        )
        self.authenticate("stranger", "stranger")
        self._assert_all_refused(self._assert_leads_away, token="")

    def test_the_customer_needs_no_token_when_logged_in(self):
        new_test_user(
            self.env, "ada", groups="base.group_portal", partner_id=self.partner.id
        )
        self.authenticate("ada", "ada")
        answer = self._send(self.contract, "pause", token="", **self.requests["pause"])
        self.assertTrue(
            answer.headers["Location"].endswith(f"/my/subscriptions/{self.contract.id}")
        )
        self.assertEqual(self.contract.subscription_state, "paused")

    def test_a_colleague_who_may_only_read_changes_nothing(self):
        new_test_user(
            self.env,
            "reader",
            groups="account.group_account_readonly",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.authenticate("reader", "reader")

        def check(answer):
            self.assertIn(answer.status_code, (303, 403))

        self._assert_all_refused(check, token="")

    def test_a_salesperson_may_act_for_the_customer(self):
        new_test_user(
            self.env,
            "seller",
            groups="sales_team.group_sale_salesman_all_leads",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.authenticate("seller", "seller")
        answer = self._send(self.contract, "pause", token="", **self.requests["pause"])
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(self.contract.subscription_state, "paused")

    # How

    def test_opening_a_page_changes_nothing(self):
        before = self._get_fingerprint()
        for action, data in self.requests.items():
            with self.subTest(action=action):
                answer = self._open_page(self.contract, action, **data, confirm="1")
                self.assertEqual(answer.status_code, 200)
                self.assertEqual(self._get_fingerprint(), before)

    @mute_logger("odoo.http")
    def test_a_form_from_elsewhere_is_refused(self):
        for token in ("", "forged"):
            self._assert_all_refused(
                lambda answer: self.assertEqual(answer.status_code, 400),
                requests={
                    action: dict(data, csrf_token=token)
                    for action, data in self.requests.items()
                },
            )

    def test_looking_at_what_it_comes_to_changes_nothing(self):
        before = self._get_fingerprint()
        for action, data in self.requests.items():
            with self.subTest(action=action):
                answer = self._send(self.contract, action, preview="1", **data)
                self.assertEqual(answer.status_code, 200)
                self.assertEqual(self._get_fingerprint(), before)

    def test_nothing_is_charged_that_was_not_shown(self):
        self._assert_all_refused(
            lambda answer: self.assertIn(
                "look at what it comes to", self._get_text(answer, "error")
            ),
            requests={"change": self.requests["change"]},
        )

    def test_what_was_shown_has_changed_meanwhile(self):
        self._assert_all_refused(
            lambda answer: self.assertEqual(answer.status_code, 422),
            requests={
                action: dict(data, seal="of yesterday")
                for action, data in self.requests.items()
            },
        )

    def test_ten_times_the_same_has_one_effect(self):
        effects = {
            "change": lambda: self.line.product_uom_qty == 3,
            "plan": lambda: len(self.contract.scheduled_change_ids) == 1,
            "renew": lambda: len(self.contract.child_order_ids) == 1,
            "pause": lambda: len(self.contract._get_counted_changes("pause")) == 1,
            "close": lambda: bool(self.contract.close_date),
        }
        for action, is_done in effects.items():
            with self.subTest(action=action):
                fingerprints = set()
                for _click in range(10):
                    answer = self._confirm(
                        self.contract, action, **self.requests[action]
                    )
                    self.assertEqual(answer.status_code, 303)
                    fingerprints.add(str(self._get_fingerprint()))
                self.assertEqual(len(fingerprints), 1)
                self.assertTrue(is_done())
            if action == "pause":
                self.contract._resume()

    # What

    def test_what_the_plan_does_not_allow_is_refused_in_words(self):
        self.plan.write(
            {
                "customer_change": "no",
                "customer_close": "no",
                "customer_pause": False,
                "customer_renew": False,
                "switchable_plan_ids": [Command.clear()],
            }
        )

        def check(answer):
            self.assertEqual(answer.status_code, 403)
            self.assertIn("does not provide", self._get_text(answer, "refusal"))

        self._assert_all_refused(check)
        self.assertEqual(
            self.contract._get_customer_actions(), ["payment_method", "address"]
        )

    def test_who_may_add_may_not_take_away(self):
        self.plan.customer_change = "upgrade"
        self._assert_all_refused(
            lambda answer: self.assertIn(
                "To have less", self._get_text(answer, "error")
            ),
            requests={"change": {f"quantity_{self.line.id}": "1"}},
        )

    def test_a_contract_that_has_ended_stays_as_it_is(self):
        self.contract._close(self.reason)

        def check(answer):
            self.assertEqual(answer.status_code, 403)
            self.assertIn("has ended", self._get_text(answer, "refusal"))

        self._assert_all_refused(check)

    def test_odd_quantities_are_refused_in_words(self):
        other = self._subscribe().order_line
        name = f"quantity_{self.line.id}"
        words = {
            "-1": "below zero",
            "1e9": "please write to us",
            "nan": "as a number",
            "inf": "as a number",
            "": "as a number",
            "many": "as a number",
            "2.5": "whole numbers",
            "0": "Only options would be left",
        }
        for text, expected in words.items():
            self._assert_all_refused(
                lambda answer, expected=expected: self.assertIn(
                    expected, self._get_text(answer, "error")
                ),
                requests={"change": {name: text}},
            )
        for odd in (f"quantity_{other.id}", "quantity_x", "quantity_" + "9" * 30):
            self._assert_all_refused(
                lambda answer: self.assertIn(
                    "no part of", self._get_text(answer, "error")
                ),
                requests={"change": {odd: "5"}},
            )

    def test_plans_reasons_and_changes_of_others_are_refused(self):
        hidden = self.env.ref("subscriptions.close_reason_unpaid")
        cases = [
            ("plan", {"plan_id": str(self.yearly.id)}, "not one you can switch to"),
            ("plan", {"plan_id": "x"}, "not one you can switch to"),
            ("close", {"reason_id": str(hidden.id)}, "choose one of the reasons"),
            ("close", {"remark": "no reason"}, "choose a reason"),
            (
                "close",
                {"reason_id": str(self.reason.id), "take_offer": "1"},
                "not open to you",
            ),
            ("pause", {"resume_date": "2026-07-15"}, "no day to come"),
            ("pause", {"resume_date": "soon"}, "no date"),
            ("pause", {"resume_date": "9999-12-31"}, "too far away"),
        ]
        for action, data, words in cases:
            self._assert_all_refused(
                lambda answer, words=words: self.assertIn(
                    words, self._get_text(answer, "error")
                ),
                requests={action: data},
            )
        planned = self.contract._change_plan(self.yearly_switch)
        self._send(self.contract, "revoke_change", change_id=str(planned.id))
        self.assertEqual(planned.state, "scheduled")

    def test_what_is_so_already_leads_back(self):
        answer = self._send(
            self.contract, "change", **{f"quantity_{self.line.id}": "2"}
        )
        self.assertEqual(answer.status_code, 303)
        page = self.url_open(answer.headers["Location"])
        self.assertIn("Nothing was changed", page.text)
        self.assertFalse(self.contract.change_ids)

    def test_what_customers_type_is_text(self):
        self._send(
            self.contract,
            "close",
            reason_id=str(self.reason.id),
            remark=HTML + "\x00",
        )
        self.assertEqual(self.contract.close_remark, HTML)
        bodies = "".join(self.contract.message_ids.mapped("body"))
        self.assertNotIn("<script", bodies)
        self.assertNotIn("<b>bold", bodies)
        self.assertIn("&lt;b&gt;bold", bodies)
        answer = self._send(
            self.contract, "revoke_close", preview="1", resume_date=HTML
        )
        self.assertNotIn("<script>alert", answer.text)

    def test_what_was_typed_is_kept_when_it_is_refused(self):
        answer = self._send(
            self.contract, "close", remark=HTML, reason_id="0", preview="1"
        )
        self.assertEqual(answer.status_code, 422)
        remark = self._parse(answer).xpath("//textarea[@name='remark']")[0]
        self.assertEqual(remark.text, HTML)
        answer = self._send(
            self.contract, "close", reason_id=str(self.reason.id), remark="x" * 2001
        )
        self.assertEqual(answer.status_code, 422)
        self.assertIn("Please be brief", self._get_text(answer, "error"))

    def test_portal_users_cannot_write_orders_by_rpc(self):
        user = new_test_user(
            self.env, "ada", groups="base.group_portal", partner_id=self.partner.id
        )
        order = self.contract.with_user(user)
        order.read(["name"])
        offer = self.env["subscription.close.offer"].with_user(user)
        calls = [
            lambda: order.write({"note": "x"}),
            lambda: order.write({"close_date": "2026-08-01"}),
            lambda: order.order_line.write({"product_uom_qty": 9}),
            lambda: order.order_line.unlink(),
            lambda: order.copy(),
            lambda: order.action_cancel(),
            lambda: order.action_upsell(),
            lambda: order.action_renew(),
            lambda: order.action_resume(),
            lambda: offer.search([]),
            lambda: offer.create({"order_id": order.id, "reason_id": self.reason.id}),
            lambda: self.env["subscription.change"].with_user(user).search([]),
            lambda: self.env["subscription.close"]
            .with_user(user)
            .create({"reason_id": self.reason.id}),
        ]
        before = self._get_fingerprint()
        for number, call in enumerate(calls):
            with self.subTest(call=number), self.assertRaises(AccessError):
                call()
        self.assertEqual(self._get_fingerprint(), before)
