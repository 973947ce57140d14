"""Writing a redacted file: H.264 in an MP4 that plays everywhere, index first.

Unlike a view (`encode`), a file may take its time: slower presets, B-frames, a look-ahead of the
encoder. Each picture keeps the time it is given. Nothing of the source but its audio packets, where
asked, comes into the file: no tags, no captions, no times of taking.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import PictureType
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from plainview.errors import BadFormat, StoreFull, Unavailable
from plainview.media.footage import Colours, Footage, Sound
from plainview.media.frames import Frame

AUDIO = frozenset({"aac", "mp3", "mp3float", "ac3", "eac3", "alac", "opus", "libopus", "flac"})
"""FFmpeg's decoders of the audio that players expect in an MP4."""
GOP_SECONDS = 5
CRF = 23
"""Quality unless another is asked for: libx264's own."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Preset(StrEnum):
    """libx264's presets, the quickest first."""

    ULTRAFAST = "ultrafast"
    SUPERFAST = "superfast"
    VERYFAST = "veryfast"
    FASTER = "faster"
    FAST = "fast"
    MEDIUM = "medium"
    SLOW = "slow"
    SLOWER = "slower"
    VERYSLOW = "veryslow"


@dataclass(frozen=True, slots=True)
class FileStyle:
    """How a file is encoded."""

    preset: Preset = Preset.MEDIUM
    crf: int = CRF
    threads: int = 1


class FileWriter:
    """Writes pictures of `size` to `target`, with the times and colours of `footage`.

    `close` makes the file whole. Raises `BadFormat` for audio that an MP4 cannot hold, `StoreFull`
    or `Unavailable` when the file cannot be written.
    """

    def __init__(
        self, target: Path, size: tuple[int, int], footage: Footage, style: FileStyle
    ) -> None:
        self._target = target
        self._base = footage.time_base
        check_audio(footage)
        try:
            self._file: OutputContainer = av.open(
                f"file:{target.absolute()}", "w", format="mp4",
                options={
                    "movflags": "+faststart", "fflags": "+bitexact",
                    "movie_timescale": str(_fine(footage.time_base.denominator)),
                },
            )  # fmt: skip
        except OSError as error:
            raise self._failed(error) from error
        self._video = _video(self._file, footage, style)
        self._video.width, self._video.height = size
        self._audio = None if footage.audio is None else _audio(self._file, footage.audio)
        self._begin = footage.begin

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Whole only if nothing went wrong; otherwise what was written is of no use."""
        if kind is None:
            self.close()
            return
        try:
            self._file.close()
        except (OSError, av.error.FFmpegError) as fault:
            if error is not None:
                error.add_note(f"Closing the file failed too: {fault}")

    def add(self, frame: Frame) -> None:
        """Take the next picture; `pts` in the footage's time base, rising."""
        video = frame.video
        video.pts, video.time_base = frame.pts, self._base
        video.pict_type = PictureType.NONE  # else libx264 repeats the source's choice of types
        self._mux(self._encoded(frame))

    def copy(self, sound: Sound) -> None:
        """Take a packet of audio as it is."""
        packet = sound.packet
        if self._audio is None or packet.dts is None or packet.time_base is None:
            return
        shift = round(self._begin / packet.time_base)
        packet.dts -= shift
        packet.pts = packet.dts if packet.pts is None else packet.pts - shift
        packet.stream = self._audio
        self._mux([packet])

    def close(self) -> None:
        """Write what the encoder holds back, and the index."""
        self._mux(self._encoded(None))
        try:
            self._file.close()
        except (OSError, av.error.FFmpegError) as error:
            raise self._failed(error) from error

    def _encoded(self, frame: Frame | None) -> Sequence[Packet[Stream]]:
        try:
            return self._video.encode(None if frame is None else frame.video)
        except av.error.FFmpegError as error:
            raise BadFormat(f"A picture could not be encoded: {error.strerror}.") from error

    def _mux(self, packets: Sequence[Packet[Stream]]) -> None:
        try:
            self._file.mux(packets)
        except OSError as error:
            raise self._failed(error) from error
        except av.error.FFmpegError as error:
            raise BadFormat(f"The MP4 could not be written: {error.strerror}.") from error

    def _failed(self, error: OSError | av.error.FFmpegError) -> StoreFull | Unavailable:
        said = f"{self._target.parent} could not be written to: {error.strerror}."
        if error.errno in FULL:
            return StoreFull(said, hint="Make room, then run it again.")
        return Unavailable(said, hint="Name another place.")


def check_audio(footage: Footage) -> None:
    """Raise `BadFormat` for audio that is to be kept and that an MP4 cannot hold."""
    if footage.audio is not None and footage.audio.codec_context.name not in AUDIO:
        raise BadFormat(
            f"The audio of {footage.name} is {footage.audio.codec_context.name}, which an MP4"
            " does not hold.",
            hint="Leave out --keep-audio, or convert the audio to AAC first.",
        )


def _fine(units: int) -> int:
    """Units a second that hold those of the pictures and milliseconds, for when streams begin."""
    return units * -(-1000 // units)


def _video(file: OutputContainer, footage: Footage, style: FileStyle) -> VideoStream:
    stream = file.add_stream("libx264", footage.rate)
    context = stream.codec_context
    context.pix_fmt, context.time_base = "yuv420p", footage.time_base
    stream.time_base = footage.time_base
    context.gop_size = max(1, round(footage.rate * GOP_SECONDS))
    context.thread_count = style.threads
    context.sample_aspect_ratio = footage.pixel_shape
    colours: Colours = footage.colours
    context.colorspace, context.color_range = colours.space, ColorRange.MPEG
    context.color_primaries, context.color_trc = colours.primaries, colours.transfer
    # Captions in the pictures' side data (what people said) are not copied.
    context.options = {
        "preset": style.preset.value,
        "crf": str(style.crf),
        "a53cc": "0",
        "udu_sei": "0",
    }
    return stream


def _audio(file: OutputContainer, template: AudioStream) -> AudioStream:
    stream = file.add_stream_from_template(template)
    stream.metadata.clear()
    return stream
