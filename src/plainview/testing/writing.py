"""Programs that write as the real ones do and say what was acknowledged, for `powercut`.

    python -m plainview.testing.writing store DATA EPOCH     the store's writer, root book, drops
    python -m plainview.testing.writing keeper DATA COUNT    a keeper and those who ask it
    python -m plainview.testing.writing ring FOLDER COUNT    the keeper's key ring

Each line on standard output is a promise: what it names must be there after a power cut.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pyrage

from plainview.base.clock import DAY_MS, from_iso, now_ms, to_compact, to_iso
from plainview.base.days import day_of
from plainview.base.ids import new_id, sha256_hex
from plainview.base.settings import Settings
from plainview.errors import PlainviewError
from plainview.keeper.process import Keeper
from plainview.keeper.ring import KeyRing, wrap
from plainview.keys.client import KeeperClient
from plainview.recorder.windows import next_epoch
from plainview.register.projection import Register
from plainview.seal.draft import Spec, make_drafts, set_of
from plainview.seal.windows import WindowHeader
from plainview.store.packs import AGE_MAGIC, Kind
from plainview.store.records import KEY, Record
from plainview.store.rooted import RootBook, leaf_of
from plainview.store.store import Store
from plainview.store.writer import NewSegment, Ticket, Writer

START = from_iso("2025-11-23T23:56:00Z")
"""Four windows before midnight, the others behind it."""
WINDOW_MS = 60_000
WINDOWS, SEGMENTS, GROUP = 9, 8, 3
ACTORS = 3


def say(*words: object) -> None:
    """A promise, in one write."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def header(epoch: int, number: int) -> WindowHeader:
    """The header of a window that no keeper has seen."""
    start = START + number * WINDOW_MS
    name = to_compact(start)
    record = {
        "window": f"cam-01.{name}.{epoch}.0", "camera": "cam-01", "start": to_iso(start),
        "end": to_iso(start + WINDOW_MS), "epoch": epoch, "counter": 0,
        "pk": str(pyrage.x25519.Identity.generate().to_public()), "k": 2, "n": 3, "set": "s",
        "shares": [], "class": "street", "period": f"street.{name}",
        "shred": to_iso(start + DAY_MS), "register": 1,
    }  # fmt: skip
    return WindowHeader.from_dict(
        {"record": record, "shares": [], "wrapped_e": "", "wrapped_view": "", "entry": 1}
    )


def store(data: Path) -> None:
    """Windows of originals and views; some are dropped again, most are closed."""
    settings = Settings(data=data, commit_seconds=3600, disk_reserve_mb=1)
    epoch = next_epoch(data)
    say("epoch", epoch)
    chance = random.Random(epoch)  # noqa: S311 - sizes, no secret
    with Store(settings) as opened, opened.writer() as writer:
        book = RootBook(data)
        for number in range(WINDOWS):
            window = header(epoch, number)
            _window(writer, window, chance)
            _root(opened, book, window)
            if number % 4 != 1:  # the others are as a crash of the pipeline leaves them
                writer.close_window(Kind.ORIGINALS, window)
                writer.close_window(Kind.VIEWS, window)
            if number % 3 == 2:
                gone = header(epoch, number - 1).record.window
                opened.drop_windows([gone])
                book.forget([gone])
                say("dropped", gone)
        book.close()


def _window(writer: Writer, window: WindowHeader, chance: random.Random) -> None:
    waiting: list[tuple[str, Ticket]] = []
    for sequence in range(SEGMENTS):
        at = window.record.start_ms + sequence * 4000
        sealed = AGE_MAGIC + chance.randbytes(chance.randint(300, 9_000))
        record = Record(sequence, KEY, at, chance.randbytes(chance.randint(50, 3_000)))
        for kind, data in ((Kind.ORIGINALS, sealed), (Kind.VIEWS, record.to_bytes())):
            plain = "cd" * 32 if kind is Kind.ORIGINALS else ""
            new = NewSegment(sequence, at, 4000, at, "rtcp", data, plain)
            promise = f"{kind.value} {window.record.window} {sequence} {sha256_hex(data)}"
            waiting.append((promise, writer.add(kind, window, new)))
        if sequence % GROUP == GROUP - 1 or sequence == SEGMENTS - 1:
            writer.flush()
            for promise, ticket in waiting:
                ticket.wait(0)
                say(promise)
            waiting.clear()


def _root(opened: Store, book: RootBook, window: WindowHeader) -> None:
    rows = opened.of_window(Kind.ORIGINALS, window.record.window)
    entry = new_id()
    book.add(entry, [leaf_of(rows, day_of(rows[0].start_ms), 1)])
    say("leaf", entry)


def keeper(data: Path, count: int) -> None:
    """A keeper; several actors have entries logged, windows locked, view keys given."""
    settings = Settings(data=data)
    running = Keeper(settings.data)
    say("ready")
    failures: list[PlainviewError] = []

    def act(number: int) -> None:
        with KeeperClient(settings.keeper_socket) as client:
            for round_ in range(count):
                try:
                    _ask(client, settings, number, round_)
                except PlainviewError as error:
                    failures.append(error)
                    return

    actors = [threading.Thread(target=act, args=(number,)) for number in range(ACTORS)]
    for actor in actors:
        actor.start()
    with Register(settings) as register:
        while any(actor.is_alive() for actor in actors):
            register.sync()
    for actor in actors:
        actor.join()
    running.close()
    if failures:
        raise failures[0]


def _ask(client: KeeperClient, settings: Settings, number: int, round_: int) -> None:
    if number == 0 and round_ % 4 == 0:
        _windows(client, settings, round_)
    ident = new_id()
    say("tried", ident)
    gate = {"camera": "cam-01", "allowed": False, "reason": "none", "register": None}
    say("entry", ident, client._ask("gate", id=ident, **gate))
    if number == 1 and round_ % 5 == 0:
        act = client.act("a-1", "operator", "live", {"camera": "cam-01"})
        say("act", act.index)


def _windows(client: KeeperClient, settings: Settings, round_: int) -> None:
    with Register(settings) as register:
        register.sync()
        version = register.may_record("cam-01", now_ms())
        group = register.custodian_set(version.record["custodian_set"])
    body = {"set": group.set, "k": group.k, "members": [dict(m) for m in group.members]}
    start = (now_ms() // WINDOW_MS + 1) * WINDOW_MS  # later than the camera was stated
    specs = [
        Spec(camera="cam-01", start=start, end=start + WINDOW_MS, epoch=os.getpid(), counter=at)
        for at in (2 * round_, 2 * round_ + 1)
    ]
    drafts = make_drafts(specs, set_of(body))
    for made, draft in zip(
        client.make_windows("cam-01", version.index, drafts), drafts, strict=True
    ):
        say("window", made["record"]["window"], sha256_hex(draft.view.encode()))


def ring(folder: Path, count: int) -> None:
    """Keys are made and destroyed, as by days and shreds."""
    keys = KeyRing(folder)
    for number in range(count):
        name = f"p{number}"
        keys.ensure({name: number})
        say("key", name, json.dumps(wrap(keys.key(name), ["w", "e"], name.encode())))
        if number % 3 == 2:
            keys.destroy({f"p{number - 2}"})
            say("destroyed", f"p{number - 2}")


def main(words: list[str]) -> None:
    """`ROLE FOLDER COUNT`."""
    role, folder = words[0], Path(words[1])
    roles: dict[str, Callable[[], None]] = {
        "store": lambda: store(folder),
        "keeper": lambda: keeper(folder, int(words[2])),
        "ring": lambda: ring(folder, int(words[2])),
    }
    roles[role]()


if __name__ == "__main__":
    main(sys.argv[1:])
