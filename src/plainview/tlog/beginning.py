"""A new log. Set-up and tests begin one; the keeper only continues the log that it is given."""

from __future__ import annotations

from pathlib import Path

from plainview.base import durable
from plainview.errors import StoreDamaged
from plainview.tlog import notes
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.merkle import EMPTY_ROOT
from plainview.tlog.notes import Signer
from plainview.tlog.writer import RESTORE, LogWriter


def open_log(folder: Path, signer: Signer) -> LogWriter:
    """Continue the log in `folder`, or begin one where there is none; raises `StoreDamaged`."""
    head = folder / "head"
    if not head.exists():
        if any((folder / name).exists() for name in ("checkpoint", "tile")):
            raise StoreDamaged("the log has entries but no head.", hint=RESTORE)
        durable.make_folder(folder)
        text = Checkpoint(signer.name, 0, EMPTY_ROOT).text()
        durable.write_file(head, notes.render(text, [signer.sign(text)]))
    return LogWriter(folder, signer)
