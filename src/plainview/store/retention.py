"""Dropping windows whose keys were shredded: packs and rows.

The shred itself is the keeper's: without the key the bytes are noise. This frees the space. Order:
mark the windows as dropped (committed), unlink the packs (folder synced), delete the rows; a crash
between the steps is finished at the next start, and no pack comes back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from plainview.base.clock import day_of, from_compact, now_ms
from plainview.base.durable import sync_folder
from plainview.errors import BadFormat
from plainview.store.days import Days


def start_of(window: str) -> int:
    """The start in ms that stands in a window id. Raises `BadFormat`."""
    parts = window.rsplit(".", 3)
    if len(parts) != 4:
        raise BadFormat(f"{window!r} is not a window id.")
    return from_compact(parts[1])


def drop_windows(data: Path, days: Days, windows: Iterable[str]) -> int:
    """Unlink the packs of these windows and forget their rows; how many packs went."""
    by_day: defaultdict[str, list[str]] = defaultdict(list)
    for window in windows:
        by_day[day_of(start_of(window))].append(window)
    count = 0
    for day, ids in by_day.items():
        index = days.get(day)
        if index is not None:
            index.drop_first(ids)
            count += finish_drops(data, days, day)
    return count


def finish_drops(data: Path, days: Days, day: str) -> int:
    """Unlink what is marked as dropped on `day`, then forget it; how many packs went."""
    index = days.get(day)
    if index is None:
        return 0
    folders: set[Path] = set()
    for path in index.drop_first([]):
        full = data / path
        full.unlink(missing_ok=True)
        folders.add(full.parent)
    count = len(folders)
    for folder in folders:
        _sync_or_remove(folder)
    if index.drop_last() and day < day_of(now_ms()):
        days.unlink(day)
    return count


def _sync_or_remove(folder: Path) -> None:
    """A camera's day without packs is no folder any more."""
    if not folder.is_dir():
        return
    sync_folder(folder)
    if not any(folder.iterdir()):
        folder.rmdir()
        sync_folder(folder.parent)
