"""A camera's description of its video (SDP, RFC 4566; formats: RFC 6184 clause 8, RFC 7798
clause 7)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from plainview.errors import SourceAway
from plainview.media import nal
from plainview.media.packets import Codec


class OtherCoding(SourceAway):
    """A description of video that this client does not read; FFmpeg's may."""


_CODECS: dict[str, Codec] = {"H264": "h264", "H265": "hevc", "HEVC": "hevc"}
_SETS = ("sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps")


@dataclass(frozen=True, slots=True)
class Video:
    """The video that a camera offers; the first one, if there are several."""

    control: str
    """Address of the track, to set it up."""
    payload_type: int
    codec: Codec
    clock_rate: int
    extradata: bytes
    """Parameter sets as Annex B; empty if they are only sent in the stream."""
    fps: float | None


def video_of(name: str, text: str, base: str) -> Video:
    """Read a description; `base` is the address that controls are relative to.

    Raises `SourceAway` if there is no video that can be read, and says what to set.
    """
    sections = re.split(r"(?m)^(?=m=)", text.replace("\r\n", "\n").replace("\r", "\n"))
    for section in sections[1:]:
        media = re.match(r"m=video \d+ \S+ (\d{1,3})\b", section)
        if media is not None:
            return _video(name, section, int(media[1]), base)
    raise SourceAway(f"{name} offers no video.", hint="Check the path of the camera's address.")


def _video(name: str, section: str, payload_type: int, base: str) -> Video:
    coding = re.search(rf"(?m)^a=rtpmap:{payload_type} ([\w.-]{{1,40}})/([1-9]\d{{3,8}})", section)
    kind = coding[1].upper() if coding else "JPEG" if payload_type == 26 else "an unnamed coding"
    codec = _CODECS.get(kind)
    if coding is None or codec is None:
        raise OtherCoding(f"{name} sends {kind}.", hint="Set the camera to H.264 or H.265.")
    line = re.search(rf"(?m)^a=fmtp:{payload_type} (.*)$", section)
    values = _format(line[1] if line else "")
    if values.get("packetization-mode") == "2" or values.get("sprop-max-don-diff", "0") != "0":
        raise OtherCoding(
            f"{name} sends its pictures in an interleaved order, which is not read.",
            hint="Use TCP, or set another profile in the camera.",
        )
    control = re.search(r"(?m)^a=control:(\S{1,1000})", section)
    rate = re.search(r"(?m)^a=framerate:(\d{1,3}(?:\.\d{1,6})?)", section)
    return Video(
        control=_resolve(base, control[1] if control else "*"),
        payload_type=payload_type,
        codec=codec,
        clock_rate=int(coding[2]),
        extradata=nal.join_annexb(_sets(values)),
        fps=float(rate[1]) or None if rate else None,
    )


def _format(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _sets(values: dict[str, str]) -> list[bytes]:
    """Parameter sets; those that cannot be read are awaited in the stream."""
    units = []
    for name in _SETS:
        for text in values.get(name, "").split(","):
            try:
                unit = base64.b64decode(text, validate=True)
            except ValueError:  # not base64, or not even ASCII
                continue
            if unit:
                units.append(unit)
    return units


def _resolve(base: str, control: str) -> str:
    if "://" in control:
        return control
    return base if control == "*" else base.rstrip("/") + "/" + control.lstrip("/")
