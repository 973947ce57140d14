"""The witness: what it answers, that it never signs a fork, and that it remembers first."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.base import durable
from plainview.base.ids import b64
from plainview.errors import LogAway, Refused, StoreDamaged, UnsafeStart
from plainview.testing.city import ORIGIN, START, City, key_of
from plainview.tlog import cosign, merkle, notes, proofs, trees
from plainview.tlog.beginning import open_log
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.notes import Signer
from plainview.tlog.policy import Policy
from plainview.tlog.shown import publish
from plainview.tlog.witness import Witness, serve
from plainview.tlog.witness_client import OtherSize, add_checkpoint

SIGNER = Signer(ORIGIN, key_of("log").private)
NAME = "w1.example"


class Tree:
    """A log's leaves, signed at any size; `fork` differs from the first leaf on."""

    def __init__(self, size: int = 64, *, fork: str = "") -> None:
        self.hashes = [merkle.leaf_hash(f"{fork}{i}".encode()) for i in range(size)]
        self.source = trees.source(self.hashes)

    def note(self, size: int, signer: Signer = SIGNER, origin: str = ORIGIN) -> bytes:
        text = Checkpoint(origin, size, merkle.root(self.hashes[:size])).text()
        return notes.render(text, [signer.sign(text)])

    def request(self, old: int, new: int, **changes: object) -> bytes:
        proof = proofs.consistency_proof(self.source, old, new) if old <= new else []
        return request_bytes(old, proof, self.note(new, **changes))  # type: ignore[arg-type]


def request_bytes(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    lines = "".join(b64(step) + "\n" for step in proof)
    return f"old {old}\n{lines}\n".encode() + note


TREE, FORK = Tree(), Tree(fork="x")


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    with closing(open_witness(tmp_path)) as witness:
        yield witness


def open_witness(folder: Path) -> Witness:
    logs = {ORIGIN: SIGNER.verifier}
    return Witness(NAME, key_of("w1"), folder / "state", logs, clock=lambda: START)


def signed(body: bytes, note: bytes) -> None:
    """`body` is one valid cosignature on the note."""
    (line,) = notes.parse_lines(body)
    known = cosign.verifier(NAME, key_of("w1"))
    assert known.made(line)
    assert cosign.check(notes.parse(note)[0], line, known) == START


def test_a_log_that_grows_is_cosigned(witness: Witness) -> None:
    for old, new in ((0, 0), (0, 5), (5, 5), (5, 64)):
        answer = witness.handle(TREE.request(old, new))
        assert answer.status == 200, answer.body
        signed(answer.body, TREE.note(new))


@pytest.mark.parametrize(
    ("why", "status", "body"),
    [
        ("nonsense", 400, b"hello"),
        ("no old size", 400, b"\n" + TREE.note(3)),
        ("leading zero", 400, request_bytes(0, [], TREE.note(3)).replace(b"old 0", b"old 00")),
        ("proof line of 31 bytes", 400, request_bytes(0, [bytes(31)], TREE.note(3))),
        ("64 proof lines", 400, request_bytes(0, [bytes(32)] * 64, TREE.note(3))),
        ("not a checkpoint", 400, b"old 0\n\nhello\n\n\xe2\x80\x94 a AAAAAAAA\n"),
        ("old size too large", 400, TREE.request(9, 3)),
        ("unknown log", 404, TREE.request(0, 3, origin="other.example")),
        ("another key", 403, TREE.request(0, 3, signer=Signer(ORIGIN, key_of("other").private))),
        ("another name", 403, TREE.request(0, 3, signer=Signer("other", key_of("log").private))),
        ("proof from nothing", 422, request_bytes(0, [bytes(32)], TREE.note(3))),
    ],
)
def test_what_is_refused(witness: Witness, why: str, status: int, body: bytes) -> None:
    assert witness.handle(body).status == status
    assert witness.handle(TREE.request(0, 1)).status == 200


def test_another_old_size_is_answered_with_the_size(witness: Witness) -> None:
    witness.handle(TREE.request(0, 7))
    for old, new in ((0, 7), (0, 9), (6, 9), (8, 9)):
        answer = witness.handle(TREE.request(old, new))
        assert (answer.status, answer.kind, answer.body) == (409, "text/x.tlog.size", b"7\n")


def test_a_fork_is_never_cosigned(witness: Witness) -> None:
    witness.handle(TREE.request(0, 7))
    assert witness.handle(FORK.request(7, 7)).status == 409
    assert witness.handle(FORK.request(7, 9)).status == 422
    assert witness.handle(request_bytes(7, [], FORK.note(9))).status == 422
    assert witness.handle(TREE.request(7, 9)).status == 200


ACTIONS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 12), st.integers(0, 12), st.booleans(), st.booleans()),
    max_size=30,
)


@settings(max_examples=1000 if os.environ.get("PLAINVIEW_BARS") else 60)
@given(ACTIONS)
def test_in_any_sequence_all_it_signs_is_one_log(
    tmp_path_factory: pytest.TempPathFactory,
    actions: list[tuple[bool, int, int, bool, bool]],
) -> None:
    folder = tmp_path_factory.mktemp("w")
    witness = open_witness(folder)
    cosigned: list[tuple[int, bytes]] = []
    for forked, old, new, honest, restart in actions:
        tree = FORK if forked else TREE
        asked = cosigned[-1][0] if honest and cosigned else old
        answer = witness.handle(tree.request(asked, new))
        if answer.status == 200:
            cosigned.append((new, merkle.root(tree.hashes[:new])))
        if restart:
            witness.close()
            witness = open_witness(folder)
    witness.close()
    sizes = [size for size, _ in cosigned]
    assert sizes == sorted(sizes)
    grown = [root for size, root in cosigned if size]
    whole = [[merkle.root(tree.hashes[:size]) for size in sizes if size] for tree in (TREE, FORK)]
    assert grown in whole


def fill_disk_of(folder: Path, patched: pytest.MonkeyPatch) -> None:
    """Files elsewhere are written: a keeper that serves other tests may run in this process."""
    real = durable.write_file

    def full(path: Path, data: bytes, **how: Any) -> None:
        if path.is_relative_to(folder):
            raise OSError(28, "No space left on device")
        real(path, data, **how)

    patched.setattr(durable, "write_file", full)


def test_it_remembers_before_it_answers(
    witness: Witness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        fill_disk_of(tmp_path, patched)
        with pytest.raises(OSError, match="No space"):
            witness.handle(TREE.request(0, 7))
    assert witness.handle(FORK.request(0, 5)).status == 200
    assert witness.handle(TREE.request(5, 7)).status == 422


def test_it_remembers_over_a_restart(tmp_path: Path) -> None:
    with closing(open_witness(tmp_path)) as witness:
        witness.handle(TREE.request(0, 7))
        with pytest.raises(UnsafeStart, match="Another witness"):
            open_witness(tmp_path)
    with closing(open_witness(tmp_path)) as witness:
        assert witness.handle(FORK.request(0, 9)).status == 409
    assert json.loads((tmp_path / "state").read_text())[ORIGIN]["size"] == 7


@pytest.mark.parametrize("text", ["", "[]", '{"o": 1}', '{"o": {"size": 1}}', "{"])
def test_it_does_not_start_with_a_damaged_memory(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").write_text(text)
    with pytest.raises(StoreDamaged):
        open_witness(tmp_path)


# -- over HTTP


@pytest.fixture
def address(witness: Witness) -> Iterator[str]:
    """A witness behind a real socket."""
    ports: list[int] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()

    def listening(port: int) -> None:
        ports.append(port)
        ready.set()

    task = loop.create_task(serve(witness, "127.0.0.1", 0, ready=listening))

    def run() -> None:
        asyncio.set_event_loop(loop)
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(task)
        rest = asyncio.all_tasks(loop)
        for each in rest:
            each.cancel()
        loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(10)
    yield f"http://127.0.0.1:{ports[0]}"
    loop.call_soon_threadsafe(task.cancel)
    thread.join(10)


def test_client_and_server_agree(address: str) -> None:
    for old, new in ((0, 5), (5, 9)):
        note = TREE.note(new)
        proof = proofs.consistency_proof(TREE.source, old, new)
        signed(add_checkpoint(address, old, proof, note), note)
    with pytest.raises(OtherSize) as told:
        add_checkpoint(address, 0, [], TREE.note(20))
    assert told.value.size == 9
    with pytest.raises(Refused, match="422"):
        add_checkpoint(address, 9, [], FORK.note(20))
    with pytest.raises(Refused, match="404"):
        add_checkpoint(address, 0, [], TREE.note(20, origin="other.example"))


def test_a_witness_whose_disk_is_full_says_so(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        fill_disk_of(tmp_path, patched)
        with pytest.raises(LogAway, match="500"):
            add_checkpoint(address, 0, [], TREE.note(5))
    add_checkpoint(address, 0, [], FORK.note(5))


def test_a_witness_that_is_away_or_talks_nonsense(address: str) -> None:
    for url in ("http://127.0.0.1:1", "ftp://x", "http://", "http:///nowhere"):
        with pytest.raises(LogAway):
            add_checkpoint(url, 0, [], TREE.note(3), timeout=1)
    with pytest.raises(Refused):
        add_checkpoint(f"{address}/elsewhere", 0, [], TREE.note(3))


def test_one_connection_carries_many_requests_and_bad_ones_end_it(address: str) -> None:
    host = address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=10)
    for old, new in ((0, 5), (5, 9)):
        connection.request("POST", "/add-checkpoint", TREE.request(old, new))
        response = connection.getresponse()
        assert (response.status, response.read()[:3]) == (200, "\u2014".encode())
    for method, path, status in (("GET", "/add-checkpoint", 405), ("POST", "/", 404)):
        connection.request(method, path, b"")
        response = connection.getresponse()
        response.read()
        assert response.status == status
    connection.request("POST", "/add-checkpoint", headers={"Content-Length": "999999999"})
    response = connection.getresponse()
    assert response.status == 400
    response.read()
    connection.close()


def test_the_command_runs_a_witness_that_a_policy_trusts(tmp_path: Path) -> None:
    """A real process, a real log: what it cosigns satisfies the policy made of its key."""
    city = City(witnesses=())
    city.story()
    log = open_log(tmp_path / "log", SIGNER)
    log.append(city.raws)
    command = [sys.executable, "-m", "plainview.cli", "witness", "--port", "0", "--name", NAME]
    command += ["--state", str(tmp_path / "state"), "--key", str(tmp_path / "key.pem")]
    command += ["--log-key", SIGNER.verifier.vkey(), "--origin", ORIGIN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().split() for _ in range(3)]
        lines = add_checkpoint(told[2][-1], 0, [], log.head)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    publish(log.folder, SIGNER.verifier, log.head, notes.parse_lines(lines))
    text = f"log {SIGNER.verifier.vkey()}\nwitness w1 {told[1][-1]}\nquorum w1\n"
    policy = Policy.parse(text)
    assert policy.check((tmp_path / "log" / "checkpoint").read_bytes()).checkpoint.size == log.size
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0
