"""systemd is told when a process is ready, that it still works, and that it stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = """
import signal, sys, threading
from pathlib import Path
from plainview.errors import Unavailable
from plainview.node import heartbeat
works = Path(sys.argv[1])
def probe():
    if not works.exists():
        raise Unavailable("no")
with heartbeat.beating(probe):
    # As the keeper waits: were the beating thread to take the signal, the process would die of it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.sigwait({signal.SIGTERM})
"""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """What systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(10)
        yield listening


def heard(manager: socket.socket, seconds: float) -> list[bytes]:
    """All that comes within a time."""
    end, found = time.monotonic() + seconds, []
    while (left := end - time.monotonic()) > 0:
        manager.settimeout(left)
        try:
            found.append(manager.recv(100))
        except TimeoutError:
            break
    manager.settimeout(10)
    return found


def start(tmp_path: Path, **more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "works")]
    return subprocess.Popen(command, env={**os.environ, **more}, stderr=subprocess.DEVNULL)


def test_ready_then_beats_then_stopping(tmp_path: Path, manager: socket.socket) -> None:
    given = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
    with start(tmp_path, **given) as process:
        assert heard(manager, 1.5) == []
        (tmp_path / "works").touch()
        assert manager.recv(100) == b"READY=1"
        assert manager.recv(100) == b"WATCHDOG=1"
        (tmp_path / "works").unlink()
        time.sleep(0.3)
        heard(manager, 0.1)
        assert heard(manager, 0.6) == [], "without an answer there is no beat"
        process.send_signal(signal.SIGTERM)
        assert manager.recv(100) == b"STOPPING=1"
        assert process.wait(10) == 0


def test_without_a_service_manager_nothing_happens(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGTERM)
        process.wait(10)
