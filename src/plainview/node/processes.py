"""Child processes: started in order, watched, restarted with back-off, stopped together.

One that has ended is started again, after a pause that doubles while it keeps failing. One that
runs and does not answer (`Program.probe`) is killed, and so started again. What happened stands in
`processes.json`, which health and metrics read.

A child dies with its parent (PR_SET_PDEATHSIG), also when the parent is killed with -9, so that
nothing goes on recording or serving that nobody watches over.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import structlog

from plainview.base.clock import Ms, now_ms
from plainview.base.shutdown import die_with_parent
from plainview.errors import PlainviewError, Unavailable

LOG = structlog.get_logger(__name__)
LONGEST_PAUSE = 30.0
STOP_SECONDS = 25.0
"""For all processes together; what is in hand is sealed within half of it."""
PROBE_SECONDS = 5.0
"""How often a process is asked whether it still answers."""
HUNG_SECONDS = 60.0
"""Without an answer for so long, it is killed."""
START_SECONDS = 900.0
"""For its first answer it may take this long: a keeper reads its whole log at its start."""
STATE_FILE = "processes.json"
LARGEST_LOG = 4 * 1024 * 1024
"""Bytes that a program's log may reach; then it becomes `NAME.log.1` and a new one begins."""


@dataclass(frozen=True)
class Program:
    """What to run: a name for messages and the log file, its command, and how to tell it is up."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] = lambda: True
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_seconds: float = 30.0
    probe: Callable[[], None] | None = None
    """Returns if it answers, raises one of our errors if not. Asked from a thread of its own."""


class Child:
    """One running program and its restarts."""

    def __init__(self, program: Program, log_dir: Path) -> None:
        self.program = program
        self.log_file = log_dir / f"{program.name}.log"
        self.restarts = 0
        self.hung = 0
        self.recent: deque[Ms] = deque(maxlen=20)
        """When it was started again, the last times."""
        self._pause = 0.5
        self._next_start = 0.0
        self._started = self._answered = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start it; its output goes to a file of its own."""
        with self.log_file.open("ab") as output:
            self._process = self._spawn(output)
        self._started, self._answered = time.monotonic(), 0.0

    def ask(self) -> None:
        """Ask it whether it works; the supervisor's watching thread does. May take seconds."""
        pid = self.pid
        if self.program.probe is None or pid is None:
            return
        try:
            self.program.probe()
        except PlainviewError:
            return
        if self.pid == pid:
            self._answered = time.monotonic()

    def _is_hung(self) -> bool:
        if self.program.probe is None or self.pid is None:
            return False
        allowed = HUNG_SECONDS if self._answered else START_SECONDS
        return time.monotonic() - max(self._started, self._answered) > allowed

    def _spawn(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own commands, no shell
            list(self.program.command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.program.environment},
            start_new_session=True,
            preexec_fn=die_with_parent,
        )

    def wait_ready(self) -> None:
        """Return once it is up; raises `Unavailable` with the last line it printed."""
        end = time.monotonic() + self.program.ready_seconds
        while time.monotonic() < end:
            if self._process is not None and self._process.poll() is not None:
                break
            if self.program.ready():
                return
            time.sleep(0.05)
        raise Unavailable(
            f"{self.program.name} did not start: {self.last_line()}",
            hint=f"All that it printed is in {self.log_file}.",
        )

    def last_line(self) -> str:
        """The last line it printed."""
        with self.log_file.open("rb") as output:
            output.seek(max(0, self.log_file.stat().st_size - 4096))
            lines = output.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it printed nothing."

    def keep_alive(self) -> None:
        """Restart it when it has ended, after a pause that doubles while it keeps failing."""
        self._bound_log()
        if self._is_hung():
            LOG.error("process does not answer", name=self.program.name, pid=self.pid)
            self.hung += 1
            self._answered = time.monotonic()  # killed once; what the kernel holds back comes later
            self._signal(signal.SIGKILL)
        if self._process is None or self._process.poll() is None:
            return
        now = time.monotonic()
        if self._next_start == 0.0:
            if now - self._started > 60:
                self._pause = 0.5
            self._next_start = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            LOG.warning("process ended", name=self.program.name, code=self._process.returncode)
        if now >= self._next_start:
            self._next_start = 0.0
            self.restarts += 1
            self.recent.append(now_ms())
            self.start()

    def state(self) -> dict[str, object]:
        """What `processes.json` says of it."""
        return {
            "pid": self.pid, "restarts": self.restarts, "hung": self.hung,
            "recent": list(self.recent),
        }  # fmt: skip

    def _bound_log(self) -> None:
        """Keep the log and the one before it. The program appends, so what is emptied stays its."""
        if self.log_file.stat().st_size > LARGEST_LOG:
            shutil.copyfile(self.log_file, self.log_file.with_suffix(".log.1"))
            os.truncate(self.log_file, 0)

    def ask_to_stop(self) -> None:
        """SIGTERM to it and whatever it started."""
        self._signal(signal.SIGTERM)

    def stop(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic seconds), then kill what is left of its group."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            LOG.warning("process had to be killed", name=self.program.name)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: int) -> None:
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


class Supervisor:
    """Starts programs in order and keeps them running until `stop`."""

    def __init__(self, log_dir: Path) -> None:
        log_dir.mkdir(parents=True, exist_ok=True)
        self.log_dir = log_dir
        self.children: list[Child] = []
        self._told = ""
        self._end = threading.Event()
        self._watching: threading.Thread | None = None

    def start(self, program: Program) -> Child:
        """Start one program and wait until it is up."""
        child = self.begin(program)
        child.wait_ready()
        return child

    def begin(self, program: Program) -> Child:
        """Start one program without waiting."""
        child = Child(program, self.log_dir)
        child.start()
        self.children.append(child)
        return child

    def keep_alive(self) -> None:
        """Restart what ended or hangs; call it about twice a second."""
        if self._watching is None:
            self._watching = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self._watching.start()
        for child in self.children:
            child.keep_alive()
        self._tell()

    def _watch(self) -> None:
        while not self._end.wait(PROBE_SECONDS):
            for child in list(self.children):
                child.ask()

    def _tell(self) -> None:
        """Write `processes.json` when something has changed."""
        text = json.dumps({child.program.name: child.state() for child in self.children})
        if text != self._told:
            self._told = text
            new = self.log_dir / f".{STATE_FILE}"
            new.write_text(text)
            new.replace(self.log_dir / STATE_FILE)

    def stop(self) -> None:
        """Stop everything, the last started first, so that what is in hand is sealed and logged."""
        self._end.set()
        deadline = time.monotonic() + STOP_SECONDS
        for child in reversed(self.children):
            child.ask_to_stop()
            child.stop(deadline)
