"""The recorder's process: several cameras, one writer, one detector, one tail server.

main thread    sources, gates, starting and stopping pipelines        every gate_seconds
maker          windows ahead                                          when stocks run low
clerk          roots once a minute, retention                         every few seconds
per camera     a reading and a redacting thread (`pipeline`)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from plainview.base.clock import Clock, now_ms
from plainview.base.settings import Settings
from plainview.errors import PlainviewError, Unavailable
from plainview.recorder import gate as gates
from plainview.recorder import making, retention, roots, stating
from plainview.recorder.cameras import Camera, CameraRegister
from plainview.recorder.condition import Condition
from plainview.recorder.pipeline import STOP_S, OpenDetector
from plainview.recorder.sources import Address, SourcesFile
from plainview.recorder.tailserver import TailServer
from plainview.recorder.windows import next_epoch
from plainview.redact.load import Load
from plainview.store.store import Store
from plainview.store.tail import Tail

log = structlog.get_logger()
CLERK_S = 2.0
MAKER_S = 1.0


class Register(CameraRegister, making.Rulebook, retention.Shreds, Protocol):
    """`plainview.register.projection.Register`, as far as a recorder needs it."""

    def sync(self) -> int:
        """Read what is new on the log."""
        ...


class Keeper(gates.Logs, roots.Logs, making.Locks, stating.Logs, Protocol):
    """`plainview.keys.client.KeeperClient`, as far as a recorder needs it."""


class Detectors(Protocol):
    """`plainview.redact.host.DetectorHost`, as far as a recorder needs it."""

    @property
    def pid(self) -> int | None:
        """The process that searches, while it runs."""
        ...

    def open(self) -> OpenDetector:
        """A detector for one camera."""
        ...


class Recorder:
    """Runs until its event is set. The caller owns register, keeper client and detectors."""

    def __init__(
        self, settings: Settings, register: Register, keeper: Keeper, detectors: Detectors,
        *, window_s: int, clock: Clock = now_ms,
    ) -> None:  # fmt: skip
        self._settings, self._register, self._keeper = settings, register, keeper
        self._detectors, self._window_s, self._clock = detectors, window_s, clock
        self._store = Store(settings)
        self._writer = self._store.writer()
        self._epoch = next_epoch(settings.data)
        self._sources = SourcesFile(settings.data)
        self._cameras: dict[str, Camera] = {}
        self._tails: dict[str, Tail] = {}
        every = min(roots.MINUTE_MS, window_s * 1000)
        self._roots = roots.Roots(self._store, settings.node, keeper, every_ms=every)
        self._retention = retention.Retention(self._store, register, self._roots.book)
        self._maker = making.Maker(register, keeper, clock)
        self._statement = stating.Statement(settings, keeper)
        self._trouble: dict[str, str] = {}
        self._load = Load()
        self._condition = Condition(
            settings, self._cameras, self._writer, self._sources, self._maker, detectors,
            self._load, self._trouble, clock,
        )  # fmt: skip
        self._server = TailServer(
            settings.recorder_socket, self._tails, self.health, self._condition.metrics
        )
        self._stop = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Record until `stop` is set; what is in hand is sealed and committed on return."""
        loops = [
            threading.Thread(target=self._every, args=(MAKER_S, self._make), name="maker"),
            threading.Thread(target=self._every, args=(CLERK_S, self._clerk), name="clerk"),
        ]
        self._server.start()
        log.info("recorder_started", node=self._settings.node, epoch=self._epoch)
        try:
            for loop in loops:
                loop.start()
            while not stop.wait(self._settings.gate_seconds):
                self._guarded("sources", self._supervise)
                self.health()  # so that it knows since when
                if not self._parts_alive(loops):
                    raise Unavailable("A part of the recorder ended.", hint="It must be restarted.")
        finally:
            self._close(loops)

    def _parts_alive(self, loops: Sequence[threading.Thread]) -> bool:
        """A disk that failed once, or a damaged index, is looked at again by a new process."""
        return all(loop.is_alive() for loop in loops) and self._server.alive and self._writer.alive

    def health(self) -> dict[str, Any]:
        """What `/health` answers; `red` holds the reasons, for a person."""
        return self._condition.health()

    def _supervise(self) -> None:
        """Follow sources and gates; start, stop and restart pipelines."""
        self._guarded("register", self._sync)
        wanted = self._sources.now()
        for name in [name for name in self._cameras if name not in wanted]:
            self._cameras.pop(name).close()
            self._tails.pop(name).end()
        for name, address in wanted.items():
            self._guarded(name, partial(self._tend, address))

    def _tend(self, address: Address) -> None:
        name = address.camera
        if name not in self._cameras:
            self._tails.setdefault(name, Tail())
            self._cameras[name] = self._camera(name)
        self._cameras[name].tend(address)

    def _camera(self, name: str) -> Camera:
        return Camera(
            name,
            self._settings,
            self._register,
            self._keeper,
            self._writer,
            self._tails[name],
            self._detectors.open(),
            load=self._load,
            epoch=self._epoch,
            window_s=self._window_s,
            clock=self._clock,
        )

    def _make(self) -> None:
        """A batch for each camera in turn, until all have enough."""
        going = True
        while going and not self._stop.is_set():
            cameras = list(self._cameras.values())
            made = [self._maker.fill(one.stock, one.gate) for one in cameras]
            going = any(made)

    def _clerk(self) -> None:
        self._guarded("redaction", self._statement.tell)
        if self._roots.due(self._clock()):
            self._roots.log(self._clock())
        self._retention.follow()

    def _sync(self) -> None:
        self._register.sync()

    def _every(self, seconds: float, step: Callable[[], None]) -> None:
        while not self._stop.is_set():
            self._guarded(step.__name__.strip("_"), step)
            self._stop.wait(seconds)

    def _guarded(self, part: str, step: Callable[[], None]) -> None:
        """Run a step; what fails is shown in health, said once in the log, and tried again."""
        try:
            step()
        except (PlainviewError, SQLAlchemyError, OSError) as error:
            reason = error.message if isinstance(error, PlainviewError) else str(error)
            if self._trouble.get(part) != reason:
                log.error("trouble", part=part, reason=reason)
            self._trouble[part] = reason
        else:
            self._trouble.pop(part, None)

    def _close(self, loops: Sequence[threading.Thread]) -> None:
        begun = time.monotonic()
        self._stop.set()
        for camera in self._cameras.values():
            camera.stop()
        for camera in self._cameras.values():  # all were asked at once: one span for all of them
            camera.close(max(0.0, begun + STOP_S - time.monotonic()))
        for loop in loops:
            loop.join()
        self._maker.close()
        self._guarded("store", self._writer.flush)
        self._guarded("clerk", self._log_rest)
        self._writer.close()
        self._server.close()
        self._roots.book.close()
        self._store.close()
        log.info("recorder_stopped", seconds=round(time.monotonic() - begun, 1))

    def _log_rest(self) -> None:
        self._roots.log(self._clock())
