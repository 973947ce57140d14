"""Age files of our own: opened by pyrage and by Debian's `age`, at every edge of a chunk."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.errors import BadFormat
from plainview.seal.agefile import CHUNK, encrypt, public_key

EDGES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7]


@pytest.mark.parametrize("size", EDGES)
def test_pyrage_opens_what_is_written(size: int) -> None:
    key, plain = pyrage.x25519.Identity.generate(), bytes(range(251)) * (size // 251 + 1)
    made = encrypt(plain[:size], str(key.to_public()))
    assert pyrage.decrypt(made, [key]) == plain[:size]


@pytest.mark.parametrize("size", EDGES)
def test_debians_age_opens_what_is_written(size: int, tmp_path: Path) -> None:
    age = shutil.which("age")
    assert age, "age is needed; `make test` installs it"
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(f"{key}\n")
    (tmp_path / "file.age").write_bytes(encrypt(b"\x07" * size, str(key.to_public())))
    opened = subprocess.run(
        [age, "-d", "-i", str(tmp_path / "key"), str(tmp_path / "file.age")],
        capture_output=True,
        check=True,
    )
    assert opened.stdout == b"\x07" * size


def test_no_two_files_are_alike_and_none_opens_for_another() -> None:
    key = pyrage.x25519.Identity.generate()
    to = str(key.to_public())
    assert encrypt(b"same", to) != encrypt(b"same", to)
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(encrypt(b"same", to), [pyrage.x25519.Identity.generate()])


@pytest.mark.parametrize("where", ["share", "wrapped", "mac", "nonce", "body", "end"])
def test_a_change_anywhere_is_noticed(where: str) -> None:
    key = pyrage.x25519.Identity.generate()
    made = bytearray(encrypt(b"\x01" * (CHUNK + 10), str(key.to_public())))
    mac = made.index(b"--- ")
    payload = made.index(b"\n", mac) + 1
    at = {
        "share": made.index(b"-> X25519 ") + 12,
        "wrapped": mac - 5,
        "mac": mac + 6,
        "nonce": payload + 3,
        "body": payload + 16 + CHUNK // 2,
        "end": len(made) - 1,
    }[where]
    made[at] = ord("A") if made[at] == ord("B") else ord("B")
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(bytes(made), [key])


@pytest.mark.parametrize("cut", [1, 16, CHUNK + 16])
def test_a_cut_is_noticed(cut: int) -> None:
    key = pyrage.x25519.Identity.generate()
    made = encrypt(b"\x01" * (2 * CHUNK), str(key.to_public()))
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(made[:-cut], [key])


@given(st.integers(0, 61), st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l1bio Ä"))
@settings(max_examples=60)
def test_a_recipient_with_a_false_letter_is_refused(at: int, letter: str) -> None:
    text = str(pyrage.x25519.Identity.generate().to_public())
    changed = text[:at] + letter + text[at + 1 :]
    if changed == text:
        assert len(public_key(text)) == 32
        return
    with pytest.raises(BadFormat, match="age recipient"):
        public_key(changed)


def test_a_recipient_of_small_order_is_refused() -> None:
    with pytest.raises(BadFormat):
        public_key("age1" + "q" * 58)
    with pytest.raises(BadFormat):
        public_key("")
