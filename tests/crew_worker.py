"""What the Odoo processes of crew.py have in common: real ones, that really commit.

    python …_worker.py CONF DATABASE SOCKET

Loads the registry once, then forks a process for each job it is asked for. A process
tells its number, waits for the word, does its job, and tells what came of it.
"""

import os
import random
import signal
import traceback
from functools import partial
from multiprocessing.connection import Client
from unittest.mock import patch

import psycopg2

from odoo import SUPERUSER_ID, api, sql_db
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service import model as service_model
from odoo.tools import config

ADMIN = 2
DEADLINE = 3600 if os.environ.get("SUBSCRIPTIONS_STRESS") else 600  # seconds


class Job:
    """What one process does: one of the public methods."""

    def __init__(self, registry, connection):
        self.registry = registry
        self.connection = connection

    def _call(self, function, uid=SUPERUSER_ID):
        """Call a function with an environment of its own transaction, and commit."""
        with self.registry.cursor() as cr:
            return function(api.Environment(cr, uid, {}))

    def _request(self, function):
        """Call a function as a click in the browser does: retried, refused in words.

        :return: whether it was done; else the words
        :rtype: bool | str
        """

        def request(env):
            try:
                service_model.retrying(partial(function, env), env)
            except UserError as error:
                return str(error)
            return True

        # As many tries as Odoo makes, only without the seconds between them.
        with patch.object(service_model.random, "uniform", lambda *args: 0.01):
            return self._call(request, ADMIN)

    def _run_cron(self, name):
        """Run a scheduled action as Odoo's scheduler does."""

        def run(env):
            cron = env.ref(name)
            job = cron._acquire_one_job(env.cr, cron.id, include_not_ready=True)
            # Not by method_direct_trigger(): once a job died three times, Odoo 19
            # fails there on its own log line, and for ever.
            cron._process_job(env.cr, job)

        self._call(run)

    def _pause(self, where):
        """Wait for the test to say go on, once."""
        if where in self.pauses:
            self.pauses.remove(where)
            self.connection.send(("at", where))
            self.connection.recv()

    def _pause_before(self, model, name):
        """Pause when a method is called."""
        original = getattr(self.registry[model], name)

        def method(records, *args, **kwargs):
            self._pause(name)
            return original(records, *args, **kwargs)

        setattr(self.registry[model], name, method)

    def _meet_fate(self, how, at, number):
        """End the process or its connection at a moment of its work.

        :param str how: kill the process, or terminate its connection's backend
        :param str at: statement, before_commit or after_commit
        :param int number: the how manieth of these
        """
        strike = self._get_strike(how, number)
        Cursor = sql_db.Cursor
        execute, commit = Cursor.execute, Cursor.commit

        def execute_or_die(cursor, *args, **kwargs):
            if at == "statement":
                strike(cursor)
            return execute(cursor, *args, **kwargs)

        def commit_or_die(cursor):
            if at == "before_commit":
                cursor.flush()
                strike(cursor)
            commit(cursor)
            if at == "after_commit":
                strike(cursor)

        Cursor.execute, Cursor.commit = execute_or_die, commit_or_die

    def _get_strike(self, how, number):
        """Return a function that does nothing, but the last of so many times."""
        left = number

        def strike(cursor=None):
            nonlocal left
            left -= 1
            if left:
                return
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            pid = cursor._cnx.get_backend_pid()
            name, info = sql_db.connection_info_for("postgres")
            other = psycopg2.connect(**info)
            other.autocommit = True
            other.cursor().execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            other.close()

        return strike


def work(job_class, registry, address, name, arguments):
    """Do one job in a process of its own."""
    sql_db._Pool = None
    random.seed()
    connection = Client(address)
    connection.send(os.getpid())
    connection.recv()
    try:
        result = getattr(job_class(registry, connection), name)(**arguments)
    except BaseException:  # told to the test, which judges
        connection.send(("failed", traceback.format_exc()))
    else:
        connection.send(("done", result))


def main(job_class, conf, database, address):
    """Fork a process for each job that is asked for."""
    options = ["-c", conf, "-d", database, "--logfile=", "--log-level=info"]
    config.parse_config([*options, "--max-cron-threads=0"], setup_logging=True)
    registry = Registry(database)
    sql_db.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead need no mourning
    control = Client(address)
    control.send(os.getpid())
    while True:
        try:
            job = control.recv()
        except EOFError:
            return
        if not os.fork():
            status = 1
            try:
                control.close()
                work(job_class, registry, address, *job)
                status = 0
            finally:
                os._exit(status)
