"""The keeper's publisher and its courier: they get nothing secret, the courier is believed nothing,
and both may die at any time."""

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
from plainview.node import setup
from plainview.tlog import cosign, notes
from plainview.tlog.courier import Courier
from plainview.tlog.reader import LogReader
from plainview.tlog.sending import START_SECONDS
from plainview.tlog.signing import SigningKey
from plainview.tlog.witness import Answer

KEEPER = """
    import os, sys
    from pathlib import Path

    def refuse(event, about):
        if event in ("socket.connect", "socket.getaddrinfo"):
            os.write(2, f"the keeper connects: {event} {about}".encode())
            os._exit(9)

    sys.addaudithook(refuse)
    from plainview.keeper.process import run
    run(Path(sys.argv[1]))
"""
LIAR = """
    import json, os, sys, time
    sys.path[:0] = {path!r}
    from pathlib import Path
    from plainview.tlog import courier, publisher, sending

    def lie(log_dir):
        while question := os.read(0, 131072):
            asked = json.loads(question)
            {answer}

    honest, courier.main = courier.main, lie
    {before}
    publisher.main(*map(Path, sys.argv[-3:]))
"""


@pytest.fixture(autouse=True)
def quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keeper looks after its publisher more often; a keeper in a process keeps the figure."""
    monkeypatch.setattr("plainview.keeper.process.ROUND_SECONDS", 0.1)


def wait_until(true: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_witnessed(city: Any) -> bool:
    status = city.client.status()
    return bool(status["witnessed_size"] == status["size"])


def publisher(city: Any) -> Any:
    """What the keeper knows of its publisher."""
    return city.keeper._witnesses


def gone(pid: int) -> bool:
    """Ended, also if nobody has taken notice of its end yet."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    return True


def children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(one) for one in (task / "children").read_text().split()]
    return found


def open_files(pid: int) -> dict[int, str]:
    found = {}
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found[int(one.name)] = str(one.readlink())
    return found


def program(folder: Path, code: str) -> str:
    """A program of this code, run as if it were Python."""
    (folder / "liar.py").write_text(code)
    made = folder / "python"
    made.write_text(f'#!/bin/sh\nexec {sys.executable} "{folder}/liar.py" "$@"\n')
    made.chmod(0o755)
    return str(made)


def lying(folder: Path, answer: str, before: str = "") -> str:
    """A publisher whose courier answers so; its input and output is descriptor 0."""
    code = textwrap.dedent(LIAR).format(path=sys.path, answer=answer, before=before)
    return program(folder, code)


@contextlib.contextmanager
def replaced(city: Any, by: str) -> Iterator[None]:
    """Another program as the keeper's publisher, then the honest one again."""
    kind = publisher(city)
    kept = kind._command[0]
    kind._command[0] = by
    kind.child.kill()
    yield
    kind._command[0] = kept
    kind.child.kill()


# -- as children of the keeper


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_publisher_that_dies_or_hangs_is_replaced(
    city: Any, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("plainview.keeper.witnesses.HUNG_SECONDS", 4.0)
    wait_until(lambda: is_witnessed(city))
    child = publisher(city).child
    (courier,) = children(child.pid)
    os.kill(child.pid, number)
    city.add_camera("cam-02")
    wait_until(lambda: gone(child.pid) and gone(courier))
    wait_until(lambda: is_witnessed(city))
    city.keeper.check_alive()
    assert child.poll() == -signal.SIGKILL
    assert publisher(city).child.pid != child.pid
    status = city.client.status()
    assert (status["red"], status["warnings"]) == ([], [])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_courier_that_dies_or_hangs_is_replaced(city: Any, tmp_path: Path, number: int) -> None:
    quick = "courier.main, sending.ANSWER_SECONDS, publisher.RETRY_SECONDS = honest, 1.0, 1.0"
    with replaced(city, lying(tmp_path, "", quick)):
        wait_until(lambda: gone(publisher(city).child.pid) or is_witnessed(city))
        wait_until(lambda: is_witnessed(city) and city.client.status()["red"] == [])
        child = publisher(city).child
        (courier,) = children(child.pid)
        os.kill(courier, number)
        city.add_camera("cam-02")
        if number == signal.SIGSTOP:
            wait_until(lambda: city.client.status()["red"])
            assert any("courier" in told for told in city.client.status()["warnings"])
        wait_until(lambda: gone(courier) and is_witnessed(city))
        assert children(child.pid) != [courier]
        assert child.poll() is None
        assert city.client.status()["warnings"] == []


def test_those_that_always_die_do_not_busy_the_machine(
    city: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plainview.keeper.process.ROUND_SECONDS", 1.0)
    wait_until(lambda: is_witnessed(city))
    starts: set[int] = set()
    couriers = tmp_path / "couriers"

    def watch(seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            starts.add(publisher(city).child.pid)
            time.sleep(0.05)

    with replaced(city, program(tmp_path, "")):
        watch(4)
        assert 2 < len(starts) <= 6
    monkeypatch.undo()
    dies = "os.write(told, b'.'); sys.exit(1)"
    opens = f"told = os.open({str(couriers)!r}, os.O_CREAT | os.O_WRONLY | os.O_APPEND)"
    with replaced(city, lying(tmp_path, dies, f"publisher.RETRY_SECONDS = 0.0; {opens}")):
        watch(6 * START_SECONDS)
    assert 1 < len(couriers.read_bytes()) <= 9
    city.keeper.check_alive()


@pytest.mark.parametrize(
    "answer",
    [
        "os.write(0, b'what')",
        "os.write(0, b'[1]')",
        "os.write(0, b'')",
        "os.write(0, b'x' * 140_000)",
        "os.write(0, b'[' * 100_000)",
        "os.write(0, b'\\xff\\xfe')",
        "os.write(0, json.dumps({'lines': 7}).encode())",
        "os.write(0, json.dumps({'lines': 'no line'}).encode())",
        "os.write(0, json.dumps({'lines': '\\u2014 w0.test AAAAAAAA\\n'}).encode())",
        "os.write(0, json.dumps({'lines': OLD}).encode())",
        "os.write(0, json.dumps({'lines': OTHERS}).encode())",
        "os.write(0, json.dumps({'refused': 'a larger log'}).encode())",
        "os.write(0, json.dumps({'away': 'no road'}).encode())",
        "for n in range(50): os.write(0, b'{}')",
        "os.close(0); time.sleep(60)",
    ],
)
def test_lies_are_noted_and_publish_nothing(city: Any, tmp_path: Path, answer: str) -> None:
    wait_until(lambda: is_witnessed(city))
    size = city.client.status()["witnessed_size"]
    honest = Courier(city.settings.log_dir)
    head = city.keeper.desk.scribe.writer.head
    old, others = (honest.answer(city.witnesses[n].url, head)["lines"] for n in (0, 1))
    if "OTHERS" in answer:
        assert "w1.test" in others
    answer = answer.replace("OLD", ascii(old)).replace("OTHERS", ascii(others))
    with replaced(city, lying(tmp_path, answer, "publisher.RETRY_SECONDS = 1.0")):
        city.add_camera("cam-02")
        told = ["checkpoint: 0 witnesses cosigned, which is not the quorum."]
        wait_until(lambda: city.client.status()["red"] == told)
        status = city.client.status()
        assert status["witnessed_size"] == size < status["size"]
        note = LogReader.folder(city.settings.log_dir).checkpoint_note()
        assert city.policy.check(note).checkpoint.size == size
        assert [text.partition(":")[0] for text in status["warnings"]] == ["w0", "w1"]
        assert all(len(text) < 400 for text in status["warnings"])
        city.keeper.check_alive()
    wait_until(lambda: is_witnessed(city))
    assert city.client.status()["warnings"] == []


@pytest.mark.parametrize(
    ("answer", "starts"),
    [("os.write(0, b'what')", True), ('os.write(0, b\'{"refused": ""}\')', False)],
)
def test_lies_at_the_start(
    city: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, starts: bool
) -> None:
    """What it says of a refusal is believed, as that only keeps the keeper from signing."""
    wait_until(lambda: is_witnessed(city))
    city.stop()
    with monkeypatch.context() as patched:
        made = lying(tmp_path, answer)
        patched.setattr("plainview.keeper.witnesses.sys.executable", made)
        if starts:
            city.start()
            assert len(city.client.status()["warnings"]) == 2
            city.stop()
        else:
            shown = (city.settings.log_dir / "checkpoint").read_bytes()
            with pytest.raises(UnsafeStart, match="larger or different"):
                city.start()
            assert (city.settings.log_dir / "checkpoint").read_bytes() == shown
    city.start()
    wait_until(lambda: is_witnessed(city))


@pytest.mark.parametrize("text", ["what", "[1]", "", "7", "\\xff"])
def test_a_publisher_that_writes_nonsense_is_red(
    city: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """As one that does not start: the keeper goes on, and a new one is not kept waiting for."""
    wait_until(lambda: is_witnessed(city))
    monkeypatch.setattr("plainview.keeper.witnesses.START_SECONDS", 0.5)
    code = f"import sys, time; open(sys.argv[-1], 'wb').write(b'{text}'); time.sleep(60)"
    with replaced(city, program(tmp_path, code)):
        wait_until(lambda: city.client.status()["red"])
        wait_until(
            lambda: publisher(city)._file.read_bytes() == text.encode().replace(b"\\xff", b"\xff")
        )
        status = city.client.status()
        assert status["red"] == ["checkpoint: The publisher says nothing."]
        city.add_camera("cam-02")
        city.keeper.check_alive()
        monkeypatch.setattr("plainview.keeper.witnesses.sys.executable", str(tmp_path / "python"))
        city.stop()
        city.start()
        assert city.client.status()["red"] == ["checkpoint: The publisher says nothing."]
        monkeypatch.undo()
    city.stop()
    city.start()
    wait_until(lambda: is_witnessed(city))


def test_nothing_is_destroyed_on_a_lie(city: Any, tmp_path: Path) -> None:
    """The witnesses' time cannot be made up: keys that are due stay until it is confirmed."""
    city.windows(1)
    wait_until(lambda: is_witnessed(city))
    honest = Courier(city.settings.log_dir)
    line = honest.answer(city.witnesses[0].url, city.keeper.desk.scribe.writer.head)["lines"]
    with replaced(
        city, lying(tmp_path, f"os.write(0, json.dumps({{'lines': {line!r}}}).encode())")
    ):
        city.clock.forward(7200)
        wait_until(lambda: any("shred" in red for red in city.client.status()["red"]))
        assert city.client.status()["keys"] >= 1
    wait_until(lambda: city.client.status()["keys"] == 0)


@pytest.mark.parametrize("forged", ["strangers", "unsigned head"])
def test_nothing_is_destroyed_on_a_forged_checkpoint(
    city: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forged: str
) -> None:
    """Not even where the publisher itself lies: the keeper reads the time under the signatures."""
    monkeypatch.setattr("plainview.keeper.witnesses.FRESH_SECONDS", 0.5)
    city.windows(1)
    wait_until(lambda: is_witnessed(city))
    with replaced(city, program(tmp_path, "import time; time.sleep(60)")):
        wait_until(lambda: city.client.status()["red"])
        text, own = notes.parse((city.settings.log_dir / "head").read_bytes())
        now, lines = city.clock() + 7200_000, []
        for one in city.witnesses:
            key = SigningKey.generate() if forged == "strangers" else one.key
            made = cosign.cosign(text, f"{one.name}.test", key, now=now)
            named = cosign.verifier(f"{one.name}.test", one.key).key_hash
            lines.append(notes.SignatureLine(made.name, named, made.signature))
        signed = own if forged == "strangers" else []
        (city.settings.log_dir / "checkpoint").write_bytes(notes.render(text, [*signed, *lines]))
        city.clock.forward(7200)
        wait_until(lambda: any("shred" in red for red in city.client.status()["red"]))
        assert city.client.status()["keys"] >= 1
        city.clock.forward(-7200)
    assert not [entry for entry in city.entries() if entry.type == "shred"]


@pytest.fixture
def apart(found_city: Any) -> Iterator[tuple[Any, Any, int, int]]:
    """A city, its keeper as a process that ends if it connects, its publisher, and the courier."""
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
        (courier,) = children(child)
        yield city, process, child, courier
    finally:
        process.kill()
        process.wait()


def test_only_the_courier_is_on_the_network(apart: tuple[Any, Any, int, int]) -> None:
    city, process, child, courier = apart
    city.add_camera("cam-02")
    wait_until(lambda: is_witnessed(city))
    assert process.poll() is None
    assert children(process.pid) == [child]
    assert children(child) == [courier]


def test_they_are_given_nothing(apart: tuple[Any, Any, int, int]) -> None:
    city, process, child, courier = apart
    wait_until(lambda: is_witnessed(city))
    for pid in (child, courier):
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"PYTHONPATH=" in environment
        assert b"swordfish" not in environment
        assert b"NOTIFY_SOCKET" not in environment
        if landlock.version():
            assert "NoNewPrivs:\t1" in Path(f"/proc/{pid}/status").read_text()
    wait_until(lambda: open_files(courier).keys() == {0, 1, 2})  # what it opens itself, it closes
    wait_until(lambda: len(open_files(child)) == 4)
    ours, theirs = open_files(courier), open_files(child)
    assert ours[0].startswith("socket:")
    assert ours[1] == ours[2] == theirs[1] == theirs[2] == "/dev/null"
    (link,) = theirs.keys() - {0, 1, 2}
    assert theirs[0].startswith("pipe:")
    assert theirs[link].startswith("socket:")
    keepers = open_files(process.pid).values()
    assert theirs[0] in keepers, "the end of this input is the keeper's end"
    assert not {ours[0], theirs[link]} & set(keepers)


@pytest.mark.parametrize("stopped", [None, "publisher", "courier"])
def test_they_end_with_the_keeper(apart: tuple[Any, Any, int, int], stopped: str | None) -> None:
    _city, process, child, courier = apart
    if stopped:
        os.kill(child if stopped == "publisher" else courier, signal.SIGSTOP)
    process.kill()
    process.wait()
    wait_until(lambda: gone(child) and gone(courier), seconds=3)


def test_they_end_when_the_keeper_is_told_to(apart: tuple[Any, Any, int, int]) -> None:
    _city, process, child, courier = apart
    process.terminate()
    assert process.wait(15) == 0
    wait_until(lambda: gone(child) and gone(courier), seconds=3)


CONFINED = """
    import sys
    from pathlib import Path
    from plainview.tlog import courier, publisher

    log, policy, file, place, *names = map(Path, sys.argv[1:])
    read = lambda name: len(name.read_bytes()) > 0
    write = lambda name: name.write_bytes(b"") == 0
    tries = [(read, name) for name in names] + [(write, log / "x"), (write, log.parent / "x")]

    def can(deed, name):
        try:
            return deed(name)
        except PermissionError:
            return False

    def look(*_given):
        print(*[can(deed, name) for deed, name in tries], flush=True)

    if place.name == "publisher":
        publisher.follow = look
    else:
        publisher.follow = lambda one, head: one._ask("http://127.0.0.1:9", b"")
        courier.Courier = look
    publisher.main(log, policy, file)
"""


@pytest.mark.skipif(not landlock.version(), reason="this system has no Landlock")
@pytest.mark.parametrize("place", ["publisher", "courier"])
def test_they_could_not_read_the_keys_if_they_wanted(city: Any, place: str) -> None:
    """What each may open, tried from where it stands: it confines itself first."""
    wait_until(lambda: is_witnessed(city))
    log, keys = city.settings.log_dir, city.settings.keys_dir
    secrets = [keys / "log.key", keys / "keeper.db", keys / "ring.json", "/proc/self/environ"]
    files = [log / "head", "/etc/passwd", *secrets]
    (log / ".x.json").touch()
    told = [log, city.settings.policy_file, log / ".x.json", place, *files]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CONFINED), *map(str, told)],
        env={**os.environ, "PYTHONPATH": str(Path(setup.__file__).parents[2])},
        capture_output=True,
        text=True,
    )
    may = ["True", "True", "False", "False", "False", "False", str(place == "publisher"), "False"]
    assert done.stdout.split() == may, done.stderr


# -- its own work


@pytest.mark.parametrize("words", [b"\xff" * 20_000, b"\0" * 20_000, b"", b"\xe2\x80\x94 x\n"])
def test_a_witness_that_writes_nonsense_harms_no_other(city: Any, words: bytes) -> None:
    """What one writes reaches the publisher, which does not believe it; the courier goes on."""
    wait_until(lambda: is_witnessed(city))
    child = publisher(city).child
    city.witnesses[0]._witness.handle = lambda _body: Answer(200, words)
    city.add_camera("cam-02")
    wait_until(lambda: city.client.status()["red"])
    (told,) = city.client.status()["warnings"]
    assert told.startswith("w0: ")
    (red,) = city.client.status()["red"]
    assert red == "checkpoint: 1 witnesses cosigned, which is not the quorum."
    assert publisher(city).child is child
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
