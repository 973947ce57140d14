"""At start: cut torn tails, index again what the packs hold and the index does not.

Only packs that the index does not know as closed are read. Bytes that hold a whole segment are
never cut, whether acknowledged or not, but for one case: where a window went on in a further part
because a disk failed, what was not acknowledged before the fault was declared a gap, and is cut.
Damage in the middle of a pack stays and is reported. Packs on disks that are away are left as they
are, and so are their rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from plainview.base.durable import sync_folder
from plainview.errors import BadFormat, StoreDamaged
from plainview.seal.windows import WindowHeader
from plainview.store.days import Days
from plainview.store.disks import Disk, Disks
from plainview.store.index import DayIndex, Pack, Segment, row_of
from plainview.store.packs import (
    PackName,
    holds_segments,
    name_of,
    part_of,
    read_file_header,
    scan,
)
from plainview.store.retention import finish_drops

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


def recover(disks: Disks, days: Days) -> Report:
    """Bring packs and index together. Nothing else may write meanwhile."""
    report = Report()
    for day, reason in days.damaged(newest=WRITTEN_DAYS).items():
        days.set_aside(day)
        report.set_aside.append(reason)
    for day in days.all():
        finish_drops(disks, days, day)
    known: dict[str, dict[str, Pack]] = {}
    moved: dict[str, list[tuple[Disk, str]]] = {}
    for disk, path in disks.packs():
        day = path.split("/")[2]
        if day not in known:
            index = days.get(day)
            known[day] = {pack.pack: pack for pack in index.packs()} if index else {}
        pack = known[day].get(path)
        if pack is None or not pack.closed:
            recover_pack(disk, path, days, report)
        elif pack.disk != disk.id or pack.register < 0:
            moved.setdefault(day, []).append((disk, path))
    for day, places in moved.items():
        days.make(day).place(_placed(places, report))
    return report


def read_header(folder: Path, path: str) -> tuple[PackName, WindowHeader, int]:
    """Name, window header and first offset of a pack; `StoreDamaged` if it lies elsewhere."""
    with (folder / path).open("rb") as file:
        kind, header, offset = read_file_header(file)
    try:
        name = name_of(kind, header, part_of(path))
    except BadFormat as error:
        raise StoreDamaged(f"{path}: {error.message}") from error
    if name.path != path:
        raise StoreDamaged(f"{path} holds the window of {name.path}.")
    return name, header, offset


def pack_row(name: PackName, header: WindowHeader, disk: str, size: int = 0) -> Pack:
    """The index row of a pack that is not closed."""
    record = header.record
    return Pack(
        name.path, name.kind, name.camera, record.window, record.start_ms, record.end_ms,
        False, disk, record.class_, record.register_, size,
    )  # fmt: skip


def recover_pack(disk: Disk, path: str, days: Days, report: Report) -> None:
    """Cut one pack behind its last whole segment and make its rows again."""
    full = disk.folder / path
    report.packs += 1
    try:
        name, header, end = read_header(disk.folder, path)
    except StoreDamaged as error:
        _without_header(full, path, days, report, error)
        return
    index = days.make(name.day)
    known = index.of_pack(path)
    acknowledged = {row.seq for row in known}
    limit = _taken_over(index, name, header)
    rows: list[Segment] = []
    holes: list[tuple[int, int]] = []
    for found in scan(full):
        if found.header is None:
            holes.append((found.offset, found.size))
            continue
        if limit is not None and found.header.sequence not in acknowledged:
            continue
        window = header.record.window
        rows.append(row_of(name.camera, name.kind, window, path, found.offset, found.header))
        end = found.offset + found.size
    report.damaged += [
        f"{path}: {size} damaged bytes at {offset}." for offset, size in holes if offset < end
    ]
    report.cut_bytes += cut(full, end)
    held = {row.seq: row for row in rows}
    index.remove(row for row in known if row != held.get(row.seq, row))  # the pack is right
    right = {row.seq for row in known if row == held.get(row.seq)}
    report.reindexed += len(held.keys() - right)
    lost = acknowledged - held.keys()
    if lost:
        report.damaged.append(f"{path}: {len(lost)} acknowledged segments cannot be read.")
    mine = pack_row(name, header, disk.id, end)
    index.add([mine], rows, [path], {path: end})
    index.place([mine])


def cut(path: Path, end: int) -> int:
    """Truncate durably; how many bytes went."""
    handle = os.open(path, os.O_RDWR)
    try:
        extra = os.fstat(handle).st_size - end
        os.ftruncate(handle, end)
        os.fsync(handle)
    finally:
        os.close(handle)
    return extra


def _taken_over(index: DayIndex, name: PackName, header: WindowHeader) -> str | None:
    """The later part in which the window went on after this one, if there is any."""
    later = [
        pack.pack
        for pack in index.packs(header.record.window)
        if pack.kind is name.kind and part_of(pack.pack) > name.part
    ]
    return later[0] if later else None


def _placed(places: Iterable[tuple[Disk, str]], report: Report) -> Iterator[Pack]:
    """Packs that were copied to another disk, or that the first release wrote."""
    for disk, path in places:
        try:
            name, header, _ = read_header(disk.folder, path)
            yield pack_row(name, header, disk.id)
        except StoreDamaged as error:
            report.damaged.append(f"{path}: {error.message}")


def _without_header(full: Path, path: str, days: Days, report: Report, error: StoreDamaged) -> None:
    """A pack whose creation was torn goes; one that holds a segment or has rows is damaged."""
    index = days.get(path.split("/")[2])
    if holds_segments(full) or (index is not None and index.of_pack(path)):
        report.damaged.append(f"{path}: {error.message}")
        return
    report.cut_bytes += full.stat().st_size
    report.removed += 1
    full.unlink()
    sync_folder(full.parent)
    if index is not None:
        index.remove_packs([path])
