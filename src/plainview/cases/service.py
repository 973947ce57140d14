"""Cases: from a marked moment to a request that custodians answer. No key material is here.

The state of a request follows from the log (`cases.state`). Statements arrive signed by their
authors' own tools; what is checked here saves people from mistakes, while the keeper, the
custodians' tools and every stranger check again by themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Self

from plainview.base.clock import Clock, Ms, now_ms, to_iso
from plainview.base.ids import b64, new_id, sha256_hex
from plainview.base.settings import Settings
from plainview.cases import bundle as bundles
from plainview.cases import drafts
from plainview.cases.record import record
from plainview.cases.rows import Bookmark, Draft, Rows
from plainview.cases.rules import Rules
from plainview.errors import BadFormat, BadSeal, Invalid, NotFound, NotLogged, Refused
from plainview.keys.client import KeeperClient
from plainview.register.answers import RequestOnLog, WindowOnLog
from plainview.register.projection import Register
from plainview.store.packs import Kind
from plainview.store.store import Store

AROUND_MS: Ms = 30_000
"""A marked moment means this long before and after it."""
NEWEST = 200
SAID_NO = (Refused, Invalid)
"""After any other error of the keeper the statement may yet be logged: what it needs stays."""


class Cases:
    """Threads may share it; close it after use."""

    def __init__(
        self,
        settings: Settings,
        register: Register,
        store: Store,
        keeper: KeeperClient,
        *,
        clock: Clock = now_ms,
    ) -> None:
        self._register, self._store, self._keeper, self._clock = register, store, keeper, clock
        self._rows = Rows(settings)
        self._prover = bundles.Prover(register)
        self._rules = Rules(register, store, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._rows.close()

    # -- before the request

    def bookmark(self, person: str, camera: str, at_ms: Ms, note: str) -> Bookmark:
        """Mark a moment and draft a request for it. Raises `NotFound` if nothing is stored then."""
        made = self.draft_request(
            person, camera, at_ms - AROUND_MS, at_ms + AROUND_MS, "other", "", note
        )
        ident = new_id()
        self._rows.add_bookmark(ident, person, camera, at_ms, note, self._clock())
        return Bookmark(ident, camera, at_ms, note, made.draft)

    def draft_request(
        self,
        person: str,
        camera: str,
        from_ms: Ms,
        to_ms: Ms,
        purpose: str,
        case: str,
        note: str,
    ) -> Draft:
        """A draft over the windows that really exist. Raises `NotFound`, `BadFormat`."""
        author = self._register.person(person)
        self._register.camera(camera)
        if from_ms >= to_ms:
            raise BadFormat("The time asked for ends before it begins.")
        windows = self._rules.existing(camera, from_ms, to_ms)
        made = drafts.make(
            person=person,
            recipient=author.age or "",
            camera=camera,
            from_ms=from_ms,
            to_ms=to_ms,
            windows=windows,
            purpose=purpose,
            case=case,
            note=note,
            now=self._clock(),
        )
        return self._rows.add_draft(person, made, self._clock())

    def drafts(self, person: str) -> list[Draft]:
        """One person's drafts, the newest first."""
        return self._rows.drafts(person)

    # -- statements

    def submit(self, person: str, raw: bytes, detail: dict[str, Any], salt: str) -> str:
        """Log a signed request; its hash. Raises what the check or the keeper refuses with."""
        entry = self._rules.by(person, raw, "request")
        commitment = entry.body.get("detail_commitment")
        drafts.check_commitment(str(commitment), detail, salt)
        for window in entry.body.get("windows", []):
            self._rules.check_readable(self._register.window(window))
        self._rows.put_detail(entry.hash, person, detail, salt, self._clock())
        try:
            self._keeper.append(raw)
        except SAID_NO:
            self._register.sync()
            if not self._on_log(entry.hash):
                self._rows.forget_detail(entry.hash)
            raise
        self._register.sync()
        self._rows.mark_submitted(str(entry.body.get("request")), entry.hash)
        return entry.hash

    def add_release(self, person: str, hash: str, raw: bytes, resealed: bytes) -> int:
        """Log a custodian's release and keep the re-sealed share; the log index."""
        request = self._rules.answerable(person, hash)
        entry = self._rules.by(person, raw, "release")
        body = entry.body
        if body.get("request") != hash or body.get("window") not in request.body["windows"]:
            raise BadFormat("The release is for another request or window.")
        if body.get("resealed") != sha256_hex(resealed):
            raise BadSeal("The re-sealed share is not the one that the release names.")
        self._rows.put_release(hash, resealed)
        try:
            index = self._keeper.append(raw)
        except SAID_NO:
            self._register.sync()
            logged = {release.resealed for release in self._register.releases(hash)}
            if body["resealed"] not in logged:
                self._rows.forget_release(hash, resealed)
            raise
        self._register.sync()
        return index

    def refuse(self, person: str, hash: str, raw: bytes) -> int:
        """Log a custodian's refusal; the log index."""
        self._rules.answerable(person, hash)
        return self._state_about(person, hash, raw, "refusal")

    def add_opened(self, person: str, hash: str, raw: bytes) -> int:
        """Log the requester's own report of the opening; the log index."""
        self._rules.mine(person, hash)
        return self._state_about(person, hash, raw, "opened")

    def _state_about(self, person: str, hash: str, raw: bytes, kind: str) -> int:
        entry = self._rules.by(person, raw, kind)
        if entry.body.get("request") != hash:
            raise BadFormat("The statement is about another request.")
        index = self._keeper.append(raw)
        self._register.sync()
        return index

    # -- reading

    def inbox(self, person: str) -> list[dict[str, Any]]:
        """Requests that are mine or wait for my share, the newest first."""
        found = []
        for request in self._register.requests()[:NEWEST]:
            windows = [self._register.window(name) for name in request.body["windows"]]
            if request.person == person or person in self._rules.custodians(windows):
                found.append(self._summary(request, windows, person))
        return found

    def bundle(self, person: str, hash: str) -> dict[str, Any]:
        """The JSON of `GET /api/requests/<hash>`, for requester and custodians."""
        request = self._register.request(hash)
        windows = [self._register.window(name) for name in request.body["windows"]]
        self._rules.check_reader(person, request, windows)
        detail, salt = self._rows.detail(hash)
        releases = self._register.releases(hash)
        refusals = self._register.refusals(hash)
        groups = sorted({self._rules.set_index(window) for window in windows})
        authors = [one.index for one in releases] + [one.index for one in refusals]
        sets = [self._prover.proven(index) for index in groups]
        cameras = sorted({window.register for window in windows})
        return {
            "request": hash,
            **self._prover.proven(request.index),
            "detail": detail,
            "salt": salt,
            "people": self._prover.people([request.index, *groups, *cameras, *authors]),
            "set": sets[0],
            "sets": sets,
            "cameras": [self._prover.proven(index) for index in cameras],
            "windows": bundles.windows(self._prover, self._register, self._store, request, person),
            "releases": self._released(hash, {r.index: r.resealed for r in releases}),
            "refusals": [
                proven for _, proven in self._prover.proven_if_witnessed(r.index for r in refusals)
            ],
            "state": self._rules.state(request, windows).value,
        }

    def evidence(self, person: str, hash: str) -> dict[str, Any]:
        """Everything on the log that my request rests on (`cases.record`)."""
        request = self._rules.mine(person, hash)
        windows = [self._register.window(name) for name in request.body["windows"]]
        return record(self._prover, self._register, self._store, request, windows)

    def opening(self, person: str, hash: str, window: str) -> dict[str, Any]:
        """The keeper's half of a window's key, re-sealed to the requester, with its proof."""
        request = self._rules.mine(person, hash)
        if window not in request.body["windows"]:
            raise NotFound(f"The request is not for window {window}.")
        resealed = self._rows.opening(hash, window)
        if resealed is None:
            resealed = self._keeper.opening(hash, window)
            self._rows.put_opening(hash, window, resealed)
            self._register.sync()
        logged = [one for one in self._register.openings(hash) if one.window == window]
        if not logged or logged[0].resealed_e != sha256_hex(resealed):
            raise NotLogged(
                "The opening is not on the log.", hint="Tell the operator: this is a fault."
            )
        return {"resealed_e": b64(resealed), **self._prover.proven(logged[0].index)}

    def originals(self, person: str, window: str, request: str | None = None) -> Iterator[bytes]:
        """The sealed segments of a window (`u32 length | header JSON \\n | age file`, repeated).

        Raises `Forbidden` unless `person` has a request for it with k releases on the log.
        """
        self._rules.check_released(person, window, request)
        return self._sealed(window)

    def _sealed(self, window: str) -> Iterator[bytes]:
        for segment in self._store.of_window(Kind.ORIGINALS, window):
            header = {
                "window": window,
                "seq": segment.seq,
                "start": to_iso(segment.start_ms),
                "end": to_iso(segment.end_ms),
                "wall_source": segment.wall_source,
                "gap_before": segment.gap_before,
                "cipher_sha256": segment.cipher_sha256,
                "plain_sha256": segment.plain_sha256,
            }
            item = json.dumps(header).encode() + b"\n" + self._store.read(segment)
            yield len(item).to_bytes(4, "big") + item

    # -- below

    def _on_log(self, hash: str) -> bool:
        try:
            self._register.request(hash)
        except NotFound:
            return False
        return True

    def _summary(
        self, request: RequestOnLog, windows: list[WindowOnLog], person: str
    ) -> dict[str, Any]:
        detail = self._detail(request.hash)
        releases = self._register.releases(request.hash)
        record = self._register.window_record(windows[0].window)
        requester = self._register.person(request.person)
        return {
            "request": request.hash,
            "index": request.index,
            "state": self._rules.state(request, windows).value,
            "camera": windows[0].camera,
            "from": detail.get("from", to_iso(windows[0].start_ms)),
            "to": detail.get("to", to_iso(windows[-1].end_ms)),
            "case": detail.get("case", ""),
            "note": detail.get("note", ""),
            "purpose": request.body["purpose"],
            "requester": requester.name or requester.person,
            "time": to_iso(request.time_ms),
            "expires": to_iso(request.expires_ms),
            "k": record["k"],
            "n": record["n"],
            "windows": [
                {
                    "id": window.window,
                    "releases": sum(one.window == window.window for one in releases),
                }
                for window in windows
            ],
            "mine": request.person == person,
            "answered": person in self._answered(request.hash, len(windows)),
        }

    def _answered(self, hash: str, windows: int) -> set[str]:
        people = {refusal.person for refusal in self._register.refusals(hash)}
        given = [release.person for release in self._register.releases(hash)]
        return people | {person for person in given if given.count(person) >= windows}

    def _detail(self, hash: str) -> dict[str, Any]:
        try:
            return self._rows.detail(hash)[0]
        except NotFound:
            return {}

    def _released(self, hash: str, resealed: dict[int, str]) -> list[dict[str, Any]]:
        found = []
        for index, proven in self._prover.proven_if_witnessed(resealed):
            try:
                share = b64(self._rows.release(hash, resealed[index]))
            except NotFound:
                continue
            found.append({**proven, "resealed": share})
        return found
