"""What customers do with their contract's link, in a real browser."""

from datetime import timedelta

from .common import tagged
from .portal_keyboard import Keyboard
from .portal_tour_common import PHONE, PortalTourCommon


class ContractTours:
    """Walks over the page of a contract and those it leads to."""

    def test_an_upgrade_is_billed_at_once(self):
        contract = self._subscribe_two()
        self._walk(contract, "portal_upgrade_invoiced")
        self.assertEqual(contract.order_line.product_uom_qty, 3.0)
        self.assertEqual(self._get_amounts(contract.invoice_ids), [120.0, 60.0])
        self.assertIn("changed", self._get_subjects(contract)[-1])

    def test_a_downgrade_is_planned_and_taken_back(self):
        contract = self._subscribe_two()
        self._walk(contract, "portal_downgrade")
        self.assertEqual(contract.change_ids.mapped("state"), ["revoked"])
        self.assertEqual(contract.order_line.product_uom_qty, 2.0)
        self.assertEqual(len(contract.invoice_ids), 1)

    def test_a_plan_is_switched_with_the_next_period(self):
        contract = self._subscribe_two()
        self._walk(contract, "portal_plan")
        change = contract.scheduled_change_ids
        self.assertEqual(change.plan_id, self.yearly_switch)
        self.assertEqual(change.date, contract.paid_until + timedelta(days=1))

    def test_pause_and_resume(self):
        contract = self._subscribe_two()
        self._walk(contract, "portal_pause")
        self.assertEqual(contract.subscription_state, "progress")
        notes = " ".join(contract.message_ids.mapped("body"))
        self.assertIn("Back in spring", notes)
        self.assertEqual(len(self._get_subjects(contract)), 2)

    def test_closing_is_offered_a_discount_and_taken_back(self):
        self.reason.write({"offer_kind": "discount", "offer_discount": 20})
        contract = self._subscribe_two()
        self._walk(contract, "portal_close")
        self.assertFalse(contract.close_date)
        self.assertEqual(contract.close_offer_ids.state, "declined")
        notes = " ".join(contract.message_ids.mapped("body"))
        self.assertIn("A &lt;b&gt;bolder&lt;/b&gt; seat", notes)

    def test_an_offer_is_taken_and_the_contract_goes_on(self):
        self.reason.write({"offer_kind": "discount", "offer_discount": 20})
        contract = self._subscribe_two()
        self._walk(contract, "portal_close_offer")
        self.assertFalse(contract.close_date)
        self.assertEqual(contract.close_offer_ids.state, "taken")
        amounts = [one["amount_total"] for one in contract.preview_invoices(4)]
        self.assertEqual(amounts, [96.0, 96.0, 96.0, 120.0])

    def test_cancelling_without_a_login(self):
        contract = self._subscribe_two()
        self._walk(contract, "portal_cancel_online")
        self.assertFalse(contract.close_date)
        self.env.ref(
            "subscriptions.ir_cron_process_cancellations"
        ).method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(contract.close_date, contract.paid_until)
        cancellation = self.env["subscription.cancellation"].search([], limit=1)
        self.assertEqual(cancellation.contract_number, contract.name)
        self.assertTrue(self._get_subjects(contract))

    def test_with_a_login_from_the_list(self):
        contract = self._subscribe_two()
        login = self._create_login()
        self.start_tour("/my/subscriptions", "portal_list_pause", login=login)
        self.env.invalidate_all()
        self.assertEqual(contract.subscription_state, "progress")


@tagged("post_install", "-at_install")
class TestPhoneTours(ContractTours, PortalTourCommon):
    browser_size = PHONE
    touch_enabled = True


@tagged("post_install", "-at_install")
class TestDesktopTours(PortalTourCommon):
    test_closing_on_a_desktop = (
        ContractTours.test_closing_is_offered_a_discount_and_taken_back
    )
    test_a_downgrade_on_a_desktop = (
        ContractTours.test_a_downgrade_is_planned_and_taken_back
    )

    def test_the_way_out_is_open_to_who_has_no_mouse(self):
        self.reason.write({"offer_kind": "discount", "offer_discount": 20})
        contract = self._subscribe_two()

        def walk(browser):
            keyboard = Keyboard(browser)
            keyboard.wait_for("#contract_content", "Seat")
            keyboard.tab_to("nav[name=actions] a[name=close]")
            keyboard.press("Enter")
            keyboard.wait_for("h1", "End the subscription")
            keyboard.tab_to("input[name=reason_id]")
            keyboard.press("Space")
            keyboard.wait_for("[name=effect_texts]", "ends on")
            # Past the remark and the offer, which stands first.
            keyboard.tab_to("button[name=take_offer]")
            keyboard.tab_to("button[name=confirm]")
            keyboard.press("Enter")
            keyboard.wait_for("[name=ending_alert]", "This contract ends on")

        self._drive(contract.get_portal_url(), walk)
        self.assertEqual(contract.close_date, contract.paid_until)
