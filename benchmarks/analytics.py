"""make bench PART=analytics: how long one waits for a report over a million MRR events,
and what it costs to write them.

analytics.py                      measures all
analytics.py make DB EVENTS       one step in a process of its own
analytics.py screens DB EVENTS
analytics.py writing DB EVENTS
"""

import argparse
import json
import os
import statistics
import sys
import threading
import time
from datetime import date
from pathlib import Path
from unittest.mock import patch

HERE = Path(__file__).resolve().parent
SECONDS = 1.0  # a first screen, at most
FACTOR = 3.0  # the time of the hand-written SQL, at most
FLOOR = 0.1  # below so many seconds nobody notices the factor
SHARE = 0.05  # of the time of billing, for writing events
TIMES = 5
BATCH, BATCHES = 50, 8


# --- steps, in a process of their own ---


def make(env, events):
    from history import make_history

    make_history(env, events)
    differences = env["subscription.event"].verify()
    if differences:
        sys.exit(f"the events made are not sound: {differences[:5]}")
    return {}


def count(env, table):
    env.cr.execute(f"SELECT count(*) FROM {table}")
    return env.cr.fetchone()[0]


def screens(env, _events):
    """Measure each report's first screen, as a sales manager of all companies."""
    from history import LOGIN

    user = env["res.users"].search([("login", "=", LOGIN)])
    own = env(
        user=user.id,
        context={
            "lang": "en_US",
            "tz": "UTC",
            "allowed_company_ids": user.company_ids.ids,
        },
    )
    from rival_sql import RIVALS
    from screens import find_actions, get_calls

    rows = []
    for action in find_actions(env):
        key = action.get_external_id()[action.id].split(".")[1]
        if key in RIVALS:
            calls = get_calls(own, action.with_env(own).sudo())
            rows.append({"key": key, **measure_screen(own, action, calls, RIVALS[key])})
    tables = (
        "subscription_event",
        "sale_order",
        "sale_order_line",
        "account_move_line",
    )
    return {
        "rows": rows,
        "tables": {table: count(env, table) for table in tables},
        "verify_s": time_of(env, env["subscription.event"].verify)[0],
    }


def measure_screen(env, action, calls, rival):
    """Measure what the client asks, and beside it what the same takes by SQL."""
    from screens import show

    statements, total = rival
    today = date.today()
    since = date(today.year - 1, today.month, 1)
    params = {
        "companies": env.companies.ids,
        # The first of the month, 11 months ago and 13 months ago.
        "since": date(since.year + since.month // 12, since.month % 12 + 1, 1),
        "before": since,
    }
    first, *others = [time_of(env, lambda: show(env, calls)) for _ in range(TIMES + 1)]
    rivals = [
        time_of(env, lambda: ask_all(env, statements, params)) for _ in range(TIMES + 1)
    ][1:]
    row = {
        "title": action.name,
        "first_s": first[0],
        "s": statistics.median(one[0] for one in others),
        "sql_s": statistics.median(one[0] for one in rivals),
    }
    if total:
        row["total"] = round(float(total(first[1])), 2)
        row["sql_total"] = round(
            float(sum(line[0] or 0 for line in rivals[0][1][0])), 2
        )
    return row


def time_of(env, function):
    """Return the seconds a function takes in a transaction of its own, and what."""
    env.cr.rollback()
    env.invalidate_all()
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


def ask_all(env, statements, params):
    # With the settings that the reports have, else it would not be a comparison.
    env["subscription.event"]._prepare_database()
    results = []
    for statement in statements:
        env.cr.execute(statement, params)
        results.append(env.cr.fetchall())
    return results


def writing(env, _events):
    """Confirm contracts, which bills them, with and without the recorder in turns."""
    from dataset import FAST, get_contracts, get_products

    from odoo.addons.subscriptions.models.subscription_recorder import (
        SubscriptionRecorder,
    )

    get_products(env).recurring_invoice = True
    plan = env["subscription.plan"].create(
        {"name": "Benchmark writing", "billing_period_unit": "month"}
    )
    plan.write({"billing_period_value": 1, "invoice_mode": "post"})
    sales = get_contracts(env, BATCH * BATCHES)
    without = patch.object(
        SubscriptionRecorder,
        "_record",
        lambda self, recording: self.env["subscription.event"],
    )
    runs = {True: [], False: []}
    for number in range(BATCHES):
        orders = (
            env["sale.order"]
            .with_context(**FAST)
            .create(
                [
                    {
                        "partner_id": customer.id,
                        "plan_id": plan.id,
                        "start_date": env["sale.order"]._get_today(),
                        "order_line": [
                            (0, 0, {"product_id": product.id, "product_uom_qty": qty})
                            for product, qty in lines
                        ],
                    }
                    for customer, lines in sales[number * BATCH : (number + 1) * BATCH]
                ]
            )
        )
        env.cr.commit()
        env.invalidate_all()
        recorded = number % 2 == 1
        if recorded:
            runs[True].append(confirm(env, orders))
        else:
            with without:
                runs[False].append(confirm(env, orders))
    for recorded in runs:
        runs[recorded] = runs[recorded][1:]  # caches are warm
    return {
        "contracts": BATCH,
        **{
            name: {
                key: statistics.median(run[key] for run in runs[recorded])
                for key in runs[recorded][0]
            }
            for name, recorded in (("with", True), ("without", False))
        },
    }


def confirm(env, orders):
    """Return the time of confirming and billing, and the statements it took."""
    counts = {"inserts": 0, "statements": 0}

    def note(_cr, query, _params, _start, _delay):
        counts["statements"] += 1
        counts["inserts"] += 'INSERT INTO "subscription_event"' in str(query)

    threading.current_thread().query_hooks = [note]
    started, processor = time.perf_counter(), time.process_time()
    orders.action_confirm()
    orders._bill(until=env["sale.order"]._get_today())
    env.cr.commit()
    result = {
        "s": time.perf_counter() - started,
        "python_s": time.process_time() - processor,
    }
    threading.current_thread().query_hooks = []
    return {
        **result,
        **counts,
        "invoices": len(orders.invoice_ids),
        "events": len(orders.event_ids),
    }


# --- all of it ---


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument(
        "--json",
        type=Path,
        default=Path(os.environ["BENCH_CONF"]).with_name("bench-analytics.json"),
        help="file for all numbers (default: %(default)s)",
    )
    parser.add_argument(
        "--docs",
        type=Path,
        help="put the results into this text, between its two `analytics` marks",
    )
    arguments = parser.parse_args()
    from databases import (
        call,
        clone,
        drop,
        ensure,
        ensure_installed,
        hash_of,
        name_of,
    )

    from report import describe_machine, write_between

    def step(name, db):
        return call([HERE / "analytics.py", name, db, arguments.events], name)

    def make_events(db):
        say(f"making {arguments.events:,} events")
        step("make", db)

    installed = ensure_installed("subscriptions", say)
    prepared = name_of("analytics", arguments.events)
    files = [HERE / f"{name}.py" for name in ("history", "stories", "dataset")]
    ensure(prepared, installed, f"{hash_of(files)} {date.today()}", make_events)
    say("measuring the first screens")
    result = step("screens", prepared)
    copy = name_of("run")
    clone(installed, copy)
    say("measuring what writing an event costs")
    try:
        result["writing"] = step("writing", copy)
    finally:
        drop(copy)
    machine = describe_machine()
    faults, text = find_faults(result), format_all(result, machine)
    print(f"\n{text}\n")
    content = {"date": date.today().isoformat(), "machine": machine, **result}
    arguments.json.write_text(
        json.dumps({**content, "faults": faults}, indent=2) + "\n"
    )
    say(f"written to {arguments.json}")
    if arguments.docs and not faults:
        write_between(arguments.docs, text, "analytics")
    for fault in faults:
        print(f"WRONG: {fault}")
    sys.exit(bool(faults))


def say(text):
    print(text, file=sys.stderr, flush=True)


def find_faults(result):
    """Return in words where report and SQL disagree."""
    faults = [
        f"{row['title']} shows {row['total']}, by SQL it is {row['sql_total']}"
        for row in result["rows"]
        if abs(row.get("total", 0) - row.get("sql_total", 0)) >= 0.01
    ]
    on, off = result["writing"]["with"], result["writing"]["without"]
    if not on["events"] == on["invoices"] == off["invoices"] == BATCH or off["events"]:
        faults.append(f"contracts were not billed as they should: {on}, {off}")
    return faults


def find_missed(row):
    """Return the limits a first screen misses."""
    missed = []
    if row["s"] > SECONDS:
        missed.append(f"{SECONDS:g} s")
    if row["s"] > FACTOR * row["sql_s"] and row["s"] > FLOOR:
        missed.append(f"{FACTOR:g} ×")
    return missed


def format_all(result, machine):
    lines = [
        "| report, first screen | ms | first time | SQL by hand, ms | ratio | limits |",
        "|---|--:|--:|--:|--:|---|",
    ]
    for row in result["rows"]:
        missed = find_missed(row)
        lines.append(
            f"| {row['title']} | {1000 * row['s']:.0f} | {1000 * row['first_s']:.0f} "
            f"| {1000 * row['sql_s']:.0f} | {row['s'] / row['sql_s']:.2f} "
            f"| {'MISSED: ' + ', '.join(missed) if missed else 'held'} |"
        )
    on, off = result["writing"]["with"], result["writing"]["without"]
    share = on["s"] / off["s"] - 1
    processor = on["python_s"] / off["python_s"] - 1
    extra = on["inserts"] - off["inserts"]
    held = extra <= 1 and min(share, processor) <= SHARE
    contracts = result["writing"]["contracts"]
    lines += [
        "",
        f"| confirming and billing {contracts} contracts | ms | Python ms "
        "| INSERTs of events | statements |",
        "|---|--:|--:|--:|--:|",
        *(
            f"| {name} | {1000 * one['s']:.0f} | {1000 * one['python_s']:.0f} "
            f"| {one['inserts']:.0f} | {one['statements']:.0f} |"
            for name, one in (("with the recorder", on), ("without it", off))
        ),
        "",
        f"- limits: a first screen {SECONDS:g} s and {FACTOR:g} times the SQL, where "
        f"it takes more than {1000 * FLOOR:.0f} ms; an event one INSERT more and "
        f"{SHARE:.0%} of the time of billing",
        f"- writing events: {extra:.0f} INSERT more, {share:+.1%} of time, "
        f"{processor:+.1%} of processor time: {'held' if held else 'NOT HELD'}",
        f"- `verify()` of all events: {result['verify_s']:.1f} s, no difference",
        "- rows: "
        + ", ".join(f"{number:,} {name}" for name, number in result["tables"].items()),
        "",
        f"Measured on {date.today()}:",
        "",
        *(f"- {key}: {value}" for key, value in machine.items()),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[1] in ("make", "screens", "writing"):
        from measure import environment

        with environment(sys.argv[2]) as opened:
            done = globals()[sys.argv[1]](opened, int(sys.argv[3]))
            opened.cr.commit()
        print(json.dumps(done or {"done": True}))
    else:
        main()
