"""The model of a careful disk, against programs whose promises are known to hold or not to."""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

import pytest

from plainview.errors import BadFormat
from plainview.testing import disk
from plainview.testing.disk import Change, File, Folder, Luck
from plainview.testing.powercut import Cut, Replay, cuts
from plainview.testing.strace import Descriptor, read, record

CHANCE = random.Random(1)  # noqa: S311 - which sectors, no secret
LOSING = {
    "no fsync of the file": """
h = os.open("new", os.O_WRONLY | os.O_CREAT); os.write(h, b"A" * 3000); os.close(h)
os.rename(data + "/new", data + "/kept"); d = os.open(".", os.O_RDONLY); os.fsync(d)
""",
    "no fsync of the folder": """
h = os.open("new", os.O_WRONLY | os.O_CREAT); os.write(h, b"A" * 3000); os.fsync(h)
os.rename(data + "/new", data + "/kept")
""",
    "the file after its name": """
h = os.open("new", os.O_WRONLY | os.O_CREAT); os.write(h, b"A" * 3000)
os.rename(data + "/new", data + "/kept"); d = os.open(".", os.O_RDONLY); os.fsync(d)
os.write(1, b"said\\n"); os.fsync(h)
""",
}
KEEPING = """
h = os.open("new", os.O_WRONLY | os.O_CREAT); os.write(h, b"A" * 3000); os.fsync(h)
os.rename(data + "/new", data + "/kept"); d = os.open(".", os.O_RDONLY); os.fsync(d)
"""


TWO = """
h = os.open("new", os.O_WRONLY | os.O_CREAT)
child = os.fork()
if not child:
    os.close(h); other = os.open("other", os.O_WRONLY | os.O_CREAT); assert other == h
    os.write(other, b"B" * 500); os.fsync(other); os._exit(0)
os.waitpid(child, 0)
os.write(h, b"A" * 3000); os.fsync(h)
os.rename(data + "/new", data + "/kept"); d = os.open(".", os.O_RDONLY); os.fsync(d)
"""


def found(file: File, luck: Luck) -> tuple[bytes, int]:
    """Bytes and size after a power cut."""
    data, size = file.after_crash(luck, CHANCE)
    return bytes(data), size


def cut_off(script: str, folder: Path, count: int = 40) -> list[tuple[Cut, bytes | None]]:
    """Power cuts of a script that runs in `folder`, and what each leaves of the file `kept`."""
    data, before = folder / "data", folder / "before"
    data.mkdir()
    (data / "kept").write_bytes(b"old")
    shutil.copytree(data, before)
    text = f"import os; data = {str(data)!r}; os.chdir(data)\n{script}\nos.write(1, b'said\\n')"
    assert record([sys.executable, "-c", text], folder / "trace", folder / "out") == 0
    replay = Replay(before, data, folder / "out")
    found = []
    for cut in cuts(folder / "trace", replay, folder, count=count, seed=7):
        path = cut.folder / "kept"
        found.append((cut, path.read_bytes() if path.exists() else None))
    return found


@pytest.mark.parametrize("script", LOSING.values(), ids=LOSING)
def test_a_promise_that_is_made_too_early_is_found_out(script: str, tmp_path: Path) -> None:
    found = cut_off(script + "os.write(1, b'said\\n')\nos.fsync(h)", tmp_path)
    assert any("said" in cut.said and kept != b"A" * 3000 for cut, kept in found)


def test_the_careful_way_keeps_the_old_or_the_new_whole(tmp_path: Path) -> None:
    found = cut_off(KEEPING + "os.write(1, b'said\\n')\nos.fsync(h)", tmp_path)
    assert {kept for _, kept in found} == {b"old", b"A" * 3000}
    assert all(kept == b"A" * 3000 for cut, kept in found if "said" in cut.said)


def test_two_processes_may_have_one_number_for_two_files(tmp_path: Path) -> None:
    found = cut_off(TWO, tmp_path)
    assert all(kept == b"A" * 3000 for cut, kept in found if "said" in cut.said)
    written = [cut.folder / "other" for cut, _ in found if (cut.folder / "other").exists()]
    assert {path.read_bytes() for path in written} <= {b"", b"B" * 500}
    assert any(path.read_bytes() for path in written)


def test_the_same_seed_gives_the_same_states(tmp_path: Path) -> None:
    first = [kept for _, kept in cut_off(LOSING["no fsync of the file"], tmp_path)]
    for path in tmp_path.glob("cut-*"):
        shutil.rmtree(path)
    replay = Replay(tmp_path / "before", tmp_path / "data", tmp_path / "out")
    again = cuts(tmp_path / "trace", replay, tmp_path, count=40, seed=7)
    assert [(cut.folder / "kept").read_bytes() for cut in again] == first


def test_what_cannot_be_modelled_is_said(tmp_path: Path) -> None:
    script = "import mmap; h = os.open('kept', os.O_RDWR); mmap.mmap(h, 3)"
    with pytest.raises(BadFormat, match="through memory"):
        cut_off(script, tmp_path)

    shutil.rmtree(tmp_path / "data")
    shutil.rmtree(tmp_path / "before")
    with pytest.raises(BadFormat, match="relative"):
        cut_off("os.unlink('kept')", tmp_path)


def test_calls_of_several_threads_are_told_apart(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.write_text(
        '7  pwrite64(3<\\x2f\\x61>, "\\x41\\x42", 2, 512 <unfinished ...>\n'
        "8  fsync(4<\\x2f\\x62>) = 0\n"
        "7  <... pwrite64 resumed>) = 2\n"
        "8  fsync(4<\\x2f\\x62>(deleted)) = -1 EIO (Input/output error)\n"
        "7  +++ exited with 0 +++\n"
    )
    fsync, write = read(trace)
    assert (fsync.name, fsync.arguments, fsync.begun) == ("fsync", (Descriptor(4, "/b"),), 1)
    assert (write.begun, write.done, write.result) == (0, 2, 2)
    assert write.arguments == (Descriptor(3, "/a"), b"AB", "2", "512")


def test_sectors_are_torn_and_come_in_any_order() -> None:
    seen = set()
    for _ in range(300):
        file = File(bytearray(b"0" * 1024), 1024)
        file.pending = [Change(0, b"1" * 1024, done=True), Change(600, b"2" * 100, done=True)]
        torn, size = file.after_crash(Luck.SECTORS, CHANCE)
        data = bytes(torn)
        assert size == 1024
        assert b"2" not in data or data[512:600] == b"1" * 88, "a sector holds all before it"
        seen.add((data[:1], data[512:513], data[600:601]))
    assert {(b"1", b"0", b"0"), (b"0", b"1", b"2"), (b"1", b"1", b"1")} <= seen


def test_sizes_grow_with_zeros_and_shrink() -> None:
    file = File(bytearray(b"abc"), 3)
    grow, shrink = Change(0, size=4096, grow=True, done=True), Change(0, size=2, done=True)
    file.pending = [grow]
    assert file.live_size() == 4096
    file.settle(file.covered())
    assert found(file, Luck.NOTHING) == (b"abc", 4096)
    file.pending = [shrink]
    assert found(file, Luck.NOTHING) == (b"abc", 4096)
    assert found(file, Luck.ALL) == (b"ab", 2)


def test_a_sync_covers_only_what_had_returned_when_it_began() -> None:
    file = File()
    file.pending = [Change(0, b"early", done=True), Change(5, b"late")]
    covered = file.covered()
    file.pending[1].done = True
    file.settle(covered)
    assert found(file, Luck.NOTHING) == (b"early", 5)


def test_a_folder_without_its_name_is_gone_with_all_in_it(tmp_path: Path) -> None:
    root, inner = Folder(), Folder()
    root.change({"inner": inner})
    inner.change({"file": File(bytearray(b"x"), 1)})
    inner.settle(1)
    states = set()
    for number in range(40):
        disk.crash(root, tmp_path / str(number), random.Random(number))  # noqa: S311
        states.add((tmp_path / str(number) / "inner" / "file").exists())
    assert states == {True, False}
