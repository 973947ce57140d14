"""The store of a node as others see it: write segments, find them, read them, drop them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import structlog

from plainview.base.clock import DAY_MS
from plainview.base.days import day_of
from plainview.base.durable import make_folder
from plainview.base.settings import Settings
from plainview.errors import NotFound, PlainviewError, StoreDamaged, StoreFull, Unavailable
from plainview.seal.windows import WindowHeader, WindowId
from plainview.store.days import Days
from plainview.store.disks import Disks
from plainview.store.index import Loss, Pack, Segment
from plainview.store.lock import exclusive
from plainview.store.packs import (
    SEGMENT_HEADER,
    Kind,
    parse_segment_header,
    read_file_header,
)
from plainview.store.recover import Report, recover
from plainview.store.reserve import Reserve
from plainview.store.retention import drop_windows, finish_drops
from plainview.store.room import Room
from plainview.store.spans import Span, spans, with_reasons
from plainview.store.volumes import Volumes
from plainview.store.writer import Writer

log = structlog.get_logger()


class Store:
    """Opens nothing until asked; threads may share it. Close it after use."""

    def __init__(self, settings: Settings) -> None:
        self.data: Path = settings.data
        self._settings = settings
        self.days = Days(settings.data)
        self.disks = Disks(settings.data, settings.disks)
        self._room: Room | None = None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the indexes."""
        self.days.close()

    def writer(self) -> Writer:
        """The node's one writer, after recovery. Raises `Refused` while another one writes."""
        try:
            make_folder(self.data)
            lock = exclusive(self.data)
            try:
                return self._writer(lock)
            except (PlainviewError, OSError):
                lock.close()
                raise
        except OSError as error:
            raise Unavailable(
                f"{self.data} cannot be written: {error.strerror}.", hint="Check the disk."
            ) from error

    def _writer(self, lock: BinaryIO) -> Writer:
        with suppress(StoreFull):  # a full disk: this gives the reserve up, so that we can start
            self._reserve(self.data).check(0)
        volumes = Volumes(self.disks, self._reserve)
        report = recover(self.disks, self.days)
        if report.packs:
            log.info("store_recovered", **asdict(report))
        self._room = self._new_room()
        every, room = self._settings.commit_seconds, self._room
        return Writer(
            self.days, volumes, room, commit_seconds=every, lock=lock, settle=self._finish_drops
        )

    def usage(self) -> dict[str, int]:
        """Bytes that the recordings of each retention class take, as the index knows them."""
        found: dict[str, int] = {}
        for day in self.days.all():
            index = self.days.get(day)
            for name, size in (index.usage() if index is not None else {}).items():
                found[name] = found.get(name, 0) + size
        return found

    def recover(self) -> Report:
        """Cut torn tails, index what is missing. Raises `Refused` while a recorder writes."""
        with exclusive(self.data):
            return recover(self.disks, self.days)

    def segments(self, kind: Kind, camera: str, from_ms: int, to_ms: int) -> list[Segment]:
        """Acknowledged segments that overlap [from_ms, to_ms), by start."""
        found = [
            segment
            for index in self.days.between(from_ms, to_ms)
            for segment in index.between(kind, camera, from_ms, to_ms)
        ]
        return sorted(found, key=lambda one: (one.start_ms, one.seq))

    def of_window(self, kind: Kind, window: str, from_seq: int = 0) -> list[Segment]:
        """Acknowledged segments of one window by sequence, from `from_seq` on."""
        index = self.days.get(_day(window))
        return index.of_window(kind, window, from_seq) if index else []

    def windows(self, camera: str, from_ms: int, to_ms: int) -> list[str]:
        """Ids of the windows that hold originals of [from_ms, to_ms), by time."""
        found = self.segments(Kind.ORIGINALS, camera, from_ms, to_ms)
        return list(dict.fromkeys(segment.window for segment in found))

    def counts(self, ending_after: int = 0) -> dict[str, int]:
        """How many originals each window holds, of windows that end after a moment (ms)."""
        found: dict[str, int] = {}
        for day in self.days.all():
            index = self.days.get(day)
            if index is not None and day >= day_of(max(0, ending_after - DAY_MS)):
                found |= index.counts(Kind.ORIGINALS, ending_after)
        return found

    def packs(self, window: str) -> list[Pack]:
        """The packs of a window, originals first; empty when there is none (any more)."""
        index = self.days.get(_day(window))
        return sorted(index.packs(window), key=lambda one: one.kind) if index else []

    def header(self, window: str) -> WindowHeader:
        """The window's header out of one of its packs.

        Raises `NotFound`, `StoreDamaged`, `Unavailable` while its disk is away.
        """
        away: Unavailable | None = None
        for pack in self.packs(window):
            try:
                with self.disks.open(pack.pack, pack.disk) as file:
                    return read_file_header(file)[1]
            except Unavailable as error:
                away = error
            except NotFound:
                continue
        if away is not None:
            raise away
        raise NotFound(
            f"Window {window} is not stored here.", hint="It was never recorded, or was deleted."
        )

    def read(self, segment: Segment) -> bytes:
        """The stored bytes: an age file, or the records of a GOP.

        Raises `NotFound` when the window was dropped meanwhile, `Unavailable` while its disk is
        away, `StoreDamaged` when the bytes are not what was written.
        """
        with self._open(segment) as file:
            try:
                file.seek(segment.offset)
                header = parse_segment_header(file.read(SEGMENT_HEADER))
                data = file.read(segment.length)
            except OSError as error:
                raise StoreDamaged(
                    f"{segment.pack} cannot be read: {error.strerror}.", hint="Check the disk."
                ) from error
        if header.cipher != segment.cipher_sha256 or sha256(data).hexdigest() != header.cipher:
            raise StoreDamaged(
                f"{segment.pack}: segment {segment.seq} is not what was written.",
                hint="Run plainview check.",
            )
        return data

    def _open(self, segment: Segment) -> BinaryIO:
        file = self.disks.where(segment.pack)
        if file is not None:
            return self.disks.open(segment.pack)
        disks = [pack.disk for pack in self.packs(segment.window) if pack.pack == segment.pack]
        return self.disks.open(segment.pack, *disks)

    def register_of(self, window: str) -> int:
        """The register entry that a window was made under. Raises `NotFound`, `Unavailable`."""
        known = [pack.register for pack in self.packs(window) if pack.register >= 0]
        return known[0] if known else self.header(window).record.register_

    def losses(self, kind: Kind, camera: str, from_ms: int, to_ms: int) -> list[Loss]:
        """What was not stored of [from_ms, to_ms), by start, with the reasons."""
        found = [
            loss
            for index in self.days.between(from_ms, to_ms)
            for loss in index.losses(kind, camera, from_ms, to_ms)
        ]
        return sorted(found, key=lambda one: one.start_ms)

    def spans(self, camera: str, from_ms: int, to_ms: int) -> list[Span]:
        """The timeline of the camera's view over [from_ms, to_ms)."""
        found = self.segments(Kind.VIEWS, camera, from_ms, to_ms)
        losses = self.losses(Kind.VIEWS, camera, from_ms, to_ms)
        return with_reasons(spans(found, from_ms, to_ms), losses)

    def drop_windows(self, windows: Iterable[str]) -> int:
        """Unlink the packs of windows that were shredded; how many packs went."""
        gone = drop_windows(self.disks, self.days, windows)
        if self._room is not None:
            self._room.gone(gone)
        return len(gone)

    def _finish_drops(self) -> None:
        """A disk is back: what was shredded while it was away goes now."""
        for day in self.days.all():
            gone = finish_drops(self.disks, self.days, day)
            if self._room is not None:
                self._room.gone(gone)

    def _new_room(self) -> Room:
        limits = {name: int(gb * 1e9) for name, gb in self._settings.class_limits_gb.items()}
        return Room(self.usage(), limits=limits, last_hours=self._settings.room_last_hours)

    def _reserve(self, folder: Path) -> Reserve:
        return Reserve(folder, self._settings.disk_reserve_mb << 20)


def _day(window: str) -> str:
    return day_of(WindowId.parse(window).start)
