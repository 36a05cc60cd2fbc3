from unittest.mock import patch

from lxml import etree

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SubscriptionCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestHealth(SubscriptionCommon):
    """Health by the conditions of the template: MRR from 500 good, below 200 bad."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env["sale.order.template"].create(
            {
                "name": "Managed",
                "plan_id": cls.monthly.id,
                "good_health_domain": "[('mrr', '>=', 500)]",
                "bad_health_domain": "[('mrr', '<', 200)]",
            }
        )

    def _create(self, quantity, **values):
        contract = self._create_contract(
            (self.seat, quantity), sale_order_template_id=self.template.id, **values
        )
        self._commit()
        return contract

    def _commit(self):
        """What happens at the end of a transaction."""
        self.env.flush_all()
        self.env.cr.precommit.run()

    def _run_nightly(self):
        with self.enter_registry_test_mode():
            self.env.ref("subscriptions.ir_cron_update_health").method_direct_trigger()
        self.env.invalidate_all()

    def _get_log(self, contract):
        return " ".join(contract.message_ids.mapped("body"))

    # === BY THE CONDITIONS === #

    def test_a_new_contract_has_its_health_at_the_commit(self):
        self.assertEqual(self._create(5).health, "good")  # 500
        self.assertEqual(self._create(3).health, "neutral")  # 300
        self.assertEqual(self._create(1).health, "bad")  # 100

    def test_a_change_moves_it_up_and_down_with_a_line_each_in_the_chatter(self):
        contract = self._create(3)
        contract.order_line.product_uom_qty = 5
        self._commit()
        self.assertEqual(contract.health, "good")
        self.assertIn("Neutral → Good", self._get_log(contract))
        contract.order_line.product_uom_qty = 1
        self._commit()
        self.assertEqual(contract.health, "bad")
        self.assertIn("Good → Bad", self._get_log(contract))
        before = len(contract.message_ids)
        contract.client_order_ref = "Nothing that matters"
        self._commit()
        self.assertEqual(len(contract.message_ids), before)

    def test_bad_is_stronger_than_good(self):
        self.template.bad_health_domain = "[('mrr', '>=', 400)]"
        self.assertEqual(self._create(5).health, "bad")

    def test_what_days_alone_change_is_seen_at_night(self):
        self.template.bad_health_domain = "[('end_date', '<', 'today +30d')]"
        contract = self._create(3, end_date="2026-12-31")
        self.assertEqual(contract.health, "neutral")
        with freeze_time("2026-12-15"):
            self._run_nightly()
            self.assertEqual(contract.health, "bad")

    def test_changed_conditions_count_at_once(self):
        contract = self._create(3)
        self.template.good_health_domain = "[('mrr', '>=', 300)]"
        self.assertEqual(contract.health, "good")
        self.template.good_health_domain = False
        self.assertEqual(contract.health, "neutral")
        self.template.bad_health_domain = False
        contract.health = "good"
        contract.action_release_health()
        self.assertEqual(contract.health, "neutral", "no condition, no health")

    def test_ended_contracts_keep_the_health_they_ended_with(self):
        contract = self._create(1)
        contract._close(self.env.ref("subscriptions.close_reason_price"))
        self.template.bad_health_domain = "[('mrr', '<', 50)]"
        self._run_nightly()
        self.assertEqual(contract.subscription_state, "churned")
        self.assertEqual(contract.health, "bad")

    # === BY HAND === #

    def test_what_a_person_sets_stays_until_it_is_released(self):
        contract = self._create(1)
        contract.health = "good"
        self.assertTrue(contract.health_is_manual)
        self._commit()
        self._run_nightly()
        self.assertEqual(contract.health, "good")
        contract.action_release_health()
        self.assertFalse(contract.health_is_manual)
        self.assertEqual(contract.health, "bad")

    def test_whoever_may_write_a_contract_sets_and_releases_its_health(self):
        user = new_test_user(
            self.env,
            login="seller",
            groups="sales_team.group_sale_salesman",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        contract = self._create(1, user_id=user.id).with_user(user)
        contract.health = "neutral"
        self.assertTrue(contract.health_is_manual)
        contract.action_release_health()
        self.assertEqual(contract.health, "bad")

    # === BAD INPUT === #

    def test_conditions_that_are_none_are_refused_with_words(self):
        for text in (
            "[('no_such_field', '=', 1)]",
            "[('mrr', '>=')]",
            "mrr > 5",
            "__import__('os').system('true')",
            "[('mrr', '=', 9**9**9)]",
            "[('plan_id.nothing', '=', 1)]",
            "{'mrr': 1}",
            "[" * 5000,
        ):
            with (
                self.subTest(text=text[:40]),
                self.assertRaisesRegex(ValidationError, "condition"),
            ):
                self.template.good_health_domain = text
            self.template.invalidate_recordset()

    def test_a_value_that_does_not_fit_its_field_is_refused_with_words(self):
        for text in (
            "[('mrr', '>', 'much')]",
            "[('client_order_ref', 'like', 'a\\x00b')]",
            "[('end_date', '<', 'one day')]",
        ):
            with (
                self.subTest(text=text),
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(ValidationError, "condition"),
            ):
                self.template.good_health_domain = text
            self.template.invalidate_recordset()

    def test_a_condition_asks_for_nothing_its_writer_may_not_read(self):
        manager = new_test_user(
            self.env,
            login="manager",
            groups="sales_team.group_sale_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        with self.assertRaisesRegex(ValidationError, "cannot be used"):
            self.template.with_user(manager).bad_health_domain = (
                "[('user_id.oauth_access_token', 'like', 'a')]"
                if "oauth_access_token" in self.env["res.users"]._fields
                else "[('transaction_ids.provider_reference', 'like', 'a')]"
            )

    def test_a_deleted_record_in_a_condition_is_said_and_other_templates_go_on(self):
        tag = self.env["crm.tag"].create({"name": "Key account"})
        other = self.template.copy({"name": "Other"})
        self.template.bad_health_domain = f"[('tag_ids', 'in', [{tag.id}])]"
        contract = self._create(5)
        second = self._create_contract((self.seat, 5), sale_order_template_id=other.id)
        tag.unlink()
        self._run_nightly()
        self.assertIn("deleted", self.template.health_error)
        self.assertEqual(contract.health, "good", "stays as it is")
        self.assertFalse(other.health_error)
        self.assertEqual(second.health, "good")
        self.template.bad_health_domain = "[('mrr', '<', 200)]"
        self.assertFalse(self.template.health_error)

    def test_a_condition_that_fails_does_not_fail_what_touches_the_contract(self):
        contract = self._create(5)
        # As if a module that had the field was uninstalled.
        self.env.cr.execute(
            "UPDATE sale_order_template SET bad_health_domain = %s WHERE id = %s",
            ["[('x_gone', '=', 1)]", self.template.id],
        )
        self.env.invalidate_all()
        contract.order_line.product_uom_qty = 2
        self._commit()
        self.assertEqual(contract.order_line.product_uom_qty, 2)
        self.assertEqual(contract.health, "good", "as it was")
        self._run_nightly()
        self.assertIn("x_gone", self.template.health_error)

    # === FORMS === #

    def test_the_form_of_a_template_keeps_labels_beside_their_fields(self):
        arch = etree.fromstring(self.template.get_view(view_type="form")["arch"])
        for label in arch.xpath("//group[@name='sale_info']/label"):
            name = label.get("for")
            self.assertTrue(
                label.getnext().xpath(f"descendant-or-self::field[@name='{name}']"),
                name,
            )

    # === SPEED === #

    def test_where_another_transaction_is_faster_this_one_is_kept(self):
        def be_too_late(watch, targets):
            watch.env.cr.execute("SET LOCAL statement_timeout = '1ms'")
            watch.env.cr.execute("SELECT pg_sleep(1)")  # PostgreSQL cancels it

        contract = self._create(5)
        Trigger = self.env["ir.cron.trigger"]
        cron = self.env.ref("subscriptions.ir_cron_update_health")
        before = Trigger.search_count([("cron_id", "=", cron.id)])
        contract.order_line.product_uom_qty = 1
        watch = self.env.registry["subscription.watch"]
        with (
            patch.object(watch, "_set_health", be_too_late),
            mute_logger("odoo.sql_db"),
        ):
            self._commit()
        self.assertEqual(contract.order_line.product_uom_qty, 1)
        self.assertEqual(contract.health, "good")
        self.assertEqual(Trigger.search_count([("cron_id", "=", cron.id)]), before + 1)
        self._run_nightly()
        self.assertEqual(contract.health, "bad")

    def test_what_others_hang_on_the_health_undoes_nothing(self):
        self.env["base.automation"].create(
            {
                "name": "Of the administrator",
                "model_id": self.env.ref("sale.model_sale_order").id,
                "trigger": "on_create_or_write",
                "trigger_field_ids": [
                    Command.set(
                        self.env.ref("subscriptions.field_sale_order__health").ids
                    )
                ],
                "filter_domain": "[('health', '=', 'bad')]",
                "action_server_ids": [
                    Command.create(
                        {
                            "name": "Fails",
                            "model_id": self.env.ref("sale.model_sale_order").id,
                            "usage": "base_automation",
                            "state": "code",
                            "code": "raise UserError('Not today')",
                        }
                    )
                ],
            }
        )
        contract = self._create(5)
        contract.order_line.product_uom_qty = 1
        self._commit()
        self.assertEqual(contract.order_line.product_uom_qty, 1)
        self.assertEqual(contract.health, "good")
        self._run_nightly()
        self.assertIn("Not today", self.template.health_error)

    def test_the_nightly_run_asks_the_same_number_of_questions_for_more_contracts(self):
        def count():
            self.env.invalidate_all()
            self.env["subscription.watch"]._update_health()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["subscription.watch"]._update_health()
            return self.env.cr.sql_log_count - before

        self._create(5)
        few = count()
        for _number in range(6):
            self._create_contract(sale_order_template_id=self.template.id)
        self.assertEqual(count(), few)
