from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from .common import SubscriptionCommon, freeze_time, tagged


class WizardCommon(SubscriptionCommon):
    """Contracts of a salesperson, and short ways to the wizards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env.ref("subscriptions.close_reason_price")
        cls.salesperson = new_test_user(
            cls.env,
            "wizard-salesperson",
            "sales_team.group_sale_salesman",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )

    def _open(self, name, orders, user=None, **values):
        """Open a wizard as the web client does, and fill it in."""
        model = self.env[f"subscription.{name}"].with_context(
            active_model="sale.order", active_ids=orders.ids
        )
        form = Form(model.with_user(user or self.env.user))
        for field, value in values.items():
            setattr(form, field, value)
        return form

    def _apply(self, name, orders, user=None, **values):
        return self._open(name, orders, user, **values).save().action_apply()

    def _set_line(self, form, product, **values):
        for index, vals in enumerate(form.line_ids._records):
            if vals["product_id"] == product.id:
                with form.line_ids.edit(index) as line:
                    for field, value in values.items():
                        setattr(line, field, value)
                return
        self.fail(f"no line sells {product.name}")

    def _get_results(self, action):
        """Return (state, message) by order, as the result page shows them."""
        self.assertEqual(action["res_model"], "subscription.result")
        result = self.env["subscription.result"].browse(action["res_id"])
        return {line.order_id: (line.state, line.message) for line in result.line_ids}

    def _count_documents(self):
        return [
            self.env[model].search_count([])
            for model in ("account.move", "subscription.change", "mail.message")
        ] + [self.env["subscription.period"].search_count([("state", "=", "void")])]


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestPauseWizard(WizardCommon):
    def test_one_contract_is_paused_with_a_day_and_a_reason(self):
        order = self._create_contract()
        action = self._apply(
            "pause", order, resume_date=self._day("2026-09-15"), reason="Holidays"
        )
        self.assertEqual(action["type"], "ir.actions.act_window_close")
        self.assertEqual(order.subscription_state, "paused")
        self.assertEqual(order.resume_date, self._day("2026-09-15"))
        self.assertIn("Holidays", order.message_ids[0].body)
        order.action_resume()
        self.assertEqual(order.subscription_state, "progress")

    def test_several_are_paused_and_who_refuses_is_listed_with_its_cause(self):
        good = self._create_contract() | self._create_contract()
        paused = self._create_contract()
        paused._pause()
        closed = self._create_contract()
        closed._close(self.reason)
        results = self._get_results(self._apply("pause", good | paused | closed))
        self.assertEqual([results[order][0] for order in good], ["done", "done"])
        self.assertEqual(results[paused][0], "refused")
        self.assertIn("“Paused”", results[paused][1])
        self.assertEqual(results[closed][0], "refused")
        self.assertEqual(good.mapped("subscription_state"), ["paused"] * 2)
        results = self._get_results((good | closed).action_resume())
        self.assertEqual(results[closed][0], "refused")
        self.assertEqual(good.mapped("subscription_state"), ["progress"] * 2)

    def test_one_that_refuses_says_so_as_an_error(self):
        order = self._create_contract()
        with self.assertRaisesRegex(UserError, "no day to come"):
            self._apply("pause", order, resume_date=self._day("2026-07-15"))
        self.assertEqual(order.subscription_state, "progress")
        order._pause()
        with self.assertRaisesRegex(UserError, "“Paused”"):
            self._apply("pause", order)

    def test_pressed_ten_times_it_pauses_once(self):
        orders = self._create_contract() | self._create_contract()
        wizard = self._open("pause", orders).save()
        for _time in range(10):
            wizard.action_apply()
        self.assertEqual(len(orders.change_ids), 2)
        self.assertEqual(orders.mapped("subscription_state"), ["paused"] * 2)

    def test_a_contract_of_somebody_else_is_refused(self):
        own = self._create_contract(user_id=self.salesperson.id)
        others = self._create_contract(user_id=self.env.user.id)
        (own | others)._pause()
        action = (own | others).with_user(self.salesperson).action_resume()
        lines = self.env["subscription.result"].browse(action["res_id"]).line_ids
        self.assertEqual(lines.mapped("state"), ["refused", "done"])
        self.assertEqual(lines.order_id, own)
        self.assertEqual(others.subscription_state, "paused")
        with self.assertRaises(AccessError):
            others.with_user(self.salesperson).action_resume()
        with self.assertRaises(AccessError):
            self.env["subscription.pause"].with_user(self.salesperson).create(
                {"order_ids": [(6, 0, others.ids)]}
            )


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestChangeQuantityWizard(WizardCommon):
    def test_what_it_shows_at_once_is_what_is_charged(self):
        order = self._create_contract(
            (self.seat, 2.0, {}), self.goods, start_date="2026-07-01"
        )
        documents = self._count_documents()
        form = self._open("change.quantity", order, when="now")
        self._set_line(form, self.seat, quantity=5.0)
        # 3 seats for 17 of 31 days
        self.assertEqual((form.charged, form.credited), (164.52, 0.0))
        self.assertEqual(form.next_amount, 560.0)
        self.assertEqual(str(form.next_date), "2026-08-01")
        wizard = form.save()
        self.assertEqual(self._count_documents(), documents)
        self.assertFalse(order.change_ids)
        shown = wizard.charged, wizard.next_amount
        wizard.action_apply()
        invoice = order.change_ids.move_ids
        with freeze_time("2026-08-01"):
            moves = order._bill()
        self.assertEqual(shown, (invoice.amount_untaxed, self._get_amounts(moves)[0]))
        self.assertEqual(order.verify_ledger(), [])

    def test_less_at_once_shows_the_credit_to_the_cent(self):
        tax = self.company_data["default_tax_sale"].copy(
            {"name": "Included", "amount": 21, "price_include_override": "tax_included"}
        )
        self.seat.taxes_id = tax
        order = self._create_contract(
            (self.seat, 7.0, {"price_unit": 33.33, "discount": 5.0}),
            (self.goods, 2.0, {}),
            start_date="2026-07-01",
        )
        form = self._open("change.quantity", order, self.env.user, when="now")
        self._set_line(form, self.seat, quantity=3.0)
        self._set_line(form, self.goods, quantity=0.0)
        wizard = form.save()
        shown = wizard.charged, wizard.credited, wizard.next_amount
        wizard.action_apply()
        note = order.change_ids.move_ids
        self.assertEqual(note.move_type, "out_refund")
        with freeze_time("2026-08-01"):
            moves = order._bill()
        self.assertEqual(shown, (0.0, note.amount_untaxed, self._get_amounts(moves)[0]))

    def test_the_quantities_are_those_of_the_day_chosen(self):
        order = self._create_contract((self.seat, 2.0, {}))
        order._change_quantities({order.order_line: 4.0})
        form = self._open("change.quantity", order, when="now")
        with form.line_ids.edit(0) as line:
            self.assertEqual((line.quantity_before, line.quantity), (2.0, 2.0))
        form.when = "next_period"
        self.assertEqual(str(form.day), "2026-08-15")
        with form.line_ids.edit(0) as line:
            self.assertEqual((line.quantity_before, line.quantity), (4.0, 4.0))
            line.quantity = 9.0
        form.when = "now"
        with form.line_ids.edit(0) as line:
            self.assertEqual((line.quantity_before, line.quantity), (2.0, 9.0))

    def test_for_the_next_period_nothing_is_charged_today(self):
        order = self._create_contract((self.seat, 2.0, {}))
        form = self._open("change.quantity", order, reason="Two left")
        self._set_line(form, self.seat, quantity=1.0)
        self.assertEqual((form.charged, form.credited, form.next_amount), (0, 0, 100.0))
        wizard = form.save()
        for _time in range(10):
            wizard.action_apply()
        self.assertEqual(order.scheduled_change_ids.reason, "Two left")
        self.assertEqual(order.order_line.product_uom_qty, 2.0)
        order.scheduled_change_ids.action_revoke()
        self.assertFalse(order.scheduled_change_ids)

    def test_within_a_billed_period_it_is_charged_on_its_day(self):
        order = self._create_contract(start_date="2026-07-01")
        form = self._open(
            "change.quantity", order, when="date", date=self._day("2026-07-25")
        )
        self._set_line(form, self.seat, quantity=2.0)
        self.assertEqual(form.charged, 22.58)  # 7 of 31 days
        self.assertTrue(form.is_later)
        form.save().action_apply()
        with freeze_time("2026-07-25"):
            order.scheduled_change_ids.action_apply()
        self.assertEqual(order.change_ids.move_ids.amount_untaxed, 22.58)

    def test_in_arrears_the_next_invoice_has_the_days_of_each(self):
        plan = self._create_plan(billing_timing="arrears")
        order = self._create_contract(plan_id=plan.id, start_date="2026-07-01")
        form = self._open("change.quantity", order, when="now")
        self._set_line(form, self.seat, quantity=2.0)
        wizard = form.save()
        self.assertEqual((wizard.charged, wizard.next_amount), (0.0, 154.84))
        wizard.action_apply()
        with freeze_time("2026-08-01"):
            self.assertEqual(self._get_amounts(order._bill()), [154.84])

    def test_what_cannot_be_is_said_before_and_refused(self):
        order = self._create_contract()
        for values, quantity, message in (
            ({"when": "date", "date": self._day("2026-07-14")}, 2.0, "is over"),
            ({"when": "now"}, -1.0, "below zero"),
            ({"when": "now"}, 0.0, "Close it instead"),
            ({"when": "now"}, 1e15, "too large"),
        ):
            with self.subTest(message):
                form = self._open("change.quantity", order, **values)
                self._set_line(form, self.seat, quantity=quantity)
                self.assertRegex(form.obstacle, message)
                wizard = form.save()
                with self.assertRaisesRegex(UserError, message):
                    wizard.action_apply()
        with self.assertRaisesRegex(UserError, "as they were"):
            self._apply("change.quantity", order)
        order._pause()
        self.assertRegex(self._open("change.quantity", order).obstacle, "is paused")
        self.assertFalse(order.change_ids.filtered(lambda one: one.kind != "pause"))

    def test_a_salesperson_sees_the_same_figures(self):
        order = self._create_contract(
            start_date="2026-07-01", user_id=self.salesperson.id
        )
        form = self._open("change.quantity", order, self.salesperson, when="now")
        self._set_line(form, self.seat, quantity=2.0)
        self.assertEqual((form.charged, form.next_amount), (54.84, 200.0))
        form.save().action_apply()
        self.assertEqual(order.sudo().change_ids.user_id, self.salesperson)

    def test_the_line_of_another_contract_is_refused(self):
        order, other = self._create_contract(), self._create_contract()
        wizard = self._open("change.quantity", order).save()
        wizard.write(
            {
                "line_ids": [
                    (
                        0,
                        0,
                        {
                            "order_line_id": other.order_line.id,
                            "quantity_before": 1.0,
                            "quantity": 5.0,
                        },
                    )
                ]
            }
        )
        with self.assertRaisesRegex(UserError, "no recurring line of"):
            wizard.action_apply()


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestChangePlanWizard(WizardCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["product.pricelist.item"].create(
            {
                "plan_id": cls.yearly.id,
                "pricelist_id": False,
                "applied_on": "1_product",
                "product_tmpl_id": cls.seat.product_tmpl_id.id,
                "fixed_price": 990.0,
            }
        )

    def test_in_a_trial_it_shows_the_day_the_trial_is_over(self):
        plan = self._create_plan(trial_days=30)
        order = self._create_contract(plan_id=plan.id, start_date="2026-07-15")
        form = self._open("change.plan", order, plan_id=self.yearly, when="now")
        self.assertEqual(form.day, self._day("2026-08-14"))
        form.save().action_apply()
        self.assertEqual(order.change_ids.date, self._day("2026-08-14"))

    def test_what_it_shows_at_once_is_credited_and_billed(self):
        support = self._create_item("Support", 60.0)
        order = self._create_order(self.seat, support, start_date="2026-07-01")
        order.order_line[1].price_unit = 47.11
        order.action_confirm()
        documents = self._count_documents()
        form = self._open(
            "change.plan", order, plan_id=self.yearly, when="now", reason="Cheaper"
        )
        rows = {}
        for index in range(2):
            with form.line_ids.edit(index) as line:
                rows[line.product_id] = (line.price_before, line.price, line.note)
        self.assertEqual(rows[self.seat], (100.0, 990.0, "From the plan"))
        self.assertEqual(rows[support], (47.11, 47.11, "Typed, kept"))
        # 17 of 31 days of 147.11
        self.assertEqual((form.credited, form.next_amount), (80.67, 1037.11))
        self._set_line(form, support, price=480.0)
        self.assertEqual(form.next_amount, 1470.0)
        wizard = form.save()
        self.assertEqual(self._count_documents(), documents)
        shown = wizard.credited, wizard.next_amount
        wizard.action_apply()
        note = order.invoice_ids.filtered(lambda move: move.move_type == "out_refund")
        invoice = order.invoice_ids.sorted("id")[-1]
        self.assertEqual(shown, (note.amount_untaxed, invoice.amount_untaxed))
        self.assertEqual(order.plan_id, self.yearly)
        self.assertEqual(order.verify_ledger(), [])

    def test_an_aligned_plan_shows_its_share(self):
        plan = self._create_plan(align=True, billing_period_value=3)
        order = self._create_contract(start_date="2026-07-10")
        for when in ("next_period", "now"):
            form = self._open("change.plan", order, plan_id=plan, when=when)
            wizard = form.save()
        shown = wizard.credited, wizard.next_amount
        wizard.action_apply()
        moves = order.invoice_ids.sorted("id")
        self.assertEqual(shown, (moves[-2].amount_untaxed, moves[-1].amount_untaxed))

    def test_a_second_plan_overtakes_the_first_also_in_what_is_shown(self):
        order = self._create_contract()
        order._change_plan(self.yearly)
        half = self._create_plan(billing_period_value=6)
        form = self._open("change.plan", order, plan_id=half)
        self.assertEqual(form.next_amount, 100.0)
        form.save().action_apply()
        self.assertEqual(order.scheduled_change_ids.plan_id, half)
        with freeze_time("2026-08-15"):
            order.scheduled_change_ids.action_apply()
            self.assertEqual(self._get_amounts(order.invoice_ids)[-1], 100.0)

    def test_several_are_switched_and_the_rest_is_listed(self):
        good = self._create_contract() | self._create_contract()
        has_it = self._create_contract(plan_id=self.yearly.id)
        paused = self._create_contract()
        paused._pause()
        orders = good | has_it | paused
        wizard = self._open("change.plan", orders, plan_id=self.yearly).save()
        results = self._get_results(wizard.action_apply())
        self.assertEqual([results[order][0] for order in good], ["done"] * 2)
        self.assertIn("already", results[has_it][1])
        self.assertIn("Resume it", results[paused][1])
        for _time in range(9):
            wizard.action_apply()
        self.assertEqual(len(orders.scheduled_change_ids), 2)

    def test_plans_of_others_archived_ones_and_days_over_are_refused(self):
        order = self._create_contract()
        archived = self._create_plan(active=False)
        with self.assertRaisesRegex(UserError, "not archived"):
            self._apply("change.plan", order, plan_id=archived)
        form = self._open(
            "change.plan",
            order,
            plan_id=self.yearly,
            when="date",
            date=self._day("2026-07-01"),
        )
        self.assertRegex(form.obstacle, "is over")
        self.assertNotIn(self.monthly, form.available_plan_ids[:])
        with self.assertRaisesRegex(UserError, "is over"):
            form.save().action_apply()
        self.assertFalse(order.change_ids)


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestCloseWizard(WizardCommon):
    def test_the_unused_share_is_shown_and_credited(self):
        order = self._create_contract(start_date="2026-07-01")
        form = self._open("close", order, reason_id=self.reason, when="now")
        form.credit = True
        # 16 of 31 days: today is the last one
        self.assertEqual(form.credited, 51.61)
        form.save().action_apply()
        self.assertEqual(order.subscription_state, "churned")
        note = order.invoice_ids.filtered(lambda move: move.move_type == "out_refund")
        self.assertEqual(note.amount_untaxed, 51.61)

    def test_notice_and_minimum_term_give_the_earliest_day(self):
        plan = self._create_plan(notice_days=30, minimum_periods=3)
        order = self._create_contract(plan_id=plan.id, start_date="2026-07-01")
        self.assertEqual(order._get_earliest_close_date(), self._day("2026-09-30"))
        with freeze_time("2026-09-15"):
            self.assertEqual(order._get_earliest_close_date(), self._day("2026-10-15"))
        free = self._create_contract()
        self.assertEqual(free._get_earliest_close_date(), self._day("2026-07-15"))

    def test_a_salesperson_keeps_to_the_notice_period(self):
        plan = self._create_plan(notice_days=30)
        order = self._create_contract(
            plan_id=plan.id, start_date="2026-07-01", user_id=self.salesperson.id
        )
        user = self.salesperson
        for values in (
            {"when": "now"},
            {"when": "date", "date": self._day("2026-08-13")},
        ):
            form = self._open("close", order, user, reason_id=self.reason, **values)
            self.assertTrue(form.is_early)
            self.assertEqual(str(form.earliest_date), "2026-08-14")
            wizard = form.save()
            with self.assertRaisesRegex(UserError, "08/14/2026 at the earliest"):
                wizard.action_apply()
            wizard.override_notice = True  # sent by a program
            with self.assertRaisesRegex(UserError, "at the earliest"):
                wizard.action_apply()
        # What is billed is over on 31 July: the period that contains 14 August.
        form = self._open("close", order, user, reason_id=self.reason)
        self.assertEqual(str(form.last_day), "2026-08-31")
        form.save().action_apply()
        self.assertEqual(order.close_date, self._day("2026-08-31"))

    def test_a_manager_may_override_it(self):
        plan = self._create_plan(notice_days=30)
        order = self._create_contract(plan_id=plan.id, start_date="2026-07-01")
        with self.assertRaisesRegex(UserError, "at the earliest"):
            self._apply("close", order, reason_id=self.reason, when="now")
        form = self._open("close", order, reason_id=self.reason)
        self.assertTrue(form.is_early)
        form.override_notice = True
        self.assertEqual(str(form.last_day), "2026-07-31")
        form.when = "now"
        form.save().action_apply()
        self.assertEqual(order.subscription_state, "churned")

    def test_several_end_each_with_its_own_period_and_notice(self):
        strict = self._create_plan(notice_days=60)
        free = self._create_contract(start_date="2026-07-01")
        bound = self._create_contract(plan_id=strict.id, start_date="2026-07-10")
        never = self._create_contract(start_date="2026-09-01")
        orders = free | bound | never
        results = self._get_results(self._apply("close", orders, reason_id=self.reason))
        self.assertIn("Cancel it instead", results[never][1])
        self.assertEqual(
            orders.mapped("close_date"),
            [self._day("2026-07-31"), self._day("2026-10-09"), False],
        )
        results = self._get_results(orders.action_revoke_close())
        self.assertEqual(results[never][0], "refused")
        self.assertFalse(any(orders.mapped("close_date")))

    def test_pressed_ten_times_it_is_closed_once(self):
        order = self._create_contract()
        wizard = self._open("close", order, reason_id=self.reason).save()
        before = len(order.message_ids)
        for _time in range(10):
            wizard.action_apply()
        self.assertLessEqual(len(order.message_ids) - before, 2)  # and the tracking

    def test_one_that_is_held_by_closing_is_shown_and_stays_held(self):
        order = self._create_contract(start_date="2026-06-10")
        self.seat.active = False
        with freeze_time("2026-08-20"):
            results = self._get_results(
                self._apply("close", order, reason_id=self.reason, when="now")
            )
        self.assertEqual(results[order][0], "refused")
        self.assertIn("is archived", results[order][1])
        self.assertEqual(order.hold, "billing_error")

    def test_a_closed_contract_is_reopened(self):
        order = self._create_contract()
        order._close(self.reason)
        order.action_reopen()
        self.assertEqual(order.subscription_state, "progress")
        with self.assertRaisesRegex(UserError, "nothing to reopen"):
            order.action_reopen()


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestMassActions(WizardCommon):
    def test_billing_lists_what_is_held_by_it_and_keeps_it_held(self):
        good, broken = self._create_contract(), self._create_contract(self.goods)
        held, paused = self._create_contract(), self._create_contract()
        held._set_hold("anomaly", "Looks odd")
        paused._pause()
        later = self._create_contract(plan_id=self.yearly.id)
        self.goods.active = False
        orders = good | broken | held | paused | later
        with freeze_time("2026-08-15"):
            results = self._get_results(orders.action_bill_due())
        self.assertEqual(results[good], ("done", "Invoices made: 1"))
        self.assertEqual(results[later][0], "done")
        self.assertIn("07/15/2027", results[later][1])
        self.assertIn("is archived", results[broken][1])
        self.assertIn("Looks odd", results[held][1])
        self.assertIn("is paused", results[paused][1])
        self.assertEqual(broken.hold, "billing_error")

    def test_contracts_that_share_an_invoice_do_so_here_too(self):
        plan = self._create_plan(merge_invoices=True)
        orders = self._create_contract(plan_id=plan.id)
        orders |= self._create_contract(plan_id=plan.id)
        before = orders.invoice_ids
        with freeze_time("2026-08-15"):
            orders.action_bill_due()
        self.assertEqual(len(orders.invoice_ids - before), 1)

    def test_one_that_cannot_be_billed_says_so(self):
        order = self._create_contract()
        self.assertIn("08/15/2026", order.action_bill_due()["params"]["message"])
        order._set_hold("anomaly", "Looks odd")
        with self.assertRaisesRegex(UserError, "Looks odd"):
            order.action_bill_due()
        order._set_hold(False)
        self.seat.active = False
        with freeze_time("2026-08-15"):
            results = self._get_results(order.action_bill_due())
        self.assertEqual(results[order][0], "refused")
        self.assertEqual(order.hold, "billing_error")

    def test_renewals_are_made_one_for_each(self):
        one, two = self._create_contract(), self._create_contract()
        closed = self._create_contract()
        closed._close(self.reason)
        results = self._get_results((one | two | closed).action_renew_contracts())
        self.assertEqual(
            results[one], ("done", f"Quotation {one.child_order_ids.name}")
        )
        self.assertIn("cannot be renewed", results[closed][1])
        for _time in range(9):
            results = self._get_results((one | two).action_renew_contracts())
            self.assertIn("is being renewed", results[one][1])
        self.assertEqual(len((one | two).child_order_ids), 2)
        with self.assertRaisesRegex(UserError, "is being renewed"):
            one.action_renew_contracts()

    def test_the_result_page_counts_and_opens_the_contracts(self):
        good, closed = self._create_contract(), self._create_contract()
        closed._close(self.reason)
        action = self._apply("pause", good | closed)
        result = self.env["subscription.result"].browse(action["res_id"])
        self.assertEqual((result.done_count, result.refused_count), (1, 1))
        self.assertEqual(result.line_ids[0].order_id, closed)  # refused on top
        self.assertEqual(result.line_ids[0].action_open()["res_id"], closed.id)

    def test_a_failing_constraint_refuses_one_contract_alone(self):
        good, bad = self._create_contract(), self._create_contract()

        def act(order):
            if order == bad:
                raise ValidationError("Not this one.")
            order.client_order_ref = "Seen"

        with mute_logger("odoo.sql_db"):
            results = self._get_results((good | bad)._act_each("Test", act))
        self.assertEqual(results[bad], ("refused", "Not this one."))
        self.assertEqual((good | bad).mapped("client_order_ref"), ["Seen", False])

    def test_the_form_lists_what_is_scheduled_and_links_the_family(self):
        order = self._create_contract()
        order._change_quantities({order.order_line: 3.0})
        order.action_upsell()
        self.assertEqual((order.change_count, order.family_count), (1, 1))
        action = order.action_view_changes()
        changes = self.env["subscription.change"].search(action["domain"])
        self.assertEqual(changes, order.change_ids)
