"""`read_canonical` takes exactly what RFC 8785's own library writes: two readers, the same answers.

The other reader is Python's `json` with `rfc8785`, as slow as it is plain.
"""

from __future__ import annotations

import json
import os
from typing import Any, NoReturn

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plainview.errors import BadFormat
from plainview.tlog.entries import canonical, read_canonical

FULL = os.environ.get("PLAINVIEW_BARS") == "1"
CASES = settings(max_examples=20_000 if FULL else 300)


def refuse(text: str) -> NoReturn:
    raise ValueError(text)


PLAIN = json.JSONDecoder(parse_float=refuse, parse_constant=refuse)
REFUSED = object()


def plainly(raw: bytes) -> Any:
    """The value, or REFUSED."""
    try:
        value = PLAIN.decode(raw.decode("utf-8"))
        return value if rfc8785.dumps(value) == raw else REFUSED
    except (rfc8785.CanonicalizationError, ValueError, RecursionError):
        return REFUSED


def quickly(raw: bytes) -> Any:
    try:
        return read_canonical(raw)
    except BadFormat:
        return REFUSED


def agree(raw: bytes) -> None:
    ours, theirs = quickly(raw), plainly(raw)
    assert ours == theirs, raw
    assert json.dumps(ours) == json.dumps(theirs) if ours is not REFUSED else True  # True is not 1


numbers = (
    st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from([2**53, -(2**53), 2**63, -0.0])
)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3) | st.sampled_from(["\ufb33", "\U0001f600"]), inner)
    ),
    max_leaves=10,
)
pieces = st.sampled_from(
    rb"""-0 1.0 1e3 " \u0041 \ud800 \/ , { } [ ] : null NaN 9007199254740992 "a":1, 0
    \u001f \u001F ,1.5 -1E2 0.0""".split()
) | st.sampled_from([b" ", b"\n", b"\xff", b"\xef\xbb\xbf", b"\x00", b"\x7f"])


@CASES
@given(values)
def test_any_writing_of_any_value(value: object) -> None:
    agree(json.dumps(value).encode())
    agree(json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
          .encode("utf-8", "surrogatepass"))  # fmt: skip


@CASES
@given(values, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 4), pieces), max_size=3))
@example({"a": 1}, [(5, 1, b"-0")])
@example({"a": ",1.5"}, [])
@example({"a": "T11:06:40.000Z", "b": [1, "2"]}, [])
@example({"\ufb33": 1, "\U0001f600": 2}, [])
def test_bytes_that_are_spoilt(value: object, edits: list[tuple[int, int, bytes]]) -> None:
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    raw = text.encode("utf-8", "surrogatepass")
    for at, length, piece in edits:
        raw = raw[: at % (len(raw) + 1)] + piece + raw[at % (len(raw) + 1) + length :]
    agree(raw)


@CASES
@given(values)
def test_what_is_written_is_what_the_library_writes(value: object) -> None:
    try:
        theirs = rfc8785.dumps(PLAIN.decode(json.dumps(value)))
    except (rfc8785.CanonicalizationError, ValueError):
        with pytest.raises(BadFormat):
            canonical(value)
    else:
        assert canonical(value) == theirs


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [None, {"a": float("nan")}], 1.0])
def test_a_float_is_never_written(value: object) -> None:
    with pytest.raises(BadFormat):
        canonical(value)


@pytest.mark.parametrize("levels", [200, 255])
def test_nesting_has_a_fixed_limit(levels: int) -> None:
    raw = b"[" * levels + b"]" * levels
    if levels < 254:
        read_canonical(raw)
    else:
        with pytest.raises(BadFormat):
            read_canonical(raw)
