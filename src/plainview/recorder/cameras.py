"""One camera under supervision: its gate, its stock of windows, and its pipeline of the moment."""

from __future__ import annotations

import time
from typing import Protocol

import structlog

from plainview.base.clock import Clock
from plainview.base.settings import Settings
from plainview.errors import GateClosed
from plainview.ingest.pacing import Backoff
from plainview.recorder.gate import Asked, Gate, Logs
from plainview.recorder.pipeline import STOP_S, OpenDetector, Parts, Pipeline
from plainview.recorder.ruling import Published, Ruling
from plainview.recorder.sources import Address
from plainview.recorder.windows import WindowStock
from plainview.redact.load import Load
from plainview.store.tail import Tail
from plainview.store.writer import Writer

log = structlog.get_logger()
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
STEADY_S = 60.0
"""A pipeline that ran this long was sound: the next pause is short again."""


class CameraRegister(Asked, Published, Protocol):
    """`plainview.register.projection.Register`, as far as a camera needs it."""


class Camera:
    """`tend` is called by the supervising thread every few seconds; `status` by any."""

    def __init__(
        self, name: str, settings: Settings, register: CameraRegister, keeper: Logs, writer: Writer,
        tail: Tail, detector: OpenDetector, *,
        load: Load, epoch: int, window_s: int, clock: Clock,
    ) -> None:  # fmt: skip
        self.name = name
        self.gate = Gate(name, register, keeper, settings.horizon_seconds)
        self.stock = WindowStock(name, epoch, horizon_s=settings.horizon_seconds, window_s=window_s)
        self.ruling = Ruling(name, register)
        self._parts = Parts(
            settings, self.gate, self.stock, writer, tail, detector, self.ruling.at, load, clock
        )
        self._clock = clock
        self._pipeline: Pipeline | None = None
        self._ending: Pipeline | None = None
        self._born = 0.0
        self._not_before = 0.0
        self._backoff = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S)

    def tend(self, address: Address) -> None:
        """Ask the gate; start, stop or restart the pipeline accordingly. Never waits for one."""
        self.ruling.refresh()
        self.gate.refresh(self._clock)
        try:
            self.gate.check(self._clock())
        except GateClosed:
            self._end()
            return
        running = self._pipeline
        if running is not None and (not running.alive or running.address != address):
            self._after_fault(running)
            self._end()
        if self._ready():
            self._start(address)
        elif self._pipeline is not None:
            self._pipeline.tend()

    def stop(self) -> None:
        """Ask the pipeline to end."""
        self._end()

    def close(self, timeout: float = STOP_S) -> None:
        """End the pipeline; what is in hand is sealed on return, or `timeout` seconds are over."""
        self._end()
        if self._ending is not None:
            self._ending.join(timeout)
            self._ended()
        self._parts.detector.close()

    def status(self) -> dict[str, object]:
        """What health shows of this camera."""
        running = self._pipeline
        if running is not None:
            return running.status()
        reason = self.gate.reason
        return {
            "state": "refused" if reason else "starting",
            "reason": reason or "Waiting for windows to record into.",
            "redaction": "starting",
            "redaction_reason": "",
            "source_url_redacted": "",
            "last_segment_ms": None,
            "last_view_ms": None,
            "fps": 0.0,
            "gaps": 0,
            "clock_error_ms": None,
            "watched": self._parts.tail.watched,
        }

    def _start(self, address: Address) -> None:
        self._pipeline = Pipeline(address, self._parts)
        self._born = time.monotonic()
        self._pipeline.start()
        log.info("camera_started", camera=self.name)

    def _ready(self) -> bool:
        """Whether a pipeline may start: the one before is over, and there are windows."""
        self._ended()
        if self._pipeline is not None or self._ending is not None:
            return False
        if self.stock.ends <= self._clock():
            self.stock.poke.set()
            return False
        return time.monotonic() >= self._not_before

    def _end(self) -> None:
        if self._pipeline is not None:
            self._pipeline.stop()
            self._ending, self._pipeline = self._pipeline, None
        self._ended()

    def _ended(self) -> None:
        """After the last word of a pipeline its windows are closed, and viewers are told."""
        if self._ending is not None and self._ending.finished:
            log.info("camera_stopped", camera=self.name, reason=self._ending.ended)
            self._ending = None
            self.stock.renew()
            self._parts.tail.end()

    def _after_fault(self, running: Pipeline) -> None:
        if running.alive:
            return
        if time.monotonic() - self._born > STEADY_S:
            self._backoff.reset()
        self._not_before = time.monotonic() + self._backoff.wait_s()
