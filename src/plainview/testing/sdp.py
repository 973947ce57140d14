"""Session descriptions (RFC 4566) of simulated cameras, and reading those that are pushed."""

from __future__ import annotations

import base64
import re

from plainview.errors import BadFormat
from plainview.media import nal
from plainview.media.packets import Codec, Parameters
from plainview.testing.rtp import CLOCK_RATE, PAYLOAD_TYPE

VIDEO_TRACK, AUDIO_TRACK = "trackID=0", "trackID=1"
_NAMES: dict[Codec, str] = {"h264": "H264", "hevc": "H265", "av1": "AV1", "mjpeg": "JPEG"}


def describe(parameters: Parameters, *, audio: bool, sprop: bool = True) -> str:
    """The SDP of a camera; `audio` adds a track that nobody should ever set up."""
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        "s=camera",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} {_NAMES[parameters.codec]}/{CLOCK_RATE}",
        f"a=fmtp:{PAYLOAD_TYPE} {_format(parameters) if sprop else 'packetization-mode=1'}",
        f"a=control:{VIDEO_TRACK}",
    ]
    if audio:
        lines += ["m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", f"a=control:{AUDIO_TRACK}"]
    return "\r\n".join(lines) + "\r\n"


def _format(parameters: Parameters) -> str:
    if parameters.codec in ("av1", "mjpeg"):
        return "profile=0" if parameters.codec == "av1" else "quality=0"
    sets = nal.parameter_sets(parameters.extradata, parameters.codec)
    text = [base64.b64encode(unit).decode() for unit in sets]
    if parameters.codec == "h264":
        profile = sets[0][1:4].hex() if sets else "42e01f"
        return (
            f"packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={','.join(text)}"
        )
    kinds = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}
    named: dict[str, list[str]] = {}
    for unit, encoded in zip(sets, text, strict=True):
        named.setdefault(kinds[nal.unit_type(unit, "hevc")], []).append(encoded)
    return ";".join(f"{name}={','.join(values)}" for name, values in named.items())


def video_only(sdp: str) -> tuple[str, str, Codec]:
    """From a pushed SDP: the same with only its video, the video's control name, its codec."""
    head, *sections = re.split(r"(?m)^(?=m=)", sdp.replace("\r\n", "\n"))
    for section in sections:
        if not section.startswith("m=video"):
            continue
        codec = next((codec for codec, name in _NAMES.items() if f" {name}/" in section), None)
        control = re.search(r"(?m)^a=control:(\S+)", section)
        if codec is None or control is None:
            raise BadFormat("The pushed video is not H.264, H.265, AV1 or MJPEG.")
        section = section.replace(control[0], f"a=control:{VIDEO_TRACK}")
        return (head + section).replace("\n", "\r\n"), control[1], codec
    raise BadFormat("The pushed session has no video.")
