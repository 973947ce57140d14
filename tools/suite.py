"""Run pytest; a test that met a busy machine is judged again, alone, everything else at once.

Some tests start recorders, keepers and browsers and wait for them on the real clock, on a machine
that others share. One that fails is run again with nothing beside it, and must then pass `TIMES`
times in a row: what fails in one run of three is caught here in two of three cases. Only folders
whose tests meet the clock get it, and no more than `MOST` tests a run; what failed stays in the
output, to be looked into. (CPython's own suite does the like: `regrtest --rerun`.)
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
CLOCKED = tuple(
    f"tests/{name}/"
    for name in (
        "bench", "browser", "cli", "demo", "deploy", "faults", "ingest", "integration", "keeper",
        "node", "recorder", "redact", "watch", "web",
    )
)  # fmt: skip
MOST = 5
TIMES = 3
OTHERWISE = ("failure", "error", "skipped")
"""What stands in the report of a test that did not pass; one that did may hold its figures."""
FAILED = 1
"""What pytest ends with if tests failed; any other code but 0: it could not run them."""


def pytest(cache: str, *words: str) -> int:
    """Run it with its cache in `cache`; its exit code."""
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", *words]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def failed(cache: str) -> list[str]:
    """The tests that failed in the run that used this cache."""
    file = Path(cache, "v/cache/lastfailed")
    return sorted(json.loads(file.read_text())) if file.exists() else []


def passed(cache: str) -> int:
    """How many tests passed in the run that left its report in this folder."""
    cases = ElementTree.parse(Path(cache, "run.xml")).iter("testcase")  # noqa: S314 - pytest's own
    return sum(not any(case.find(said) is not None for said in OTHERWISE) for case in cases)


def main(words: list[str]) -> int:
    """`words` are pytest's. Returns 0 if every test passed, beside others or alone."""
    with tempfile.TemporaryDirectory(prefix="suite-") as cache:
        code = pytest(cache, *words)
        names = failed(cache)
    if code != FAILED or not 0 < len(names) <= MOST:
        return code
    if not all("::" in name and name.startswith(CLOCKED) for name in names):
        return code
    listed = "".join(f"\n  {name}" for name in names)
    print(f"\nFailed, and judged again alone:{listed}", flush=True)
    for _ in range(TIMES):
        with tempfile.TemporaryDirectory(prefix="suite-") as cache:
            code = pytest(cache, "-o", "junit_family=xunit1", f"--junitxml={cache}/run.xml", *names)
            if code or passed(cache) != len(names):
                return code or FAILED
    print(f"\nPassed only alone; each is worth a look:{listed}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
