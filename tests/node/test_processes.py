"""Children are started, restarted, and never outlive their supervisor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.base.clock import now_ms
from plainview.errors import Unavailable
from plainview.node import processes
from plainview.node.processes import Program, Supervisor

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def test_a_killed_child_comes_back(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    child = supervisor.start(Program("sleeper", SLEEPER))
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)

    def back() -> bool:
        supervisor.keep_alive()
        return child.pid not in {None, first}

    until(back)
    assert child.restarts == 1
    second = child.pid
    supervisor.stop()
    assert second is not None
    assert not alive(second)


def test_a_child_that_cannot_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    program = Program(
        "broken", [sys.executable, "-c", "raise SystemExit('no disk')"], lambda: False
    )
    with pytest.raises(Unavailable, match=r"broken did not start: no disk"):
        supervisor.start(program)
    supervisor.stop()


def test_a_child_that_ignores_the_request_to_stop_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plainview.node.processes.STOP_SECONDS", 0.3)
    stubborn = (
        "import signal, time, pathlib, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(tmp_path / 'up')!r}).touch(); time.sleep(600)"
    )
    supervisor = Supervisor(tmp_path)
    program = Program("stubborn", [sys.executable, "-c", stubborn], (tmp_path / "up").exists)
    pid = supervisor.start(program).pid
    assert pid is not None
    supervisor.stop()
    assert not alive(pid)


def test_children_die_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path;"
        "from plainview.node.processes import Program, Supervisor;"
        f"s = Supervisor(Path({str(tmp_path)!r}));"
        "c = s.start(Program('sleeper', [sys.executable, '-c', 'import time; time.sleep(600)']));"
        "print(c.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        supervisor.kill()
    until(lambda: not alive(pid))


def test_a_log_does_not_grow_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LARGEST_LOG", 10_000)
    talker = "import sys, time\nwhile True: print('x' * 99, flush=True); time.sleep(0.001)"
    supervisor = Supervisor(tmp_path)
    supervisor.start(Program("talker", [sys.executable, "-c", talker]))
    log, before = tmp_path / "talker.log", tmp_path / "talker.log.1"

    def moved() -> bool:
        supervisor.keep_alive()
        return before.exists()

    until(moved)
    until(lambda: log.stat().st_size > 0)
    supervisor.stop()
    assert before.stat().st_size > 10_000
    assert log.read_bytes().startswith(b"xxx"), "the program goes on at the start of the file"


def test_a_process_that_hangs_is_killed_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PROBE_SECONDS", 0.05)
    monkeypatch.setattr(processes, "HUNG_SECONDS", 0.5)
    answers = tmp_path / "answers"
    answers.touch()

    def probe() -> None:
        if not answers.exists():
            raise Unavailable("It does not answer.")

    supervisor = Supervisor(tmp_path)
    child = supervisor.start(Program("sleeper", SLEEPER, probe=probe))
    first = child.pid
    begun = time.monotonic()
    while time.monotonic() < begun + 1.2:
        supervisor.keep_alive()
        time.sleep(0.05)
    assert child.pid == first, "what answers is left alone"
    answers.unlink()

    def back() -> bool:
        supervisor.keep_alive()
        return child.pid not in {None, first}

    until(back)
    supervisor.keep_alive()
    said = json.loads((tmp_path / processes.STATE_FILE).read_text())["sleeper"]
    assert (said["hung"], said["restarts"], said["pid"]) == (1, 1, child.pid)
    assert abs(said["recent"][0] - now_ms()) < 10_000
    supervisor.stop()


def test_a_process_that_never_came_up_has_time_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PROBE_SECONDS", 0.05)
    monkeypatch.setattr(processes, "HUNG_SECONDS", 0.1)

    def probe() -> None:
        raise Unavailable("It is still reading its log.")

    supervisor = Supervisor(tmp_path)
    first = supervisor.start(Program("sleeper", SLEEPER, probe=probe)).pid
    begun = time.monotonic()
    while time.monotonic() < begun + 0.6:
        supervisor.keep_alive()
        time.sleep(0.05)
    assert supervisor.children[0].pid == first
    supervisor.stop()
