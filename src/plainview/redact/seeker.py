"""One kind of search in one camera's pictures: what to look at, and what has been found.

Every k-th frame what has changed since it was searched is searched, on as small a sheet as holds
it; all of the picture at least once a second, at a cut, and where that costs no more. Boxes live in
the tracker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainview.media.frames import Frame
from plainview.redact import detector as detectors
from plainview.redact import looks
from plainview.redact.boxes import Boxes, enlarged, none
from plainview.redact.canvas import Canvas, Known, once
from plainview.redact.detector import Detector, Found, Kind, Sought
from plainview.redact.layout import SIZES, Scaling, Sheet, changed_areas
from plainview.redact.load import STEPS, Effort
from plainview.redact.motion import SHRINK, Mask, Small
from plainview.redact.survey import Area, Survey
from plainview.redact.tracker import Correction, Mark, Tracker

REACH = 1.3
"""How far beyond a box that flow follows changes are taken to be of it: shadows and limbs."""


MOST_OF_IT = 0.6
"""Share of the picture. The network now and then takes all of a street for a vehicle, with a score
that keeps a living box: a car's mask would grow over the picture. A near lorry scores more."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How one kind of thing is searched for."""

    sought: Sought
    known: Known
    new_scores: Mapping[Kind, float]
    """What a search must give for a new box; a living one is kept by less."""
    scaling: Scaling = Scaling.ENLARGE
    fitted: tuple[int, int] | None = None
    """Rows and columns of the sheet on which all of the frame is searched; None: one of its own."""
    coarse: tuple[int, int] = SIZES[-1]
    """The same on a busy node."""
    trust: bool = False
    """Whether a change inside a box that flow follows needs no search of its own."""

    @property
    def has_looks(self) -> bool:
        """Whether a whole search has enlarged parts below it."""
        return self.scaling is Scaling.ENLARGE


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame as searches need it: its small luma, and that again for comparing."""

    frame: Frame
    grey: NDArray[np.uint8]
    small: Small


class Seeker:
    """Searches of one kind for one camera of `fps` frames a second; `keep` as in `Tracker`."""

    def __init__(
        self, manner: Manner, width: int, height: int, longest: int, detector: Detector, *,
        keep: int, fps: float,
    ) -> None:  # fmt: skip
        self.canvas = Canvas(
            width, height, longest, manner.known,
            fitted=manner.fitted, looks=manner.has_looks,
        )  # fmt: skip
        self.tracker = Tracker(
            keep=keep, new_scores=manner.new_scores, size=(self.canvas.width, self.canvas.height)
        )
        self.survey = Survey(fps)
        self._manner = manner
        self._detector = detector
        self._looks = looks.Looks(self.canvas.width, self.canvas.height)

    def forget(self) -> None:
        """After a fault: no box and no search counts any more."""
        self.tracker.clear()
        self.survey.forget()

    def search(
        self, now: Picture, changed: Mask | None, *, rounds: int = 0, effort: Effort = STEPS[0]
    ) -> tuple[list[Correction], list[Mark]]:
        """Search what has changed, and `rounds` times all of the picture: once if that is due.

        Returns corrections of living boxes and the marks of new ones. Raises `DetectorFault`.
        """
        if self.survey.looked is None or self.survey.is_old(now.frame.wall_ms):
            rounds = max(1, rounds)
        areas = self._areas(changed, trust=self._manner.trust or effort.trust)
        scaling = self._manner.scaling
        if scaling is Scaling.ENLARGE and not effort.enlarge:
            scaling = Scaling.KEEP
        sheet = self.canvas.some(areas, scaling) if areas else None
        if areas and sheet is None:
            rounds = max(1, rounds)
        beside = sheet is not None and (not rounds or (rounds == 1 and effort.enlarge))
        sheets = [sheet] if sheet is not None and beside else []
        if not sheets and not rounds:
            return [], []
        found = [self._ask(now, one) for one in sheets]
        found += [self._ask(now, self._whole(changed, effort)) for _ in range(rounds)]
        searched = None if rounds else areas
        self.survey.took(now.small, now.frame.wall_ms, searched)
        return self.tracker.update(once(found), searched)

    def warm_up(self, now: Picture) -> None:
        """Search the picture on every sheet there is, and keep nothing. Raises `DetectorFault`."""
        every = [self._whole(None, effort) for effort in (STEPS[0], STEPS[-2])]
        every += self.canvas.sheets()
        for sheet in {(sheet.rows, sheet.columns): sheet for sheet in every}.values():
            self._ask(now, sheet)

    def glance(self, now: Picture, area: Mask) -> Found:
        """A search of a frame already held: of this area, without boxes that live on."""
        areas = changed_areas(area, none(), self.canvas.width, self.canvas.height)
        sheet = self.canvas.some(areas, self._manner.scaling)
        return self._ask(now, sheet or self._whole(area, STEPS[0]))

    def _areas(self, changed: Mask | None, *, trust: bool) -> list[Area]:
        boxes = self.tracker.doubtful(changed, trust=trust)
        if trust and changed is not None:
            changed = _without(changed, enlarged(self.tracker.followed(), REACH))
        if changed is None and not len(boxes):
            return []
        return changed_areas(changed, boxes, self.canvas.width, self.canvas.height)

    def _whole(self, changed: Mask | None, effort: Effort) -> Sheet:
        """All of the frame; on a busy node on a smaller sheet."""
        rows, columns = self._manner.coarse
        if not effort.enlarge and rows * columns < self.canvas.rows * self.canvas.columns:
            return self.canvas.fitted(rows, columns)
        if self.canvas.sheet is not None:
            return self.canvas.fitted(*self.canvas.sheet)
        unsure = self.tracker.unsure(looks.SMALL_FACE)
        return self.canvas.whole(self._looks.choose(self.canvas.parts, changed, unsure))

    def _ask(self, now: Picture, sheet: Sheet) -> Found:
        found = ask(self._detector, self._manner.sought, self.canvas, now, sheet)
        return found.only(~self._is_all(found))

    def _is_all(self, found: Found) -> NDArray[np.bool_]:
        """Which are vehicles nearly as large as the picture, and not sure enough for a new box."""
        share = found.boxes[:, 2:].prod(axis=1) / (self.canvas.width * self.canvas.height)
        unsure = found.scores < self._manner.new_scores.get(Kind.VEHICLE, 0.0)
        return np.asarray((found.kinds == Kind.VEHICLE) & (share > MOST_OF_IT) & unsure, np.bool_)


def ask(detector: Detector, sought: Sought, canvas: Canvas, now: Picture, sheet: Sheet) -> Found:
    """One search that proved itself, in pixels of the small frame. Raises `DetectorFault`."""
    drawn = canvas.draw(now.frame, now.grey, sheet)
    found = detector.search(drawn.picture, sought)
    detectors.check(found, drawn.known)
    return canvas.gather(found, drawn)


def _without(changed: Mask, boxes: Boxes) -> Mask | None:
    """The changes outside of these boxes."""
    rest = changed.copy()
    for left, top, width, height in boxes.tolist():
        rows = slice(max(0, int(top) // SHRINK), max(0, int(top + height) // SHRINK + 1))
        columns = slice(max(0, int(left) // SHRINK), max(0, int(left + width) // SHRINK + 1))
        rest[rows, columns] = 0
    return rest if rest.any() else None
