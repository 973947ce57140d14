"""Key files and addresses: what is refused before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plainview.errors import BadFormat, NotFound, Unavailable, UnsafeStart
from plainview.release import asking, keyfile
from plainview.release.client import Server, _segment, origin_of
from plainview.release.trust import Trust
from plainview.testing.errand import Errand


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("http://localhost:8600", "http://localhost:8600"),
        ("localhost:8600", "http://localhost:8600"),
        ("https://video.city.example/", "https://video.city.example"),
        ("http://[::1]:8600/x", "http://[::1]:8600"),
    ],
)
def test_origins(given: str, origin: str) -> None:
    assert origin_of(given) == origin


@pytest.mark.parametrize("given", ["http://video.city.example", "ftp://localhost", "http://", ""])
def test_addresses_that_are_refused(given: str) -> None:
    with pytest.raises(BadFormat):
        origin_of(given)


def test_a_server_that_is_not_there() -> None:
    key = keyfile.generate("Ana")
    with (
        Server("http://127.0.0.1:9", key) as server,
        pytest.raises(Unavailable, match="cannot be reached"),
    ):
        server.get("/api/requests")


def test_key_files(tmp_path: Path) -> None:
    key = keyfile.generate("Ana", "p-ana")
    path = tmp_path / "ana.json"
    key.write(path)
    again = keyfile.read(path)
    assert again.signing.public == key.signing.public
    assert (again.person, again.recipient, again.name_salt) == (
        "p-ana",
        key.recipient,
        key.name_salt,
    )
    with pytest.raises(UnsafeStart, match="which log to believe"):
        Trust(again)
    path.chmod(0o640)
    with pytest.raises(UnsafeStart, match="read by others"):
        keyfile.read(path)
    with pytest.raises(NotFound):
        keyfile.read(tmp_path / "none.json")


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"age": "AGE-SECRET-KEY-1X"},
        {"signing": "x"},
        {"person": None},
        {"name_salt": "xyz"},
    ],
)
def test_key_files_that_are_not(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "ana.json"
    keyfile.generate("Ana").write(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(BadFormat):
        keyfile.read(path)


@pytest.mark.parametrize(
    ("where", "name", "value", "said"),
    [
        ("body", "recipient", "age1x", "not yours"),
        ("detail", "case", "K 2", "not the one that it commits to"),
        ("body", "windows", ["cam-02.20261123T085000Z.1.0"], "not of the camera and time"),
    ],
)
def test_drafts_that_nobody_should_sign(
    errand: Errand, where: str, name: str, value: object, said: str
) -> None:
    draft = asking.read_draft(errand.draft())
    draft[where][name] = value
    with pytest.raises(Exception, match=said):
        asking.check_draft(draft, errand.town.keys["investigator"])
    with pytest.raises(BadFormat):
        asking.read_draft({**draft, "body": {}})


def test_an_answer_nested_without_end_is_refused() -> None:
    with pytest.raises(BadFormat, match="without its header"):
        _segment(b"[" * 60_000 + b"\nage")
