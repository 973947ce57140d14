"""Window ids, records, segments and view records: what they refuse, and that they come back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pyrage
import pytest
import rfc8785
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from plainview.base.clock import from_iso
from plainview.errors import BadFormat, BadSeal
from plainview.seal.segments import (
    SegmentMeta,
    add_box,
    check_plain,
    open_segment,
    plain_hash,
    seal_segment,
    split_box,
)
from plainview.seal.shares import identity, recipient, seal_to, unseal
from plainview.seal.views import ViewCipher
from plainview.seal.windows import WindowHeader, WindowId, WindowRecord

WINDOW = "cam-01.20261123T085000Z.1.0"
RECORD = {
    "window": WINDOW,
    "camera": "cam-01",
    "start": "2026-11-23T08:50:00.000Z",
    "end": "2026-11-23T08:51:00.000Z",
    "epoch": 1,
    "counter": 0,
    "pk": str(pyrage.x25519.Identity.generate().to_public()),
    "k": 2,
    "n": 3,
    "set": "set-1",
    "shares": [{"i": i, "plain": "0" * 64, "sealed": "1" * 64} for i in (1, 2, 3)],
    "class": "short",
    "period": "short.20261123T085000Z",
    "shred": "2026-11-23T09:10:00.000Z",
    "register": 7,
}


def key() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


def test_window_ids() -> None:
    name = WindowId.parse(WINDOW)
    assert name == WindowId("cam-01", from_iso("2026-11-23T08:50:00Z"), 1, 0)
    assert str(name) == WINDOW


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cam",
        "../x.20261123T085000Z.1.0",
        "cam-01.20261323T085000Z.1.0",
        WINDOW + "\n",
        "Ä." * 4,
    ],
)
def test_wrong_window_ids(text: str) -> None:
    with pytest.raises(BadFormat):
        WindowId.parse(text)


def test_records_and_headers_come_back() -> None:
    record = WindowRecord.from_dict(RECORD)
    assert record.to_dict() == RECORD
    assert record.id.camera == "cam-01"
    assert record.end_ms - record.start_ms == 60_000
    assert record.shred_ms == from_iso("2026-11-23T09:10:00Z")
    assert record.share(2).sealed == "1" * 64
    header: dict[str, Any] = {
        "record": RECORD,
        "shares": [{"i": 1, "person": "p-1", "sealed": "AA=="}],
    }
    header |= {"wrapped_e": "AA==", "wrapped_view": "AA==", "entry": 5}
    assert WindowHeader.from_dict(header).to_dict() == header


@pytest.mark.parametrize(
    "change",
    [
        {"pk": "age1"},
        {"k": 1},
        {"k": "2"},
        {"class": "Short"},
        {"more": 1},
        {"shares": [{"i": 0, "plain": "0" * 64, "sealed": "1" * 64}]},
    ],
)
def test_wrong_records(change: dict[str, object]) -> None:
    with pytest.raises(BadFormat, match="WindowRecord"):
        WindowRecord.from_dict({**RECORD, **change})
    with pytest.raises(BadFormat):
        WindowRecord.from_dict(None)


@given(st.binary(max_size=200), st.integers(0, 10**6))
def test_boxes_come_off_again(fmp4: bytes, seq: int) -> None:
    meta = SegmentMeta(WINDOW, seq, 5, 6)
    assert split_box(add_box(fmp4, meta)) == (fmp4, meta)


def test_a_picture_that_holds_our_mark_is_no_trap() -> None:
    meta = SegmentMeta(WINDOW, 1, 5, 6)
    inner = add_box(b"video", SegmentMeta(WINDOW, 0, 1, 2))
    assert split_box(add_box(inner, meta)) == (inner, meta)


@pytest.mark.parametrize("cut", [1, 20, 30])
def test_a_box_that_is_cut_is_refused(cut: int) -> None:
    with pytest.raises(BadFormat):
        split_box(add_box(b"video", SegmentMeta(WINDOW, 0, 1, 2))[:-cut])


def test_salts_differ() -> None:
    hashes = {plain_hash(add_box(b"video", SegmentMeta(WINDOW, 0, 1, 2))) for _ in range(10)}
    assert len(hashes) == 10


def test_a_segment_opens_with_its_key_alone() -> None:
    sk, meta = key(), SegmentMeta(WINDOW, 3, 1000, 6000)
    sealed = seal_segment(str(sk.to_public()), b"\0" * 100_000, meta)
    assert open_segment(str(sk), sealed) == (b"\0" * 100_000, meta)
    check_plain(str(sk), sealed, plain_hash(add_box(b"\0" * 100_000, meta)))
    with pytest.raises(BadSeal, match="committed"):
        check_plain(str(sk), sealed, "0" * 64)
    with pytest.raises(BadSeal):
        open_segment(str(key()), sealed)
    with pytest.raises(BadSeal):
        open_segment(str(sk), sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_debians_age_opens_a_segment(tmp_path: Path) -> None:
    age = shutil.which("age")
    assert age, "age is needed; `make test` installs it"
    sk, meta = key(), SegmentMeta(WINDOW, 3, 1000, 6000)
    (tmp_path / "key").write_text(f"{sk}\n")
    (tmp_path / "segment.age").write_bytes(seal_segment(str(sk.to_public()), b"video" * 30, meta))
    command = [age, "-d", "-i", str(tmp_path / "key"), str(tmp_path / "segment.age")]
    opened = subprocess.run(command, capture_output=True, check=True, timeout=30).stdout
    assert opened == add_box(b"video" * 30, meta)


@given(st.text(max_size=30), st.integers(0, 2**53 - 1), st.text(max_size=10))
def test_a_views_record_is_what_the_page_says(window: str, number: int, kind: str) -> None:
    """Opened with nothing but AES-GCM and canonical JSON."""
    sealed = ViewCipher(bytes(32), window).seal(number, kind, b"picture")
    about = rfc8785.dumps([window, number, kind])
    assert AESGCM(bytes(32)).decrypt(number.to_bytes(12, "big"), sealed, about) == b"picture"


def test_views_come_back_and_are_bound_to_their_place() -> None:
    view, secret = ViewCipher(bytes(32), WINDOW), b"picture"
    sealed = [view.seal(number, "frame", secret) for number in range(3)]
    assert len(set(sealed)) == 3
    assert view.open(1, "frame", sealed[1]) == secret
    other = ViewCipher(bytes(32), WINDOW.replace("01", "02"))
    for cipher, number, kind in [(view, 2, "frame"), (view, 1, "still"), (other, 1, "frame")]:
        with pytest.raises(BadSeal):
            cipher.open(number, kind, sealed[1])


def test_a_record_number_is_never_used_twice() -> None:
    view = ViewCipher(bytes(32), WINDOW)
    view.seal(5, "frame", b"a")
    for number in (5, 4):
        with pytest.raises(BadSeal, match="used before"):
            view.seal(number, "frame", b"b")
    with pytest.raises(BadSeal, match="32 bytes"):
        ViewCipher(bytes(16), WINDOW)


def test_keys_that_are_none_are_not_shown() -> None:
    with pytest.raises(BadFormat) as caught:
        identity("AGE-SECRET-KEY-1NONSENSE")
    assert "NONSENSE" not in caught.value.line()
    with pytest.raises(BadFormat):
        recipient("age1nonsense")
    with pytest.raises(BadSeal):
        unseal(b"not an age file", str(key()))
    assert unseal(seal_to(b"x", str((mine := key()).to_public())), str(mine)) == b"x"
