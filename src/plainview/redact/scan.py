"""Finding what is to be hidden in one camera's frames: searches, flow between them, what is new.

Faces are searched in every picture, people and vehicles by the camera's profile. Every k-th frame
what has changed since its last search is searched; what that finds anew is carried back over the
frames that are held. Content that stood in no searched picture is searched in its own frame, or
filled.
"""

from __future__ import annotations

from itertools import count

import numpy as np
from numpy.typing import NDArray

from plainview.base.clock import Ms
from plainview.media.frames import Frame
from plainview.redact import motion
from plainview.redact.canvas import Canvas
from plainview.redact.detector import Kind
from plainview.redact.held import Held, carry_back, spread
from plainview.redact.load import STEPS, Effort
from plainview.redact.motion import Mask
from plainview.redact.plates import Plates
from plainview.redact.seeker import Picture, Seeker
from plainview.redact.tracker import Correction, Mark

CUT_ROUNDS = 4
"""Searches of the first frame of a scene: nothing is known of it, so more parts are enlarged."""
SCENE_MS: Ms = 1000
"""A scene that begins sooner after another is a fast move of the camera: one search."""
EXTRA_SEARCHES, MOST_EXTRA = 0.35, 3.0
"""Searches between the regular ones: how many of them a regular one allows, and how many at once;
what they would be needed for beyond that is filled."""
FAR_MS: Ms = 200
"""A frame that comes so long after the one before it is searched: flow does not reach that far."""


class Scan:
    """Of one camera; `seekers` begins with that of faces, whose canvas sets the small frame.

    `plates` (one or none) search in the vehicles that a seeker finds.
    """

    def __init__(self, seekers: list[Seeker], plates: list[Plates]) -> None:
        self._faces, *self._others = seekers
        self._seekers = seekers
        self._plates = plates
        self._all: list[Seeker | Plates] = [*seekers, *plates]
        self._unsearched = motion.Unsearched()
        self._since_search = 0
        self._last: Held | None = None
        self._before: Held | None = None
        self._still = False
        self._extra = MOST_EXTRA
        self._numbers = count(-1, -1)
        """Of what was found between the regular searches: never those of tracks."""
        self._scene: Ms | None = None
        """When the scene began that was searched most closely."""

    @property
    def canvas(self) -> Canvas:
        """What the small frame is drawn on."""
        return self._faces.canvas

    def forget(self) -> None:
        """After a fault: no box and no search counts any more."""
        for seeker in self._all:
            seeker.forget()
        self._since_search = 0
        self._still = False

    def restart(self) -> None:
        """The next frame does not continue the last one."""
        self.forget()
        self._last = self._before = None

    def warm_up(self, frame: Frame) -> None:
        """Search one picture and keep nothing of it. Raises `DetectorFault`."""
        grey = self.canvas.grey(frame)
        for seeker in self._all:
            seeker.warm_up(Picture(frame, grey, motion.small(grey)))

    def follow(self, held: Held, *, shown: bool) -> None:
        """Move the boxes on to the newest frame; `shown`: whether pictures are shown now."""
        self._since_search += 1
        looked = self._faces.survey.looked
        changed = self._faces.survey.changed(held.small)
        still = changed is None
        self._still = self._still and still
        for seeker in self._seekers:
            seeker.survey.passed()
        for tracker in [one.tracker for one in self._all]:
            tracker.age(changed)
            if self._last is not None and not self._still:
                tracker.step(self._last.grey, held.grey, changed)
        self._still = still
        held.boxes = self._boxes()
        held.changed = changed
        held.cut = shown if looked is None else motion.is_cut(looked, held.small)
        self._before, self._last = self._last, held

    def is_due(self, held: Held, every: int) -> bool:
        """Whether the newest frame is to be searched."""
        before = self._before
        far = before is not None and held.frame.wall_ms - before.frame.wall_ms > FAR_MS
        return held.cut or far or self._since_search >= every

    def compare(self, held: Held) -> None:
        """Note what the newest frame, which is not searched, shows that was not searched before."""
        looked = self._faces.survey.looked
        if looked is not None and held.changed is not None:
            held.unsearched = self._unsearched.against(held.small, looked)

    def search(self, frames: list[Held], *, effort: Effort = STEPS[0], whole: bool = False) -> None:
        """Search the newest of the held frames and carry what is new back over those before it.

        Raises `DetectorFault`.
        """
        newest = frames[-1]
        rounds = 1 if whole or newest.cut else 0
        if newest.cut and self._is_new_scene(newest.frame.wall_ms) and effort.enlarge:
            rounds = CUT_ROUNDS  # each enlarges other parts: without that they would be the same
        now = Picture(newest.frame, newest.grey, newest.small)
        corrections, new = self._faces.search(now, newest.changed, rounds=rounds, effort=effort)
        more, fresh = self._search_others(now, newest.changed, min(1, rounds), effort)
        corrections, new = corrections + more, new + fresh
        newest.searched, newest.unsearched = True, None
        newest.boxes = self._boxes()
        for correction in corrections:
            spread(frames, correction.mark, correction.delta, self._since_search)
        carry_back(frames, {mark: newest.boxes[mark] for mark in new})
        self._close_gaps(frames)
        self._since_search = 0

    def _search_others(
        self, now: Picture, changed: Mask | None, rounds: int, effort: Effort
    ) -> tuple[list[Correction], list[Mark]]:
        """People and vehicles, then text in the vehicles that are known by then."""
        corrections: list[Correction] = []
        new: list[Mark] = []
        for seeker in self._others:
            own = seeker.survey.changed(now.small)
            more, fresh = seeker.search(now, own, rounds=rounds, effort=effort)
            corrections, new = corrections + more, new + fresh
        for plates in self._plates:
            more, fresh = plates.search(now, self._boxes(), changed, effort=effort)
            corrections, new = corrections + more, new + fresh
        return corrections, new

    def _boxes(self) -> dict[Mark, NDArray[np.float32]]:
        return {mark: box for one in self._all for mark, box in one.tracker.boxes().items()}

    def _is_new_scene(self, wall_ms: Ms) -> bool:
        if self._scene is not None and 0 <= wall_ms - self._scene < SCENE_MS:
            return False
        self._scene = wall_ms
        return True

    def _close_gaps(self, frames: list[Held]) -> None:
        """Search or fill content that stood in neither of the searched pictures around it."""
        looked = self._faces.survey.looked
        self._extra = min(MOST_EXTRA, self._extra + EXTRA_SEARCHES)
        for index, held in enumerate(frames):
            if held.searched or held.unsearched is None or looked is None:
                continue
            area = motion.both(held.unsearched, self._unsearched.against(held.small, looked))
            held.unsearched = None
            if area is None:
                continue
            if self._extra >= 1:
                self._extra -= 1
                self._search_between(frames[: index + 1], area)
            else:
                held.filled = motion.areas(area)

    def _search_between(self, frames: list[Held], area: Mask) -> None:
        """A search of a frame already held: its own masks, carried back, no tracks."""
        held = frames[-1]
        found = self._faces.glance(Picture(held.frame, held.grey, held.small), area)
        fresh = {
            Mark(Kind(kind), next(self._numbers)): box
            for box, kind in zip(found.boxes, found.kinds, strict=True)
        }
        held.boxes.update(fresh)
        held.searched = True
        carry_back(frames, fresh)
