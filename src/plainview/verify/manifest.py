"""The manifest of an evidence package: docs/ref/evidence-package.md."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from plainview.base.clock import Ms, from_iso, to_iso
from plainview.base.ids import b64
from plainview.errors import BadFormat
from plainview.tlog.entries import canonical, read_canonical
from plainview.tlog.shapes import HEX, NAME, Shape, check_shape
from plainview.tlog.signing import SigningKey

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
POLICY = "policy.txt"
DETAIL = "detail.json"
CONTEXT = b"plainview/evidence/v1\n"
_TYPE = "plainview-evidence"

_SEGMENT: Shape = {
    **dict.fromkeys(("seq", "start", "end", "roots"), int),
    "plain": HEX,
    "file": (str, type(None)),
}
_SHAPE: Shape = {
    "v": (1,),
    "type": (_TYPE,),
    **dict.fromkeys(("made", "software", "origin"), str),
    "request": HEX,
    "entries": [int],
    "windows": [{"window": NAME, "segments": [_SEGMENT]}],
    "files": dict,
}


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; times in milliseconds UTC, `plain` hex, `roots` the index of its entry."""

    seq: int
    start: Ms
    end: Ms
    plain: str
    file: str | None
    roots: int


@dataclass(frozen=True, slots=True)
class PackedWindow:
    """A window and all its logged segments, in their order."""

    window: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a package says it holds; `files` maps names to hex SHA-256."""

    made: Ms
    software: str
    origin: str
    request: str
    entries: tuple[int, ...]
    windows: tuple[PackedWindow, ...]
    files: dict[str, str]

    def to_bytes(self) -> bytes:
        """The bytes of `manifest.json`."""
        return canonical({"v": 1, "type": _TYPE, **asdict(self), "made": to_iso(self.made)})

    @classmethod
    def parse(cls, data: bytes) -> Manifest:
        """Read `manifest.json`; raises `BadFormat`."""
        document = read_canonical(data)
        check_shape(document, _SHAPE, "the manifest")
        files = document["files"]
        check_shape(files, dict.fromkeys(files, HEX), "files")
        entries = tuple(document["entries"])
        if list(entries) != sorted(set(entries)) or (entries and entries[0] < 0):
            raise BadFormat("the manifest's entries are ascending, each once.")
        return cls(
            made=from_iso(document["made"]),
            software=document["software"],
            origin=document["origin"],
            request=document["request"],
            entries=entries,
            windows=tuple(_window(item) for item in document["windows"]),
            files=files,
        )


def _window(item: dict[str, Any]) -> PackedWindow:
    return PackedWindow(item["window"], tuple(Segment(**s) for s in item["segments"]))


def sign_manifest(manifest: bytes, key: SigningKey) -> bytes:
    """The bytes of `manifest.sig`."""
    return canonical({"key": key.key_id, "sig": b64(key.sign(CONTEXT + manifest))})


def entry_name(index: int) -> str:
    """Name of an entry in the package."""
    return f"log/{index}.json"


def proof_name(index: int) -> str:
    """Name of its proof."""
    return f"log/{index}.tlog-proof"


def video_name(window: str, part: int = 1) -> str:
    """Name of the video that a window's segments make up; a camera's change begins a new part."""
    return f"video-{window}.mp4" if part == 1 else f"video-{window}-{part}.mp4"


def segment_name(window: str, seq: int) -> str:
    """Name of an original segment."""
    return f"segments/{window}/{seq}.mp4"
