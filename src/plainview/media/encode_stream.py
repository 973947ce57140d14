"""Writing an H.264 MP4 into a pipe: fragments, so that nothing is kept until the end is known.

The first bytes name the file (its title and comment); after that every two seconds of video are a
fragment of their own (ISO/IEC 14496-12, movie fragments). No audio, no tag of the encoder.
"""

from __future__ import annotations

from fractions import Fraction
from types import TracebackType
from typing import Protocol, Self

import av
import av.error
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import PictureType
from av.video.stream import VideoStream

from plainview.base.clock import Ms
from plainview.errors import BadFormat, Unavailable
from plainview.media.frames import Frame

CRF = 23
MOST_BITS = 4_000_000
"""Bits a second at most, so that the length of a file follows from its time."""
GOP_MS: Ms = 2_000
RATE = 25
"""What players are told; each picture has its own time."""
_MILLISECOND = Fraction(1, 1000)
_FLAGS = "frag_keyframe+empty_moov+default_base_moof"


class Pipe(Protocol):
    """Where the bytes go; nothing is read back and nothing is sought."""

    def write(self, data: bytes, /) -> int: ...


class StreamWriter:
    """Writes pictures of `size` to `out`. Raises `Unavailable` when `out` takes nothing more."""

    def __init__(self, out: Pipe, size: tuple[int, int], *, title: str, comment: str) -> None:
        self._file: OutputContainer = av.open(
            out, "w", format="mp4", options={"movflags": _FLAGS, "fflags": "+bitexact"}
        )
        self._file.metadata.update({"title": title, "comment": comment})
        self._size = size
        self._video: VideoStream = self._file.add_stream("libx264", RATE)
        context = self._video.codec_context
        context.width, context.height, context.pix_fmt = *size, "yuv420p"
        context.time_base = self._video.time_base = _MILLISECOND
        context.gop_size, context.max_b_frames, context.thread_count = RATE * 2, 0, 1
        context.options = {
            "preset": "veryfast",
            "tune": "zerolatency",  # what is decoded goes out, also before a gap
            "crf": str(CRF),
            "maxrate": str(MOST_BITS),
            "bufsize": str(MOST_BITS),
            "forced-idr": "1",
        }
        self._first: Ms | None = None
        self._last_pts, self._last_key = -1, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()

    def add(self, frame: Frame) -> None:
        """Take the next picture, at its wall time; one of another size is scaled."""
        if (frame.width, frame.height) != self._size:
            frame = frame.scaled(*self._size)
        if self._first is None:
            self._first = frame.wall_ms
        pts = max(self._last_pts + 1, frame.wall_ms - self._first)
        key = self._last_pts < 0 or pts - self._last_key >= GOP_MS
        video = frame.video
        video.pts, video.time_base = pts, _MILLISECOND
        video.pict_type = PictureType.I if key else PictureType.NONE
        self._last_pts = pts
        self._last_key = pts if key else self._last_key
        try:
            self._mux(self._video.encode(video))
        except av.error.FFmpegError as error:
            raise BadFormat(f"A picture could not be encoded: {error.strerror}.") from error

    def close(self) -> None:
        """Write the last fragment."""
        self._mux(self._video.encode(None))
        try:
            self._file.close()
        except OSError as error:
            raise Unavailable("The reader of the video has gone.") from error

    def _mux(self, packets: list[Packet[Stream]]) -> None:
        try:
            self._file.mux(packets)
        except OSError as error:
            raise Unavailable("The reader of the video has gone.") from error
