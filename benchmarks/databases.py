"""The databases: a base with customers and products, one per contender and size, and
the copy each measurement uses up.

A database's comment says what it was made of; one that says something else, or nothing,
is made anew.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import psycopg2
from psycopg2 import sql

HERE = Path(__file__).resolve().parent
BASE = os.environ.get("BENCH_BASE", "subscriptions_base")


def name_of(*parts):
    return "_".join([BASE, "bench", *map(str, parts)])


def connect(db="postgres"):
    connection = psycopg2.connect(dbname=db)
    connection.autocommit = True
    return closing(connection)


def ask(query, *parameters, db="postgres"):
    """Return the first column of the first row, or None."""
    with connect(db) as connection, connection.cursor() as cr:
        cr.execute(query, parameters)
        row = cr.fetchone()
        return row and row[0]


def tell(statement, *names, db="postgres"):
    """Execute a statement that holds names of databases."""
    with connect(db) as connection, connection.cursor() as cr:
        cr.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def key_of(db):
    return ask(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
        "WHERE datname = %s",
        db,
    )


def drop(db):
    tell("DROP DATABASE IF EXISTS {} WITH (FORCE)", db)
    if os.environ.get("BENCH_DATA"):
        shutil.rmtree(Path(os.environ["BENCH_DATA"], "filestore", db), True)


def clone(source, target):
    drop(target)
    tell("CREATE DATABASE {} TEMPLATE {}", target, source)


def call(arguments, what):
    """Run Python with arguments and return the JSON of its last line, if any."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{done.stdout[-4000:]}\nstopped: {what} failed, see above")
    *messages, last = done.stdout.strip().splitlines() or [""]
    if not last.startswith("{"):
        return None
    for message in messages:
        print(message, file=sys.stderr)
    return json.loads(last)


def measure(step, *arguments):
    return call([HERE / "measure.py", step, *arguments], " ".join(map(str, arguments)))


# --- templates ---


def hash_of(paths):
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def hash_of_addons(modules):
    """Return the state of addons, but for their tests."""
    conf = RawConfigParser()
    conf.read(os.environ["BENCH_CONF"])
    files = [
        file
        for folder in conf["options"]["addons_path"].split(",")
        for module in filter(None, modules.split(","))
        for file in Path(folder, module).rglob("*")
        if file.is_file() and not {"tests", "__pycache__"} & set(file.parts)
    ]
    return hash_of(files)


def ensure(db, source, key, make):
    """Make a database from another one, unless it stands already."""
    key = f"{key} of {key_of(source)}"
    if key_of(db) == key:
        return
    clone(source, db)
    make(db)
    with connect(db) as connection, connection.cursor() as cr:
        cr.execute("VACUUM ANALYZE")
    with connect() as connection, connection.cursor() as cr:
        cr.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(db), sql.Literal(key)
            )
        )


def install(db, modules):
    options = ["--stop-after-init", "--no-http", "--max-cron-threads=0"]
    call(
        ["-m", "odoo", "server", "-c", os.environ["BENCH_CONF"]]
        + ["-d", db, "-i", modules, *options],
        f"installing {modules}",
    )


def ensure_seed(say):
    """Return the database with customers and products, and no addon."""

    def make_seed(db):
        say("making customers and products")
        measure("seed", db)

    seeded = name_of("seed")
    ensure(seeded, BASE, hash_of([HERE / "dataset.py"]), make_seed)
    return seeded


def ensure_installed(modules, say):
    """Return the database in which some addons are installed, besides."""

    def make_installed(db):
        say(f"installing {modules}")
        install(db, modules)

    installed = name_of("with", modules)
    ensure(installed, ensure_seed(say), hash_of_addons(modules), make_installed)
    return installed


def ensure_template(contender, size, say):
    """Return the database in which `size` contracts of a contender are due today.

    :param say: function that tells a person what takes its time
    """
    code = hash_of([HERE / "dataset.py", HERE / "contenders.py"])
    if not contender.modules:
        return ensure_seed(say)
    installed = ensure_installed(contender.modules, say)
    prepared = name_of(contender.name, size)

    def make_prepared(db):
        say(f"making {size:,} contracts for {contender.name}")
        measure("prepare", db, contender.name, size)

    # What is due today was made today.
    today = datetime.now(timezone.utc).date()
    ensure(prepared, installed, f"{code} {today}", make_prepared)
    return prepared
