"""Access units out of RTP packets, with every loss in its place.

A picture ends where the time stamp changes, or at the marker bit once that has proved to be right
(some cameras set it on every slice, some never). A picture with a hole is kept and marked as
damaged; one of which nothing came is missing.

Where packets were lost, they belong to the end of the picture before, to pictures in between, or to
the beginning of the picture after. What is certain is used: a picture without its marker lost at
least its end, one that does not begin with a first slice lost at least its beginning. What is left
over counts as whole pictures, unless the time stamps follow each other without a hole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from plainview.base.clock import Clock, Ms
from plainview.media import nal
from plainview.media.packets import Codec
from plainview.media.rtp.order import Item
from plainview.media.rtp.packet import Loss, RtpPacket
from plainview.media.rtp.units import Depacketiser, begins_picture

MAX_PICTURE = 32 << 20
_PROVEN = 4
"""So many pictures in a row must have had their marker at the end before it is relied on."""
_STEPS_APART = 1.5
_SEI_RECOVERY_POINT = 6


class Picture(NamedTuple):
    """One access unit, Annex B."""

    data: bytes
    timestamp: int
    """RTP time stamp without wraps, in units of the stream's clock."""
    is_key: bool
    damaged: bool
    lost: int
    """RTP packets that were lost before this picture or inside it."""
    missing: bool
    """Whole pictures are missing before this one."""
    arrival_ms: Ms
    unit_sizes: tuple[int, ...]
    """Of the units in `data`."""


@dataclass(slots=True)
class _Open:
    """The picture that is coming in."""

    timestamp: int
    units: list[bytes] = field(default_factory=list)
    size: int = 0
    damaged: bool = False
    lost: int = 0
    missing: bool = False
    marked: bool = False
    """Its last packet had the marker."""
    marks: int = 0


class Pictures:
    """Feed it packets and losses in order."""

    def __init__(self, codec: Codec, clock: Clock) -> None:
        self._codec, self._clock = codec, clock
        self._units = Depacketiser(codec)
        self._open: _Open | None = None
        self._last_timestamp: int | None = None
        """Of the latest packet, without wraps."""
        self._ended: int | None = None
        """Time stamp of the latest finished picture."""
        self._loss: Loss | None = None
        """What was lost just before the packet that comes next."""
        self._ahead: list[bytes] = []
        """Parameter sets and messages that came with a marker of their own."""
        self._carried = 0
        """Lost packets of pictures of which nothing came."""
        self._missing = False
        self._proven = 0
        self._step: int | None = None
        self._reorders = False
        self._leads: dict[bool, int | None] = {}
        """The kind of unit that key pictures (and others) begin with, if it is not a slice."""

    def push(self, item: Item) -> list[Picture]:
        """Pictures that are now complete."""
        if isinstance(item, Loss):
            before = self._loss or Loss(0)
            self._loss = Loss(before.count + item.count, before.restart or item.restart)
            return []
        timestamp = self._unwrap(item.timestamp)
        done: list[Picture] = []
        if self._open is not None and timestamp != self._open.timestamp:
            done += self._finish(item, timestamp)
        if self._open is None:
            self._begin(item, timestamp)
        elif self._loss is not None:
            self._inside(self._open, self._loss)
        self._loss = None
        self._add(item)
        if item.marker and self._proven >= _PROVEN:
            done += self._close()
        return done

    @property
    def between(self) -> bool:
        """Whether a whole picture may come by `whole`: nothing is in hand, nothing was lost, and
        this camera's marker stands at the end of its pictures."""
        waiting = self._open or self._loss or self._ahead or self._carried or self._missing
        return not waiting and self._proven >= _PROVEN

    def may_follow(self, timestamp: int) -> bool:
        """Whether this is another picture than the one before."""
        return self._ended is None or self._ended & 0xFFFFFFFF != timestamp

    def whole(self, timestamp: int, units: list[bytes]) -> list[Picture]:
        """Take a picture that came from its first packet to its marker."""
        picture = _Open(self._unwrap(timestamp), marked=True, marks=1)
        self._keep(picture, units)
        self._open = picture
        return self._close()

    def flush(self) -> list[Picture]:
        """The picture in hand; the stream has ended."""
        if self._open is not None and self._loss is not None:
            self._inside(self._open, self._loss)
            self._loss = None
        if self._open is not None and self._proven > 0 and not self._open.marked:
            self._open.damaged = True  # the stream was cut before the picture's end
        return self._close()

    def _unwrap(self, timestamp: int) -> int:
        last = self._last_timestamp
        if last is None:
            value = timestamp
        else:
            step = (timestamp - last) & 0xFFFFFFFF
            value = last + (step if step < 1 << 31 else step - (1 << 32))
        self._last_timestamp = value
        return value

    def _inside(self, picture: _Open, loss: Loss) -> None:
        picture.lost += loss.count
        picture.damaged = True
        self._keep(picture, self._units.hole())

    def _finish(self, following: RtpPacket, timestamp: int) -> list[Picture]:
        """The picture in hand ends, because one with another time stamp begins."""
        picture = self._open
        if picture is None:
            return []
        relied = self._proven >= _PROVEN
        if picture.marks == 1 and picture.marked:
            self._proven += 1
        elif self._loss is None:
            self._proven = 0 if picture.marks <= 1 else -1_000_000
        loss = self._loss
        if loss is not None and not picture.marked:
            picture.damaged = True
            if relied and loss.count:
                picture.lost += 1
                self._loss = Loss(loss.count - 1, loss.restart)
        return self._close()

    def _begin(self, packet: RtpPacket, timestamp: int) -> None:
        picture = _Open(timestamp)
        self._open = picture
        if self._ended == timestamp and self._loss is None:
            self._proven = -1_000_000  # the marker stood in the middle of a picture
        loss = self._loss
        if loss is None:
            return
        picture.lost = loss.count
        whole = begins_picture(packet.payload, self._codec)
        spare = loss.count - (not whole)
        apart = self._apart(timestamp)
        picture.missing = loss.restart or (spare > 0 and apart is not False)
        elsewhere = picture.missing and apart is True
        picture.damaged = not whole or (loss.count > 0 and not elsewhere)

    def _apart(self, timestamp: int) -> bool | None:
        """Whether there is room for a picture between the last one and this one, if that can be
        told."""
        if self._step is None or self._ended is None or self._reorders:
            return None
        return timestamp - self._ended > self._step * _STEPS_APART

    def _add(self, packet: RtpPacket) -> None:
        picture = self._open
        if picture is None:
            return
        faults = self._units.faults
        self._keep(picture, self._units.push(packet.payload))
        picture.damaged = picture.damaged or self._units.faults > faults
        picture.marked = packet.marker
        picture.marks += packet.marker

    def _keep(self, picture: _Open, units: list[bytes]) -> None:
        for unit in units:
            if picture.size + len(unit) > MAX_PICTURE:
                picture.damaged = True
                return
            picture.units.append(unit)
            picture.size += len(unit) + 8

    def _close(self) -> list[Picture]:
        picture, self._open = self._open, None
        if picture is None:
            return []
        rest = self._units.hole()
        picture.damaged = picture.damaged or bool(rest)
        self._keep(picture, rest)
        if not any(nal.is_vcl(unit, self._codec) for unit in picture.units):
            self._without_slices(picture)
            return []
        units = [*self._ahead, *picture.units]
        is_key = any(_is_key(unit, self._codec) for unit in units)
        self._learn(picture)
        self._check_lead(picture, is_key, units[0])
        done = Picture(
            data=nal.join_annexb(units),
            timestamp=picture.timestamp,
            is_key=is_key,
            damaged=picture.damaged,
            lost=picture.lost + self._carried,
            missing=picture.missing or self._missing,
            arrival_ms=self._clock(),
            unit_sizes=tuple(map(len, units)),
        )
        self._ahead, self._carried, self._missing = [], 0, False
        return [done]

    def _without_slices(self, picture: _Open) -> None:
        """Nothing that could be shown: what it has goes with the next picture."""
        self._ahead = [*self._ahead, *picture.units][-64:]
        if sum(map(len, self._ahead)) > MAX_PICTURE:
            self._ahead = []
        self._carried += picture.lost
        self._missing = self._missing or picture.missing or picture.damaged

    def _check_lead(self, picture: _Open, is_key: bool, first: bytes) -> None:
        """Parameter sets and messages that otherwise stand before such a picture's slices."""
        leads = None if nal.is_vcl(first, self._codec) else nal.unit_type(first, self._codec)
        if not picture.lost and not self._carried:
            self._leads[is_key] = leads
        elif self._leads.get(is_key) not in (None, leads):
            picture.damaged = True

    def _learn(self, picture: _Open) -> None:
        """The usual distance of two pictures, where nothing is missing between them."""
        last, self._ended = self._ended, picture.timestamp
        step = picture.timestamp - last if last is not None else 0
        self._reorders = self._reorders or step < 0
        whole = not (picture.missing or picture.lost or self._missing or self._carried)
        if step > 0 and whole:
            self._step = step if self._step is None else min(step, self._step + self._step // 64)


def _is_key(unit: bytes, codec: Codec) -> bool:
    """Whether decoding can begin with the picture that holds this unit.

    H.265: any intra random access point. H.264: an IDR slice, or a recovery point (Annex D.1.8),
    which open GOPs begin with.
    """
    kind = nal.unit_type(unit, codec)
    if codec == "hevc":
        return 16 <= kind <= 23
    return kind == nal.H264_IDR or (kind == nal.H264_SEI and _has_recovery_point(unit))


def _has_recovery_point(unit: bytes) -> bool:
    """Walk the SEI messages (H.264 clause 7.3.2.3.1)."""
    at = 1
    while at + 2 < len(unit):
        kind = size = 0
        while at < len(unit) and unit[at] == 0xFF:
            kind, at = kind + 255, at + 1
        kind, at = kind + (unit[at] if at < len(unit) else 0), at + 1
        while at < len(unit) and unit[at] == 0xFF:
            size, at = size + 255, at + 1
        size, at = size + (unit[at] if at < len(unit) else 0), at + 1
        if kind == _SEI_RECOVERY_POINT:
            return True
        at += size
    return False
