"""One camera's redaction: frames in, view frames out, a fixed few frames later.

Every k-th frame is searched; in between boxes are moved by optical flow. A frame leaves only when a
search later than it has succeeded, and what that found anew has been carried back to it, or when
it shows nothing that the search before it did not see. On any fault the frames held back and all
that follow are withheld (`withheld`) until several searches in a row have succeeded. There is no
way round this and no setting that turns it off.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.base.clock import Ms
from plainview.errors import DetectorFault
from plainview.media.frames import Frame, fit
from plainview.redact import detector as detectors
from plainview.redact import fill, looks, mask, models, motion
from plainview.redact.boxes import Boxes, none
from plainview.redact.canvas import Canvas, once
from plainview.redact.detector import Detector, Found
from plainview.redact.held import Held, carry_back, spread
from plainview.redact.rules import Rules
from plainview.redact.tracker import Tracker
from plainview.redact.withheld import Withheld

LOOK_AHEAD_MS: Ms = 250
"""Longest time that frames are held back; slow cameras are searched more often instead."""
KEEP_MS: Ms = 600
CUT_ROUNDS = 4
"""Searches of the first frame of a scene: nothing is known of it, so more parts are enlarged."""
SCENE_MS: Ms = 1000
"""A scene that begins sooner after another is a fast move of the camera: one search."""
HEALTHY_SEARCHES = 5
IDLE_MS: Ms = 500
"""How often a picture is searched in which nothing changes at all."""
EXTRA_SEARCHES, MOST_EXTRA = 0.35, 3.0
"""Searches between the regular ones: how many of them a regular one allows, and how many at once;
what they would be needed for beyond that is filled."""
CATCH_UP: tuple[tuple[Ms, int], ...] = ((800, 4), (200, 2))
"""Above this lag only every n-th frame of the view is made: frames go first, masks never."""
FAR_MS: Ms = 200
"""A frame that comes so long after the one before it is searched: flow does not reach that far."""
ROUNDING = 1e-6
LAG_LIMIT_MS: Ms = 1500
"""Above this the pictures are withheld and not searched, until the lag is half of it."""


@dataclass(frozen=True, slots=True)
class ViewFrame:
    """A finished picture: nothing in it is to be hidden any more."""

    frame: Frame
    pixelated: bool
    masks: Boxes
    """What is hidden, n x 4 in pixels of the frame; for reports on files and for measuring."""


@dataclass(frozen=True, slots=True)
class State:
    """For health: whether pictures are shown, and if not, why."""

    state: Literal["ok", "withheld"]
    reason: str
    since_ms: Ms
    faults: int


class Redactor:
    """Redacts frames of one camera, of `width` x `height` and about `fps` frames a second."""

    def __init__(
        self, width: int, height: int, fps: float, detector: Detector, *,
        search_every: int = 3, detector_width: int = 640, view_height: int | None = 720,
        view_fps: float = 25.0, face: NDArray[np.uint8] | None = None, rules: Rules | None = None,
    ) -> None:  # fmt: skip
        self.rules = rules or Rules()
        self.width, self.height = fit(width, height, view_height)
        self.fps = min(fps, view_fps)
        self.period = look_ahead(self.fps, search_every)
        self._every = self.period
        self._share = self.fps / fps
        self._detector = detector
        self._canvas = Canvas(
            self.width, self.height, detector_width, models.known_face() if face is None else face
        )
        self._tracker = Tracker(keep=max(2 * self.period, round(self.fps * KEEP_MS / 1000)))
        self._looks = looks.Looks(self._canvas.width, self._canvas.height)
        self._unsearched = motion.Unsearched()
        self._withheld = Withheld(self.fps)
        self._held: deque[Held] = deque()
        self._last: Held | None = None
        self._searched: Held | None = None
        self._idle = max(self.period, round(self.fps * IDLE_MS / 1000))
        self._since_search = 0
        self._scene: Ms | None = None
        """When the scene began that was searched most closely."""
        self._still = False
        self._extra = MOST_EXTRA
        self._credit = 0.0
        self._healthy = 0
        self._overloaded = False
        self._state = State("withheld", "The detector is starting.", 0, 0)

    @property
    def state(self) -> State:
        """Whether pictures are shown now."""
        return self._state

    def warm_up(self) -> None:
        """Search a blank picture, so that even the first frame can be shown.

        Raises `DetectorFault`; nothing is lost then: pictures are withheld until searches succeed.
        """
        blank = Frame.blank(self.width, self.height)
        self._search(blank, self._canvas.grey(blank))
        self._show(0)

    def push(self, frame: Frame, *, lag_ms: Ms = 0) -> list[ViewFrame]:
        """Take one frame (it becomes ours and is written into); return those that are finished.

        `lag_ms` is how far the caller is behind the camera: too far, and pictures are withheld.
        """
        self._notice_overload(lag_ms, frame.wall_ms)
        if not self._is_due(lag_ms):
            return []
        held = self._prepare(frame)
        self._held.append(held)
        try:
            self._protect(held)
        except (DetectorFault, cv2.error) as fault:
            self._fail(str(fault), held.frame.wall_ms)
        held.withheld = self._state.state != "ok"
        self._last = held
        return [self._finish(self._held.popleft()) for _ in range(len(self._held) - self._every)]

    def _is_due(self, lag_ms: Ms) -> bool:
        """Whether this frame is shown: at the view's rate, or a part of it while there is a lag."""
        part = next((nth for above, nth in CATCH_UP if lag_ms > above), 1)
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
                self._search_held(last)
            except (DetectorFault, cv2.error) as fault:
                self._fail(str(fault), last.frame.wall_ms)
        finished = [self._finish(held) for held in self._held]
        self._held.clear()
        self._last = self._searched = None
        self._tracker.clear()
        return finished

    def _prepare(self, frame: Frame) -> Held:
        if (frame.width, frame.height) != (self.width, self.height):
            frame = frame.scaled(self.width, self.height)
        grey = self._canvas.grey(frame)
        return Held(frame, grey, motion.small(grey), withheld=True)

    def _protect(self, held: Held) -> None:
        """Find what is to be hidden in the newest frame, by flow or by a search."""
        before = self._searched
        self._since_search += 1
        still = before is not None and motion.is_still(before.small, held.small)
        self._still = self._still and still and self._state.state == "ok"
        if self._last is not None and not self._still:
            self._tracker.step(self._last.grey, held.grey)
        held.boxes = self._tracker.boxes()
        if self._overloaded:
            return
        if before is None:
            held.cut = self._state.state == "ok"
        else:
            held.cut = motion.is_cut(before.small, held.small)
        if held.cut or self._since_search >= self._patience(held):
            self._search_held(held)
            self._healed(held.frame.wall_ms)
        elif before is not None and not still:
            held.unsearched = self._unsearched.against(held.small, before.small)

    def _patience(self, held: Held) -> int:
        """How many frames after a search the next one is due, the newest frame being `held`."""
        if self._still:
            return self._idle
        before = self._last
        far = before is not None and held.frame.wall_ms - before.frame.wall_ms > FAR_MS
        return 1 if far else self._every

    def _search_held(self, held: Held) -> None:
        """Search the newest frame and carry what is new back over the frames before it."""
        count = CUT_ROUNDS if held.cut and self._is_new_scene(held.frame.wall_ms) else 1
        found = once([self._search(held.frame, held.grey) for _ in range(count)])
        corrections, new = self._tracker.update(found)
        steps = self._since_search
        held.searched = True
        held.boxes = self._tracker.boxes()
        frames = list(self._held)
        for correction in corrections:
            spread(frames, correction.number, correction.delta, steps)
        carry_back(frames, {number: held.boxes[number] for number in new})
        self._close_gaps(held)
        self._searched = held
        self._since_search = 0
        self._still = True

    def _is_new_scene(self, wall_ms: Ms) -> bool:
        if self._scene is not None and 0 <= wall_ms - self._scene < SCENE_MS:
            return False
        self._scene = wall_ms
        return True

    def _close_gaps(self, newest: Held) -> None:
        """Search or fill content that stood in neither of the searched pictures around it."""
        frames = list(self._held)
        open_ones = [
            (index, area)
            for index, held in enumerate(frames)
            if not held.searched and held.unsearched is not None
            and (area := motion.both(
                held.unsearched, self._unsearched.against(held.small, newest.small)
            )) is not None
        ]  # fmt: skip
        self._extra = min(MOST_EXTRA, self._extra + EXTRA_SEARCHES)
        for index, area in open_ones:
            held = frames[index]
            if self._extra >= 1:
                self._extra -= 1
                self._search_between(held, frames[: index + 1])
            else:
                held.filled = motion.areas(area)
            held.unsearched = None

    def _search_between(self, held: Held, before: list[Held]) -> None:
        """A search of a frame already held: its own masks, carried back, no tracks."""
        found = self._search(held.frame, held.grey)
        fresh = {-1 - index: box for index, box in enumerate(found.boxes)}
        held.boxes.update(fresh)
        held.searched = True
        carry_back(before, fresh)

    def _search(self, frame: Frame, grey: NDArray[np.uint8]) -> Found:
        before = None if self._searched is None else self._searched.grey
        unsure = self._tracker.unsure(looks.SMALL_FACE)
        parts = self._looks.choose(self._canvas.parts, grey, before, unsure)
        drawn = self._canvas.draw(frame, grey, parts)
        found = self._detector.search(drawn.picture)
        detectors.check(found, drawn.known)
        return self._canvas.gather(found, drawn)

    def _notice_overload(self, lag_ms: Ms, wall_ms: Ms) -> None:
        if not self._overloaded and lag_ms > LAG_LIMIT_MS:
            self._overloaded = True
            self._fail("The node is overloaded.", wall_ms, fault=False)
        elif self._overloaded and lag_ms < LAG_LIMIT_MS // 2:
            self._overloaded = False

    def _fail(self, reason: str, wall_ms: Ms, *, fault: bool = True) -> None:
        """Withhold the frames held back and all that follow."""
        old = self._state
        since = wall_ms if old.state == "ok" else old.since_ms
        self._state = State("withheld", reason, since, old.faults + fault)
        self._healthy = 0
        self._since_search = 0
        self._searched = None
        self._tracker.clear()
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
        masks = self._in_frame(held)
        fill.fill(held.frame, masks)
        return ViewFrame(held.frame, pixelated=False, masks=masks)

    def _in_frame(self, held: Held) -> Boxes:
        """All that is to be hidden, in pixels of the frame."""
        found = np.stack(list(held.boxes.values())) if held.boxes else none()
        masks = mask.around(found)
        scale = np.array(self._canvas.to_frame * 2, np.float32)
        return np.concatenate([masks, held.filled]) * scale


def look_ahead(fps: float, search_every: int) -> int:
    """How many frames are held back: `search_every`, or fewer where that would take too long."""
    return max(1, min(search_every, int(fps * LOOK_AHEAD_MS / 1000)))
