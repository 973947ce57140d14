"""The keeper's protocol on a real socket pair: framing, bounds, errors under their own class."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview import errors
from plainview.errors import BadFormat, GateClosed, KeeperAway, PlainviewError
from plainview.keys import client
from plainview.keys.client import KeeperClient, raise_error
from plainview.keys.protocol import MAX_MESSAGE, error_answer, receive, send

Pair = tuple[socket.socket, BinaryIO]

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner),
    max_leaves=9,
)


@pytest.fixture
def pair() -> Iterator[Pair]:
    left, right = socket.socketpair()
    left.settimeout(5)
    right.settimeout(5)
    with left, right, right.makefile("rb") as stream:
        yield left, stream


@given(st.dictionaries(st.text(), values, max_size=5))
def test_messages_come_back(message: dict[str, Any]) -> None:
    left, right = socket.socketpair()
    with left, right, right.makefile("rb") as stream:
        send(left, message)
        assert receive(stream) == message


def test_a_long_message_comes_in_pieces(pair: Pair) -> None:
    message = {"data": "x" * 3_000_000}
    sender = threading.Thread(target=send, args=(pair[0], message))
    sender.start()
    assert receive(pair[1]) == message
    sender.join()


def test_the_end_of_the_stream(pair: Pair) -> None:
    pair[0].close()
    assert receive(pair[1]) is None


@pytest.mark.parametrize(
    "data",
    [b"{", b"{}", b"[]\n", b"{]\n", b"\x7f\0\0\0\n", b"\n", b"\xff{}\n", b"{}{}\n"],
)
def test_what_is_no_message(pair: Pair, data: bytes) -> None:
    pair[0].sendall(data)
    pair[0].close()
    with pytest.raises(BadFormat):
        receive(pair[1])


def test_a_message_without_end_is_not_read_for_ever(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plainview.keys.protocol.MAX_MESSAGE", 1000)
    pair[0].sendall(b"{" * 1001)  # more may come: nobody has closed the connection
    with pytest.raises(BadFormat, match="too long"):
        receive(pair[1])


def test_messages_that_arrive_together_are_read_one_by_one(pair: Pair) -> None:
    pair[0].sendall(b'{"a":1}\n{"b":2}\n')
    assert [receive(pair[1]), receive(pair[1])] == [{"a": 1}, {"b": 2}]


def test_a_message_that_is_too_long_is_not_sent(pair: Pair) -> None:
    with pytest.raises(BadFormat):
        send(pair[0], {"data": "x" * MAX_MESSAGE})


@pytest.mark.parametrize("kind", [k for k in vars(errors).values() if isinstance(k, type)])
def test_errors_keep_their_class(kind: type[PlainviewError]) -> None:
    with pytest.raises(kind) as caught:
        raise_error(error_answer(kind("what", hint="do this")))
    assert type(caught.value) is kind
    assert caught.value.line() == "what do this"


def test_unknown_errors_and_answers() -> None:
    raise_error({"ok": 1})
    with pytest.raises(PlainviewError, match="new"):
        raise_error({"error": {"code": "from_the_future", "message": "new"}})
    assert client._CLASSES["gate_closed"] is GateClosed


class Deaf:
    """A server that answers with what a test says, connection by connection."""

    def __init__(self, path: Path, answers: list[bytes | None]) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self.asked = 0
        self._answers = answers
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        for answer in self._answers:
            link, _address = self._listener.accept()
            with link, link.makefile("rb") as stream:
                if answer is not None:
                    receive(stream)
                    self.asked += 1
                    link.sendall(answer)

    def close(self) -> None:
        self._thread.join()
        self._listener.close()


def framed(text: bytes) -> bytes:
    return text + b"\n"


def test_a_broken_connection_is_asked_once_more(tmp_path: Path) -> None:
    server = Deaf(tmp_path / "s", [None, framed(b'{"ok": {"size": 5}}')])
    with KeeperClient(tmp_path / "s", timeout_s=5) as client:
        assert client.status() == {"size": 5}
    server.close()
    assert server.asked == 1


def test_two_broken_connections_are_enough(tmp_path: Path) -> None:
    server = Deaf(tmp_path / "s", [None, None])
    with KeeperClient(tmp_path / "s", timeout_s=5) as client, pytest.raises(KeeperAway):
        client.status()
    server.close()


def test_a_silent_keeper_is_away(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        client = KeeperClient(tmp_path / "s", timeout_s=0.1)
        with pytest.raises(KeeperAway, match="in time"):
            client.status()


def test_nonsense_from_the_keeper(tmp_path: Path) -> None:
    server = Deaf(tmp_path / "s", [framed(b"[1]")])
    with KeeperClient(tmp_path / "s", timeout_s=5) as client, pytest.raises(BadFormat):
        client.status()
    server.close()


def test_no_keeper(tmp_path: Path) -> None:
    client = KeeperClient(tmp_path / "none")
    with pytest.raises(KeeperAway) as caught:
        client.status()
    assert "plainview serve" in caught.value.hint
