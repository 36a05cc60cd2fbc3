"""A payment provider for tests: a real HTTP server, and a ledger of its own.

    provider = FakeProvider(folder)
    addon.install(env.registry, provider.url)

The server knows nothing of Odoo; addon.py is Odoo's side. What the provider does with a
charge is written in the charge's token:

    ok                       captures, and says so
    timeout_after*1,ok       captures and falls silent, once; later calls are captured
    slow:10                  captures after ten seconds
    raw/timeout_after        what stands before / is for Odoo's side: see addon.py
    timeout_after#S00042     what follows # only makes tokens differ

Each token counts its own calls; the last scenario of a list stays. scenarios.py has
them all.

With keys, a call whose Idempotency-Key was answered is answered the same, and captures
nothing; without, each call is one of its own, as with the providers that know no keys.

The ledger is an SQLite file that tests read behind the server's back: what stands there
is what customers lost, whatever Odoo believes.
"""

import json
import subprocess
import sys
from pathlib import Path
from urllib import request

from . import ledger
from .notifications import SECRET, deliver, sign

DEADLINE = 600  # seconds, for anything the provider is asked


class FakeProvider:
    """The test's end of the provider: starts it, tells it things, reads its ledger."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("server.py"), folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def stop(self):
        self.process.kill()
        self.process.stdout.close()
        self.process.wait()

    def ask(self, path, **values):
        post = request.Request(f"{self.url}/{path}", json.dumps(values).encode())
        with request.urlopen(post, timeout=DEADLINE) as response:
            return json.load(response)

    def configure(self, **values):
        self.ask("configure", **values)

    def settle(self):
        """Let the pending charges be decided."""
        return self.ask("settle")["settled"]

    def forget(self):
        """Let the keys be forgotten, as after a day or two."""
        self.ask("forget")

    def notify(self, url, **values):
        """Let the provider send its notifications, as _on_notify says."""
        return self.ask("notify", url=url, **values)

    @property
    def ledger(self):
        """Path of the ledger."""
        return str(self.folder / "ledger.sqlite")

    def query(self, query, *values):
        return ledger.query(self.ledger, query, *values)

    def get_captures(self):
        """Return what was captured: rows of reference, amount, currency, token."""
        return self.query(
            "SELECT reference, amount, currency, token FROM capture ORDER BY id"
        )

    def get_events(self):
        """Return what notifications will say, oldest first, for the test to deliver."""
        rows = self.query("SELECT body FROM event ORDER BY id")
        return [json.loads(body) for (body,) in rows]

    def count(self, table):
        [(count,)] = self.query(f"SELECT count(*) FROM {table}")
        return count
