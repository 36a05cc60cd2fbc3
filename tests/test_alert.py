from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SubscriptionCommon


class AlertCommon(SubscriptionCommon):
    """Ways to make alerts, and to run them as the scheduler does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["subscription.alert"].search([]).active = False
        cls.call = cls.env.ref("mail.mail_activity_data_call")

    @classmethod
    def _create_alert(cls, **values):
        return cls.env["subscription.alert"].create(
            {
                "name": "Alert",
                "company_id": cls.company.id,
                "activity_type_id": cls.call.id,
                "activity_summary": "Call them",
                **values,
            }
        )

    def _run_alerts(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        with self.enter_registry_test_mode():
            self.env.ref("subscriptions.ir_cron_run_alerts").method_direct_trigger()
        self.env.invalidate_all()

    def _count(self, contract):
        """Return how many calls are planned for a contract."""
        return len(
            contract.activity_ids.filtered(
                lambda activity: activity.activity_type_id == self.call
            )
        )

    def _set_quantity(self, contract, quantity):
        contract.order_line.product_uom_qty = quantity


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestAlert(AlertCommon):
    # === CROSSINGS === #

    def test_a_contract_that_falls_below_and_comes_back_is_acted_on_once(self):
        contract = self._create_contract((self.seat, 5))
        alert = self._create_alert(mrr_max=200)
        self._run_alerts()
        self.assertEqual(self._count(contract), 0)
        self._set_quantity(contract, 1)
        self._run_alerts()
        self.assertEqual(self._count(contract), 1)
        self._run_alerts()
        with freeze_time("2026-07-16"):
            self._run_alerts()
        self.assertEqual(self._count(contract), 1, "not each day")
        self._set_quantity(contract, 5)
        self._run_alerts()
        self.assertEqual(self._count(contract), 1)
        self.assertEqual(alert.match_ids.mapped("state"), ["done"])
        self.assertTrue(alert.match_ids.ended_on)

    def test_the_next_time_it_falls_it_is_acted_on_again(self):
        contract = self._create_contract((self.seat, 5))
        self._create_alert(mrr_max=200)
        for quantity in (1, 5, 1):
            self._set_quantity(contract, quantity)
            self._run_alerts()
        self.assertEqual(self._count(contract), 2)

    def test_switched_on_it_does_not_act_on_the_past(self):
        old = self._create_contract()
        alert = self._create_alert(mrr_max=200, active=False)
        self.assertFalse(alert.match_ids)
        alert.active = True
        new = self._create_contract()
        self._run_alerts()
        self.assertEqual(self._count(old), 0)
        self.assertEqual(self._count(new), 1)
        self.assertEqual(
            alert.match_ids.filtered(lambda row: row.order_id == old).state, "known"
        )

    def test_switched_on_by_its_automation_rule_it_does_not_act_on_the_past(self):
        old = self._create_contract()
        alert = self._create_alert(mrr_max=200, active=False)
        alert.automation_id.active = True
        self.assertTrue(alert.active)
        new = self._create_contract()
        self._run_alerts()
        self.assertEqual((self._count(old), self._count(new)), (0, 1))

    def test_switched_on_again_it_does_not_act_on_what_failed_before(self):
        self.partner.email = False
        template = self.env.ref("sale.mail_template_sale_confirmation")
        alert = self._create_alert(
            mrr_max=200, action="mail", mail_template_id=template.id
        )
        contract = self._create_contract()
        self._run_alerts()
        self.assertEqual(alert.match_ids.state, "failed")
        alert.active = False
        self.partner.email = "ada@example.com"
        alert.active = True
        with freeze_time("2026-07-20"):
            self._run_alerts()
        self.assertEqual(alert.match_ids.state, "known")
        self.assertEqual(alert.match_ids.order_id, contract)

    def test_another_condition_is_another_alert_that_does_not_act_on_the_past(self):
        contract = self._create_contract((self.seat, 3))
        alert = self._create_alert(mrr_max=200)
        alert.mrr_max = 400
        self._run_alerts()
        self.assertEqual(self._count(contract), 0)

    def test_run_now_acts_on_all_that_match_and_then_has_nothing_to_do(self):
        contracts = self._create_contract() | self._create_contract()
        alert = self._create_alert(mrr_max=200)
        self.assertEqual(alert.match_count, 2)
        self.assertEqual(
            alert.action_view_matches()["domain"], [("id", "in", contracts.ids[::-1])]
        )
        told = alert.action_run()["params"]
        self.assertIn("2 contracts", told["message"])
        self.assertEqual([self._count(one) for one in contracts], [1, 1])
        self.assertIn("Nothing to do", alert.action_run()["params"]["message"])
        self.assertEqual([self._count(one) for one in contracts], [1, 1])
        self.assertEqual(alert.done_count, 2)

    def test_more_than_a_button_can_do_at_once_follows_in_the_run(self):
        contracts = self._create_contract() | self._create_contract()
        alert = self._create_alert(mrr_max=200)
        with patch(
            "odoo.addons.subscriptions.models.subscription_alert_run"
            ".MAX_ALERTS_AT_ONCE",
            1,
        ):
            self.assertIn("1 more", alert.action_run()["params"]["message"])
        self._run_alerts()
        self.assertEqual([self._count(one) for one in contracts], [1, 1])

    def test_an_alert_that_is_off_is_not_run(self):
        alert = self._create_alert(mrr_max=200, active=False)
        contract = self._create_contract()
        self._run_alerts()
        self.assertEqual(self._count(contract), 0)
        with self.assertRaisesRegex(UserError, "Switch"):
            alert.action_run()

    def test_a_change_wakes_the_run_and_only_where_an_alert_waits(self):
        cron = self.env.ref("subscriptions.ir_cron_run_alerts")

        def wakes():
            triggers = self.env["ir.cron.trigger"]
            before = triggers.search_count([("cron_id", "=", cron.id)])
            contract.client_order_ref = "X"
            self.env.flush_all()
            self.env.cr.precommit.run()
            return triggers.search_count([("cron_id", "=", cron.id)]) > before

        contract = self._create_contract()
        self.assertFalse(wakes())
        alert = self._create_alert(mrr_max=50)
        self.assertTrue(wakes())
        alert.active = False
        self.assertFalse(wakes())

    # === ON A DATE === #

    def test_sixty_days_before_the_end_it_acts_once(self):
        contract = self._create_contract(end_date="2026-12-31")
        self._create_alert(
            trigger="date", date_field="end_date", date_days=60, date_mode="before"
        )
        for day, count in (("2026-10-31", 0), ("2026-11-01", 1), ("2026-11-02", 1)):
            with freeze_time(day):
                self._run_alerts()
                self.assertEqual(self._count(contract), count, day)

    def test_a_date_that_is_moved_is_another_date(self):
        contract = self._create_contract(end_date="2026-08-31")
        self._create_alert(
            trigger="date", date_field="end_date", date_days=10, date_mode="before"
        )
        with freeze_time("2026-08-22"):
            self._run_alerts()
            self.assertEqual(self._count(contract), 1)
            contract.end_date = "2026-10-31"
            self._run_alerts()
        with freeze_time("2026-10-22"):
            self._run_alerts()
            self.assertEqual(self._count(contract), 2)

    def test_days_the_run_missed_are_caught_up_and_older_ones_are_not(self):
        old = self._create_contract(start_date="2026-06-01")
        self._create_alert(
            trigger="date", date_field="start_date", date_days=10, date_mode="after"
        )
        new = self._create_contract()
        with freeze_time("2026-07-29"):  # four days late
            self._run_alerts()
        self.assertEqual(self._count(old), 0)
        self.assertEqual(self._count(new), 1)

    # === GOES WRONG === #

    def test_what_fails_is_kept_with_its_reason_and_the_others_go_on(self):
        self.partner.email = False
        template = self.env["mail.template"].create(
            {
                "name": "To nobody",
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "subject": "Hello",
                "partner_to": "{{ object.partner_id.id }}",
            }
        )
        alert = self._create_alert(
            mrr_max=200, action="mail", mail_template_id=template.id
        )
        good = self._create_alert(name="Good", mrr_max=200)
        contract = self._create_contract()
        self._run_alerts()
        self.assertEqual(self._count(contract), 1)
        self.assertIn("nobody to go to", alert.last_error)
        self.assertIn(contract.name, alert.last_error)
        self.assertEqual(alert.match_ids.state, "failed")
        self.assertEqual(alert.failed_count, 1)
        self.assertFalse(good.last_error)
        # Mended, it is done the day after, and the error is gone.
        self.partner.email = "ada@example.com"
        self._run_alerts()
        self.assertEqual(alert.match_ids.state, "failed")
        with freeze_time("2026-07-16"):
            self._run_alerts()
        self.assertEqual(alert.match_ids.state, "done")
        self.assertFalse(alert.last_error)
        mail = self.env["mail.mail"].search(
            [("subject", "=", "Hello"), ("recipient_ids", "in", self.partner.ids)]
        )
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.state, "outgoing")

    def test_a_broken_condition_is_said_and_the_other_alerts_go_on(self):
        alert = self._create_alert(extra_domain="[('client_order_ref', '=', 'X')]")
        self._create_alert(name="Good", mrr_max=200)
        self.env.cr.execute(
            "UPDATE subscription_alert SET extra_domain = %s WHERE id = %s",
            ["[('x_gone', '=', 1)]", alert.id],
        )
        self.env.invalidate_all()
        contract = self._create_contract()
        self._run_alerts()
        self.assertIn("x_gone", alert.last_error)
        self.assertIn("x_gone", alert.match_error)
        self.assertEqual(self._count(contract), 1)

    def test_a_condition_that_takes_too_long_is_said_and_the_others_go_on(self):
        def take_long(alert, today):
            if alert == slow:
                alert.env.cr.execute("SET LOCAL statement_timeout = '1ms'")
                alert.env.cr.execute("SELECT pg_sleep(1)")  # PostgreSQL cancels it
            return original(alert, today)

        slow = self._create_alert(name="Slow", mrr_max=200)
        self._create_alert(name="Quick", mrr_max=200)
        Alert = self.env.registry["subscription.alert"]
        original = Alert._find_matching
        contract = self._create_contract()
        with (
            patch.object(Alert, "_find_matching", take_long),
            mute_logger("odoo.sql_db"),
        ):
            self._run_alerts()
        self.assertIn("statement timeout", slow.last_error)
        self.assertEqual(self._count(contract), 1)

    def test_a_condition_on_a_deleted_record_is_said(self):
        plan = self._create_plan()
        alert = self._create_alert(extra_domain=f"[('plan_id', '=', {plan.id})]")
        plan.unlink()
        self._run_alerts()
        self.assertIn("deleted", alert.last_error)

    def test_a_deleted_record_within_another_condition_is_said(self):
        product = self._create_item("Gone", 1.0)
        partner = self.env["res.partner"].create({"name": "Gone"})
        alerts = [
            self._create_alert(extra_domain=text)
            for text in (
                f"[('order_line', 'any', [('product_id', 'in', [{product.id}])])]",
                f"[('partner_id', 'child_of', [{partner.id}])]",
                f"[('order_line.product_id.id', '=', {product.id})]",
                f"[('partner_id', 'any', [('id', '=', {partner.id})])]",
            )
        ]
        product.unlink()
        partner.unlink()
        self._run_alerts()
        for alert in alerts:
            with self.subTest(condition=alert.extra_domain):
                self.assertIn("deleted", alert.last_error or "")

    def test_a_plan_that_an_alert_names_is_not_deleted_unseen(self):
        plan = self._create_plan()
        alert = self._create_alert(mrr_max=200, plan_ids=[Command.link(plan.id)])
        with self.assertRaisesRegex(UserError, "The alert “Alert” is about this plan"):
            plan.unlink()
        self.assertEqual(alert.plan_ids, plan)

    def test_two_alerts_that_set_each_other_off_act_once_each(self):
        contract = self._create_contract()
        one = self._create_alert(health="good", action="health", new_health="bad")
        two = self._create_alert(health="bad", action="health", new_health="good")
        contract.health = "good"
        for number in range(5):
            contract.client_order_ref = str(number)
            self._run_alerts()
        self.assertEqual(one.match_ids.mapped("state"), ["done"])
        self.assertEqual(two.match_ids.mapped("state"), ["done"])

    def test_what_goes_up_and_down_all_day_is_acted_on_three_times(self):
        contract = self._create_contract((self.seat, 5))
        alert = self._create_alert(mrr_max=200)
        for _number in range(5):
            self._set_quantity(contract, 1)
            self._run_alerts()
            self._set_quantity(contract, 5)
            self._run_alerts()
        self.assertEqual(self._count(contract), 3)
        self._set_quantity(contract, 1)
        self._run_alerts()
        self.assertEqual(self._count(contract), 3)
        self.assertIn("3 times today", alert.last_error)
        with freeze_time("2026-07-16"):
            self._run_alerts()
        self.assertEqual(self._count(contract), 4)
        self.assertFalse(alert.last_error)

    def test_an_alert_that_undoes_its_own_condition_acts_once_for_each_change(self):
        contract = self._create_contract()
        alert = self._create_alert(health="bad", action="health", new_health="good")
        contract.health = "bad"
        self._run_alerts()
        self._run_alerts()
        self.assertEqual(contract.health, "good")
        self.assertEqual(len(alert.match_ids.filtered(lambda r: r.state == "done")), 1)

    def test_one_without_any_condition_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "at least one condition"):
            self._create_alert()

    def test_one_that_does_not_say_what_to_do_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "New Stage"):
            self._create_alert(mrr_max=1, action="stage")

    def test_a_hostile_condition_is_refused(self):
        for text in ("__import__('os')", "[('user_id.password', '=', 1", "[(1,)]"):
            with (
                self.subTest(text=text),
                self.assertRaisesRegex(ValidationError, "no condition"),
            ):
                self._create_alert(extra_domain=text)

    def test_a_value_that_does_not_fit_its_field_is_refused_with_words(self):
        for text in (
            "[('mrr', '>', 'much')]",
            f"[('mrr', '>', {10**400})]",
            "[('client_order_ref', 'like', 'a\\x00b')]",
            "[('end_date', '<', 'one day')]",
        ):
            with (
                self.subTest(text=text),
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(ValidationError, "condition"),
            ):
                self._create_alert(extra_domain=text)

    def test_numbers_that_make_no_sense_are_refused(self):
        for values in (
            {"mrr_min": 500, "mrr_max": 200},
            {"mrr_max": 200, "activity_days": -1},
            {"mrr_max": 200, "activity_days": 999999999},
        ):
            with (
                self.subTest(values=values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
            ):
                self._create_alert(**values)

    def test_a_mail_that_is_about_something_else_is_refused(self):
        for action, field, model in (
            ("mail", "mail_template_id", "mail.template"),
            ("rating", "rating_template_id", "mail.template"),
            ("sms", "sms_template_id", "sms.template"),
        ):
            template = self.env[model].create(
                {
                    "name": "To a contact",
                    "model_id": self.env["ir.model"]._get_id("res.partner"),
                    **({"body": "Hello"} if action == "sms" else {}),
                }
            )
            with (
                self.subTest(action=action),
                patch.object(
                    self.env.registry["subscription.alert"],
                    "_can_send_sms",
                    lambda alert: True,
                ),
                self.assertRaisesRegex(ValidationError, "“To a contact”"),
            ):
                self._create_alert(mrr_max=200, action=action, **{field: template.id})

    # === WHAT IT DOES === #

    def _act(self, contract, **values):
        alert = self._create_alert(
            extra_domain=f"[('id', '=', {contract.id})]", **values
        )
        alert.action_run()
        self.assertFalse(alert.last_error)
        return alert

    def test_it_plans_an_activity_for_whom_it_says(self):
        seller, leader, somebody = (
            new_test_user(
                self.env,
                login=login,
                groups="sales_team.group_sale_salesman",
                company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )
            for login in ("one", "two", "three")
        )
        team = self.env["crm.team"].create({"name": "Team", "user_id": leader.id})
        contract = self._create_contract(user_id=seller.id, team_id=team.id)
        for assignee, user in (
            ("salesperson", seller),
            ("leader", leader),
            ("user", somebody),
        ):
            self._act(
                contract,
                assignee=assignee,
                assigned_user_id=somebody.id,
                activity_days=3,
                name=assignee,
            )
            activity = contract.activity_ids.sorted("id")[-1]
            self.assertEqual(activity.user_id, user)
            self.assertEqual(activity.date_deadline, self._day("2026-07-18"))
            self.assertEqual(activity.summary, "Call them")

    def test_it_sets_stage_health_and_tag_and_closes(self):
        contract = self._create_contract()
        tag = self.env["crm.tag"].create({"name": "At risk"})
        stage = self.env["subscription.stage"].create({"name": "Rescue"})
        self._act(contract, action="tag", new_tag_ids=[Command.link(tag.id)])
        self.assertEqual(contract.tag_ids, tag)
        self._act(contract, action="stage", new_stage_id=stage.id)
        self.assertEqual(contract.stage_id, stage)
        self._act(contract, action="health", new_health="bad")
        self.assertEqual(contract.health, "bad")
        self.assertTrue(contract.health_is_manual)
        reason = self.env.ref("subscriptions.close_reason_price")
        self._act(contract, action="close", close_reason_id=reason.id)
        self.assertEqual(contract.close_date, contract.paid_until)
        self._act(contract, action="close", close_reason_id=reason.id, close_at="now")
        self.assertEqual(contract.subscription_state, "churned")

    def test_the_chatter_says_which_alert_it_was(self):
        contract = self._create_contract()
        self._act(contract, name="Small ones")
        self.assertIn(
            "Alert “Small ones”", " ".join(contract.message_ids.mapped("body"))
        )

    def test_actions_an_administrator_adds_to_the_rule_are_run_too(self):
        contract = self._create_contract()
        alert = self._create_alert(mrr_max=200)
        alert.automation_id.action_server_ids = [
            Command.create(
                {
                    "name": "Note",
                    "model_id": alert.automation_id.model_id.id,
                    "usage": "base_automation",
                    "state": "code",
                    "code": "record.write({'client_order_ref': 'by the rule'})",
                }
            )
        ]
        alert.action_run()
        self.assertEqual(contract.client_order_ref, "by the rule")
        self.assertEqual(self._count(contract), 1)

    def test_sms_are_offered_where_they_have_credit(self):
        Alert = self.env["subscription.alert"]
        self.assertNotIn("sms", dict(Alert._get_actions()))
        service = self.env["iap.service"].search([("technical_name", "=", "sms")])
        account = self.env["iap.account"].create({"service_id": service.id})
        account.balance = "0.0 Credits"
        self.assertNotIn("sms", dict(Alert._get_actions()))
        account.balance = "12.5 Credits"
        self.assertIn("sms", dict(Alert._get_actions()))

    def test_an_sms_waits_in_the_queue_and_needs_a_number(self):
        service = self.env["iap.service"].search([("technical_name", "=", "sms")])
        self.env["iap.account"].create({"service_id": service.id}).balance = "5"
        contract = self._create_contract()
        template = self.env["sms.template"].create(
            {
                "name": "Hello",
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "body": "Hello {{ object.name }}",
            }
        )
        alert = self._create_alert(
            mrr_max=200, action="sms", sms_template_id=template.id
        )
        alert.action_run()
        self.assertIn("no phone number", alert.last_error)
        self.partner.phone = "+32470000000"
        alert.action_run()
        sms = self.env["sms.sms"].search([("partner_id", "=", self.partner.id)])
        self.assertEqual(sms.body, f"Hello {contract.name}")
        self.assertEqual(sms.state, "outgoing")

    # === RIGHTS === #

    def test_sales_managers_write_alerts_and_salespeople_do_not(self):
        seller, manager = (
            new_test_user(
                self.env,
                login=group,
                groups=f"sales_team.group_sale_{group}",
                company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )
            for group in ("salesman", "manager")
        )
        values = {"name": "Mine", "mrr_max": 200.0}
        alert = self.env["subscription.alert"].with_user(manager).create(values)
        contract = self._create_contract()
        alert.active = False
        alert.active = True
        alert.action_run()
        self.assertEqual(self._count(contract), 1)
        self.assertEqual(alert.sudo().automation_id.trigger, "subscription_alert")
        with self.assertRaises(AccessError):
            self.env["subscription.alert"].with_user(seller).create(values)
        with self.assertRaises(AccessError):
            alert.with_user(seller).action_run()
        with self.assertRaisesRegex(ValidationError, "all companies"):
            self.env["res.company"].sudo().create({"name": "Another"})
            alert.company_id = False
        alert.sudo().company_id = self.company
        rule = alert.sudo().automation_id
        alert.unlink()
        self.assertFalse(rule.exists())

    def test_an_alert_on_all_companies_is_for_who_works_in_all(self):
        self.env["res.company"].create({"name": "Another"})
        manager = new_test_user(
            self.env,
            login="manager",
            groups="sales_team.group_sale_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        contract = self._create_contract()
        alert = self._create_alert(mrr_max=200)
        alert.with_user(SUPERUSER_ID).company_id = False
        alert = alert.with_user(manager)
        for touch in (
            lambda: alert.write({"active": False}),
            lambda: alert.write({"action": "rating"}),
            lambda: alert.action_run(),
            lambda: alert.unlink(),
        ):
            with self.assertRaisesRegex(ValidationError, "all of them"):
                touch()
        self.assertEqual(self._count(contract), 0)
        self.assertEqual(alert.copy().company_id, self.company)

    def test_it_acts_in_its_company_only(self):
        other = self.company_data_2 if hasattr(self, "company_data_2") else None
        company = (
            other["company"] if other else self.env["res.company"].create({"name": "B"})
        )
        alert = self._create_alert(mrr_max=200, company_id=company.id)
        contract = self._create_contract()
        self._run_alerts()
        self.assertEqual(self._count(contract), 0)
        self.assertEqual(alert.match_count, 0)

    # === IN WORDS === #

    def test_it_reads_itself_back(self):
        alert = self._create_alert(
            mrr_change="fell",
            mrr_change_by=20,
            mrr_change_days=30,
            plan_ids=[Command.link(self.yearly.id)],
            activity_days=2,
        )
        self.assertEqual(
            alert.sentence,
            "When MRR fell by more than 20 % within 30 days, on plans Yearly, plan "
            "“Call” for the salesperson in 2 days.",
        )

    def test_the_shipped_examples_are_off_and_read_themselves_back(self):
        examples = (
            self.env["subscription.alert"]
            .with_context(active_test=False)
            .search([("company_id", "=", False)])
        )
        self.assertEqual(len(examples), 7)
        self.assertFalse(examples.filtered("active"))
        self.assertEqual(
            self.env.ref("subscriptions.alert_ends_soon").sentence,
            "When it is 60 days before “End Date”, plan “Call” for the salesperson in "
            "5 days.",
        )
        for alert in examples:
            self.assertNotIn("…", alert.sentence)
            self.assertFalse(alert.match_error)

    # === SPEED === #

    def test_a_run_asks_the_same_number_of_questions_for_more_contracts(self):
        alert = self._create_alert(mrr_min=50)

        def count(contracts):
            for _number in range(contracts):
                self._create_contract()
            self.env.flush_all()
            self.env.invalidate_all()
            known = len(alert.match_ids)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            alert.sudo()._bring_up_to_date(self._day("2026-07-15"))
            self.env.flush_all()
            asked = self.env.cr.sql_log_count - before
            self.assertEqual(len(alert.match_ids), known + contracts)
            return asked

        count(1)
        self.assertEqual(count(8), count(2))
