"""Two children of the tests: `endless DATA EPOCH` writes as fast as it can and prints what was
acknowledged, until it is killed; `full DATA` writes until the system refuses (its parent set a file
size limit) and prints how many were accepted, refused, and can be read."""

from __future__ import annotations

import secrets
import signal
import sys
from pathlib import Path

import pyrage

from plainview.base.clock import to_compact, to_iso
from plainview.base.settings import Settings
from plainview.errors import StoreFull
from plainview.seal.windows import WindowHeader
from plainview.store.packs import AGE_MAGIC, Kind
from plainview.store.records import KEY, Record
from plainview.store.store import Store
from plainview.store.writer import NewSegment, Ticket, Writer

START = 1_763_888_400_000


def header(epoch: int, number: int) -> WindowHeader:
    start = START + number * 60_000
    name = to_compact(start)
    record = {
        "window": f"cam-01.{name}.{epoch}.0", "camera": "cam-01", "start": to_iso(start),
        "end": to_iso(start + 60_000), "epoch": epoch, "counter": 0,
        "pk": str(pyrage.x25519.Identity.generate().to_public()), "k": 2, "n": 3, "set": "s",
        "shares": [], "class": "street", "period": f"street.{name}",
        "shred": to_iso(start + 99_000), "register": 1,
    }  # fmt: skip
    return WindowHeader.from_dict(
        {"record": record, "shares": [], "wrapped_e": "", "wrapped_view": "", "entry": 1}
    )


def endless(settings: Settings, epoch: int) -> None:
    with Store(settings) as store:
        store.recover()
        with store.writer() as writer:
            for number in range(1000):
                one_window(writer, header(epoch, number), close=number % 2 == 1)


def one_window(writer: Writer, window: WindowHeader, *, close: bool) -> None:
    waiting: list[tuple[str, Ticket]] = []
    for sequence in range(20):
        at = window.record.start_ms + sequence * 1000
        data = AGE_MAGIC + secrets.token_bytes(30_000)
        new = NewSegment(sequence, at, 1000, at, "rtcp", data, "cd" * 32)
        ticket = writer.add(Kind.ORIGINALS, window, new)
        waiting.append((f"originals {window.record.window} {sequence}", ticket))
        view = Record(sequence, KEY, at, secrets.token_bytes(5_000)).to_bytes()
        ticket = writer.add(Kind.VIEWS, window, NewSegment(sequence, at, 1000, at, "rtcp", view))
        waiting.append((f"views {window.record.window} {sequence}", ticket))
    writer.flush()
    for line, ticket in waiting:
        ticket.wait(0)
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    if close:
        writer.close_window(Kind.ORIGINALS, window)
        writer.close_window(Kind.VIEWS, window)


def full(settings: Settings) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    window, accepted, refused = header(1, 0), 0, 0
    with Store(settings) as store:
        with store.writer() as writer:
            for sequence in range(12):
                data = AGE_MAGIC + secrets.token_bytes(3 << 20)
                at = START + sequence * 1000
                new = NewSegment(sequence, at, 1000, at, "rtcp", data, "cd" * 32)
                ticket = writer.add(Kind.ORIGINALS, window, new)
                writer.flush()
                try:
                    ticket.wait(0)
                    accepted += 1
                except StoreFull:
                    refused += 1
        rows = store.of_window(Kind.ORIGINALS, window.record.window)
        readable = sum(len(store.read(row)) > 0 for row in rows)
    sys.stdout.write(f"{accepted} {refused} {readable}\n")


if __name__ == "__main__":
    chosen = Settings(data=Path(sys.argv[2]), commit_seconds=1, disk_reserve_mb=1)
    if sys.argv[1] == "full":
        full(chosen)
    else:
        endless(chosen, int(sys.argv[3]))
