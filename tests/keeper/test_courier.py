"""The keeper's courier: it gets nothing secret, is believed nothing, and may die at any time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plainview.base import landlock
from plainview.errors import KeeperAway, UnsafeStart
from plainview.keeper.courier import ANSWER_SECONDS, START_SECONDS
from plainview.node import setup
from plainview.tlog.courier import Courier
from plainview.tlog.witness import Answer

KEEPER = """
    import os, sys
    from pathlib import Path

    def refuse(event, about):
        if event in ("socket.connect", "socket.getaddrinfo"):
            os.write(2, f"the keeper connects: {event} {about}".encode())
            os._exit(9)

    sys.addaudithook(refuse)
    from plainview.base.settings import Settings
    from plainview.keeper.process import run
    run(Settings(data=Path(sys.argv[1])))
"""
LIAR = """
    import json, os, sys, time
    sys.path[:0] = {path!r}
    while question := os.read(0, 131072):
        asked = json.loads(question)
        {answer}
"""


def wait_until(true: Any, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_witnessed(city: Any) -> bool:
    status = city.client.status()
    return bool(status["witnessed_size"] == status["size"])


def courier(city: Any) -> Any:
    return city.keeper._witnesses._courier


def gone(pid: int) -> bool:
    """Ended, also if nobody has taken notice of its end yet."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    return True


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(one) for task in tasks for one in (task / "children").read_text().split()]


def open_files(pid: int) -> dict[int, str]:
    found = {}
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found[int(one.name)] = str(one.readlink())
    return found


@contextlib.contextmanager
def lying(folder: Path, answer: str) -> Iterator[str]:
    """A program that answers so, run as if it were Python."""
    code = textwrap.dedent(LIAR).format(path=sys.path, answer=answer)
    (folder / "liar.py").write_text(code)
    program = folder / "python"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} "{folder}/liar.py"\n')
    program.chmod(0o755)
    yield str(program)


# -- as a child of the keeper


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_courier_that_dies_or_hangs_is_replaced(
    found_city: Any, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("plainview.keeper.courier.ANSWER_SECONDS", 1.0)
    city = found_city()
    wait_until(lambda: is_witnessed(city))
    child = courier(city).child
    os.kill(child.pid, number)
    city.add_camera("cam-02")
    if number == signal.SIGSTOP:
        wait_until(lambda: city.client.status()["red"])
        assert any("courier" in told for told in city.client.status()["warnings"])
        city.clock.forward(5)
    else:
        wait_until(lambda: gone(child.pid))
    wait_until(lambda: is_witnessed(city))
    city.keeper.check_alive()
    assert child.poll() == -signal.SIGKILL
    assert courier(city).child.pid != child.pid
    assert city.client.status()["warnings"] == []


def test_one_that_always_dies_does_not_busy_the_machine(city: Any, tmp_path: Path) -> None:
    wait_until(lambda: is_witnessed(city))
    kind, starts = courier(city), []
    with lying(tmp_path, "sys.exit(1)") as program:
        kind._command[0] = program
        kind.child.kill()
        until = time.monotonic() + 3 * START_SECONDS
        number = 2
        while time.monotonic() < until:
            city.add_camera(f"cam-{number:02}")
            number += 1
            starts.append(kind.child.pid)
            time.sleep(0.1)
    assert 1 < len(set(starts)) <= 5
    city.keeper.check_alive()


@pytest.mark.parametrize(
    "answer",
    [
        "os.write(1, b'what')",
        "os.write(1, b'[1]')",
        "os.write(1, b'')",
        "os.write(1, b'x' * 140_000)",
        "os.write(1, b'[' * 100_000)",
        "os.write(1, b'\\xff\\xfe')",
        "os.write(1, json.dumps({'lines': 7}).encode())",
        "os.write(1, json.dumps({'lines': 'no line'}).encode())",
        "os.write(1, json.dumps({'lines': '\\u2014 w0.test AAAAAAAA\\n'}).encode())",
        "os.write(1, json.dumps({'lines': OLD}).encode())",
        "os.write(1, json.dumps({'lines': OTHERS}).encode())",
        "os.write(1, json.dumps({'refused': 'a larger log'}).encode())",
        "os.write(1, json.dumps({'away': 'no road'}).encode())",
        "for n in range(50): os.write(1, b'{}')",
        "os.close(0); os.close(1); time.sleep(60)",
    ],
)
def test_lies_are_noted_and_publish_nothing(city: Any, tmp_path: Path, answer: str) -> None:
    wait_until(lambda: is_witnessed(city))
    size, kind = city.client.status()["witnessed_size"], courier(city)
    honest = Courier(city.settings.log_dir)
    head = city.keeper.desk.scribe.writer.head
    old, others = (honest.answer(city.witnesses[n].url, head)["lines"] for n in (0, 1))
    if "OTHERS" in answer:
        assert "w1.test" in others
    answer = answer.replace("OLD", ascii(old)).replace("OTHERS", ascii(others))
    with lying(tmp_path, answer) as program:
        kept, kind._command = kind._command, [program]
        kind.child.kill()
        kind.child.wait()
        city.add_camera("cam-02")
        wait_until(lambda: city.client.status()["red"])
        status = city.client.status()
        assert status["witnessed_size"] == size < status["size"]
        assert status["red"] == ["checkpoint: 0 witnesses cosigned, which is not the quorum."]
        assert [text.partition(":")[0] for text in status["warnings"]] == ["w0", "w1"]
        assert all(len(text) < 400 for text in status["warnings"])
        city.keeper.check_alive()
    kind._command = kept
    kind.child.kill()
    city.clock.forward(5)
    wait_until(lambda: is_witnessed(city))
    assert city.client.status()["warnings"] == []


@pytest.mark.parametrize(
    ("answer", "starts"),
    [("os.write(1, b'what')", True), ('os.write(1, b\'{"refused": ""}\')', False)],
)
def test_lies_at_the_start(
    city: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, starts: bool
) -> None:
    """What it says of a refusal is believed, as that only keeps the keeper from signing."""
    wait_until(lambda: is_witnessed(city))
    city.stop()
    with lying(tmp_path, answer) as program, monkeypatch.context() as patched:
        patched.setattr("plainview.keeper.courier.sys.executable", program)
        if starts:
            city.start()
            assert len(city.client.status()["warnings"]) == 2
            city.stop()
        else:
            with pytest.raises(UnsafeStart, match="larger or different"):
                city.start()
    city.start()
    wait_until(lambda: is_witnessed(city))


def test_nothing_is_destroyed_on_a_lie(city: Any, tmp_path: Path) -> None:
    """The witnesses' time cannot be made up: keys that are due stay until it is confirmed."""
    city.windows(1)
    wait_until(lambda: is_witnessed(city))
    kind = courier(city)
    honest = Courier(city.settings.log_dir)
    line = honest.answer(city.witnesses[0].url, city.keeper.desk.scribe.writer.head)["lines"]
    with lying(tmp_path, f"os.write(1, json.dumps({{'lines': {line!r}}}).encode())") as program:
        kept, kind._command = kind._command, [program]
        kind.child.kill()
        city.clock.forward(7200)
        wait_until(lambda: any("shred" in red for red in city.client.status()["red"]))
        assert city.client.status()["keys"] >= 1
    kind._command = kept
    kind.child.kill()
    wait_until(lambda: city.client.status()["keys"] == 0)


@pytest.fixture
def apart(found_city: Any) -> Iterator[tuple[Any, Any, int]]:
    """A city, its keeper as a process that ends if it connects, and the courier's process id."""
    city = found_city(real_time=True)
    city.stop()
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KEEPER), str(city.settings.data)],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(setup.__file__).parents[2]),
            "PLAINVIEW_SECRET": "swordfish",
            "NOTIFY_SOCKET": "/nowhere",
        },
    )

    def answers() -> bool:
        assert process.poll() is None
        try:
            return bool(city.client.status())
        except KeeperAway:
            return False

    try:
        wait_until(answers)
        (child,) = children(process.pid)
        yield city, process, child
    finally:
        process.kill()
        process.wait()


def test_only_the_courier_is_on_the_network(apart: tuple[Any, Any, int]) -> None:
    city, process, child = apart
    city.add_camera("cam-02")
    wait_until(lambda: is_witnessed(city))
    assert process.poll() is None
    assert children(process.pid) == [child]


def test_it_is_given_nothing(apart: tuple[Any, Any, int]) -> None:
    city, process, child = apart
    wait_until(lambda: is_witnessed(city))
    environment = Path(f"/proc/{child}/environ").read_bytes()
    assert b"PYTHONPATH=" in environment
    assert b"swordfish" not in environment
    assert b"NOTIFY_SOCKET" not in environment
    wait_until(lambda: open_files(child).keys() == {0, 1, 2})  # what it opens itself, it closes
    handles = open_files(child)
    assert handles[0] == handles[1]
    assert handles[0].startswith("socket:")
    assert handles[2] == "/dev/null"
    if landlock.version():
        assert "NoNewPrivs:\t1" in Path(f"/proc/{child}/status").read_text()
    assert handles[0] not in open_files(process.pid).values()


@pytest.mark.parametrize("stopped", [False, True])
def test_it_ends_with_the_keeper(apart: tuple[Any, Any, int], stopped: bool) -> None:
    _city, process, child = apart
    if stopped:
        os.kill(child, signal.SIGSTOP)
    process.kill()
    process.wait()
    wait_until(lambda: gone(child), seconds=3)


def test_it_ends_when_the_keeper_is_told_to(apart: tuple[Any, Any, int]) -> None:
    _city, process, child = apart
    process.terminate()
    assert process.wait(ANSWER_SECONDS) == 0
    assert gone(child)


@pytest.mark.skipif(not landlock.version(), reason="this system has no Landlock")
def test_it_could_not_read_the_keys_if_it_wanted(city: Any) -> None:
    """What the courier may open, tried from where it stands: it confines itself first."""
    wait_until(lambda: is_witnessed(city))
    code = (
        "import sys; from pathlib import Path; from plainview.tlog import courier\n"
        "courier.Courier = lambda log: print(*map(can, sys.argv[2:])) or sys.exit()\n"
        "def can(name):\n"
        "    try:\n"
        "        return len(Path(name).read_bytes()) > 0\n"
        "    except PermissionError:\n"
        "        return False\n"
        "courier.main(Path(sys.argv[1]))\n"
    )
    log, keys = city.settings.log_dir, city.settings.keys_dir
    secrets = [keys / "log.key", keys / "keeper.db", keys / "ring.json", "/proc/self/environ"]
    files = [log / "head", "/etc/passwd", *secrets]
    done = subprocess.run(
        [sys.executable, "-c", code, str(log), *map(str, files)],
        env={**os.environ, "PYTHONPATH": str(Path(setup.__file__).parents[2])},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["True", "True", "False", "False", "False", "False"], done.stderr


# -- its own work


@pytest.mark.parametrize("words", [b"\xff" * 20_000, b"\0" * 20_000, b"", b"\xe2\x80\x94 x\n"])
def test_a_witness_that_writes_nonsense_harms_no_other(city: Any, words: bytes) -> None:
    """What one writes reaches the keeper, which does not believe it; the courier goes on."""
    wait_until(lambda: is_witnessed(city))
    child = courier(city).child
    city.witnesses[0]._witness.handle = lambda _body: Answer(200, words)
    city.add_camera("cam-02")
    wait_until(lambda: city.client.status()["red"])
    (told,) = city.client.status()["warnings"]
    assert told.startswith("w0: ")
    (red,) = city.client.status()["red"]
    assert red == "checkpoint: 1 witnesses cosigned, which is not the quorum."
    assert courier(city).child is child
    assert child.poll() is None


def test_a_lost_answer_of_a_witness_does_not_end_its_word(city: Any) -> None:
    """It has seen this very tree, though we did not hear it: the proof from there is empty."""
    wait_until(lambda: is_witnessed(city))
    one, url = Courier(city.settings.log_dir), city.witnesses[0].url
    head = city.keeper.desk.scribe.writer.head
    one._sizes[url] = 1
    assert "w0.test" in one.answer(url, head)["lines"]
    assert one._sizes[url] > 1


def test_what_cannot_be_asked_is_away_and_a_smaller_log_refused(city: Any, tmp_path: Path) -> None:
    one, url = Courier(city.settings.log_dir), city.witnesses[0].url
    before = city.keeper.desk.scribe.writer.head
    city.add_camera("cam-02")
    wait_until(lambda: is_witnessed(city))
    head = city.keeper.desk.scribe.writer.head
    assert "has seen a log of" in one.answer(url, before)["refused"]
    for wrong in ("http://127.0.0.1:1", "http://127.0.0.1:x", f"http://{'x' * 70}.test", "ftp://x"):
        assert wrong in one.answer(wrong, head)["away"]
    elsewhere = Courier(tmp_path)
    elsewhere._sizes[url] = 1
    assert "cannot be read" in elsewhere.answer(url, head)["away"]
