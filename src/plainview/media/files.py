"""Reading video files (MP4, AVI, MKV ...), segments of originals among them.

Audio and everything else that is not the first video stream is left unread.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from plainview.base.clock import Ms
from plainview.errors import BadFormat
from plainview.media import nal
from plainview.media.codecs import CODECS
from plainview.media.decode import Decoder
from plainview.media.fmp4 import configuration_sets
from plainview.media.frames import Frame, private
from plainview.media.packets import Codec, Packet, Parameters


class VideoFile:
    """An open file or fMP4 in memory; `base_ms` is the wall time of its presentation time 0."""

    def __init__(self, source: Path | bytes, *, base_ms: Ms = 0) -> None:
        self._name = str(source) if isinstance(source, Path) else "The segment"
        opened = str(source) if isinstance(source, Path) else io.BytesIO(source)
        kind = None if isinstance(source, Path) else "mp4"  # bytes of ours are never guessed at
        try:
            self._container: InputContainer = av.open(opened, "r", format=kind)
        except (av.error.FFmpegError, OSError) as error:
            raise BadFormat(f"{self._name} is not a video file: {error}.") from error
        if not self._container.streams.video:
            self._container.close()
            raise BadFormat(f"{self._name} holds no video.")
        self._stream: VideoStream = self._container.streams.video[0]
        self._base_ms = base_ms

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    @property
    def fps(self) -> float:
        """Average frames a second, 25 where the file does not say."""
        return float(self._stream.average_rate or 25)

    @property
    def duration_ms(self) -> Ms | None:
        """Length, if the file says it."""
        length = self._container.duration
        return None if length is None else round(length / 1000)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self._stream.codec_context.width, self._stream.codec_context.height

    @property
    def codec(self) -> str:
        """The video's codec: our name of it, or FFmpeg's where it is none of ours."""
        name = self._stream.codec_context.name
        return CODECS.get(name, name)

    @property
    def parameters(self) -> Parameters:
        """Raises `BadFormat` for codecs that are only decoded, never copied."""
        codec = CODECS.get(self.codec)
        if codec is None:
            raise BadFormat(
                f"{self._name} is {self.codec}, not H.264, H.265, AV1 or MJPEG.",
                hint="Convert it first.",
            )
        record = self._stream.codec_context.extradata or b""
        return Parameters(codec, *self.size, configuration_sets(record, codec))

    def packets(self) -> Iterator[Packet]:
        """All packets in decode order, of the codecs that cameras send."""
        codec = self.parameters.codec
        record = self._stream.codec_context.extradata or b""
        length = _length_size(record, codec)
        base = self._stream.time_base or Fraction(1, 90_000)
        for raw in self._container.demux(self._stream):
            if not raw.size:
                continue
            data = bytes(raw)
            if length:
                data = nal.join_annexb(nal.length_units(data, length))
            pts = raw.pts if raw.pts is not None else raw.dts or 0
            wall = self._base_ms + round(pts * base * 1000)
            yield Packet(data, pts, base, raw.is_keyframe, wall, "arrival", wall, codec)

    def frames(self, *, max_height: int | None = None) -> Iterator[Frame]:
        """All pictures of the file, whatever its codec, as private frames."""
        self._stream.codec_context.thread_count = 1
        base = self._stream.time_base or Fraction(1, 90_000)
        try:
            for picture in self._container.decode(self._stream):
                pts = picture.pts or 0
                wall = self._base_ms + round(pts * base * 1000)
                yield Frame(private(picture, max_height), wall_ms=wall, pts=pts)
        except av.error.FFmpegError as error:
            raise BadFormat(f"{self._name} could not be decoded: {error.strerror}.") from error


def read_packets(fmp4: bytes, *, base_ms: Ms = 0) -> tuple[Parameters, list[Packet]]:
    """Parameters and all packets of a segment (or any MP4 in memory). Raises `BadFormat`."""
    with VideoFile(fmp4, base_ms=base_ms) as file:
        return file.parameters, list(file.packets())


def read_frames(fmp4: bytes, *, base_ms: Ms = 0, max_height: int | None = None) -> Iterator[Frame]:
    """All pictures of a segment, decoded one after the other. Raises `BadFormat`."""
    parameters, packets = read_packets(fmp4, base_ms=base_ms)
    decoder = Decoder(parameters, max_height=max_height)
    for packet in packets:
        yield from decoder.decode(packet)
    yield from decoder.flush()


def _length_size(record: bytes, codec: Codec) -> int:
    """Bytes of the length before each NAL unit; 0 if the file already holds Annex B."""
    if codec in ("av1", "mjpeg") or not record or record[0] != 1:
        return 0
    at = 4 if codec == "h264" else 21
    if len(record) <= at:
        raise BadFormat("The decoder configuration of a file ends too early.")
    return (record[at] & 3) + 1
