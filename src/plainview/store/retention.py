"""Dropping windows whose keys were shredded: packs and rows.

The shred itself is the keeper's: without the key the bytes are noise. This frees the space. Order:
mark the windows as dropped (committed), unlink the packs (folder synced), delete the rows; a crash
between the steps is finished at the next start, and no pack comes back. Packs on a disk that is
away or read-only stay marked, and go when it is well again.

Nothing else is ever deleted: no window goes before the log says that its key was destroyed, and so
none that is held, however full the disks are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import structlog

from plainview.base.clock import DAY_MS, now_ms
from plainview.base.days import day_of
from plainview.base.durable import sync_folder
from plainview.seal.windows import WindowId
from plainview.store.days import Days
from plainview.store.disks import Disks
from plainview.store.index import Pack

log = structlog.get_logger()


def drop_windows(disks: Disks, days: Days, windows: Iterable[str]) -> list[Pack]:
    """Unlink the packs of these windows and forget their rows; the packs that went."""
    by_day: defaultdict[str, list[str]] = defaultdict(list)
    for window in windows:
        by_day[day_of(WindowId.parse(window).start)].append(window)
    gone: list[Pack] = []
    for day, ids in by_day.items():
        index = days.get(day)
        if index is not None and any(index.packs(window) for window in ids):
            index.drop_first(ids)
            gone += finish_drops(disks, days, day)
    return gone


def finish_drops(disks: Disks, days: Days, day: str) -> list[Pack]:
    """Unlink what is marked as dropped on `day`, then forget it; the packs that went."""
    index = days.get(day)
    if index is None:
        return []
    stuck = set(disks.away())
    packs = index.drop_first([])
    over = day < day_of(now_ms() - DAY_MS)
    for disk in disks.present():
        try:
            _unlink(disk.folder, [pack.pack for pack in packs], over=over)
        except OSError as error:  # read-only or failing: its packs go when it is well again
            log.error("not_dropped", disk=str(disk.folder), reason=error.strerror)
            stuck.add(disk.id)
    # A day of which nothing could be stored keeps its index: that says why.
    if index.drop_last(sorted(stuck)) and over and (packs or not index.has_losses()):
        days.unlink(day)
    return [pack for pack in packs if pack.disk not in stuck]


def _unlink(root: Path, paths: Iterable[str], *, over: bool) -> None:
    files = [root / path for path in paths]
    for file in files:
        file.unlink(missing_ok=True)
    for folder in {file.parent for file in files}:
        _sync_or_remove(folder, over=over)


def _sync_or_remove(folder: Path, *, over: bool) -> None:
    """Make the unlinking durable; a folder of a day that is over goes with its last pack."""
    if not folder.is_dir():
        return
    sync_folder(folder)
    if over and not any(folder.iterdir()):
        folder.rmdir()
        sync_folder(folder.parent)
