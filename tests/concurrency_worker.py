"""Odoo processes for test_concurrency.py: real ones, that really commit.

    python concurrency_worker.py CONF DATABASE SOCKET

Loads the registry once, then forks a process for each job it is asked for. A process
tells its number, waits for the word, does its job, and tells what came of it.
"""

import os
import random
import signal
import sys
import time
import traceback
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Client
from unittest.mock import patch

# The addon's own folder of tests is no place to import from.
sys.path = [path for path in sys.path if path != os.path.dirname(__file__)]

import psycopg2  # noqa: E402
from dateutil.relativedelta import relativedelta  # noqa: E402

from odoo import SUPERUSER_ID, api, sql_db  # noqa: E402
from odoo.exceptions import UserError  # noqa: E402
from odoo.fields import Command  # noqa: E402
from odoo.modules.registry import Registry  # noqa: E402
from odoo.service import model as service_model  # noqa: E402
from odoo.tools import config  # noqa: E402

ADMIN = 2
DEADLINE = 120  # seconds


class Job:
    """What one process does."""

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

    def _set_batch_size(self, size):
        # Started as a script, this file has no package to be relative to.
        # pylint: disable-next=odoo-addons-relative-import
        from odoo.addons.subscriptions.models import subscription_billing

        subscription_billing.BILLING_BATCH_SIZE = size

    def _meet_fate(self, how, at, number):
        """End the process or its connection at a moment of its work.

        :param str how: kill the process, or terminate its connection's backend
        :param str at: statement, before_commit or after_commit
        :param int number: the how manieth of these
        """
        Cursor = sql_db.Cursor
        left = number

        def strike(cursor):
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

    # === THE JOBS === #

    def prepare(self, count):
        """Make contracts with one to three periods due, and a quotation.

        :return: the first days of the periods due, by contract; the quotation
        """
        return self._call(partial(self._prepare, count=count))

    def _prepare(self, env, count):
        Order = env["sale.order"].with_context(
            tracking_disable=True, mail_create_nolog=True
        )
        today = Order._get_today()
        plan = env.ref("subscriptions.plan_monthly")
        plan.invoice_mode = "post"
        partners = env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(20)]
        )
        seat = env["product.product"].create(
            {
                "name": "Seat",
                "type": "service",
                "list_price": 100.0,
                "invoice_policy": "order",
                "recurring_invoice": True,
            }
        )
        orders = Order.create(
            [
                {
                    "partner_id": partners[number % len(partners)].id,
                    "plan_id": plan.id,
                    "start_date": today + timedelta(days=1),
                    "order_line": [Command.create({"product_id": seat.id})],
                }
                for number in range(count + 1)
            ]
        )
        quotation, orders = orders[0], orders[1:]
        quotation.start_date = False
        orders.action_confirm()
        due = {}
        for number, order in enumerate(orders):
            # Far from the next period, lest midnight makes one more of them due.
            months = number % 3 if number % 4 == 0 else 0
            start = today - timedelta(days=number % 9) - relativedelta(months=months)
            order.start_date = start
            firsts = [start + relativedelta(months=month) for month in range(4)]
            due[order.id] = [first for first in firsts if first <= today]
        return due, quotation.id

    def run(self, batch_size, fate=None):
        """Run the scheduled action, as Odoo's scheduler does."""
        self._set_batch_size(batch_size)
        if fate:
            self._meet_fate(*fate)
        self._call(self._run)

    def _run(self, env):
        cron = env.ref("subscriptions.ir_cron_bill_due")
        job = cron._acquire_one_job(env.cr, cron.id, include_not_ready=True)
        # Not by method_direct_trigger(): once a job died three times, Odoo 19 fails
        # there on its own log line, and for ever.
        cron._process_job(env.cr, job)

    def work(self, batch_size, pauses=()):
        """Bill until nothing is due; there may be any number of such workers."""
        self._set_batch_size(batch_size)
        self.pauses = set(pauses)
        self._pause_before("subscription.billing", "_bill_once")
        end = time.monotonic() + DEADLINE
        while self._call(self._work) and time.monotonic() < end:
            time.sleep(0.1)  # the rest is locked by another worker: ask again

    def _work(self, env):
        env["sale.order"]._cron_bill_due()
        return bool(env["sale.order"].search_count(self._get_due_domain(env)))

    def _get_due_domain(self, env):
        billing = env["subscription.billing"]
        return billing._get_due_domain(env["sale.order"]._get_today())

    def person(self, seed):
        """Look at contracts that are due, and click, until none is."""
        chance = random.Random(seed)
        clicks = {"done": 0, "refused": 0}
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            due = self._call(
                lambda env: [
                    (order.id, order.next_invoice_date)
                    for order in env["sale.order"].search(self._get_due_domain(env))
                ]
            )
            if not due:
                break
            for order_id, shown in chance.sample(due, min(5, len(due))):
                done = self._request(partial(self._click, order_id, shown))
                clicks["done" if done is True else "refused"] += 1
        return clicks

    def _click(self, order_id, shown, env):
        order = env["sale.order"].browse(order_id)
        order = order.with_context(subscription_shown_period=shown.isoformat())
        order.action_create_subscription_invoice()

    def click(self, order_id, shown, pauses=()):
        """Click "Create Invoice" on the form of a contract."""
        self.pauses = set(pauses)
        self._pause_before("subscription.billing", "_bill_once")
        return self._request(partial(self._click, order_id, shown))

    def confirm(self, order_id, pauses=()):
        """Click "Confirm" on a quotation."""
        self.pauses = set(pauses)
        self._pause_before("sale.order", "_action_confirm")
        return self._request(
            lambda env: env["sale.order"].browse(order_id).action_confirm()
        )

    def act(self, order_id, name, pauses=()):
        """Click on one of the buttons that change a contract."""
        self.pauses = set(pauses)
        self._pause_before("sale.order", "_lock_contract")
        return self._request(partial(getattr(self, f"_act_{name}"), order_id))

    def _act_renew(self, order_id, env):
        env["sale.order"].browse(order_id).action_renew()

    def _act_pause(self, order_id, env):
        env["sale.order"].browse(order_id)._pause()

    def _act_switch(self, order_id, env):
        plan = env.ref("subscriptions.plan_yearly")
        env["sale.order"].browse(order_id)._change_plan(plan, at="now")

    def _act_more_now(self, order_id, env):
        order = env["sale.order"].browse(order_id)
        order._change_quantities({order.order_line: 3}, at="now")

    def _act_more_later(self, order_id, env):
        order = env["sale.order"].browse(order_id)
        order._change_quantities({order.order_line: 3})

    def _act_confirm(self, order_id, env):
        env["sale.order"].browse(order_id).action_confirm()

    def upsell(self, order_id):
        """Make an upsell of two more units.

        :return: its id
        """
        return self._call(partial(self._make_upsell, order_id))

    def _make_upsell(self, order_id, env):
        order = env["sale.order"].browse(order_id)
        upsell = env["sale.order"].browse(order.action_upsell()["res_id"])
        upsell.order_line.product_uom_qty = 2
        return upsell.id

    def verify(self):
        """Return what is wrong with the ledger, in words."""
        return self._call(
            lambda env: env["sale.order"]
            .search([("subscription_state", "=", "progress")])
            .verify_ledger()
        )


def work(registry, address, name, arguments):
    """Do one job in a process of its own."""
    sql_db._Pool = None
    random.seed()
    connection = Client(address)
    connection.send(os.getpid())
    connection.recv()
    try:
        result = getattr(Job(registry, connection), name)(**arguments)
    except BaseException:  # told to the test, which judges
        connection.send(("failed", traceback.format_exc()))
    else:
        connection.send(("done", result))


def main(conf, database, address):
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
                work(registry, address, *job)
                status = 0
            finally:
                os._exit(status)


if __name__ == "__main__":
    main(*sys.argv[1:])
