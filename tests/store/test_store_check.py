"""`plainview check`: what is wrong is found, what can be mended is mended, age files come out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest
import typer
from typer.testing import CliRunner

from plainview.cli.check import command
from plainview.errors import NotFound, StoreDamaged
from plainview.seal.segments import SegmentMeta, open_segment, seal_segment
from plainview.seal.windows import WindowHeader
from plainview.store.check import check, extract, repair
from plainview.store.packs import SEGMENT_HEADER, Kind
from plainview.store.rooted import RootBook, leaf_of
from plainview.store.store import Store
from plainview.store.writer import NewSegment

MakeHeader = Callable[..., WindowHeader]
MakeSegment = Callable[..., NewSegment]
START = 1_763_888_400_000


@pytest.fixture
def filled(
    store: Store, make_header: MakeHeader, make_original: MakeSegment, make_view: MakeSegment
) -> Store:
    header = make_header()
    with store.writer() as writer:
        for n in range(4):
            writer.add(Kind.ORIGINALS, header, make_original(n))
            writer.add(Kind.VIEWS, header, make_view(n))
    return store


def spoil(store: Store, offset_of: Callable[[int], int]) -> None:
    row = store.segments(Kind.ORIGINALS, "cam-01", START, START + 60_000)[1]
    handle = os.open(store.data / row.pack, os.O_RDWR)
    try:
        place = offset_of(row.offset)
        byte = os.pread(handle, 1, place)[0]
        os.pwrite(handle, bytes([byte ^ 1]), place)
    finally:
        os.close(handle)


def test_a_sound_store_is_sound(filled: Store) -> None:
    result = check(filled)
    assert (result.packs, result.segments, result.findings) == (2, 8, [])
    result.must_be_sound()


@pytest.mark.parametrize("place", [0, 10, 60, SEGMENT_HEADER, SEGMENT_HEADER + 100])
def test_one_changed_bit_is_found(filled: Store, place: int) -> None:
    spoil(filled, lambda offset: offset + place)
    result = check(filled)
    assert any("cannot be read" in line for line in result.findings)
    with pytest.raises(StoreDamaged, match="wrong in the store"):
        result.must_be_sound()


def test_missing_rows_are_found_and_made_again(filled: Store) -> None:
    index = filled.days.get("2025-11-23")
    assert index is not None
    rows = filled.segments(Kind.ORIGINALS, "cam-01", START, START + 60_000)
    index.remove(rows[:2])
    result = check(filled)
    assert sum("not in the index" in line for line in result.findings) == 2
    repair(filled, result)
    assert check(filled).findings == []
    assert filled.segments(Kind.ORIGINALS, "cam-01", START, START + 60_000) == rows


def test_a_pack_that_is_gone_is_found_and_its_rows_taken_out(filled: Store) -> None:
    row = filled.segments(Kind.VIEWS, "cam-01", START, START + 60_000)[0]
    (filled.data / row.pack).unlink()
    result = check(filled)
    assert result.findings == [f"{row.pack}: the index knows this pack and it is gone."]
    repair(filled, result)
    assert check(filled).findings == []
    assert not filled.segments(Kind.VIEWS, "cam-01", START, START + 60_000)


def test_a_torn_tail_is_cut_by_repair(filled: Store) -> None:
    row = filled.segments(Kind.VIEWS, "cam-01", START, START + 60_000)[-1]
    pack = filled.data / row.pack
    with pack.open("ab") as file:
        file.write(b"PLVSEGMT half of a segment")
    result = check(filled)
    assert "damaged bytes" in result.findings[0]
    repair(filled, result)
    assert check(filled).findings == []


def test_roots_that_differ_from_the_packs_are_found(filled: Store) -> None:
    rows = filled.segments(Kind.ORIGINALS, "cam-01", START, START + 60_000)
    book = RootBook(filled.data)
    book.add("11" * 16, [leaf_of(rows[:3], "2025-11-23T09:01:00.000Z", 3)])
    book.logged("11" * 16, 7)
    result = check(filled)
    assert (result.leaves, result.findings) == (1, [])
    book.add("22" * 16, [leaf_of(rows[:1], "2025-11-23T09:02:00.000Z", 3)])
    book.close()
    assert "another root" in check(filled).findings[0]


def test_published_leaves_that_differ_are_found(filled: Store) -> None:
    rows = filled.segments(Kind.ORIGINALS, "cam-01", START, START + 60_000)
    leaf = leaf_of(rows, "2025-11-23T09:01:00.000Z", 3)
    book = RootBook(filled.data)
    book.add("11" * 16, [leaf])
    book.logged("11" * 16, 7)
    book.close()
    folder = filled.data / "log" / "leaves"
    folder.mkdir(parents=True)
    (folder / f"{'11' * 16}.json").write_text(json.dumps([leaf.to_dict()]))
    assert check(filled).findings == []
    (folder / f"{'11' * 16}.json").write_text(json.dumps([{**leaf.to_dict(), "segments": 3}]))
    assert "not what was written" in check(filled).findings[0]


def test_extracted_files_are_bare_age_files(
    store: Store, make_header: MakeHeader, tmp_path: Path
) -> None:
    identity, header = pyrage.x25519.Identity.generate(), make_header()
    window = header.record.window
    sealed = seal_segment(
        str(identity.to_public()), b"an fmp4", SegmentMeta(window, 0, START, START + 1000)
    )
    with store.writer() as writer:
        new = NewSegment(0, START, 1000, START, "rtcp", sealed, "ab" * 32)
        writer.add(Kind.ORIGINALS, header, new)
    assert extract(store, window, tmp_path / "out") == 1
    (file,) = (tmp_path / "out").iterdir()
    assert open_segment(str(identity), file.read_bytes())[0] == b"an fmp4"
    with pytest.raises(NotFound):
        extract(store, "cam-01.20200101T000000Z.1.0", tmp_path / "out")


def test_the_command(filled: Store, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(command)
    data = str(filled.data)
    runner = CliRunner()
    sound = runner.invoke(app, ["--data", data, "--json"], catch_exceptions=False)
    assert json.loads(sound.stdout)["segments"] == 8
    window = filled.windows("cam-01", START, START + 60_000)[0]
    out = runner.invoke(app, ["--data", data, "--extract", window, str(tmp_path / "o")])
    assert out.exit_code == 0
    assert len(list((tmp_path / "o").iterdir())) == 4
    spoil(filled, lambda offset: offset + SEGMENT_HEADER)
    broken = runner.invoke(app, ["--data", data])
    assert isinstance(broken.exception, StoreDamaged)
    mended = runner.invoke(app, ["--data", data, "--repair"])
    assert "was taken out" in mended.stdout
