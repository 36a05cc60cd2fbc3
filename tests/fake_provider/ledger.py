"""The provider's ledger."""

import sqlite3
import threading
from contextlib import closing

SCHEMA = """
CREATE TABLE IF NOT EXISTS call (
    id INTEGER PRIMARY KEY, at REAL, reference TEXT, amount REAL, currency TEXT,
    key TEXT, token TEXT, scenario TEXT, replayed INTEGER
);
CREATE TABLE IF NOT EXISTS capture (
    id INTEGER PRIMARY KEY, at REAL, reference TEXT, amount REAL, currency TEXT,
    key TEXT, token TEXT
);
CREATE TABLE IF NOT EXISTS known (
    key TEXT PRIMARY KEY, said TEXT, status INTEGER, body TEXT
);
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY, at REAL, reference TEXT, body TEXT
);
CREATE TABLE IF NOT EXISTS told (
    id INTEGER PRIMARY KEY, at REAL, reference TEXT, status INTEGER
);
CREATE TABLE IF NOT EXISTS pending (
    reference TEXT, body TEXT, settled TEXT, reason TEXT
);
"""


class Ledger:
    """The provider's book. Written by the server alone, each entry safely on disk."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.connection = sqlite3.connect(
            path, check_same_thread=False, isolation_level=None
        )
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.executescript(SCHEMA)

    def query(self, query, *values):
        with self.lock:
            return self.connection.execute(query, values).fetchall()

    def insert(self, table, **values):
        """Write a row and return its id."""
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        with self.lock:
            return self.connection.execute(
                f"INSERT INTO {table} ({columns}) VALUES ({marks})",
                tuple(values.values()),
            ).lastrowid


def query(path, query, *values):
    """Read a ledger behind its server's back."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values).fetchall()


def get_captured_references(path):
    """Return what was captured, as somebody finds it who looks it up."""
    return {reference for (reference,) in query(path, "SELECT reference FROM capture")}
