"""One camera: read, ask the gate, seal the original; beside it redact, encrypt, show.

Two threads. The reading thread does what must not be lost; the redacting thread does what may be
withheld. A pipeline runs from a start to a stop and is not started again: its windows are not used
by the next one (`Camera` begins a new generation when a pipeline has ended).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from plainview.base.clock import Clock, now_ms
from plainview.base.settings import Settings
from plainview.ingest.session import Gap
from plainview.media.packets import Packet, Parameters
from plainview.recorder.gate import Gate
from plainview.recorder.reading import Reading
from plainview.recorder.redaction import RedactionThread
from plainview.recorder.ruling import RulesAt
from plainview.recorder.sources import Address
from plainview.recorder.views import Views
from plainview.recorder.windows import WindowStock
from plainview.redact.detector import Detector
from plainview.redact.load import Load
from plainview.store.tail import Tail
from plainview.store.writer import Writer

log = structlog.get_logger()
STOP_S = 10.0


class OpenDetector(Detector, Protocol):
    """A camera's own detector (`plainview.redact.host.RemoteDetector`)."""

    def close(self) -> None:
        """Free what it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What a pipeline works with; made by the service."""

    settings: Settings
    gate: Gate
    stock: WindowStock
    writer: Writer
    tail: Tail
    detector: OpenDetector
    rules: RulesAt
    load: Load = field(default_factory=Load)
    clock: Clock = now_ms


class Pipeline:
    """A running camera."""

    def __init__(self, address: Address, parts: Parts) -> None:
        self.address = address
        self._parts = parts
        self._reading = Reading(
            address, parts.gate, parts.stock, parts.writer, self._hand_on,
            watched=self._watched, clock=parts.clock,
        )  # fmt: skip
        self._redaction = self._new_redaction()
        self._thread = threading.Thread(
            target=self._run, name=f"record-{address.camera}", daemon=True
        )

    def start(self) -> None:
        """Begin to record."""
        self._redaction.start()
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it records; if not, stop it and start a new one."""
        return self._thread.is_alive()

    @property
    def ended(self) -> str:
        """Why the gate ended it; empty while it does not."""
        return self._reading.ended

    def tend(self) -> None:
        """Redaction that ended by a fault begins anew, in windows of its own; recording goes on."""
        if self.alive and not self._redaction.alive and not self._reading.stopping:
            log.error("redaction_restarted", camera=self.address.camera)
            self._parts.stock.renew()
            self._redaction = self._new_redaction()
            self._redaction.start()

    @property
    def finished(self) -> bool:
        """Whether both threads have ended."""
        return not self._thread.is_alive() and not self._redaction.alive

    def stop(self) -> None:
        """Ask it to end; `join` waits until what is in hand is sealed."""
        self._reading.stop()

    def join(self, timeout: float = STOP_S) -> None:
        """Wait for the end."""
        self._thread.join(timeout)

    def status(self) -> dict[str, object]:
        """What health shows; no password, no counts of what was hidden."""
        health, trouble = self._reading.health, self._reading.trouble
        redaction, why = self._redaction.state
        return {
            "state": "recording" if health.state == "running" and not trouble else "waiting",
            "reason": trouble or health.reason,
            "redaction": redaction,
            "redaction_reason": why,
            "redaction_effort": self._redaction.effort.says,
            "source_url_redacted": health.source,
            "last_packet_ms": health.last_packet_ms,
            "last_segment_ms": self._reading.last_ms or None,
            "last_view_ms": self._redaction.last_ms or None,
            "view_lag_ms": self._redaction.waiting_ms,
            "skipped": self._redaction.dropped,
            "fps": health.fps,
            "gaps": health.gaps,
            "damaged": health.damaged,
            "connects": health.connects,
            "clock_error_ms": health.clock_error_ms,
            "lost_packets": health.lost_packets,
            "loss_ratio": health.loss_ratio,
            "jitter_ms": health.jitter_ms,
            "watched": self._parts.tail.watched,
        }

    def _new_redaction(self) -> RedactionThread:
        parts = self._parts
        views = Views(parts.stock, parts.writer, parts.tail, parts.clock)
        return RedactionThread(
            self.address.camera, parts.settings, parts.detector, views, parts.rules,
            load=parts.load, clock=parts.clock,
        )  # fmt: skip

    def _run(self) -> None:
        try:
            self._reading.run()
        finally:
            # The original first: what was recorded must not wait for what may be withheld.
            try:
                self._reading.close()
            finally:
                self._redaction.stop(STOP_S / 2, drop=bool(self.ended))

    def _watched(self) -> bool:
        return self._parts.tail.watched > 0

    def _hand_on(self, item: Packet | Gap, parameters: Parameters | None) -> None:
        if isinstance(item, Packet) and parameters is not None:
            self._redaction.offer(item, parameters)
        else:
            self._redaction.gap()
