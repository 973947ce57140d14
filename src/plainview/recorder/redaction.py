"""The redacting thread of one camera: packets in, records of the view out.

Recording never waits for it: packets come through a bounded queue. More than three seconds behind,
only its key frames are kept, and when it is full all the same, everything up to the next one goes.
What goes in too late is withheld by the redactor itself (`lag_ms`). After a gap or a drop, and when
codec, picture size or frame rate change, decoder and redactor are new; only gap and drop interrupt
the view. When the camera's record asks for other rules, the redactor is new from the next picture
on. A stream that cannot be decoded gives no view and says why; its original is sealed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import structlog

from plainview.base.clock import Clock, Ms, now_ms
from plainview.base.settings import Settings
from plainview.errors import BadFormat, DetectorFault, PlainviewError, Unavailable
from plainview.media.decode import Decoder, check_decodable
from plainview.media.frames import Frame
from plainview.media.packets import Packet, Parameters
from plainview.recorder.eyes import Blindness, RateWatch, frame_rate
from plainview.recorder.ruling import RulesAt
from plainview.recorder.views import Views
from plainview.redact.detector import Detector
from plainview.redact.load import STEPS, Effort, Load
from plainview.redact.pipeline import Redactor
from plainview.redact.rules import Rules
from plainview.redact.view import ViewItem, ViewPipeline

log = structlog.get_logger()
MAX_PACKETS = 500
MAX_BYTES = 64 << 20
MAX_LAG_MS: Ms = 3_000
"""Packets that may wait for redaction."""
HELD_MS: Ms = 1_000
"""Pictures of packets that came so long ago may still be in the decoder: rules that hide less wait
until they are out of it."""
MEASURED = 10
"""Packets that are looked at to tell the frame rate."""


class RedactionThread:
    """Start it once; `offer` and `gap` never wait. `stop` finishes what is in hand."""

    def __init__(
        self, camera: str, settings: Settings, detector: Detector, views: Views, rules: RulesAt,
        *, load: Load | None = None, clock: Clock = now_ms,
    ) -> None:  # fmt: skip
        self._load = load or Load()
        self._camera, self._settings, self._clock = camera, settings, clock
        self._detector, self._views, self._rules = detector, views, rules
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
        self._rate = RateWatch(settings.view_fps)
        self._fps = 0.0
        self._blind = Blindness()
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
        trouble = self._trouble or self._views.trouble or self._blind.reason
        if trouble:
            return "withheld", trouble
        if pipeline is None:
            return "starting", "Waiting for pictures."
        return pipeline.state.state, pipeline.state.reason

    @property
    def effort(self) -> Effort:
        """What the last picture got: less than everything on a busy node."""
        pipeline = self._pipeline
        return STEPS[0] if pipeline is None else pipeline.redactor.effort

    def offer(self, packet: Packet, parameters: Parameters) -> None:
        """Hand over a packet, after its original is safe."""
        with self._change:
            self._rate.push(packet)
            if self._behind(packet) > MAX_LAG_MS:
                self._shed()
            if len(self._queue) >= MAX_PACKETS or self._bytes > MAX_BYTES:
                self.dropped += len(self._queue)
                self._queue.clear()
                self._queue.append(None)
                self._bytes, self._await_key = 0, True
            self._blind.waits(packet, self._await_key and not packet.is_key)
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
            self._rate.clear()
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
        if self._parameters is not None and self._changed(parameters):
            self._finish(lost=False)
        self._parameters = parameters
        self._views.wall_source = packet.wall_source
        if self._pipeline is not None:
            self._obey(parameters, packet)
            self._decode(packet)
        elif self._decodable(parameters):
            self._early.append(packet)
            if len(self._early) >= MEASURED:
                early, self._early = self._early, []
                self._begin(parameters, early[0], self._rate.fps or frame_rate(early))
                for one in early:
                    self._decode(one)

    def _changed(self, parameters: Parameters) -> bool:
        """Whether decoder, redactor and encoder of the view must be new ones."""
        if self._parameters is None or _size(parameters) != _size(self._parameters):
            return True
        return self._pipeline is not None and self._rate.differs(self._fps)

    def _decodable(self, parameters: Parameters) -> bool:
        """Whether the stream may be decoded; if not, the view ends here and health says why."""
        try:
            check_decodable(parameters)
        except BadFormat as error:
            if self._blind.refuse(error.line()):
                log.warning("not_decoded", camera=self._camera, reason=error.message)
                self._views.gap()
            return False
        return True

    def _begin(self, parameters: Parameters, packet: Packet, fps: float) -> None:
        self._fps = fps
        self._pipeline = self._redacting(parameters, self._rules(packet.arrival_ms - HELD_MS))
        self._decoder = Decoder(parameters, max_height=self._settings.view_height)

    def _obey(self, parameters: Parameters, packet: Packet) -> None:
        """Where the record asks for other rules now, the redactor is a new one."""
        rules, old = self._rules(packet.arrival_ms - HELD_MS), self._pipeline
        if old is not None and rules != old.redactor.rules:
            log.info("rules_changed", camera=self._camera, profile=rules.profile)
            self._pipeline = self._redacting(parameters, rules)
            self._emit(old.flush())

    def _redacting(self, parameters: Parameters, rules: Rules) -> ViewPipeline:
        chosen = self._settings
        redactor = Redactor(
            parameters.width,
            parameters.height,
            self._fps,
            self._detector,
            search_every=chosen.search_every,
            detector_width=chosen.detector_width,
            view_height=chosen.view_height,
            view_fps=chosen.view_fps,
            rules=rules,
            load=self._load,
        )
        try:
            redactor.warm_up()
        except DetectorFault as fault:
            log.warning("detector_fault", camera=self._camera, reason=fault.message)
        return ViewPipeline(redactor, preset=chosen.view_preset)

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
            self._dark(packet, error.message)
            return []
        if frames:
            self._blind.sees()
        else:
            self._dark(packet, "")
        return frames

    def _dark(self, packet: Packet, why: str) -> None:
        """No picture came of a packet; when that lasts, the view ends here for the time being."""
        before = self._blind.reason
        if self._blind.dark(packet, why):
            log.info("packet_not_decoded", camera=self._camera, reason=why)
        if self._blind.reason and not before:
            self._views.gap()

    def _finish(self, *, lost: bool = True) -> None:
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
            if lost:
                self._views.gap()

    def _emit(self, items: list[ViewItem]) -> None:
        for item in items:
            try:
                self._views.push(item)
            except Unavailable:
                continue  # `Views.trouble` says so in health until a segment is stored again


def _size(parameters: Parameters) -> tuple[str, int, int]:
    return parameters.codec, parameters.width, parameters.height
