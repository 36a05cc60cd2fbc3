"""Odoo processes for test_concurrency.py; crew_worker.py says how they work."""

import os
import random
import sys
import time
from datetime import timedelta
from functools import partial

# The addon's own folder of tests comes last: it has names that others have too.
FOLDER = os.path.dirname(__file__)
sys.path = [path for path in sys.path if path != FOLDER] + [FOLDER]

from crew_worker import DEADLINE, Job, main  # noqa: E402
from dateutil.relativedelta import relativedelta  # noqa: E402

from odoo.fields import Command  # noqa: E402


class BillingJob(Job):
    """What has to do with billing."""

    def _set_batch_size(self, size):
        # Started as a script, this file has no package to be relative to.
        # pylint: disable-next=odoo-addons-relative-import
        from odoo.addons.subscriptions.models import subscription_billing

        subscription_billing.BILLING_BATCH_SIZE = size

    # === THE JOBS === #

    def prepare(self, count):
        """Make contracts with one to three periods due, and a quotation.

        :return: the first days of the periods due, by contract; the quotation
        """
        return self._call(partial(self._create_contracts, count=count))

    def _create_contracts(self, env, count, mode="post", behind=True):
        Order = env["sale.order"].with_context(
            tracking_disable=True, mail_create_nolog=True
        )
        today = Order._get_today()
        plan = env.ref("subscriptions.plan_monthly")
        plan.invoice_mode = mode
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
            months = number % 3 if behind and number % 4 == 0 else 0
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
        self._run_cron("subscriptions.ir_cron_bill_due")

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


if __name__ == "__main__":
    main(BillingJob, *sys.argv[1:])
