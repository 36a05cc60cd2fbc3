"""The provider's process.

python server.py FOLDER
"""

import json
import random
import select
import socket
import struct
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ledger import Ledger
from notifications import deliver
from scenarios import SCENARIOS, get_scenario

EARLY = 0.2  # seconds by which a notification may come before the answer
DEADLINE = 60  # seconds, for anything that is waited for


class Handler(BaseHTTPRequestHandler):
    """One call."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            data = json.loads(body)
            getattr(self, f"_on_{self.path.strip('/')}")(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the customer's shop was killed meanwhile

    def _say(self, status, values):
        body = values if isinstance(values, str) else json.dumps(values)
        self.send_response(int(status))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    # === THE CHARGE === #

    def _on_charge(self, data):
        server = self.server
        key = server.keys and self.headers.get("Idempotency-Key") or ""
        if not key:
            return self._charge(data, self.headers.get("Idempotency-Key") or "")
        with server.guard:
            lock = server.key_locks.setdefault(key, threading.Lock())
        if not lock.acquire(blocking=False):
            return self._say(409, {"error": "a call with this key is under way"})
        # What is said ends the call: the lock goes before, lest who asks again at once
        # be told that it is still under way.
        try:
            speech = self._replay(data, key) or self._play(data, key)
        finally:
            lock.release()
        return self._speak(*speech)

    def _charge(self, data, key):
        self._speak(*self._play(data, key))

    def _replay(self, data, key):
        """Return what was said to a key, or nothing if it is new."""
        rows = self.server.ledger.query("SELECT * FROM known WHERE key = ?", key)
        if not rows:
            return None
        [(_key, said, status, body)] = rows
        self._note_call(data, key, "", replayed=1)
        if said != self._get_fingerprint(data):
            return ("400", {"error": "the key belongs to another charge"})
        return ("answer" if status == 200 else str(status), json.loads(body))

    @staticmethod
    def _get_fingerprint(data):
        return json.dumps(data, sort_keys=True)

    def _note_call(self, data, key, scenario, replayed=0):
        self.server.ledger.insert(
            "call",
            at=time.time(),
            reference=data["reference"],
            amount=data["amount"],
            currency=data["currency"],
            key=key,
            token=data["token"],
            scenario=scenario,
            replayed=replayed,
        )

    def _play(self, data, key):
        """Do what the token says.

        :return: how to tell it, and what
        """
        server, ledger = self.server, self.server.ledger
        with server.guard:
            server.calls[data["token"]] += 1
            number = server.calls[data["token"]]
        scenario, argument = get_scenario(data["token"], number)
        play = SCENARIOS[scenario]
        self._note_call(data, key, scenario)
        if scenario == "slow":
            time.sleep(float(argument))
        body = {
            "id": f"ch_{data['reference']}_{number}",
            "reference": data["reference"],
            "amount": data["amount"] + (play.wrong == "amount"),
            "currency": "XXX" if play.wrong == "currency" else data["currency"],
            "state": play.state,
            "reason": play.reason if play.state == "refused" else "",
        }
        if play.state == "done":
            server.capture(body, key, data["token"])
        if play.state == "pending":
            ledger.insert(
                "pending",
                reference=data["reference"],
                body=json.dumps({**body, "key": key, "token": data["token"]}),
                settled=play.settled,
                reason=play.reason,
            )
        elif play.state:
            server.note_event(body)
        if scenario == "ok_notified":
            notice = threading.Thread(target=server.tell, args=(body,))
            notice.start()
            notice.join(EARLY)  # it is heard before the answer, if it is heard at all
        status, known = 200, body
        if play.known or play.speech == "402":
            status, known = int(play.speech), self._get_error(play.speech, body)
        if server.keys and key and play.state:
            ledger.insert(
                "known",
                key=key,
                said=self._get_fingerprint(data),
                status=status,
                body=json.dumps(known),
            )
        return play.speech, body

    @staticmethod
    def _get_error(status, body):
        reasons = {"402": body.get("reason"), "401": "invalid API key"}
        return {"error": reasons.get(status) or "something went wrong"}

    def _speak(self, speech, body):
        if speech == "answer":
            self._say(200, body)
        elif speech == "garbled":
            self._say(200, "<html>Welcome to nginx!</html>")
        elif speech == "silence":
            # Until the other side has had enough.
            select.select([self.connection], [], [], DEADLINE)
            self.close_connection = True
        elif speech == "reset":
            # Closed in this state, a connection is reset rather than ended.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.server.resets.add(self.connection)
            self.close_connection = True
        else:
            self._say(
                speech, body if "error" in body else self._get_error(speech, body)
            )

    # === WHAT THE TEST WANTS === #

    def _on_configure(self, data):
        """Change the server's options: keys, notify_url."""
        for name, value in data.items():
            setattr(self.server, name, value)
        self._say(200, {})

    def _on_settle(self, data):
        """Decide the pending charges, and note the events of it."""
        rows = self.server.ledger.query(
            "DELETE FROM pending WHERE settled != '' RETURNING body, settled, reason"
        )
        for text, settled, reason in rows:
            body = json.loads(text)
            key, token = body.pop("key"), body.pop("token")
            body["state"] = settled
            body["reason"] = reason if settled == "refused" else ""
            if settled == "done":
                self.server.capture(body, key, token)
            self.server.note_event(body)
        self._say(200, {"settled": len(rows)})

    def _on_forget(self, data):
        """Forget the keys, as providers do after a day or two."""
        self.server.ledger.query("DELETE FROM known")
        self._say(200, {})

    def _on_notify(self, data):
        """Send events to a URL: several times, shuffled, from several senders at once.

        :return: how often there was which HTTP status
        """
        bodies = [
            body
            for (body,) in self.server.ledger.query(
                "SELECT body FROM event WHERE id > ? ORDER BY id", data.get("after", 0)
            )
            if data.get("references") is None
            or json.loads(body)["reference"] in data["references"]
        ] * data.get("times", 1)
        random.Random(data.get("seed", 0)).shuffle(bodies)
        statuses = Counter()

        def send(share):
            for body in share:
                status = deliver(data["url"], body, data.get("signature"))
                statuses[str(status)] += 1

        senders = data.get("senders", 1)
        threads = [
            threading.Thread(target=send, args=(bodies[number::senders],))
            for number in range(senders)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._say(200, dict(statuses))


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder):
        self.ledger = Ledger(Path(folder) / "ledger.sqlite")
        self.keys = True
        self.notify_url = ""
        self.guard = threading.Lock()
        self.key_locks = {}
        self.calls = Counter()
        self.resets = set()
        super().__init__(("127.0.0.1", 0), Handler)

    def capture(self, body, key, token):
        """Take the customer's money."""
        self.ledger.insert(
            "capture",
            at=time.time(),
            reference=body["reference"],
            amount=body["amount"],
            currency=body["currency"],
            key=key,
            token=token,
        )

    def note_event(self, body):
        """Keep what a notification will say."""
        self.ledger.insert(
            "event", at=time.time(), reference=body["reference"], body=json.dumps(body)
        )

    def tell(self, body):
        """Send a notification, and note whether it was heard."""
        status = deliver(self.notify_url, json.dumps(body))
        self.ledger.insert(
            "told", at=time.time(), reference=body["reference"], status=status
        )

    def shutdown_request(self, request):
        if request in self.resets:
            self.resets.discard(request)
            self.close_request(request)  # a polite end would come before the reset
        else:
            ThreadingHTTPServer.shutdown_request(self, request)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            ThreadingHTTPServer.handle_error(self, request, client_address)


def main(folder):
    server = Server(folder)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
