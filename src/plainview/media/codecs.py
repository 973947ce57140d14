"""What differs between the codecs of cameras: the one place that chooses.

H.264 and H.265 consist of NAL units (`nal`, `sps`), AV1 of open bitstream units (`av1`), MJPEG of
whole pictures (`jpeg`).
"""

from __future__ import annotations

from plainview.errors import BadFormat
from plainview.media import av1, jpeg, nal
from plainview.media.packets import Codec, Packet, Parameters
from plainview.media.sps import check_size, picture_size
from plainview.media.sps import read as read_sps

CODECS: dict[str, Codec] = {
    "h264": "h264", "hevc": "hevc", "av1": "av1", "libdav1d": "av1", "mjpeg": "mjpeg",
}  # fmt: skip
"""FFmpeg's names of decoders, and ours."""
DECODERS: dict[Codec, str] = {"h264": "h264", "hevc": "hevc", "av1": "libdav1d", "mjpeg": "mjpeg"}
"""FFmpeg's own `av1` decoder works in hardware alone."""


def sample_parts(packet: Packet) -> tuple[list[bytes | memoryview], int]:
    """A packet's bytes as a sample of a file: parts to be joined, and how many bytes they are."""
    if packet.codec in ("h264", "hevc"):
        return nal.length_parts(packet.data, packet.unit_sizes)
    whole = av1.sample(packet.data) if packet.codec == "av1" else packet.data
    return [whole], len(whole)


def picture_hashes(data: bytes, codec: Codec) -> list[str]:
    """SHA-256 (hex) of every unit with picture data: a copy is faithful when they are the same."""
    if codec == "av1":
        return av1.picture_hashes(data)
    if codec == "mjpeg":
        return jpeg.picture_hashes(data)
    return nal.vcl_hashes(data, codec)


def is_instant_refresh(data: bytes, codec: Codec) -> bool:
    """Whether no picture sent after this key frame is shown before it."""
    if codec in ("av1", "mjpeg"):
        return True  # neither sends pictures in another order than that of showing
    return any(nal.is_instant_refresh(unit, codec) for unit in nal.annexb_units(data))


def kept_pictures(parameters: Parameters) -> int:
    """How many pictures a decoder may have to keep, the one at work among them."""
    if parameters.codec == "av1":
        return 9
    if parameters.codec == "mjpeg":
        return 1
    kind = nal.H264_SPS if parameters.codec == "h264" else nal.HEVC_SPS
    sets = nal.parameter_sets(parameters.extradata, parameters.codec)
    known = [unit for unit in sets if nal.unit_type(unit, parameters.codec) == kind]
    try:
        return 1 + max((read_sps(unit, parameters.codec).references for unit in known), default=16)
    except BadFormat:
        return 17


def parameters_from(data: bytes, codec: Codec) -> Parameters | None:
    """Parameters from a stream that holds all that a decoder needs beforehand, else None.

    A size that cannot be read, or that no file can hold, is (0, 0): recorded, but never decoded.
    """
    if codec == "av1":
        header = av1.sequence_header(data)
        return None if header is None else _av1_parameters(header)
    if codec == "mjpeg":
        return _jpeg_parameters(data) if data else None
    sets = nal.parameter_sets(data, codec)
    kinds = {nal.unit_type(unit, codec) for unit in sets}
    sps = nal.H264_SPS if codec == "h264" else nal.HEVC_SPS
    needed = {sps, nal.H264_PPS if codec == "h264" else nal.HEVC_PPS}
    if not needed <= kinds:
        return None
    first = next(unit for unit in sets if nal.unit_type(unit, codec) == sps)
    try:
        width, height = picture_size(first, codec)
    except BadFormat:
        width = height = 0
    return Parameters(codec, width, height, nal.join_annexb(dict.fromkeys(sets)))


def _av1_parameters(header: bytes) -> Parameters | None:
    try:
        found = av1.read_sequence(header)
    except BadFormat:
        return None  # a file needs more of it than its size
    return Parameters("av1", found.width, found.height, header)


def _jpeg_parameters(data: bytes) -> Parameters:
    try:
        width, height = jpeg.picture_size(data)
        check_size(width, height)
    except BadFormat:
        width = height = 0
    return Parameters("mjpeg", width, height, b"")
