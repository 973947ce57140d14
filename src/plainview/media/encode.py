"""The encoder of views: H.264, one frame in and one access unit out.

libx264, a quick preset, tune zerolatency, no B-frames, a key frame at least every 2 s of wall
time (also when frames are few), parameter sets before every key frame, Annex B.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from plainview.base.clock import Ms
from plainview.errors import BadFormat
from plainview.media import nal
from plainview.media.frames import Frame
from plainview.media.packets import Packet, Parameters

_MILLISECOND = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Unit:
    """One encoded frame of a view."""

    data: bytes
    """Annex B access unit; key frames begin with SPS and PPS."""
    is_key: bool
    wall_ms: Ms


class ViewEncoder:
    """Encodes frames of one size, on the calling thread."""

    def __init__(
        self, width: int, height: int, fps: float, *,
        crf: int = 26, gop_ms: Ms = 2000, preset: str = "superfast",
    ) -> None:  # fmt: skip
        context = av.CodecContext.create("libx264", "w")
        if not isinstance(context, VideoCodecContext):
            raise BadFormat("The H.264 encoder is missing from this build of PyAV.")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = _MILLISECOND
        context.framerate = Fraction(fps).limit_denominator(1001)
        context.gop_size = max(1, round(fps * gop_ms / 1000))
        context.max_b_frames = 0
        context.thread_count = 1
        context.options = {
            "preset": preset,
            "tune": "zerolatency",
            "crf": str(crf),
            "forced-idr": "1",
        }
        self._context = context
        self._gop_ms = gop_ms
        self._first: Ms | None = None
        self._last_pts = -1
        self._last_key: Ms = 0
        self._extradata = b""

    def encode(self, frame: Frame, *, key: bool = False) -> Unit:
        """The access unit of `frame`. Raises `BadFormat` if its size is not the encoder's."""
        if (frame.width, frame.height) != (self._context.width, self._context.height):
            raise BadFormat("The frame's size is not the encoder's.")
        if self._first is None:
            self._first = frame.wall_ms
        key = key or not 0 <= frame.wall_ms - self._last_key < self._gop_ms
        self._last_pts = max(self._last_pts + 1, frame.wall_ms - self._first)
        video = frame.video
        video.pts, video.time_base = self._last_pts, _MILLISECOND
        video.pict_type = PictureType.I if key else PictureType.NONE
        try:
            packets = self._context.encode(video)
        except av.error.FFmpegError as error:
            raise BadFormat(f"A frame could not be encoded: {error.strerror}.") from error
        if len(packets) != 1:
            raise BadFormat("The encoder held a frame back.")
        return self._unit(bytes(packets[0]), packets[0].is_keyframe, frame.wall_ms)

    def _unit(self, data: bytes, is_key: bool, wall_ms: Ms) -> Unit:
        if is_key:
            self._last_key = wall_ms
            self._extradata = nal.join_annexb(nal.parameter_sets(data, "h264"))
        return Unit(data, is_key, wall_ms)

    @property
    def parameters(self) -> Parameters:
        """For muxing, once a frame was encoded."""
        return Parameters("h264", self._context.width, self._context.height, self._extradata)


def as_packet(unit: Unit) -> Packet:
    """A view's access unit as a packet on the wall clock's time line."""
    return Packet(
        data=unit.data,
        pts=unit.wall_ms,
        time_base=_MILLISECOND,
        is_key=unit.is_key,
        wall_ms=unit.wall_ms,
        wall_source="arrival",
        arrival_ms=unit.wall_ms,
        codec="h264",
    )
