"""Crashes: truncation at any byte, kill -9 at any moment, a lost index, damage in the middle."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainview.base.settings import Settings
from plainview.errors import StoreDamaged
from plainview.seal.windows import WindowHeader
from plainview.store.index import Segment
from plainview.store.packs import SEGMENT_HEADER, Kind, scan
from plainview.store.store import Store
from plainview.store.writer import NewSegment

MakeHeader = Callable[..., WindowHeader]
MakeSegment = Callable[..., NewSegment]
START = 1_763_888_400_000
ROUNDS = 60 if os.environ.get("PLAINVIEW_BARS") == "1" else 15


def written(store: Store, header: WindowHeader, segments: list[NewSegment]) -> list[Segment]:
    with store.writer() as writer:
        for one in segments:
            writer.add(Kind.ORIGINALS, header, one)
    return store.of_window(Kind.ORIGINALS, header.record.window)


def forget_index(store: Store) -> None:
    store.close()
    for path in (store.data / "index").iterdir():
        path.unlink()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 400), min_size=1, max_size=8), data=st.data())
def test_truncated_anywhere_recovers_exactly_the_whole_segments(
    sizes: list[int], data: st.DataObject, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Settings(data=Path(folder), disk_reserve_mb=1))
        header = make_header()
        rows = written(store, header, [make_original(n, size=s) for n, s in enumerate(sizes)])
        pack = store.data / rows[0].pack
        cut = data.draw(st.integers(0, pack.stat().st_size), label="cut")
        zeros = data.draw(st.sampled_from([0, 7, 5000]), label="zeros behind")
        os.truncate(pack, cut)
        os.truncate(pack, cut + zeros)
        forget_index(store)
        whole = [row for row in rows if row.offset + SEGMENT_HEADER + row.length <= cut]
        store.recover()
        found = store.of_window(Kind.ORIGINALS, header.record.window)
        assert found == whole
        assert all(store.read(row) for row in found)
        if whole:
            last = whole[-1]
            assert pack.stat().st_size == last.offset + SEGMENT_HEADER + last.length
        before = store.recover()
        assert (before.packs, before.reindexed, before.cut_bytes) == (0, 0, 0)
        store.close()


def test_a_lost_index_is_made_again(
    store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    header = make_header()
    rows = written(store, header, [make_original(n) for n in range(6)])
    forget_index(store)
    report = store.recover()
    assert (report.packs, report.reindexed, report.damaged) == (1, 6, [])
    assert store.of_window(Kind.ORIGINALS, header.record.window) == rows


def test_damage_in_the_middle_costs_one_segment_and_is_reported(
    store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    header = make_header()
    rows = written(store, header, [make_original(n) for n in range(4)])
    handle = os.open(store.data / rows[1].pack, os.O_RDWR)
    os.pwrite(handle, bytes(8), rows[1].offset + 60)
    os.close(handle)
    forget_index(store)
    report = store.recover()
    assert len(report.damaged) == 1
    assert [row.seq for row in store.of_window(Kind.ORIGINALS, header.record.window)] == [0, 2, 3]


def test_a_pack_in_another_place_is_damage(
    store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    rows = written(store, make_header(), [make_original(0)])
    pack = store.data / rows[0].pack
    pack.rename(pack.with_name("20251123T090000Z-9-9.pack"))
    forget_index(store)
    assert "holds the window of" in store.recover().damaged[0]
    assert pack.with_name("20251123T090000Z-9-9.pack").exists()


def test_a_pack_with_a_damaged_beginning_is_kept(
    store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    rows = written(store, make_header(), [make_original(0)])
    pack = store.data / rows[0].pack
    handle = os.open(pack, os.O_RDWR)
    os.pwrite(handle, bytes(8), 0)
    os.close(handle)
    forget_index(store)
    assert "begin like a pack" in store.recover().damaged[0]
    assert pack.exists()


def test_an_index_of_a_newer_version_is_refused(
    store: Store, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    written(store, make_header(), [make_original(0)])
    index = store.days.get("2025-11-23")
    assert index is not None
    with index._engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(StoreDamaged, match="newer version"):
        store.days.get("2025-11-23")


def test_scan_needs_a_pack(tmp_path: Path) -> None:
    path = tmp_path / "x.pack"
    path.write_bytes(b"nothing of ours" * 10)
    with pytest.raises(StoreDamaged, match="begin like a pack"):
        list(scan(path))


@pytest.mark.bar("kill -9 of the writing process")
def test_kill_9_loses_nothing_acknowledged(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    luck = random.Random(20261123)  # noqa: S311 - moments, not secrets
    acknowledged: list[tuple[str, str, int]] = []
    script = str(Path(__file__).with_name("writing_child.py"))
    out = tmp_path / "out"
    for epoch in range(1, ROUNDS + 1):
        with out.open("wb") as sink:
            child = subprocess.Popen(
                [sys.executable, script, "endless", str(data), str(epoch)], stdout=sink
            )
            while b"views" not in out.read_bytes() and child.poll() is None:
                time.sleep(0.02)
            time.sleep(luck.uniform(0, 0.25))
            child.send_signal(signal.SIGKILL)
            child.wait()
        for line in out.read_text().splitlines(keepends=True):
            parts = line.split()
            if line.endswith("\n") and parts[0] in ("originals", "views"):
                acknowledged.append((parts[0], parts[1], int(parts[2])))
    lost = _lost(data, acknowledged)
    value = {
        "row": "kill -9 of the writing process",
        "measured": f"{len(lost)} of {len(acknowledged)} acknowledged lost in {ROUNDS} kills",
        "must": "0",
    }
    record_property("bar", json.dumps(value))
    assert len(acknowledged) > ROUNDS * 30
    assert not lost


def _lost(data: Path, acknowledged: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    with Store(Settings(data=data, disk_reserve_mb=1)) as store:
        report = store.recover()
        assert report.damaged == []
        rows: dict[tuple[str, str, int], Segment] = {}
        for kind in Kind:
            for row in store.segments(kind, "cam-01", START, START + 40 * 3_600_000):
                assert sha256(store.read(row)).hexdigest() == row.cipher_sha256
                rows[(row.kind, row.window, row.seq)] = row
        return [key for key in acknowledged if key not in rows]
