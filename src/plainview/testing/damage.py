"""Streams as broken and as hostile cameras send them: real clips, changed with a seed.

For tests of what becomes of bad input. The changes are made on whole packets or units, so that RTP
itself stays sound and the damage reaches the decoder.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from plainview.media import codecs, nal
from plainview.media.packets import Packet
from plainview.testing.clip import Clip, Picture
from plainview.testing.rtp import CLOCK_RATE

Mutation = Callable[[bytes, random.Random], bytes]
DAY = 86_400 * CLOCK_RATE


def flip_bits(data: bytes, dice: random.Random) -> bytes:
    """One to twelve bits, anywhere."""
    out = bytearray(data)
    for _ in range(dice.randint(1, 12) if out else 0):
        out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)
    return bytes(out)


def flip_head(data: bytes, dice: random.Random) -> bytes:
    """Bits of the first 48 bytes: parameter sets and headers of slices."""
    return flip_bits(data[:48], dice) + data[48:]


def truncate(data: bytes, dice: random.Random) -> bytes:
    """The end is missing."""
    return data[: dice.randrange(len(data) + 1)]


def fill_noise(data: bytes, dice: random.Random) -> bytes:
    """A stretch of noise, zeros or ones."""
    start = dice.randrange(len(data) + 1)
    length = min(dice.randint(1, 200), len(data) - start)
    noise = dice.choice([dice.randbytes(length), bytes(length), b"\xff" * length])
    return data[:start] + noise + data[start + length :]


def repeat(data: bytes, dice: random.Random) -> bytes:
    """A part stands there twice."""
    start = dice.randrange(len(data) + 1)
    end = min(len(data), start + dice.randint(1, 500))
    return data[:end] + data[start:]


def empty(data: bytes, dice: random.Random) -> bytes:
    """Nothing, or a few bytes."""
    return dice.choice([b"", b"\x00", b"\x00\x00\x00\x01", dice.randbytes(3)])


MUTATIONS: tuple[Mutation, ...] = (flip_bits, flip_head, truncate, fill_noise, repeat, empty)


def mutated(packets: Sequence[Packet], seed: int) -> Iterator[Packet]:
    """The packets with every fourth one damaged, some out of order, some with wild time stamps."""
    dice = random.Random(seed)  # noqa: S311 - must be repeatable
    waiting: Packet | None = None
    for packet in packets:
        if dice.random() < 0.25:
            packet = replace(packet, data=dice.choice(MUTATIONS)(packet.data, dice))
        if dice.random() < 0.03:
            packet = replace(packet, pts=packet.pts + dice.choice([-DAY, DAY, -1, 10**15, 0]))
        if dice.random() < 0.03:
            packet = replace(packet, is_key=not packet.is_key)
        if waiting is not None:
            yield packet
            packet, waiting = waiting, None
        elif dice.random() < 0.05:
            waiting = packet
            continue
        yield packet
    if waiting is not None:
        yield waiting


def damaged(clip: Clip, seed: int, mutations: Sequence[Mutation], share: float = 0.3) -> Clip:
    """The clip with a share of its units changed; its first key picture stays whole."""
    dice = random.Random(seed)  # noqa: S311 - must be repeatable

    def worn(units: list[bytes]) -> list[bytes]:
        return [
            dice.choice(mutations)(unit, dice) if dice.random() < share else unit for unit in units
        ]

    first, *rest = clip.pictures
    return clip.remade([first, *(replace(one, units=worn(one.units)) for one in rest)])


def claiming(clip: Clip, unit: bytes) -> Clip:
    """The clip with another sequence parameter set, that it does not keep."""
    codec = clip.parameters.codec
    kind = nal.H264_SPS if codec == "h264" else nal.HEVC_SPS

    def swapped(units: list[bytes]) -> list[bytes]:
        return [unit if nal.unit_type(one, codec) == kind else one for one in units]

    pictures = [replace(one, units=swapped(one.units)) for one in clip.pictures]
    found = codecs.parameters_from(nal.join_annexb(pictures[0].units), codec)
    return clip.remade(pictures, found)


def without_keys(clip: Clip) -> Clip:
    """No key picture but the one that nobody gets: the stream begins after it."""
    later = [one for one in clip.pictures if not one.is_key]
    return clip.remade([replace(later[0], is_key=True), *later[1:]])


def jumping(clip: Clip, jumps: dict[int, int]) -> Clip:
    """Time stamps shifted, from the n-th picture on, by so many ticks."""
    pictures, shift = [], 0
    for at, one in enumerate(clip.pictures):
        shift += jumps.get(at, 0)
        pictures.append(replace(one, shown=one.shown + shift))
    return clip.remade(pictures)


def paced(clip: Clip, steps: Sequence[int]) -> Clip:
    """Every picture shown so many ticks after the one before, in turn: the rate varies."""
    at, pictures = 0, list[Picture]()
    for number, one in enumerate(clip.pictures):
        pictures.append(replace(one, shown=at, sent=at))
        at += steps[number % len(steps)]
    return clip.remade(pictures, length=at)


def h264_sps(columns: int, rows: int, *, references: int = 1) -> bytes:
    """A sequence parameter set (H.264 clause 7.3.2.1.1) of so many macroblocks across and down."""
    fields = "".join(map(_ue, [0, 0, 2, references])) + "0"
    fields += _ue(columns - 1) + _ue(rows - 1) + "1100" + "1"
    fields += "0" * (-len(fields) % 8)
    payload = bytes(int(fields[at : at + 8], 2) for at in range(0, len(fields), 8))
    return b"\x67\x42\xc0\x3e" + _guarded(payload)


def _ue(value: int) -> str:
    bits = f"{value + 1:b}"
    return "0" * (len(bits) - 1) + bits


def _guarded(payload: bytes) -> bytes:
    """With emulation prevention (clause 7.4.1)."""
    out, zeros = bytearray(), 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        zeros = zeros + 1 if byte == 0 else 0
        out.append(byte)
    return bytes(out)
