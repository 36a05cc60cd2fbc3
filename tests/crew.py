"""Several Odoo processes at once on one database, and processes that die.

Needs SUBSCRIPTIONS_TEMPLATE_DB, an installed database nobody is connected to, and
SUBSCRIPTIONS_ODOO_CONF, the configuration to reach it; scripts/test sets both. With
SUBSCRIPTIONS_STRESS=1 it takes longer and looks harder, with SUBSCRIPTIONS_SEED=… the
processes die at other moments.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import SkipTest

import psycopg2
from psycopg2 import sql

from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name

STRESS = bool(os.environ.get("SUBSCRIPTIONS_STRESS"))
SEED = int(os.environ.get("SUBSCRIPTIONS_SEED", "19"))
DEADLINE = 3600 if STRESS else 600  # seconds, for anything to happen


class Worker:
    """The test's end of a process that does one job."""

    def __init__(self, connection, log):
        self.connection = connection
        self.log = log
        self.pid = self._receive()

    def _receive(self):
        if not self.connection.poll(DEADLINE):
            raise AssertionError(f"no sign of life for {DEADLINE} s\n{self.get_log()}")
        return self.connection.recv()

    def get_log(self):
        return "\n".join(self.log.read_text().splitlines()[-60:])

    def go(self):
        """Let it begin, or go on after a pause."""
        self.connection.send("go")
        return self

    def reach(self, where):
        """Wait until it pauses somewhere."""
        what = self._receive()
        if what != ("at", where):
            raise AssertionError(f"at {where} was expected, not {what}")

    def get_result(self):
        """Wait for its end and return what came of it."""
        what, result = self._receive()
        self.connection.close()
        if what != "done":
            raise AssertionError(f"{what}: {result}\n{self.get_log()}")
        return result

    def get_end(self):
        """Wait for its end, which may be a sudden one: done, failed or died."""
        try:
            what, _result = self._receive()
        except (EOFError, ConnectionError):
            what = "died"
        self.connection.close()
        return what


class CrewCase(BaseCase):
    """A database that really is committed to, and processes that do so.

    :cvar str script: the file of the processes, beside this one
    """

    script = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = os.environ.get("SUBSCRIPTIONS_TEMPLATE_DB")
        conf = os.environ.get("SUBSCRIPTIONS_ODOO_CONF")
        if not template or not conf:
            missing = (
                "SUBSCRIPTIONS_TEMPLATE_DB and SUBSCRIPTIONS_ODOO_CONF must be set"
            )
            raise (
                AssertionError(missing)
                if "pytest" in sys.modules
                else SkipTest(missing)
            )
        cls.database = f"{get_db_name()}_crew"
        cls.prepared = f"{get_db_name()}_crew_prepared"
        cls.folder = Path(tempfile.mkdtemp(prefix="crew"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.log = cls.folder / "log"
        cls._drop_databases()
        cls.addClassCleanup(cls._drop_databases)
        cls._copy_database(template, cls.database)
        cls._start_crew(conf)
        cls._prepare()
        cls._wait_for_silence()
        cls._copy_database(cls.database, cls.prepared)

    @classmethod
    def _prepare(cls):
        """Make what each test of the class begins with; called once."""

    @classmethod
    def _start_crew(cls, conf):
        """Start the process that starts the others."""
        address = str(cls.folder / "socket")
        cls.socket = socket.socket(socket.AF_UNIX)
        cls.addClassCleanup(cls.socket.close)
        cls.socket.bind(address)
        cls.socket.listen()
        cls.socket.settimeout(1)
        script = Path(__file__).with_name(cls.script)
        with cls.log.open("w") as log:
            cls.crew = subprocess.Popen(
                [sys.executable, script, conf, cls.database, address],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=cls.folder,
            )
        cls.addClassCleanup(cls.crew.wait)
        cls.addClassCleanup(cls.crew.kill)
        cls.control = cls._accept()
        cls.addClassCleanup(cls.control.connection.close)

    @classmethod
    def _accept(cls):
        end = time.monotonic() + DEADLINE
        while True:
            try:
                connection, _address = cls.socket.accept()
                break
            except TimeoutError:
                if cls.crew.poll() is not None or time.monotonic() > end:
                    raise AssertionError(cls.log.read_text()[-5000:]) from None
        connection.setblocking(True)
        return Worker(Connection(connection.detach()), cls.log)

    @classmethod
    def _new_worker(cls, job, **arguments):
        """Start a process; it waits for the word to begin."""
        cls.control.connection.send((job, arguments))
        return cls._accept()

    # === DATABASES === #

    @classmethod
    def _query(cls, query, *values, database="postgres"):
        """Run a query past Odoo, in a transaction of its own."""
        connection = psycopg2.connect(**connection_info_for(database)[1])
        try:
            connection.autocommit = True
            with connection.cursor() as cr:
                cr.execute(query, values)
                return cr.fetchall() if cr.description else None
        finally:
            connection.close()

    @classmethod
    def _copy_database(cls, source, target):
        cls._drop_database(target)
        cls._query(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(target), sql.Identifier(source)
            )
        )

    @classmethod
    def _drop_database(cls, name):
        cls._query(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
                sql.Identifier(name)
            )
        )

    @classmethod
    def _drop_databases(cls):
        for name in (cls.database, cls.prepared):
            cls._drop_database(name)

    @classmethod
    def _wait_for_silence(cls):
        """Wait until PostgreSQL has noticed that nobody is connected any more."""
        end = time.monotonic() + DEADLINE
        while cls._query(
            "SELECT FROM pg_stat_activity WHERE datname = %s", cls.database
        ):
            if time.monotonic() > end:
                raise AssertionError(f"somebody stays connected to {cls.database}")
            time.sleep(0.02)

    def setUp(self):
        super().setUp()
        self._wait_for_silence()
        self._copy_database(self.prepared, self.database)

    def _select(self, query, *values):
        return self._query(query, *values, database=self.database)
