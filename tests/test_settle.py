from unittest.mock import patch

from odoo.exceptions import AccessError, LockError, UserError
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .collection_common import CollectionCommon
from .common import TODAY


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestSettle(CollectionCommon):
    """A person decides about a payment that nobody answers for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant, cls.salesperson = (
            new_test_user(cls.env, login, groups=group, tz="UTC")
            for login, group in (
                ("accountant", "account.group_account_invoice"),
                ("seller", "sales_team.group_sale_salesman"),
            )
        )

    def _create_unknown(self, answer="lost before"):
        order = self._create_charged(answer)
        self._collect()
        return order

    def _open(self, order, paid, user=None):
        env = self.env(user=user or self.env.user)
        order = order.with_env(env)
        action = order.action_settle_paid() if paid else order.action_settle_unpaid()
        return env["subscription.settle"].browse(action["res_id"])

    def test_it_shows_what_to_look_for(self):
        order = self._create_unknown()
        wizard = self._open(order, True)
        tx = self._get_collection(order).transaction_id
        self.assertEqual(wizard.provider_name, "Test Provider")
        self.assertEqual(wizard.reference, tx.reference)
        self.assertEqual(wizard.amount, 100.0)
        self.assertEqual(wizard.sent_date.date(), self._day(TODAY))
        self.assertIn("Could not establish the connection", wizard.answer)
        self.assertIn("1234", wizard.method_name)

    def test_it_was_paid(self):
        order = self._create_unknown("lost after")
        wizard = self._open(order, True)
        wizard.remark = "In the list of payments"
        wizard.action_apply()
        self.assertEqual(order.invoice_ids.state, "posted")
        self.assertEqual(self._get_collection(order).state, "paid")
        self.assertFalse(order.hold)
        self.assertIn("In the list of payments", str(order.message_ids.mapped("body")))
        self._collect("2026-07-02")
        self.assertEqual(len(self.calls), 1)

    def test_it_was_not_paid_and_is_charged_again(self):
        order = self._create_unknown()
        order.payment_token_id.provider_ref = "done"
        wizard = self._open(order, False)
        wizard.remark = "Not in the list"
        wizard.action_apply()
        self.assertEqual(len(self.calls), 1, "no provider is called by a click")
        self._collect()
        self.assertEqual(len(self.captured), 1)
        self.assertFalse(order.hold)

    def test_a_remark_is_required(self):
        wizard = self._open(self._create_unknown(), True)
        with self.assertRaises(UserError):
            wizard.action_apply()
        with self.assertRaises(AssertionError), Form(wizard):
            pass

    def test_accountants_decide_and_salespeople_do_not(self):
        order = self._create_unknown()
        wizard = self._open(order, True, self.accountant)
        self.assertTrue(wizard.reference)
        wizard.remark = "On the bank statement"
        wizard.action_apply()
        self.assertEqual(self._get_collection(order).state, "paid")
        other = self._create_unknown()
        other.user_id = self.salesperson
        with self.assertRaises(AccessError):
            self._open(other, True, self.salesperson)

    def test_a_payment_of_another_company_is_not_shown(self):
        order = self._create_unknown()
        collection = self._get_collection(order)
        company = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="account.group_account_invoice",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        wizard = (
            self.env["subscription.settle"]
            .with_user(stranger)
            .create({"collection_id": collection.id, "paid": True, "remark": "Mine"})
        )
        wizard.invalidate_recordset()
        with self.assertRaises(AccessError):
            _read = wizard.reference
        with self.assertRaises(AccessError):
            wizard.action_apply()

    def test_what_is_known_meanwhile_is_not_settled(self):
        order = self._create_unknown("lost after")
        wizard = self._open(order, False)
        wizard.remark = "Not in the list"
        self._notify(self._get_collection(order).transaction_id, "done")
        self._collect()
        with self.assertRaises(UserError):
            wizard.action_apply()
        with self.assertRaises(UserError):
            order.action_settle_paid()
        self.assertEqual(self._get_collection(order).state, "paid")

    def test_somebody_else_at_it_is_said_in_words(self):
        wizard = self._open(self._create_unknown(), True)
        wizard.remark = "In the list"
        service = self.env.registry["subscription.collector"]
        with (
            patch.object(service, "_settle", side_effect=LockError("locked")),
            self.assertRaises(UserError) as caught,
        ):
            wizard.action_apply()
        self.assertIn("right now", str(caught.exception))
        self.assertNotIsInstance(caught.exception, LockError)

    def test_a_payment_pending_for_long_is_settled_on_its_page(self):
        order = self._create_unknown("pending")
        collection = self._get_collection(order)
        self.assertEqual(collection.state, "pending")
        action = collection.action_settle_paid()
        wizard = self.env["subscription.settle"].browse(action["res_id"])
        wizard.remark = "The bank says so"
        wizard.action_apply()
        self.assertEqual(collection.state, "paid")
