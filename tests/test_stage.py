from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import SubscriptionCommon, freeze_time, tagged


class StageCommon(SubscriptionCommon):
    """The stages that are installed, and a short way to a mail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in (
            "quotation",
            "onboarding",
            "progress",
            "paused",
            "renewed",
            "closed",
        ):
            setattr(cls, name, cls.env.ref(f"subscriptions.stage_{name}"))
        cls.reason = cls.env.ref("subscriptions.close_reason_need")

    @classmethod
    def _create_template(cls, **values):
        return cls.env["mail.template"].create(
            {
                "name": "Welcome",
                "model_id": cls.env.ref("sale.model_sale_order").id,
                "subject": "Welcome to {{ object.name }}",
                "body_html": "<p>Hello</p>",
                "use_default_to": True,
                **values,
            }
        )

    def _commit(self):
        """Do what Odoo does when a transaction is about to be committed."""
        self.env.cr.flush()

    def _get_mails(self, order, subject="Welcome to"):
        return order.message_ids.filtered(
            lambda message: (message.subject or "").startswith(subject)
        )

    def _get_todos(self, order):
        todo = self.env.ref("mail.mail_activity_data_todo")
        return order.activity_ids.filtered(lambda one: one.activity_type_id == todo)


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01 12:00:00")
class TestStageOfContract(StageCommon):
    """Which stage a contract is in, by itself and by hand."""

    # By itself

    def test_a_contract_enters_the_stage_of_each_state_it_comes_to(self):
        order = self._create_order()
        self.assertEqual(order.stage_id, self.quotation)
        order.action_confirm()
        self.assertEqual(order.stage_id, self.progress)
        order._pause()
        self.assertEqual(order.stage_id, self.paused)
        order._resume()
        self.assertEqual(order.stage_id, self.progress)
        order._close(self.reason)
        self.assertEqual(order.stage_id, self.closed)
        order._reopen()
        self.assertEqual(order.stage_id, self.progress)

    def test_a_renewed_contract_and_its_renewal_stand_in_stages_of_their_own(self):
        order = self._create_contract()
        renewal = self._renew(order)
        self.assertEqual(renewal.stage_id, self.quotation)
        renewal.action_confirm()
        self.assertEqual(order.stage_id, self.renewed)
        self.assertEqual(renewal.stage_id, self.progress)

    def test_what_is_no_contract_has_no_stage(self):
        plain = self._create_order(self.setup_fee, plan_id=False)
        contract = self._create_contract()
        upsell = self._upsell(contract, (self.seat, 2))
        self.assertFalse(plain.stage_id | upsell.stage_id)
        upsell.action_confirm()
        self.assertFalse(upsell.stage_id)

    def test_a_quotation_gets_a_stage_with_its_plan_and_loses_it_when_cancelled(self):
        order = self._create_order(self.coffee_once(), plan_id=False)
        self.assertFalse(order.stage_id)
        order.plan_id = self.monthly
        self.assertEqual(order.stage_id, self.quotation)
        order._action_cancel()
        self.assertFalse(order.stage_id)
        order.action_draft()
        self.assertEqual(order.stage_id, self.quotation)

    def coffee_once(self):
        self.goods.accept_one_time = True
        return self.goods

    def test_a_copy_begins_at_the_beginning(self):
        order = self._create_contract()
        order.stage_id = self.onboarding
        self.assertEqual(order.copy().stage_id, self.quotation)

    def test_what_happens_within_a_state_leaves_the_stage_alone(self):
        order = self._create_contract()
        order.stage_id = self.onboarding
        order.order_line = [Command.create({"product_id": self.goods.id})]
        order.order_line[0].product_uom_qty = 3
        order._bill(until=self._day("2026-09-01"))
        self.assertEqual(order.stage_id, self.onboarding)

    def test_a_state_without_a_stage_leaves_the_contract_where_it_is(self):
        self.paused.active = False
        order = self._create_contract()
        order.stage_id = self.onboarding
        order._pause()
        self.assertEqual(order.stage_id, self.onboarding)
        order._resume()
        self.assertEqual(order.stage_id, self.progress, "this state has one")

    def test_contracts_from_before_there_were_stages_are_taken_in_quietly(self):
        order = self._create_contract()
        self._commit()
        self.progress.active = False
        order.sudo().write({"stage_id": False, "stage_state": False})
        self._commit()
        messages = order.message_ids
        stage = self.progress.create(
            {
                "name": "Running",
                "implied_by": "progress",
                "mail_template_id": self._create_template().id,
            }
        )
        self._commit()
        self.assertEqual(order.stage_id, stage)
        self.assertEqual(order.message_ids, messages, "it is no news")

    # Companies

    def test_the_companys_own_stage_comes_before_a_shared_one(self):
        own = self.progress.create(
            {
                "name": "Running here",
                "implied_by": "progress",
                "company_id": self.company.id,
            }
        )
        self.assertEqual(self._create_contract().stage_id, own)
        other = self._create_company(name="Elsewhere")
        stages = self.env["subscription.stage"]
        self.assertEqual(stages._get_implied(other)["progress"], self.progress)
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.assertEqual(stages._get_implied(branch)["progress"], own)
        nearer = own.copy({"company_id": branch.id})
        nearer.implied_by = "progress"
        self.assertEqual(stages._get_implied(branch)["progress"], nearer)
        self.assertEqual(stages._get_implied(self.company)["progress"], own)

    def test_nobody_moves_a_contract_to_another_companys_stage(self):
        order = self._create_contract()
        other = self._create_company(name="Elsewhere")
        foreign = self.progress.create({"name": "Foreign", "company_id": other.id})
        with self.assertRaises(UserError):
            order.stage_id = foreign
        self.assertEqual(order.stage_id, self.progress)

    def test_the_kanban_shows_no_other_companys_stages(self):
        other = self._create_company(name="Elsewhere")
        foreign = self.progress.create({"name": "Foreign", "company_id": other.id})
        seller = new_test_user(
            self.env,
            login="stage_seller",
            groups="sales_team.group_sale_salesman_all_leads",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        orders = self.env["sale.order"].with_user(seller)
        shown = orders._read_group_stage_ids(orders.stage_id, [])
        self.assertIn(self.onboarding, shown)
        self.assertNotIn(foreign.id, shown.ids)

    # By hand

    def test_people_move_contracts_to_stages_that_imply_nothing_and_back(self):
        order = self._create_contract()
        order.stage_id = self.onboarding
        self.assertEqual(order.subscription_state, "progress")
        order.stage_id = self.progress
        self.assertEqual(order.stage_id, self.progress)

    def test_a_move_to_another_states_stage_is_refused_with_what_to_do(self):
        order = self._create_contract()
        for stage, advice in (
            (self.closed, "Close it, and it comes to “Closed” by itself."),
            (self.paused, "Pause it, and it comes to “Paused” by itself."),
            (self.renewed, "Renew it, and it comes to “Renewed” by itself."),
            (self.quotation, "Only contracts that become “Quotation”"),
        ):
            with self.assertRaises(UserError) as refusal:
                order.stage_id = stage
            self.assertIn(
                f"{order.name} is in progress. {advice}", str(refusal.exception)
            )
            self.assertEqual(order.stage_id, self.progress)
            self.assertEqual(order.subscription_state, "progress")

    def test_the_way_back_is_said_too(self):
        order = self._create_order()

        def assert_refused(words):
            with self.assertRaises(UserError) as refusal:
                order.stage_id = self.progress
            self.assertEqual(
                str(refusal.exception),
                f"{order.name} {words}, and it comes to “In Progress” by itself.",
            )

        assert_refused("is a quotation. Confirm it")
        order.action_confirm()
        order._pause()
        assert_refused("is paused. Resume it")
        order._close(self.reason)
        assert_refused("is closed. Reopen it")

    def test_one_that_may_not_move_keeps_all_that_are_moved_with_it(self):
        running, closed = self._create_contract(), self._create_contract()
        closed._close(self.reason)
        running.stage_id = self.onboarding
        with self.assertRaises(UserError):
            (running | closed).write({"stage_id": self.progress.id})
        self.assertEqual(running.stage_id, self.onboarding)

    def test_an_order_that_is_no_contract_cannot_be_moved(self):
        plain = self._create_order(self.setup_fee, plan_id=False)
        with self.assertRaises(UserError) as refusal:
            plain.stage_id = self.onboarding
        self.assertIn("only contracts have stages", str(refusal.exception))

    def test_an_imported_stage_stays_until_the_state_changes(self):
        order = self._create_order(stage_id=self.onboarding.id)
        self.assertEqual(order.stage_id, self.onboarding)
        order.order_line[0].product_uom_qty = 2
        order.plan_id = self.yearly
        self.assertEqual(order.stage_id, self.onboarding)
        order.action_confirm()
        self.assertEqual(order.stage_id, self.progress)

    def test_an_import_into_another_states_stage_is_refused(self):
        with self.assertRaises(UserError):
            self._create_order(stage_id=self.closed.id)

    # The kanban's columns

    def test_empty_columns_are_shown_where_something_might_stand(self):
        orders = self.env["sale.order"]
        everything = orders._read_group_stage_ids(orders.stage_id, [])
        self.assertEqual(
            everything.mapped("name"),
            ["Quotation", "Onboarding", "In Progress", "Paused", "Renewed", "Closed"],
        )
        contracts = [("subscription_state", "not in", (False, "draft"))]
        self.assertNotIn(
            self.quotation, orders._read_group_stage_ids(orders.stage_id, contracts)
        )
        running = [
            *contracts,
            "|",
            ("subscription_state", "=", "progress"),
            ("subscription_state", "=", "paused"),
            ("mrr", ">", 0),
        ]
        self.assertEqual(
            orders._read_group_stage_ids(orders.stage_id, running),
            self.onboarding | self.progress | self.paused,
        )

    def test_an_archived_stage_is_a_column_as_long_as_something_stands_there(self):
        order = self._create_contract()
        order.stage_id = self.onboarding
        self.onboarding.active = False
        orders = self.env["sale.order"]
        self.assertIn(self.onboarding, orders._read_group_stage_ids(order.stage_id, []))
        self.assertNotIn(
            self.onboarding, orders._read_group_stage_ids(orders.stage_id, [])
        )

    def test_the_report_knows_the_stage(self):
        order = self._create_contract()
        order.stage_id = self.onboarding
        self.env.flush_all()
        [(stage, mrr)] = self.env["subscription.report"]._read_group(
            [("order_id", "=", order.id)], ["stage_id"], ["mrr:sum"]
        )
        self.assertEqual((stage, mrr), (self.onboarding, 100.0))


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01 12:00:00")
class TestStageRecords(StageCommon):
    """The stages themselves, and who may change them."""

    @mute_logger("odoo.sql_db")
    def _assert_twice(self, values):
        """Check that a second stage for a state is refused, and in which words."""
        stages = self.env["subscription.stage"]
        with self.assertRaises(IntegrityError) as refusal, self.cr.savepoint():
            stages.create(values)
        self.assertIn(
            "with this status already",
            stages._sql_error_to_message(refusal.exception),
        )

    def test_a_state_has_one_stage_in_each_company_and_one_for_all(self):
        values = {"name": "Again", "implied_by": "progress"}
        self._assert_twice(values)
        values["company_id"] = self.company.id
        own = self.env["subscription.stage"].create(values)
        self._assert_twice(values)
        own.active = False
        own.flush_recordset()
        self.assertTrue(own.create(values))

    def test_a_copy_stands_for_no_state(self):
        copy = self.progress.copy()
        self.assertEqual(copy.name, "In Progress (copy)")
        self.assertFalse(copy.implied_by)

    def test_a_stage_in_use_is_archived_and_not_deleted(self):
        order = self._create_contract()
        order.stage_id = self.onboarding
        with self.assertRaises(UserError) as refusal:
            self.onboarding.unlink()
        self.assertIn(
            "Contracts in “Onboarding”: 1. Archive the stage", str(refusal.exception)
        )
        order.stage_id = self.progress
        self.onboarding.unlink()
        self.assertFalse(self.onboarding.exists())

    def test_a_stage_with_contracts_of_another_state_cannot_stand_for_a_state(self):
        order = self._create_contract()
        order.stage_id = self.onboarding
        self.closed.active = False
        with self.assertRaises(ValidationError):
            self.onboarding.implied_by = "churned"
        order.stage_id = self.progress
        self.onboarding.implied_by = "churned"
        order._close(self.reason)
        self.assertEqual(order.stage_id, self.onboarding)

    def test_a_stage_with_contracts_of_another_company_stays_shared(self):
        self._create_contract().stage_id = self.onboarding
        other = self._create_company(name="Elsewhere")
        with self.assertRaises(ValidationError):
            self.onboarding.company_id = other
        self.onboarding.company_id = self.company
        self.assertEqual(self.onboarding.company_id, self.company)

    def test_a_mail_about_something_else_is_refused(self):
        template = self._create_template(
            model_id=self.env.ref("base.model_res_partner").id
        )
        with self.assertRaises(ValidationError):
            self.onboarding.mail_template_id = template

    def test_the_form_says_what_happens_in_words(self):
        self.assertIn("“Paused”", self.paused.entering_text)
        self.assertEqual(self.paused.sending_text, "Nothing is sent.")
        self.onboarding.mail_template_id = self._create_template()
        self.onboarding.send_rating = True
        self.assertIn("the mail “Welcome”", self.onboarding.sending_text)
        self.assertIn("asked for a rating", self.onboarding.sending_text)
        self.assertIn("People move contracts here", self.onboarding.entering_text)

    def test_managers_keep_stages_and_others_read_them(self):
        seller = new_test_user(
            self.env, login="stage_reader", groups="sales_team.group_sale_salesman"
        )
        stage = self.onboarding.with_user(seller)
        self.assertEqual(stage.name, "Onboarding")
        with self.assertRaises(AccessError):
            stage.name = "Mine"
        with self.assertRaises(AccessError):
            stage.create({"name": "Mine"})
        with self.assertRaises(AccessError):
            stage.unlink()
        manager = new_test_user(
            self.env, login="stage_manager", groups="sales_team.group_sale_manager"
        )
        stage.with_user(manager).name = "Ours"
        self.assertEqual(self.onboarding.name, "Ours")

    def test_the_stages_of_other_companies_are_not_seen(self):
        other = self._create_company(name="Elsewhere")
        foreign = self.progress.create({"name": "Foreign", "company_id": other.id})
        manager = new_test_user(
            self.env,
            login="stage_manager_here",
            groups="sales_team.group_sale_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        stages = self.progress.with_user(manager)
        self.assertFalse(stages.search([("id", "=", foreign.id)]))
        with self.assertRaises(AccessError):
            foreign.with_user(manager).name = "Mine"

    def test_a_salesperson_moves_only_the_contracts_they_may_write(self):
        seller = new_test_user(
            self.env,
            login="stage_mover",
            groups="sales_team.group_sale_salesman",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        own = self._create_contract(user_id=seller.id)
        foreign = self._create_contract(user_id=self.env.user.id)
        own.with_user(seller).stage_id = self.onboarding
        self.assertEqual(own.stage_id, self.onboarding)
        with self.assertRaises(AccessError):
            foreign.with_user(seller).stage_id = self.onboarding
