"""Entries: the one canonical form, and statements' signatures."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import BadFormat, BadSignature
from plainview.testing.city import START, key_of
from plainview.tlog.entries import (
    MAX_ENTRY,
    canonical,
    commit,
    make,
    parse,
    read_canonical,
)
from plainview.tlog.merkle import leaf_hash
from plainview.tlog.signing import SigningKey, sign

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def entry_bytes(**changes: object) -> bytes:
    document = {
        "v": 1,
        "id": "0" * 32,
        "type": "act",
        "time": "2026-11-23T08:00:00.000Z",
        "body": {},
    }
    return canonical(
        {name: value for name, value in {**document, **changes}.items() if value != ""}
    )


@given(json_values)
def test_read_canonical_is_the_inverse_of_rfc8785(value: object) -> None:
    raw = rfc8785.dumps(value)  # type: ignore[arg-type]
    assert canonical(value) == raw
    assert read_canonical(raw) == value


@given(json_values)
def test_other_spellings_of_the_same_value_are_refused(value: object) -> None:
    raw = canonical(value)
    for other in (json.dumps(value, indent=1).encode(), b" " + raw, raw + b"\n"):
        if other != raw:
            with pytest.raises(BadFormat):
                read_canonical(other)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":-0}',
        b'{"a":9007199254740992}',
        b'{"a":99999999999999999999999}',
        b'{"a":NaN}',
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b"[" * 5000,
        b"",
    ],
)
def test_what_is_not_canonical_is_refused(raw: bytes) -> None:
    with pytest.raises(BadFormat):
        read_canonical(raw)


def test_names_beyond_the_basic_plane_are_ordered_as_rfc8785_says() -> None:
    value = {"\U00010000": 1, "\uffff": 2}
    assert read_canonical(canonical(value)) == value
    with pytest.raises(BadFormat):
        read_canonical('{"\uffff":2,"\U00010000":1}'.encode())


def test_a_float_cannot_be_logged() -> None:
    with pytest.raises(BadFormat, match="float"):
        make("act", {"a": [{"b": 0.5}]}, time=START)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": True},
        {"id": "0" * 31},
        {"id": "A" * 32},
        {"id": 7},
        {"type": 7},
        {"time": "2026-11-23T08:00:00Z"},
        {"time": "2026-11-23T08:00:00.000+00:00"},
        {"time": "yesterday"},
        {"time": 1},
        {"body": []},
        {"body": ""},
        {"extra": 1},
        {"by": ["a"]},
        {"sigs": {}},
        {"by": [], "sigs": {}},
        {"by": ["a", "a"], "sigs": {"a": "x"}},
        {"by": ["a"], "sigs": {"b": "x"}},
        {"by": ["a"], "sigs": {"a": 1}},
        {"by": "a", "sigs": {"a": "x"}},
        {"by": [["a"]], "sigs": {"a": "x"}},
    ],
)
def test_malformed_entries_are_refused(changes: dict[str, object]) -> None:
    parse(entry_bytes())
    with pytest.raises(BadFormat):
        parse(entry_bytes(**changes))


def test_the_longest_entry() -> None:
    room = MAX_ENTRY - len(entry_bytes(body={"a": ""}))
    assert len(parse(entry_bytes(body={"a": "x" * room})).raw) == MAX_ENTRY
    with pytest.raises(BadFormat):
        parse(entry_bytes(body={"a": "x" * (room + 1)}))


def test_a_statement_carries_every_signature() -> None:
    keys = [key_of("a"), key_of("b")]
    entry = sign(make("hold", {"x": 1}, time=START), keys)
    assert entry.by == tuple(key.key_id for key in keys)
    for position, key in enumerate(keys):
        entry.check_signature(position, key.public)
    with pytest.raises(BadSignature):
        entry.check_signature(0, keys[1].public)
    assert parse(entry.raw) == entry


def test_no_byte_of_a_statement_can_change_under_its_signature() -> None:
    key = key_of("a")
    entry = sign(make("hold", {"windows": ["w"]}, time=START), [key])
    for at in range(len(entry.raw)):
        changed = bytearray(entry.raw)
        changed[at] ^= 1
        with pytest.raises((BadFormat, BadSignature)):
            parse(bytes(changed)).check_signature(0, key.public)


def test_signing_again_replaces_the_signatures() -> None:
    once = sign(make("hold", {}, time=START), [key_of("a")])
    again = sign(once, [key_of("b")])
    assert again.by == (key_of("b").key_id,)
    assert again.id == once.id


def test_keys_travel_as_pem() -> None:
    key = SigningKey.generate()
    assert SigningKey.from_pem(key.to_pem()).public == key.public
    with pytest.raises(BadFormat):
        SigningKey.from_pem(b"nonsense")


def test_a_commitment_hides_and_binds() -> None:
    detail = {"camera": "cam-01"}
    assert commit(detail, bytes(32)) != commit(detail, bytes(31) + b"\x01")
    assert commit(detail, bytes(32)) == commit(dict(detail), bytes(32))
    with pytest.raises(BadFormat):
        commit(detail, b"short")


def test_the_hash_of_an_entry_is_its_leaf_hash() -> None:
    entry = make("start", {}, time=START)
    assert entry.hash == leaf_hash(entry.raw).hex()


def test_what_is_nested_without_end_is_refused() -> None:
    deep: list[object] = []
    for _level in range(100_000):
        deep = [deep]
    with pytest.raises(BadFormat):
        canonical({"a": deep})
