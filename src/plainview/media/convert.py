"""Encoding of whole clips: for simulated cameras and their tests, never for originals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.video.codeccontext import VideoCodecContext

from plainview.base.durable import write_file
from plainview.errors import BadFormat
from plainview.media import codecs, fmp4
from plainview.media.frames import Frame
from plainview.media.packets import Codec, Packet, Parameters

_ENCODERS: dict[Codec, str] = {
    "h264": "libx264", "hevc": "libx265", "av1": "libsvtav1", "mjpeg": "mjpeg",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClipStyle:
    """How a clip is encoded; cameras differ in all of these."""

    codec: Codec = "h264"
    gop_seconds: float = 2.0
    bframes: int = 0
    slices: int = 1
    crf: int = 23
    preset: str = "veryfast"
    open_gop: bool = False
    bit_rate: int = 0
    """Bits a second, held to within a second; 0 lets `crf` decide."""
    pixels: str = "yuv420p"
    """FFmpeg's name of the pixel format; MJPEG has its own, with the full range."""


def encode_clip(
    frames: Iterable[Frame], fps: float, style: ClipStyle | None = None
) -> tuple[Parameters, list[Packet]]:
    """Encode `frames` at a constant rate. Raises `BadFormat` if there are none."""
    style = style or ClipStyle()
    rate = Fraction(fps).limit_denominator(1001)
    encoded = list(_encoded(frames, rate, style))
    if not encoded:
        raise BadFormat("There are no frames to encode.")
    packets = [packet for packet, _ in encoded]
    parameters = codecs.parameters_from(packets[0].data, style.codec)
    if parameters is None:
        raise BadFormat("The encoder wrote no parameter sets.")
    return replace(parameters, width=encoded[0][1][0], height=encoded[0][1][1]), packets


def write_clip(
    path: Path,
    frames: Iterable[Frame],
    fps: float,
    style: ClipStyle | None = None,
    *,
    progress: Callable[[], None] | None = None,
) -> None:
    """Encode `frames` into an MP4; `progress` is called once a frame."""

    def counted() -> Iterator[Frame]:
        for frame in frames:
            yield frame
            if progress is not None:
                progress()

    parameters, packets = encode_clip(counted(), fps, style)
    write_file(path, fmp4.write_segment(packets, parameters))


def _encoded(
    frames: Iterable[Frame], rate: Fraction, style: ClipStyle
) -> Iterator[tuple[Packet, tuple[int, int]]]:
    context: VideoCodecContext | None = None
    for number, frame in enumerate(frames):
        if context is None:
            context = _encoder(frame.width, frame.height, rate, style)
        frame.video.pts, frame.video.time_base = number, 1 / rate
        for raw in context.encode(frame.video):
            yield _packet(raw, rate, style), (context.width, context.height)
    if context is not None:
        for raw in context.encode(None):
            yield _packet(raw, rate, style), (context.width, context.height)


def _encoder(width: int, height: int, rate: Fraction, style: ClipStyle) -> VideoCodecContext:
    context = av.CodecContext.create(_ENCODERS[style.codec], "w")
    if not isinstance(context, VideoCodecContext):
        raise BadFormat(f"The {style.codec} encoder is missing from this build of PyAV.")
    gop = max(1, round(style.gop_seconds * rate))
    context.width, context.height, context.pix_fmt = width, height, style.pixels
    context.time_base, context.framerate, context.gop_size = 1 / rate, rate, gop
    context.thread_count = 1
    context.options = _options(gop, style)
    return context


def _options(gop: int, style: ClipStyle) -> dict[str, str]:
    if style.codec == "mjpeg":
        # RFC 2435 has room for two tables of quantisers and for no Huffman tables.
        return {"huffman": "default", "force_duplicated_matrix": "1"}
    if style.codec == "av1":
        given = f"keyint={gop}:pred-struct=1:lp=1"
        return {"preset": "11", "crf": str(style.crf + 12), "svtav1-params": given}
    common = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={style.bframes}:b-adapt=0"
    common += f":open-gop={int(style.open_gop)}:slices={style.slices}"
    options = {"preset": style.preset}
    if style.bit_rate:
        bits = str(style.bit_rate)
        options |= {"b": bits, "maxrate": bits, "bufsize": bits}
    else:
        options["crf"] = str(style.crf)
    if style.codec == "h264":
        return {**options, "x264-params": common}
    return {**options, "x265-params": f"{common}:repeat-headers=1:log-level=none:pools=1"}


def _packet(raw: av.Packet[av.VideoStream], rate: Fraction, style: ClipStyle) -> Packet:
    pts = raw.pts or 0
    wall = round(pts * 1000 / rate)
    return Packet(bytes(raw), pts, 1 / rate, raw.is_keyframe, wall, "arrival", wall, style.codec)
