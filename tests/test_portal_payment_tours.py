"""Customers sign, pay and save methods by the links they were sent, in a browser."""

from .common import tagged
from .portal_tour_common import PHONE, PortalTourCommon


@tagged("post_install", "-at_install")
class TestPhonePaymentTours(PortalTourCommon):
    browser_size = PHONE
    touch_enabled = True

    # Quotations

    def _quote_to_sign(self, *lines, **values):
        self.token.active = False  # nothing is known of a new customer
        return super()._quote_to_sign(*lines, **values)

    def test_a_quotation_with_an_option_is_signed_and_paid(self):
        order = self._quote_to_sign()
        option = self._add_option(order, self.goods)
        self._walk(order, "portal_quotation_paid")
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(option.product_uom_qty, 2.0)
        self.assertTrue(order.signature)
        self.assertEqual(order.payment_token_id.payment_details, "9876")
        self.assertEqual(order.transaction_ids.mapped("amount"), [180.0])
        self.assertEqual(order.invoice_ids.amount_total, 180.0)
        self.assertIn(order.invoice_ids.payment_state, ("paid", "in_payment"))

    def test_a_quotation_that_is_only_signed(self):
        order = self._quote_to_sign(require_payment=False)
        self._walk(order, "portal_quotation_signed")
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(order.signed_by, "Ada Example")
        self.assertEqual(order.invoice_ids.payment_state, "not_paid")

    def test_a_trial_saves_a_method_and_pays_nothing(self):
        plan = self.charged.copy({"name": "Trial", "trial_days": 14})
        order = self._quote_to_sign(plan_id=plan.id, require_signature=False)
        self._walk(order, "portal_quotation_trial")
        self.assertEqual(order.subscription_state, "progress")
        self.assertTrue(order.in_trial)
        self.assertEqual(order.payment_token_id.payment_details, "9876")
        self.assertFalse(order.invoice_ids)
        self.assertEqual(self._get_last_transaction().operation, "validation")

    def test_a_quotation_paid_on_the_page_of_the_provider(self):
        order = self._quote_to_sign(require_signature=False)
        with self._redirecting_provider() as asked:
            self._walk(order, "portal_quotation_redirect")
        self.assertEqual(asked[:2], ["draft", "draft"])
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(order.payment_token_id.payment_details, "4321")
        self.assertEqual(order.transaction_ids.operation, "online_redirect")
        self.assertIn(order.invoice_ids.payment_state, ("paid", "in_payment"))

    # More on a contract, paid first

    def test_an_upgrade_is_paid_with_the_saved_method(self):
        contract = self._subscribe_charged(start_date=self._get_day_before(days=10))
        expected = contract.env["subscription.self.service"]._preview(
            contract, "change", {f"quantity_{contract.order_line.id}": "3"}
        )
        self.assertTrue(20 < expected.charged < 60)
        self._walk(contract, "portal_upgrade_paid")
        self.assertEqual(contract.order_line.product_uom_qty, 3.0)
        upsell = contract.child_order_ids
        self.assertEqual(upsell.transaction_ids.amount, expected.charged)
        self.assertEqual(upsell.transaction_ids.token_id, self.token)
        self.assertEqual(
            self._get_amounts(contract.invoice_ids), [120.0, expected.charged]
        )

    def test_an_upgrade_whose_payment_is_declined_changes_nothing(self):
        contract = self._subscribe_charged()
        self._walk(contract, "portal_upgrade_declined")
        self.assertEqual(contract.order_line.product_uom_qty, 2.0)
        self.assertEqual(self._get_amounts(contract.invoice_ids), [120.0])
        self.assertEqual(contract.payment_token_id, self.token)
        self.assertEqual(self._get_last_transaction().state, "error")
        self.assertEqual(contract.child_order_ids.state, "sent")

    # The method, and what is open

    def test_another_method_is_saved(self):
        contract = self._subscribe_charged()
        self._walk(contract, "portal_method")
        self.assertEqual(contract.payment_token_id.payment_details, "9876")
        self.assertEqual(self._get_last_transaction().operation, "validation")
        self.assertTrue(self._get_subjects(contract))

    def test_an_overdue_invoice_is_paid(self):
        contract = self._subscribe_two()
        contract.invoice_ids.invoice_date_due = self._get_day_before(days=3)
        self._walk(contract, "portal_overdue")
        self.assertIn(contract.invoice_ids.payment_state, ("paid", "in_payment"))

    def test_a_declined_payment_is_made_good(self):
        broken = self._create_token(self.partner, demo_simulated_state="error")
        contract = self._subscribe_charged(payment_token_id=broken.id)
        self.assertEqual(contract.hold, "payment_declined")
        self._walk(contract, "portal_declined")
        self.assertFalse(contract.hold)
        self.assertIn(contract.invoice_ids.payment_state, ("paid", "in_payment"))

    # All of it

    def test_a_stranger_subscribes_upgrades_pauses_and_leaves_without_a_login(self):
        order = self._quote_to_sign(plan_id=self.charged.id)
        self._walk(order, "portal_story", timeout=120)
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(order.order_line.product_uom_qty, 2.0)
        self.assertEqual(order.close_date, order.paid_until)
        self.assertEqual(self._get_amounts(order.invoice_ids), [60.0, 60.0])
        for invoice in order.invoice_ids:
            self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        kinds = [change.kind for change in order.change_ids.sorted("id")]
        self.assertEqual(kinds, ["quantity", "pause"])
        self.assertFalse(self.partner.user_ids)
