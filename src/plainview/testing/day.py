"""A day of a small city in minutes: 40 cameras, keys destroyed every hour, nothing grows.

    python -m plainview.testing.day FOLDER [--cameras N] [--seen N] [--hours N] [--hour SECONDS]

Each hour of a driven clock: somebody watches, plays back and reads the public pages; a camera's
connection is cut; what was recorded is compared with what was sent; keys that were due are gone,
and no other; memory and handles of every process are written down. Prints what was measured as one
line of JSON; a promise that did not hold is an error.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import defaultdict
from functools import partial
from pathlib import Path

import httpx

from plainview.base.clock import Ms, from_iso, to_iso
from plainview.base.durable import make_folder
from plainview.seal.windows import WindowId
from plainview.store.index import Segment
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.testing import clock
from plainview.testing.aftermath import Keys, Log, check_originals, holes
from plainview.testing.fasttown import FastTown, check
from plainview.testing.hamlet import until
from plainview.testing.ledger import check_holes
from plainview.testing.onlooker import Onlooker
from plainview.testing.street import STEP_MS
from plainview.testing.usage import Growth, Sample

START = from_iso("2027-03-09T21:00:00Z")
SEED = 20270309
LATE_MS: Ms = 600_000
"""How long after its time a key may still be there: the keeper looks once a second of real time."""
UNDER_WAY_MS: Ms = 30_000
"""A segment lasts 10 s; one is being filled, one may be on its way to the disk."""
PATIENCE_S = 120.0
"""For a busy machine to commit what it has; the clock stands meanwhile."""
SHARE, LEAST_MB, HANDLES = 0.05, 6.0, 4
"""What a process may hold more in the last third of a day than in the second."""
SAMPLES = 4
"""Looks at the processes within an hour."""
PAGES = ("/", "/cameras", "/cameras/cam-01", "/log", "/health", "/log/files/checkpoint")


class Day:
    """`hour` after `hour`; `found` is what was measured."""

    def __init__(self, town: FastTown, hour_ms: Ms) -> None:
        self.town, self.settings, self._hour = town, town.settings, hour_ms
        self.chance = random.Random(SEED)  # noqa: S311 - which camera, no secret
        self.samples: defaultdict[str, list[Sample]] = defaultdict(list)
        self.cuts = self.opened = self.declared = self.watched = 0
        self._looked: dict[str, Ms] = {}
        self._due: dict[str, Ms] = {}

    def hour(self) -> None:
        """Let one hour pass."""
        begun = self.town.clock.now
        self._visit()
        self._cut()
        for part in range(1, SAMPLES + 1):
            self.town.pass_time(begun + part * self._hour // SAMPLES)
            for name, pid in self.town.pids().items():
                self.samples[name].append(Sample.of(pid))
            self._keys()
        self._recorded()

    def _visit(self) -> None:
        """A person watches for a minute, plays back; strangers read pages; monitoring scrapes."""
        town, now = self.town, self.town.clock.now
        person = Onlooker(self.settings, town.keys["operator"])
        check(person.sign_in() == 200, "nobody can sign in")
        camera = self.chance.choice([name for name in town.cameras if name in town.seen])
        person.watch(camera)
        town.pass_time(now + 60_000)
        person.wait_more(0)
        if now > town.street.mounts[camera].begin + 240_000:
            status = person.begin_playback(camera, now - 180_000, now - 60_000)
            check(status == 200, f"playback answers {status}")
            check(person.play() == 200, "no segment is played back")
        for page in PAGES:
            check(person.get(page).status_code in (200, 503), f"{page} is not shown")
        transport = httpx.HTTPTransport(uds=str(self.settings.recorder_socket))
        with httpx.Client(transport=transport, timeout=30) as client:
            check(client.get("http://recorder/metrics").status_code == 200, "no metrics")
        person.leave()
        check(not person.ended, f"live pictures ended: {person.ended}")
        self.watched += person.bytes
        person.close()

    def _cut(self) -> None:
        """A camera's connection breaks; it comes back by itself, and the gap is declared."""
        camera = self.chance.choice(self.town.cameras)
        self.town.street.server.cut(camera)
        self.cuts += 1

    def _keys(self) -> None:
        """What is due is destroyed, and nothing else."""
        now, left = self.town.clock.now, Keys(self.settings.keys_dir).due
        late = [name for name, at in left.items() if at < now - LATE_MS]
        check(not late, f"{late} were not destroyed")
        early = [name for name, at in self._due.items() if name not in left and at > now]
        check(not early, f"{early} were destroyed early")
        self._due |= left

    def _recorded(self) -> None:
        """Since the last look: no hole that is not declared; one window is opened and compared."""
        now = self.town.clock.now
        with Store(self.settings) as store:
            until(partial(self._committed, store, now), PATIENCE_S, "a commit of every camera")
            chosen = self.chance.choice(self.town.cameras)
            for name in self.town.cameras:
                # What began before this hour may be gone by now: its key falls due at this moment.
                since = max(self._looked.get(name, START), now - self._hour)
                rows = store.segments(Kind.ORIGINALS, name, since - 1, now)
                self._no_hole(name, rows, since, now)
                if name == chosen:
                    self._open(store, name, rows, since, now)

    def _committed(self, store: Store, now: Ms) -> bool:
        """Whether all but the segments under way is acknowledged; the clock stands meanwhile."""
        return all(
            store.segments(Kind.ORIGINALS, name, now - UNDER_WAY_MS, now)
            for name in self.town.cameras
        )

    def _no_hole(self, name: str, rows: list[Segment], since: Ms, now: Ms) -> None:
        check(rows, f"{name} recorded nothing")
        found = holes(rows)
        silent = [(to_iso(a), to_iso(b)) for a, b, declared in found if not declared]
        check(not silent, f"{name} has gaps that nothing declares: {silent[:3]}")
        self.declared += len(found)
        newest = max(row.end_ms for row in rows)
        check(newest > now - UNDER_WAY_MS, f"{name} ends at {to_iso(newest)} of {to_iso(now)}")
        sent = self.town.street.mounts[name]
        first = min(row.start_ms for row in rows)
        check(first <= since + STEP_MS or since == sent.begin, f"{name} begins at {to_iso(first)}")
        held = sum(row.end_ms - row.start_ms for row in rows if row.start_ms >= since) // STEP_MS
        spans = [
            (low * STEP_MS + sent.begin, high * STEP_MS + sent.begin) for low, high in sent.sent
        ]
        came = sum(
            max(0, min(high, newest - STEP_MS) - max(low, since)) // STEP_MS + 1
            for low, high in spans
            if high >= since and low < newest
        )
        check(abs(held - came) <= len(found) + 1, f"{name}: {came} pictures came, {held} are held")
        self._looked[name] = newest

    def _open(self, store: Store, name: str, rows: list[Segment], since: Ms, now: Ms) -> None:
        """The latest window that has ended, with all keys in one hand; it is due in an hour."""
        ended = [
            window for window in sorted({row.window for row in rows})
            if WindowId.parse(window).start >= since - UNDER_WAY_MS
            and store.header(window).record.end_ms < now - UNDER_WAY_MS
        ]  # fmt: skip
        if ended:
            mount = self.town.street.mounts[name]
            self.opened += check_originals(self.town, store, mount, name, ended[-1:])

    def close(self) -> dict[str, object]:
        """Stop everything and look at what is left."""
        town, now = self.town, self.town.clock.now
        with Store(self.settings) as store:
            for name in town.seen:
                check_holes(store, name, STEP_MS * 3 // 2)
        growth = [Growth.of(name, samples) for name, samples in sorted(self.samples.items())]
        town.stop()
        log = Log(self.settings.log_dir)
        keys, windows = log.check_shreds()
        left = log.unshredded(now - LATE_MS)
        check(not left, f"{len(left)} windows were due and are not shredded, such as {left[:1]}")
        packs = list(self.settings.data.glob("*/*/*/*.pack"))
        pictures = sum(high - low + 1 for m in town.street.mounts.values() for low, high in m.sent)
        found: dict[str, object] = {
            "pictures_sent": pictures, "cuts": self.cuts, "declared_gaps": self.declared,
            "pictures_opened": self.opened, "keys_shredded": keys, "windows_shredded": windows,
            "entries": len(log.entries), "packs_left": len(packs), "bytes_watched": self.watched,
            "growth": [one.line() for one in growth],
        }  # fmt: skip
        sys.stderr.write(json.dumps(found) + "\n")
        town.verified()
        for one in growth:
            one.check_flat(SHARE, LEAST_MB, HANDLES)
        return found


def main() -> int:
    """Run it; prints what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, prog="plainview.testing.day")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cameras", type=int, default=40)
    parser.add_argument("--seen", type=int, default=2, help="cameras that are redacted")
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument(
        "--hour", type=int, default=3600, help="seconds: keys are destroyed so often"
    )
    parser.add_argument("--pace", type=float, default=0.0, help="real seconds for 4 s")
    chosen = parser.parse_args()
    make_folder(chosen.folder)
    driven, began = clock.live_by(chosen.folder, START), time.monotonic()
    rules = {"window_seconds": chosen.hour // 4, "key_period_seconds": chosen.hour}
    with FastTown(
        chosen.folder, driven, cameras=chosen.cameras, seen=chosen.seen, pace_s=chosen.pace,
        rules={**rules, "reveal_seconds": chosen.hour}, retention_s=chosen.hour,
        horizon_seconds=2 * chosen.hour,
    ) as town:  # fmt: skip
        day = Day(town.begin_day(), chosen.hour * 1000)
        for number in range(chosen.hours):
            day.hour()
            held = ", ".join(
                f"{n} {s[-1].memory_mb:.0f}/{s[-1].handles}" for n, s in day.samples.items()
            )
            passed = time.monotonic() - began
            sys.stderr.write(f"hour {number + 1}: {passed:.0f} s; MB/handles: {held}\n")
        found = day.close()
    found |= {"hours": chosen.hours, "cameras": chosen.cameras, "real_s": round(passed)}
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
