"""What the simulation found once, each as small as it gets."""

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestSimulationFindings(SubscriptionCommon):
    """Changes one after the other, which drew what nobody had thought of."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env.ref("subscriptions.close_reason_price")

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

    def test_in_arrears_a_line_that_goes_with_the_period_is_billed_for_it(self):
        plan = self._create_plan(billing_timing="arrears")
        support = self._create_item("Support", 60.0)
        contract = self._create_contract(
            self.seat, support, plan_id=plan.id, start_date="2026-07-01"
        )
        contract._change_quantities({contract.order_line[1]: 0})
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
            self.assertEqual(self._get_amounts(contract._bill()), [160.0])

    def _get_last_lines(self, contract):
        lines = contract.invoice_ids.sorted("id")[-1].invoice_line_ids
        return {line.product_id: line.price_subtotal for line in lines}

    def test_goods_of_an_upsell_are_billed_by_the_new_plan(self):
        contract = self._create_contract(start_date="2026-07-01")
        self._upsell(contract, self.goods).action_confirm()
        with freeze_time("2026-07-20"):
            contract._change_plan(self.yearly, at="now")
        self.assertIn(self.goods, self._get_last_lines(contract))

    def test_a_service_of_an_upsell_is_billed_by_the_new_plan(self):
        support = self._create_item("Support", 60.0)
        contract = self._create_contract(start_date="2026-07-01")
        self._upsell(contract, support).action_confirm()
        with freeze_time("2026-07-20"):
            contract._change_plan(self.yearly, at="now")
        self.assertIn(support, self._get_last_lines(contract))

    def test_what_an_upsell_added_is_billed_after_reopening(self):
        support = self._create_item("Support", 60.0)
        contract = self._create_contract(plan_id=self.yearly.id)
        self._upsell(contract, support).action_confirm()
        with freeze_time("2026-07-20"):
            contract._close(self.reason, credit=True)
        with freeze_time("2026-07-25"):
            contract._reopen()
        self.assertIn(support, self._get_last_lines(contract))

    def test_units_given_back_one_by_one_are_not_more_than_was_billed(self):
        plan = self._create_plan()
        contract = self._create_contract(
            (self.seat, 3, {"price_unit": 10.10, "discount": 15.0}), plan_id=plan.id
        )
        line = contract.order_line
        contract._change_quantities({line: 5}, at="now")  # two more: 17.17
        contract._change_quantities({line: 4}, at="now")
        contract._change_quantities({line: 3}, at="now")
        amounts = contract.invoice_ids.sorted("id").mapped("amount_untaxed_signed")
        self.assertAlmostEqual(sum(amounts[1:]), 0.0)

    def test_a_renewal_in_arrears_has_what_was_added_in_the_running_period(self):
        plan = self._create_plan(billing_timing="arrears")
        contract = self._create_contract(plan_id=plan.id, start_date="2026-07-01")
        self._upsell(contract, (self.seat, 2)).action_confirm()
        with freeze_time("2026-07-20"):
            renewal = self._renew(contract)
            renewal.action_confirm()
        self.assertEqual(renewal.order_line.product_uom_qty, 3.0)
