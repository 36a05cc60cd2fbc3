"""What the simulation found, as small as it gets. Not imported: these fail."""

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestSimulationFindings(SubscriptionCommon):
    """Differences between what is billed and what should be."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env.ref("subscriptions.close_reason_price")

    def test_a_typed_price_survives_a_quantity_change_and_a_switch(self):
        contract = self._create_contract(
            (self.seat, 3, {"price_unit": 90.0}), start_date="2026-07-01"
        )
        contract._change_quantities({contract.order_line: 2}, at="now")
        contract._change_plan(self.yearly, at="now")
        self.assertEqual(contract.order_line.price_unit, 90.0)

    def test_in_arrears_a_line_that_is_all_gone_is_billed_for_its_days(self):
        plan = self._create_plan(billing_timing="arrears")
        support = self._create_item("Support", 60.0)
        contract = self._create_contract(
            self.seat, support, plan_id=plan.id, start_date="2026-07-01"
        )
        contract._change_quantities({contract.order_line[1]: 0}, at="now")
        with freeze_time("2026-08-01"):
            # 100.00 and 14/31 of 60.00
            self.assertEqual(self._get_amounts(contract._bill()), [127.10])

    def test_a_row_cut_by_a_close_date_is_sound_after_reopening(self):
        contract = self._create_contract(start_date="2026-07-01")
        contract._close(self.reason, self._day("2026-07-20"), credit=True)
        with freeze_time("2026-07-20"):
            self._apply_scheduled()
        with freeze_time("2026-07-25"):
            contract._reopen()
        self.assertEqual(contract.verify_ledger(), [])
