"""One camera: read, ask the gate, seal the original; beside it redact, encrypt, show.

Two threads. The reading thread does what must not be lost; the redacting thread does what may be
withheld. A pipeline runs from a start to a stop and is not started again: its windows are not used
by the next one (`Camera` begins a new generation when a pipeline has ended).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

import structlog

from plainview.base.clock import Clock, now_ms
from plainview.base.settings import Settings
from plainview.errors import GateClosed, PlainviewError
from plainview.ingest.session import Gap, Source
from plainview.media.packets import Packet
from plainview.recorder.gate import Gate
from plainview.recorder.originals import Originals
from plainview.recorder.redaction import RedactionThread
from plainview.recorder.sources import Address
from plainview.recorder.views import Views
from plainview.recorder.windows import WindowStock
from plainview.redact.detector import Detector
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
    clock: Clock = now_ms


class Pipeline:
    """A running camera."""

    def __init__(self, address: Address, parts: Parts) -> None:
        self.address = address
        self._parts = parts
        self._source = Source(address.url, clock=parts.clock)
        self._originals = Originals(parts.stock, parts.writer)
        self._redaction = self._new_redaction()
        self._thread = threading.Thread(
            target=self._run, name=f"record-{address.camera}", daemon=True
        )
        self._stop = threading.Event()
        self._trouble = ""
        self.ended = ""

    def start(self) -> None:
        """Begin to record."""
        self._redaction.start()
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it records; if not, stop it and start a new one."""
        return self._thread.is_alive()

    def tend(self) -> None:
        """Redaction that ended by a fault begins anew, in windows of its own; recording goes on."""
        if self.alive and not self._redaction.alive and not self._stop.is_set():
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
        self._stop.set()
        self._source.stop()

    def join(self, timeout: float = STOP_S) -> None:
        """Wait for the end."""
        self._thread.join(timeout)

    def status(self) -> dict[str, object]:
        """What health shows; no password, no counts of what was hidden."""
        health = self._source.health
        redaction, why = self._redaction.state
        return {
            "state": "recording" if health.state == "running" and not self._trouble else "waiting",
            "reason": self._trouble or health.reason,
            "redaction": redaction,
            "redaction_reason": why,
            "source_url_redacted": health.source,
            "last_packet_ms": health.last_packet_ms,
            "last_segment_ms": self._originals.last_ms or None,
            "last_view_ms": self._redaction.last_ms or None,
            "view_lag_ms": self._redaction.waiting_ms,
            "skipped": self._redaction.dropped,
            "fps": health.fps,
            "gaps": health.gaps,
            "damaged": health.damaged,
            "connects": health.connects,
            # Counted by the receiver of RTP over UDP alone: over TCP nothing is lost on the way.
            "lost": getattr(health, "lost", 0),
            "jitter_ms": getattr(health, "jitter_ms", None),
            "clock_error_ms": health.clock_error_ms,
            "watched": self._parts.tail.watched,
        }

    def _new_redaction(self) -> RedactionThread:
        parts = self._parts
        views = Views(parts.stock, parts.writer, parts.tail, parts.clock)
        return RedactionThread(
            self.address.camera, parts.settings, parts.detector, views, clock=parts.clock
        )

    def _run(self) -> None:
        try:
            for item in self._source.items():
                if self._stop.is_set():
                    break
                self._parts.gate.check(self._parts.clock())
                self._item(item)
        except GateClosed as error:
            self.ended = error.message
            log.warning("recording_stopped", camera=self.address.camera, reason=error.message)
        finally:
            # The original first: what was recorded must not wait for what may be withheld.
            self._source.stop()
            try:
                self._guarded_close()
            finally:
                self._redaction.stop(STOP_S / 2, drop=bool(self.ended))

    def _item(self, item: Packet | Gap) -> None:
        """Original first. What cannot be stored is a gap, and is said once.

        After a refusal only a key frame makes all well again: frames before it need what is lost,
        and those that are sent out of order may still fall into a window that ends.
        """
        parameters = self._source.parameters if isinstance(item, Packet) else None
        try:
            self._originals.push(item, parameters)
            if isinstance(item, Packet) and item.is_key:
                self._trouble = ""
        except GateClosed:
            raise
        except PlainviewError as error:
            if not self._trouble:
                log.error("not_recorded", camera=self.address.camera, reason=error.message)
            self._trouble = error.message
        if isinstance(item, Packet) and parameters is not None:
            self._redaction.offer(item, parameters)
        else:
            self._redaction.gap()

    def _guarded_close(self) -> None:
        try:
            self._originals.close()
        except PlainviewError as error:
            log.error("not_recorded", camera=self.address.camera, reason=error.message)
