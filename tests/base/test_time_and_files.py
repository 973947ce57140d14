"""Times round-trip; files are replaced whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.base import durable
from plainview.base.clock import from_iso, to_compact, to_iso
from plainview.base.days import day_of, from_compact
from plainview.base.ids import b64, unb64
from plainview.errors import BadFormat

MOMENTS = st.integers(0, 4_102_444_800_000)


@given(MOMENTS)
def test_iso_round_trips(ms: int) -> None:
    assert from_iso(to_iso(ms)) == ms


@given(MOMENTS)
def test_compact_round_trips_to_the_second(ms: int) -> None:
    assert from_compact(to_compact(ms)) == ms // 1000 * 1000


def test_a_day_is_a_utc_day() -> None:
    assert day_of(from_iso("2026-11-23T23:59:59.999Z")) == "2026-11-23"


BEYOND = ["9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+23:59"]


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-11-23T10:00:00", "2026-13-01T00:00:00Z", *BEYOND]
)
def test_what_is_not_a_time_with_zone_is_refused(text: str) -> None:
    with pytest.raises(BadFormat):
        from_iso(text)


@given(st.binary())
def test_base64_round_trips(data: bytes) -> None:
    assert unb64(b64(data)) == data


def test_bad_base64_is_refused() -> None:
    with pytest.raises(BadFormat):
        unb64("!")


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b"
    durable.make_folder(target.parent)
    durable.write_file(target, b"one", mode=0o600)
    durable.write_file(target, b"two", mode=0o600)
    assert target.read_bytes() == b"two"
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(target.parent.iterdir()) == [target]


def test_threads_may_replace_one_file_at_the_same_time(tmp_path: Path) -> None:
    target = tmp_path / "probe"
    contents = [bytes([number]) * 4096 for number in range(8)]

    def write(data: bytes) -> None:
        for _ in range(25):
            durable.write_file(target, data)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, contents))
    assert target.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [target]
