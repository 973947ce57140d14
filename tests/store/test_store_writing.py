"""Writing, group commit, finding, reading, dropping."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.base.settings import Settings
from plainview.errors import BadFormat, NotFound, Refused, StoreDamaged, StoreFull
from plainview.seal.windows import WindowHeader
from plainview.store.days import Days
from plainview.store.disks import Disks
from plainview.store.packs import SEGMENT_HEADER, Kind
from plainview.store.records import KEY, Record
from plainview.store.reserve import Reserve
from plainview.store.room import Room
from plainview.store.spans import Span
from plainview.store.store import Store
from plainview.store.volumes import Volumes
from plainview.store.writer import NewSegment, Writer

MakeHeader = Callable[..., WindowHeader]
MakeSegment = Callable[..., NewSegment]
START = 1_763_888_400_000


def test_what_was_written_is_found_and_read(
    store: Store, make_header: MakeHeader, make_original: MakeSegment, make_view: MakeSegment
) -> None:
    window = make_header()
    originals = [make_original(n) for n in range(5)]
    views = [make_view(n) for n in range(3)]
    with store.writer() as writer:
        tickets = [writer.add(Kind.ORIGINALS, window, one) for one in originals]
        tickets += [writer.add(Kind.VIEWS, window, one) for one in views]
        writer.flush()
        for ticket in tickets:
            ticket.wait(0)
        found = store.segments(Kind.ORIGINALS, "cam-01", START + 1500, START + 3500)
        assert [one.seq for one in found] == [1, 2, 3]
        assert [store.read(one) for one in found] == [one.data for one in originals[1:4]]
    assert [store.read(one) for one in store.of_window(Kind.VIEWS, window.record.window)] == [
        one.data for one in views
    ]
    assert store.windows("cam-01", START, START + 60_000) == [window.record.window]
    assert store.header(window.record.window) == window
    assert not store.segments(Kind.ORIGINALS, "cam-02", START, START + 60_000)


def test_a_commit_comes_by_itself(
    store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    with store.writer() as writer:
        begun = time.monotonic()
        writer.add(Kind.ORIGINALS, make_header(), make_original(0)).wait(5)
        assert time.monotonic() - begun < 4


def test_a_closed_pack_has_its_true_size(
    store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    window = make_header()
    with store.writer() as writer:
        writer.add(Kind.ORIGINALS, window, make_original(0, size=1000))
        writer.flush()
        path = store.data / store.packs(window.record.window)[0].pack
        assert path.stat().st_size == 16 << 20
        writer.close_window(Kind.ORIGINALS, window)
        writer.flush()
        assert path.stat().st_size < 10_000
        assert store.packs(window.record.window)[0].closed


def test_plaintext_originals_are_refused(store: Store, make_header: MakeHeader) -> None:
    plain = NewSegment(0, START, 1000, START, "rtcp", b"\0\0\0\x1cftypiso6" + bytes(100), "ab" * 32)
    with store.writer() as writer, pytest.raises(BadFormat, match="not sealed"):
        writer.add(Kind.ORIGINALS, make_header(), plain)
    assert not (store.data / "originals").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\x01\x67" + bytes(50),
        Record(0, 0, START, bytes(40)).to_bytes(),
        Record(1, KEY, START, bytes(40)).to_bytes() + Record(1, 0, START, bytes(40)).to_bytes(),
        Record(1, KEY, START, bytes(40)).to_bytes()[:-1],
        b"",
    ],
    ids=["annexb", "no-key-first", "number-twice", "cut", "empty"],
)
def test_views_that_are_not_records_are_refused(
    store: Store, make_header: MakeHeader, data: bytes
) -> None:
    with store.writer() as writer, pytest.raises(BadFormat):
        writer.add(Kind.VIEWS, make_header(), NewSegment(0, START, 2000, START, "rtcp", data))


def test_a_window_is_never_reopened(
    store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    window = make_header()
    with store.writer() as writer:
        writer.add(Kind.ORIGINALS, window, make_original(0))
    with store.writer() as writer:
        ticket = writer.add(Kind.ORIGINALS, window, make_original(1))
        with pytest.raises(Refused, match="exists already"):
            ticket.wait(5)
        writer.add(Kind.ORIGINALS, make_header(epoch=2), make_original(0)).wait(5)


def test_reserve_stops_recording_and_nothing_acknowledged_is_lost(
    settings: Settings, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    settings.data.mkdir()
    free = [1 << 40]
    days = Days(settings.data)
    disks = Disks(settings.data)
    volumes = Volumes(disks, lambda folder: Reserve(folder, 1 << 20, free=lambda _: free[0]))
    reserve, window = volumes.data, make_header()
    room = Room({}, limits={}, last_hours=1)
    with Writer(days, volumes, room, commit_seconds=60) as writer:
        writer.add(Kind.ORIGINALS, window, make_original(0))
        writer.flush()
        assert reserve.file.exists()
        free[0] = 1000
        late = writer.add(Kind.ORIGINALS, window, make_original(1))
        writer.flush()
        with pytest.raises(StoreFull, match="reserve"):
            late.wait(0)
        assert isinstance(writer.trouble, StoreFull)
        assert not reserve.file.exists()
        free[0] = 1 << 40
        writer.add(Kind.ORIGINALS, window, make_original(2))
        writer.flush()
        assert writer.trouble is None
    index = days.get("2025-11-23")
    assert index is not None
    assert [one.seq for one in index.of_window(Kind.ORIGINALS, window.record.window)] == [0, 2]
    days.close()


def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    """The system's own refusal (a file size limit): the segment is refused, the rest stays."""
    script = Path(__file__).with_name("writing_child.py")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20 << 20, 20 << 20))

    done = subprocess.run(
        [sys.executable, str(script), "full", str(tmp_path / "data")],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    accepted, refused, readable = map(int, done.stdout.splitlines()[-1].split())
    assert accepted > 3
    assert refused > 0
    assert readable == accepted


def test_damaged_bytes_are_not_served(
    store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    with store.writer() as writer:
        writer.add(Kind.ORIGINALS, make_header(), make_original(0))
    (segment,) = store.segments(Kind.ORIGINALS, "cam-01", START, START + 2000)
    handle = os.open(store.data / segment.pack, os.O_RDWR)
    place = segment.offset + SEGMENT_HEADER + 30
    (byte,) = os.pread(handle, 1, place)
    os.pwrite(handle, bytes([byte ^ 1]), place)
    os.close(handle)
    with pytest.raises(StoreDamaged, match="not what was written"):
        store.read(segment)


def test_dropped_windows_are_gone(
    store: Store, make_header: MakeHeader, make_original: MakeSegment, make_view: MakeSegment
) -> None:
    first, second = make_header(), make_header(START + 60_000)
    with store.writer() as writer:
        for window in (first, second):
            at = window.record.start_ms
            writer.add(Kind.ORIGINALS, window, make_original(0, start=at))
            writer.add(Kind.VIEWS, window, make_view(0, start=at))
    (kept,) = store.of_window(Kind.ORIGINALS, second.record.window)
    (gone,) = store.of_window(Kind.ORIGINALS, first.record.window)
    assert store.drop_windows([first.record.window, "cam-09.20200101T000000Z.1.0"]) == 2
    assert not store.of_window(Kind.VIEWS, first.record.window)
    with pytest.raises(NotFound):
        store.read(gone)
    with pytest.raises(NotFound):
        store.header(first.record.window)
    assert store.read(kept)
    assert store.drop_windows([second.record.window]) == 2
    assert not list(store.data.glob("index/*"))
    assert not list(store.data.glob("*/*/*/*.pack"))


def test_a_drop_that_a_crash_cut_short_is_finished(
    store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    window = make_header()
    with store.writer() as writer:
        writer.add(Kind.ORIGINALS, window, make_original(0))
    index = store.days.get("2025-11-23")
    assert index is not None
    index.drop_first([window.record.window])
    store.recover()
    assert not list(store.data.glob("*/*/*/*.pack"))


def test_spans_show_gaps_and_pixelated_stretches(
    store: Store, make_header: MakeHeader, make_view: MakeSegment
) -> None:
    with store.writer() as writer:
        for n in (0, 1, 4, 5):
            writer.add(Kind.VIEWS, make_header(), make_view(n, flags=1 if n == 5 else 0))
    assert store.spans("cam-01", START - 1000, START + 20_000) == [
        Span(START - 1000, START, "gap"),
        Span(START, START + 4000, "recorded"),
        Span(START + 4000, START + 8000, "gap"),
        Span(START + 8000, START + 10_000, "recorded"),
        Span(START + 10_000, START + 12_000, "pixelated"),
        Span(START + 12_000, START + 20_000, "gap"),
    ]


def test_two_writers_are_refused(store: Store) -> None:
    with store.writer():
        with pytest.raises(Refused, match="being written"):
            store.writer()
        with pytest.raises(Refused):
            store.recover()
    store.recover()
