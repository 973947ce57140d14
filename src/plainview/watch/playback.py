"""Playback: a logged session over a span of one camera's view, read segment by segment.

One entry on the log for each session. Segments are decrypted when they are asked for and kept
nowhere. A session belongs to whoever began it, and ends when it is left alone for 15 minutes.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field

from plainview.base.clock import Clock, Ms, now_ms
from plainview.base.ids import new_id
from plainview.errors import BadFormat, NotFound, Refused
from plainview.keys.client import Session
from plainview.store import records
from plainview.store.index import Segment
from plainview.store.packs import Kind
from plainview.store.spans import Span
from plainview.store.store import Store
from plainview.watch.live import opened
from plainview.watch.pulse import Pulse
from plainview.watch.viewkeys import ViewKeys

LONGEST_MS: Ms = 24 * 3_600_000
IDLE_MS: Ms = 15 * 60_000
MOST_OF_ONE = 8
_LENGTH = struct.Struct(">I")


@dataclass
class Playback:
    """One session. Times in ms; `owner` is the web session that began it."""

    id: str
    owner: str
    camera: str
    from_ms: Ms
    to_ms: Ms
    session: Session
    used: Ms = field(default=0)


@dataclass(frozen=True)
class Timeline:
    """What there is to see in the span."""

    spans: list[Span]
    segments: list[Segment]


class Playbacks:
    """All running playback sessions of this process."""

    def __init__(
        self, keys: ViewKeys, pulse: Pulse, store: Store, *, clock: Clock = now_ms
    ) -> None:
        self._keys, self._pulse, self._store, self._clock = keys, pulse, store, clock
        self._running: dict[str, Playback] = {}

    async def begin(
        self, owner: str, actor: str, role: str, camera: str, from_ms: Ms, to_ms: Ms, purpose: str
    ) -> Playback:
        """Log that somebody plays a span back, and begin. Raises `BadFormat` or the keeper's."""
        check_span(from_ms, to_ms, self._clock())
        await self._pulse.check()
        session = await self._keys.begin(actor, role, "playback", camera, from_ms, to_ms, purpose)
        playback = Playback(new_id(), owner, camera, from_ms, to_ms, session, self._clock())
        self._running[playback.id] = playback
        mine = [p for p in self._running.values() if p.owner == owner]
        for old in sorted(mine, key=lambda p: p.used)[:-MOST_OF_ONE]:
            await self._end(old)
        return playback

    def find(self, owner: str, playback: str, *, use: bool = True) -> Playback:
        """The owner's session; `use` puts off its end. Raises `NotFound`, also for another's."""
        found = self._running.get(playback)
        if found is None or found.owner != owner:
            raise NotFound("This playback is over.", hint="Start it again.")
        if use:
            found.used = self._clock()
        return found

    async def timeline(self, playback: Playback) -> Timeline:
        """Spans and segments of the session."""
        span = (playback.camera, playback.from_ms, playback.to_ms)
        spans = await asyncio.to_thread(self._store.spans, *span)
        segments = await asyncio.to_thread(self._store.segments, Kind.VIEWS, *span)
        return Timeline(spans, segments)

    async def segment(self, playback: Playback, window: str, seq: int) -> list[bytes]:
        """Frame messages of one segment of the session's span. Raises `NotFound`."""
        found = await asyncio.to_thread(self._store.of_window, Kind.VIEWS, window, seq)
        if not found or found[0].seq != seq or not _covers(playback, found[0]):
            raise NotFound("There is no such segment in this playback.", hint="See its timeline.")
        return await self.messages(playback, found[0])

    async def between(self, playback: Playback, from_ms: Ms, to_ms: Ms) -> list[Segment]:
        """The segments of a part of the session's span, by time. Raises `NotFound`."""
        if not playback.from_ms <= from_ms < to_ms <= playback.to_ms:
            raise NotFound("That time is outside of this playback.", hint="Play it back first.")
        found = await asyncio.to_thread(
            self._store.segments, Kind.VIEWS, playback.camera, from_ms, to_ms
        )
        if not found:
            raise NotFound("Nothing was recorded in that time.", hint="See the timeline.")
        return found

    async def until(self, playback: Playback, at: Ms) -> list[bytes]:
        """Frame messages from the last key frame up to `at`. Raises `NotFound` in a gap."""
        if not playback.from_ms <= at < playback.to_ms:
            raise NotFound("That moment is outside of this playback.")
        found = await asyncio.to_thread(
            self._store.segments, Kind.VIEWS, playback.camera, at, at + 1
        )
        if not found:
            raise NotFound("Nothing was recorded at that moment.", hint="See the timeline.")
        return await self.messages(playback, found[-1])

    async def messages(self, playback: Playback, segment: Segment) -> list[bytes]:
        """The frame messages of a segment that one of the methods above found."""
        playback.used = self._clock()
        await self._pulse.check()
        cipher = await self._keys.cipher(playback.session.id, segment.window)
        data = await asyncio.to_thread(self._store.read, segment)
        return [opened(cipher, record) for record in records.parse(data)]

    async def sweep(self) -> None:
        """End sessions that nobody has used for 15 minutes."""
        now = self._clock()
        for playback in list(self._running.values()):
            if now - playback.used >= IDLE_MS:
                await self._end(playback)

    async def end_all(self, owner: str | None = None) -> None:
        """End the sessions of an owner, or all."""
        for playback in list(self._running.values()):
            if owner in (None, playback.owner):
                await self._end(playback)

    async def _end(self, playback: Playback) -> None:
        self._running.pop(playback.id, None)
        await self._keys.end(playback.session.id)


def check_span(from_ms: Ms, to_ms: Ms, now: Ms) -> None:
    """Raises `BadFormat` unless the span is one that can be played, `Refused` if it is too long."""
    if not from_ms < to_ms or from_ms >= now:
        raise BadFormat("The span must begin in the past and end after it begins.")
    if to_ms - from_ms > LONGEST_MS:
        raise Refused("At most 24 hours can be played in one session.", hint="Ask for less.")


def _covers(playback: Playback, segment: Segment) -> bool:
    inside = segment.start_ms < playback.to_ms and segment.end_ms > playback.from_ms
    return inside and segment.camera == playback.camera


def joined(messages: list[bytes]) -> bytes:
    """u32 length and frame message, repeated: what the browser gets."""
    return b"".join(_LENGTH.pack(len(message)) + message for message in messages)
