"""From a camera's frames to the encoded view: redact, then encode; nothing else reaches staff.

The output is H.264 in GOPs of 2 s, one access unit a frame. A change between shown and withheld
pictures begins a new GOP, so that a segment's mark is true of all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from plainview.base.clock import Ms
from plainview.media.encode import Unit, ViewEncoder
from plainview.media.frames import Frame
from plainview.redact.pipeline import Redactor, State, ViewFrame

MOST_MS: Ms = 2_000
"""Longest time that one picture stands for."""


@dataclass(frozen=True, slots=True)
class ViewItem:
    """One encoded frame of the view."""

    annexb: bytes
    """Access unit; key frames begin with SPS and PPS."""
    wall_ms: Ms
    duration_ms: Ms
    key: bool
    pixelated: bool


class ViewPipeline:
    """One camera's view. `redactor` is made by the caller, who chose its detector."""

    def __init__(self, redactor: Redactor, *, crf: int = 26, preset: str = "superfast") -> None:
        self.redactor = redactor
        self._encoder = ViewEncoder(
            redactor.width, redactor.height, redactor.fps, crf=crf, preset=preset
        )
        self._duration = max(1, round(1000 / redactor.fps))
        self._last: Ms | None = None
        self._pixelated: bool | None = None

    @property
    def state(self) -> State:
        """Whether pictures are shown now, and why not."""
        return self.redactor.state

    def push(self, frame: Frame, *, lag_ms: Ms = 0) -> list[ViewItem]:
        """Take a frame, return what is finished: a few frames older (`Redactor.period`)."""
        return [self._encode(done) for done in self.redactor.push(frame, lag_ms=lag_ms)]

    def flush(self) -> list[ViewItem]:
        """What was still held back."""
        return [self._encode(done) for done in self.redactor.flush()]

    def _encode(self, done: ViewFrame) -> ViewItem:
        changed = done.pixelated is not self._pixelated
        self._pixelated = done.pixelated
        unit: Unit = self._encoder.encode(done.frame, key=changed)
        length = self._length(unit.wall_ms)
        return ViewItem(unit.data, unit.wall_ms, length, unit.is_key, done.pixelated)

    def _length(self, wall_ms: Ms) -> Ms:
        """How long a picture is shown: as long as the one before it was."""
        step = self._duration if self._last is None else wall_ms - self._last
        self._last = wall_ms
        if 0 < step <= MOST_MS:
            self._duration = step
        return self._duration
