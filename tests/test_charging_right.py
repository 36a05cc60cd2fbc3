"""The right to charge: one database has it, its copies have not."""

import os
from unittest import SkipTest

import psycopg2
from psycopg2 import sql

from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError, UserError
from odoo.modules.registry import Registry
from odoo.sql_db import close_db, connection_info_for, db_connect
from odoo.tests import (
    BaseCase,
    HttpCase,
    TransactionCase,
    freeze_time,
    get_db_name,
    new_test_user,
    tagged,
)
from odoo.tools import SQL, file_open

PARAMETER = "subscriptions.charging_right"


@tagged("post_install", "-at_install")
class TestChargingRight(TransactionCase):
    """Who has the right, who moves it, and what takes it away."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.right = cls.env["subscription.charging.right"]
        cls.parameters = cls.env["ir.config_parameter"]
        cls.parameters.set_param(PARAMETER, False)
        cls.manager = new_test_user(
            cls.env, "right_manager", groups="sales_team.group_sale_manager"
        )
        cls.salesman = new_test_user(
            cls.env, "right_salesman", groups="sales_team.group_sale_salesman"
        )

    def _become_a_copy(self):
        """Let the right be another database's, as a copy finds it."""
        self.right._claim()
        self.parameters.set_param("database.uuid", "another")

    def test_a_right_that_nobody_has_is_claimed_at_first_need(self):
        self.assertFalse(self.right._get_banner())
        self.assertFalse(self.parameters.get_param(PARAMETER))
        self.assertTrue(self.right._is_granted())
        claimed = self.parameters.get_param(PARAMETER)
        self.assertIn(self.right._get_identity(), claimed)
        self.assertTrue(self.right._is_granted())
        self.assertTrue(self.right._claim())
        self.assertEqual(self.parameters.get_param(PARAMETER), claimed)
        self.assertFalse(self.right._get_banner())

    def test_an_identity_that_is_not_ours_is_refused(self):
        self._become_a_copy()
        self.assertFalse(self.right._is_granted())
        self.assertFalse(self.right._claim())
        self.assertIn("Copy of the database", self.right._get_banner())

    def test_the_identity_names_cluster_database_and_uuid(self):
        [(cluster, number)] = self.env.execute_query(
            SQL(
                "SELECT system_identifier, (SELECT oid FROM pg_database"
                " WHERE datname = current_database()) FROM pg_control_system()"
            )
        )
        uuid = self.parameters.get_param("database.uuid")
        self.assertEqual(self.right._get_identity(), f"{cluster}/{number}/{uuid}")

    def test_where_postgresql_does_not_name_its_cluster_a_table_stands_in(self):
        self.patch(type(self.right), "_can_read_cluster", lambda right: False)
        [(table,)] = self.env.execute_query(
            SQL("SELECT 'ir_config_parameter'::regclass::oid")
        )
        self.assertEqual(self.right._get_identity().split("/")[0], str(table))
        self.assertTrue(self.right._is_granted())
        self._become_a_copy()
        self.assertFalse(self.right._is_granted())

    def test_what_cannot_be_read_grants_nothing(self):
        for value in (" ", "yes", "[]", "null", "{}", '{"identity": null}'):
            with self.subTest(value=value):
                self.parameters.set_param(PARAMETER, value)
                self.assertFalse(self.right._is_granted())

    def test_it_costs_two_queries_and_the_banner_one(self):
        self.assertTrue(self.right._is_granted())
        self.right._get_banner()
        with self.assertQueryCount(2):
            self.right._is_granted()
        with self.assertQueryCount(1):
            self.right._get_banner()
        self.parameters.set_param(PARAMETER, False)
        self.right._get_banner()
        with self.assertQueryCount(0):
            self.right._get_banner()

    # === THE MOVE === #

    @freeze_time("2026-07-01 10:00:00")
    def test_a_manager_moves_the_right_and_says_why(self):
        self._become_a_copy()
        self.right.with_user(self.manager)._move(" The old server is gone ")
        self.assertTrue(self.right._is_granted())
        status = self.right._get_status()
        self.assertIn("This database charges", status)
        self.assertIn(self.manager.name, status)
        self.assertIn("The old server is gone", status)
        self.assertIn("2026", status)

    def test_nobody_else_moves_it_and_nobody_without_a_reason(self):
        self._become_a_copy()
        with self.assertRaises(AccessError):
            self.right.with_user(self.salesman)._move("I want to")
        with self.assertRaises(UserError):
            self.right.with_user(self.manager)._move("  ")
        self.assertFalse(self.right._is_granted())

    def _open_wizard(self, **values):
        wizard = self.env["subscription.move.charging"].with_user(self.manager)
        return wizard.create(values)

    def test_the_wizard_wants_the_other_database_stopped_and_a_reason(self):
        self._become_a_copy()
        wizard = self._open_wizard(remark="New server")
        self.assertTrue(wizard.is_refused)
        with self.assertRaisesRegex(UserError, "does not run any more"):
            wizard.action_move()
        wizard.is_other_stopped = True
        wizard.remark = False
        with self.assertRaisesRegex(UserError, "Say why"):
            wizard.action_move()
        wizard.remark = "New server"
        self.assertEqual(wizard.action_move()["tag"], "reload")
        self.assertTrue(self.right._is_granted())
        shown = self._open_wizard()
        self.assertFalse(shown.is_refused)
        self.assertIn("New server", shown.status)

    def test_salespeople_do_not_open_the_wizard(self):
        with self.assertRaises(AccessError):
            self.env["subscription.move.charging"].with_user(self.salesman).create({})

    # === NEUTRALIZED === #

    def test_neutralized_it_charges_nobody_and_runs_nothing(self):
        crons = self.env["ir.cron"].search(
            [("id", "in", self._get_our_crons())]  # those that are active
        )
        self.assertTrue(crons)
        for claimed in (False, True):
            with self.subTest(claimed=claimed):
                self.parameters.set_param(PARAMETER, False)
                crons.active = True
                if claimed:
                    self.right._claim()
                self.env.flush_all()
                with file_open("subscriptions/data/neutralize.sql") as file:
                    self.env.cr.execute(file.read())
                self.env.invalidate_all()
                self.env.registry.clear_cache("stable")
                self.assertEqual(set(crons.mapped("active")), {False})
                self.assertFalse(self.right._is_granted())
                self.assertIn("Neutralized", self.right._get_banner())

    def _get_our_crons(self):
        return (
            self.env["ir.model.data"]
            .search([("module", "=", "subscriptions"), ("model", "=", "ir.cron")])
            .mapped("res_id")
        )

    def test_neutralized_it_charges_again_when_a_manager_says_so(self):
        with file_open("subscriptions/data/neutralize.sql") as file:
            self.env.cr.execute(file.read())
        self.right.with_user(self.manager)._move("To try it with a test provider")
        self.assertTrue(self.right._is_granted())


@tagged("post_install", "-at_install")
class TestCopies(BaseCase):
    """Real databases, really copied by PostgreSQL."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = os.environ.get("SUBSCRIPTIONS_TEMPLATE_DB")
        if not template:
            raise SkipTest("SUBSCRIPTIONS_TEMPLATE_DB must be set")
        cls.original = f"{get_db_name()}_right"
        cls.copy = f"{cls.original}_copy"
        cls.renamed = f"{cls.original}_renamed"
        cls._drop_databases()
        cls.addClassCleanup(cls._drop_databases)
        cls._run("CREATE DATABASE {} TEMPLATE {}", cls.original, template)

    @classmethod
    def _run(cls, query, *names):
        connection = psycopg2.connect(**connection_info_for("postgres")[1])
        try:
            connection.autocommit = True
            with connection.cursor() as cr:
                cr.execute(sql.SQL(query).format(*map(sql.Identifier, names)))
        finally:
            connection.close()

    @classmethod
    def _drop_databases(cls):
        for name in (cls.original, cls.copy, cls.renamed):
            cls._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _ask(self, database, name):
        """Call a method of the right in a database, and commit.

        The databases are copies of the one whose registry is loaded: it will do.
        """
        Registry.registries[database] = registry = Registry(get_db_name())
        try:
            with db_connect(database).cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                registry.clear_cache("stable")
                return getattr(env["subscription.charging.right"], name)()
        finally:
            registry.clear_cache("stable")
            del Registry.registries[database]
            close_db(database)

    def test_a_copy_is_refused_the_original_is_not_and_a_new_name_keeps_it(self):
        self.assertFalse(self._ask(self.original, "_get_banner"))
        self.assertTrue(self._ask(self.original, "_is_granted"))
        self._run("CREATE DATABASE {} TEMPLATE {}", self.copy, self.original)
        self.assertFalse(self._ask(self.copy, "_is_granted"))
        self.assertFalse(self._ask(self.copy, "_claim"))
        self.assertIn("Copy", self._ask(self.copy, "_get_banner"))
        self.assertTrue(self._ask(self.original, "_is_granted"))
        self._run("ALTER DATABASE {} RENAME TO {}", self.original, self.renamed)
        self.assertTrue(self._ask(self.renamed, "_is_granted"))
        # Not even under the name of its original.
        self._run("ALTER DATABASE {} RENAME TO {}", self.copy, self.original)
        self.assertFalse(self._ask(self.original, "_is_granted"))


@tagged("post_install", "-at_install")
class TestBanner(HttpCase):
    """What the web client is told."""

    def _get_session_info(self, user):
        self.authenticate(user.login, user.login)
        response = self.url_open("/web/session/get_session_info", json={"params": {}})
        return response.json()["result"]

    def test_only_salespeople_are_told_of_a_copy_and_only_there(self):
        manager, salesman, clerk, customer = (
            new_test_user(self.env, f"banner_{group}", groups=group)
            for group in (
                "sales_team.group_sale_manager",
                "sales_team.group_sale_salesman",
                "base.group_user",
                "base.group_portal",
            )
        )
        for user in (manager, salesman, clerk, customer):  # else the first page does
            self.env["res.users.settings"]._find_or_create_for_user(user)
        key = "subscription_charging_banner"
        self.env["ir.config_parameter"].set_param(PARAMETER, False)
        self.assertNotIn(key, self._get_session_info(manager))
        right = self.env["subscription.charging.right"]
        right._claim()
        self.assertNotIn(key, self._get_session_info(manager))
        self.env["ir.config_parameter"].set_param(PARAMETER, '{"identity": "another"}')
        text = right._get_banner()
        expected = {"text": text, "can_move": True}
        self.assertEqual(self._get_session_info(manager)[key], expected)
        expected["can_move"] = False
        self.assertEqual(self._get_session_info(salesman)[key], expected)
        self.assertNotIn(key, self._get_session_info(clerk))
        self.assertNotIn(key, self._get_session_info(customer))
