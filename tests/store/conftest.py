"""Small makers of windows, sealed segments and views for the tests of the store."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pyrage
import pytest

from plainview.base.clock import to_compact, to_iso
from plainview.base.settings import Settings
from plainview.seal.windows import WindowHeader
from plainview.store.packs import AGE_MAGIC
from plainview.store.records import KEY, PIXELATED, Record
from plainview.store.store import Store
from plainview.store.writer import NewSegment

START = 1_763_888_400_000
"""2025-11-23T09:00:00Z."""
MakeHeader = Callable[..., WindowHeader]


def header_of(
    start: int = START,
    *,
    camera: str = "cam-01",
    epoch: int = 1,
    counter: int = 0,
    length: int = 60,
) -> WindowHeader:
    """A window header as the keeper would give it, without shares."""
    compact = to_compact(start)
    end = start + length * 1000
    record = {
        "window": f"{camera}.{compact}.{epoch}.{counter}",
        "camera": camera,
        "start": to_iso(start),
        "end": to_iso(end),
        "epoch": epoch,
        "counter": counter,
        "pk": str(pyrage.x25519.Identity.generate().to_public()),
        "k": 2,
        "n": 3,
        "set": "set-1",
        "shares": [],
        "class": "street",
        "period": f"street.{compact}",
        "shred": to_iso(end + 1000),
        "register": 3,
    }
    return WindowHeader.from_dict(
        {"record": record, "shares": [], "wrapped_e": "", "wrapped_view": "", "entry": 5}
    )


def original_of(sequence: int, *, start: int = START, size: int = 200) -> NewSegment:
    """Bytes that begin like an age file."""
    return NewSegment(
        sequence=sequence,
        start_ms=start + sequence * 1000,
        duration_ms=1000,
        arrival_ms=start + sequence * 1000 + 40,
        wall_source="rtcp",
        data=AGE_MAGIC + secrets.token_bytes(size),
        plain_sha256="ab" * 32,
    )


def view_of(
    sequence: int, *, start: int = START, pixelated: bool = False, flags: int = 0
) -> NewSegment:
    """A GOP of five records."""
    begin = start + sequence * 2000
    more = PIXELATED if pixelated else 0
    found = [
        Record(sequence * 5 + n, more | (KEY if n == 0 else 0), begin + n * 400, bytes(40))
        for n in range(5)
    ]
    data = b"".join(record.to_bytes() for record in found)
    return NewSegment(sequence, begin, 2000, begin + 300, "arrival", data, flags=flags)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", commit_seconds=1, disk_reserve_mb=1)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    settings.data.mkdir()
    with Store(settings) as opened:
        yield opened


@pytest.fixture
def make_header() -> MakeHeader:
    return header_of


@pytest.fixture
def make_original() -> Callable[..., NewSegment]:
    return original_of


@pytest.fixture
def make_view() -> Callable[..., NewSegment]:
    return view_of
