"""The stock of windows, the gate, and roots: rules that must hold whatever happens."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.base.clock import from_iso, to_iso
from plainview.base.settings import Settings
from plainview.errors import BadFormat, GateClosed, KeeperAway, LogAway, Unavailable, UnsafeStart
from plainview.keeper.desk import AROUND_MS
from plainview.media.access import Access
from plainview.recorder.gate import GRACE_MS, Gate
from plainview.recorder.retention import Retention
from plainview.recorder.roots import Roots
from plainview.recorder.sources import SourcesFile, read_sources
from plainview.recorder.views import Views
from plainview.recorder.windows import Cursor, Wanted, Window, WindowStock, next_epoch
from plainview.redact.view import ViewItem
from plainview.register.answers import ShredOnLog
from plainview.register.private import Sources
from plainview.seal.draft import BATCH, Spec
from plainview.seal.windows import WindowHeader
from plainview.store.packs import AGE_MAGIC, Kind
from plainview.store.store import Store
from plainview.store.tail import Tail
from plainview.store.writer import NewSegment
from plainview.tlog.entries import make
from plainview.tlog.history import Version

NOW = from_iso("2026-11-23T09:00:30.500Z")
FAR = NOW + 10**10
PK = str(pyrage.x25519.Identity.generate().to_public())


def answer(register: int = 3, until: int = FAR, lapses: int = FAR) -> Version:
    return Version(register, 1, "active", {"custodian_set": "set-1"}, 0, lapses, until)


def header_of(spec: Spec, register: int = 3) -> WindowHeader:
    record = {
        "window": str(spec.id), "camera": spec.camera, "start": to_iso(spec.start),
        "end": to_iso(spec.end), "epoch": spec.epoch, "counter": spec.counter, "pk": PK, "k": 2,
        "n": 3, "set": "set-1", "shares": [], "class": "short", "period": "p",
        "shred": to_iso(spec.end), "register": register,
    }  # fmt: skip
    return WindowHeader.from_dict(
        {"record": record, "shares": [], "wrapped_e": "", "wrapped_view": "", "entry": 1}
    )


def made(wanted: Wanted) -> list[tuple[WindowHeader, bytes]]:
    return [(header_of(s, wanted.answer.index), bytes(32)) for s in wanted.specs]


def stock_of(horizon_s: int = 600, window_s: int = 60, *, filled: bool = True) -> WindowStock:
    stock = WindowStock("cam-01", 1, horizon_s=horizon_s, window_s=window_s)
    if filled:
        fill(stock)
    return stock


def fill(stock: WindowStock, now: int = NOW, said: Version | None = None) -> None:
    while (wanted := stock.wanted(now, said or answer())) is not None:
        stock.put(wanted, made(wanted))


def test_windows_are_aligned_and_cover_the_horizon_without_gaps() -> None:
    stock = stock_of(horizon_s=7200, filled=False)
    wanted = stock.wanted(NOW, answer())
    assert wanted is not None
    assert len(wanted.specs) == BATCH
    assert wanted.specs[0].start == NOW - 500
    assert all(spec.end % 60_000 == 0 for spec in wanted.specs)
    stock.put(wanted, made(wanted))
    fill(stock)
    assert stock.ends > NOW + 7_000_000
    assert stock.wanted(NOW + 60_000, answer()) is None
    moments = range(NOW, NOW + 7_000_000, 17_000)
    assert all(stock.find(m).start <= m < stock.find(m).end for m in moments)


def test_no_window_reaches_beyond_the_legal_basis() -> None:
    stock = stock_of(filled=False)
    lapses = NOW + 100_000
    fill(stock, said=answer(until=lapses, lapses=lapses))
    assert stock.ends == lapses - lapses % 1000
    with pytest.raises(Unavailable, match="no window"):
        stock.find(lapses + 1)


def test_a_change_of_the_register_makes_windows_stale() -> None:
    stock = stock_of()
    assert not stock.unlike(answer(), NOW)
    assert stock.unlike(answer(register=9), NOW)
    assert stock.unlike(answer(until=NOW + 200_000), NOW)
    stock.renew()
    fill(stock, said=answer(register=9))
    assert not stock.unlike(answer(register=9), NOW)
    assert stock.find(NOW).id.endswith(".1.1")


def test_what_was_made_for_an_old_generation_is_not_used() -> None:
    stock = stock_of(filled=False)
    wanted = stock.wanted(NOW, answer())
    assert wanted is not None
    stock.renew()
    stock.put(wanted, made(wanted))
    assert stock.ends == 0


def test_a_step_back_waits_for_a_new_window() -> None:
    stock = stock_of()
    cursor = Cursor(stock)
    first = cursor.pick(NOW + 120_000)

    def maker() -> None:
        stock.poke.wait(5)
        fill(stock, NOW)

    stock.poke.clear()
    thread = threading.Thread(target=maker)
    thread.start()
    second = cursor.pick(NOW, wait_s=5)
    thread.join()
    assert second.generation == first.generation + 1
    assert second.start <= NOW < second.end


def test_a_camera_that_is_behind_does_not_wait() -> None:
    stock = stock_of()
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        stock.find(NOW - 9_000, wait_s=5)
    assert time.monotonic() - begun < 1
    assert stock.find(NOW - 900) is stock.find(NOW)


@settings(max_examples=60)
@given(st.lists(st.integers(-90_000, 90_000), min_size=1, max_size=60))
def test_a_rendition_never_comes_back_to_a_window(steps: list[int]) -> None:
    stock, moment = stock_of(), NOW
    cursors = [Cursor(stock), Cursor(stock)]
    seen: list[list[Window]] = [[], []]
    for number, step in enumerate(steps):
        moment = max(NOW - 600_000, moment + step)
        which = number % 2
        try:
            window = cursors[which].pick(moment)
        except Unavailable:
            fill(stock, moment)
            continue
        if not seen[which] or seen[which][-1] is not window:
            seen[which].append(window)
    for windows in seen:
        assert len({w.id for w in windows}) == len(windows)
        order = [(w.generation, w.start) for w in windows]
        assert order == sorted(order)


def test_epochs_never_repeat(tmp_path: Path) -> None:
    assert [next_epoch(tmp_path) for _ in range(3)] == [1, 2, 3]
    (tmp_path / "recorder" / "epoch").write_text("nonsense")
    with pytest.raises(BadFormat, match="no number"):
        next_epoch(tmp_path)


class FakeRegister:
    """Answers what the test says; counts what was logged."""

    def __init__(self) -> None:
        self.says: Version | Exception = answer()
        self.logged: list[tuple[bool, int | None]] = []
        self.away = False

    def may_record(self, camera: str, at: int) -> Version:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    def gate(self, camera: str, allowed: bool, reason: str, register: int | None) -> int:
        if self.away:
            raise KeeperAway("away")
        self.logged.append((allowed, register))
        return 0


def test_the_gate_closes_at_once_and_lasts_while_nobody_answers() -> None:
    register = FakeRegister()
    gate = Gate("cam-01", register, register, horizon_s=100)
    with pytest.raises(GateClosed, match="not asked yet"):
        gate.check(NOW)
    gate.refresh(lambda: NOW)
    register.says = LogAway("gone")
    gate.refresh(lambda: NOW + 50_000)
    gate.check(NOW + 99_000)
    with pytest.raises(GateClosed, match="cannot be asked"):
        gate.check(NOW + 100_000 + GRACE_MS)
    register.says = GateClosed("suspended")
    gate.refresh(lambda: NOW + 60_000)
    with pytest.raises(GateClosed, match="suspended"):
        gate.check(NOW + 60_000)
    assert gate.answer is None


def test_gate_changes_are_logged_once_and_later_if_the_keeper_is_away() -> None:
    register = FakeRegister()
    gate = Gate("cam-01", register, register, horizon_s=100)
    for says in (answer(), answer(), answer(register=5)):
        register.says = says
        gate.refresh(lambda: NOW)
    register.away, register.says = True, GateClosed("revoked")
    gate.refresh(lambda: NOW)
    assert register.logged == [(True, 3), (True, 5)]
    register.away = False
    gate.refresh(lambda: NOW)
    assert register.logged[-1] == (False, None)


class FakeKeeper:
    """Logs roots; loses its answer when told so, as a crash would."""

    def __init__(self) -> None:
        self.entries: dict[str, list[dict[str, Any]]] = {}
        self.lose = False

    def roots(
        self, node: str, minute: str, leaves: Sequence[dict[str, Any]], *, entry: str | None = None
    ) -> int:
        assert entry is not None
        self.entries.setdefault(entry, list(leaves))
        if self.lose:
            raise KeeperAway("no answer")
        return len(self.entries) - 1


@pytest.fixture
def filled(tmp_path: Path) -> Store:
    store = Store(Settings(data=tmp_path, commit_seconds=1, disk_reserve_mb=1))
    write(store, 0, 3)
    return store


def write(store: Store, number: int, count: int) -> str:
    start = NOW - 500 + number * 60_000
    spec = Spec(camera="cam-01", start=start, end=start + 29_500, epoch=1, counter=number)
    header = header_of(spec)
    with store.writer() as writer:
        for sequence in range(count):
            at = start + sequence * 1000
            data = AGE_MAGIC + secrets.token_bytes(50)
            new = NewSegment(sequence, at, 1000, at, "rtcp", data, secrets.token_hex(32))
            writer.add(Kind.ORIGINALS, header, new)
    return header.record.window


def test_every_original_is_rooted_exactly_once_whatever_is_lost(filled: Store) -> None:
    keeper = FakeKeeper()
    roots = Roots(filled, "node-1", keeper)
    keeper.lose = True
    with pytest.raises(KeeperAway):
        roots.log(NOW + 1000)
    write(filled, 1, 2)
    roots.book.close()
    again = Roots(filled, "node-1", keeper)  # a restart: nothing but the disk is known
    keeper.lose = False
    assert again.due(NOW + 2000)
    again.log(NOW + 61_000)
    leaves = [leaf for entry in keeper.entries.values() for leaf in entry]
    assert sorted(leaf["segments"] for leaf in leaves) == [2, 3]
    assert again.log(NOW + 62_000) == 0
    assert len(keeper.entries) == 2
    assert not again.due(NOW + 62_000)
    again.book.close()
    filled.close()


def test_shredded_windows_are_dropped_once(filled: Store) -> None:
    other = write(filled, 1, 1)
    (window,) = filled.windows("cam-01", NOW, NOW + 5000)
    roots = Roots(filled, "node-1", FakeKeeper())
    roots.log(NOW)
    shred = make("shred", {"windows": [window]}, time=NOW)

    class Log:
        def shreds(self, limit: int) -> list[ShredOnLog]:
            return [ShredOnLog(7, "p", NOW, NOW, 1)]

        def raw(self, index: int) -> bytes:
            return shred.raw

    retention = Retention(filled, Log(), roots.book)
    assert retention.follow() == 1
    assert retention.follow() == 0
    assert filled.of_window(Kind.ORIGINALS, window) == []
    assert filled.of_window(Kind.ORIGINALS, other)
    assert roots.log(NOW + 60_000) == 0
    roots.book.close()
    filled.close()


def test_sources_are_read_again_and_must_be_private(tmp_path: Path) -> None:
    watched = SourcesFile(tmp_path)
    assert watched.now() == {}
    Sources(tmp_path).put("cam-01", "rtsp://user:secret@host/1")
    assert watched.now()["cam-01"].url == "rtsp://user:secret@host/1"
    assert "secret" not in repr(watched.now())
    Sources(tmp_path).put("cam-02", "rtsp://host/2")
    assert set(watched.now()) == {"cam-01", "cam-02"}
    Sources(tmp_path).put("cam-02", "rtsp://host/2", Access("udp").to_dict())
    assert watched.now()["cam-02"].access == Access("udp")
    assert watched.now()["cam-01"].access == Access()
    Sources(tmp_path).put("cam-02", "rtsp://host/2", {"transport": "pigeon"})
    assert watched.now()["cam-02"].access == Access("udp")
    assert "transport of a camera's address is not known" in watched.trouble
    Sources(tmp_path).put("cam-02", "rtsp://host/2")
    (tmp_path / "sources.json").chmod(0o644)
    (tmp_path / "sources.json").write_text("{}")
    with pytest.raises(UnsafeStart, match="read by others"):
        read_sources(tmp_path)
    assert set(watched.now()) == {"cam-01", "cam-02"}
    assert "chmod 600" in watched.trouble
    (tmp_path / "sources.json").chmod(0o600)
    (tmp_path / "sources.json").write_text('["no", "object"]')
    with pytest.raises(BadFormat):
        read_sources(tmp_path)
    assert set(watched.now()) == {"cam-01", "cam-02"}
    assert "not JSON" in watched.trouble


@given(st.lists(st.integers(1, 1990), min_size=1, max_size=150), st.integers(0, 40_000))
@settings(max_examples=60)
def test_a_view_reaches_no_further_over_its_window_than_the_keeper_gives_keys_for(
    steps: list[int], before: int
) -> None:
    added: list[tuple[WindowHeader, NewSegment]] = []

    class Shelf:
        def add(self, _kind: Kind, header: WindowHeader, new: NewSegment) -> None:
            added.append((header, new))

        def close_window(self, *_args: object) -> None:
            pass

    stock: Any = stock_of()
    views = Views(stock, Shelf(), Tail(), lambda: NOW)  # type: ignore[arg-type]
    at, key = NOW + 59_500 - 500 - before, NOW - 10_000  # up to 40 s before a window's end
    length = steps[0]
    for step in steps:
        is_key = at - key >= 2000  # as `media.encode` makes them
        key = at if is_key else key
        views.push(ViewItem(b"", at, length, is_key, False))
        at, length = at + step, step
    views.close()
    assert added
    for header, new in added:
        over = new.start_ms + new.duration_ms - header.record.end_ms
        assert header.record.start_ms <= new.start_ms < header.record.end_ms
        assert over < AROUND_MS
