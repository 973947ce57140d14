"""At start: cut torn tails, index again what the packs hold and the index does not.

Only packs that the index does not know as closed are read. Bytes that hold a whole segment are
never cut, whether acknowledged or not; damage in the middle of a pack stays and is reported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from plainview.base.durable import sync_folder
from plainview.errors import BadFormat, StoreDamaged
from plainview.seal.windows import WindowHeader
from plainview.store.days import Days
from plainview.store.index import Segment, row_of
from plainview.store.packs import Kind, PackName, holds_segments, name_of, read_file_header, scan
from plainview.store.retention import finish_drops
from plainview.store.writer import pack_row

WRITTEN_DAYS = 2
"""Indexes that were written lately are read whole at a start; older ones are only opened."""


@dataclass(slots=True)
class Report:
    """What recovery did; `damaged` are sentences for a person."""

    packs: int = 0
    reindexed: int = 0
    cut_bytes: int = 0
    removed: int = 0
    set_aside: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def pack_paths(data: Path) -> Iterator[str]:
    """Every pack under the data folder, relative to it, by kind, camera and day."""
    for kind in Kind:
        for path in sorted((data / kind).glob("*/*/*.pack")):
            yield path.relative_to(data).as_posix()


def recover(data: Path, days: Days) -> Report:
    """Bring packs and index together. Nothing else may write meanwhile."""
    report = Report()
    for day, reason in days.damaged(newest=WRITTEN_DAYS).items():
        days.set_aside(day)
        report.set_aside.append(reason)
    for day in days.all():
        finish_drops(data, days, day)
    known: dict[str, set[str]] = {}
    for path in pack_paths(data):
        day = path.split("/")[2]
        if day not in known:
            index = days.get(day)
            packs = index.packs() if index else []
            known[day] = {pack.pack for pack in packs if pack.closed}
        if path not in known[day]:
            recover_pack(data, path, days, report)
    return report


def read_header(data: Path, path: str) -> tuple[PackName, WindowHeader, int]:
    """Name, window header and first offset of a pack; `StoreDamaged` if it lies elsewhere."""
    with (data / path).open("rb") as file:
        kind, header, offset = read_file_header(file)
    try:
        name = name_of(kind, header)
    except BadFormat as error:
        raise StoreDamaged(f"{path}: {error.message}") from error
    if name.path != path:
        raise StoreDamaged(f"{path} holds the window of {name.path}.")
    return name, header, offset


def recover_pack(data: Path, path: str, days: Days, report: Report) -> None:
    """Cut one pack behind its last whole segment and make its rows again."""
    full = data / path
    report.packs += 1
    try:
        name, header, end = read_header(data, path)
    except StoreDamaged as error:
        _without_header(data, path, days, report, error)
        return
    rows: list[Segment] = []
    holes: list[tuple[int, int]] = []
    for found in scan(full):
        if found.header is None:
            holes.append((found.offset, found.size))
            continue
        window = header.record.window
        rows.append(row_of(name.camera, name.kind, window, path, found.offset, found.header))
        end = found.offset + found.size
    report.damaged += [
        f"{path}: {size} damaged bytes at {offset}." for offset, size in holes if offset < end
    ]
    report.cut_bytes += _cut(full, end)
    index = days.make(name.day)
    held = {row.seq: row for row in rows}
    known = index.of_pack(path)
    index.remove(row for row in known if row != held.get(row.seq, row))  # the pack is right
    right = {row.seq for row in known if row == held.get(row.seq)}
    report.reindexed += len(held.keys() - right)
    lost = {row.seq for row in known} - held.keys()
    if lost:
        report.damaged.append(f"{path}: {len(lost)} acknowledged segments cannot be read.")
    index.add([pack_row(name, header)], rows, [path])


def _cut(path: Path, end: int) -> int:
    """Truncate durably; how many bytes went."""
    handle = os.open(path, os.O_RDWR)
    try:
        extra = os.fstat(handle).st_size - end
        os.ftruncate(handle, end)
        os.fsync(handle)
    finally:
        os.close(handle)
    return extra


def _without_header(data: Path, path: str, days: Days, report: Report, error: StoreDamaged) -> None:
    """A pack whose creation was torn goes; one that holds a segment or has rows is damaged."""
    full, index = data / path, days.get(path.split("/")[2])
    if holds_segments(full) or (index is not None and index.of_pack(path)):
        report.damaged.append(f"{path}: {error.message}")
        return
    report.cut_bytes += full.stat().st_size
    report.removed += 1
    full.unlink()
    sync_folder(full.parent)
    if index is not None:
        index.remove_packs([path])
