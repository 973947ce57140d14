"""The store of a node as others see it: write segments, find them, read them, drop them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import structlog

from plainview.base.clock import DAY_MS
from plainview.base.days import day_of
from plainview.base.durable import make_folder
from plainview.base.settings import Settings
from plainview.errors import NotFound, PlainviewError, StoreDamaged
from plainview.seal.windows import WindowHeader, WindowId
from plainview.store.days import Days
from plainview.store.index import Pack, Segment
from plainview.store.lock import exclusive
from plainview.store.packs import (
    SEGMENT_HEADER,
    Kind,
    parse_segment_header,
    read_file_header,
)
from plainview.store.recover import Report, recover
from plainview.store.reserve import Reserve
from plainview.store.retention import drop_windows
from plainview.store.spans import Span, spans
from plainview.store.writer import Writer

log = structlog.get_logger()


class Store:
    """Opens nothing until asked; threads may share it. Close it after use."""

    def __init__(self, settings: Settings) -> None:
        self.data: Path = settings.data
        self._settings = settings
        self.days = Days(settings.data)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the indexes."""
        self.days.close()

    def writer(self) -> Writer:
        """The node's one writer, after recovery. Raises `Refused` while another one writes."""
        make_folder(self.data)
        lock = exclusive(self.data)
        try:
            report = recover(self.data, self.days)
            if report.packs:
                log.info("store_recovered", **asdict(report))
            reserve = Reserve(self.data, self._settings.disk_reserve_mb << 20)
            every = self._settings.commit_seconds
            return Writer(self.data, self.days, reserve, commit_seconds=every, lock=lock)
        except PlainviewError:
            lock.close()
            raise

    def recover(self) -> Report:
        """Cut torn tails, index what is missing. Raises `Refused` while a recorder writes."""
        with exclusive(self.data):
            return recover(self.data, self.days)

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
        """The window's header out of one of its packs. Raises `NotFound`, `StoreDamaged`."""
        for pack in self.packs(window):
            try:
                with (self.data / pack.pack).open("rb") as file:
                    return read_file_header(file)[1]
            except FileNotFoundError:
                continue
        raise NotFound(
            f"Window {window} is not stored here.", hint="It was never recorded, or was deleted."
        )

    def read(self, segment: Segment) -> bytes:
        """The stored bytes: an age file, or the records of a GOP.

        Raises `NotFound` when the window was dropped meanwhile, `StoreDamaged` when the bytes are
        not what was written.
        """
        try:
            with (self.data / segment.pack).open("rb") as file:
                file.seek(segment.offset)
                header = parse_segment_header(file.read(SEGMENT_HEADER))
                data = file.read(segment.length)
        except FileNotFoundError as error:
            raise NotFound(f"Window {segment.window} was deleted.") from error
        if header.cipher != segment.cipher_sha256 or sha256(data).hexdigest() != header.cipher:
            raise StoreDamaged(
                f"{segment.pack}: segment {segment.seq} is not what was written.",
                hint="Run plainview check.",
            )
        return data

    def spans(self, camera: str, from_ms: int, to_ms: int) -> list[Span]:
        """The timeline of the camera's view over [from_ms, to_ms)."""
        return spans(self.segments(Kind.VIEWS, camera, from_ms, to_ms), from_ms, to_ms)

    def drop_windows(self, windows: Iterable[str]) -> int:
        """Unlink the packs of windows that were shredded; how many packs went."""
        return drop_windows(self.data, self.days, windows)


def _day(window: str) -> str:
    return day_of(WindowId.parse(window).start)
