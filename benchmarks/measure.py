"""One step of the benchmark in a process of its own; called by bench.py.

measure.py seed DB
measure.py prepare DB CONTENDER SIZE
measure.py run DB CONTENDER SIZE [PROFILE]

The last line of the output is a JSON object.
"""

import json
import os
import sys
from contextlib import contextmanager, nullcontext

from contenders import CONTENDERS
from dataset import seed
from meter import Meter, Profile

import odoo
from odoo.modules.registry import Registry
from odoo.tools import config

SUPERUSER = 1


@contextmanager
def environment(db):
    config.parse_config(
        ["-c", os.environ["BENCH_CONF"], "-d", db, "--no-http"]
        + ["--max-cron-threads=0", "--log-level=warn"],
        setup_logging=True,
    )
    registry = Registry(db)
    with registry.cursor() as cr:
        yield odoo.api.Environment(cr, SUPERUSER, {})


def run(env, contender, size, profile=None):
    """Run a contender and return what it cost and made."""
    with profile or nullcontext(), Meter(env.cr) as meter:
        contender.run(env, size, meter.lap)
    env.invalidate_all()
    return dict(meter.result, **get_outcome(env, contender))


def get_outcome(env, contender):
    """Return what was made, for the comparison of all."""
    env.cr.execute("SELECT state, count(*) FROM account_move GROUP BY state")
    states = dict(env.cr.fetchall())
    env.cr.execute(
        """SELECT partner.ref, count(*), sum(amount_untaxed), sum(amount_tax)
             FROM account_move move JOIN res_partner partner
                  ON partner.id = move.partner_id
            WHERE move.move_type = 'out_invoice' AND move.state = 'posted'
            GROUP BY partner.ref ORDER BY partner.ref"""
    )
    customers = [
        f"{ref} {count} {untaxed:.2f} {tax:.2f}"
        for ref, count, untaxed, tax in env.cr.fetchall()
    ]
    env.cr.execute(
        "SELECT count(*) FROM account_move_line WHERE display_type = 'product'"
    )
    outcome = {
        "states": states,
        "customers": customers,
        "lines": env.cr.fetchone()[0],
        "still_due": contender.count_due(env),
    }
    if "subscription.period" in env:
        env.cr.execute(
            """SELECT count(*), count(DISTINCT order_id), sum(amount_untaxed)
                 FROM subscription_period
                WHERE state = 'billed' AND move_id IS NOT NULL"""
        )
        rows, contracts, untaxed = env.cr.fetchone()
        outcome["ledger"] = [rows, contracts, f"{untaxed or 0:.2f}"]
    return outcome


def main(step, db, contender=None, size="0", profile=None):
    size = int(size)
    contender = CONTENDERS.get(contender)
    result = {}
    with environment(db) as env:
        if step == "seed":
            seed(env)
        elif step == "prepare":
            contender.prepare(env, size)
        else:
            profile = profile and Profile(profile, size)
            result = run(env, contender, size, profile)
        env.cr.commit()
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
