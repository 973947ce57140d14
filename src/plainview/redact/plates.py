"""Text on vehicles: number plates wherever they are mounted, numbers on doors and fronts.

The lower part of a vehicle is hidden whether text is found or not (`mask.plates`). What is above is
searched for lines of text, enlarged, when the vehicle is found and again when it has changed; they
are hidden for as long as their boxes live, and nothing reads them. Without vehicles nothing is
searched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plainview.base.clock import Ms
from plainview.redact.boxes import enlarged
from plainview.redact.canvas import Canvas, once
from plainview.redact.detector import Detector, Found, Kind
from plainview.redact.layout import GAP, Sheet, shelves
from plainview.redact.load import STEPS, Effort
from plainview.redact.mask import PLATE_TOP
from plainview.redact.motion import Mask, touches
from plainview.redact.seeker import Manner, Picture, ask
from plainview.redact.survey import Area, covers
from plainview.redact.tracker import Correction, Mark, Tracker

LEAST_WIDTH = 60.0
"""Searched pixels; on a narrower vehicle a plate is too small to be found, even enlarged."""
WIDTH = 340.0
"""Of a vehicle on the sheet: the plate of a car is then 100 pixels wide, and found."""
MOST_ZOOM = 4.0
AROUND = 1.1
"""How much of a vehicle's surroundings is searched with it."""
DOWN = PLATE_TOP + 0.15
"""How far down a vehicle is searched, as a share of its height: what is lower is hidden already,
and without it the rest is searched at twice the size. Text across the border is seen whole."""
LEAST_SIDE = 16
"""Searched pixels of a vehicle inside the picture."""
AGAIN_MS: Ms = 500
"""A vehicle is not searched again sooner, however much changes in it."""
MOST_SHEETS = 2
"""Pictures of vehicles in one search; vehicles that find no room have their turn in the next."""

Box = NDArray[np.float32]
Part = tuple[Area, float]


@dataclass(slots=True)
class _Turn:
    """When a vehicle was searched last, and whether something has changed in it since."""

    at: Ms
    changed: bool = False


class Plates:
    """Of one camera; arguments as for `Seeker`."""

    def __init__(
        self, manner: Manner, width: int, height: int, longest: int, detector: Detector, keep: int
    ) -> None:
        self.tracker = Tracker(keep=keep, new_scores=manner.new_scores)
        self._canvas = Canvas(width, height, longest, manner.known, looks=False)
        self._empty = self._canvas.large()
        self._room = self._empty.room[0] - GAP, self._empty.rows
        self._manner = manner
        self._detector = detector
        self._turns: dict[Mark, _Turn] = {}

    def forget(self) -> None:
        """After a fault: no box and no search counts any more."""
        self.tracker.clear()
        self._turns.clear()

    def warm_up(self, now: Picture) -> None:
        """Search an empty sheet. Raises `DetectorFault`."""
        self._ask(now, self._empty)

    def search(
        self, now: Picture, boxes: Mapping[Mark, Box], changed: Mask | None, *,
        effort: Effort = STEPS[0],
    ) -> tuple[list[Correction], list[Mark]]:  # fmt: skip
        """Search the vehicles among `boxes` that are new, or in which something has changed.

        Returns corrections of living boxes and the marks of new ones. Raises `DetectorFault`.
        """
        wide = {
            mark: box for mark, box in boxes.items()
            if mark.kind is Kind.VEHICLE and box[2] >= LEAST_WIDTH
        }  # fmt: skip
        self._turns = {mark: turn for mark, turn in self._turns.items() if mark in wide}
        for mark, turn in self._turns.items():
            turn.changed = turn.changed or touches(changed, wide[mark])
        sheets = self._sheets(wide, self._due(now.frame.wall_ms, wide, new_only=effort.trust))
        text = self.tracker.boxes()
        if not sheets and not text:
            return [], []
        found = [self._ask(now, sheet) for sheet, _ in sheets]
        for mark in (mark for _, marks in sheets for mark in marks):
            self._turns[mark] = _Turn(now.frame.wall_ms)
        searched = [area for sheet, _ in sheets for area in sheet.areas]
        searched += _outside(list(text.values()), list(wide.values()))
        return self.tracker.update(once([Found.nothing(), *found]), searched)

    def _due(self, now: Ms, wide: Mapping[Mark, Box], *, new_only: bool) -> list[Mark]:
        """Vehicles to be searched: new ones first, then those searched longest ago."""
        new = [mark for mark in wide if mark not in self._turns]
        if new_only:
            return new
        again = [
            mark for mark, turn in self._turns.items()
            if turn.changed and not 0 <= now - turn.at < AGAIN_MS
        ]  # fmt: skip
        return new + sorted(again, key=lambda mark: self._turns[mark].at)

    def _sheets(
        self, wide: Mapping[Mark, Box], due: Iterable[Mark]
    ) -> list[tuple[Sheet, list[Mark]]]:
        """Sheets with as many of the vehicles, in this order, as they hold, and which these are."""
        sheets: list[tuple[Sheet, list[Mark]]] = []
        parts: list[Part] = []
        for mark in due:
            part = self._part(wide[mark])
            if part is None:
                continue
            patches = shelves([*parts, part], self._room[1], self._room[0]) if parts else None
            if patches is None:
                if len(sheets) == MOST_SHEETS:
                    break
                parts, patches = [], shelves([part], self._room[1], self._room[0])
                sheets.append((self._empty, []))
            parts.append(part)
            sheets[-1][1].append(mark)
            sheets[-1] = replace(self._empty, patches=patches or ()), sheets[-1][1]
        return sheets

    def _part(self, box: Box) -> Part | None:
        """What is searched of a vehicle, and how much enlarged; None of one that has left."""
        left, top, width, height = enlarged(box[None], AROUND)[0].tolist()
        height *= DOWN
        limits = self._canvas.width, self._canvas.height
        near = [max(0, int(side) // 2 * 2) for side in (left, top)]
        far = [
            min(limit, -(-int(side) // 2) * 2)
            for limit, side in zip(limits, (left + width, top + height), strict=True)
        ]
        wide, high = far[0] - near[0], far[1] - near[1]
        if min(wide, high) < LEAST_SIDE:
            return None
        fits = min((side - 2) / own for side, own in zip(self._room, (wide, high), strict=True))
        return (near[0], near[1], wide, high), min(MOST_ZOOM, WIDTH / wide, fits)

    def _ask(self, now: Picture, sheet: Sheet) -> Found:
        return ask(self._detector, self._manner.sought, self._canvas, now, sheet)


def _outside(text: list[Box], vehicles: list[Box]) -> list[Area]:
    """The places of text that lies in no vehicle any more: it is kept no longer than others."""
    within = [_area(box) for box in vehicles]
    return [_area(box) for box in text if not covers(within, box[None])[0]]


def _area(box: Box) -> Area:
    left, top, width, height = box.tolist()
    return int(left), int(top), int(width) + 2, int(height) + 2
