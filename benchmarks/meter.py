"""What a stretch of work costs: time, memory, processor, SQL."""

import cProfile
import gc
import os
import pstats
import re
import threading
import time
from collections import Counter
from contextlib import suppress

import odoo.sql_db

MEGABYTE = 1024  # /proc speaks of kilobytes


def _status(key):
    """Return a line of this process's status, in MB."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) / MEGABYTE
    return None


def _processor_seconds(pid):
    """Return the processor time of another process, None if it is elsewhere."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Meter:
    """Measure a `with` block that works on one cursor."""

    def __init__(self, cr):
        cr.execute("SELECT pg_backend_pid()")
        self.backend = cr.fetchone()[0]
        self.laps = {}
        self.result = None

    def lap(self, name):
        """Note that a part of the work is done."""
        self.laps[name] = time.perf_counter() - self._time - sum(self.laps.values())

    def __enter__(self):
        gc.collect()
        with suppress(OSError), open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # the peak starts anew
        self._memory = _status("VmRSS")
        self._queries = odoo.sql_db.sql_counter
        self._backend_seconds = _processor_seconds(self.backend)
        self._seconds = time.process_time()
        self._time = time.perf_counter()
        return self

    def __exit__(self, kind, error, traceback):
        wall = time.perf_counter() - self._time
        python = time.process_time() - self._seconds
        postgres = _processor_seconds(self.backend)
        if postgres is not None:
            postgres -= self._backend_seconds
        self.result = {
            "wall_s": round(wall, 3),
            "python_s": round(python, 3),
            "postgres_s": postgres and round(postgres, 3),
            "queries": odoo.sql_db.sql_counter - self._queries,
            "memory_before_mb": round(self._memory, 1),
            "memory_peak_mb": round(_status("VmHWM"), 1),
            "laps_s": {name: round(seconds, 3) for name, seconds in self.laps.items()},
        }


class Profile:
    """Write where the time goes, and which statements repeat, to a file."""

    def __init__(self, path, size):
        self.path, self.size = path, size
        self.counts, self.seconds = Counter(), Counter()
        self.profile = cProfile.Profile()

    def _note_query(self, _cr, query, _params, _start, delay):
        shape = re.sub(r"\s+", " ", str(query))
        shape = re.sub(r"(\(%s(, ?%s)*\)(, ?)?)+", "(…)", shape)
        shape = re.sub(r"VALUES .*", "VALUES …", shape)
        self.counts[shape] += 1
        self.seconds[shape] += delay

    def __enter__(self):
        threading.current_thread().query_hooks = [self._note_query]
        self.profile.enable()
        return self

    def __exit__(self, kind, error, traceback):
        self.profile.disable()
        threading.current_thread().query_hooks = []
        self.profile.dump_stats(f"{self.path}.pstats")
        with open(self.path, "w") as file:
            file.write(f"SQL statements (times, seconds), {self.size} contracts\n\n")
            for shape, count in self.counts.most_common(60):
                file.write(f"{count:7} {self.seconds[shape]:8.3f}  {shape[:600]}\n")
            stats = pstats.Stats(self.profile, stream=file)
            stats.sort_stats("cumulative").print_stats(120)
            stats.sort_stats("tottime").print_stats(50)
