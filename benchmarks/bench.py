"""make bench: how fast due contracts become posted invoices.

Each measurement is a fresh process on a fresh copy of a prepared database. See
docs/benchmarks.md for the method.

The environment says where: BENCH_CONF is Odoo's configuration, BENCH_BASE the database
to start from, BENCH_DATA the data folder of that configuration; PGHOST and the like the
server.
"""

import argparse
import json
import os
import sys
import time
from datetime import date
from pathlib import Path

from contenders import CONTENDERS
from databases import clone, drop, ensure_template, measure, name_of

from report import (
    describe_machine,
    find_faults,
    format_growth,
    format_table,
    format_verdict,
    summarize,
    write_between,
)

STARTED = time.monotonic()
GROUPS = {
    "ours": ["ours"],
    "floor": ["floor", "floor_light"],
    "contract": ["contract"],
}


def say(text):
    print(f"[{time.monotonic() - STARTED:4.0f}s] {text}", file=sys.stderr, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[100, 1000, 5000],
        help="numbers of contracts due",
    )
    parser.add_argument(
        "--only",
        default=",".join(GROUPS),
        help=f"some of {','.join(GROUPS)}",
    )
    parser.add_argument(
        "--repeat",
        type=int,
        default=1,
        help="measure so often, and report the run with the median time",
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=os.environ.get("BENCH_JSON") or default_json(),
        help="file for all numbers (default: %(default)s)",
    )
    parser.add_argument(
        "--docs",
        type=Path,
        help="put the results into this text, between its two `results` marks",
    )
    parser.add_argument(
        "--profile",
        type=Path,
        metavar="FOLDER",
        help="write there where the time goes and which SQL repeats; slows down",
    )
    arguments = parser.parse_args()
    arguments.names = []
    for group in arguments.only.split(","):
        if group not in GROUPS:
            parser.error(f"--only knows {', '.join(GROUPS)}, not {group}")
        arguments.names += GROUPS[group]
    if not os.environ.get("BENCH_CONF"):
        parser.error("BENCH_CONF is not set: start this with `make bench`")
    return arguments


def default_json():
    """Return a file outside the checkout."""
    return Path(os.environ.get("BENCH_CONF", "bench.conf")).with_name("bench.json")


def measure_once(name, size, profile):
    """Measure a contender on a copy of its own."""
    copy = name_of("run")
    clone(ensure_template(CONTENDERS[name], size, say), copy)
    say(f"measuring {name} with {size:,} contracts")
    try:
        options = [profile / f"{name}-{size}.txt"] if profile else []
        return measure("run", copy, name, size, *options)
    finally:
        drop(copy)


def measure_all(arguments):
    """Return the rows of the table.

    Contenders take turns, so that a neighbour on the machine disturbs all of them.
    """
    rows = []
    for size in arguments.sizes:
        runs = {name: [] for name in arguments.names}
        for _turn in range(arguments.repeat):
            for name in arguments.names:
                runs[name].append(measure_once(name, size, arguments.profile))
        rows += [summarize(name, size, runs[name]) for name in arguments.names]
    return rows


def main():
    arguments = parse_arguments()
    if arguments.profile:
        arguments.profile.mkdir(parents=True, exist_ok=True)
    rows = measure_all(arguments)
    machine = describe_machine()
    text = format_results(rows, machine)
    print(f"\n{text}\n")
    if arguments.profile:
        say(f"profiles are in {arguments.profile}; their times are not for comparison")
    faults = find_faults(rows)
    write_json(arguments.json, machine, rows, faults)
    if arguments.docs and not faults:
        write_between(arguments.docs, text, "results")
        say(f"written to {arguments.docs}")
    for fault in faults:
        print(f"WRONG: {fault}")
    sys.exit(bool(faults))


def format_results(rows, machine):
    lines = [f"- {key}: {value}" for key, value in machine.items()]
    parts = [
        format_table(rows),
        format_growth(rows),
        format_verdict(rows),
        "\n".join([f"Measured on {date.today()}:\n", *lines]),
    ]
    return "\n\n".join(filter(None, parts))


def write_json(path, machine, rows, faults):
    results = [
        {key: value for key, value in row.items() if key != "customers"} for row in rows
    ]
    content = {
        "date": date.today().isoformat(),
        "machine": machine,
        "results": results,
        "faults": faults,
    }
    path.write_text(json.dumps(content, indent=2) + "\n")
    say(f"written to {path}")


if __name__ == "__main__":
    main()
