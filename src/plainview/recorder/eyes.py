"""What a redacting thread knows of its stream: how fast pictures come, and whether any do."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable
from statistics import median

from plainview.base.clock import Ms
from plainview.media.packets import Packet

USUAL_FPS = 25.0
MOST_FPS = 120.0
MEASURED = 20
"""Packets that a change of the frame rate is told from."""
OTHER_RATE = 1.5
"""A frame rate that differs by this factor is another one."""
BLIND_MS: Ms = 3_000
"""How long packets may come without a picture before it is said that there is none."""
KEY_PATIENCE_MS: Ms = 10_000
SAID_MS: Ms = 60_000


def frame_rate(packets: Iterable[Packet]) -> float:
    """Frames a second, from the presentation times of some packets."""
    times = sorted(packet.pts_ms for packet in packets)
    steps = [b - a for a, b in itertools.pairwise(times) if b > a]
    if not steps:
        return USUAL_FPS
    return min(MOST_FPS, max(1.0, 1000 / median(steps)))


class RateWatch:
    """Notices that a camera has changed its frame rate: it differs twice in a row."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._packets: deque[Packet] = deque(maxlen=2 * MEASURED)
        self._differed = False
        self.fps: float | None = None
        """The rate measured last; None before there are enough packets."""

    def push(self, packet: Packet) -> None:
        """Count a packet; rates are measured from one key frame to the next."""
        if packet.is_key and len(self._packets) >= MEASURED:
            self.fps = frame_rate(self._packets)
            self._packets.clear()
        self._packets.append(packet)

    def clear(self) -> None:
        """Forget what was before a gap."""
        self._packets.clear()
        self.fps, self._differed = None, False

    def differs(self, then: float) -> bool:
        """Whether the rate is another one than `then`; above the view's greatest none differ."""
        measured, self.fps = self.fps, None
        if measured is None:
            return False
        now, then = min(measured, self._most), min(then, self._most)
        before, self._differed = self._differed, not 1 / OTHER_RATE < now / then < OTHER_RATE
        return before and self._differed


class Blindness:
    """Why a stream gives no pictures, for health. Times are those of arrival."""

    def __init__(self) -> None:
        self._waiting_since: Ms | None = None
        self._dark_since: Ms | None = None
        self._told: Ms | None = None
        self._waits = self._refused = self._dark = ""

    @property
    def reason(self) -> str:
        """Empty while there are pictures."""
        return self._refused or self._dark or self._waits

    def waits(self, packet: Packet, waiting: bool) -> None:
        """A packet came; `waiting` if it is of no use before a key frame comes."""
        if not waiting:
            self._waiting_since, self._waits = None, ""
            return
        since = self._waiting_since = self._waiting_since or packet.arrival_ms
        if packet.arrival_ms - since >= KEY_PATIENCE_MS:
            seconds = KEY_PATIENCE_MS // 1000
            self._waits = f"The camera has sent no key frame for more than {seconds} s."

    def refuse(self, reason: str) -> bool:
        """The stream is not decoded at all; whether that is news."""
        news, self._refused = self._refused != reason, reason
        return news

    def dark(self, packet: Packet, why: str) -> bool:
        """No picture came of a packet; whether `why` is to be said, which is once a minute."""
        since = self._dark_since = self._dark_since or packet.arrival_ms
        if packet.arrival_ms - since >= BLIND_MS:
            self._dark = f"The camera's pictures cannot be decoded. {why}".strip()
        if not why or (self._told is not None and 0 <= packet.arrival_ms - self._told < SAID_MS):
            return False
        self._told = packet.arrival_ms
        return True

    def sees(self) -> None:
        """A picture came."""
        self._dark_since = None
        self._refused = self._dark = ""
