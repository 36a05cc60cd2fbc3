"""Cancelling without a login: the page, what it answers, and what becomes of it."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest.mock import patch

import requests
from lxml import html

from odoo.exceptions import AccessError, ConcurrencyError, LockError, UserError
from odoo.fields import Command, Datetime
from odoo.service.model import call_kw
from odoo.tests import HttpCase, JsonRpcException, new_test_user
from odoo.tools import mute_logger

from ..models import subscription_cancellation_receiving as receiving
from .common import SubscriptionCommon, freeze_time, tagged

PAGE = "/subscriptions/cancel"
HTML = "<b onclick='x()'>bold</b>"


class CancellationCommon(SubscriptionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("seller", "sales_team.group_sale_salesman")
        cls.leader = cls._create_user(
            "leader", "sales_team.group_sale_salesman_all_leads"
        )
        cls.manager = cls._create_user("manager", "sales_team.group_sale_manager")
        cls.company.email = "office@example.com"
        cls.Cancellation = cls.env["subscription.cancellation"]
        cls.reason = cls.env.ref("subscriptions.close_reason_cancelled_online")

    @classmethod
    def _create_user(cls, login, group, **values):
        return new_test_user(
            cls.env,
            login,
            group,
            email=f"{login}@staff.example.com",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            **values,
        )

    def _declare(self, contract="", **values):
        """Keep a declaration, as the page does."""
        return self.Cancellation._receive(
            {
                "name": "Ada Example",
                "email": "ada@example.com",
                "contract_number": contract,
                "kind": "ordinary",
                "cause": False,
                "wished_date": False,
                "lang": "en_US",
                "company_id": self.company.id,
                **values,
            },
            "192.0.2.1",
        )

    def _run(self):
        """Let the scheduled action see to what came in."""
        cron = self.env.ref("subscriptions.ir_cron_process_cancellations")
        if isinstance(self, HttpCase):
            cron.method_direct_trigger()
        else:
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
        self.env.invalidate_all()

    def _cancel(self, contract, **values):
        declaration = self._declare(contract.name, **values)
        self._run()
        return declaration

    def _get_mails(self, address=None):
        mails = self.env["mail.mail"].search([])
        if not address:
            return mails
        return mails.filtered(
            lambda mail: (
                address in (mail.email_to or "")
                or address in mail.recipient_ids.mapped("email")
            )
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15 12:03:27")
class TestCancellation(CancellationCommon):
    # What ends, and when

    def test_number_and_address_end_the_contract_with_what_is_billed(self):
        contract = self._create_contract(user_id=self.seller.id)
        declaration = self._cancel(contract)
        self.assertRecordValues(
            declaration,
            [
                {
                    "state": "done",
                    "order_id": contract.id,
                    "last_day": self._day("2026-08-14"),
                    "received_at": Datetime.to_datetime("2026-07-15 12:03:27"),
                }
            ],
        )
        self.assertEqual(contract.close_date, self._day("2026-08-14"))
        self.assertEqual(contract.close_reason_id, self.reason)
        self.assertEqual(contract.cancellation_count, 1)
        self.assertTrue(contract._is_live_contract())
        note = contract.message_ids.filtered(
            lambda message: declaration.reference in message.body
        )
        self.assertIn(self.seller.partner_id, note.notified_partner_ids)

    def test_numbers_are_found_trimmed_in_any_case_and_whole(self):
        contract = self._create_contract(name="Sx0042")
        for typed in ("  sX0042 ", "SX0042\t"):
            with self.subTest(typed=typed):
                declaration = self._declare(typed)
                self.assertEqual(declaration._find_contract(), contract)
        for typed in ("0042", "42", "Sx004_", "Sx004%", "%", "Sx00421", "Sx 0042", ""):
            with self.subTest(typed=typed):
                declaration = self.Cancellation.new(
                    {"contract_number": typed, "email": "ada@example.com"}
                )
                self.assertFalse(declaration._find_contract())

    def test_addresses_of_customer_invoices_and_company_are_known(self):
        firm = self.env["res.partner"].create(
            {"name": "Firm", "email": "firm@example.com", "is_company": True}
        )
        person, books = self.env["res.partner"].create(
            [
                {"name": "Person", "parent_id": firm.id, "email": "Me@Example.com"},
                {
                    "name": "Books",
                    "parent_id": firm.id,
                    "type": "invoice",
                    "email": "books@example.com, two@example.com",
                },
            ]
        )
        contract = self._create_contract(
            partner_id=person.id, partner_invoice_id=books.id
        )
        for typed in (
            "me@example.com",
            "ME@EXAMPLE.COM",
            "books@example.com",
            "two@example.com",
            "firm@example.com",
        ):
            with self.subTest(typed=typed):
                declaration = self._declare(contract.name, email=typed)
                self.assertEqual(declaration._find_contract(), contract)
        declaration = self._declare(contract.name, email="ada@example.com")
        self.assertFalse(declaration._find_contract())

    def test_only_running_contracts_are_meant(self):
        quotation = self._create_order()
        self.assertFalse(self._declare(quotation.name)._find_contract())
        plain = self._create_contract(self.setup_fee, plan_id=False)
        self.assertFalse(self._declare(plain.name)._find_contract())
        ended = self._create_contract()
        ended._close(self.reason)
        self.assertEqual(ended.subscription_state, "churned")
        self.assertFalse(self._declare(ended.name)._find_contract())
        paused = self._create_contract()
        paused._pause()
        self.assertEqual(self._declare(paused.name)._find_contract(), paused)

    def test_a_renewed_contract_ends_in_the_one_that_goes_on(self):
        contract = self._create_contract()
        renewal = self._renew(contract)
        renewal.action_confirm()
        with freeze_time("2026-08-20"):
            renewal._bill()
            declaration = self._cancel(contract)
        self.assertEqual(declaration.order_id, renewal)
        self.assertEqual(declaration.last_day, self._day("2026-09-14"))
        self.assertEqual(renewal.close_reason_id, self.reason)

    def test_a_renewal_that_has_not_begun_never_begins(self):
        contract = self._create_contract()
        renewal = self._renew(contract)
        renewal.action_confirm()
        declaration = self._cancel(contract)
        self.assertEqual(renewal.state, "cancel")
        self.assertEqual(declaration.order_id, contract)
        self.assertEqual(declaration.last_day, self._day("2026-08-14"))
        self.assertEqual(contract.close_date, self._day("2026-08-14"))
        self.assertEqual(contract.close_reason_id, self.reason)

    def test_two_contracts_of_one_number_are_left_to_a_person(self):
        first, second = self._create_contract(), self._create_contract()
        second.name = first.name
        declaration = self._cancel(first)
        self.assertEqual(declaration.state, "to_do")
        self.assertIn("More than one", declaration.failure)
        self.assertFalse((first | second).filtered("close_date"))

    def test_notice_and_minimum_term_are_kept(self):
        noticed = self._create_contract(plan_id=self._create_plan(notice_days=40).id)
        bound = self._create_contract(plan_id=self._create_plan(minimum_periods=6).id)
        self.assertEqual(self._cancel(noticed).last_day, self._day("2026-09-14"))
        self.assertEqual(self._cancel(bound).last_day, self._day("2027-01-14"))

    def test_a_later_day_is_a_wish_and_an_earlier_one_is_none(self):
        contract = self._create_contract()
        declaration = self._cancel(contract, wished_date=self._day("2026-07-20"))
        self.assertEqual(declaration.last_day, self._day("2026-08-14"))
        contract = self._create_contract()
        declaration = self._cancel(contract, wished_date=self._day("2026-12-31"))
        self.assertEqual(declaration.last_day, self._day("2026-12-31"))

    def test_notice_counts_from_the_day_it_was_received(self):
        contract = self._create_contract(plan_id=self._create_plan(notice_days=40).id)
        declaration = self._declare(contract.name)
        with freeze_time("2026-08-06"):
            self._run()
        self.assertEqual(declaration.last_day, self._day("2026-09-14"))

    def test_an_earlier_end_stays_as_it_is(self):
        contract = self._create_contract()
        other = self.env.ref("subscriptions.close_reason_price")
        contract._close(other, self._day("2026-07-31"))
        declaration = self._cancel(contract)
        self.assertEqual(declaration.last_day, self._day("2026-07-31"))
        self.assertEqual(contract.close_reason_id, other)

    def test_a_fixed_term_ends_no_later_than_it_would(self):
        contract = self._create_contract(end_date="2026-08-05")
        self.assertEqual(self._cancel(contract).last_day, self._day("2026-08-05"))

    def test_the_plan_need_not_allow_it(self):
        self.assertEqual(self.monthly.customer_close, "no")
        self.assertEqual(self._cancel(self._create_contract()).state, "done")

    def test_a_trial_lasts_as_long_as_it_is_free(self):
        plan = self._create_plan(trial_days=14)
        contract = self._create_contract(plan_id=plan.id)
        declaration = self._cancel(contract)
        self.assertEqual(declaration.last_day, contract.trial_end_date)
        with freeze_time("2026-08-20"):
            self._apply_scheduled()
        self.assertEqual(contract.subscription_state, "churned")
        self.assertFalse(contract.invoice_ids)

    def test_what_has_not_begun_never_begins(self):
        contract = self._create_contract(start_date="2026-09-01")
        declaration = self._cancel(contract)
        self.assertEqual(contract.state, "cancel")
        self.assertEqual(declaration.state, "done")
        self.assertFalse(declaration.last_day)
        mail = self._get_mails("ada@example.com")[0]
        self.assertIn("will not begin", mail.body_html)

    def test_what_has_not_begun_and_binds_is_left_to_a_person(self):
        plan = self._create_plan(minimum_periods=6)
        contract = self._create_contract(plan_id=plan.id, start_date="2026-09-01")
        declaration = self._cancel(contract)
        self.assertEqual(declaration.state, "to_do")
        self.assertIn("has not begun yet", declaration.failure)
        self.assertEqual(contract.state, "sale")

    def test_for_cause_the_ordinary_end_is_set_and_a_person_decides(self):
        contract = self._create_contract(user_id=self.seller.id)
        declaration = self._cancel(contract, kind="extraordinary", cause=HTML)
        self.assertEqual(declaration.state, "done")
        self.assertEqual(contract.close_date, self._day("2026-08-14"))
        activity = contract.activity_ids
        self.assertEqual(activity.user_id, self.seller)
        self.assertIn("ends at once", activity.summary)
        self.assertIn("&lt;b onclick", activity.note)
        confirmation = self._get_mails().filtered(
            lambda mail: mail.recipient_ids == self.partner
        )
        self.assertIn("for cause", confirmation.body_html)

    # What a person sees to

    def test_what_matches_none_reaches_a_person(self):
        contract = self._create_contract()
        unknown = self._declare("S99999")
        stranger = self._declare(contract.name, email="eve@example.com")
        self._run()
        for declaration in (unknown, stranger):
            self.assertEqual(declaration.state, "to_do")
            self.assertFalse(declaration.order_id)
            activity = declaration.activity_ids
            self.assertIn("could not be matched", activity.summary)
            self.assertTrue(activity.user_id.has_group("sales_team.group_sale_manager"))
            self.assertIn(self.company, activity.user_id.company_ids)
        self.assertIn("S99999", unknown.failure)
        self.assertIn("eve@example.com", stranger.failure)
        self.assertFalse(contract.close_date)

    def test_the_company_chooses_who_sees_to_it(self):
        self.company.cancellation_user_id = self.leader
        declaration = self._declare("S99999")
        self._run()
        self.assertEqual(declaration.activity_ids.user_id, self.leader)
        # Who cannot read it is of no use.
        self.company.cancellation_user_id = self.seller
        self.assertNotEqual(self.company._get_cancellation_user(), self.seller)

    def test_a_manager_assigns_the_contract_that_is_meant(self):
        contract = self._create_contract(user_id=self.seller.id)
        declaration = self._declare("my coffee", email="eve@example.com")
        self._run()
        mine = declaration.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "Choose the contract"):
            mine.action_assign()
        mine.order_id = contract
        with self.assertRaises(AccessError):
            declaration.with_user(self.leader).action_assign()
        mine.action_assign()
        self.assertEqual(declaration.state, "done")
        self.assertEqual(contract.close_date, self._day("2026-08-14"))
        self.assertFalse(declaration.activity_ids)
        with self.assertRaisesRegex(UserError, "not to do any more"):
            mine.action_assign()
        # The end date goes to the customer of the contract, and not to who typed.
        self.assertEqual(len(self._get_mails("eve@example.com")), 1)
        self.assertEqual(len(self._get_mails("ada@example.com")), 1)

    def test_a_failure_loses_nothing_and_is_tried_again(self):
        contract = self._create_contract(user_id=self.seller.id)

        def fail(original, order, *args, **kwargs):
            original(order, *args, **kwargs)
            raise ValueError("broken <b>")

        with self._patch_method("sale.order", "_close", fail):
            declaration = self._cancel(contract)
        self.assertEqual(declaration.state, "to_do")
        self.assertEqual(declaration.order_id, contract)
        self.assertIn("broken <b>", declaration.failure)
        self.assertFalse(contract.close_date)
        activity = declaration.activity_ids
        self.assertEqual(activity.user_id, self.seller)
        self.assertIn("broken &lt;b&gt;", activity.note)
        self.assertEqual(len(self._get_mails("ada@example.com")), 1)
        declaration.with_user(self.seller).action_retry()
        self.assertEqual(declaration.state, "done")
        self.assertTrue(contract.close_date)
        self.assertFalse(declaration.activity_ids)

    def test_trying_again_says_what_is_missing(self):
        declaration = self._declare("S99999")
        self._run()
        with self.assertRaisesRegex(UserError, "S99999"):
            declaration.with_user(self.manager).action_retry()
        self.assertEqual(declaration.state, "to_do")

    def test_trying_again_needs_the_right_to_change_the_contract(self):
        contract = self._create_contract(user_id=self.leader.id)
        declaration = self._declare(contract.name)
        declaration.sudo().write({"state": "to_do", "order_id": contract.id})
        auditor = self._create_user("auditor", "account.group_account_readonly")
        for user in (self.seller, auditor):
            with self.assertRaises(AccessError):
                declaration.with_user(user).action_retry()
        self.assertFalse(contract.close_date)

    def test_a_manager_settles_what_needs_no_contract(self):
        declaration = self._declare("S99999")
        self._run()
        with self.assertRaises(AccessError):
            declaration.with_user(self.leader).action_settle()
        declaration.with_user(self.manager).action_settle()
        self.assertEqual(declaration.state, "done")
        self.assertFalse(declaration.activity_ids)

    def test_a_busy_contract_is_come_back_to(self):
        contract = self._create_contract()
        declaration = self._declare(contract.name)

        def busy(_original, *_args, **_kwargs):
            raise LockError("busy")

        with self._patch_method("sale.order", "_close", busy):
            self._run()
        self.assertEqual(declaration.state, "new")
        cron = self.env.ref("subscriptions.ir_cron_process_cancellations")
        self.assertTrue(
            self.env["ir.cron.trigger"].search(
                [
                    ("cron_id", "=", cron.id),
                    ("call_at", ">", Datetime.now()),
                ]
            )
        )
        self.assertFalse(self._get_mails("ada@example.com"))
        self._run()
        self.assertEqual(declaration.state, "done")
        self.assertEqual(len(self._get_mails("ada@example.com")), 2)

    def test_a_receipt_that_cannot_be_sent_is_told_and_the_contract_ends(self):
        contract = self._create_contract()

        def fail(_original, _declaration):
            raise ValueError("no mail")

        with (
            self._patch_method("subscription.cancellation", "_send_receipt", fail),
            self.assertLogs("odoo.addons.subscriptions", "WARNING"),
        ):
            declaration = self._cancel(contract)
        self.assertEqual(declaration.state, "done")
        self.assertIn("receipt could not be sent", declaration.activity_ids.summary)

    # Mails

    def test_the_receipt_is_the_same_and_the_end_is_for_the_customer(self):
        contract = self._create_contract()
        self._declare(contract.name, email="Ada@Example.com", name=HTML)
        self._declare("S99999", email="eve@example.com", name=HTML)
        self._run()
        [matched] = self._get_mails("ada@example.com").filtered("email_to")
        [unmatched] = self._get_mails("eve@example.com")
        self.assertEqual(unmatched.state, "outgoing")
        self.assertIn("&lt;b onclick", unmatched.body_html)
        self.assertNotIn("<b onclick", unmatched.body_html)
        self.assertIn("07/15/2026 12:03:27 (UTC)", unmatched.body_html)
        self.assertIn("confirm the day", unmatched.body_html)
        self.assertEqual(
            self._neutral(matched.subject + matched.body_html, contract.name),
            self._neutral(unmatched.subject + unmatched.body_html, "S99999"),
        )
        end = self._get_mails().filtered(
            lambda mail: mail.recipient_ids == self.partner
        )
        self.assertIn("08/14/2026", end.subject)
        self.assertIn("No further period is invoiced.", end.body_html)
        self.assertIn("can be taken back", end.body_html)
        self.assertIn("access_token=", end.body_html)

    def _neutral(self, text, number):
        text = text.replace(number, "NUMBER")
        text = re.sub(r"(?i)(ada|eve)@example\.com", "ADDRESS", text)
        return re.sub(r"[2-9A-Z]{5}-[2-9A-Z]{5}", "REFERENCE", text)

    def test_the_mail_names_what_is_still_invoiced(self):
        contract = self._create_contract()
        self._cancel(contract, wished_date=self._day("2026-09-14"))
        text = contract._get_remaining_text()
        self.assertIn("One more invoice", text)
        self.assertIn("08/15/2026", text)
        self.assertIn("100.00", text)
        contract = self._create_contract()
        self._cancel(contract, wished_date=self._day("2026-11-14"))
        self.assertIn("3 more invoices", contract._get_remaining_text())

    def test_mails_about_contracts_lead_to_the_page(self):
        contract = self._create_contract()
        self.assertTrue(
            contract._get_cancellation_link().endswith(
                f"/subscriptions/cancel?contract={contract.name}"
            )
        )
        self.assertEqual(
            contract.invoice_ids._get_cancellation_link(),
            contract._get_cancellation_link(),
        )
        self.assertFalse(self._create_order()._get_cancellation_link())
        layout = "mail.mail_notification_layout_with_responsible_signature"
        for record in (contract, contract.invoice_ids):
            record.message_post(
                body="Hello",
                partner_ids=self.partner.ids,
                email_layout_xmlid=layout,
                subtype_xmlid="mail.mt_comment",
            )
            mail = self._get_mails("ada@example.com")[0]
            self.assertIn("Cancel contracts here", mail.body_html)

    # How it comes in

    def test_what_is_said_twice_is_declared_once(self):
        first = self._declare("S1")
        self.assertEqual(self._declare(" s1 ", email="ADA@example.com"), first)
        self.assertNotEqual(self._declare("S2"), first)
        self.assertNotEqual(
            self._declare("S1", wished_date=self._day("2026-12-31")), first
        )
        with freeze_time("2026-07-15 12:13:28"):
            self.assertNotEqual(self._declare("S1"), first)

    def test_what_is_said_at_once_begins_anew(self):
        first = self._declare("S1")

        def see_none(_original, records, *args, **kwargs):
            return records.browse()

        with (
            self._patch_method("subscription.cancellation", "search", see_none),
            self.assertRaises(ConcurrencyError),
        ):
            self._declare("S1")
        self.assertEqual(self.Cancellation.search([]), first)

    def test_too_many_are_refused_by_address_typed_and_address_of_origin(self):
        for number in range(receiving.MAX_PER_EMAIL):
            self.assertTrue(self._declare(f"S{number}"))
        self.assertFalse(self._declare("S6", email="ADA@example.com"))
        self.assertEqual(self._declare("S0").contract_number, "S0")  # a double click
        with freeze_time("2026-07-15 13:03:28"):
            self.assertTrue(self._declare("S6"))

        with patch.object(receiving, "MAX_PER_ADDRESS", 2):
            self.assertFalse(self._declare("S7", email="eve@example.com"))

    def test_addresses_of_origin_are_kept_as_hashes_for_an_hour(self):
        declaration = self._declare("S1")
        kept = declaration.sudo().address_hash
        self.assertNotIn("192.0.2.1", str(declaration.sudo().read()))
        get_hash = self.Cancellation._get_address_hash
        self.assertEqual(kept, get_hash("192.0.2.1"))
        self.assertNotEqual(kept, get_hash("192.0.2.2"))
        self.assertEqual(get_hash("2001:db8::1"), get_hash("2001:db8::2:1"))
        self.assertNotEqual(get_hash("2001:db8::1"), get_hash("2001:db8:0:1::1"))
        self._run()
        self.assertTrue(declaration.sudo().address_hash)
        with freeze_time("2026-07-15 14:00:00"):
            self._run()
        self.assertFalse(declaration.sudo().address_hash)

    # Rights

    def test_nobody_changes_or_deletes_what_was_declared(self):
        contract = self._create_contract()
        declaration = self._declare("S99999")
        self._run()
        admin = self.env.ref("base.user_admin")
        admin.company_ids |= self.company
        for user in (self.seller, self.leader, self.manager, admin):
            mine = declaration.with_user(user).with_company(self.company)
            for vals in (
                {"name": "Eve"},
                {"contract_number": contract.name},
                {"state": "done"},
                {"order_id": contract.id, "failure": False},
                {"received_at": "2020-01-01 00:00:00"},
            ):
                with self.assertRaises(AccessError):
                    mine.write(vals)
            with self.assertRaises(AccessError):
                mine.unlink()
            with self.assertRaises(AccessError):
                mine.copy()
        declaration.with_user(self.manager).action_settle()
        with self.assertRaises(AccessError):
            declaration.with_user(self.manager).order_id = contract

    def test_salespeople_see_those_of_their_contracts(self):
        own = self._cancel(self._create_contract(user_id=self.seller.id))
        others = self._cancel(self._create_contract(user_id=self.leader.id))
        unmatched = self._declare("S99999")
        self._run()
        everything = own | others | unmatched
        for user, seen in (
            (self.seller, own),
            (self.leader, everything),
            (self.manager, everything),
        ):
            found = self.Cancellation.with_user(user).search([])
            self.assertEqual(found, seen.with_user(user))
        for group in ("base.group_user", "base.group_portal", "base.group_public"):
            user = self._create_user(group, group)
            with self.assertRaises(AccessError):
                call_kw(self.Cancellation.with_user(user), "search_read", [], {})
            with self.assertRaises(AccessError):
                call_kw(self.Cancellation.with_user(user), "create", [{}], {})

    def test_companies_are_apart(self):
        declaration = self._declare("S99999")
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "sales_team.group_sale_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.Cancellation.with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            declaration.with_user(stranger).read(["name"])

    def test_a_contract_of_another_company_is_found(self):
        other = self.env["res.company"].create({"name": "Other"})
        contract = self._create_contract()
        declaration = self._declare(contract.name, company_id=other.id)
        self._run()
        self.assertEqual(declaration.order_id, contract)
        self.assertEqual(declaration.company_id, self.company)

    def test_the_reason_is_kept_and_not_for_customers(self):
        self.assertFalse(self.reason.portal_visible)
        with self.assertRaises(UserError):
            self.reason.unlink()


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15 12:03:27")
class TestCancellationPage(CancellationCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls._create_contract()
        # What the page says is in this company's name.
        public = cls.env.ref("base.public_user").sudo()
        public.company_ids |= cls.company
        public.company_id = cls.company

    def _open(self, path=PAGE, **parameters):
        response = self.url_open(path, params=parameters)
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text)

    def _post(self, contract=None, token=True, follow=True, **values):
        data = {
            "name": "Ada Example",
            "email": "ada@example.com",
            "contract": self.contract.name if contract is None else contract,
            "kind": "ordinary",
            **values,
        }
        if token:
            page = self._open()
            data["csrf_token"] = page.xpath("//input[@name='csrf_token']/@value")[0]
        response = self.url_open(PAGE, data=data, allow_redirects=follow)
        self.env.invalidate_all()
        return response

    def _get_text(self, response):
        page = html.fromstring(response.text)
        return " ".join(page.xpath("//main")[0].text_content().split())

    @contextmanager
    def _nothing_recorded(self):
        before = self.Cancellation.search([])
        yield
        self.assertEqual(self.Cancellation.search([]), before)

    # The way

    def test_from_any_page_by_two_buttons_to_a_receipt(self):
        for path in ("/web/login", PAGE):
            links = self._open(path).xpath(f"//a[@href='{PAGE}']")
            self.assertIn("Cancel contracts here", links[-1].text_content())
        page = self._open()
        self.assertIn(
            "Cancel now", page.xpath("//main//form//button")[0].text_content()
        )
        response = self._post()
        self.assertEqual(response.status_code, 200)
        self.assertEqual([one.status_code for one in response.history], [303])
        self.assertIn("/receipt/", response.url)
        self.assertIn("noindex", response.headers["X-Robots-Tag"])
        text = self._get_text(response)
        for part in (
            self.contract.name,
            "Ada Example",
            "ada@example.com",
            "07/15/2026 12:03:27 (UTC)",
            "as soon as possible",
            "A mail with the same goes to this e-mail address",
            "office@example.com",
        ):
            self.assertIn(part, text)
        self._run()
        self.assertEqual(self.contract.close_reason_id, self.reason)

    def test_fields_have_labels_and_help_to_fill_in(self):
        page = self._open()
        for name, kind, autocomplete in (
            ("contract", "text", "off"),
            ("name", "text", "name"),
            ("email", "email", "email"),
            ("wished_date", "date", None),
        ):
            [field] = page.xpath(f"//main//input[@name='{name}']")
            self.assertEqual(field.get("type"), kind)
            self.assertEqual(field.get("autocomplete"), autocomplete)
            self.assertTrue(page.xpath(f"//label[@for='{field.get('id')}']"))
        self.assertTrue(page.xpath("//label[@for='cancellation_cause']"))
        self.assertIn(self.company.name, page.xpath("//main")[0].text_content())

    def test_the_address_fills_in_what_it_says_and_no_more(self):
        def get_values(**parameters):
            page = self._open(**parameters)
            return [
                page.xpath(f"//main//input[@name='{name}']")[0].get("value") or ""
                for name in ("contract", "email", "name")
            ]

        self.assertEqual(get_values(), ["", "", ""])
        self.assertEqual(
            get_values(contract=HTML, email="a@b.c", name="Eve"), [HTML, "a@b.c", ""]
        )
        token = self.contract._portal_ensure_token()
        order_id = self.contract.id
        name = self.contract.name
        self.assertEqual(
            get_values(order_id=order_id, access_token=token), [name, "", ""]
        )
        for wrong in (
            {"order_id": order_id},
            {"order_id": order_id, "access_token": "wrong"},
            {"order_id": order_id, "access_token": ""},
            {"order_id": order_id + 99999, "access_token": token},
            {"order_id": "x", "access_token": token},
            {"order_id": "9" * 40, "access_token": token},
        ):
            self.assertEqual(get_values(**wrong), ["", "", ""])

    def test_opening_the_page_declares_nothing(self):
        with self._nothing_recorded():
            self._open(
                name="Ada",
                email="ada@example.com",
                contract=self.contract.name,
                kind="ordinary",
            )
        self.assertFalse(self.contract.close_date)

    def test_match_or_not_the_answer_is_the_same(self):
        hit = self._post(follow=False)
        miss = self._post("S99999", follow=False)
        stranger = self._post(email="eve@example.com", follow=False)
        self.assertEqual({one.status_code for one in (hit, miss, stranger)}, {303})
        pages = []
        for response, number in (
            (hit, self.contract.name),
            (miss, "S99999"),
            (stranger, self.contract.name),
        ):
            for moment in ("at once", "later"):
                receipt = self.url_open(response.headers["Location"])
                self.assertEqual(receipt.status_code, 200)
                pages.append(self._neutral(receipt.text, number))
                if moment == "at once":
                    self._run()
        self.assertEqual(len(set(pages)), 1)
        self.assertEqual(
            {
                tuple(sorted(set(one.headers) - {"Set-Cookie"}))
                for one in (hit, miss, stranger)
            }.__len__(),
            1,
        )
        self.assertTrue(self.contract.close_date)

    def _neutral(self, text, number):
        text = text.replace(number, "NUMBER")
        text = re.sub(r"(ada|eve)@example\.com", "ADDRESS", text)
        text = re.sub(r"[2-9A-Z]{5}-[2-9A-Z]{5}", "REFERENCE", text)
        text = re.sub(r"csrf_token: \"[^\"]*\"", "", text)
        return re.sub(r"receipt/\d+\?access_token=[-0-9a-f]+", "", text)

    def test_the_receipt_is_for_whoever_has_its_link(self):
        url = self._post().url
        path, token = url.split("?access_token=")
        for wrong in (
            path,
            f"{path}?access_token=",
            f"{path}?access_token={token[:-1]}",
            f"{path}?access_token=%C3%A4",
            f"{PAGE}/receipt/999999999?access_token={token}",
            f"{PAGE}/receipt/{'9' * 30}?access_token={token}",
        ):
            with self.subTest(wrong=wrong):
                response = self.url_open(wrong)
                self.assertEqual(response.status_code, 404)
                self.assertNotIn("Ada Example", response.text)

    def test_what_is_typed_is_text(self):
        response = self._post(HTML, name=HTML, kind="extraordinary", cause=HTML)
        self.assertNotIn("<b onclick", response.text)
        self.assertEqual(self._get_text(response).count(HTML), 3)
        self._run()
        mail = self._get_mails("ada@example.com")
        self.assertNotIn("<b onclick", mail.body_html)

    # What is refused

    def test_without_the_form_s_token_nothing_is_declared(self):
        with self._nothing_recorded(), mute_logger("odoo.http"):
            self.assertEqual(self._post(token=False).status_code, 400)
            self.assertEqual(
                self._post(token=False, csrf_token="wrong").status_code, 400
            )

    def test_bad_input_gets_words_and_is_kept(self):
        for values, name, words in (
            ({"name": ""}, "name", "say who you are"),
            ({"name": "   "}, "name", "say who you are"),
            ({"name": "x" * 10000}, "name", "too long"),
            ({"name": "Ada\r\nBcc: eve@example.com"}, "name", "cannot be read"),
            ({"email": ""}, "email", "where we can write"),
            ({"email": "ada"}, "email", "no e-mail address"),
            ({"email": "a@b.c, d@e.f"}, "email", "no e-mail address"),
            ({"email": f"{'x' * 300}@example.com"}, "email", "too long"),
            ({"contract": ""}, "contract", "which contract"),
            ({"contract": "x" * 101}, "contract", "too long"),
            ({"contract": "S\0001"}, "contract", "cannot be read"),
            ({"kind": ""}, "kind", "choose one"),
            ({"kind": "robbery"}, "kind", "choose one"),
            ({"kind": "extraordinary"}, "cause", "name the cause"),
            ({"cause": "x" * 10000}, "cause", "too long"),
            ({"wished_date": "2026-07-14"}, "wished_date", "is over"),
            ({"wished_date": "0001-01-01"}, "wished_date", "is over"),
            ({"wished_date": "9999-12-31"}, "wished_date", "ten years"),
            ({"wished_date": "tomorrow"}, "wished_date", "no date"),
            ({"wished_date": HTML}, "wished_date", "no date"),
        ):
            with self.subTest(values=str(values)[:60]), self._nothing_recorded():
                response = self._post(values.pop("contract", None), **values)
                self.assertEqual(response.status_code, 422)
                page = html.fromstring(response.text)
                [error] = page.xpath(f"//*[@id='cancellation_{name}_error']")
                self.assertIn(words, error.text_content())
                self.assertIn(words, page.xpath("//*[@role='alert']")[0].text_content())
                [email] = page.xpath("//main//input[@name='email']")
                self.assertEqual(
                    email.get("value") or "", values.get("email", "ada@example.com")
                )
                if name == "cause":
                    [field] = page.xpath("//textarea[@name='cause']")
                    self.assertEqual(field.text or "", values.get("cause", ""))

    def test_a_file_or_a_missing_field_is_not_an_error_of_ours(self):
        page = self._open()
        token = page.xpath("//input[@name='csrf_token']/@value")[0]
        with self._nothing_recorded():
            response = self.url_open(PAGE, data={"csrf_token": token})
            self.assertEqual(response.status_code, 422)
            response = self.url_open(
                PAGE, data={"csrf_token": token}, files={"name": b"\x00\xff"}
            )
            self.assertEqual(response.status_code, 422)

    def test_too_many_are_answered_with_words_and_kept(self):
        for number in range(receiving.MAX_PER_EMAIL):
            self.assertEqual(self._post(f"S9{number}").status_code, 200)
        with self._nothing_recorded():
            response = self._post(name="Ada the Sixth")
        self.assertEqual(response.status_code, 429)
        self.assertEqual(response.headers["Retry-After"], "3600")
        self.assertIn("office@example.com", self._get_text(response))
        self.assertIn("Ada the Sixth", response.text)

    def test_one_address_of_origin_tries_out_only_so_many(self):
        with patch.object(receiving, "MAX_PER_ADDRESS", 3):
            for number in range(3):
                self._post(email=f"{number}@example.com")
            with self._nothing_recorded():
                self.assertEqual(self._post(email="x@example.com").status_code, 429)

    # Once

    def test_ten_posts_at_once_declare_once(self):
        page = self._open()
        data = {
            "csrf_token": page.xpath("//input[@name='csrf_token']/@value")[0],
            "name": "Ada Example",
            "email": "ada@example.com",
            "contract": self.contract.name,
            "kind": "ordinary",
        }

        cookies = self.opener.cookies.get_dict()

        def post(_number):
            return requests.post(
                self.base_url() + PAGE,
                data=data,
                cookies=cookies,
                allow_redirects=False,
                timeout=60,
            ).headers["Location"]

        with (
            self.allow_requests(all_requests=True),
            ThreadPoolExecutor(10) as pool,
        ):
            receipts = set(pool.map(post, range(10)))
        self.env.invalidate_all()
        self.assertEqual(len(receipts), 1)
        self._run()
        self._run()
        self.assertEqual(len(self.Cancellation.search([])), 1)
        self.assertEqual(len(self._get_mails("ada@example.com")), 2)
        closed = self.contract.message_ids.filtered(
            lambda message: "Closed as of" in (message.body or "")
        )
        self.assertEqual(len(closed), 1)

    # By RPC

    def test_customers_read_no_declarations_by_rpc(self):
        self._post()
        self._create_user("customer", "base.group_portal", partner_id=self.partner.id)
        self.authenticate("customer", "customer")
        for method, arguments in (
            ("search_read", [[]]),
            ("read", [self.Cancellation.search([]).ids]),
            ("create", [{"name": "Eve"}]),
            ("write", [self.Cancellation.search([]).ids, {"name": "Eve"}]),
            ("unlink", [self.Cancellation.search([]).ids]),
            ("action_retry", [self.Cancellation.search([]).ids]),
            ("action_settle", [self.Cancellation.search([]).ids]),
        ):
            with (
                self.subTest(method=method),
                mute_logger("odoo.http"),
                self.assertRaises(JsonRpcException),
            ):
                self.make_jsonrpc_request(
                    "/web/dataset/call_kw",
                    {
                        "model": "subscription.cancellation",
                        "method": method,
                        "args": arguments,
                        "kwargs": {},
                    },
                )
