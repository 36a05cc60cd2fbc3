"""Contracts that live for years, a run each day, and a notebook kept beside them.

Customers and salespeople do at random what they may do. The notebook,
``simulation_oracle.py``, says what must have been billed; it knows nothing of the code.
With SUBSCRIPTIONS_STRESS=1 there are 200 contracts for three years, with
SUBSCRIPTIONS_SIMULATION=60x400 as many contracts and days, with SUBSCRIPTIONS_SEED=…
they do other things.
"""

import math
import os
import random
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from unittest.mock import patch

from odoo.api import SUPERUSER_ID
from odoo.exceptions import UserError

from .common import SubscriptionCommon, freeze_time, tagged
from .simulation_calendar import PLANS
from .simulation_mrr import get_differences
from .simulation_oracle import Contract, Item

STRESS = bool(os.environ.get("SUBSCRIPTIONS_STRESS"))
SEED = int(os.environ.get("SUBSCRIPTIONS_SEED", "19"))
SIZE = os.environ.get("SUBSCRIPTIONS_SIMULATION", "200x1096" if STRESS else "25x240")
CONTRACTS, DAYS = map(int, SIZE.split("x"))
TWICE_EVERY = 20  # days between those on which the run is done twice
START = date(2027, 11, 20)  # 29 February 2028 is in all of them

# Every fifth plan posts its invoices: slower, and no different for the amounts.
POSTED_EVERY = 5
ACTIONS = {
    "upsell": 4,
    "quantities now": 4,
    "quantities next": 3,
    "switch now": 1,
    "switch next": 1,
    "pause": 1,
    "close now": 1,
    "close later": 1,
    "renew": 1,
}
CHANCE = 1 / 28  # of something to happen to a contract on a day


class Life:
    """A contract and its page of the notebook."""

    def __init__(self, order, page, plan):
        self.order = order
        self.page = page
        self.plan = plan
        self.touched = True

    def note(self, text):
        self.page.log.append(text)


@tagged("post_install", "-at_install")
class TestSimulation(SubscriptionCommon):
    """What is billed over years is what the notebook says, to the cent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        # One rounding for each line; by Odoo's default the untaxed sum is rounded once
        # more, from the lines' exact amounts.
        cls.company.tax_calculation_rounding_method = "round_per_line"
        # Prices and quantities are drawn, so that nothing is usual.
        cls.company.subscription_anomaly_factor = 0
        cls.random = random.Random(SEED)
        cls.plans = {}
        for number, (name, plan) in enumerate(PLANS.items()):
            cls.plans[name] = cls._create_plan_of(name, plan, number % POSTED_EVERY)
        cls.products = {
            "seat": cls._create_item("Seat", 100.0),
            "support": cls._create_item("Support", 33.33),
            "storage": cls._create_item("Storage", 7.77),
            "coffee": cls._create_item("Beans", 61.5, type="consu", prorate=False),
        }
        cls.keys = {product.id: key for key, product in cls.products.items()}
        cls.reason = cls.env.ref("subscriptions.close_reason_price")

    @classmethod
    def _create_plan_of(cls, name, plan, draft):
        return cls._create_plan(
            name=name,
            billing_period_unit=plan.unit,
            billing_period_value=plan.count,
            align=bool(plan.align),
            align_day=plan.align or 1,
            billing_timing="arrears" if plan.arrears else "advance",
            invoice_lead_days=plan.lead,
            trial_days=plan.trial,
            invoice_mode="draft" if draft else "post",
        )

    def setUp(self):
        super().setUp()
        self.lives, self.broken = [], []

    # === THE STORY === #

    def test_years_of_contracts_are_billed_as_the_notebook_says(self):
        with freeze_time(START) as clock:
            for number in range(DAYS):
                if number % 30 == 0:
                    # All of it is one transaction, of which PostgreSQL's statistics
                    # know nothing: it would plan for empty tables.
                    self.env.cr.execute(
                        "ANALYZE account_move, account_move_line, account_payment, "
                        "account_partial_reconcile"
                    )
                today = START + timedelta(days=number)
                clock.move_to(datetime.combine(today, time(5)))
                self._live_a_day(today, number)
            self._check(self.lives)
            self._check_events()
        if self.broken:
            self.fail(f"seed {SEED}:\n\n" + "\n\n".join(self.broken[:20]))
        self.assertGreaterEqual(len(self.lives), CONTRACTS)

    def _check_events(self):
        """Prove the events by themselves, and by what was invoiced."""
        self.env.invalidate_all()
        self.assertEqual(self.env["subscription.event"].verify(), [])
        shared = self.env["product.product"].union(
            *(product for product in self.products.values() if product.prorate)
        )
        orders = self.env["sale.order"].union(*(life.order for life in self.lives))
        self.assertEqual(get_differences(self.env, orders, shared), [])
        self.assertGreater(len(orders.event_ids), 2 * CONTRACTS)

    def _live_a_day(self, today, number):
        """Customers come before the run on some days, after it on others."""
        early = self.random.random() < 0.5
        if early:
            self._act(today)
        if number % TWICE_EVERY:
            self._run_services()
        else:
            self._run_crons()
        self._run_notebook(today)
        if number % TWICE_EVERY == 0:
            before = self._get_fingerprint()
            self._run_services()
            self._run_crons()
            self.assertEqual(before, self._get_fingerprint(), f"a second run, {today}")
        if not early:
            self._act(today)
        if len(self.lives) < CONTRACTS and number % 2 == 0:
            self._begin(today)
        self._check([life for life in self.lives if life.touched])

    def _run_notebook(self, today):
        for life in self.lives:
            known = len(life.page.documents), life.page.planned
            life.page.run(today)
            life.touched |= known != (len(life.page.documents), life.page.planned)

    def _run_services(self):
        """Do what the crons do, without their commits and their cold caches: faster."""
        IrCron = self.registry["ir.cron"]
        env = self.env(user=SUPERUSER_ID)
        with patch.object(IrCron, "_commit_progress", lambda *_args, **_kw: math.inf):
            env["subscription.scheduler"]._run()
            env["subscription.billing"]._run()

    def _run_crons(self):
        with self.enter_registry_test_mode():
            for name in ("apply_scheduled", "bill_due"):
                cron = self.env.ref(f"subscriptions.ir_cron_{name}")
                cron.method_direct_trigger()
        self.env.invalidate_all()

    def _get_fingerprint(self):
        """Return what a second run of the same day must leave as it is."""
        return [
            self.env["account.move"].search_count([]),
            self.env["account.move.line"].search_count([]),
            self.env["subscription.period"].search([]).mapped("state"),
            self.env["subscription.change"].search([]).mapped("state"),
            self.env["sale.order"].search([]).mapped("subscription_state"),
        ]

    # === WHAT CUSTOMERS DO === #

    def _begin(self, today):
        rng = self.random
        name = rng.choice(list(PLANS))
        start = today + timedelta(days=rng.choice((0, 0, 0, -5, 3)))
        items, units, lines = {}, {}, []
        for key in ("seat", *rng.sample(["support", "coffee"], rng.randint(0, 2))):
            price = Fraction(rng.randint(500, 99999), 100)
            discount = Fraction(rng.choice((0, 0, 10, 15)))
            items[key] = self._new_item(key, start, price, discount)
            units[key] = rng.randint(1, 7)
            more = {"price_unit": float(price), "discount": float(discount)}
            lines.append((self.products[key], units[key], more))
        order = self._create_contract(
            *lines, plan_id=self.plans[name].id, start_date=start
        )
        page = Contract(start, PLANS[name], items, units)
        page.bill(today)
        life = Life(order, page, name)
        life.note(f"{today}: {name} from {start}, {self._tell(page)}")
        self.lives.append(life)

    def _new_item(self, key, day, price, discount=Fraction(0)):
        typed = price != self._get_list_price(key)
        return Item(self.products[key].prorate, discount, [(day, price)], typed)

    def _get_list_price(self, key):
        return Fraction(str(self.products[key].list_price))

    def _tell(self, page):
        return ", ".join(
            f"{page.get_units(key, page.start)} {key} at {float(item.prices[0][1])}"
            f" less {item.discount} %"
            for key, item in page.items.items()
        )

    def _act(self, today):
        for life in self.lives[:]:
            if self.random.random() < CHANCE:
                action = self._choose(life, today)
                if action:
                    self._do(life, action, today)

    def _choose(self, life, today):
        """Return what happens to a contract, or None where nothing can."""
        page = life.page
        if page.start > today or page.state == "renewed":
            return None
        if page.state == "paused":
            return self.random.choice(("resume", "resume later", "close now"))
        if page.state == "churned":
            return "reopen"
        if page.close_day:
            return self.random.choice(
                ("revoke close", "upsell", "quantities now", "nothing")
            )
        return self.random.choices(list(ACTIONS), list(ACTIONS.values()))[0]

    def _do(self, life, action, today):
        method = getattr(self, "_do_" + action.replace(" ", "_"))
        try:
            with self.env.cr.savepoint():
                method(life, today)
        except UserError as error:
            self._break(life, f"{today}: {action} is refused: {error}")
        life.touched = True

    def _do_nothing(self, life, today):
        """Let things be."""

    def _do_upsell(self, life, today):
        page, rng = life.page, self.random
        keys = rng.sample(list(self.products), rng.choice((1, 1, 2)))
        deltas = {key: rng.randint(1, 3) for key in keys}
        life.note(f"{today}: upsell of {deltas}")
        for key in keys:
            if key not in page.items:
                page.items[key] = self._new_item(
                    key, page.start, self._get_list_price(key)
                )
        upsell = self._upsell(
            life.order, *((self.products[key], units) for key, units in deltas.items())
        )
        upsell.action_confirm()
        page.change(deltas, today, today)

    def _do_quantities_now(self, life, today):
        self._change_quantities(life, today, today, "now")

    def _do_quantities_next(self, life, today):
        day = life.page.get_next_period(today)
        self._change_quantities(life, today, day, "next_period")

    def _change_quantities(self, life, today, day, at):
        page, rng = life.page, self.random
        deltas = {}
        for key in rng.sample(list(page.items), rng.randint(1, len(page.items))):
            least = 1 if key == "seat" else 0
            lowest = least - page.get_lowest(key, day)
            deltas[key] = rng.randint(max(lowest, -3), 3)
        deltas = {key: units for key, units in deltas.items() if units}
        life.note(f"{today}: {deltas} {at} ({day})")
        change = life.order._change_quantities(
            {
                self._get_line(life, key): page.get_units(key, day) + units
                for key, units in deltas.items()
            },
            at=at,
        )
        page.change(deltas, day, today)
        self.assertEqual(change.date or day, day)

    def _get_line(self, life, key):
        lines = life.order.order_line
        return lines.filtered(lambda line: self.keys[line.product_id.id] == key)

    def _do_switch_now(self, life, today):
        if life.page.rows and life.page.get_switch(today).anchor > today:
            return  # in its trial
        self._switch(life, today, today, "now")

    def _do_switch_next(self, life, today):
        self._switch(life, today, life.page.get_next_period(today), "next_period")

    def _switch(self, life, today, day, at):
        page, rng = life.page, self.random
        if any(switch.planned for switch in page.switches):
            return
        name = rng.choice([one for one in PLANS if one != life.plan])
        keys = rng.sample(list(page.items), rng.randint(0, 1))
        prices = {key: Fraction(rng.randint(500, 99999), 100) for key in keys}
        told = {key: float(price) for key, price in prices.items()}
        life.note(f"{today}: {name} {at} ({day}), {told}")
        life.order._change_plan(
            self.plans[name],
            at=at,
            prices={self._get_line(life, key): told[key] for key in keys},
        )
        rules = {
            key: self._get_list_price(key)
            for key in page.items
            if not page.is_typed(key)
        }
        page.switch(PLANS[name], day, today, rules | prices, given=keys)
        life.plan = name

    def _do_pause(self, life, today):
        until = None
        if self.random.random() < 0.5:
            until = today + timedelta(days=self.random.randint(1, 90))
        life.note(f"{today}: paused until {until}")
        life.order._pause(until)
        life.page.pause(today, until)

    def _do_resume(self, life, today):
        life.note(f"{today}: resumed")
        life.order._resume()
        life.page.resume(today, today)

    def _do_resume_later(self, life, today):
        day = today + timedelta(days=self.random.randint(1, 40))
        life.note(f"{today}: to be resumed on {day}")
        life.order._resume(day)
        life.page.resume(day, today)

    def _do_close_now(self, life, today):
        self._close(life, today, today)

    def _do_close_later(self, life, today):
        day = today + timedelta(days=self.random.randint(1, 60))
        self._close(life, today, day)

    def _close(self, life, today, day):
        if not life.page.documents:
            return  # never billed: it would be cancelled
        credit = self.random.random() < 0.5
        life.note(f"{today}: closed on {day}, with credit: {credit}")
        life.order._close(self.reason, None if day == today else day, credit=credit)
        life.page.close(day, today, credit)

    def _do_revoke_close(self, life, today):
        if life.page.close_day < today:
            return  # over, and still to be billed
        life.note(f"{today}: not closed")
        life.order._revoke_close()
        life.page.revoke_close()

    def _do_reopen(self, life, today):
        life.note(f"{today}: reopened")
        life.order._reopen()
        life.page.reopen(today)

    def _do_renew(self, life, today):
        page = life.page
        # A planned switch would make a renewal by another plan: a story of its own.
        if not page.documents or any(switch.planned for switch in page.switches):
            return
        life.note(f"{today}: renewed")
        renewal = self._renew(life.order)
        renewal.action_confirm()
        following = page.renew(today)
        following.log += [*page.log, "--- and its renewal:"]
        self.lives.append(Life(renewal, following, life.plan))

    # === WHAT CAME OF IT === #

    def _check(self, lives):
        """Compare contracts with their pages; those that differ are dropped."""
        for life in lives:
            life.touched = False
            if life not in self.lives:
                continue
            order = life.order
            pairs = {
                "documents": (self._get_documents(order), self._get_written(life.page)),
                "ledger": (self._get_ledger(order), self._get_rows(life.page)),
                "units": (self._get_units(order), life.page.get_current_units()),
                "plan": (order.plan_id, self.plans[self._get_plan_name(life.page)]),
                "state": (order.subscription_state, life.page.state),
                "problems": (order.verify_ledger(), []),
                "hold": (order.hold_reason or order.hold, False),
            }
            for what, (found, expected) in pairs.items():
                if found != expected:
                    self._break(life, self._tell_difference(what, found, expected))
                    break

    def _break(self, life, text):
        self.lives.remove(life)
        self.broken.append("\n".join([life.order.name, *life.page.log, text]))

    @staticmethod
    def _tell_difference(what, found, expected):
        if not isinstance(found, list):
            return f"{what}: {found}, not {expected}"
        return "\n".join(
            [
                f"{what} differ",
                *(f"  only Odoo: {one}" for one in found if one not in expected),
                *(f"  only notebook: {one}" for one in expected if one not in found),
            ]
        )

    def _get_units(self, order):
        return {
            self.keys[line.product_id.id]: line.product_uom_qty
            for line in order.order_line
            if line.product_uom_qty
        }

    def _get_plan_name(self, page):
        plan = [one.plan for one in page.switches if not one.planned][-1]
        return next(name for name, other in PLANS.items() if other == plan)

    def _get_documents(self, order):
        lines = self.env["account.move.line"].search(
            [("period_id.order_id", "=", order.id), ("display_type", "=", "product")]
        )
        documents = []
        for move in lines.move_id:
            told = [
                (
                    self.keys[line.product_id.id],
                    str(line.period_from),
                    str(line.period_to),
                    f"{line.price_subtotal:.2f}",
                )
                for line in move.invoice_line_ids
                if line.display_type == "product"
            ]
            sign = 1 if move.move_type == "out_invoice" else -1
            total = f"{move.amount_untaxed:.2f}"
            documents.append((str(move.invoice_date), sign, total, sorted(told)))
        return sorted(documents)

    def _get_written(self, page):
        return sorted(
            (
                str(document.day),
                document.sign,
                f"{float(document.total):.2f}",
                sorted(
                    (key, str(first), str(last), f"{float(amount):.2f}")
                    for key, first, last, amount in document.lines
                ),
            )
            for document in page.documents
        )

    def _get_ledger(self, order):
        """Return the rows but for free ones, which may be written later."""
        return [
            (str(row.date_from), str(row.date_to), row.kind)
            for row in order.period_ids.filtered("is_live").sorted("date_from")
            if row.kind != "free"
        ]

    def _get_rows(self, page):
        return [
            (str(row.first), str(row.last), row.kind)
            for row in page.rows
            if row.kind != "free"
        ]
