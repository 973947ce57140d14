"""Several disks: placing, faults of one, mounts that are missing, and coming back."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from plainview.base.settings import Settings
from plainview.errors import NotFound, PlainviewError, Refused, StoreFull, Unavailable
from plainview.seal.windows import WindowHeader
from plainview.store import packfile, volumes
from plainview.store.check import Result, check, repair
from plainview.store.disks import MARKER
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.store.writer import NewSegment, Ticket, Writer

MakeHeader = Callable[..., WindowHeader]
MakeSegment = Callable[..., NewSegment]
START = 1_763_888_400_000
ROUNDS = 60 if os.environ.get("PLAINVIEW_BARS") == "1" else 8


@pytest.fixture
def two(tmp_path: Path) -> Settings:
    for name in ("data", "a", "b"):
        (tmp_path / name).mkdir()
    disks = [tmp_path / "a", tmp_path / "b"]
    return Settings(data=tmp_path / "data", disks=disks, commit_seconds=60, disk_reserve_mb=1)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed disk is tried again at every commit."""
    monkeypatch.setattr(volumes, "RETRY_S", 0.0)


class Faults:
    """Stands for `os` in the writing of packs; calls on a failing disk end as the disk would."""

    def __init__(self) -> None:
        self.failing: dict[Path, int] = {}

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in ("open", "pwrite", "posix_fallocate", "fdatasync", "fsync", "ftruncate"):
            return real

        def call(first: Any, *rest: Any) -> Any:
            path = os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else str(first)
            for folder, number in self.failing.items():
                if path.startswith(f"{folder}/"):
                    raise OSError(number, os.strerror(number))
            return real(first, *rest)

        return call


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Faults:
    made = Faults()
    monkeypatch.setattr(packfile, "os", made)
    return made


def packs_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.pack"))


def put(writer: Writer, header: WindowHeader, *segments: NewSegment) -> list[Ticket]:
    return [writer.add(Kind.ORIGINALS, header, one) for one in segments]


def test_packs_spread_over_the_disks_and_are_found(
    two: Settings, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    headers = [make_header(camera=f"cam-0{n}") for n in range(6)]
    with Store(two) as store:
        with store.writer() as writer:
            for header in headers:
                put(writer, header, make_original(0), make_original(1))
        counts = [len(packs_in(folder)) for folder in two.disks]
        assert sum(counts) == 6
        assert min(counts) >= 2
        assert not packs_in(two.data)
        assert check(store).findings == []
    with Store(two) as store:
        for header in headers:
            rows = store.of_window(Kind.ORIGINALS, header.record.window)
            assert len([store.read(row) for row in rows]) == 2
            assert store.header(header.record.window) == header
        assert store.drop_windows(header.record.window for header in headers) == 6
    assert not [path for folder in two.disks for path in packs_in(folder)]


def test_a_disk_is_added_without_moving_anything(
    two: Settings, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    alone, first, second = (
        Settings(data=two.data, disk_reserve_mb=1),
        make_header(),
        make_header(START + 60_000),
    )
    with Store(alone) as store, store.writer() as writer:
        put(writer, first, make_original(0))
    with Store(two) as store:
        with store.writer() as writer:
            put(writer, second, make_original(0, start=START + 60_000))
        assert len(packs_in(two.data)) == 1
        assert [len(store.windows("cam-01", START, START + 120_000))] == [2]
        assert check(store).findings == []
    with Store(alone) as store:  # taken out of the settings again: read, written no more
        assert check(store).findings == []
        assert len(store.of_window(Kind.ORIGINALS, second.record.window)) == 1


def test_one_failing_disk_costs_what_it_did_not_take_and_recording_goes_on(
    two: Settings,
    faults: Faults,
    at_once: None,
    make_header: MakeHeader,
    make_original: MakeSegment,
) -> None:
    header = make_header()
    with Store(two) as store:
        with store.writer() as writer:
            kept = put(writer, header, make_original(0), make_original(1))
            writer.flush()
            (bad,) = [folder for folder in two.disks if packs_in(folder)]
            unsure = put(writer, header, make_original(2))
            until(lambda: writer._groups)
            faults.failing[bad] = errno.EIO
            os.unlink(bad / MARKER)  # so that it is not tried again before the test says so
            writer.flush()
            with pytest.raises(PlainviewError, match=r"could not be written|not mounted"):
                unsure[0].wait(0)
            after = put(writer, header, make_original(3), make_original(4))
            writer.flush()
            for ticket in [*kept, *after]:
                ticket.wait(0)
            assert any("disk" in line for line in writer.complaints())
            rows = store.of_window(Kind.ORIGINALS, header.record.window)
            assert [row.seq for row in rows] == [0, 1, 3, 4]
            assert rows[-1].pack.endswith("-1.pack")
            (loss,) = store.losses(Kind.ORIGINALS, "cam-01", START, START + 60_000)
            assert (loss.start_ms, loss.reason) == (START + 2000, "disk")
            faults.failing.clear()
            (bad / MARKER).write_text(marker(store, bad))
            writer.flush()
            assert not writer.complaints()
            put(writer, make_header(camera="cam-02"), make_original(0))
        assert check(store).findings == []
        assert [len(store.read(row)) > 0 for row in rows] == [True] * 4


def marker(store: Store, folder: Path) -> str:
    book = json.loads((store.data / "disks.json").read_text())
    (id,) = [id for id, at in book["disks"].items() if at == str(folder)]
    return json.dumps({"v": 1, "disk": id, "store": book["store"]})


def until(holds: Callable[[], object]) -> None:
    for _ in range(2000):
        if holds():
            return
        time.sleep(0.005)
    raise AssertionError("waited too long")


def test_a_mount_point_without_its_disk_is_not_written_into(
    two: Settings, at_once: None, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    a = two.disks[0]
    headers = [make_header(camera=f"cam-0{n}") for n in range(4)]
    with Store(two) as store:
        with store.writer() as writer:
            for header in headers:
                put(writer, header, make_original(0))
        on_a = packs_in(a)
    a.rename(a.with_name("a.away"))
    a.mkdir()  # what is left where a disk was not mounted
    with Store(two) as store:
        with store.writer() as writer:
            put(writer, make_header(START + 60_000), make_original(0, start=START + 60_000))
            writer.flush()
            assert any("without its disk" in line for line in writer.complaints())
            assert list(a.iterdir()) == []
            lost = [store.of_window(Kind.ORIGINALS, h.record.window)[0] for h in headers]
            away = [row for row in lost if row.pack in on_a]
            assert len(away) == len(on_a) > 0
            with pytest.raises(Unavailable, match="out of reach"):
                store.read(away[0])
            with pytest.raises(Unavailable, match="out of reach"):
                store.header(away[0].window)
            assert store.register_of(away[0].window) == 3
        result = check(store)
        assert any(f"{len(on_a)} packs are out of reach" in one for one in result.findings)
        repair(store, Result())
        assert all(store.of_window(Kind.ORIGINALS, h.record.window) for h in headers)
        assert store.drop_windows([away[0].window]) == 0  # shredded while its disk is away
        assert not store.of_window(Kind.ORIGINALS, away[0].window)
        with store.writer() as writer:
            a.rmdir()
            a.with_name("a.away").rename(a)
            writer.flush()
            assert not writer.complaints()
            assert away[0].pack not in packs_in(a)
        assert check(store).findings == []


def test_another_store_s_disk_is_refused(two: Settings, tmp_path: Path) -> None:
    other = Settings(data=tmp_path / "other", disks=[two.disks[0]], disk_reserve_mb=1)
    with Store(other) as store, store.writer():
        pass
    with Store(two) as store:
        with store.writer() as writer:
            assert any("another Plainview" in line for line in writer.complaints())
        assert any("another Plainview" in one for one in check(store).findings)
    assert not packs_in(two.disks[0])


def test_a_folder_with_recordings_of_somebody_is_not_taken(two: Settings) -> None:
    (two.disks[0] / "originals" / "cam-01").mkdir(parents=True)
    with Store(two) as store, store.writer() as writer:
        assert any("holds recordings already" in line for line in writer.complaints())


def test_copies_and_moves_are_found_and_moves_are_mended(
    two: Settings, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    header = make_header()
    with Store(two) as store:
        with store.writer() as writer:
            put(writer, header, make_original(0))
        (path,) = [path for folder in two.disks for path in packs_in(folder)]
        here, there = sorted(two.disks, key=lambda folder: not (folder / path).exists())
        (there / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here / path, there / path)
        assert any("copies are equal" in one for one in check(store).findings)
        (here / path).unlink()
        assert any("not where it was" in one for one in check(store).findings)
        repair(store, Result())
        assert check(store).findings == []
        assert len(store.read(store.of_window(Kind.ORIGINALS, header.record.window)[0])) > 200


def test_a_lost_disk_is_adopted_and_forgotten(
    two: Settings, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    a = two.disks[0]
    headers = [make_header(camera=f"cam-0{n}") for n in range(4)]
    with Store(two) as store:
        with store.writer() as writer:
            for header in headers:
                put(writer, header, make_original(0))
        old = next(disk for disk in store.disks.known() if disk.folder == a)
        shutil.rmtree(a)
        a.mkdir()
        with pytest.raises(Unavailable):
            store.disks.claim(a)
        new = store.disks.adopt(a)
        assert new.id != old.id
        with pytest.raises(Refused):
            store.disks.adopt(a)
        assert old.id in store.disks.away()
        store.disks.forget(old.id)
        with pytest.raises(NotFound):
            store.disks.forget(old.id)
        repair(store, Result())
        assert check(store).findings == []


def test_a_window_that_found_no_room_anywhere_goes_on_when_there_is(
    two: Settings,
    faults: Faults,
    make_header: MakeHeader,
    make_original: MakeSegment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    header = make_header()
    with Store(two) as store:
        with store.writer() as writer:
            put(writer, header, make_original(0))
            writer.flush()
            (full,) = [volume for volume in writer._volumes.all if packs_in(volume.root)]
            (other,) = [volume for volume in writer._volumes.all if volume is not full]
            monkeypatch.setattr(full.reserve, "_free", lambda _: 0)
            faults.failing[other.root] = errno.ENOSPC
            late = put(writer, header, make_original(1), make_original(2))
            writer.flush()
            assert all(ticket.refused for ticket in late)
            faults.failing.clear()
            (again,) = put(writer, header, make_original(3))
            writer.flush()
            again.wait(0)
        assert [row.seq for row in store.of_window(Kind.ORIGINALS, header.record.window)] == [0, 3]
        assert check(store).findings == []


def test_a_shorter_disk_passes_its_window_on(
    two: Settings, make_header: MakeHeader, make_original: MakeSegment, monkeypatch: Any
) -> None:
    """No room on the disk of a window that goes on: a further part on the other one."""
    header = make_header()
    with Store(two) as store:
        with store.writer() as writer:
            put(writer, header, make_original(0))
            writer.flush()
            (full,) = [v for v in writer._volumes.all if packs_in(v.root)]
            assert full.reserve is not None
            monkeypatch.setattr(full.reserve, "_free", lambda _: 0)
            tickets = put(writer, header, make_original(1), make_original(2))
            writer.flush()
            for ticket in tickets:
                ticket.wait(0)
        assert [row.seq for row in store.of_window(Kind.ORIGINALS, header.record.window)] == [
            0,
            1,
            2,
        ]
        assert sorted(len(packs_in(folder)) for folder in two.disks) == [1, 1]
        assert check(store).findings == []


@pytest.mark.bar("bad input")
def test_disks_that_fail_and_come_back_at_random_lose_nothing_acknowledged(
    two: Settings,
    faults: Faults,
    at_once: None,
    make_header: MakeHeader,
    make_original: MakeSegment,
    record_property: Callable[[str, object], None],
) -> None:
    """EIO, EROFS and ENOSPC on either disk or both, mounts gone; a restart in between."""
    luck = random.Random(20261126)  # noqa: S311 - moments, not secrets
    acknowledged: set[tuple[str, int]] = set()
    refused: set[tuple[str, int]] = set()
    for turn in range(ROUNDS):
        with Store(two) as store, store.writer() as writer:
            for number in range(12):
                event(luck, two, faults)
                batch = [
                    (header.record.window, sequence, ticket)
                    for camera in range(3)
                    for header in [make_header(camera=f"cam-{camera}", epoch=turn + 1)]
                    for sequence in (2 * number, 2 * number + 1)
                    for ticket in put(writer, header, make_original(sequence))
                ]
                if luck.random() < 0.3:
                    until(lambda: writer._waiting == 0)
                    event(luck, two, faults)  # between the writing and the commit
                writer.flush()
                for window, sequence, ticket in batch:
                    (refused if ticket.refused else acknowledged).add((window, sequence))
            heal(two, faults)
    with Store(two) as store:
        store.recover()
        found = {
            (row.window, row.seq)
            for row in store.segments(Kind.ORIGINALS, "cam-0", 0, START * 2)
            + store.segments(Kind.ORIGINALS, "cam-1", 0, START * 2)
            + store.segments(Kind.ORIGINALS, "cam-2", 0, START * 2)
            if store.read(row)
        }
        assert acknowledged <= found
        assert check(store).findings == []
    assert refused
    measured = f"{len(acknowledged)} acknowledged, all readable; {len(refused)} refused"
    record_property("bar", json.dumps({"row": "failing disks", "measured": measured}))


def event(luck: random.Random, two: Settings, faults: Faults) -> None:
    folder = luck.choice(two.disks)
    what = luck.choice(["fail", "heal", "heal", "unmount", "mount", "nothing", "nothing"])
    if what == "fail":
        faults.failing[folder] = luck.choice([errno.EIO, errno.EROFS, errno.ENOSPC])
    elif what == "heal":
        faults.failing.pop(folder, None)
    elif what == "unmount" and (folder / MARKER).exists():
        folder.rename(folder.with_suffix(".away"))
        folder.mkdir()
    elif what == "mount" and folder.with_suffix(".away").exists():
        folder.rmdir()
        folder.with_suffix(".away").rename(folder)


def heal(two: Settings, faults: Faults) -> None:
    faults.failing.clear()
    for folder in two.disks:
        if folder.with_suffix(".away").exists():
            folder.rmdir()
            folder.with_suffix(".away").rename(folder)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Callable[[str, int], Path]]:
    """Mounts a real file system of so many MiB; only root may."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    mounted: list[Path] = []

    def mount(name: str, size: int) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}m", "plainview-test", str(folder)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("this machine does not let us mount a file system")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True)


@pytest.mark.bar("bad input")
def test_a_full_disk_refuses_clearly_and_recording_goes_on_when_there_is_room(
    small: Callable[[str, int], Path],
    make_header: MakeHeader,
    make_original: MakeSegment,
    record_property: Callable[[str, object], None],
) -> None:
    """Another program fills the disk, reserve and all; then it goes away."""
    data = small("data", 64)
    header, taken, late = make_header(), [], []
    with Store(Settings(data=data, commit_seconds=60, disk_reserve_mb=8)) as store:
        with store.writer() as writer:
            taken += put(writer, header, make_original(0, size=100_000))
            writer.flush()
            assert (data / "reserve").exists()
            filler = data / "filler"
            fill(filler)
            for n in range(1, 4):
                late += put(writer, header, make_original(n, size=100_000))
                writer.flush()
            assert all(ticket.refused for ticket in late)
            assert "full" in writer.complaints()[0]
            assert not (data / "reserve").exists()
            (data / "keys").mkdir()
            (data / "keys" / "written").write_bytes(bytes(1 << 20))  # log and keys go on
            filler.unlink()
            taken += put(writer, header, make_original(9, size=100_000))
            writer.flush()
            assert writer.trouble is None
            assert (data / "reserve").exists()
        for ticket in taken:
            ticket.wait(0)
        assert [row.seq for row in store.of_window(Kind.ORIGINALS, header.record.window)] == [0, 9]
        (loss,) = store.losses(Kind.ORIGINALS, "cam-01", START, START + 60_000)
        assert (loss.start_ms, loss.end_ms, loss.reason) == (START + 1000, START + 4000, "full")
        assert check(store).findings == []
    measured = f"{len(late)} refused, {len(taken)} acknowledged and readable"
    record_property("bar", json.dumps({"row": "full disk", "measured": measured}))


def fill(file: Path) -> None:
    """Take every byte that is left."""
    with file.open("wb", buffering=0) as out, suppress(OSError):
        while True:
            out.write(bytes(1 << 16))
    assert shutil.disk_usage(file.parent).free == 0


@pytest.mark.bar("bad input")
def test_a_start_on_a_full_disk_waits_for_room(
    small: Callable[[str, int], Path], make_header: MakeHeader, make_original: MakeSegment
) -> None:
    data = small("data", 64)
    settings = Settings(data=data, commit_seconds=60, disk_reserve_mb=8)
    with Store(settings) as store, store.writer() as writer:
        (kept,) = put(writer, make_header(), make_original(0))
        writer.flush()
    fill(data / "filler")
    with Store(settings) as store:
        with store.writer() as writer:
            (late,) = put(writer, make_header(epoch=2), make_original(0))
            writer.flush()
            assert late.refused
            (data / "filler").unlink()
            (again,) = put(writer, make_header(epoch=2), make_original(1))
            writer.flush()
            for ticket in (kept, again):
                ticket.wait(0)
        assert check(store).findings == []


@pytest.mark.bar("bad input")
def test_a_start_on_a_read_only_disk_says_so(small: Callable[[str, int], Path]) -> None:
    data = small("data", 64)
    remount(data, "ro")
    with (
        Store(Settings(data=data, disk_reserve_mb=1)) as store,
        pytest.raises(Unavailable, match="cannot be written: Read-only"),
    ):
        store.writer()


@pytest.mark.bar("bad input")
def test_while_the_index_takes_nothing_nobody_is_told_that_anything_is_stored(
    two: Settings, make_header: MakeHeader, make_original: MakeSegment
) -> None:
    """The folder of the index cannot be written into; recordings go to their disks, and wait."""
    with Store(two) as store:
        with store.writer() as writer:
            index = two.data / "index"
            index.write_bytes(b"")  # a file where the folder should be made
            waiting = put(writer, make_header(), make_original(0), make_original(1))
            writer.flush()
            assert not any(ticket.refused for ticket in waiting)
            with pytest.raises(StoreFull, match="in time"):
                waiting[0].wait(0)
            assert "index" in writer.complaints()[0]
            index.unlink()
            writer.flush()
            for ticket in waiting:
                ticket.wait(0)
            assert not writer.complaints()
        assert check(store).findings == []


@pytest.mark.bar("bad input")
def test_a_disk_that_turns_read_only_is_left_until_it_can_be_written_again(
    small: Callable[[str, int], Path],
    tmp_path: Path,
    at_once: None,
    make_header: MakeHeader,
    make_original: MakeSegment,
    record_property: Callable[[str, object], None],
) -> None:
    only = small("disk", 64)
    settings = Settings(data=tmp_path / "data", disks=[only], commit_seconds=60, disk_reserve_mb=1)
    with Store(settings) as store:
        with store.writer() as writer:
            put(writer, make_header(), make_original(0))
            writer.close_window(Kind.ORIGINALS, make_header())
            writer.flush()
            remount(only, "ro")
            assert store.drop_windows([make_header().record.window]) == 0
            assert not store.of_window(Kind.ORIGINALS, make_header().record.window)
            assert packs_in(only)
            (late,) = put(writer, make_header(epoch=2), make_original(0))
            writer.flush()
            assert late.refused
            assert any("read-only" in line for line in writer.complaints())
            remount(only, "rw")
            writer.flush()
            (again,) = put(writer, make_header(epoch=2), make_original(1))
            writer.flush()
            again.wait(0)
            assert not writer.complaints()
            assert len(packs_in(only)) == 1  # what was shredded meanwhile has gone
        assert check(store).findings == []
    record_property("bar", json.dumps({"row": "read-only disk", "measured": "resumed by itself"}))


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)
