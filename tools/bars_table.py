"""pytest plug-in of `make bars`: prints the table of bars with measured values.

A bar is a row of docs/design/bars.md. Tests name it with `@pytest.mark.bar("name")` and report with
`record_property("bar", json.dumps({"measured": ...}))`. A row without a test fails the run.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parent.parent / "docs" / "design" / "bars.md"


def rows() -> dict[str, str]:
    """Bar -> what must be reached."""
    found = {}
    for line in PAGE.read_text().splitlines():
        cells = re.split(r"(?<!\\)\|", line.strip().strip("|"), maxsplit=1)
        if line.startswith("|") and len(cells) == 2 and not set(cells[0]) <= set("- "):
            found[cells[0].strip()] = cells[1].strip()
    found.pop("bar", None)
    return found


class Table:
    """Collects what the tests measured."""

    def __init__(self) -> None:
        self.bars = rows()
        self.tests: dict[str, list[str]] = {name: [] for name in self.bars}
        self.measured: dict[str, list[str]] = {name: [] for name in self.bars}
        self.failed: set[str] = set()
        self.of_test: dict[str, str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("bar"):
                if mark.args[0] not in self.bars:
                    raise pytest.UsageError(f"{item.nodeid}: no row {mark.args[0]!r} in bars.md")
                self.tests[mark.args[0]].append(item.nodeid)
                self.of_test[item.nodeid] = mark.args[0]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        bar = self.of_test.get(report.nodeid)
        if bar is None:
            return
        if report.failed:
            self.failed.add(bar)
        if report.when == "call":
            for name, value in report.user_properties:
                if name == "bar":
                    self.measured[bar].append(str(json.loads(str(value))["measured"]))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if any(not tests for tests in self.tests.values()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        write = terminalreporter.write_line
        terminalreporter.section("bars")
        write("| bar | must reach | measured | held |")
        write("|---|---|---|---|")
        for name, must in self.bars.items():
            measured = "; ".join(self.measured[name]) or "-"
            held = "no test" if not self.tests[name] else "no" if name in self.failed else "yes"
            write(f"| {name} | {must} | {measured} | {held} |")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Table(), "bars-table")
