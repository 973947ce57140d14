"""A bad network for simulated cameras: seeded loss, reordering, duplicates, late and odd packets.

What was dropped is written down, so that a test can compare it with what a receiver declares.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Dropped:
    """An RTP packet that was not sent."""

    sequence: int
    timestamp: int


@dataclass(slots=True)
class Faults:
    """Chances per RTP packet. One `Faults` serves one viewer."""

    seed: int = 0
    grace: int = 0
    """So many packets come through untouched at the beginning."""
    loss: float = 0.0
    burst: int = 1
    """At most so many are lost in a row."""
    reorder: float = 0.0
    """It is sent after one to three of those that follow it."""
    duplicate: float = 0.0
    empty: float = 0.0
    """A datagram of no bytes is sent before it."""
    garbage: float = 0.0
    """Random bytes are sent before it."""
    cut: float = 0.0
    """A copy that is cut short, in front of the whole one."""
    jitter: float = 0.0
    """The sender pauses for up to `jitter_s` before it."""
    jitter_s: float = 0.02
    sent: int = 0
    """RTP packets that were sent, each once."""
    dropped: list[Dropped] = field(default_factory=list)
    last: int = -1
    """Number of the last RTP packet that was sent."""
    first_timestamp: int | None = None
    """Of the first RTP packet, lost or not."""
    seen: int = 0
    """RTP packets that were to be sent."""
    _losing: int = 0
    _held: list[tuple[int, bytes]] = field(default_factory=list)
    _random: random.Random | None = None

    def through(self, packet: bytes) -> Iterator[bytes]:
        """What reaches the network instead of `packet`, now."""
        chance = self._dice()
        sequence, timestamp = struct.unpack_from(">HI", packet, 2)
        if self.first_timestamp is None:
            self.first_timestamp = timestamp
        self.seen += 1
        if self.seen <= self.grace:
            self.sent, self.last = self.sent + 1, sequence
            yield packet
        elif self._losing > 0 or chance.random() < self.loss:
            self._losing = self._losing - 1 if self._losing > 0 else chance.randrange(self.burst)
            self.dropped.append(Dropped(sequence, timestamp))
        else:
            self.sent, self.last = self.sent + 1, sequence
            if chance.random() < self.empty:
                yield b""
            if chance.random() < self.garbage:
                yield chance.randbytes(chance.randrange(1, 200))
            if chance.random() < self.cut:
                yield packet[: chance.randrange(12)]
            if chance.random() < self.reorder:
                self._held.append((chance.randint(1, 3), packet))
                return
            yield packet
            if chance.random() < self.duplicate:
                yield packet
        yield from self._later()

    def pause_s(self) -> float:
        """How long to wait before the next packet."""
        chance = self._dice()
        return chance.random() * self.jitter_s if chance.random() < self.jitter else 0.0

    def rest(self) -> Iterator[bytes]:
        """What is still held back at the end."""
        held, self._held = self._held, []
        yield from (packet for _, packet in held)

    def _later(self) -> Iterator[bytes]:
        held, self._held = self._held, []
        for left, packet in held:
            if left > 1:
                self._held.append((left - 1, packet))
            else:
                yield packet

    def _dice(self) -> random.Random:
        if self._random is None:
            self._random = random.Random(self.seed)  # noqa: S311 - a test that can be repeated
        return self._random
