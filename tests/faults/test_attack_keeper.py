"""Attacks on the keeper's socket, as a web process that was broken into may call it."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Iterator
from typing import Any

import pyrage
import pytest

from plainview.base.clock import now_ms, to_iso
from plainview.base.ids import new_id
from plainview.base.settings import Settings
from plainview.errors import BadFormat, NotAuthorised, NotLogged, PlainviewError, Refused
from plainview.keeper.process import Keeper
from plainview.keeper.server import CONNECTIONS
from plainview.keys.client import KeeperClient
from plainview.keys.protocol import MAX_MESSAGE, receive, send
from plainview.node import setup
from plainview.register import statements
from plainview.tlog.entries import make
from plainview.tlog.signing import SigningKey

RULES = {"window_seconds": 60, "key_period_seconds": 600, "notice_seconds": 0, "reveal_seconds": 60}
LEAF = {"camera": "cam-01", "window": "w", "segments": 1, "cipher": "0" * 64, "plain": "1" * 64}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A keeper on a log that a data protection officer has founded."""
    chosen = Settings(data=tmp_path_factory.mktemp("keeper") / "data")
    keys = [SigningKey.generate() for _ in range(2)]
    people = [
        statements.public_person(
            f"p-{number}", key, str(pyrage.x25519.Identity.generate().to_public()), ["dpo"],
            "town", outside=False, name="Ana", salt=secrets.token_bytes(32),
        )
        for number, key in enumerate(keys)
    ]  # fmt: skip
    setup.create(chosen, statements.founding("a.test/log", "demo", RULES, people, keys), [], 0)
    keeper = Keeper(chosen.data)
    yield chosen
    keeper.close()


@pytest.fixture
def keeper(settings: Settings) -> Iterator[KeeperClient]:
    with KeeperClient(settings.keeper_socket) as client:
        yield client


def ask(settings: Settings, question: dict[str, Any]) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        link.connect(str(settings.keeper_socket))
        send(link, question)
        return receive(link.makefile("rb")) or {}


def last_words(link: socket.socket) -> bytes:
    """What still comes; a connection that is cut off says nothing."""
    try:
        return link.recv(1000)
    except ConnectionResetError:
        return b""


def test_published_leaves_cannot_be_replaced(settings: Settings, keeper: KeeperClient) -> None:
    ident, minute = new_id(), to_iso(now_ms())
    index = keeper.roots("node-1", minute, [LEAF], entry=ident)
    published = settings.log_dir / "leaves" / f"{ident}.json"
    before = published.read_bytes()
    assert keeper.roots("node-1", minute, [LEAF], entry=ident) == index
    with pytest.raises(Refused):
        keeper.roots("node-1", to_iso(now_ms()), [], entry=ident)
    assert published.read_bytes() == before


@pytest.mark.parametrize("ident", ["../../keys/log", "x" * 32, "0" * 33])
def test_an_id_leads_nowhere_else(keeper: KeeperClient, ident: str) -> None:
    with pytest.raises(BadFormat):
        keeper.roots("node-1", to_iso(now_ms()), [LEAF], entry=ident)


@pytest.mark.parametrize("op", ["close", "chores", "unlock", "log", "desk", "__init__", "shred"])
def test_nothing_but_the_questions_is_answered(settings: Settings, op: str) -> None:
    assert ask(settings, {"op": op, "window": "w", "kind": "e"})["error"]["code"] == "not_found"


def test_a_key_needs_a_session_and_a_window_of_it(keeper: KeeperClient) -> None:
    with pytest.raises(NotAuthorised):
        keeper.view_key(new_id(), "cam-01.x")
    now = now_ms()
    session = keeper.watch("a" * 12, "operator", "playback", "cam-01", now - 60_000, now, "why")
    with pytest.raises(NotLogged):
        keeper.view_key(session.id, "cam-01.20260101T000000Z.1.0")


def test_the_keepers_own_words_cannot_be_put_into_its_mouth(keeper: KeeperClient) -> None:
    forged: list[tuple[str, dict[str, Any]]] = [
        ("opening", {"request": "0" * 64, "window": "w", "resealed_e": "0" * 64}),
        ("reveal", {"of": 0, "detail": {}, "salt": "0" * 64}),
        ("start", {"software": "x", "log_size": 0}),
    ]
    for kind, body in forged:
        with pytest.raises(PlainviewError):
            keeper.append(make(kind, body, time=now_ms()).raw)


def test_a_name_with_a_space_is_no_actor(keeper: KeeperClient) -> None:
    with pytest.raises(BadFormat):
        keeper.act("Mira Olsen", "operator", "snapshot", {})


def test_oversized_and_broken_messages_end_one_connection_only(
    settings: Settings, keeper: KeeperClient
) -> None:
    deep = json.dumps({"op": "status"}).replace('"status"', "[" * 5000 + "]" * 5000).encode()
    for message in (b" " * (MAX_MESSAGE + 1), b"12345\n", b'{"op": "status"}', deep + b"\n"):
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(10)
            link.connect(str(settings.keeper_socket))
            link.sendall(message)
            link.shutdown(socket.SHUT_WR)
            assert b'"ok"' not in last_words(link)
    assert keeper.status()["red"] == []


def test_connections_are_bounded_and_come_back(settings: Settings) -> None:
    links = []
    try:
        for _ in range(CONNECTIONS + 5):
            link = socket.socket(socket.AF_UNIX)
            links.append(link)
            link.connect(str(settings.keeper_socket))
        links[-1].settimeout(5)
        assert last_words(links[-1]) == b""
    finally:
        for link in links:
            link.close()
    for _ in range(100):
        try:
            assert "ok" in ask(settings, {"op": "status"})
            break
        except (OSError, AssertionError):
            continue
    else:
        pytest.fail("the keeper does not take connections any more")


SPAN = {"actor": "a" * 12, "role": "operator", "purpose": "why"}


def watch(settings: Settings, ident: str, camera: str, **also: Any) -> dict[str, Any]:
    now = now_ms()
    span = {"kind": "playback", "from_ms": now - 60_000, "to_ms": now, **SPAN, **also}
    return ask(settings, {"op": "watch", "id": ident, "camera": camera, **span})


def test_an_id_that_is_on_the_log_opens_nothing_else(
    settings: Settings, keeper: KeeperClient
) -> None:
    """Each question for keys has an entry of its own: a known id does not pass for one."""
    first = new_id()
    assert "ok" in watch(settings, first, "cam-01")
    gate = {"camera": "cam-01", "allowed": False, "reason": "none", "register": None}
    other = new_id()
    assert "ok" in ask(settings, {"op": "gate", "id": other, **gate})
    size = keeper.status()["size"]
    assert watch(settings, first, "cam-02")["error"]["code"] == "refused"
    assert watch(settings, first, "cam-01", kind="live", to_ms=None)["error"]["code"] == "refused"
    assert watch(settings, other, "cam-02")["error"]["code"] == "refused"
    act = {"op": "act", "id": first, "actor": "a" * 12, "role": "operator", "act": "snapshot"}
    assert ask(settings, {**act, "detail": {}})["error"]["code"] == "refused"
    assert keeper.status()["size"] == size


def test_a_question_asked_again_is_answered_again(settings: Settings) -> None:
    ident, now = new_id(), now_ms()
    span = {"from_ms": now - 60_000, "to_ms": now}
    first, again = (watch(settings, ident, "cam-01", **span)["ok"] for _ in range(2))
    assert (first["index"], first["salt"]) == (again["index"], again["salt"])
