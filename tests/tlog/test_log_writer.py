"""The log's writer: after every step the whole log is verified again; crashes never fork it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.base import durable
from plainview.errors import BadProof, BadSignature, LogAway, StoreDamaged
from plainview.testing.city import ORIGIN, START, City, key_of
from plainview.tlog import cosign, merkle, notes, proof, proofs, tiles
from plainview.tlog.beginning import open_log
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.notes import Signer
from plainview.tlog.reader import LogReader
from plainview.tlog.shown import publish
from plainview.tlog.writer import LogWriter
from plainview.verify.report import Report
from plainview.verify.tree import read_authentic

SIGNER = Signer(ORIGIN, key_of("log").private)
POLICY = City(witnesses=()).policy()


def entries(first: int, count: int) -> list[bytes]:
    return [f"entry {i}".encode() for i in range(first, first + count)]


class Unwitnessed(LogWriter):
    """Shows readers each head at once."""

    def append(self, entries: list[bytes]) -> int:
        first = super().append(entries)
        publish(self.folder, SIGNER.verifier, self.head, [])
        return first


def opened(folder: Path) -> LogWriter:
    open_log(folder, SIGNER)
    log = Unwitnessed(folder, SIGNER)
    publish(log.folder, SIGNER.verifier, log.head, [])
    return log


def check_whole(folder: Path, size: int, *, head: str = "checkpoint") -> None:
    """All files agree with the checkpoint, which has exactly the first `size` entries."""
    found = Checkpoint.parse(notes.parse((folder / head).read_bytes())[0])
    report = Report("test")
    read = [
        raw
        for _, bundle in read_authentic(
            LogReader.folder(folder), found, report, lambda done, total: None
        )
        for raw in bundle
    ]
    assert report.ok, report.findings
    assert read == entries(0, size)
    assert found.root == merkle.root([merkle.leaf_hash(raw) for raw in read])


@pytest.mark.parametrize(
    "steps",
    [
        [1, 1, 1],
        [254, 1, 1, 1, 254, 1],
        [255, 2, 510, 1],
        [256, 256, 1],
        [1000, 1000, 3],
        [300] * 6,
        [65535, 1, 1],
    ],
)
def test_after_every_step_the_whole_log_holds(tmp_path: Path, steps: list[int]) -> None:
    log = opened(tmp_path / "log")
    size = 0
    for step in steps:
        assert log.append(entries(size, step)) == size
        size += step
        assert log.size == size
        check_whole(tmp_path / "log", size)
        again: list[bytes] = []
        assert LogWriter(tmp_path / "log", SIGNER, again.append).root == log.root
        assert again == entries(0, size)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=6), st.data())
def test_proofs_out_of_tiles_hold(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("log")
    log = opened(folder)
    roots = {0: log.root}
    for step in steps:
        log.append(entries(log.size, step))
        roots[log.size] = log.root
    reader = LogReader.folder(folder)
    index = data.draw(st.integers(0, log.size - 1))
    proof.check(reader.proof(index), entries(index, 1)[0], POLICY)
    old = data.draw(st.sampled_from(sorted(roots)))
    path = reader.consistency(old, log.size)
    proofs.check_consistency(old, log.size, path, roots[old], log.root)


@pytest.mark.parametrize(("start", "end"), [(0, 1), (3, 9), (250, 258), (256, 257), (260, 300)])
def test_any_span_can_be_read_whatever_widths_were_written(
    tmp_path: Path, start: int, end: int
) -> None:
    log = opened(tmp_path)
    for step in (2, 8, 290):
        log.append(entries(log.size, step))
    read = list(LogReader.folder(tmp_path).entries(start, end))
    assert read == list(zip(range(start, end), entries(start, end - start), strict=True))


def test_an_empty_log_is_signed_too(tmp_path: Path) -> None:
    log = opened(tmp_path / "log")
    assert POLICY.check(log.head).checkpoint == Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT)
    check_whole(tmp_path / "log", 0)


def test_readers_see_only_what_the_witnesses_saw(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    log = open_log(folder, SIGNER)
    log.append(entries(0, 300))
    assert not (folder / "checkpoint").exists()
    first = log.head
    line = cosign.cosign(notes.parse(first)[0], "w1.example", key_of("w1"), now=START)
    log.append(entries(300, 300))
    publish(log.folder, SIGNER.verifier, first, [line])
    check_whole(folder, 300)
    check_whole(folder, 600, head="head")
    publish(log.folder, SIGNER.verifier, log.head, [])
    check_whole(folder, 600)
    publish(log.folder, SIGNER.verifier, first, [line])
    check_whole(folder, 600)


def test_only_this_log_s_heads_are_published(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", SIGNER)
    text = Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT).text()
    forged = notes.render(text, [Signer(ORIGIN, key_of("other").private).sign(text)])
    with pytest.raises(BadSignature):
        publish(log.folder, SIGNER.verifier, forged, [])
    future = Checkpoint(ORIGIN, 7, bytes(32)).text()
    with pytest.raises(BadProof):
        publish(log.folder, SIGNER.verifier, notes.render(future, [SIGNER.sign(future)]), [])


def test_partial_files_go_when_the_full_ones_are_published(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    log = opened(folder)
    for _ in range(10):
        log.append(entries(log.size, 100))
    kept = sorted(path.name for path in folder.rglob("*.p"))
    assert kept == ["000.p", "003.p", "003.p"]  # level 1, the last tile, the last bundle
    check_whole(folder, 1000)


# -- crashes


class Crash(BaseException):
    """The process is gone."""


def crash_at(folder: Path, step: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stop at the `step`-th file written in `folder`, before, or half way through, it.

    Files elsewhere are written: a keeper that serves other tests may run in this process.
    """
    seen: list[str] = []
    real = durable.write_file

    def stopping(path: Path, data: bytes, *, sync: bool = True) -> None:
        if not path.is_relative_to(folder):
            return real(path, data, sync=sync)
        seen.append(path.name)
        if len(seen) - 1 == step // 2:
            if step % 2:
                path.with_name(f".{path.name}.tmp").write_bytes(data[: len(data) // 2])
            raise Crash
        return real(path, data, sync=sync)

    monkeypatch.setattr(durable, "write_file", stopping)
    return seen


@pytest.mark.parametrize("before", [1, 200, 256, 511])
def test_a_crash_at_any_write_loses_nothing_and_forks_nothing(
    tmp_path: Path, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "base"
    opened(base).append(entries(0, before))
    acknowledged = opened(base).head
    for step in range(100):
        folder = tmp_path / f"log{step}"
        shutil.copytree(base, folder)
        log = opened(folder)
        with monkeypatch.context() as patched:
            seen = crash_at(folder, step, patched)
            try:
                log.append([b"never acknowledged"] * 300)
            except Crash:
                crashed = True
            else:
                crashed = False
        again = opened(folder)
        if not crashed:
            assert len(seen) >= 5
            return
        assert again.size in (before, before + 300)
        if again.size == before:
            assert again.head == acknowledged
            again.append(entries(before, 300))
            check_whole(folder, before + 300)
    pytest.fail("the crash steps never ended")


def test_a_lost_or_torn_file_is_told_and_never_continued(tmp_path: Path) -> None:
    base = tmp_path / "base"
    log = opened(base)
    log.append(entries(0, 600))
    needed = {
        "head",
        tiles.tile_path(0, 2, 88),
        tiles.tile_path(1, 0, 2),
        tiles.bundle_path(2, 88),
    }
    for number, name in enumerate(sorted(needed)):
        for flaw in ("absent", "torn", "empty", "bit"):
            folder = tmp_path / f"{number}-{flaw}"
            shutil.copytree(base, folder)
            spoil(folder / name, flaw)
            before = sorted(folder.rglob("*"))
            with pytest.raises(StoreDamaged) as told:
                opened(folder)
            assert told.value.hint
            assert sorted(folder.rglob("*")) == before


def spoil(path: Path, flaw: str) -> None:
    data = path.read_bytes()
    match flaw:
        case "absent":
            path.unlink()
        case "torn":
            path.write_bytes(data[: len(data) // 2])
        case "empty":
            path.write_bytes(b"")
        case "bit":
            path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])


def test_a_log_without_its_head_is_not_begun_anew(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", SIGNER)
    log.append(entries(0, 3))
    (tmp_path / "log" / "head").unlink()
    for maker in (open_log, LogWriter):
        with pytest.raises(StoreDamaged):
            maker(tmp_path / "log", SIGNER)


def test_the_writer_begins_no_log(tmp_path: Path) -> None:
    with pytest.raises(StoreDamaged):
        LogWriter(tmp_path, SIGNER)
    assert not any(tmp_path.iterdir())


def test_another_key_or_origin_does_not_continue_a_log(tmp_path: Path) -> None:
    opened(tmp_path / "log").append(entries(0, 3))
    with pytest.raises(StoreDamaged):
        LogWriter(tmp_path / "log", Signer(ORIGIN, key_of("other").private))
    with pytest.raises(StoreDamaged):
        LogWriter(tmp_path / "log", Signer("other.example", key_of("log").private))


def test_a_full_disk_is_told_and_the_log_goes_on_where_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = opened(tmp_path / "log")
    log.append(entries(0, 10))
    real = durable.write_file

    def full(path: Path, data: bytes, *, sync: bool = True) -> None:
        if not path.is_relative_to(tmp_path):
            return real(path, data, sync=sync)
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr(durable, "write_file", full)
        with pytest.raises(LogAway, match="No space left"):
            log.append(entries(10, 5))
    with pytest.raises(LogAway, match="read again"):
        log.append(entries(10, 5))
    assert opened(tmp_path / "log").append(entries(10, 5)) == 10
    check_whole(tmp_path / "log", 15)
