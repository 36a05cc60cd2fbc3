"""make bench PART=watch: how long health and alerts of many contracts take.

watch.py                    measures all
watch.py make DB EVENTS     one step in a process of its own
watch.py run DB EVENTS
"""

import argparse
import json
import os
import sys
import time
from datetime import date
from pathlib import Path

from analytics import count, say

HERE = Path(__file__).resolve().parent
SIZES = (2_000, 10_000)
SECONDS = 30.0  # health and all alerts of the larger size, at most
CROSSING = 100  # one contract of so many begins to match
RULES = (
    ("MRR between", {"mrr_min": 1, "mrr_max": 5}),
    ("MRR fell by 20 %", {"mrr_change": "fell", "mrr_change_by": 20}),
    ("overdue", {"is_overdue": True, "overdue_days": 10}),
    ("satisfaction", {"satisfaction_below": 50}),
    ("payment declined", {"collection_declined": 2}),
    ("invoice paid", {"paid_invoices": 1}),
    ("option not used", {"has_unused_option": True}),
    ("next invoice", {"next_invoice_days": 7}),
    ("domain", {"extra_domain": "[('partner_id.country_id', '!=', False)]"}),
)


# --- steps, in a process of their own ---


def make(env, events):
    from history import make_history

    make_history(env, events)
    return {}


def run(env, _events):
    """Measure each rule over contracts of a template of their own, by size."""
    rows = []
    for size in SIZES:
        rows += measure_size(env, size)
        env.cr.rollback()
    return {"rows": rows, "contracts": count(env, "sale_order")}


def measure_size(env, size):
    template = env["sale.order.template"].create({"name": f"{size} contracts"})
    env.cr.execute(
        """UPDATE sale_order SET sale_order_template_id = %s WHERE id IN (
               SELECT id FROM sale_order
                WHERE subscription_state IN ('progress', 'paused')
                ORDER BY id LIMIT %s)""",
        [template.id, size],
    )
    if env.cr.rowcount != size:
        sys.exit(f"{env.cr.rowcount} running contracts, not {size}: more events needed")
    let_things_happen(env, template)
    env.invalidate_all()
    # Written past the form, which would work it out at once.
    env.cr.execute(
        """UPDATE sale_order_template
              SET good_health_domain = '[(''mrr'', ''>='', 50)]',
                  bad_health_domain = '[(''mrr'', ''<'', 20)]'
            WHERE id = %s""",
        [template.id],
    )
    env.invalidate_all()
    watch = env["subscription.watch"]
    rows = [
        {"what": "health, all of it new", **cost(env, watch._update_health)},
        {"what": "health, nothing new", **cost(env, watch._update_health)},
    ]
    today = env["sale.order"]._get_today()
    for name, values in RULES:
        alert = env["subscription.alert"].create(
            {
                "name": name,
                "company_id": False,
                "active": False,
                "template_ids": [(6, 0, template.ids)],
                "activity_type_id": env.ref("mail.mail_activity_data_call").id,
                **values,
            }
        )
        rows.append(
            {
                "what": f"alert “{name}”, first look",
                **cost(env, lambda alert=alert: alert._bring_up_to_date(today)),
                "matches": len(alert.match_ids),
            }
        )
        rows.append(
            {
                "what": f"alert “{name}”, nothing new",
                **cost(env, lambda alert=alert: alert._bring_up_to_date(today)),
            }
        )
    alert = env["subscription.alert"].create(
        {
            "name": "one of a hundred",
            "company_id": False,
            "active": False,
            "template_ids": [(6, 0, template.ids)],
            "activity_type_id": env.ref("mail.mail_activity_data_call").id,
            "mrr_min": 1,
        }
    )
    alert._bring_up_to_date(today)
    acted = alert.match_ids[: size // CROSSING]
    rows.append(
        {
            "what": f"acting on {len(acted)} contracts",
            **cost(env, lambda: alert._act_on(acted, today)),
        }
    )
    return [{"size": size, **row} for row in rows]


def let_things_happen(env, template):
    """Give each rule what it asks about: rows of each kind, some of which match."""
    env.cr.execute(
        """
        CREATE TEMP TABLE bench_watched ON COMMIT DROP AS
        SELECT id, company_id, row_number() OVER (ORDER BY id) - 1 AS number
          FROM sale_order WHERE sale_order_template_id = %(template)s;

        UPDATE sale_order
           SET rating_count = 1,
               satisfaction = CASE WHEN number %% 20 = 0 THEN 20 ELSE 100 END,
               next_invoice_date = current_date + (number %% 30)::int
          FROM bench_watched WHERE bench_watched.id = sale_order.id;

        -- All invoices there are belong to them, in turn.
        CREATE TEMP TABLE bench_bill ON COMMIT DROP AS
        SELECT line.id, line.move_id, watched.id AS order_id, watched.company_id,
               watched.number
          FROM (SELECT id, move_id, row_number() OVER (ORDER BY id) - 1 AS number
                  FROM account_move_line WHERE subscription_id IS NOT NULL) line
          JOIN bench_watched watched
            ON watched.number
             = line.number %% (SELECT count(*) FROM bench_watched);
        UPDATE account_move_line SET subscription_id = bill.order_id
          FROM bench_bill bill WHERE bill.id = account_move_line.id;
        UPDATE account_move
           SET payment_state = CASE WHEN number %% 20 = 1 THEN 'not_paid'
                                    ELSE 'paid' END,
               invoice_date_due = current_date - 60
          FROM bench_bill bill WHERE bill.move_id = account_move.id;

        -- Each has been charged, some in vain, twice.
        INSERT INTO subscription_collection
                    (move_id, order_id, company_id, state, attempt, was_declined,
                     outcome)
        SELECT move_id, order_id, company_id,
               CASE WHEN number %% 20 = 1 THEN 'declined' ELSE 'paid' END, 2,
               number %% 20 = 1, CASE WHEN number %% 20 = 1 THEN 'open' END
          FROM bench_bill;
        INSERT INTO subscription_collection_order_rel (collection_id, order_id)
        SELECT id, order_id FROM subscription_collection;
        INSERT INTO payment_transaction
                    (provider_id, payment_method_id, reference, amount, currency_id,
                     partner_id, operation, state, collection_id)
        SELECT (SELECT min(id) FROM payment_provider),
               (SELECT min(id) FROM payment_method),
               'BENCH-' || collection.id || '-' || number, 1, contract.currency_id,
               contract.partner_id, 'offline',
               CASE WHEN collection.state = 'paid' THEN 'done' ELSE 'error' END,
               collection.id
          FROM subscription_collection collection
          JOIN sale_order contract ON contract.id = collection.order_id
          JOIN generate_series(1, 2) number
            ON number = 1 OR collection.state = 'declined';

        -- One of the products is billed by what is delivered of it.
        UPDATE product_template SET invoice_policy = 'delivery'
         WHERE id = (SELECT product.product_tmpl_id
                       FROM sale_order_line line
                       JOIN product_product product ON product.id = line.product_id
                       JOIN bench_watched watched ON watched.id = line.order_id
                      ORDER BY line.id LIMIT 1);
        UPDATE sale_order_line SET qty_to_invoice = 0;
        ANALYZE sale_order, account_move_line, account_move, subscription_collection,
                subscription_collection_order_rel, payment_transaction;
        """,
        {"template": template.id},
    )


def cost(env, function):
    """Return the seconds and statements of a function, all written."""
    env.flush_all()
    env.invalidate_all()
    statements, started = env.cr.sql_log_count, time.perf_counter()
    function()
    env.flush_all()
    return {
        "s": time.perf_counter() - started,
        "sql": env.cr.sql_log_count - statements,
    }


# --- all of it ---


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument(
        "--json",
        type=Path,
        default=Path(os.environ["BENCH_CONF"]).with_name("bench-watch.json"),
        help="file for all numbers (default: %(default)s)",
    )
    parser.add_argument(
        "--docs", type=Path, help="put the results between its two `watch` marks"
    )
    arguments = parser.parse_args()
    from databases import call, ensure, ensure_installed, hash_of, name_of

    from report import describe_machine, write_between

    def step(name, db):
        return call([HERE / "watch.py", name, db, arguments.events], name)

    installed = ensure_installed("subscriptions", say)
    prepared = name_of("watch", arguments.events)
    files = [HERE / f"{name}.py" for name in ("history", "stories", "dataset")]

    def make_contracts(db):
        say(f"making contracts with {arguments.events:,} events")
        step("make", db)

    ensure(prepared, installed, f"{hash_of(files)} {date.today()}", make_contracts)
    say("measuring health and alerts")
    result = step("run", prepared)
    machine = describe_machine()
    text = format_all(result, machine)
    print(f"\n{text}\n")
    content = {"date": date.today().isoformat(), "machine": machine, **result}
    arguments.json.write_text(json.dumps(content, indent=2) + "\n")
    say(f"written to {arguments.json}")
    if arguments.docs:
        write_between(arguments.docs, text, "watch")


def format_all(result, machine):
    by_size = {
        size: [row for row in result["rows"] if row["size"] == size] for size in SIZES
    }
    small, large = SIZES
    lines = [
        f"| of {small:,} / {large:,} contracts | s | s | SQL | SQL |",
        "|---|--:|--:|--:|--:|",
    ]
    for one, other in zip(by_size[small], by_size[large], strict=True):
        what = one["what"] if one["what"] == other["what"] else "acting on 1 %"
        lines.append(
            f"| {what} | {one['s']:.2f} | {other['s']:.2f} | {one['sql']} "
            f"| {other['sql']} |"
        )
    total = sum(row["s"] for row in by_size[large])
    held = "held" if total <= SECONDS else "MISSED"
    lines += [
        "",
        f"- all of it for {large:,} contracts: {total:.1f} s; limit {SECONDS:g} s: "
        f"{held}",
        f"- contracts in the database: {result['contracts']:,}",
        "",
        f"Measured on {date.today().isoformat()}:",
        "",
        *(f"- {key}: {value}" for key, value in machine.items()),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[1] in ("make", "run"):
        from measure import environment

        with environment(sys.argv[2]) as opened:
            done = globals()[sys.argv[1]](opened, int(sys.argv[3]))
            opened.cr.commit()
        print(json.dumps(done or {"done": True}))
    else:
        main()
