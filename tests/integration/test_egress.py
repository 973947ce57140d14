"""The demonstration reaches for nothing outside: every address it tries is loopback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from plainview.testing.running import RunningDemo

SECONDS = 45
FAMILY = re.compile(r'inet_(?:addr|pton)\((?:AF_INET6?, )?"([0-9a-fA-F:.]+)"')
PAGES = ("/", "/demo", "/cameras", "/cameras/cam-01", "/log", "/verify", "/health", "/app/")


def namespace(trace: Path) -> list[str]:
    """Run a command with loopback only, noting each address that any of its processes tries."""
    own = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    calls = "trace=connect,sendto,sendmsg,sendmmsg"
    tracer = f"strace -f --seccomp-bpf -qq -e signal=none -e {calls} -o {trace}"
    return [*own, "sh", "-c", f'ip link set lo up; exec {tracer} "$@"', "sh"]


def inside(demo: RunningDemo, *command: str) -> str:
    """Run a command in the demo's network namespace."""
    process = demo.process.pid
    enter = ["nsenter", f"--net=/proc/{process}/ns/net"]
    if os.geteuid() != 0:
        enter = ["nsenter", f"--target={process}", "--user", "--preserve-credentials", "--net"]
    done = subprocess.run([*enter, *command], capture_output=True, text=True, check=False)
    return done.stdout


@pytest.mark.bar("egress")
@pytest.mark.timeout(240)
def test_nothing_reaches_out(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    trace = tmp_path / "trace"
    with RunningDemo.start(tmp_path / "data", before=namespace(trace)) as demo:
        until = time.monotonic() + 90
        while inside(demo, "curl", "-s", f"{demo.url}/health") == "":
            assert time.monotonic() < until, demo.output.read_text()
            assert demo.process.poll() is None, demo.output.read_text()
            time.sleep(1)
        for path in PAGES:
            page = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", demo.url + path)
            assert inside(demo, *page) in {"200", "503"}, path
        time.sleep(SECONDS)
    tried = FAMILY.findall(trace.read_text())
    outside = {address for address in tried if not ip_address(address).is_loopback}
    measured = f"{len(tried)} attempts in {SECONDS} s, {len(outside)} outside loopback"
    record_property("bar", json.dumps({"measured": measured}))
    assert tried, "nothing was traced"
    assert not outside
