"""A clip in memory, as a simulated camera sends it: pictures in decode order with send times."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from plainview.errors import BadFormat
from plainview.media import av1, codecs, nal
from plainview.media.files import VideoFile
from plainview.media.packets import Codec, Packet, Parameters
from plainview.testing.rtp import CLOCK_RATE

MAX_CLIP_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Picture:
    """One access unit: its units (`units_of`), when it is shown and when it is sent (1/90000 s)."""

    units: list[bytes]
    shown: int
    sent: int
    is_key: bool
    codec: Codec = "h264"


class Clip:
    """Pictures that begin with a key frame; `length` is when the next round begins."""

    def __init__(self, parameters: Parameters, packets: Sequence[Packet]) -> None:
        first = next((at for at, packet in enumerate(packets) if packet.is_key), None)
        if first is None:
            raise BadFormat("The clip holds no key frame.")
        packets = packets[first:]
        shown = [round(p.pts * p.time_base * CLOCK_RATE) for p in packets]
        shown = [at - min(shown) for at in shown]
        order = sorted(shown)
        late = max(at - decoded for at, decoded in zip(shown, order, strict=True))
        sets = units_of(parameters.extradata, parameters.codec)
        self.parameters = parameters
        self.pictures = [
            Picture(_with_sets(p, sets), at, decoded + late, p.is_key, p.codec)
            for p, at, decoded in zip(packets, shown, order, strict=True)
        ]
        self.length = order[-1] + (order[-1] // max(1, len(order) - 1) or CLOCK_RATE // 25)
        self._keys = [at for at, picture in enumerate(self.pictures) if picture.is_key]

    @classmethod
    def load(cls, path: Path) -> Clip:
        """Read a file. Raises `BadFormat` if no camera sends its codec, or it is too large."""
        if not path.is_file():
            raise BadFormat(f"{path} is not a file.")
        if path.stat().st_size > MAX_CLIP_BYTES:
            raise BadFormat(f"{path} is larger than 512 MiB.", hint="Cut it first.")
        with VideoFile(path) as file:
            return cls(file.parameters, list(file.packets()))

    @classmethod
    def changing(cls, parts: Sequence[Clip]) -> Clip:
        """Clips one after the other, as of a camera whose settings change while it films."""
        pictures, length = list[Picture](), 0
        for part in parts:
            pictures += [
                replace(one, shown=one.shown + length, sent=one.sent + length)
                for one in part.pictures
            ]
            length += part.length
        return parts[0].remade(pictures, length=length)

    def remade(
        self, pictures: Sequence[Picture], parameters: Parameters | None = None,
        *, length: int | None = None,
    ) -> Clip:  # fmt: skip
        """The same with other pictures."""
        made = copy(self)
        made.pictures, made.length = list(pictures), length or self.length
        made.parameters = parameters or self.parameters
        made._keys = [at for at, picture in enumerate(made.pictures) if picture.is_key]
        return made

    def packets(self) -> Iterator[Packet]:
        """One round, as packets."""
        for one in self.pictures:
            wall = one.shown * 1000 // CLOCK_RATE
            yield Packet(
                data=joined(one.units, one.codec),
                pts=one.shown,
                time_base=Fraction(1, CLOCK_RATE),
                is_key=one.is_key,
                wall_ms=wall,
                wall_source="arrival",
                arrival_ms=wall,
                codec=one.codec,
            )

    def key_before(self, ticks: int) -> int:
        """Index of the last key frame sent at or before `ticks` of a round."""
        sent = [self.pictures[at].sent for at in self._keys]
        return self._keys[max(0, bisect.bisect_right(sent, ticks) - 1)]


def units_of(data: bytes, codec: Codec) -> list[bytes]:
    """NAL units, OBUs without temporal delimiters, or the picture itself."""
    if codec == "av1":
        return list(av1.obus(av1.sample(data)))
    if codec == "mjpeg":
        return [data] if data else []
    return list(nal.annexb_units(data))


def joined(units: list[bytes], codec: Codec) -> bytes:
    """The packet of `units_of`."""
    return b"".join(units) if codec in ("av1", "mjpeg") else nal.join_annexb(units)


def _with_sets(packet: Packet, sets: list[bytes]) -> list[bytes]:
    """The packet's units; key frames carry parameter sets, as cameras send them."""
    units = units_of(packet.data, packet.codec)
    lacks = codecs.parameters_from(packet.data, packet.codec) is None
    return [*sets, *units] if packet.is_key and lacks else units
