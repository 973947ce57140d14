"""One camera's redaction: frames in, view frames out, a fixed few frames later.

Every k-th frame is searched (`scan`); in between boxes are moved by optical flow. A frame leaves
only when a search later than it has succeeded, and what that found anew has been carried back to
it. On any fault the frames held back and all that follow are withheld (`withheld`) until several
searches in a row have succeeded. There is no way round this and no setting that turns it off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

import cv2
import numpy as np

from plainview.base.clock import Ms
from plainview.errors import DetectorFault
from plainview.media.frames import Frame, fit
from plainview.redact import manners, mask, motion, withheld
from plainview.redact.boxes import Boxes
from plainview.redact.detector import Detector, Sought
from plainview.redact.fill import Filler
from plainview.redact.held import Held
from plainview.redact.load import STEPS, Effort, Load
from plainview.redact.moving import Moving
from plainview.redact.plates import Plates
from plainview.redact.rules import Profile, Rules
from plainview.redact.scan import Scan
from plainview.redact.seeker import Manner, Seeker
from plainview.redact.withheld import Withheld

LOOK_AHEAD_MS: Ms = 250
"""Longest time that frames are held back; slow cameras are searched more often instead."""
SEARCH_EVERY = 3
"""Frames from one search to the next of a live view: what is held back is seen later."""
KEEP_MS: Ms = 600
HEALTHY_SEARCHES = 5
LEAST_FPS = 1.5
"""Pictures a second that a busy node makes of each camera at least, if it sends so many."""
ROUNDING = 1e-6

_numbers = count()


@dataclass(frozen=True, slots=True)
class ViewFrame:
    """A finished picture: nothing in it is to be hidden any more."""

    frame: Frame
    pixelated: bool
    masks: Boxes
    """What is hidden beside fixed zones, n x 4 in pixels of the frame; for reports on files and
    for measuring."""


@dataclass(frozen=True, slots=True)
class State:
    """For health: whether pictures are shown, and if not, why."""

    state: Literal["ok", "withheld"]
    reason: str
    since_ms: Ms
    faults: int


class Redactor:
    """Redacts frames of one camera, of `width` x `height` and about `fps` frames a second.

    Tests may give searches of their own.
    """

    def __init__(
        self, width: int, height: int, fps: float, detector: Detector, *,
        search_every: int = SEARCH_EVERY, detector_width: int = 640, view_height: int | None = 720,
        view_fps: float = 25.0, rules: Rules | None = None, load: Load | None = None,
        searches: Sequence[Manner] | None = None,
    ) -> None:  # fmt: skip
        self.rules = rules or Rules()
        self.width, self.height = fit(width, height, view_height)
        self.fps = min(fps, view_fps)
        self.period = look_ahead(self.fps, search_every)
        self._every = self.period
        self._share = self.fps / fps
        self._most_left_out = max(1, int(self.fps / LEAST_FPS))
        keep = max(2 * self.period, round(self.fps * KEEP_MS / 1000))
        of = (self.width, self.height, detector_width, detector)
        made = searches or manners.usual()
        self._scan = Scan(
            [
                Seeker(manner, *of, keep=keep, fps=self.fps)
                for manner in made
                if manner.sought is not Sought.PLATES
            ],
            [Plates(manner, *of, keep) for manner in made if manner.sought is Sought.PLATES],
        )
        self._moving = Moving() if self.rules.profile is Profile.MOTION else None
        self._filler = Filler(self.width, self.height, self.rules)
        self._load = load or Load()
        self._number = next(_numbers)
        self._effort: Effort = STEPS[0]
        self._withheld = Withheld(self.fps)
        self._held: deque[Held] = deque()
        self._last: Held | None = None
        self._credit = 0.0
        self._healthy = 0
        self._state = State("withheld", "The detector is starting.", 0, 0)

    @property
    def state(self) -> State:
        """Whether pictures are shown now."""
        return self._state

    @property
    def effort(self) -> Effort:
        """What the last frame got: less than everything on a busy node."""
        return self._effort

    def warm_up(self) -> None:
        """Search a blank picture, so that even the first frame can be shown.

        Raises `DetectorFault`; nothing is lost then: pictures are withheld until searches succeed.
        """
        self._scan.warm_up(Frame.blank(self.width, self.height))
        self._show(0)

    def push(self, frame: Frame, *, lag_ms: Ms = 0) -> list[ViewFrame]:
        """Take one frame (it becomes ours and is written into); return those that are finished.

        `lag_ms` is how far the caller is behind the camera: too far, and pictures are withheld.
        """
        self._spend(lag_ms, frame.wall_ms)
        if not self._is_due():
            return []
        held = self._prepare(frame)
        self._held.append(held)
        try:
            self._protect(held)
        except (DetectorFault, cv2.error) as fault:
            self._fail(str(fault), held.frame.wall_ms)
        held.withheld = self._state.state != "ok"
        held.fewer = min(self._effort.part, self._most_left_out) > 1
        self._last = held
        return [self._finish(self._held.popleft()) for _ in range(len(self._held) - self._every)]

    def _spend(self, lag_ms: Ms, wall_ms: Ms) -> None:
        """Ask the node's scheduler what this frame gets."""
        before, self._effort = self._effort, self._load.effort(self._number, lag_ms, wall_ms)
        if self._effort.withhold and not before.withhold:
            self._fail(self._effort.says, wall_ms, fault=False)

    def _is_due(self) -> bool:
        """Whether this frame is shown: at the view's rate, or a part of it on a busy node."""
        part = min(self._effort.part, self._most_left_out)
        self._every = -(-self.period // part)  # frames far apart are followed less surely by flow
        self._credit += self._share / part
        if self._credit < 1 - ROUNDING:
            return False
        self._credit -= 1
        return True

    def flush(self) -> list[ViewFrame]:
        """The frames still held back, after a search of the last of them."""
        last = self._last
        if self._held and last is not self._held[-1]:
            # An error that is not ours broke off the newest: what is known of the rest is too old.
            self._fail("A picture was not searched to its end.", self._held[-1].frame.wall_ms)
        if self._held and last is not None and not last.searched and not last.withheld:
            try:
                self._scan.search(list(self._held), whole=True)
            except (DetectorFault, cv2.error) as fault:
                self._fail(str(fault), last.frame.wall_ms)
        finished = [self._finish(held) for held in self._held]
        self._held.clear()
        self._last = None
        self._scan.restart()
        self._load.leave(self._number)
        return finished

    def _prepare(self, frame: Frame) -> Held:
        if (frame.width, frame.height) != (self.width, self.height):
            frame = frame.scaled(self.width, self.height)
        grey = self._scan.canvas.grey(frame)
        held = Held(frame, grey, motion.small(grey), withheld=True)
        if self._moving is not None:
            held.moving = self._moving.areas(held.small)
        return held

    def _protect(self, held: Held) -> None:
        """Find what is to be hidden in the newest frame, by flow or by a search."""
        shown = self._state.state == "ok"
        self._scan.follow(held, shown=shown)
        if self._effort.withhold:
            return
        if self._scan.is_due(held, self._every):
            self._scan.search(list(self._held), effort=self._effort, whole=not shown)
            self._healed(held.frame.wall_ms)
        else:
            self._scan.compare(held)

    def _fail(self, reason: str, wall_ms: Ms, *, fault: bool = True) -> None:
        """Withhold the frames held back and all that follow."""
        old = self._state
        since = wall_ms if old.state == "ok" else old.since_ms
        self._state = State("withheld", reason, since, old.faults + fault)
        self._healthy = 0
        self._scan.forget()
        for held in self._held:
            held.withheld = True

    def _healed(self, wall_ms: Ms) -> None:
        """Count a good search; enough of them in a row end the withholding."""
        self._healthy += 1
        if self._state.state == "withheld" and self._healthy >= HEALTHY_SEARCHES:
            self._show(wall_ms)

    def _show(self, wall_ms: Ms) -> None:
        self._state = State("ok", "", wall_ms, self._state.faults)

    def _finish(self, held: Held) -> ViewFrame:
        if held.withheld:
            self._withheld.cover(held.frame)
            everything = np.array([[0, 0, self.width, self.height]], np.float32)
            return ViewFrame(held.frame, pixelated=True, masks=everything)
        scale = np.array(self._scan.canvas.to_frame * 2, np.float32)
        marks, areas = mask.hidden(held.boxes, self.rules.profile)
        self._filler.fill(held.frame, marks, areas * scale)
        unseen = np.concatenate([held.filled, held.moving])
        self._filler.cover(held.frame, unseen * scale)
        if held.fewer:
            withheld.say_fewer(held.frame)
        return ViewFrame(held.frame, False, np.concatenate([areas, unseen]) * scale)


def look_ahead(fps: float, search_every: int) -> int:
    """How many frames are held back: `search_every`, or fewer where that would take too long."""
    return max(1, min(search_every, int(fps * LOOK_AHEAD_MS / 1000)))
