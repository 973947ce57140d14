"""Decoding: packets in, private frames out, in the order of showing."""

from __future__ import annotations

from collections import OrderedDict

import av
import av.error
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from plainview.base.clock import Ms
from plainview.errors import BadFormat
from plainview.media import codecs
from plainview.media.frames import Frame, private
from plainview.media.packets import Packet, Parameters, WallSource

MAX_PIXELS = 139_264 * 256
"""Largest picture of any level (H.264 table A-1, MaxFS)."""
MAX_KEPT_PIXELS = 696_320 * 256
"""Most pixels in the pictures that a decoder keeps (H.264 table A-1, MaxDpbMbs)."""
MIN_SIDE, MAX_SHAPE = 16, 16
"""Smallest side, and how many times longer the other one may be."""
_BLOCK = 128
"""Side of the largest block of any codec."""
_REMEMBERED = 256
"""Packets whose wall time is kept until their picture comes out (reordering is at most 16)."""


def check_decodable(parameters: Parameters) -> None:
    """Raises `BadFormat`, with what to do, for pictures that would cost memory without bound.

    A few bytes can claim a picture of any size. What is recorded is not concerned.
    """
    width, height = parameters.width, parameters.height
    kept = codecs.kept_pictures(parameters)
    if not (width and height):
        raise BadFormat("The camera's pictures have no readable size.", hint="Check the camera.")
    if width * height > MAX_PIXELS or width * height * kept > MAX_KEPT_PIXELS:
        raise BadFormat(
            f"The camera's pictures of {width} x {height} are too large to be redacted.",
            hint="Set the camera to a smaller picture.",
        )
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_SHAPE * min(width, height):
        raise BadFormat(
            f"The camera's pictures of {width} x {height} are no pictures.",
            hint="Check the camera.",
        )


class Decoder:
    """Decodes one stream on the calling thread; pictures are at most `max_height` high.

    Pictures of another size than `parameters` say are no larger than these.
    """

    def __init__(self, parameters: Parameters, *, max_height: int | None = None) -> None:
        context = av.CodecContext.create(codecs.DECODERS[parameters.codec], "r")
        if not isinstance(context, VideoCodecContext):
            raise BadFormat(f"{parameters.codec} is not a video codec.")
        context.thread_count = 1
        context.options = {"max_pixels": str(_most_pixels(parameters))}
        if parameters.extradata:
            context.extradata = parameters.extradata
        self._context = context
        self._max_height = max_height
        self._walls: OrderedDict[int, tuple[Ms, WallSource]] = OrderedDict()
        self._last: tuple[Ms, WallSource] = (0, "arrival")

    def decode(self, packet: Packet) -> list[Frame]:
        """The pictures that became ready. Raises `BadFormat` if the packet does not decode."""
        if not packet.data:
            return []  # to FFmpeg it would be the end of the stream
        raw = av.Packet(packet.data)
        raw.pts = packet.pts
        raw.time_base = packet.time_base
        self._walls[packet.pts] = (packet.wall_ms, packet.wall_source)
        while len(self._walls) > _REMEMBERED:
            self._walls.popitem(last=False)
        try:
            return [self._frame(picture) for picture in self._context.decode(raw)]
        except av.error.FFmpegError as error:
            raise BadFormat(f"A packet could not be decoded: {error.strerror}.") from error

    def flush(self) -> list[Frame]:
        """The pictures still held back for reordering; the decoder may be used again."""
        try:
            frames = [self._frame(picture) for picture in self._context.decode(None)]
        except av.error.FFmpegError as error:
            raise BadFormat(f"A packet could not be decoded: {error.strerror}.") from error
        self._context.flush_buffers()
        self._walls.clear()
        return frames

    def _frame(self, picture: VideoFrame) -> Frame:
        pts = picture.pts if picture.pts is not None else 0
        self._last = wall, source = self._walls.pop(pts, self._last)
        return Frame(private(picture, self._max_height), wall_ms=wall, wall_source=source, pts=pts)


def _most_pixels(parameters: Parameters) -> int:
    """The size said, up to whole blocks; decoders make room for these."""
    width, height = (-(-side // _BLOCK) * _BLOCK for side in (parameters.width, parameters.height))
    return min(width * height, MAX_PIXELS) or MAX_PIXELS
