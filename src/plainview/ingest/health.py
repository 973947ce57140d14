"""What a camera's connection is doing, for supervisors and pages; never with credentials."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

from plainview.base.clock import Ms

State = Literal["connecting", "running", "waiting", "stopped"]
_RATE_SPAN_MS: Ms = 5_000
_LOSS_SPAN_MS: Ms = 60_000
_LOSS_STEP_MS: Ms = 1_000


@dataclass(frozen=True, slots=True)
class Health:
    """A moment's picture of one source."""

    source: str
    """Address without user, password and query."""
    state: State = "connecting"
    reason: str = ""
    """Why it is not running, for a person."""
    since_ms: Ms = 0
    last_packet_ms: Ms | None = None
    fps: float = 0.0
    connects: int = 0
    gaps: int = 0
    damaged: int = 0
    wall_source: str = ""
    clock_error_ms: Ms | None = None
    """Camera clock minus ours; beyond 10 s the camera's clock is not used."""
    lost_packets: int | None = None
    """RTP packets lost since the recorder was started; None where nobody counts (TCP by FFmpeg)."""
    loss_ratio: float = 0.0
    """Share of the RTP packets of the last minute that were lost."""
    jitter_ms: float = 0.0
    """Interarrival jitter (RFC 3550)."""


class HealthBook:
    """Written by the source's thread, read by any.

    `packet` is called for every packet of every camera: it only writes plain fields, and the
    picture is put together when somebody asks.
    """

    def __init__(self, source: str) -> None:
        self._lock = threading.Lock()
        self._health = Health(source)
        self._arrivals: deque[Ms] = deque()
        self._damaged = 0
        self._wall_source = ""
        self._clock_error_ms: Ms | None = None
        self._losses: deque[tuple[Ms, int, int]] = deque()
        """(time, expected, lost) at most once a second."""
        self._before = (0, 0)
        """(expected, lost) of earlier connections."""

    def now(self) -> Health:
        """The present state."""
        with self._lock:
            arrivals = tuple(self._arrivals)
            span = arrivals[-1] - arrivals[0] if arrivals else 0
            return replace(
                self._health,
                last_packet_ms=arrivals[-1] if arrivals else None,
                fps=round((len(arrivals) - 1) * 1000 / span, 1) if span else 0.0,
                damaged=self._damaged,
                wall_source=self._wall_source,
                clock_error_ms=self._clock_error_ms,
            )

    def state(self, state: State, at_ms: Ms, reason: str = "") -> None:
        """Enter a state."""
        with self._lock:
            since = at_ms if state != self._health.state else self._health.since_ms
            connects = self._health.connects + (state == "connecting")
            self._health = replace(
                self._health, state=state, reason=reason, since_ms=since, connects=connects
            )

    def gap(self) -> None:
        """Count a gap."""
        with self._lock:
            self._health = replace(self._health, gaps=self._health.gaps + 1)

    def packet(
        self, arrival_ms: Ms, *, damaged: bool, wall_source: str, clock_error_ms: Ms | None
    ) -> None:
        """Count a packet."""
        with self._lock:
            arrivals = self._arrivals
            arrivals.append(arrival_ms)
            while arrivals[0] < arrival_ms - _RATE_SPAN_MS:
                arrivals.popleft()
            self._damaged += damaged
            self._wall_source = wall_source
            self._clock_error_ms = clock_error_ms

    def loss(self, at_ms: Ms, *, expected: int, lost: int, jitter_ms: float) -> None:
        """Take the counts of the present connection."""
        with self._lock:
            expected, lost = expected + self._before[0], lost + self._before[1]
            if not self._losses or at_ms - self._losses[-1][0] >= _LOSS_STEP_MS:
                self._losses.append((at_ms, expected, lost))
                while self._losses[0][0] < at_ms - _LOSS_SPAN_MS:
                    self._losses.popleft()
            _, first_expected, first_lost = self._losses[0]
            span = expected - first_expected
            self._health = replace(
                self._health,
                lost_packets=lost,
                loss_ratio=round((lost - first_lost) / span, 5) if span else 0.0,
                jitter_ms=round(jitter_ms, 2),
            )

    def closed(self, *, expected: int, lost: int) -> None:
        """A connection has ended: its counts stay."""
        with self._lock:
            self._before = (self._before[0] + expected, self._before[1] + lost)
