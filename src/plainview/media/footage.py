"""Reading the video files that people bring: upright pictures at their own times, audio if asked.

Files come from anywhere, so only containers of plain media are opened (no playlists that name other
files), from the disk alone. Damage does not end the reading: `flaw` says what is missing. Tags of
the file (device, place, time of taking) are never read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from plainview.errors import BadFormat
from plainview.media.decode import MAX_PIXELS, MAX_SHAPE, MIN_SIDE
from plainview.media.frames import Frame, Plane

CONTAINERS = "mov,matroska,avi,mpegts,mpeg,flv,asf,mxf,ogg,h264,hevc,ivf"
"""FFmpeg's names of the formats that are read."""
USUAL_RATE, LOWEST_RATE, HIGHEST_RATE = Fraction(25), Fraction(1), Fraction(240)
FINEST = Fraction(1, 90_000)
LATE_SECONDS = 1.0
"""A file that ends sooner than it says by more than this is cut short."""
MOST_UNITS = (1 << 31) - 1
"""Time units a second that an MP4 can hold."""
_MATRIX = "DISPLAYMATRIX"


@dataclass(frozen=True, slots=True)
class Colours:
    """Code points of ISO/IEC 23091-2; 2 is "not said"."""

    space: int
    primaries: int
    transfer: int


@dataclass(frozen=True, slots=True)
class Sound:
    """A packet of the audio, for `FileWriter.copy`; its times are those of the file."""

    packet: Packet[Stream]


@dataclass(frozen=True, slots=True)
class Turn:
    """How a stored picture comes upright: mirrored over its diagonal, then across, then down."""

    diagonal: bool = False
    across: bool = False
    down: bool = False


UPRIGHT = Turn()


class Footage:
    """An open video file, whose times count from its beginning.

    Raises `BadFormat` if it is no video file or holds no picture that can be decoded.
    """

    def __init__(self, source: Path, *, threads: int = 1, audio: bool = False) -> None:
        self.name = source.name
        self._container = _opened(source)
        self._broken: str | None = None
        self._damaged = 0
        try:
            self._video = self._checked(threads)
            self.audio = next(iter(self._container.streams.audio), None) if audio else None
            self._start()
        except BadFormat:
            self._container.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.close()

    def _checked(self, threads: int) -> VideoStream:
        """The first stream of moving pictures; the cover of a song is none."""
        covers = Disposition.attached_pic | Disposition.timed_thumbnails
        moving = [one for one in self._container.streams.video if not one.disposition & covers]
        if not moving:
            raise BadFormat(f"{self.name} holds no video.")
        context = moving[0].codec_context
        width, height = context.width, context.height
        check_size(self.name, width, height)
        context.thread_count = threads
        context.options = {"max_pixels": str(MAX_PIXELS)}
        return moving[0]

    def _start(self) -> None:
        """Read as far as the first picture: only it says how pictures are turned."""
        self._base = self._video.time_base or FINEST
        units = self._base.denominator
        self.time_base = Fraction(1, units) if units <= MOST_UNITS else FINEST
        self.begin = max(Fraction(0), Fraction(self._container.start_time or 0, av.time_base))
        self._last, self._end = -1, 0
        self._step = max(1, round(1 / (self._rate * self.time_base)))
        self._items = self._read()
        self._waiting: list[Frame | Sound] = []
        first = None
        while first is None:
            item = next(self._items, None)
            if item is None:
                why = f": {self._broken}" if self._broken else ""
                raise BadFormat(f"{self.name} holds no pictures that can be decoded{why}.")
            self._waiting.append(item)
            first = item if isinstance(item, Frame) else None
        self.size = (first.width, first.height)
        """(width, height) of upright pictures in pixels, even."""
        self.colours = Colours(
            first.video.colorspace, first.video.color_primaries, first.video.color_trc
        )

    @property
    def rate(self) -> Fraction:
        """Average pictures a second, 25 where the file does not say; files claim anything."""
        return min(max(self._rate, LOWEST_RATE), HIGHEST_RATE)

    @property
    def _rate(self) -> Fraction:
        return self._video.average_rate or self._video.guessed_rate or USUAL_RATE

    @property
    def pixel_shape(self) -> Fraction:
        """Width of a pixel by its height, in upright pictures."""
        shape = self._video.sample_aspect_ratio or Fraction(1)
        return 1 / shape if self._turn.diagonal else shape

    @property
    def seconds(self) -> float | None:
        """How long the pictures go on, if the file says it."""
        if self._video.duration is not None:
            return float(self._video.duration * self._base)
        length = self._container.duration
        return None if length is None else length / av.time_base

    @property
    def reached(self) -> float:
        """Seconds that were read so far."""
        return float(self._end * self.time_base)

    @property
    def flaw(self) -> str | None:
        """After reading: what of the file could not be read; None if it is whole."""
        if self._broken is not None:
            return f"it breaks off after {self.reached:.1f} s ({self._broken})"
        said = self.seconds
        alone = self._video.duration is not None or len(self._container.streams) == 1
        if said is not None and alone and said - self.reached > LATE_SECONDS:
            return f"it breaks off after {self.reached:.1f} s of {said:.1f} s"
        return f"pictures that could not be read: {self._damaged}" if self._damaged else None

    def read(self) -> Iterator[Frame | Sound]:
        """Private pictures in the order of showing (`pts` in `time_base`), and audio if asked."""
        while self._waiting:
            yield self._waiting.pop(0)
        yield from self._items

    def _read(self) -> Iterator[Frame | Sound]:
        for packet in self._packets():
            if packet is not None and packet.stream is not self._video:
                if packet.dts is not None:
                    yield Sound(packet)
                continue
            try:
                pictures = self._video.decode(packet)
            except av.error.FFmpegError:
                self._damaged += 1
                continue
            for picture in pictures:
                yield self._frame(picture)

    def _packets(self) -> Iterator[Packet[Stream] | None]:
        """All packets, as far as the file can be read; then, if it broke off, None."""
        streams = [self._video] if self.audio is None else [self._video, self.audio]
        try:
            yield from self._container.demux(*streams)
        except av.error.FFmpegError as error:
            self._broken = error.strerror
            yield None  # asks the decoder for the pictures that it holds

    def _frame(self, picture: VideoFrame) -> Frame:
        pts = picture.pts if picture.pts is not None else picture.dts
        if pts is None:
            at = self._last + self._step
        else:
            at = round((pts * self._base - self.begin) / self.time_base)
        self._last = max(self._last + 1, at)
        shown = round(picture.duration * self._base / self.time_base)
        self._end = self._last + max(shown, self._step)  # the last one may stand for long
        self._turn = _turn(picture)
        wall_ms = round(self._last * self.time_base * 1000)
        return Frame(_upright(_plain(picture), self._turn), wall_ms=wall_ms, pts=self._last)


def check_size(name: str, width: int, height: int) -> None:
    """Raise `BadFormat` for sides that are no picture's or would take memory without bound."""
    short, long = sorted((width, height))
    if width * height > MAX_PIXELS or short < MIN_SIDE or long > MAX_SHAPE * short:
        raise BadFormat(f"{name} has pictures of {width} x {height}, which are not read.")


def _opened(source: Path) -> InputContainer:
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    try:
        return av.open(f"file:{source.absolute()}", "r", options=options)
    except (av.error.FFmpegError, OSError) as error:
        raise BadFormat(
            f"{source.name} is not a video file that can be read: {error.strerror}."
        ) from error


def _plain(picture: VideoFrame) -> VideoFrame:
    """YUV 4:2:0 of 8 bits in the limited range, of the same size, not shared with the decoder."""
    kept = picture.format.name == "yuv420p" and picture.color_range != ColorRange.JPEG
    if kept:
        picture.make_writable()
        return picture
    space = Colorspace.ITU709 if picture.format.is_rgb else None
    return picture.reformat(
        format="yuv420p", dst_colorspace=space, dst_color_range="MPEG", threads=1
    )


def _turn(picture: VideoFrame) -> Turn:
    """From the display matrix (ISO/IEC 14496-12, 6.2.2); an oblique one counts as upright."""
    data = cast("Mapping[str, object]", picture.side_data)
    if _MATRIX not in (side.type.name for side in data):  # type: ignore[attr-defined]
        return UPRIGHT
    a, b, _, c, d = struct.unpack_from("=5i", bytes(data[_MATRIX]))  # type: ignore[call-overload]
    if not b and not c:
        return Turn(across=a < 0, down=d < 0)
    if not a and not d:
        return Turn(diagonal=True, across=c < 0, down=b < 0)
    return UPRIGHT


def _upright(picture: VideoFrame, turn: Turn) -> VideoFrame:
    """The picture turned, without the odd last row and column that 4:2:0 has no room for."""
    width, height = picture.width // 2 * 2, picture.height // 2 * 2
    if turn == UPRIGHT and (width, height) == (picture.width, picture.height):
        return picture
    made = av.VideoFrame(*((height, width) if turn.diagonal else (width, height)), "yuv420p")
    old, new = Frame(picture, wall_ms=0), Frame(made, wall_ms=0)
    for to, of, half in zip(new.planes, old.planes, (1, 2, 2), strict=True):
        to[:] = _turned(of[: height // half, : width // half], turn)
    made.colorspace, made.color_range = picture.colorspace, picture.color_range
    made.color_primaries, made.color_trc = picture.color_primaries, picture.color_trc
    return made


def _turned(plane: Plane, turn: Turn) -> Plane:
    plane = plane.T if turn.diagonal else plane
    return plane[:: -1 if turn.down else 1, :: -1 if turn.across else 1]
