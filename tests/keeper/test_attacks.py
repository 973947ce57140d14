"""Who opens a window: k custodians and the keeper together, and nobody with less.

The attackers here have everything of their side: all files and all memory of the server, or the
private keys of custodians. They try every combination that the scheme could be broken by.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from plainview.base.ids import unb64
from plainview.errors import BadFormat, BadSeal, BadShare
from plainview.keeper.ring import unwrap
from plainview.seal.combine import combine_window
from plainview.seal.segments import SegmentMeta, add_box, seal_boxed
from plainview.seal.shamir import combine
from plainview.seal.shares import Share, identity, open_share, unseal
from plainview.seal.windows import WindowHeader

FULL = os.environ.get("PLAINVIEW_BARS") == "1"
WINDOWS = 40 if FULL else 4
BAR = "released window"
Record = Callable[[str, object], None]


class Attempts:
    """Counts tries and keeps what opened a window that should have stayed closed."""

    def __init__(self) -> None:
        self.count = 0
        self.opened: list[str] = []

    def try_key(self, candidate: bytes, header: WindowHeader) -> None:
        self.count += 1
        try:
            public = str(identity(candidate.decode("latin-1")).to_public())
        except BadFormat:
            return
        if public == header.record.pk:
            self.opened.append(header.record.window)


def xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=False))


def shares_of(city: Any, header: WindowHeader) -> list[Share]:
    return [
        open_share(str(custodian.age), unb64(share.sealed), header.record)
        for custodian, share in zip(city.custodians, header.shares, strict=True)
    ]


def guesses(shares: Iterable[Share]) -> list[bytes]:
    """What an attacker may take for S: what they interpolate to, and each share as it is."""
    raw = [share.secret for share in shares]
    return [*(share[:-1] for share in raw), *([combine(raw)] if len(raw) > 1 else [])]


def server_secrets(city: Any, header: WindowHeader) -> list[bytes]:
    """Everything that the server holds: keys, root, log key, view key, E, and its wrapped forms."""
    desk = city.keeper.desk
    e, view = (desk.unlock(desk._row(header.record.window), kind) for kind in ("e", "view"))
    files = [path.read_bytes() for path in city.settings.keys_dir.glob("*.key")]
    return [e, view, *files, *desk.ring._keys.values(), unb64(header.wrapped_e)]


@pytest.mark.bar(BAR)
@pytest.mark.parametrize(("k", "n"), [(2, 3), (3, 5)])
def test_less_than_k_custodians_or_no_keeper_open_nothing(
    found_city: Any, record_property: Record, k: int, n: int
) -> None:
    city, attempts, opened = found_city(k=k, n=n), Attempts(), 0
    for header in city.windows(WINDOWS):
        held = server_secrets(city, header)
        e, shares = held[0], shares_of(city, header)
        for candidate in held:
            attempts.try_key(candidate, header)
        for size in range(1, n + 1):
            for chosen in itertools.combinations(shares, size):
                for guess in guesses(chosen):
                    attempts.try_key(guess, header)
                    if size < k:
                        for candidate in held:
                            attempts.try_key(xor(guess, candidate), header)
                if size < k:
                    with pytest.raises(BadShare):
                        combine_window(header.record, e, [share.to_bytes() for share in chosen])
                else:
                    raw = [share.to_bytes() for share in chosen]
                    combine_window(header.record, e, raw)
                    opened += 1
    measured = f"{k}-of-{n}: {opened} rightful subsets open, 0 of {attempts.count} attacks"
    row = {"row": BAR, "measured": measured, "must": "k-1 custodians, or all server keys: nothing"}
    record_property("bar", json.dumps(row))
    assert attempts.opened == []


@pytest.mark.bar(BAR)
def test_a_released_window_opens_with_debians_age_and_no_neighbour_does(
    city: Any, tmp_path: Path, record_property: Record
) -> None:
    headers = city.windows(3)
    videos = {h.record.window: [secrets.token_bytes(300_000) for _ in range(3)] for h in headers}
    for header in headers:
        for seq, video in enumerate(videos[header.record.window]):
            plain = add_box(video, SegmentMeta(header.record.window, seq, seq, seq + 1))
            name = f"{header.record.window}.{seq}"
            (tmp_path / f"{name}.plain").write_bytes(plain)
            (tmp_path / f"{name}.age").write_bytes(seal_boxed(header.record.pk, plain))
    released = headers[1].record
    request = city.ask_for(released.window)
    resealed = [city.release(number, request, headers[1]) for number in (0, 2)]
    own = str(city.officer.age)
    e = unseal(city.client.opening(request, released.window), own)
    sk = combine_window(released, e, [unseal(share, own) for share in resealed])
    (tmp_path / "window.key").write_text(f"{sk}\n")
    identical = 0
    for header in headers:
        for seq in range(3):
            name = f"{header.record.window}.{seq}"
            opened = age(tmp_path / "window.key", tmp_path / f"{name}.age")
            if header is headers[1]:
                assert opened == (tmp_path / f"{name}.plain").read_bytes()
                identical += 1
            else:
                assert opened is None, f"{name} is a neighbour"
    measured = f"{identical} of 3 segments byte-identical with Debian's age, 0 of 6 neighbours open"
    must = "opens with Debian's age, byte-identical; no neighbour window opens"
    record_property("bar", json.dumps({"row": BAR, "measured": measured, "must": must}))


def age(key: Path, file: Path) -> bytes | None:
    """What Debian's age makes of the file, None if it refuses."""
    program = shutil.which("age")
    assert program, "age is needed; `make test` installs it"
    done = subprocess.run(
        [program, "-d", "-i", str(key), str(file)], capture_output=True, timeout=30
    )
    return done.stdout if done.returncode == 0 else None


def test_a_released_share_helps_no_neighbour(city: Any) -> None:
    """E of a neighbour with released shares, and the other way round."""
    first, second = city.windows(2)
    ours = [share.to_bytes() for share in shares_of(city, first)]
    e = server_secrets(city, second)[0]
    with pytest.raises(BadSeal):
        combine_window(first.record, e, ours)
    with pytest.raises(BadShare):
        combine_window(second.record, e, ours)


def test_a_thief_of_the_disk_and_the_backups(city: Any) -> None:
    """The whole data folder but the root key (which no backup takes) unwraps no E."""
    header = city.windows(1)[0]
    held = [p for p in city.settings.data.rglob("*") if p.is_file() and "root-" not in p.name]
    desk = city.keeper.desk
    e = desk.unlock(desk._row(header.record.window), "e")
    assert not any(e in path.read_bytes() for path in held)


def test_another_keepers_files_open_nothing(city: Any, tmp_path: Path) -> None:
    """Rows moved to another window do not unwrap: each value is bound to its window and kind."""
    first, second = city.windows(2)
    desk = city.keeper.desk
    row = desk.box.window(first.record.window)
    for window, kind, text in [
        (second.record.window, "e", row.e),
        (first.record.window, "view", row.e),
    ]:
        with pytest.raises(BadSeal):
            unwrap(desk.ring.key(row.key), [window, kind], text)
