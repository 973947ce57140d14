"""The checkpoint that readers see: the newest head of the log that its witnesses cosigned.

Showing it takes no key. The publisher does it for a keeper; set-up and tests do it themselves.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from plainview.base import durable
from plainview.errors import BadProof
from plainview.tlog import notes, tiles
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.notes import SignatureLine, Verifier


def published(folder: Path, log: Verifier) -> Checkpoint | None:
    """The checkpoint that readers of the log in `folder` see now, or None before the first."""
    path = folder / "checkpoint"
    return _signed(path, log) if path.exists() else None


def publish(folder: Path, log: Verifier, head: bytes, lines: list[SignatureLine]) -> None:
    """Show `head`, a head of the log, to readers, with its witnesses' lines.

    The caller has checked the lines against the policy. A head older than the one that is
    published is left alone. Raises `BadSignature` for what the log did not sign, `BadProof` for
    what it has not reached. Partial files whose full tile readers now see are dropped. One process
    at a time.
    """
    text, own = log.signed(head)
    shown, new = published(folder, log), Checkpoint.parse(text).size
    old = shown.size if shown else 0
    if new > _signed(folder / "head", log).size:
        raise BadProof("a head from the future of this log.")
    if new < old:
        return
    durable.write_file(folder / "checkpoint", notes.render(text, [*own, *lines]))
    for level in range(tiles.LEVELS):
        for index in range(old >> (8 * level + 8), new >> (8 * level + 8)):
            full = [tiles.tile_path(level, index), *([tiles.bundle_path(index)] * (not level))]
            for name in full:
                shutil.rmtree(folder / f"{name}.p", ignore_errors=True)


def _signed(path: Path, log: Verifier) -> Checkpoint:
    return Checkpoint.parse(log.signed(path.read_bytes())[0])
