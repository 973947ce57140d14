"""Dropping windows whose keys were shredded: packs and rows.

The shred itself is the keeper's: without the key the bytes are noise. This frees the space. Order:
mark the windows as dropped (committed), unlink the packs (folder synced), delete the rows; a crash
between the steps is finished at the next start, and no pack comes back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from plainview.base.clock import DAY_MS, now_ms
from plainview.base.days import day_of
from plainview.base.durable import sync_folder
from plainview.seal.windows import WindowId
from plainview.store.days import Days


def drop_windows(data: Path, days: Days, windows: Iterable[str]) -> int:
    """Unlink the packs of these windows and forget their rows; how many packs went."""
    by_day: defaultdict[str, list[str]] = defaultdict(list)
    for window in windows:
        by_day[day_of(WindowId.parse(window).start)].append(window)
    count = 0
    for day, ids in by_day.items():
        index = days.get(day)
        if index is not None and any(index.packs(window) for window in ids):
            index.drop_first(ids)
            count += finish_drops(data, days, day)
    return count


def finish_drops(data: Path, days: Days, day: str) -> int:
    """Unlink what is marked as dropped on `day`, then forget it; how many packs went."""
    index = days.get(day)
    if index is None:
        return 0
    packs = index.drop_first([])
    over = day < day_of(now_ms() - DAY_MS)
    for path in packs:
        (data / path).unlink(missing_ok=True)
    for folder in {(data / path).parent for path in packs}:
        _sync_or_remove(folder, over=over)
    if index.drop_last() and over:
        days.unlink(day)
    return len(packs)


def _sync_or_remove(folder: Path, *, over: bool) -> None:
    """Make the unlinking durable; a folder of a day that is over goes with its last pack."""
    if not folder.is_dir():
        return
    sync_folder(folder)
    if over and not any(folder.iterdir()):
        folder.rmdir()
        sync_folder(folder.parent)
