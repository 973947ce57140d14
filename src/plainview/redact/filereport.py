"""The report of one file, as JSON: what was hidden in every picture.

It is the one place where boxes outlive their masks: written only when asked for, for a file that
its user brought. A box says where something was hidden, not what or who.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from plainview.redact.files import Redacted, becoming
from plainview.redact.pipeline import ViewFrame

VERSION = 1


class FileReport:
    """Writes frames as they come to a file without a name, so that a long video needs no more
    memory than a short one; `save` puts the whole under its own name."""

    def __init__(self) -> None:
        self._frames: IO[str] = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115
        self._size: tuple[int, int] | None = None

    def note(self, view: ViewFrame, seconds: float) -> None:
        """Take a finished picture; a `files.Watch`."""
        width, height = self._size = view.frame.width, view.frame.height
        boxes = [] if view.pixelated else _whole(view, width, height)
        line = {"time": round(seconds, 6), "withheld": view.pixelated, "masks": boxes}
        self._frames.write((",\n" if self._frames.tell() else "") + json.dumps(line))

    def save(self, path: Path, source: Path, done: Redacted, head: Mapping[str, Any]) -> None:
        """Write the report to `path`; `head` says with what and how (`batch.about`)."""
        before = {
            "v": VERSION, **head, "source": _source(source),
            "width": self._size[0] if self._size else 0,
            "height": self._size[1] if self._size else 0,
            "totals": {"frames": done.frames, "withheld": done.withheld, "masks": done.masks},
            "incomplete": done.flaw, "audio": done.audio,
        }  # fmt: skip
        with becoming(path, force=True) as partial, partial.open("w", encoding="ascii") as out:
            out.write(json.dumps(before, indent=1)[:-2] + ',\n "frames": [\n')
            self._frames.seek(0)
            while piece := self._frames.read(1 << 20):
                out.write(piece)
            out.write("\n]}\n")

    def close(self) -> None:
        """Let go of the frames."""
        self._frames.close()


def _whole(view: ViewFrame, width: int, height: int) -> list[list[int]]:
    """Left, top, width, height in whole pixels of the picture; what lies outside is left out."""
    masks = np.asarray(view.masks, np.float64)
    near = np.floor(masks[:, :2]).clip(0, [width, height])
    far = np.ceil(masks[:, :2] + masks[:, 2:]).clip(0, [width, height])
    boxes = np.concatenate([near, far - near], axis=1).astype(int)
    return [box for box in boxes.tolist() if box[2] > 0 and box[3] > 0]


def _source(source: Path) -> dict[str, Any]:
    with source.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    return {"name": source.name, "bytes": source.stat().st_size, "sha256": digest}
