"""Damaged databases: found out, set aside, made again; none of them stops a recorder."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from plainview.errors import StoreDamaged, Unavailable
from plainview.seal.windows import WindowHeader
from plainview.store.check import check, repair
from plainview.store.damaged import check_database
from plainview.store.index import Segment
from plainview.store.packs import Kind
from plainview.store.rooted import FILE, RootBook
from plainview.store.store import Store
from plainview.store.writer import NewSegment

MakeHeader = Callable[..., WindowHeader]
MakeSegment = Callable[..., NewSegment]
WAYS: dict[str, Callable[[Path], None]] = {
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "cut short": lambda path: os.truncate(path, 50),
    "zeros": lambda path: _overwrite(path, bytes(path.stat().st_size)),
    "noise": lambda path: _overwrite(path, os.urandom(path.stat().st_size)),
}


def _overwrite(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def written(store: Store, header: WindowHeader, segments: list[NewSegment]) -> list[Segment]:
    with store.writer() as writer:
        for one in segments:
            writer.add(Kind.ORIGINALS, header, one)
    store.close()
    return store.of_window(Kind.ORIGINALS, header.record.window)


def damage(store: Store, way: str) -> Path:
    store.close()
    (path,) = (store.data / "index").glob("*.db")
    WAYS[way](path)
    return path


@pytest.mark.parametrize("way", WAYS)
def test_a_damaged_index_is_made_again_at_the_next_start(
    way: str, store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    header = make_header()
    rows = written(store, header, [make_original(n) for n in range(5)])
    path = damage(store, way)
    store.writer().close()
    assert store.of_window(Kind.ORIGINALS, header.record.window) == rows
    assert path.with_name(f"{path.name}.damaged").exists()
    assert check(store).findings == []


@pytest.mark.parametrize("way", WAYS)
def test_check_names_a_damaged_index_and_repair_mends_it(
    way: str, store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    header = make_header()
    rows = written(store, header, [make_original(n) for n in range(5)])
    damage(store, way)
    result = check(store)
    (finding,) = result.findings
    assert "cannot be read" in finding
    repair(store, result)
    assert check(store).findings == []
    assert store.of_window(Kind.ORIGINALS, header.record.window) == rows


def test_a_row_that_differs_from_its_pack_is_made_again(
    store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    header = make_header()
    rows = written(store, header, [make_original(n) for n in range(3)])
    store.close()
    (path,) = (store.data / "index").glob("*.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE segments SET start_ms = start_ms + 4096 WHERE seq = 1")
    result = check(store)
    assert "differs" in result.findings[0]
    repair(store, result)
    assert check(store).findings == []
    assert store.of_window(Kind.ORIGINALS, header.record.window) == rows


@pytest.mark.parametrize("way", WAYS)
def test_a_damaged_book_of_roots_is_named_and_set_aside(way: str, store: Store) -> None:
    store.data.mkdir(parents=True, exist_ok=True)
    RootBook(store.data).close()
    WAYS[way](store.data / FILE)
    result = check(store)
    assert "roots.db cannot be read" in result.findings[0]
    repair(store, result)
    assert not (store.data / FILE).exists()
    assert check(store).findings == []


def test_an_index_that_is_damaged_under_the_writer_ends_it(
    store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    header = make_header()
    writer = store.writer()
    writer.add(Kind.ORIGINALS, header, make_original(0))
    writer.flush()
    assert writer.alive
    damage(store, "noise")
    for beside in (store.data / "index").glob("*-*"):
        if beside.name.endswith(("-wal", "-shm")):
            beside.unlink()
    refused = writer.add(Kind.ORIGINALS, header, make_original(1))
    with pytest.raises(StoreDamaged, match="is damaged"):
        writer.flush()
    assert refused.refused
    assert not writer.alive
    writer.close()
    store.writer().close()
    assert [row.seq for row in store.of_window(Kind.ORIGINALS, header.record.window)] == [0, 1]


def test_what_cannot_be_opened_is_not_taken_for_damaged(tmp_path: Path) -> None:
    (tmp_path / "x.db").mkdir()
    with pytest.raises(Unavailable):
        check_database(tmp_path / "x.db")
