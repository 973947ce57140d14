"""Compressed video on its way: the packet, and what a decoder or muxer must know beforehand.

Inside Plainview each codec has one form, whatever container it came from: H.264 and H.265 are
Annex B (annex B of both), AV1 is a low-overhead stream (clause 5.2), MJPEG whole JPEG pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from plainview.base.clock import Ms

Codec = Literal["h264", "hevc", "av1", "mjpeg"]
WallSource = Literal["rtcp", "arrival"]


@dataclass(frozen=True, slots=True)
class Packet:
    """One access unit, as the camera sent it."""

    data: bytes
    """The codec's form, with the camera's own parameter sets and SEI messages."""
    pts: int
    """Presentation time in units of `time_base`."""
    time_base: Fraction
    is_key: bool
    wall_ms: Ms
    """When the picture was taken, by the camera's clock if `wall_source` is `rtcp`."""
    wall_source: WallSource
    arrival_ms: Ms
    """When the packet arrived, by our clock."""
    codec: Codec
    damaged: bool = False
    """The demuxer saw a loss inside this packet."""
    discontinuity: bool = False
    """Time stamps do not continue those of the packet before."""
    lost: int = 0
    """RTP packets lost before this picture or inside it, where they are counted."""
    missing: bool = False
    """Whole pictures are missing before this one."""
    unit_sizes: tuple[int, ...] = ()
    """Of NAL units that stand one after the other, each after four bytes of start code; empty
    where they would have to be searched."""

    @property
    def pts_ms(self) -> float:
        """Presentation time in milliseconds of the stream's own time line."""
        return float(self.pts * self.time_base * 1000)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What stands before the first packet: codec, picture size and parameter sets."""

    codec: Codec
    width: int
    height: int
    extradata: bytes
    """Parameter sets (VPS, SPS, PPS) as Annex B; AV1's sequence header; nothing for MJPEG."""
