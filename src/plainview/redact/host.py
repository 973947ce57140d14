"""Runs the detector in a process of its own and watches it.

A crash, a hang or a kill of the detector costs pictures (they are withheld), never the recorder
and never a face. One process serves all cameras of a recorder. When it dies or does not answer, it
is killed and started again after a pause that doubles up to a minute.
"""

from __future__ import annotations

import mmap
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.redact import wire
from plainview.redact.detector import Found, Sought
from plainview.redact.engine import Engine

SLOTS = 64
START_SECONDS = 30.0
"""Loading the network and compiling it for a shape, on a busy machine."""
LONGEST_PAUSE_SECONDS = 60.0
STEADY_SECONDS = 60.0
"""A process that lived this long starts the pauses anew."""


Shape = tuple[Sought, int, int]
"""What is sought, and rows and columns of the picture: a network is compiled for each."""


@dataclass(slots=True)
class _Search:
    """One request under way."""

    shape: Shape
    sent: float
    done: threading.Event = field(default_factory=threading.Event)
    result: Found | DetectorFault | None = None


class DetectorHost:
    """One detector process. `open` gives each camera its own detector; close when done.

    `prepared`: it compiles what nearly every camera needs before one asks.
    """

    def __init__(
        self, *, threads: int = 1, deadline_seconds: float = 0.5, hang_seconds: float = 2.0,
        restart_seconds: float = 5.0, engine: Engine = Engine.OPENVINO, prepared: bool = False,
    ) -> None:  # fmt: skip
        self._threads = threads
        self._engine, self._prepared = engine, prepared
        self._deadline = deadline_seconds
        self._hang = hang_seconds
        self._first_pause = restart_seconds
        self._pause = restart_seconds
        self._memory = os.memfd_create("plainview-detector")
        os.ftruncate(self._memory, SLOTS * wire.SLOT_BYTES)
        self._pictures = mmap.mmap(self._memory, SLOTS * wire.SLOT_BYTES)
        self._slots = list(range(SLOTS))
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._searches: dict[int, _Search] = {}
        self._compiled: set[Shape] = set()
        self._next_id = wire.HELLO + 1
        self._heard = 0.0
        """When the process last answered anything."""
        self._awake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="detector-host", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The detector's process, for health pages and for whoever wants to kill it."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def ready(self) -> bool:
        """Whether searches can be asked for."""
        return self._awake.is_set()

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Wait until searches can be asked for. Raises `DetectorFault` when that takes longer."""
        if not self._awake.wait(seconds):
            raise DetectorFault("The detector did not start in time.")

    def open(self) -> RemoteDetector:
        """A detector for one camera. Raises `DetectorFault` when all slots are taken."""
        with self._lock:
            if not self._slots:
                raise DetectorFault("The detector serves as many cameras as it can.")
            return RemoteDetector(self, self._slots.pop(0))

    def close(self) -> None:
        """End the process and let go of its memory."""
        self._closing.set()
        self._kill()
        self._thread.join()
        self._pictures.close()
        os.close(self._memory)

    def _release(self, slot: int) -> None:
        with self._lock:
            self._slots.append(slot)

    def _search(self, slot: int, picture: NDArray[np.uint8], sought: Sought) -> Found:
        shape = (sought, picture.shape[0] * 2 // 3, picture.shape[1])
        if picture.nbytes > wire.SLOT_BYTES:
            raise DetectorFault("The picture to search is too large.")
        search = self._ask(slot, shape, picture)
        while not search.done.wait(self._patience(shape, self._deadline)):
            # Waiting behind other cameras is not a fault, as long as there are answers.
            if self._late(search, self._deadline) or self._overdue(search):
                raise DetectorFault("The detector did not answer in time.")
        if isinstance(search.result, Found):
            self._compiled.add(shape)
            return search.result
        raise search.result or DetectorFault("The detector ended.")

    def _ask(self, slot: int, shape: Shape, picture: NDArray[np.uint8]) -> _Search:
        search = _Search(shape, time.monotonic())
        with self._lock:
            line = self._line
            if line is None:
                raise DetectorFault("The detector is starting.")
            if any(self._late(other, self._deadline) for other in self._searches.values()):
                raise DetectorFault("The detector does not answer.")
            start = slot * wire.SLOT_BYTES
            self._pictures[start : start + picture.nbytes] = picture.tobytes()
            sought, rows, columns = shape
            request = wire.Request(self._next_id, slot, rows, columns, sought)
            self._next_id = self._next_id % 0xFFFFFFFE + 1
            self._searches[request.id] = search
            try:
                line.send(request.pack(), socket.MSG_DONTWAIT)
            except OSError as error:
                del self._searches[request.id]
                raise DetectorFault("The detector cannot be reached.") from error
        return search

    def _patience(self, shape: Shape, usual: float) -> float:
        return usual if shape in self._compiled else START_SECONDS

    def _late(self, search: _Search, patience: float) -> bool:
        """Whether the process has been silent for too long, with this search before it."""
        since = max(search.sent, self._heard)
        return time.monotonic() - since >= self._patience(search.shape, patience)

    def _overdue(self, search: _Search) -> bool:
        return time.monotonic() - search.sent >= self._patience(search.shape, self._hang)

    def _watch(self) -> None:
        """The host's thread: start the process, hand out its answers, start it again."""
        while not self._closing.is_set():
            born = time.monotonic()
            line = self._start()
            try:
                self._listen(line, born)
            finally:
                self._end(line)
            if time.monotonic() - born > STEADY_SECONDS:
                self._pause = self._first_pause
            self._closing.wait(self._pause)
            self._pause = min(self._pause * 2, max(LONGEST_PAUSE_SECONDS, self._first_pause))

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "plainview.redact.worker"]
        command += [str(n) for n in (theirs.fileno(), self._memory, SLOTS, self._threads)]
        command += [self._engine.value, *(["prepared"] if self._prepared else [])]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command, pass_fds=(theirs.fileno(), self._memory), stdin=subprocess.DEVNULL
            )
        return ours

    def _listen(self, line: socket.socket, born: float) -> None:
        """Hand out answers until the process ends, hangs or talks nonsense."""
        line.settimeout(0.1)
        while not self._closing.is_set():
            try:
                data = line.recv(wire.MOST_BYTES)
            except TimeoutError:
                if self._hangs(born):
                    return
                continue
            except OSError:
                return
            if not data:
                return
            try:
                request, result = wire.unpack_answer(data)
            except DetectorFault:
                return
            self._hand_out(line, request, result)

    def _hand_out(self, line: socket.socket, request: int, result: Found | DetectorFault) -> None:
        if request == wire.HELLO:
            with self._lock:
                self._line = line
            self._awake.set()
            return
        self._heard = time.monotonic()
        with self._lock:
            search = self._searches.pop(request, None)
        if search is not None:
            search.result = result
            search.done.set()

    def _hangs(self, born: float) -> bool:
        now = time.monotonic()
        with self._lock:
            if self._line is None:
                return now - born > START_SECONDS
            return any(self._late(search, self._hang) for search in self._searches.values())

    def _end(self, line: socket.socket) -> None:
        self._awake.clear()
        with self._lock:
            self._line = None
            self._compiled.clear()
            searches, self._searches = self._searches, {}
        for search in searches.values():
            search.done.set()
        line.close()
        self._kill()

    def _kill(self) -> None:
        process = self._process
        if process is not None:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


class RemoteDetector:
    """A camera's detector in the host's process (see `Detector`). Close it to free its slot."""

    def __init__(self, host: DetectorHost, slot: int) -> None:
        self._host = host
        self._slot: int | None = slot

    def search(self, picture: NDArray[np.uint8], sought: Sought = Sought.FACES) -> Found:
        """See `Detector.search`; raises `DetectorFault` also for a detector that is away."""
        if self._slot is None:
            raise DetectorFault("This detector was closed.")
        return self._host._search(self._slot, picture, sought)

    def close(self) -> None:
        """Free the slot."""
        if self._slot is not None:
            self._host._release(self._slot)
            self._slot = None
