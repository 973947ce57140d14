"""What the keeper does when it is asked: statements, windows, watching, opening.

Nobody gets a key without an entry on the log, nor while the log cannot be written. What may be
done follows from the log's history alone; the rows in the box are only what is handed out.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pyrage
from pydantic import Field

from plainview.base import durable
from plainview.base.clock import DAY_MS, Clock, Ms, from_iso, to_compact, to_iso
from plainview.base.ids import b64, new_id, sha256_hex, unb64
from plainview.errors import BadFormat, NotAuthorised, NotFound, NotLogged, Refused
from plainview.keeper.box import Box, Detail, Locked
from plainview.keeper.ring import KeyRing, unwrap, wrap
from plainview.keeper.scribe import Scribe
from plainview.tlog import leaves as leaf_files
from plainview.tlog.entries import Entry, canonical, commit, make, parse
from plainview.tlog.shapes import SHARE, check_shape, shape

SKEW_MS: Ms = 300_000
AHEAD_MS: Ms = 3 * 3_600_000
SESSION_MS: Ms = 3_600_000
LIVE_BEFORE_MS: Ms = 120_000
AROUND_MS: Ms = 10_000
"""Live may open the window that begins so soon, and every session one that ended so shortly before
its span: a view's last GOP goes on for up to 6 s after its window's end (`recorder.views`)."""
MAX_BATCH = 40
MAX_DETAIL = 16_384
MAX_SESSIONS = 10_000

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Object = dict[str, Any]


DRAFT = shape(
    "pk:text k:int n:int set:name e:text view:text",
    spec=shape("camera:name start:int end:int epoch:int counter:int"),
    shares=[SHARE],
)
"""A window as the recorder's child made it, without its sealed shares; times in milliseconds."""


@dataclass(frozen=True)
class Watching:
    """A session in memory: this camera, windows that overlap [start, end), which begins `AROUND_MS`
    before what was logged; live ones move on."""

    camera: str
    start: Ms
    end: Ms | None
    expires: Ms


class Desk:
    """One method per question of `keys.client`; arguments were checked against their types."""

    def __init__(self, scribe: Scribe, ring: KeyRing, box: Box, clock: Clock) -> None:
        self.scribe, self.ring, self.box, self._clock = scribe, ring, box, clock
        self._sessions: dict[str, Watching] = {}
        self.keeping = threading.Lock()  # no key is destroyed while a hold is on its way to the log
        self._windows, self._openings, self._watching = (threading.Lock() for _ in range(3))
        told = (self.append, self.roots, self.gate, self.redaction, self.objection, self.windows)
        self.operations = (*told, self.act, self.watch, self.view_key, self.watch_end, self.opening)

    def log(self, kind: str, body: Mapping[str, Any], ident: str) -> int:
        """An entry of the keeper's own."""
        return self.scribe.submit(make(kind, body, time=self._clock(), id=ident))

    # -- statements and notes

    def append(self, raw: str) -> int:
        entry = parse(unb64(raw))
        if not entry.by or entry.type == "founding":
            raise NotAuthorised("Only statements that their authors signed are taken.")
        with self.keeping if entry.type == "hold" else nullcontext():
            if self.scribe.known(entry.id) is None:
                self._check_statement(entry)
            return self.scribe.submit(entry)

    def _check_statement(self, entry: Entry) -> None:
        """What the clock, not the log, decides."""
        now = self._clock()
        if abs(entry.time - now) > SKEW_MS:
            raise Refused(
                "The statement's time is more than five minutes from the keeper's clock.",
                hint="Set the clock of the machine that signs, and sign again.",
            )
        with self.scribe.lock:
            history, body = self.scribe.history, entry.body
            history.check(entry)
            for window in body["windows"] if entry.type == "hold" else ():
                self._record(window, now)
            if entry.type == "release" and history.request(body["request"]).expires <= now:
                raise Refused("The request has expired.", hint="Its requester signs a new one.")
        if entry.type == "request":
            _recipient(body["recipient"])

    def roots(self, id: Id, node: str, minute: str, leaves: list[Object]) -> int:
        cipher, plain = leaf_files.roots(leaves)
        path = self.scribe.folder / leaf_files.path(id)
        durable.make_folder(path.parent)
        if path.exists() and path.read_bytes() != canonical(leaves):
            raise Refused("Other leaves were published under this id.", hint="Use a new id.")
        durable.write_file(path, canonical(leaves))
        body = {"node": node, "minute": minute, "leaves": len(leaves)}
        return self.log("roots", {**body, "cipher_root": cipher, "plain_root": plain}, id)

    def gate(self, id: Id, **body: Any) -> int:
        return self.log("gate", body, id)

    def redaction(self, id: Id, **body: Any) -> int:
        return self.log("redaction", body, id)

    def objection(self, id: Id, **body: Any) -> int:
        return self.log("objection", body, id)

    # -- people who look

    def act(
        self, id: Id, actor: str, role: str, act: str, detail: Object, policy: str | None = None
    ) -> Object:
        """The commitment now; the detail waits in the box for its reveal."""
        clear = canonical(detail)
        if len(clear) > MAX_DETAIL:
            raise BadFormat("The detail of an act is too long.")
        with self.scribe.lock:
            due = self._clock() + self.scribe.history.rules["reveal_seconds"] * 1000
        fresh = Detail(id, clear.decode(), secrets.token_hex(32), due)
        kept = self.box.put_detail(fresh)
        if kept.detail != fresh.detail:
            raise Refused("Another act has this submission id.", hint="Use a new id.")
        body = {"actor": actor, "role": role, "act": act, **({"policy": policy} if policy else {})}
        body["detail_commitment"] = commit(detail, bytes.fromhex(kept.salt))
        try:
            return {"index": self.log("act", body, id), "salt": kept.salt}
        except Refused:
            if kept == fresh:  # the id is another entry's, which this detail must not reveal
                self.box.drop_detail(id)
            raise

    def watch(
        self, id: Id, actor: str, role: str, kind: Literal["live", "playback"], camera: str,
        from_ms: Ms, to_ms: Ms | None, purpose: str, policy: str | None = None,
    ) -> Object:  # fmt: skip
        now = self._clock()
        start, end = (now - LIVE_BEFORE_MS, None) if kind == "live" else (from_ms, to_ms)
        if kind == "playback" and not (end and start < end <= start + DAY_MS):
            raise Refused("Playback needs a span of at most a day.", hint="Ask for less.")
        times = {"from": to_iso(start), "to": end and to_iso(end)}
        detail = {"camera": camera, **times, "purpose": purpose}
        act = self.act(id, actor, role, kind, detail, policy)
        session, expires = new_id(), now + SESSION_MS
        with self._watching:
            live = {k: w for k, w in self._sessions.items() if w.expires > now}
            if len(live) >= MAX_SESSIONS:
                raise Refused("Too many people watch at once.")
            self._sessions = {**live, session: Watching(camera, start - AROUND_MS, end, expires)}
        return {"id": session, **act, "expires": expires}

    def watch_end(self, session: str) -> None:
        with self._watching:
            self._sessions.pop(session, None)

    def view_key(self, session: str, window: str) -> str:
        now, held = self._clock(), self._sessions.get(session)
        if held is None or held.expires <= now:
            raise NotAuthorised("This session has ended.", hint="Start to watch again.")
        record = self._record(window, now)
        end = now + AROUND_MS if held.end is None else held.end
        overlaps = from_iso(record["start"]) < end and from_iso(record["end"]) > held.start
        if record["camera"] != held.camera or not overlaps:
            raise NotAuthorised("The window is not one that this session was logged for.")
        return b64(self.unlock(self._row(window), "view"))

    def _record(self, window: str, now: Ms) -> Mapping[str, Any]:
        """The logged record of a window that may still be opened."""
        self.scribe.check_writable()
        with self.scribe.lock:
            kept = self.scribe.history.window(window)
            if kept.due <= now:
                raise Refused(f"{window} is due for destruction.")
        return kept.record

    def unlock(self, row: Locked, kind: Literal["e", "view"]) -> bytes:
        """A secret of a window; raises `NotFound` once its key was destroyed."""
        return unwrap(self.ring.key(row.key), [row.id, kind], row.e if kind == "e" else row.view)

    def _row(self, window: str) -> Locked:
        if (row := self.box.window(window)) is None:
            raise NotFound(f"The keeper holds nothing of {window}.")
        return row

    # -- windows

    def windows(self, id: Id, register: int, drafts: list[Object]) -> list[Object]:
        """Lock a batch and log it; the same drafts again get the same answer."""
        if not 0 < len(drafts) <= MAX_BATCH:
            raise BadFormat(f"Between 1 and {MAX_BATCH} windows at a time.")
        for draft in drafts:
            check_shape(draft, DRAFT, "a draft")
        with self._windows:
            self.scribe.check_writable()
            with self.scribe.lock:
                history = self.scribe.history
                records = [self._new_record(draft, register) for draft in drafts]
                logged = [history.windows.get(record["window"]) for record in records]
                for record, before in zip(records, logged, strict=True):
                    if before is None:
                        history.check_window(record, self._clock())
                    elif before.record != record:
                        raise Refused(f"{record['window']} was made before.", hint="Count on.")
            if not all(logged):
                self._lock(records, drafts)
                self.log("windows", {"windows": records}, id)
            return [self._header(record["window"]) for record in records]

    def _new_record(self, draft: Object, register: int) -> Object:
        spec, history, now = draft["spec"], self.scribe.history, self._clock()
        camera, start = spec["camera"], spec["start"]
        if not now - DAY_MS < start <= now + AHEAD_MS:
            raise Refused("A window starts at most 3 h ahead and less than a day ago.")
        answer = history.may_record(camera, start)
        name = f"{camera}.{to_compact(start)}.{spec['epoch']}.{spec['counter']}"
        times = {"window": name, "start": to_iso(start), "end": to_iso(spec["end"])}
        given = {key: draft[key] for key in ("pk", "k", "n", "set", "shares")}
        fate = history.fate(answer.record["retention"], start)
        return {**spec, **times, **given, **fate, "register": register}

    def _lock(self, records: list[Object], drafts: list[Object]) -> None:
        """Wrap E and view key under the period's key, durably, before the entry is logged."""
        self.ring.ensure({r["period"]: from_iso(r["shred"]) for r in records})
        rows = []
        for record, draft in zip(records, drafts, strict=True):
            e, view = unb64(draft["e"]), unb64(draft["view"])
            if len(e) != 74 or len(view) != 32:
                raise BadFormat("E has 74 bytes and a view key 32.")
            _recipient(record["pk"])
            rows.append(self.locked(record["window"], record["period"], e, view))
        self.box.put_windows(rows)

    def locked(self, window: str, name: str, e: bytes, view: bytes) -> Locked:
        """Both secrets of a window, wrapped under the key of this name."""
        key = self.ring.key(name)
        return Locked(window, name, wrap(key, [window, "e"], e), wrap(key, [window, "view"], view))

    def _header(self, window: str) -> Object:
        row = self._row(window)
        with self.scribe.lock:
            kept = self.scribe.history.window(window)
        wrapped = {"wrapped_e": row.e, "wrapped_view": row.view}
        return {"record": dict(kept.record), **wrapped, "entry": kept.index}

    # -- openings

    def opening(self, request: str, window: str) -> str:
        """E re-sealed to the requester; logged at the first time, the same answer afterwards."""
        with self._openings:
            record, now = self._record(window, self._clock()), self._clock()
            with self.scribe.lock:
                asked = self.scribe.history.request(request, window)
                given, done = len(asked.releases.get(window, {})), window in asked.openings
            if not done:
                if asked.expires <= now:
                    raise Refused("The request has expired.", hint="Its requester signs a new one.")
                if given < record["k"]:
                    raise NotLogged(f"{given} of {record['k']} releases are on the log.")
            resealed = self.box.opening(request, window)
            if resealed is None:
                if done:
                    raise NotFound("The keeper no longer holds what it gave for this request.")
                e = self.unlock(self._row(window), "e")
                resealed = b64(pyrage.encrypt(e, [_recipient(asked.recipient)]))
                self.box.put_opening(request, window, resealed)
            if not done:
                resealed_hash = sha256_hex(unb64(resealed))
                body = {"request": request, "window": window, "resealed_e": resealed_hash}
                self.log("opening", body, ident_of("opening", f"{request} {window}"))
            return resealed


def ident_of(kind: str, of: str) -> str:
    """The submission id of an entry that must not be logged twice."""
    return sha256_hex(f"{kind} {of}".encode())[:32]


def _recipient(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise BadFormat("That is not an age recipient (age1...).") from error
