"""Processes that are stopped for a while and go on: nothing ends, nobody waits for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from plainview.base.clock import DAY_MS, now_ms
from plainview.errors import KeeperAway
from plainview.keys.client import KeeperClient
from plainview.node import one_machine
from plainview.testing.chaos import STEPPED
from plainview.testing.hamlet import Hamlet, until


def test_a_frozen_keeper_lets_nobody_wait_and_goes_on_afterwards(tmp_path: Path) -> None:
    """A virtual machine that was paused, a disk that hung: the very same keeper goes on."""
    with Hamlet(tmp_path, witnesses=0, cameras=1) as hamlet:
        child = hamlet.start(one_machine.keeper(hamlet.settings))
        with hamlet.keeper(seconds=0.5) as client:
            size, pid = client.status()["size"], child.pid
            hamlet.signal("keeper", signal.SIGSTOP)
            until(lambda: unanswered(client), 5, "the keeper to stop, and a call to give up on it")
            time.sleep(1.5)
            hamlet.signal("keeper", signal.SIGCONT)
            time.sleep(1.5)
            until(lambda: client.status()["size"] >= size, 10, "the keeper to answer")
        assert child.pid == pid, "it ended, as if it had been told to"


def unanswered(client: KeeperClient) -> bool:
    """Whether a call gives up. A process goes on for a moment after the signal that stops it."""
    begun = time.monotonic()
    try:
        client.status()
    except KeeperAway as error:
        return "in time" in error.message and time.monotonic() - begun < 5
    return False


@pytest.mark.skipif(os.environ.get("PLAINVIEW_BARS") != "1", reason="starts two recorders")
def test_a_second_keeper_and_a_second_recorder_are_refused(tmp_path: Path) -> None:
    with Hamlet(tmp_path, witnesses=0, cameras=1) as hamlet:
        hamlet.start(one_machine.keeper(hamlet.settings))
        hamlet.state()
        hamlet.start(one_machine.recorder(hamlet.settings))
        for program, said in (
            (one_machine.keeper(hamlet.settings), "Another keeper"),
            (one_machine.recorder(hamlet.settings), "is being written by a recorder"),
        ):
            first = hamlet.children[program.name]
            second = hamlet.begin(program)
            until(lambda second=second: second.pid is None, 20, "the second one to end")  # type: ignore[misc]
            assert said in second.last_line()
            hamlet.children[program.name] = first
            assert first.pid is not None
        with hamlet.keeper() as client:
            assert client.status()["size"]
        assert hamlet.health()["node"]


def test_the_clock_of_a_process_is_stepped_while_it_runs(tmp_path: Path) -> None:
    """The harness's own clock works: without it, steps would test nothing."""
    clock = tmp_path / "clock"
    clock.write_text("-86400")
    script = (
        "import sys; from plainview.base.clock import now_ms\n"
        "for _ in range(2): print(now_ms(), flush=True); sys.stdin.readline()"
    )
    path = os.pathsep.join([str(STEPPED), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "PLAINVIEW_STEPPED_CLOCK": str(clock)}
    with subprocess.Popen(
        [sys.executable, "-c", script], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout
        assert child.stdin
        behind = now_ms() - int(child.stdout.readline())
        clock.write_text("3600")
        child.stdin.write("\n")
        child.stdin.flush()
        ahead = int(child.stdout.readline()) - now_ms()
        child.stdin.close()
    assert abs(behind - DAY_MS) < 30_000
    assert abs(ahead - 3_600_000) < 30_000
