"""Odoo processes for the tests of collecting; crew_worker.py says how they work.

Each job is told of the provider: how, as `addon.install` takes it, and how it is played
with, as `_set_up` says.
"""

import os
import random
import sys
import threading
import time
from datetime import datetime, timedelta
from functools import partial
from types import SimpleNamespace

# The addon's own folder of tests comes last: it has names that others have too.
FOLDER = os.path.dirname(__file__)
sys.path = [path for path in sys.path if path != FOLDER] + [FOLDER]

import collection_faults  # noqa: E402
import requests  # noqa: E402
from concurrency_worker import BillingJob  # noqa: E402
from crew_worker import ADMIN, DEADLINE, main  # noqa: E402
from fake_provider import addon  # noqa: E402
from fake_provider.ledger import get_captured_references  # noqa: E402
from freezegun import freeze_time  # noqa: E402
from psycopg2.errors import SerializationFailure  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

from odoo import http, sql_db  # noqa: E402
from odoo.service import model as service_model  # noqa: E402

OPEN = ("due", "calling")
CRON = "subscriptions.ir_cron_collect_payments"


class CollectionJob(BillingJob):
    """What has to do with collecting."""

    def _set_up(
        self, url, keys=True, timeout=addon.TIMEOUT, inner=False, fault=None, late=0
    ):
        """Connect with the provider.

        :param str fault: a fault to plant, one of collection_faults
        :param float late: seconds by which the clock of this process is ahead
        """
        if late:
            freeze_time(datetime.now() + timedelta(seconds=late), tick=True).start()
        addon.install(self.registry, url, keys, timeout, inner)
        # Not by the run: of several that come first, all but one would fail.
        self._request(lambda env: env["subscription.charging.right"].sudo()._claim())
        if fault:
            collection_faults.plant(self.registry, fault)

    def _meet_fate(self, how, at, number):
        """Also before, while and after the provider is called."""
        if not at.endswith("_request"):
            super()._meet_fate(how, at, number)
            return
        strike = partial(self._get_strike(how, number), self._get_latest_cursor())
        request = requests.request

        def request_or_die(*args, **kwargs):
            if at == "before_request":
                strike()
            if at == "in_request":  # somewhere on the way, or back
                threading.Timer(random.uniform(0, 0.02), strike).start()
            answer = request(*args, **kwargs)
            if at == "after_request":
                strike()
            return answer

        requests.request = request_or_die

    def _get_latest_cursor(self):
        """Return a stand-in for the cursor that was used last."""
        latest = SimpleNamespace()
        execute = sql_db.Cursor.execute

        def execute_and_note(cursor, *args, **kwargs):
            latest._cnx = cursor._cnx
            return execute(cursor, *args, **kwargs)

        sql_db.Cursor.execute = execute_and_note
        return latest

    def _fail_commits(self, share, seed):
        """Let commits fail as PostgreSQL lets them when another was faster.

        A share of all, and the first one after each call of the provider.

        :return: counts of both, which go on changing
        :rtype: dict
        """
        chance = random.Random(seed)
        counts = {"any": 0, "after_call": 0}
        called = False
        commit, request = sql_db.Cursor.commit, requests.request

        def request_and_note(*args, **kwargs):
            nonlocal called
            called = True
            return request(*args, **kwargs)

        def commit_or_fail(cursor):
            nonlocal called
            cursor.flush()
            kind = "after_call" if called else "any"
            if called or chance.random() < share:
                called = False
                counts[kind] += 1
                cursor._cnx.rollback()
                raise SerializationFailure("could not serialize access (planted)")
            commit(cursor)

        sql_db.Cursor.commit, requests.request = commit_or_fail, request_and_note
        return counts

    # === THE JOBS === #

    def prepare(self, count):
        """Make contracts with a period each that is billed and to be charged.

        :return: the first days of the periods, by contract
        """
        due = self._call(partial(self._prepare, count=count))
        self._run_cron("subscriptions.ir_cron_bill_due")
        return due

    def _prepare(self, env, count):
        due, _quotation = self._create_contracts(env, count, "charge", behind=False)
        provider = addon.create_provider(env)
        for order in env["sale.order"].browse(due):
            token = addon.create_token(provider, order.partner_id, f"ok#{order.id}")
            order.payment_token_id = token
        return due

    def collect(self, setting, fate=None, fail_commits=None):
        """Run the scheduled action once, as Odoo's scheduler does.

        :return: how many commits failed
        """
        self._set_up(**setting)
        if fate:
            self._meet_fate(*fate)
        counts = self._fail_commits(**fail_commits) if fail_commits else {}
        try:
            self._run_cron(CRON)
        except SerializationFailure:
            if not fail_commits:
                raise  # else the scheduler's own commit failed, and it comes again
        return counts

    def work(self, setting, pauses=()):
        """Collect until nothing is due; there may be any number of such workers."""
        self._set_up(**setting)
        self.pauses = set(pauses)
        self._pause_before("subscription.collector", "_lock_call")
        end = time.monotonic() + DEADLINE
        while self._call(self._work) and time.monotonic() < end:
            time.sleep(0.05)  # the rest is locked by another worker: ask again

    def _work(self, env):
        env["sale.order"]._cron_collect_payments()
        return env["subscription.collection"].search_count(
            env["subscription.collector"]._get_due_domain()
        )

    def post_process(self, setting):
        """Let Odoo's own scheduled action look at payments."""
        self._set_up(**setting)
        self._run_cron("payment.cron_post_process_payment_tx")

    def person(self, setting, ledger, seed):
        """Click on contracts with open payments, until there are none.

        :param str ledger: the provider's book, where unknown payments are looked up
        :return: how often what was done, or refused
        """
        self._set_up(**setting)
        chance = random.Random(seed)
        clicks = {"retry": 0, "bill": 0, "settle": 0, "refused": 0}
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            rows = self._call(self._look)
            if not [state for _id, state in rows if state in OPEN]:
                break
            for collection_id, state in chance.sample(rows, min(5, len(rows))):
                kind = "settle" if state == "unknown" else "retry"
                if clicks["bill"] < 5 and chance.random() < 0.2:
                    kind = "bill"
                click = partial(getattr(self, f"_click_{kind}"), collection_id, ledger)
                done = self._request(click)
                clicks[kind if done is True else "refused"] += 1
                time.sleep(chance.uniform(0, 0.2))  # people are no faster
        return clicks

    def _look(self, env):
        collections = env["subscription.collection"].search(
            [
                ("state", "in", ("due", "calling", "unknown", "declined")),
                ("order_id.subscription_state", "=", "progress"),
            ]
        )
        return [(one.id, one.state) for one in collections]

    def _click_retry(self, collection_id, ledger, env):
        env["subscription.collection"].browse(
            collection_id
        ).order_id.action_retry_payment()

    def _click_bill(self, collection_id, ledger, env):
        order = env["subscription.collection"].browse(collection_id).order_id
        shown = order.next_invoice_date.isoformat()
        order = order.with_context(subscription_shown_period=shown)
        order.action_create_subscription_invoice()

    def _click_settle(self, collection_id, ledger, env):
        """Look the payment up at the provider, and say what is there."""
        collection = env["subscription.collection"].sudo().browse(collection_id)
        if collection.state != "unknown":
            return
        reference = collection.transaction_id.reference
        paid = reference in get_captured_references(ledger)
        env["subscription.collector"].sudo()._settle(collection, paid, "looked up")

    def retry_all(self, setting):
        """Press retry on each contract, whatever stands there.

        :return: how often that was refused
        """
        self._set_up(**setting)
        ids = self._call(lambda env: env["subscription.collection"].search([]).ids)
        done = [self._request(partial(self._click_retry, one, None)) for one in ids]
        return len([one for one in done if one is not True])

    def clerk(self, setting, order_id):
        """Do what people do at their desks: once, and once more when told to.

        :param int order_id: a contract that is being charged then
        :return: the seconds each took the second time, by what it was
        """
        self._set_up(**setting)
        acts = {
            "post an invoice": partial(self._post_invoice, 1),
            "post one of the same customer": partial(self._post_invoice, order_id),
            "edit the contract": partial(self._edit, "sale.order", order_id),
            "edit the customer": partial(self._edit, "res.partner", order_id),
        }
        for act in acts.values():
            self._call(act, ADMIN)  # the first time fills caches
        self.pauses = {"desk"}
        self._pause("desk")
        result = {}
        for name, act in acts.items():
            start = time.monotonic()
            self._call(act, ADMIN)
            result[name] = round(time.monotonic() - start, 2)
        return result

    def _post_invoice(self, order_id, env):
        move = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": env["sale.order"].browse(order_id).partner_id.id,
                "invoice_line_ids": [(0, 0, {"name": "By hand", "price_unit": 10.0})],
            }
        )
        move.action_post()

    def _edit(self, model, order_id, env):
        record = env["sale.order"].browse(order_id)
        name = "client_order_ref"
        if model == "res.partner":
            record, name = record.partner_id, "ref"
        record[name] = str(time.monotonic())

    def serve(self, setting):
        """Serve HTTP, where notifications arrive, until told to stop."""
        from fake_provider import webhook

        self._set_up(**setting)
        # As many tries as Odoo makes, only without the seconds between them.
        service_model.random.uniform = lambda *args: 0.01
        server = make_server("127.0.0.1", 0, http.root, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}{webhook.URL}"
        self.connection.send(("url", url))
        self.connection.recv()
        server.shutdown()


if __name__ == "__main__":
    main(CollectionJob, *sys.argv[1:])
