"""Live pictures: one tail per watched camera, decrypted once, fanned out to its viewers.

Every viewer's watching is on the log before the first picture. A new viewer gets the current GOP
first. A slow one loses frames up to the next key frame (`watch.viewer`). A camera that nobody
watches costs nothing: its tail is closed with the last viewer.

A write costs about ten microseconds, most of them in the kernel, whatever its size. So with many
viewers frames wait a moment and go out together: with up to a hundred viewers not at all, with five
hundred a sixth of a second. Figures: docs/design/live.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import structlog

from plainview.errors import BadFormat, BadSeal, NotFound, PlainviewError, Refused, SourceAway
from plainview.seal.views import ViewCipher
from plainview.store import records
from plainview.store.records import Record
from plainview.store.tail import WindowItem
from plainview.watch import frames
from plainview.watch.pulse import Pulse
from plainview.watch.tail import follow
from plainview.watch.viewer import Batch, Frame, Sink, Viewer
from plainview.watch.viewkeys import ViewKeys

LOG = structlog.get_logger(__name__)
MOST_FRAMES = 120
MOST_BYTES = 8 << 20
"""Of the current GOP, which a new viewer gets first."""
MOST_VIEWERS = 1_000
AT_ONCE = 100
"""With so many viewers in this process every frame is sent as it comes."""
WRITES_S = 3_000
"""With more, frames go out together: so many writes a second, whatever the frame rate."""
MOST_OF_ONE = 32
"""Pictures that one web session may watch at once: a wall, twice over."""
GIVE_UP_S = 20.0
FIRST_PAUSE_S = 0.2


class CameraFeed:
    """The tail of one camera and those who watch it."""

    def __init__(
        self,
        camera: str,
        socket: Path,
        keys: ViewKeys,
        framing: Callable[[bytes], bytes],
        wait_s: Callable[[], float],
    ) -> None:
        self.camera = camera
        self.viewers: set[Viewer] = set()
        self._socket, self._keys, self._framing = socket, keys, framing
        self._wait_s = wait_s
        self._pending: list[Frame] = []
        self._flushing: asyncio.TimerHandle | None = None
        self._gop: list[Frame] = []
        self._gop_bytes = 0
        self._task: asyncio.Task[None] | None = None

    def add(self, viewer: Viewer) -> None:
        """Give a viewer the current GOP, then everything that comes."""
        self._flush()  # those frames are in the GOP, too
        self.viewers.add(viewer)
        viewer.begin(self._gop)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def end(self, reason: str, message: str) -> None:
        """End watching for everybody; frames that wait are not shown."""
        self._pending.clear()
        for viewer in self.viewers:
            viewer.end(reason, message)

    async def close(self) -> None:
        """Let go of the tail."""
        task, self._task = self._task, None
        self._gop.clear()
        self._pending.clear()
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        """Follow the tail, through restarts of the recorder, until watching cannot go on."""
        loop = asyncio.get_running_loop()
        pause, since = FIRST_PAUSE_S, loop.time()
        while True:
            seen = False
            try:
                async for message in self._messages():
                    self._show(message)
                    seen = True
                raise SourceAway("The recorder ended the picture.")
            except SourceAway as error:
                if seen:
                    pause, since = FIRST_PAUSE_S, loop.time()
                if loop.time() - since > GIVE_UP_S:
                    self.end("recorder_away", error.message)
                    return
            except PlainviewError as error:
                LOG.warning("live picture ended", camera=self.camera, code=error.code)
                self.end(error.code, error.message)
                return
            self._gop.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    def _show(self, message: bytes) -> None:
        frame = Frame(message, self._framing)
        if frame.is_key:
            self._gop, self._gop_bytes = [], 0
        if len(self._gop) < MOST_FRAMES and self._gop_bytes + len(message) <= MOST_BYTES:
            self._gop.append(frame)
            self._gop_bytes += len(message)
        self._pending.append(frame)
        wait = self._wait_s()
        if not wait:
            self._flush()
        elif self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(wait, self._flush)

    def _flush(self) -> None:
        """Send what waits to everybody."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if self._pending:
            batch = Batch(self._pending)
            self._pending.clear()
            for viewer in self.viewers:
                viewer.put(batch)

    async def _messages(self) -> AsyncIterator[bytes]:
        cipher: ViewCipher | None = None
        async for item in follow(self._socket, self.camera):
            if isinstance(item, WindowItem):
                cipher = await self._cipher(item.window)
                continue
            if cipher is None:
                raise BadFormat("The live tail began without a window.")
            for record in records.parse(item.data):
                yield opened(cipher, record)

    async def _cipher(self, window: str) -> ViewCipher:
        """The window's key, under the session of whichever viewer still holds the right."""
        refusal: Refused = Refused("Nobody watches this camera.")
        for viewer in list(self.viewers):
            try:
                return await self._keys.cipher(viewer.session.id, window)
            except Refused as error:
                viewer.end(error.code, error.message)
                refusal = error
        raise refusal


def opened(cipher: ViewCipher, record: Record) -> bytes:
    """The frame message inside a record. Raises `BadSeal` or `BadFormat`."""
    message = cipher.open(record.number, "frame", record.ciphertext)
    if frames.head(message).flags != record.flags:
        raise BadSeal("The flags beside a record are not those inside it.")
    return message


class LiveHub:
    """All cameras that somebody watches; `framing` makes a message ready for the wire."""

    def __init__(
        self,
        keys: ViewKeys,
        pulse: Pulse,
        recorder_socket: Path,
        framing: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self._keys, self._pulse, self._socket = keys, pulse, recorder_socket
        self._framing = framing
        self._feeds: dict[str, CameraFeed] = {}
        self._viewers = 0
        self._deaf: Callable[[], None] | None = None

    @property
    def watched(self) -> dict[str, int]:
        """How many watch each camera."""
        return {camera: len(feed.viewers) for camera, feed in self._feeds.items()}

    async def join(
        self, owner: str, actor: str, role: str, camera: str, from_ms: int, purpose: str, sink: Sink
    ) -> Viewer:
        """Log that somebody watches from `from_ms` on. Raises the keeper's errors.

        Pictures come after `show`, so that the entry can be named first.
        """
        self._check_room(owner)
        await self._pulse.check()
        session = await self._keys.begin(actor, role, "live", camera, from_ms, None, purpose)
        viewer = Viewer(session, sink, owner, framing=self._framing)
        feed = self._feeds.get(camera)
        if feed is None:
            feed = self._feeds[camera] = CameraFeed(
                camera, self._socket, self._keys, self._framing, self._wait_s
            )
        feed.viewers.add(viewer)
        self._viewers += 1
        if self._deaf is None:
            self._deaf = self._pulse.listen(self._log_away)
        return viewer

    def show(self, camera: str, viewer: Viewer) -> None:
        """Send the current GOP, and from now on every frame."""
        self._feeds[camera].add(viewer)

    def _wait_s(self) -> float:
        """How long frames wait for company."""
        return self._viewers / WRITES_S if self._viewers > AT_ONCE else 0.0

    def _check_room(self, owner: str) -> None:
        viewers = [viewer for feed in self._feeds.values() for viewer in feed.viewers]
        own = sum(viewer.owner == owner for viewer in viewers)
        if len(viewers) >= MOST_VIEWERS or own >= MOST_OF_ONE:
            raise Refused("Too many pictures are open.", hint="Close one and try again.")

    async def renew(self, actor: str, role: str, camera: str, viewer: Viewer, purpose: str) -> None:
        """Log that the viewer goes on watching: the keeper's right lasts an hour at most."""
        old = viewer.session
        viewer.session = await self._keys.begin(
            actor, role, "live", camera, old.expires, None, purpose
        )
        await self._keys.end(old.id)

    async def leave(self, camera: str, viewer: Viewer) -> None:
        """Stop watching. The tail is closed with the last viewer."""
        feed = self._feeds.get(camera)
        if feed is None or viewer not in feed.viewers:
            raise NotFound("This viewer does not watch that camera.")
        feed.viewers.discard(viewer)
        self._viewers -= 1
        if not feed.viewers:
            del self._feeds[camera]
            await feed.close()
        if not self._feeds and self._deaf is not None:
            self._deaf()
            self._deaf = None
        await self._keys.end(viewer.session.id)

    async def close(self) -> None:
        """End all watching."""
        for feed in list(self._feeds.values()):
            feed.end("closing", "Plainview is stopping.")
            await feed.close()

    def _log_away(self, failure: PlainviewError) -> None:
        for feed in self._feeds.values():
            feed.end(failure.code, failure.message)
