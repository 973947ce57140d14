"""The redacting thread of one camera: packets in, records of the view out.

Recording never waits for it: packets come through a bounded queue. More than three seconds behind,
only its key frames are kept, and when it is full all the same, everything up to the next one goes.
What goes in too late is withheld by the redactor itself (`lag_ms`). After a gap, a change of the
picture's size or a drop, decoder and redactor are new.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from statistics import median

import structlog

from plainview.base.clock import Clock, Ms, now_ms
from plainview.base.settings import Settings
from plainview.errors import BadFormat, DetectorFault, PlainviewError, Unavailable
from plainview.media.decode import Decoder
from plainview.media.frames import Frame
from plainview.media.packets import Packet, Parameters
from plainview.recorder.views import Views
from plainview.redact.detector import Detector
from plainview.redact.pipeline import Redactor
from plainview.redact.view import ViewItem, ViewPipeline

log = structlog.get_logger()
MAX_PACKETS = 500
MAX_BYTES = 64 << 20
MAX_LAG_MS: Ms = 3_000
"""Packets that may wait for redaction."""
MEASURED = 10
"""Packets that are looked at to tell the frame rate."""
USUAL_FPS = 25.0
MOST_FPS = 120.0


class RedactionThread:
    """Start it once; `offer` and `gap` never wait. `stop` finishes what is in hand."""

    def __init__(
        self, camera: str, settings: Settings, detector: Detector, views: Views,
        *, clock: Clock = now_ms,
    ) -> None:  # fmt: skip
        self._camera, self._settings, self._clock = camera, settings, clock
        self._detector, self._views = detector, views
        self._queue: deque[tuple[Packet, Parameters] | None] = deque()
        self._bytes = 0
        self._await_key = True
        self._change = threading.Condition()
        self._stopping = False
        self._decoder: Decoder | None = None
        self._pipeline: ViewPipeline | None = None
        self._parameters: Parameters | None = None
        self._early: list[Packet] = []
        self._trouble = ""
        self._undecoded = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name=f"redact-{camera}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread still works."""
        return self._thread.is_alive()

    @property
    def last_ms(self) -> Ms:
        """Until when the view is stored."""
        return self._views.last_ms

    @property
    def waiting_ms(self) -> Ms:
        """How much video waits for redaction."""
        with self._change:
            waiting = [item[0].wall_ms for item in self._queue if item is not None]
        return max(waiting) - min(waiting) if waiting else 0

    @property
    def state(self) -> tuple[str, str]:
        """`ok`, `withheld` or `starting`, and the reason."""
        pipeline = self._pipeline
        trouble = self._trouble or self._views.trouble
        if trouble:
            return "withheld", trouble
        if pipeline is None:
            return "starting", "Waiting for pictures."
        return pipeline.state.state, pipeline.state.reason

    def offer(self, packet: Packet, parameters: Parameters) -> None:
        """Hand over a packet, after its original is safe."""
        with self._change:
            if self._behind(packet) > MAX_LAG_MS:
                self._shed()
            if len(self._queue) >= MAX_PACKETS or self._bytes > MAX_BYTES:
                self.dropped += len(self._queue)
                self._queue.clear()
                self._queue.append(None)
                self._bytes, self._await_key = 0, True
            if self._await_key and not packet.is_key:
                return
            self._await_key = False
            self._queue.append((packet, parameters))
            self._bytes += len(packet.data)
            self._change.notify()

    def _behind(self, packet: Packet) -> Ms:
        waiting = next((item[0] for item in self._queue if item is not None), packet)
        return packet.wall_ms - waiting.wall_ms

    def _shed(self) -> None:
        """Keep only the key frames that wait: withheld anyway, and live catches up."""
        kept = [item for item in self._queue if item is None or item[0].is_key]
        self.dropped += len(self._queue) - len(kept)
        self._queue = deque(kept)
        self._bytes = sum(len(item[0].data) for item in kept if item is not None)
        self._await_key = True

    def gap(self) -> None:
        """Say that the next packet does not continue the last one."""
        with self._change:
            if not self._queue or self._queue[-1] is not None:
                self._queue.append(None)
            self._await_key = True
            self._change.notify()

    def stop(self, timeout: float, *, drop: bool = False) -> None:
        """Finish what is in hand (`drop`: forget what waits) and end."""
        with self._change:
            self._stopping = True
            if drop:
                self._queue.clear()
            self._change.notify()
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while self._next():
                pass
        finally:
            self._guarded(self._finish)
            self._guarded(self._views.close)

    def _next(self) -> bool:
        with self._change:
            while not self._queue and not self._stopping:
                self._change.wait()
            if not self._queue:
                return False
            item = self._queue.popleft()
            self._bytes -= len(item[0].data) if item else 0
        if item is None:
            self._guarded(self._finish)
        else:
            packet, parameters = item
            self._guarded(lambda: self._packet(packet, parameters))
        return True

    def _guarded(self, step: Callable[[], None]) -> None:
        """Run a step; our own errors are shown in health and cost pictures, nothing else."""
        try:
            step()
            self._trouble = ""
        except PlainviewError as error:
            if self._trouble != error.message:
                log.warning("view_trouble", camera=self._camera, reason=error.message)
            self._trouble = error.message

    def _packet(self, packet: Packet, parameters: Parameters) -> None:
        if self._parameters is not None and _size(parameters) != _size(self._parameters):
            self._finish()
        self._parameters = parameters
        self._views.wall_source = packet.wall_source
        if self._pipeline is None:
            self._early.append(packet)
            if len(self._early) < MEASURED:
                return
            early, self._early = self._early, []
            self._begin(parameters, frame_rate(early))
            for one in early:
                self._decode(one)
            return
        self._decode(packet)

    def _begin(self, parameters: Parameters, fps: float) -> None:
        chosen = self._settings
        redactor = Redactor(
            parameters.width,
            parameters.height,
            fps,
            self._detector,
            search_every=chosen.search_every,
            detector_width=chosen.detector_width,
            view_height=chosen.view_height,
            view_fps=chosen.view_fps,
        )
        try:
            redactor.warm_up()
        except DetectorFault as fault:
            log.warning("detector_fault", camera=self._camera, reason=fault.message)
        self._decoder = Decoder(parameters, max_height=chosen.view_height)
        self._pipeline = ViewPipeline(redactor, preset=chosen.view_preset)

    def _decode(self, packet: Packet) -> None:
        if self._decoder is None or self._pipeline is None:
            return
        lag: Ms = max(0, self._clock() - packet.arrival_ms)
        for frame in self._decoded(packet):
            self._emit(self._pipeline.push(frame, lag_ms=lag))

    def _decoded(self, packet: Packet) -> list[Frame]:
        try:
            frames = self._decoder.decode(packet) if self._decoder else []
        except BadFormat as error:
            if not self._undecoded:  # once: a camera must not fill the disk with messages
                log.info("packet_not_decoded", camera=self._camera, reason=error.message)
            self._undecoded = True
            return []
        self._undecoded = self._undecoded and not frames
        return frames

    def _finish(self) -> None:
        """The end of a stretch of video: nothing of it stays in decoder, redactor or flow."""
        decoder, pipeline = self._decoder, self._pipeline
        self._decoder = self._pipeline = self._parameters = None
        self._early = []
        try:
            if decoder is not None and pipeline is not None:
                for frame in decoder.flush():
                    self._emit(pipeline.push(frame))
                self._emit(pipeline.flush())
        finally:
            self._views.gap()

    def _emit(self, items: list[ViewItem]) -> None:
        for item in items:
            try:
                self._views.push(item)
            except Unavailable:
                continue  # `Views.trouble` says so in health until a segment is stored again


def frame_rate(packets: list[Packet]) -> float:
    """Frames a second, from the presentation times of some packets."""
    times = sorted(packet.pts_ms for packet in packets)
    steps = [b - a for a, b in itertools.pairwise(times) if b > a]
    if not steps:
        return USUAL_FPS
    return min(MOST_FPS, max(1.0, 1000 / median(steps)))


def _size(parameters: Parameters) -> tuple[str, int, int]:
    return parameters.codec, parameters.width, parameters.height
