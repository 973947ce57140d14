"""Segments of originals and views: complete fragmented MP4, copied, never re-encoded.

ISO/IEC 14496-12 (boxes), 14496-15 (H.264 and H.265 in them), the AV1 binding (`av01`), 14496-14
(MJPEG as `mp4v`). One `moov` without samples, one `moof` + `mdat` with all of them. Samples are
copied byte for byte, in-band parameter sets and SEI messages included (`avc3`/`hev1` allow them).
Decode times are the sorted presentation times
(B-frames need nothing from the demuxer), composition offsets are never negative, and an edit list
takes the shift back, so that the first picture shown stands at 0 in every player.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from fractions import Fraction

from plainview.base.clock import Ms
from plainview.errors import BadFormat
from plainview.media import av1, codecs, jpeg, nal
from plainview.media.packets import Codec, Packet, Parameters
from plainview.media.sps import Sps, without_emulation
from plainview.media.sps import read as read_sps

TIMESCALE = 90_000
_ROW = struct.Struct(">IIII")
_SYNC, _NOT_SYNC = 0x02000000, 0x01010000
_UNITY = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


Part = bytes | memoryview


def write_segment(
    packets: Sequence[Packet], parameters: Parameters, *, until: int | None = None
) -> bytes:
    """A complete fMP4 of `packets` (decode order). Raises `BadFormat` if there are none.

    `until` is the presentation time of what follows, if that is known; else the last picture lasts
    as long as most do.
    """
    return b"".join(segment_parts(packets, parameters, until=until))


def segment_parts(
    packets: Sequence[Packet], parameters: Parameters, *, until: int | None = None
) -> list[Part]:
    """What `write_segment` joins: units are not copied before, since ten seconds are megabytes."""
    if not packets:
        raise BadFormat("A segment needs at least one packet.")
    samples, sizes = list[Part](), list[int]()
    for packet in packets:
        parts, size = codecs.sample_parts(packet)
        samples += parts
        sizes.append(size)
    pts = ticks_of(packets)
    dts, durations = _decode_times(pts, _end(packets, until))
    late = [shown - decoded for shown, decoded in zip(pts, dts, strict=True)]
    shift = -min(late)
    offsets = [offset + shift for offset in late]
    keys = [packet.is_key for packet in packets]
    head = box(b"ftyp", b"iso6\x00\x00\x02\x00iso6mp41") + _moov(parameters, shift)
    moof = _moof(sizes, durations, offsets, keys)
    return [head, moof, struct.pack(">I4s", 8 + sum(sizes), b"mdat"), *samples]


def ticks_of(packets: Sequence[Packet]) -> list[int]:
    """Presentation times in `TIMESCALE`."""
    ticks, base, ratio, same = list[int](), None, Fraction(1), True
    for packet in packets:
        if packet.time_base is not base:  # one object a stream, as a rule
            base, ratio = packet.time_base, packet.time_base * TIMESCALE
            same = ratio == 1
        ticks.append(packet.pts if same else round(packet.pts * ratio))
    return ticks


def box(kind: bytes, *content: bytes) -> bytes:
    """A box of ISO/IEC 14496-12 clause 4.2."""
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    """A box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def _end(packets: Sequence[Packet], until: int | None) -> int | None:
    return None if until is None else round(until * packets[0].time_base * TIMESCALE)


def _decode_times(pts: list[int], end: int | None) -> tuple[list[int], list[int]]:
    """Decode times (presentation times in order) and durations, both in `TIMESCALE`."""
    dts = sorted(pts)
    steps = [b - a for a, b in itertools.pairwise(dts)]
    last = sorted(steps)[len(steps) // 2] if steps else TIMESCALE // 25
    if end is not None and end > dts[-1]:
        last = end - dts[-1]
    return dts, [*steps, max(last, 1)]


def _moof(sizes: list[int], durations: list[int], offsets: list[int], keys: list[bool]) -> bytes:
    rows = b"".join(
        _ROW.pack(duration, size, _SYNC if key else _NOT_SYNC, offset)
        for size, duration, key, offset in zip(sizes, durations, keys, offsets, strict=True)
    )
    header = full_box(b"mfhd", 0, 0, struct.pack(">I", 1))
    track = full_box(b"tfhd", 0, 0x020000, struct.pack(">I", 1))
    track += full_box(b"tfdt", 1, 0, struct.pack(">Q", 0))
    # The first sample's offset counts from the start of the moof: all that stands before it.
    at = 8 + len(header) + 8 + len(track) + 20 + len(rows) + 8
    trun = full_box(b"trun", 0, 0xF01, struct.pack(">Ii", len(sizes), at), rows)
    return box(b"moof", header, box(b"traf", track, trun))


def _moov(parameters: Parameters, shift: int) -> bytes:
    size = struct.pack(">II", parameters.width << 16, parameters.height << 16)
    tkhd = struct.pack(">IIIII8xhhhH", 0, 0, 1, 0, 0, 0, 0, 0, 0) + _UNITY + size
    mvhd = struct.pack(">IIIIIH10x", 0, 0, TIMESCALE, 0, 0x10000, 0) + _UNITY + bytes(24)
    handler = full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, b"vide"), b"Plainview\x00")
    empty = b"".join(full_box(kind, 0, 0, bytes(4)) for kind in (b"stts", b"stsc", b"stco"))
    table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), sample_entry(parameters)),
        empty,
        full_box(b"stsz", 0, 0, bytes(8)),
    )
    url = full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))
    media = box(b"minf", full_box(b"vmhd", 0, 1, bytes(8)), box(b"dinf", url), table)
    mdhd = full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, TIMESCALE, 0, 0x55C4, 0))
    edit = full_box(b"elst", 0, 0, struct.pack(">IIiI", 1, 0, shift, 0x10000))
    edits = box(b"edts", edit) if shift else b""
    track = box(b"trak", full_box(b"tkhd", 0, 3, tkhd), edits, box(b"mdia", mdhd, handler, media))
    extends = box(b"mvex", full_box(b"trex", 0, 0, struct.pack(">IIIII", 1, 1, 0, 0, 0)))
    return box(b"moov", full_box(b"mvhd", 0, 0, mvhd, struct.pack(">I", 2)), track, extends)


def sample_entry(parameters: Parameters) -> bytes:
    """The `avc3`, `hev1`, `av01` or `mp4v` box with the decoder's configuration."""
    head = struct.pack(
        ">6xH16xHHII4xH32xHh", 1, parameters.width, parameters.height,
        0x480000, 0x480000, 1, 0x18, -1,
    )  # fmt: skip
    if parameters.codec == "mjpeg":
        return box(b"mp4v", head, full_box(b"esds", 0, 0, jpeg.DESCRIPTOR))
    if not parameters.extradata:
        raise BadFormat(
            "The stream has no parameter sets.", hint="Wait for a key frame that carries them."
        )
    if parameters.codec == "av1":
        return box(b"av01", head, box(b"av1C", av1.configuration(parameters.extradata)))
    sets = nal.parameter_sets(parameters.extradata, parameters.codec)
    if parameters.codec == "h264":
        return box(b"avc3", head, box(b"avcC", avc_configuration(sets)))
    return box(b"hev1", head, box(b"hvcC", hevc_configuration(sets)))


def avc_configuration(sets: list[bytes]) -> bytes:
    """AVCDecoderConfigurationRecord (ISO/IEC 14496-15 clause 5.3.3.1)."""
    sequence = _of_kind(sets, nal.H264_SPS, "h264", 31)
    picture = _of_kind(sets, nal.H264_PPS, "h264", 255)
    if not sequence or not picture:
        raise BadFormat("The stream lacks a sequence or picture parameter set.")
    first, found = sequence[0], _format(sequence[0], "h264")
    out = bytes([1]) + first[1:4].ljust(3, b"\0") + bytes([0xFF, 0xE0 | len(sequence)])
    out += b"".join(struct.pack(">H", len(unit)) + unit for unit in sequence)
    out += bytes([len(picture)])
    out += b"".join(struct.pack(">H", len(unit)) + unit for unit in picture)
    if first[1:2] in (b"\x64", b"\x6e", b"\x7a", b"\x90", b"\xf4"):
        out += bytes([0xFC | found.chroma & 3, 0xF8 | found.luma_depth - 8 & 7])
        out += bytes([0xF8 | found.chroma_depth - 8 & 7, 0])
    return out


def hevc_configuration(sets: list[bytes]) -> bytes:
    """HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 clause 8.3.3.1)."""
    sequence = _of_kind(sets, nal.HEVC_SPS, "hevc")
    if not sequence:
        raise BadFormat("The stream lacks a sequence parameter set.")
    payload, found = without_emulation(sequence[0]).ljust(15, b"\0"), _format(sequence[0], "hevc")
    out = b"\x01" + payload[3:15] + bytes([0xF0, 0, 0xFC, 0xFC | found.chroma & 3])
    out += bytes([0xF8 | found.luma_depth - 8 & 7, 0xF8 | found.chroma_depth - 8 & 7, 0, 0])
    layers, nested = (payload[2] >> 1 & 7) + 1, payload[2] & 1
    out += bytes([layers << 3 | nested << 2 | 3, 3])
    for kind in (nal.HEVC_VPS, nal.HEVC_SPS, nal.HEVC_PPS):
        units = _of_kind(sets, kind, "hevc")
        out += struct.pack(">BH", 0x80 | kind, len(units))
        out += b"".join(struct.pack(">H", len(unit)) + unit for unit in units)
    return out


def _of_kind(sets: list[bytes], kind: int, codec: Codec, most: int = 0xFFFF) -> list[bytes]:
    """Sets that a record has room for; those in the stream itself are complete anyway."""
    found = [u for u in sets if nal.unit_type(u, codec) == kind and len(u) <= 0xFFFF]
    return found[:most]


def _format(unit: bytes, codec: Codec) -> Sps:
    """What a parameter set says; the usual, where it cannot be read: its bytes are kept anyway."""
    try:
        return read_sps(unit, codec)
    except BadFormat:
        return Sps(0, 0, (0, 0), 0, 1, 8, 8)


def configuration_sets(record: bytes, codec: Codec) -> bytes:
    """`Parameters.extradata` from an `avcC`, `hvcC` or `av1C` record; other bytes as they are."""
    if codec in ("av1", "mjpeg"):
        return av1.sequence_header(record[4:]) or b"" if codec == "av1" else b""
    if not record or record[0] != 1:
        return record
    units: list[bytes] = []
    try:
        if codec == "h264":
            at = _read_sets(record, 6, record[5] & 31, units)
            _read_sets(record, at + 1, record[at], units)
        else:
            at = 23
            for _ in range(record[22]):
                count = int.from_bytes(record[at + 1 : at + 3], "big")
                at = _read_sets(record, at + 3, count, units)
    except IndexError as error:
        raise BadFormat("The decoder configuration of a file ends too early.") from error
    return nal.join_annexb(units)


def _read_sets(record: bytes, at: int, count: int, into: list[bytes]) -> int:
    for _ in range(count):
        length = int.from_bytes(record[at : at + 2], "big")
        into.append(record[at + 2 : at + 2 + length])
        at += 2 + length
    return at


def duration_ms(packets: Sequence[Packet], *, until: int | None = None) -> Ms:
    """How long the packets last on their own time line, the last frame included."""
    _, durations = _decode_times(ticks_of(packets), _end(packets, until))
    return round(sum(durations) * 1000 / TIMESCALE)
