"""The control plane is away for 70 minutes, across an hour and a midnight.

    python -m plainview.testing.away FOLDER [--cameras N] [--before MINUTES] [--pace SECONDS]

Keeper (with it the writer of the log) and one of two witnesses are killed, and the log's folder is
moved away, so that no register can follow it: from 22:55 to 00:05 of a driven clock, while people
watch and recordings fall due. Then the folder comes back, the keeper, and last the witness. Prints
what was measured as one line of JSON; a promise that did not hold is an error.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from plainview.base.clock import Ms, from_iso
from plainview.base.durable import make_folder
from plainview.node import one_machine
from plainview.store.packs import Kind
from plainview.store.rooted import RootBook
from plainview.store.store import Store
from plainview.testing import clock
from plainview.testing.aftermath import Keys, Log, check_originals, holes
from plainview.testing.fasttown import FastTown, check
from plainview.testing.hamlet import until
from plainview.testing.onlooker import Onlooker

GONE, BACK = from_iso("2027-03-09T22:55:00Z"), from_iso("2027-03-10T00:05:00Z")
MINUTE: Ms = 60_000
RULES = {"window_seconds": 900, "key_period_seconds": 1800, "reveal_seconds": 1200}
RETENTION_S = 1800
"""So that the keys of 22:00 and 22:30 fall due while the keeper is away, that of 23:00 at 00:00."""
STOPS_S = 5.0
"""Real time within which watching stops: the web process asks once a second and waits for 3 s."""
TRIES_S = 2.0
UNHURRIED_S = 0.08
"""Real time of a tick of four seconds in which two cores redact what one camera sends."""
COMMIT_S = 20.0
UNDER_WAY_MS: Ms = 30_000
"""A segment lasts 10 s; one is being filled, one may be on its way to the disk."""


class Away:
    """What is done, step by step; each step checks what must hold then."""

    def __init__(self, town: FastTown) -> None:
        self.town, self.settings = town, town.settings
        self.log, self.hidden = self.settings.log_dir, self.settings.data / "log-away"
        self.person = Onlooker(self.settings, town.keys["operator"])
        self.tried = 0
        self.found: dict[str, object] = {}

    def before(self) -> None:
        """All is well, somebody watches live and plays back."""
        town, person = self.town, self.person
        town.pass_time(GONE - MINUTE, UNHURRIED_S)
        check(person.sign_in() == 200, "nobody can sign in")
        until(self._plays_back, COMMIT_S, "a segment to be played back")
        seen = person.bytes
        person.watch("cam-01")
        town.pass_time(GONE)
        person.wait_more(seen)
        check(not person.ended, f"live pictures ended: {person.ended}")
        self.keys = Keys(self.settings.keys_dir)

    def _plays_back(self) -> bool:
        """Whether somebody plays back a segment from between the first and the last minute."""
        first, last = self.town.street.mounts["cam-01"].begin, self.town.clock.now
        status = self.person.begin_playback("cam-01", first + MINUTE, last - MINUTE)
        check(status == 200, f"no playback: {status}")
        return self.person.play() == 200

    def go(self) -> None:
        """Keeper and witness are killed, the log's folder is gone."""
        self.town.kill("keeper")
        self.town.kill("alpha.example")
        self.log.rename(self.hidden)
        gone = time.monotonic()
        until(lambda: self.person.ended, STOPS_S, "live pictures to end")
        self.found["watching_stopped_after_s"] = round(time.monotonic() - gone, 1)
        check(self.person.ended[0] in ("keeper_away", "log_away"), f"ended: {self.person.ended}")
        until(lambda: self.person.play() >= 500, STOPS_S, "playback to be refused")

    def away(self) -> None:
        """For 70 minutes everybody who tries sees nothing."""
        seen, last = self.person.bytes, time.monotonic()

        def look() -> None:
            nonlocal last
            if time.monotonic() - last > TRIES_S:
                last = time.monotonic()
                self._try()

        self.town.every_tick.append(look)
        self.town.pass_time(BACK)
        self.town.every_tick.remove(look)
        self.found |= {"bytes_watched": self.person.bytes - seen, "tries": self.tried}
        check(self.person.bytes == seen, f"{self.person.bytes - seen} bytes were shown")
        check(self.tried >= 3, "nobody tried to watch")

    def _try(self) -> None:
        """An old session, a new one, an old playback, a new one."""
        person = self.person
        person.watch("cam-01")
        statuses = [person.play(), person.begin_playback("cam-01", GONE, self.town.clock.now)]
        with_key = Onlooker(self.settings, self.town.keys["operator"])
        statuses.append(with_key.sign_in())
        with_key.close()
        check(all(status >= 400 for status in statuses), f"answered with {statuses}")
        person.leave()
        self.tried += 1

    def recorded(self) -> None:
        """While all is still away: nothing is missing of what was sent, nothing was destroyed."""
        states = {name: one["state"] for name, one in self.town.health()["cameras"].items()}
        check(set(states.values()) == {"recording"}, f"cameras are {states}")
        kept = Keys(self.settings.keys_dir)
        check(kept.due == self.keys.due, "keys were destroyed while the log was away")
        due = [name for name, at in kept.due.items() if at <= BACK]
        check(len(due) >= 2, f"only {due} fell due meanwhile")
        self.found["keys_that_fell_due"] = len(due)
        pictures = segments = 0
        with Store(self.settings) as store:
            until(lambda: self._committed(store), COMMIT_S, "the last segments to be acknowledged")
            for name in self.town.cameras:
                rows = store.segments(Kind.ORIGINALS, name, 0, BACK)
                gaps = holes(rows)
                check(not gaps, f"{name} has gaps: {gaps[:3]}")
                windows = sorted({row.window for row in rows if row.start_ms < BACK - 15 * MINUTE})
                mount = self.town.street.mounts[name]
                pictures += check_originals(self.town, store, mount, name, windows)
                segments += len(rows)
        self.found |= {"pictures_opened": pictures, "segments": segments, "gaps": 0}

    def _committed(self, store: Store) -> bool:
        """Whether all but the segments under way is acknowledged; the clock stands meanwhile."""
        return all(
            store.segments(Kind.ORIGINALS, name, BACK - UNDER_WAY_MS, BACK)
            for name in self.town.cameras
        )

    def keeper_back(self) -> None:
        """Log and keeper are there again, one witness is not: nothing may be destroyed yet."""
        self.hidden.rename(self.log)
        self.town.start(one_machine.keeper(self.settings))
        self.town.pass_time(BACK + 3 * MINUTE)
        until(self._waits_for_witnesses, 20, "the keeper to wait for its witnesses")
        check(Keys(self.settings.keys_dir).due.items() >= self.keys.due.items(), "a key is gone")
        check(not Log(self.log).of("shred"), "a shred without a witness quorum")

    def _waits_for_witnesses(self) -> bool:
        """It gives a fresh quorum some seconds before it says so."""
        return "witnesses confirm our clock" in " ".join(self.town.status()["red"])

    def caught_up(self) -> None:
        """The witness is there again: all that waited is done."""
        town = self.town
        town.start(town.witness("alpha.example"))
        town.pass_until(self._all_done, 60 * MINUTE, "all that waited is done")
        self.found["caught_up_after_min"] = (town.clock.now - BACK) // MINUTE
        check(self.person.sign_in() == 200, "nobody can sign in")
        seen = self.person.bytes
        self.person.watch("cam-01")
        town.pass_time(town.clock.now + MINUTE)
        self.person.wait_more(seen)

    def _all_done(self) -> bool:
        """Nothing due, hidden or waiting; witnessed; windows for the hours to come."""
        now, status, log = self.town.clock.now, self.town.status(), Log(self.log)
        book = RootBook(self.settings.data)
        try:
            waiting = book.waiting()
        finally:
            book.close()
        acts = [entry for entry in log.of("act") if entry.time < GONE]
        ahead = max(
            from_iso(record["end"])
            for entry in log.of("windows") for record in entry.body["windows"]
        )  # fmt: skip
        return (
            not status["red"] and not waiting and not log.unshredded(now - 15 * MINUTE)
            and status["witnessed_size"] == status["size"]
            and len(log.of("reveal")) >= len(acts) > 0
            and ahead >= now + self.settings.horizon_seconds * 750
        )  # fmt: skip

    def after(self) -> None:
        """Everything stops; store and log are sound, and all that was recorded is on the log."""
        self.person.close()
        self.town.stop()
        self.town.verified()
        log = Log(self.log)
        keys, windows = log.check_shreds()
        self.found |= {"keys_shredded": keys, "windows_shredded": windows}
        minutes = [from_iso(entry.body["minute"]) for entry in log.of("roots")]
        away = [one for one in minutes if GONE < one < BACK]
        check(len(away) >= 3, f"only {len(away)} minutes of the time away are on the log")
        self.found["minutes_caught_up"] = len(away)

    def all(self) -> dict[str, object]:
        """The whole story; what was measured."""
        steps: list[Callable[[], None]] = [
            self.before, self.go, self.away, self.recorded, self.keeper_back, self.caught_up,
            self.after,
        ]  # fmt: skip
        for step in steps:
            begun = time.monotonic()
            step()
            sys.stderr.write(f"{step.__name__}: {time.monotonic() - begun:.1f} s\n")
        return self.found


def main() -> int:
    """Run it; prints what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, prog="plainview.testing.away")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cameras", type=int, default=2)
    parser.add_argument("--before", type=int, default=10, help="minutes")
    parser.add_argument("--pace", type=float, default=0.006, help="real seconds for 4 s")
    chosen = parser.parse_args()
    make_folder(chosen.folder)
    driven = clock.live_by(chosen.folder, GONE - chosen.before * MINUTE)
    began = time.monotonic()
    with FastTown(
        chosen.folder, driven, cameras=chosen.cameras, seen=chosen.cameras, pace_s=chosen.pace,
        rules=dict(RULES), retention_s=RETENTION_S,
    ) as town:  # fmt: skip
        town.begin_day()
        sys.stderr.write(f"started: {time.monotonic() - began:.1f} s\n")
        found = Away(town).all()
    found |= {"cameras": chosen.cameras}
    found["real_s"] = round(time.monotonic() - began)
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
