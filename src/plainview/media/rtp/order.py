"""RTP packets into their order: duplicates out, a short wait for late ones, every loss counted.

RFC 3550: sequence numbers are extended and checked as in appendix A.1, jitter is computed as in
appendix A.8. Of a packet that is missing, it is certain only after a while that it will not come:
the packets after it wait for it, no longer than `WINDOW_S` and bounded in number and bytes. Then a
`Loss` stands in its place; if it comes later still, it is counted as late and dropped.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from plainview.media.rtp.packet import Loss, RtpPacket

WINDOW_S = 0.15
"""How long a missing packet is waited for."""
MOST_HELD = 1024
MOST_BYTES = 8 << 20
MAX_DROPOUT = 3000
"""A number further ahead than this is believed only if the next one follows it (A.1)."""
MAX_MISORDER = 1000
_REMEMBERED = 4096
_MOST_EARLY = 100

Item = RtpPacket | Loss


@dataclass(slots=True)
class Counts:
    """What happened to the packets of one stream since it was opened."""

    received: int = 0
    """Packets of the stream, each once."""
    lost: int = 0
    """Declared as lost, those that came too late among them."""
    late: int = 0
    duplicates: int = 0
    reordered: int = 0
    malformed: int = 0
    """Not RTP, or cut: dropped."""
    strangers: int = 0
    """From another sender, or of another stream: dropped."""
    restarts: int = 0
    jitter_ms: float = 0.0

    @property
    def missing(self) -> int:
        """Packets that never came: those that came too late are not among them."""
        return self.lost - self.late

    @property
    def expected(self) -> int:
        """How many the sender sent, as far as its numbers tell."""
        return self.received + self.missing


class Order:
    """Feed `push` with packets as they arrive and `wait_over` when `due` has come."""

    def __init__(
        self, clock_rate: int, counts: Counts, *, window_s: float = WINDOW_S, first: int | None
    ) -> None:
        """`first` is the number that the stream begins with, where the sender told it."""
        self._rate, self._window = clock_rate, window_s
        self.counts = counts
        self._first = first
        self._next: int | None = None
        """Extended number of the packet that comes next."""
        self._held: dict[int, tuple[RtpPacket, float]] = {}
        self._bytes = 0
        self._lost: deque[int] = deque(maxlen=_REMEMBERED)
        self._odd: RtpPacket | None = None
        self._transit: float | None = None
        self._jitter = 0.0
        self.highest = 0
        """Extended highest number that was received."""

    @property
    def jitter_ticks(self) -> int:
        """Interarrival jitter in units of the stream's clock (for receiver reports)."""
        return int(self._jitter)

    @property
    def due(self) -> float | None:
        """When the wait for a missing packet is over; None if none is missing."""
        for _, arrived in self._held.values():
            return arrived + self._window
        return None

    @property
    def usual(self) -> int | None:
        """The number that the next packet should have; None if another one is waited for."""
        if self._next is None or self._held or self._odd is not None:
            return None
        return self._next & 0xFFFF

    def took(self, count: int) -> None:
        """So many packets came with the usual numbers, by another way than `push`."""
        if self._next is not None:
            self._next += count
            self.counts.received += count
            self.highest = max(self.highest, self._next - 1)

    def push(self, packet: RtpPacket, now: float) -> list[Item]:
        """What is now in order. `now` is a monotonic time in seconds."""
        if self._next is None:
            return self._begin(packet, now)
        step = (packet.sequence - self._next) & 0xFFFF
        if step < MAX_DROPOUT:
            self._odd = None
            return self._forward(packet, self._next + step, now)
        if step >= 0x10000 - MAX_MISORDER:
            self._behind(self._next + step - 0x10000)
            return []
        return self._far(packet, now)

    def wait_over(self, now: float) -> list[Item]:
        """What is in order once too late packets are given up."""
        return self._ready(now) if self._held else []

    def flush(self) -> list[Item]:
        """Everything that still waits; the stream has ended."""
        return self._ready(float("inf")) if self._held else []

    def _begin(self, packet: RtpPacket, now: float) -> list[Item]:
        ahead = (packet.sequence - self._first) & 0xFFFF if self._first is not None else 0
        # Some cameras announce a number that has nothing to do with what they send.
        early = ahead if ahead < _MOST_EARLY else 0
        # One round up, so that numbers before the first are not negative.
        number = packet.sequence + 0x10000
        self._next = number - early
        return self._forward(packet, number, now)

    def _forward(self, packet: RtpPacket, number: int, now: float) -> list[Item]:
        if number in self._held:
            self.counts.duplicates += 1
            return []
        self.counts.received += 1
        self._measure(packet, now)
        if number < self.highest:
            self.counts.reordered += 1
        self.highest = max(self.highest, number)
        if number == self._next and not self._held:
            self._next += 1
            return [packet]
        self._held[number] = (packet, now)
        self._bytes += len(packet.payload)
        return self._ready(now)

    def _behind(self, number: int) -> None:
        if number not in self._lost:
            self.counts.duplicates += 1
            return
        self._lost.remove(number)
        self.counts.late += 1
        self.counts.received += 1

    def _far(self, packet: RtpPacket, now: float) -> list[Item]:
        """A number that makes no sense, unless the sender has begun anew: then two in a row."""
        odd, self._odd = self._odd, packet
        if odd is None or packet.sequence != (odd.sequence + 1) & 0xFFFF:
            return []
        self._odd = None
        self.counts.restarts += 1
        items: list[Item] = [*self.flush(), Loss(0, restart=True)]
        self._next = odd.sequence + 0x10000
        self.highest = 0
        self._transit = None
        self._lost.clear()
        for one in (odd, packet):
            items += self._forward(one, self._next, now)
        return items

    def _ready(self, now: float) -> list[Item]:
        items: list[Item] = []
        while self._held and self._next is not None:
            found = self._held.pop(self._next, None)
            if found is not None:
                items.append(found[0])
                self._bytes -= len(found[0].payload)
                self._next += 1
                continue
            full = len(self._held) > MOST_HELD or self._bytes > MOST_BYTES
            if not full and self.due is not None and now < self.due:
                break
            items.append(self._give_up(self._next, min(self._held)))
        return items

    def _give_up(self, missing: int, found: int) -> Loss:
        self._lost.extend(range(missing, found))
        self.counts.lost += found - missing
        self._next = found
        return Loss(found - missing)

    def _measure(self, packet: RtpPacket, now: float) -> None:
        """RFC 3550 A.8, in units of the stream's clock."""
        transit = now * self._rate - packet.timestamp
        if self._transit is not None:
            change = abs(transit - self._transit)
            if change < self._rate * 60:  # not across a wrap or a jump of the stream's clock
                self._jitter += (change - self._jitter) / 16
                self.counts.jitter_ms = self._jitter * 1000 / self._rate
        self._transit = transit
