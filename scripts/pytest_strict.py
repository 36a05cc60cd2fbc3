"""pytest plugin: a skipped test fails the run, and the counts are left in a file.

A browser test that finds no browser skips itself; nobody would notice for months.
"""

import os

import pytest


class Strict:
    def __init__(self):
        self.skipped = []

    def note(self, report):
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            self.skipped.append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report):
        self.note(report)

    def pytest_collectreport(self, report):
        self.note(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.skipped:
            terminalreporter.section("skipped tests fail the run", red=True, bold=True)
            for line in self.skipped:
                terminalreporter.write_line(line)
        if path := os.environ.get("PYTEST_COUNTS"):
            count = {
                kind: len(terminalreporter.getreports(kind))
                for kind in ("passed", "failed", "error", "skipped")
            }
            bad = count["failed"] + count["error"] + count["skipped"]
            with open(path, "a", encoding="utf-8") as counts:
                counts.write(f"{count['passed']} {bad}\n")


def pytest_configure(config):
    config.pluginmanager.register(Strict())
