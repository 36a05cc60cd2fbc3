"""Cancelling without a login: what people see to, how it comes in, and who may what."""

from unittest.mock import patch

from odoo.exceptions import AccessError, ConcurrencyError, LockError, UserError
from odoo.fields import Command, Datetime
from odoo.service.model import call_kw
from odoo.tests import new_test_user

from ..models import subscription_cancellation_receiving as receiving
from .cancellation_common import CancellationCommon
from .common import freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15 12:03:27")
class TestCancellationPeople(CancellationCommon):
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

    def test_trying_again_ends_no_contract_out_of_reach(self):
        other = self.env["res.company"].create({"name": "Other"})
        contract = self._create_contract()
        declaration = self._declare(contract.name, company_id=other.id)
        declaration.sudo().state = "to_do"
        stranger = new_test_user(
            self.env,
            "stranger",
            "sales_team.group_sale_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        with self.assertRaises(AccessError):
            declaration.with_user(stranger).action_retry()
        self.assertFalse(contract.close_date)

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

    def test_what_cannot_be_seen_to_keeps_no_other_one(self):
        broken = self._declare("S99999", email="eve@example.com")
        contract = self._create_contract()
        behind = self._declare(contract.name)

        def fail(original, declaration, *args, **kwargs):
            if declaration == broken:
                raise ValueError("no such thing")
            return original(declaration, *args, **kwargs)

        with (
            self._patch_method("subscription.cancellation", "_find_contract", fail),
            self.assertLogs("odoo.addons.subscriptions", "WARNING"),
        ):
            self._run()
        self.assertEqual(behind.state, "done")
        self.assertEqual(broken.state, "to_do")
        self.assertIn("no such thing", broken.failure)
        self.assertIn("no such thing", broken.activity_ids.note)
        self.assertEqual(len(self._get_mails("eve@example.com")), 1)

        worse = self._declare("S88888", email="bob@example.com")
        last = self._declare("S77777", email="cat@example.com")

        def break_down(original, declaration, *args, **kwargs):
            if declaration == worse:
                raise ValueError("broken down")
            return original(declaration, *args, **kwargs)

        with (
            self._patch_method("subscription.cancellation", "_ask_person", break_down),
            self.assertLogs("odoo.addons.subscriptions", "WARNING"),
        ):
            self._run()
        self.assertEqual(worse.state, "new")
        self.assertEqual(last.state, "to_do")

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

    def test_the_same_may_be_declared_anew_once_it_was_taken_back(self):
        contract = self._create_contract()
        first = self._cancel(contract)
        self.assertEqual(self._declare(contract.name), first)
        contract._revoke_close()
        second = self._declare(contract.name)
        self.assertNotEqual(second, first)
        self._run()
        self.assertEqual(second.state, "done")
        self.assertEqual(contract.close_date, self._day("2026-08-14"))
        # Without a contract it is the same, done or not: that tells nobody of one.
        unknown = self._declare("S99999")
        self._run()
        self.assertEqual(self._declare("S99999"), unknown)

    def test_nobody_gets_the_receipt_of_somebody_else(self):
        first = self._declare("S1", sender="one")
        self.assertEqual(self._declare("S1", sender="one"), first)
        self.assertNotEqual(self._declare("S1", sender="two"), first)
        self.assertNotIn("one", first.sudo().fingerprint)

    def test_many_by_one_address_typed_are_all_recorded_and_told_a_few_times(self):
        count = receiving.MAX_PER_EMAIL
        many = [self._declare(f"S9999{number}") for number in range(count + 3)]
        self.assertTrue(all(many))
        self._run()
        self.assertEqual({one.state for one in many}, {"to_do"})
        self.assertEqual(len(self._get_mails("ada@example.com")), count)
        self.assertEqual([len(one.activity_ids) for one in many], [1] * count + [0] * 3)
        # The victim's own one ends the contract, and is confirmed.
        contract = self._create_contract(user_id=self.seller.id)
        declaration = self._cancel(contract)
        self.assertEqual(declaration.state, "done")
        confirmed = self._get_mails().filtered(
            lambda mail: mail.recipient_ids == self.partner
        )
        self.assertEqual(len(confirmed), 1)
        # What changes nothing is not told again and again.
        self._cancel(contract, sender="again")
        self.assertEqual(len(self._get_mails("ada@example.com")), count + 1)
        with freeze_time("2026-07-15 13:03:28"):
            self.assertFalse(self._declare("S6")._is_throttled())

    def test_too_many_of_one_place_are_refused(self):
        with patch.object(receiving, "MAX_PER_ADDRESS", 2):
            self._declare("S1")
            first = self._declare("S2", email="ada@example.com")
            self.assertFalse(self._declare("S7", email="eve@example.com"))
            self.assertEqual(self._declare("S2"), first)  # a double click

    def test_a_proxy_is_no_place(self):
        get_hash = self.Cancellation._get_address_hash
        for address in (
            "127.0.0.1",
            "10.1.2.3",
            "172.18.0.1",
            "192.168.1.1",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "",
            None,
            "unknown",
        ):
            self.assertFalse(get_hash(address), address)
        self.assertEqual(get_hash("::ffff:192.0.2.1"), get_hash("192.0.2.1"))
        with patch.object(receiving, "MAX_PER_ADDRESS", 0):
            self.assertFalse(self.Cancellation._is_over_limit(False))
            self.assertTrue(self.Cancellation._is_over_limit(get_hash("192.0.2.1")))

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
            if user != admin:
                with self.assertRaises(AccessError):
                    mine.unlink()
            with self.assertRaises(AccessError):
                mine.copy()
        declaration.with_user(self.manager).action_settle()
        with self.assertRaises(AccessError):
            declaration.with_user(self.manager).order_id = contract
        declaration.with_user(admin).with_company(self.company).unlink()
        self.assertFalse(declaration.exists())

    def test_what_was_settled_without_a_contract_is_forgotten_in_the_end(self):
        contract = self._create_contract()
        ended = self._cancel(contract)
        waiting = self._declare("S99999")
        settled = self._declare("S88888")
        self._run()
        settled.with_user(self.manager).action_settle()
        with freeze_time("2029-07-15 12:03:27"):
            self.Cancellation._gc_settled()
            self.assertTrue(settled.exists())
        with freeze_time("2029-07-15 12:03:28"):
            self.Cancellation._gc_settled()
        self.assertFalse(settled.exists())
        self.assertEqual((ended | waiting).exists(), ended | waiting)

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
