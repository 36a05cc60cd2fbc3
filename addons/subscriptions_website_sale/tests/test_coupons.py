import unittest

from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import ShopCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestCoupons(ShopCommon):
    def setUp(self):
        super().setUp()
        if "loyalty.program" not in self.env:
            raise unittest.SkipTest("website_sale_loyalty is not installed")
        self.program = self.env["loyalty.program"].create(
            {
                "name": "Ten Percent",
                "program_type": "promo_code",
                "trigger": "with_code",
                "applies_on": "current",
                "company_id": self.company.id,
                "rule_ids": [
                    Command.create({"mode": "with_code", "code": "TEN"}),
                ],
                "reward_ids": [
                    Command.create(
                        {
                            "reward_type": "discount",
                            "discount_mode": "percent",
                            "discount": 10,
                            "discount_applicability": "order",
                        }
                    )
                ],
            }
        )

    def _apply(self, cart, code="TEN"):
        status = cart._try_apply_code(code)
        self.assertNotIn("error", status)
        for coupon, rewards in status.items():
            cart._apply_program_reward(rewards[:1], coupon)
        cart._update_programs_and_rewards()

    def test_a_coupon_is_taken_off_what_is_due_now_and_not_off_what_recurs(self):
        cart = self._create_cart(self.seat)
        self._apply(cart)
        self.assertEqual(cart._get_amount_due_now(), 9.0)
        self._pay_cart(cart)
        self.assertEqual(cart.invoice_ids.amount_total, 9.0)
        self.assertEqual(cart.invoice_ids.payment_state, "paid")
        (following,) = cart.preview_invoices(1)
        self.assertEqual(following["amount_total"], 10.0)

    def test_a_coupon_of_a_cart_is_spread_over_its_contracts(self):
        cart = self._create_cart((self.seat, self.monthly), (self.seat, self.yearly))
        self._apply(cart)
        self.assertEqual(cart._get_amount_due_now(), 106.2)
        tx = self._pay_cart(cart)
        part = cart.cart_part_ids
        self.assertEqual(tx.amount, 106.2)
        self.assertEqual(cart.invoice_ids.amount_total, 9.0)
        self.assertEqual(part.invoice_ids.amount_total, 97.2)
        self.assertEqual(
            set((cart | part).invoice_ids.mapped("payment_state")), {"paid"}
        )

    def test_a_coupon_is_used_up_once_whatever_number_of_contracts(self):
        self.program.write({"limit_usage": True, "max_usage": 5})
        cart = self._create_cart((self.seat, self.monthly), (self.seat, self.yearly))
        self._apply(cart)
        self._pay_cart(cart)
        self.assertEqual(self.program.total_order_count, 1)
        self.assertFalse(cart.cart_part_ids.order_line.coupon_id)
