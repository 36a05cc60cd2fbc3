from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form

from .common import freeze_time, tagged
from .test_access_rights import AccessCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestChangeRights(AccessCommon):
    """Who may change contracts, who sees what changed, and who does not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env.ref("subscriptions.close_reason_price")

    def test_a_salesperson_changes_own_contracts_without_any_right_to_invoice(self):
        order = self.own.with_user(self.salesperson)
        change = order._change_quantities({order.order_line: 2}, at="now")
        self.assertEqual(change.state, "done")
        order._change_quantities({order.order_line: 1}, at="now")
        upsell = order.browse(order.action_upsell()["res_id"])
        upsell.order_line.product_uom_qty = 1
        upsell.action_confirm()
        order._change_plan(self.yearly, at="now")
        order._pause(self._day("2026-09-01"))
        order._resume()
        order._close(self.reason, self._day("2026-08-01"))
        order._revoke_close()
        renewal = order.browse(order.action_renew()["res_id"])
        renewal.action_confirm()
        # billed, more, less, upsell; switched, new plan; more for the chatter
        moves = self.own.sudo().invoice_ids
        self.assertEqual(
            moves.sorted("id").mapped("move_type"),
            [
                "out_invoice",
                "out_invoice",
                "out_refund",
                "out_invoice",
                "out_refund",
                "out_refund",
                "out_invoice",
            ],
        )
        self.assertEqual(self.own.subscription_state, "renewed")
        self.assertEqual(
            self.own.change_ids.user_id, self.salesperson, "each knows who made it"
        )

    def test_nobody_changes_a_contract_that_is_not_theirs(self):
        for user in (self.salesperson, self.employee, self.customer):
            order = self.others.with_user(user)
            for name, act in {
                "quantities": lambda order: order._change_quantities(
                    {order.order_line: 2}
                ),
                "plan": lambda order: order._change_plan(self.yearly),
                "pause": lambda order: order._pause(),
                "resume": lambda order: order._resume(),
                "close": lambda order: order._close(self.reason),
                "take back": lambda order: order._revoke_close(),
                "reopen": lambda order: order._reopen(),
                "upsell": lambda order: order.action_upsell(),
                "renew": lambda order: order.action_renew(),
            }.items():
                with self.subTest(f"{user.login}: {name}"):
                    with self.assertRaises(AccessError):
                        act(order)

    def test_changes_are_seen_like_the_contract_and_written_by_nobody(self):
        own = self.own._change_quantities({self.own.order_line: 2})
        others = self.others._change_quantities({self.others.order_line: 2})
        Change = self.env["subscription.change"]
        for user, expected in (
            (self.salesperson, own),
            (self.leader, own | others),
            (self.biller, own | others),
        ):
            self.assertEqual(Change.with_user(user).search([]).sudo(), expected.sudo())
        for user in (self.employee, self.customer):
            with self.assertRaises(AccessError):
                own.with_user(user).read(["summary"])
        for user in (self.salesperson, self.manager, self.env.user):
            for change in (own, own.line_ids):
                change = change.with_user(user)
                with self.assertRaises(AccessError):
                    self._rpc(user, change, "write", {"create_date": False})
                with self.assertRaises(AccessError):
                    self._rpc(user, change, "unlink")
        with self.assertRaises(AccessError):
            self._rpc(self.salesperson, others, "action_revoke")
        self._rpc(self.salesperson, own, "action_revoke")
        self.assertEqual(own.state, "revoked")

    def test_a_change_belongs_to_the_company_of_its_contract(self):
        change = self.own._change_quantities({self.own.order_line: 2})
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.manager.write(
            {
                "company_ids": [Command.set(elsewhere.ids)],
                "company_id": elsewhere.id,
            }
        )
        Change = self.env["subscription.change"].with_user(self.manager)
        self.assertFalse(Change.search([("id", "=", change.id)]))

    def test_what_methods_decide_is_not_typed_on_a_form(self):
        for name in (
            "parent_order_id",
            "root_order_id",
            "resume_date",
            "anchor_date",
            "close_with_credit",
            "renewal_proposed_date",
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                self._rpc(self.manager, self.own, "write", {name: False})
        with Form(self.own.with_user(self.manager)) as form:
            form.client_order_ref = "PO 7"
        self.assertEqual(self.own.client_order_ref, "PO 7")
