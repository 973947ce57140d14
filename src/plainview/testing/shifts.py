"""People at work, at random, while keeper and log come and go; then bytes and entries must agree.

Each person keeps a diary: what was tried, whether it was answered, how many bytes of pictures came.
Afterwards the log alone is read, with the details that it has disclosed by then, and compared:

- what was answered is on the log, just once, with its actor, camera, span and purpose;
- what is on the log was tried by somebody, and no more often than it was tried;
- every byte that left the web process belongs to such an entry, and arrived;
- none left while keeper or log were away, but for the moment that it takes to notice.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect
from websockets.typing import Origin

from plainview.base.clock import Ms, to_iso
from plainview.base.ids import new_id, sha256_hex
from plainview.errors import PlainviewError
from plainview.testing.hall import Citizen
from plainview.testing.station import ATTEMPT, CAMERAS, OUTAGES, Station
from plainview.tlog.entries import canonical
from plainview.web.signin import sign_in

PATIENCE_S = 60.0
AT_ONCE, TRIES = 16, 20
OUR_FAULT = 500
PURPOSES = ("Public safety patrol", "Traffic and road safety", "A reported incident")


@dataclass
class Attempt:
    """One thing that somebody tried; `entry` is what the answer said, `got` bytes of pictures."""

    id: str
    actor: str
    act: str
    detail: dict[str, Any]
    done: bool = False
    entry: int | None = None
    got: int = 0
    cut: bool = False
    under: str | None = None
    """The attempt under whose entry its pictures came, if it is none of its own."""

    @property
    def key(self) -> tuple[str, str, str]:
        return key_of(self.actor, self.act, self.detail)


def key_of(actor: str, act: str, detail: dict[str, Any]) -> tuple[str, str, str]:
    """What tells one entry from another; the keeper alone knows when live began."""
    known = {k: v for k, v in detail.items() if act != "live" or k not in ("from", "to")}
    return actor, act, canonical(known).decode()


@dataclass
class Diary:
    """What everybody tried."""

    attempts: list[Attempt] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


class Shift:
    """One person's session, from signing in to signing out, with a few acts between."""

    def __init__(self, station: Station, citizen: Citizen, rng: random.Random, diary: Diary):
        self._station, self._rng, self._diary = station, rng, diary
        self._person = citizen
        self._web, self._url = station.web, station.town.settings.web_url
        self._purpose = ""
        self._secret = ""

    def run(self) -> None:
        """Whatever is refused is refused; what is answered must be on the log."""
        for _ in range(TRIES):
            if self._sign_in():
                break
            time.sleep(self._rng.uniform(0.1, 0.6))
        else:
            return
        headers = {"X-Plainview": "1", "Origin": self._url}
        cookies = {"plainview_session": self._secret}
        with httpx.Client(
            base_url=self._url, timeout=PATIENCE_S, trust_env=False, headers=headers,
            cookies=cookies,
        ) as self._http:  # fmt: skip
            steps: list[Callable[[], None]] = [
                self._say_why, self._live, self._play, self._play, self._mark, self._bookmark,
                self._read,
            ]  # fmt: skip
            self._say_why()
            for step in self._rng.choices(steps, k=self._rng.randint(1, 5)):
                step()
            if self._rng.random() < 0.7:
                self._sign_out()

    def _sign_in(self) -> bool:
        attempt, person = self._try("signin", {"by": "cookie"}), self._person.person
        try:
            self._secret = sign_in(
                self._web, person.person, person.roles, self._person.name, kind="cookie"
            )
        except PlainviewError:
            return False
        attempt.done = True
        return True

    def _try(self, act: str, detail: dict[str, Any], under: str | None = None) -> Attempt:
        actor = self._web.actor(self._person.person.person)
        made = Attempt(new_id(), actor, act, detail, under=under)
        self._diary.attempts.append(made)
        return made

    def _ask(self, method: str, path: str, attempt: Attempt | None = None, **given: Any) -> Any:
        """The answer, or None if it was refused."""
        headers = {ATTEMPT: attempt.id} if attempt else {}
        try:
            answer = self._http.request(method, path, headers=headers, **given)
        except httpx.RemoteProtocolError:
            if attempt:
                attempt.cut = True
            return None
        self._diary.statuses[answer.status_code] += 1
        if (
            answer.status_code >= OUR_FAULT
            and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE
        ):
            self._diary.problems.append(f"{method} {path}: {answer.status_code} {answer.text}")
        if answer.is_error:
            return None
        if attempt:
            attempt.done = True
        return answer

    # -- acts

    def _say_why(self) -> None:
        purpose = self._rng.choice(PURPOSES)
        if self._ask("POST", "/api/purpose", json={"purpose": purpose}) is not None:
            self._purpose = purpose

    def _live(self) -> None:
        camera = self._rng.choice(CAMERAS)
        attempt = self._try("live", {"camera": camera, "purpose": self._purpose})
        address = self._url.replace("http", "ws", 1) + f"/api/live/{camera}"
        cookie = {"Cookie": f"plainview_session={self._secret}", ATTEMPT: attempt.id}
        try:
            with connect(
                address, origin=Origin(self._url), additional_headers=cookie, proxy=None
            ) as link:
                self._look(attempt, link)
        except (ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
            attempt.cut = True

    def _look(self, attempt: Attempt, link: Any) -> None:
        end = time.monotonic() + self._rng.uniform(0.05, 1.2)
        attempt.cut = True  # who leaves does not read what is under way
        while time.monotonic() < end:
            message = link.recv(timeout=5)
            if isinstance(message, bytes):
                attempt.got += len(message)
                continue
            said = json.loads(message)
            if said["type"] == "end":
                return
            attempt.done, attempt.entry = True, said["entry"]

    def _play(self) -> None:
        station, camera = self._station, self._rng.choice(CAMERAS)
        span = {"from": to_iso(station.start), "to": to_iso(station.end)}
        detail = {"camera": camera, **span, "purpose": self._purpose}
        attempt = self._try("playback", detail)
        body = {"camera": camera, **span}
        answer = self._ask("POST", "/api/playback", attempt, json=body)
        if answer is None:
            return
        path = f"/api/playback/{answer.json()['playback']}"
        shown = self._ask("GET", f"{path}/timeline")
        segments = shown.json()["segments"] if shown is not None else []
        for segment in self._rng.sample(segments, min(len(segments), self._rng.randint(0, 3))):
            self._segment(path, segment, attempt)
        if self._rng.random() < 0.3:
            self._still(path, camera)
        if self._rng.random() < 0.3:
            self._clip(path, camera)

    def _segment(self, path: str, segment: dict[str, Any], playing: Attempt) -> None:
        attempt = self._try("", {}, under=playing.id)
        where = {"window": segment["window"], "seq": segment["seq"]}
        answer = self._ask("GET", f"{path}/segment", attempt, params=where)
        if answer is None:
            return
        attempt.got = len(answer.content)
        if self._station.known[segment["window"], segment["seq"]] != sha256_hex(answer.content):
            self._diary.problems.append(f"Other pictures than those of {where}.")

    def _moment(self) -> Ms:
        return self._rng.randrange(self._station.start, self._station.end - 1000)

    def _still(self, path: str, camera: str) -> None:
        at = to_iso(self._moment())
        attempt = self._try("snapshot", {"camera": camera, "at": at})
        answer = self._ask("POST", f"{path}/snapshot", attempt, json={"at": at})
        if answer is not None:
            attempt.got, attempt.entry = len(answer.content), _entry(answer)

    def _clip(self, path: str, camera: str) -> None:
        begin = self._moment()
        span = {"from": to_iso(begin), "to": to_iso(begin + 1000)}
        wish = {**span, "purpose": self._purpose or PURPOSES[0], "recipient": "City police"}
        attempt = self._try("clip", {"camera": camera, **wish})
        answer = self._ask("POST", f"{path}/clip", attempt, json=wish)
        if answer is not None:
            attempt.got, attempt.entry = len(answer.content), _entry(answer)
            if f"Plainview clip {attempt.entry}".encode() not in answer.content:
                self._diary.problems.append(f"Clip {attempt.entry} does not say its number.")

    def _mark(self) -> None:
        camera, at = self._rng.choice(CAMERAS), self._station.web.now() - 500
        detail = {"camera": camera, "at": to_iso(at)}
        span = {"from": to_iso(at - 600_000), "to": to_iso(at + 300_000)}
        attempt = self._try("mark", {**detail, **span})
        answer = self._ask("POST", "/api/marks", attempt, json=detail)
        attempt.entry = None if answer is None else answer.json()["entry"]

    def _bookmark(self) -> None:
        detail = {"camera": self._rng.choice(CAMERAS), "at": to_iso(self._moment())}
        attempt = self._try("bookmark", detail)
        self._ask("POST", "/api/bookmarks", attempt, json=detail)

    def _read(self) -> None:
        self._ask("GET", self._rng.choice(("/api/my/acts", "/api/accesses", "/api/marks")))

    def _sign_out(self) -> None:
        self._ask("DELETE", "/api/session", self._try("signout", {}))


def _entry(answer: httpx.Response) -> int:
    return int(answer.headers["x-plainview-entry"])


def work(station: Station, sessions: int, seed: int, *, calm_s: float = 4) -> Diary:
    """So many sessions, a few at once, while keeper and log come and go; the diary of all.

    At most `calm_s` seconds lie between two outages.
    """
    diary, over = Diary(), threading.Event()
    rng = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    chaos = threading.Thread(target=_take_away, args=(station, rng, over, calm_s))
    chaos.start()

    def one(number: int) -> None:
        own = random.Random(f"{seed}/{number}")  # noqa: S311 - the same
        Shift(station, own.choice(station.people), own, diary).run()

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(one, range(sessions)))
    finally:
        over.set()
        chaos.join()
    station.wait_up()
    return diary


def _take_away(station: Station, rng: random.Random, over: threading.Event, calm_s: float) -> None:
    while not over.wait(rng.uniform(0.5, calm_s)):
        with station.down(rng.choice(OUTAGES)):
            over.wait(rng.uniform(0.2, 6))
        station.wait_up()
