"""The table, the growth and the verdict, from what was measured."""

import os
import platform
from statistics import median

from contenders import CONTENDERS
from databases import ask

COLUMNS = (
    ("contracts", "{size:,}"),
    ("who", "{title}"),
    ("ms per invoice", "{ms:.1f}"),
    ("invoices/s", "{rate:.1f}"),
    ("Python ms", "{python_ms:.1f}"),
    ("PostgreSQL ms", "{postgres_ms:.1f}"),
    ("SQL per invoice", "{sql:.2f}"),
    ("peak memory MB", "{memory_peak_mb:.0f}"),
)
# How much more five times the contracts may take.
SQL_GROWTH = 0.05
MEMORY_GROWTH = 0.05


def summarize(name, size, runs):
    """Return one row of the table: the run whose time is the median one."""
    middle = median(run["wall_s"] for run in runs)
    run = min(runs, key=lambda run: abs(run["wall_s"] - middle))
    invoices = run["states"].get("posted", 0)
    return {
        "contender": name,
        "title": CONTENDERS[name].title,
        "size": size,
        "runs": len(runs),
        "ms": 1000 * run["wall_s"] / invoices,
        "rate": invoices / run["wall_s"],
        "python_ms": 1000 * run["python_s"] / invoices,
        "postgres_ms": 1000 * (run["postgres_s"] or 0) / invoices,
        "sql": run["queries"] / invoices,
        **run,
    }


def find_faults(rows):
    """Return in words what is wrong with what was made, an empty list if nothing."""
    faults = []
    expected = {}  # size -> (who, what each customer was billed)
    for row in rows:
        who, size = f"{row['contender']} at {row['size']}", row["size"]
        if row["states"] != {"posted": size}:
            faults.append(f"{who}: invoices {row['states']}, not {size} posted")
        if row["lines"] != 3 * size:
            faults.append(f"{who}: {row['lines']} invoice lines, not {3 * size}")
        first, customers = expected.setdefault(size, (who, row["customers"]))
        if row["customers"] != customers:
            faults.append(f"{who}: customers are billed otherwise than by {first}")
        if row["contender"] == "ours":
            faults += find_ledger_faults(who, row)
    return faults


def find_ledger_faults(who, row):
    untaxed = sum(float(line.split()[2]) for line in row["customers"])
    if row["ledger"] != [row["size"], row["size"], f"{untaxed:.2f}"]:
        yield f"{who}: the ledger (rows, contracts, sum) is {row['ledger']}"
    if row["still_due"]:
        yield f"{who}: {row['still_due']} contracts are still due"


def format_table(rows):
    lines = [
        " | ".join(title for title, _ in COLUMNS),
        "|".join("---" if title == "who" else "--:" for title, _ in COLUMNS),
    ]
    lines += [" | ".join(text.format(**row) for _, text in COLUMNS) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def format_growth(rows, small=1000, large=5000):
    """Return how each contender grows between two sizes, as a table."""
    by_key = {(row["contender"], row["size"]): row for row in rows}
    lines = []
    for name, contender in CONTENDERS.items():
        pair = [by_key.get((name, size)) for size in (small, large)]
        if all(pair):
            growth = [
                f"{pair[1][key] / pair[0][key] - 1:+.1%}"
                for key in ("ms", "sql", "memory_peak_mb")
            ]
            lines.append(f"| {contender.title} | {' | '.join(growth)} |")
    if not lines:
        return ""
    head = f"| {small:,} → {large:,} contracts | ms per invoice | SQL per invoice |"
    return "\n".join([head + " peak memory |", "|---|--:|--:|--:|", *lines])


def format_verdict(rows, small=1000, large=5000):
    """Return what was promised and whether it holds, one line each."""
    by_key = {(row["contender"], row["size"]): row for row in rows}
    lines = []
    for size in sorted({row["size"] for row in rows}):
        ours = by_key.get(("ours", size))
        for other in ("floor", "floor_light", "contract"):
            row = by_key.get((other, size))
            if ours and row:
                share = ours["ms"] / row["ms"]
                processor = (ours["python_ms"] + ours["postgres_ms"]) / (
                    row["python_ms"] + row["postgres_ms"]
                )
                lines.append(
                    f"{size:,}: ours takes {share:.2f} of the time of {other} "
                    f"({processor:.2f} of its processor time)"
                )
    one, two = by_key.get(("ours", small)), by_key.get(("ours", large))
    if one and two:
        for what, key, bound in (
            ("SQL per contract", "sql", SQL_GROWTH),
            ("peak memory", "memory_peak_mb", MEMORY_GROWTH),
        ):
            growth = two[key] / one[key] - 1
            held = "held" if growth <= bound else "NOT HELD"
            lines.append(
                f"{small:,} to {large:,}: {what} of ours {growth:+.1%} "
                f"(promised: at most {bound:+.0%}): {held}"
            )
    late = [row for row in rows if row["contender"] != "ours" and row["still_due"]]
    for row in late:
        lines.append(
            f"{row['size']:,}: {row['contender']} leaves {row['still_due']:,} "
            "contracts due that it has billed"
        )
    return "\n".join(f"- {line}" for line in lines)


def describe_machine():
    """Return what the numbers depend on; no names of machines or folders."""
    with open("/proc/cpuinfo") as file:
        models = [
            line.split(":")[1].strip() for line in file if line.startswith("model name")
        ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    settings = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    durability = ", ".join(f"{name}={ask(f'SHOW {name}')}" for name in settings)
    processor = models[0] if models else platform.machine()
    return {
        "processor": f"{os.cpu_count()} × {processor}",
        "memory": f"{memory:.0f} GB",
        "python": platform.python_version(),
        "postgresql": f"{ask('SHOW server_version').split()[0]} ({durability})",
    }


def write_between(path, text, mark):
    """Replace what stands between two marks of a document."""
    opening, closing = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    head, rest = path.read_text().split(opening)
    _old, tail = rest.split(closing)
    path.write_text(f"{head}{opening}\n\n{text}\n\n{closing}{tail}")
