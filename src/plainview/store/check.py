"""fsck of the store: every pack is read again, byte for byte, and compared with index and log.

    disks        each that is known is in its place; each pack stands once, where the index says
    packs        file header, place, every segment's header CRC and SHA-256, content (age, records)
    index        every segment has its row and every row its segment, field by field
    log          every root that this node logged is the root of what the packs hold

`repair` makes missing rows again and takes out rows and torn tails whose bytes are gone; it never
deletes bytes that hold a whole segment. Findings are sentences for a person.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plainview.base.durable import make_folder, write_file
from plainview.errors import BadFormat, Invalid, NotFound, StoreDamaged, Unavailable
from plainview.store.check_disks import check_places
from plainview.store.damaged import check_database, set_aside
from plainview.store.disks import Disk, by_path
from plainview.store.index import DayIndex, Segment, row_of
from plainview.store.lock import exclusive, is_written
from plainview.store.packs import SEGMENT_HEADER, Kind, check_content, scan
from plainview.store.recover import Report, read_header, recover_pack
from plainview.store.retention import finish_drops
from plainview.store.rooted import FILE, Leaf, RootBook, leaf_of
from plainview.store.store import Store
from plainview.tlog.entries import parse
from plainview.tlog.leaves import path as published
from plainview.tlog.leaves import roots
from plainview.tlog.reader import LogReader

Progress = Callable[[int, int], None]
"""Called with (packs read, packs in all)."""


@dataclass(slots=True)
class Result:
    """What was read and what is wrong; `repaired` says what `repair` did."""

    packs: int = 0
    segments: int = 0
    bytes: int = 0
    leaves: int = 0
    findings: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)

    def must_be_sound(self) -> None:
        """Raises `StoreDamaged` if anything is wrong."""
        if self.findings:
            raise StoreDamaged(
                f"{len(self.findings)} things are wrong in the store.",
                hint="Missing rows and torn tails are mended by plainview check --repair.",
            )


def check(store: Store, *, progress: Progress | None = None) -> Result:
    """Read everything and change nothing. While a recorder runs, its open packs are left out."""
    result = Result()
    result.findings += store.days.damaged().values()
    if result.findings:
        return result  # nothing can be compared with it
    live = is_written(store.data)
    found = list(store.disks.packs())
    for number, (disk, path) in enumerate(found):
        _check_pack(store, disk, path, result, live=live)
        if progress is not None:
            progress(number + 1, len(found))
    check_places(store, by_path(found), result.findings)
    _check_leaves(store, result)
    return result


def repair(store: Store, result: Result) -> None:
    """Mend the index and cut torn tails. Raises `Refused` while a recorder writes."""
    with exclusive(store.data):
        _set_aside(store, result)
        _repair(store, result)


def _set_aside(store: Store, result: Result) -> None:
    """Databases that cannot be read; the book of roots is made again by the recorder."""
    for day, reason in store.days.damaged().items():
        store.days.set_aside(day)
        result.repaired.append(f"{reason} It was set aside and is made again.")
    try:
        check_database(store.data / FILE)
    except StoreDamaged as error:
        set_aside(store.data / FILE)
        result.repaired.append(f"{error.message} It was set aside.")


def _repair(store: Store, result: Result) -> None:
    for day in store.days.all():
        finish_drops(store.disks, store.days, day)
    for disk, path in store.disks.packs():
        report = Report()
        recover_pack(disk, path, store.days, report)
        if report.reindexed:
            result.repaired.append(f"{path}: {report.reindexed} rows were made again.")
        if report.cut_bytes:
            result.repaired.append(f"{path}: {report.cut_bytes} torn bytes were cut off.")
        index = store.days.get(path.split("/")[2])
        if index is not None and (disk.folder / path).exists():
            _drop_rows_without_bytes(disk, index, path, result)
    present, away = {path for _, path in store.disks.packs()}, store.disks.away()
    for day in store.days.all():
        index = store.days.make(day)
        lost = [pack for pack in index.packs() if pack.pack not in present]
        gone = [pack.pack for pack in lost if pack.disk not in away]
        index.remove_packs(gone)
        result.repaired += [f"{path}: the pack is gone, so are its rows now." for path in gone]


def extract(store: Store, window: str, out: Path) -> int:
    """Write the originals of a window as bare age files into `out`; how many. Raises `NotFound`.

    Debian's `age -d -i` opens them once the window's identity was combined.
    """
    rows = store.of_window(Kind.ORIGINALS, window)
    if not rows:
        raise NotFound(f"Window {window} holds no original here.")
    make_folder(out)
    for row in rows:
        write_file(out / f"{window}.{row.seq:06}.mp4.age", store.read(row))
    return len(rows)


def _check_pack(store: Store, disk: Disk, path: str, result: Result, *, live: bool) -> None:
    result.packs += 1
    index = store.days.get(path.split("/")[2])
    rows = {row.offset: row for row in index.of_pack(path)} if index else {}
    is_open = live and (index is None or _open(index, path))
    try:
        name, header, _ = read_header(disk.folder, path)
    except StoreDamaged as error:
        result.findings.append(f"{path}: {error.message}")
        return
    for found in scan(disk.folder / path):
        if found.header is None:
            if not is_open:
                result.findings.append(f"{path}: {found.size} damaged bytes at {found.offset}.")
            continue
        result.segments += 1
        result.bytes += found.header.length
        row = rows.pop(found.offset, None)
        window = header.record.window
        if row is None and not is_open:
            result.findings.append(f"{path}: segment {found.header.sequence} is not in the index.")
        elif row is not None and row != row_of(
            name.camera, name.kind, window, path, found.offset, found.header
        ):
            result.findings.append(f"{path}: the row of segment {row.seq} differs from the pack.")
        _check_bytes(disk.folder / path, name.kind, found.offset, found.header.length, result)
    result.findings += [
        f"{path}: segment {row.seq} was acknowledged and cannot be read." for row in rows.values()
    ]


def _check_bytes(path: Path, kind: Kind, offset: int, length: int, result: Result) -> None:
    with path.open("rb") as file:
        file.seek(offset + SEGMENT_HEADER)
        data = file.read(length)
    try:
        check_content(kind, data)
    except BadFormat as error:
        result.findings.append(f"{path}: at {offset}: {error.message}")


def _open(index: DayIndex, path: str) -> bool:
    """Whether a running recorder may still append; a pack without a row was begun just now."""
    closed = [pack.closed for pack in index.packs() if pack.pack == path]
    return not any(closed)


def _drop_rows_without_bytes(disk: Disk, index: DayIndex, path: str, result: Result) -> None:
    whole = {found.offset for found in scan(disk.folder / path) if found.header is not None}
    lost = [row for row in index.of_pack(path) if row.offset not in whole]
    index.remove(lost)
    result.repaired += [
        f"{path}: the row of segment {row.seq}, which cannot be read, was taken out."
        for row in lost
    ]


def _check_leaves(store: Store, result: Result) -> None:
    """What was logged about a window must be what its pack holds, as long as it is stored."""
    if not (store.data / FILE).exists():
        return
    try:
        check_database(store.data / FILE)
    except StoreDamaged as error:
        result.findings.append(error.message)
        return
    book = RootBook(store.data)
    try:
        _check_published(store, book, result)
        for window, leaves in book.by_window().items():
            rows = store.of_window(Kind.ORIGINALS, window)
            if rows:
                _check_window_leaves(window, rows, leaves, result)
    finally:
        book.close()


def _check_published(store: Store, book: RootBook, result: Result) -> None:
    """The leaves that the log publishes are those of the book, as far as it still has them."""
    for batch in book.batches():
        file = store.data / "log" / published(batch.entry)
        if batch.index is None or not file.parent.is_dir():
            continue
        try:
            shown = json.loads(file.read_bytes())
        except (OSError, ValueError):
            result.findings.append(f"log: the leaves of {batch.minute} cannot be read.")
            continue
        if any(leaf.to_dict() not in shown for leaf in batch.leaves):
            result.findings.append(f"log: the leaves of {batch.minute} are not what was written.")
        elif (store.data / "log" / "checkpoint").exists():
            _check_entry(store, batch.index, shown, result)


def _check_entry(store: Store, index: int, shown: list[dict[str, Any]], result: Result) -> None:
    """The entry at `index` holds the roots of the leaves that are published for it."""
    reader = LogReader.folder(store.data / "log")
    try:
        bodies = [parse(raw).body for _, raw in reader.entries(index, index + 1)]
    except (NotFound, Unavailable, Invalid) as error:
        result.findings.append(f"log: entry {index} cannot be read: {error.message}")
        return
    if [(body.get("cipher_root"), body.get("plain_root")) for body in bodies] != [roots(shown)]:
        result.findings.append(f"log: entry {index} holds other roots than its leaves.")


def _check_window_leaves(
    window: str, rows: list[Segment], leaves: list[Leaf], result: Result
) -> None:
    place = 0
    for leaf in leaves:
        part = rows[place : place + leaf.segments]
        place += leaf.segments
        result.leaves += 1
        if len(part) < leaf.segments or leaf_of(part, leaf.minute, leaf.register) != leaf:
            result.findings.append(
                f"{window}: the log holds another root for minute {leaf.minute} than the pack."
            )
