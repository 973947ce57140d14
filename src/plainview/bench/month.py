"""A log like that of a small city over a month: 40 cameras, 12 recorders, people who watch.

Statements and windows pass `History`, as in the keeper. The rest, which `History` only notes, is
written as text, so that three million entries are made in minutes. Everything follows from the
number of hours: the same log each time, but for its place on disk.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plainview.base import durable
from plainview.base.clock import DAY_MS, Ms, to_iso
from plainview.base.ids import sha256_hex
from plainview.testing.city import OUTSIDE, PEOPLE, City, camera_record, digest, person
from plainview.tlog import leaves, merkle
from plainview.tlog.beginning import open_log
from plainview.tlog.entries import Entry, canonical
from plainview.tlog.shown import publish

HOURS = 720
CAMERAS = 40
NODES = 12
ACTS = 1_700
"""A hour: what people do; each is revealed later in an entry of its own."""
HOUR_MS: Ms = 3_600_000
MINUTE_MS: Ms = 60_000
_KINDS = ("live", "playback", "signin", "snapshot")
_ROOT = "0123456789abcdef" * 4


class Month(City):
    """The city's log for `hours`; `write` puts it into a folder, hour by hour."""

    def __init__(self, hours: int) -> None:
        super().__init__(witnesses=("w1", "w2"), quorum=2)
        self.hours = hours
        self.reveal_ms = DAY_MS if hours > 96 else HOUR_MS
        self._chance = random.Random(20261126)  # noqa: S311 - the same log each time, no secret
        self._hidden: deque[tuple[Ms, int, str, str]] = deque()
        self._made = 0

    def log(self, entry: Entry) -> int:
        """Apply and append; unlike its parent's, `raws` holds one hour only."""
        index = self.history.size
        self.history.apply(index, entry)
        self.raws.append(entry.raw)
        return index

    def found(self) -> None:
        """Windows and key periods of an hour; originals are kept for six."""
        rules = {
            "window_seconds": 3600,
            "key_period_seconds": 3600,
            "notice_seconds": 0,
            "reveal_seconds": self.reveal_ms // 1000,
        }
        people = [person(name) for name in PEOPLE]
        body = {"origin": self.signer.name, "profile": "demo", "rules": rules, "people": people}
        self.state("founding", *PEOPLE, **body)
        self.custodians("set-1", 2, "p-dpo", *sorted(OUTSIDE))
        kept = {"class": "street", "seconds": 6 * 3600}
        for number in range(CAMERAS):
            made = {"camera": f"cam-{number:02d}", "version": 1, "status": "active"}
            self.state("camera", "p-dpo", **made, record=camera_record(self.start, retention=kept))

    def write(self, folder: Path) -> Iterator[int]:
        """Write the log; the number of entries after each hour. Then it is witnessed."""
        self._leaves = folder / "leaves"
        durable.make_folder(self._leaves)
        writer = open_log(folder, self.signer)
        self.found()
        for hour in range(self.hours):
            self._hour(hour)
            writer.append(self.raws)
            self.raws = []
            yield writer.size
        publish(folder, self.signer.verifier, writer.head, self.cosign(writer.head))

    # -- an hour

    def _hour(self, hour: int) -> None:
        begins = self.now = self.start + hour * HOUR_MS
        names = [self._window(number, hour) for number in range(CAMERAS)]
        self._gone()
        if hour % 8 == 0:
            self._asked(names[0])
        for minute in range(60):
            self.now = begins + minute * MINUTE_MS
            for node in range(NODES):
                self._roots(node, names)
            self._reveals()
            for _ in range(ACTS // 60):
                self.now += 1_500
                self._act()

    def _window(self, number: int, hour: int) -> str:
        camera = f"cam-{number:02d}"
        end = to_iso(self.now + HOUR_MS)
        record = self.window(camera, self.now, counter=hour, end=end)
        self.keep("windows", windows=[record])
        return str(record["window"])

    def _gone(self) -> None:
        """What is due is destroyed within the hour."""
        for period, names in self.history.due(self.now).items():
            record = self.history.window(names[0]).record
            body: dict[str, Any] = {"period": period, "class": record["class"]}
            body |= {"due": record["shred"], "count": len(names), "windows": names}
            self.keep("shred", **body, root=merkle.root_over(name.encode() for name in names))

    def _asked(self, window: str) -> None:
        """A request, its releases, the keeper's half, and the requester's word."""
        request = self.request(window)
        self.release(request, window, *sorted(OUTSIDE))
        self.keep("opening", request=request, window=window, resealed_e=digest(request))
        self.state("opened", "p-investigator", request=request, windows=[window])

    def _roots(self, node: int, names: list[str]) -> None:
        minute = to_iso(self.now - self.now % MINUTE_MS)
        listed = [
            {
                "camera": f"cam-{number:02d}",
                "window": names[number],
                "segments": 15,
                "cipher": _ROOT,
                "plain": _ROOT,
                "register": self.history.windows[names[number]].record["register"],
                "minute": minute,
            }
            for number in range(node, CAMERAS, NODES)
        ]
        cipher, plain = leaves.roots(listed)
        ident = self._text(
            f'{{"cipher_root":"{cipher}","leaves":{len(listed)},"minute":"{minute}"'
            f',"node":"node-{node:02d}","plain_root":"{plain}"}}',
            "roots",
        )
        (self._leaves / f"{ident}.json").write_bytes(canonical(listed))

    def _act(self) -> None:
        camera, actor = self._chance.randrange(CAMERAS), self._chance.randrange(60)
        at = to_iso(self.now)
        detail = f'{{"camera":"cam-{camera:02d}","from":"{at}","purpose":"traffic","to":null}}'
        salt = sha256_hex(f"salt {self._made}".encode())
        committed = sha256_hex(bytes.fromhex(salt) + detail.encode())
        self._hidden.append((self.now + self.reveal_ms, self.history.size, detail, salt))
        self._text(
            f'{{"act":"{self._chance.choice(_KINDS)}","actor":"a-{actor:02d}"'
            f',"detail_commitment":"{committed}","role":"operator"}}',
            "act",
        )

    def _reveals(self) -> None:
        while self._hidden and self._hidden[0][0] <= self.now:
            _due, of, detail, salt = self._hidden.popleft()
            self._text(f'{{"detail":{detail},"of":{of},"salt":"{salt}"}}', "reveal")

    def _text(self, body: str, kind: str) -> str:
        """An entry of the keeper whose shape and place are known to be right; its id."""
        self._made += 1
        ident = sha256_hex(f"text {self._made}".encode())[:32]
        at = to_iso(self.now)
        raw = f'{{"body":{body},"id":"{ident}","time":"{at}","type":"{kind}","v":1}}'
        self.raws.append(raw.encode())
        self.history.size += 1
        self.history.clock = self.now
        return ident
