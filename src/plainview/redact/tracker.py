"""Masks between searches: boxes are moved by optical flow, corrected by each search, kept alive.

A track is a box that a search found, for as long as it must stay hidden and no longer. It has a
number so that its mask can be moved and corrected within the few frames that are held back; the
number means nothing outside, is never stored and is not given to the same face again.

A place that has not changed since something was found there is not searched again, and its box
stays. Boxes go some time after a search of their place has missed them; one that was found several
times stays longer as long as nothing moves in it, so that somebody who stops does not appear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.redact import flow
from plainview.redact.boxes import Boxes, clipped, none, overlap, share_within
from plainview.redact.detector import Found, Kind
from plainview.redact.motion import Mask, touches
from plainview.redact.survey import Area, covers, holds

NEW_SCORE = 0.22
"""What a search must give for a new mask; a living one is kept by less (`LEAST_SCORE`)."""
SAME_OVERLAP = 0.25
SHRINKS = 0.2
"""How far a mask follows when the found box is smaller; it grows at once. Avoids flicker."""
SUDDEN = 0.25
"""A change of speed by this share of the box's side in one frame is checked backwards."""
DOUBT = 1.0
"""How far a mask reaches further on each side, by its longer side, once flow has lost a box that is
new or fast: where it went is not known."""
HASTE = 0.35
"""How far a mask reaches further along each axis, by how far its box moves a frame: flow is less
exact the faster a face is."""
MOST_DOUBT = 24.0
"""Pixels; a large face that flow loses has turned or is covered, rather than gone far."""
COAST = 0.85
"""Share of its speed that a box keeps for each frame in which flow sees nothing."""

MOSTLY = 0.7
"""Share of a found person's box inside another's from which it counts as a part of that one."""
SURE = 3
"""Hits after which a box in which nothing moves is kept longer."""
STANDING = 0.03
"""How much a missed box in which nothing moves ages in a frame, once it is sure."""

Grey = NDArray[np.uint8]


class Mark(NamedTuple):
    """What a box is of, and its number."""

    kind: Kind
    number: int


@dataclass(slots=True)
class Track:
    """One box on its way, its speed in pixels a frame, and its age since a search missed it."""

    mark: Mark
    box: NDArray[np.float32]
    speed: NDArray[np.float32]
    unseen: float = 0
    missed: bool = False
    """Whether the last search of its place did not find it."""
    hits: int = 1
    followed: bool = False
    """Whether flow has seen it, so that its speed is known."""
    lost: bool = False
    """Whether its mask is wider, until a search finds the face again."""
    away: bool = False
    """Whether it has been moved since a search found it: what it is of may go back to a place that
    then looks as it was searched."""

    def found(self) -> None:
        """A search has found it."""
        self.unseen, self.lost, self.missed, self.away = 0, False, False, False
        self.hits += 1


@dataclass(frozen=True, slots=True)
class Correction:
    """By how much (left, top, width, height) a search moved the box that flow had predicted."""

    mark: Mark
    delta: NDArray[np.float32]


class Tracker:
    """Tracks of one camera. `keep` is how many frames a box lives once a search has missed it."""

    def __init__(
        self, *, keep: int, new_scores: Mapping[Kind, float] | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:  # fmt: skip
        self._keep = keep
        self._size = size
        self._new_scores = new_scores or {}
        self._tracks: list[Track] = []
        self._numbers = count(1)

    def boxes(self) -> dict[Mark, NDArray[np.float32]]:
        """The boxes now."""
        return {t.mark: reaching(t.box, t.speed, lost=t.lost) for t in self._tracks}

    def doubtful(self, changed: Mask | None, *, trust: bool = False) -> Boxes:
        """Boxes whose places are to be searched whole: missed, moved, or touched by a change.

        `trust`: the missed ones only.
        """
        wanted = [t.box for t in self._tracks if t.missed]
        if not trust:
            wanted = [t.box for t in self._tracks if t.missed or t.away or touches(changed, t.box)]
        return np.stack(wanted) if wanted else none()

    def followed(self) -> Boxes:
        """Boxes that a search has confirmed and that flow has not lost."""
        sure = [t.box for t in self._tracks if not (t.missed or t.lost) and t.hits > 1]
        return np.stack(sure) if sure else none()

    def unsure(self, lower_than: float) -> Boxes:
        """Boxes of small faces that need another look to stay alive."""
        small = [t.box for t in self._tracks if t.box[3] < lower_than]
        return np.stack(small) if small else none()

    def clear(self) -> None:
        """Forget everything."""
        self._tracks.clear()

    def age(self, changed: Mask | None) -> None:
        """A frame has passed, changed where said; drop boxes that nothing confirmed for long."""
        for track in self._tracks:
            if track.missed:
                stands = track.hits >= SURE and not touches(changed, track.box)
                track.unseen += STANDING if stands else 1
        self._tracks = [t for t in self._tracks if t.unseen <= self._keep]

    def step(self, before: Grey, after: Grey, changed: Mask | None = None) -> None:
        """Move boxes from one frame to the next; drop those that have left the picture.

        `changed` is where the picture is not as it was searched, if that is known: boxes elsewhere
        that have not been moved since stay where they were found.
        """
        self._tracks = [t for t in self._tracks if _visible(t, after)]
        going = [t for t in self._tracks if changed is None or t.away or touches(changed, t.box)]
        if not going:
            return
        boxes = np.stack([track.box for track in going])
        moved, seen = flow.shifts(before, after, boxes)
        speeds = np.stack([track.speed for track in going])
        sudden = seen & (np.abs(moved - speeds) > SUDDEN * boxes[:, 2:]).any(axis=1)
        if sudden.any():
            seen[sudden] = flow.confirmed(before, after, boxes[sudden], moved[sudden])
        for track, shift, was_seen in zip(going, moved, seen, strict=True):
            track.speed = shift if was_seen else track.speed * COAST
            track.box[:2] += track.speed
            track.away = True
            fast = bool(np.abs(track.speed).max() > SUDDEN * track.box[2:].max())
            track.lost = track.lost or (not was_seen and (fast or not track.followed))
            track.followed = track.followed or bool(was_seen)

    def update(
        self, found: Found, areas: list[Area] | None = None
    ) -> tuple[list[Correction], list[Mark]]:
        """Take in a search of the present frame: corrections of living tracks, marks of new ones.

        `areas` is what was searched, None if everything.
        """
        corrections = []
        for track, searched in zip(self._tracks, self._searched(areas), strict=True):
            track.missed = track.missed or bool(searched)
        whole = self._seen_whole(areas)
        taken: set[int] = set()
        for track, index in self._matches(found):
            taken.add(index)
            if track.mark in whole:
                corrections.append(_corrected(track, found.boxes[index]))
            track.found()
        parts = self._part_of_known(found) if areas is not None else np.zeros(len(found), np.bool_)
        new = [
            self._begin(found.boxes[index], Kind(found.kinds[index]))
            for index in range(len(found))
            if index not in taken and not parts[index] and self._is_sure(found, index)
        ]
        return corrections, new

    def _is_sure(self, found: Found, index: int) -> bool:
        """Whether what was found is worth a new box."""
        least = self._new_scores.get(Kind(found.kinds[index]), NEW_SCORE)
        return bool(found.scores[index] >= least)

    def _part_of_known(self, found: Found) -> NDArray[np.bool_]:
        """Which people lie within one that was found before.

        A search of parts may see the legs alone of somebody, and takes them for a small person.
        """
        known = [t.box for t in self._tracks if t.mark.kind is Kind.PERSON and not t.missed]
        if not known or not len(found):
            return np.zeros(len(found), np.bool_)
        inside = share_within(found.boxes, np.stack(known)).max(axis=1) >= MOSTLY
        return np.asarray(inside & (found.kinds == Kind.PERSON), np.bool_)

    def _searched(self, areas: list[Area] | None) -> NDArray[np.bool_]:
        if areas is None or not self._tracks:
            return np.ones(len(self._tracks), np.bool_)
        return covers(areas, self._stacked())

    def _seen_whole(self, areas: list[Area] | None) -> set[Mark]:
        """Boxes of which a search of these areas shows more than a part, by which to be moved."""
        if areas is None or not self._tracks:
            return {track.mark for track in self._tracks}
        boxes = self._stacked()
        if self._size is not None:
            boxes = clipped(boxes, *self._size)
        held = holds(areas, boxes)
        return {track.mark for track, is_held in zip(self._tracks, held, strict=True) if is_held}

    def _matches(self, found: Found) -> list[tuple[Track, int]]:
        """Pairs of track and found box, best overlap first, each used once."""
        if not self._tracks or not len(found.boxes):
            return []
        shared = overlap(self._stacked(), found.boxes)
        kinds = np.array([track.mark.kind for track in self._tracks])
        shared = shared * (kinds[:, None] == found.kinds[None, :])
        pairs = []
        for flat in np.argsort(shared, axis=None)[::-1]:
            row, column = divmod(int(flat), shared.shape[1])
            if shared[row, column] < SAME_OVERLAP:
                break
            pairs.append((row, column))
        rows: set[int] = set()
        columns: set[int] = set()
        best = []
        for row, column in pairs:
            if row not in rows and column not in columns:
                rows.add(row)
                columns.add(column)
                best.append((self._tracks[row], column))
        return best

    def _begin(self, box: NDArray[np.float32], kind: Kind) -> Mark:
        mark = Mark(kind, next(self._numbers))
        self._tracks.append(Track(mark, box.copy(), np.zeros(2, np.float32)))
        return mark

    def _stacked(self) -> Boxes:
        return np.stack([track.box for track in self._tracks]) if self._tracks else none()


@dataclass(slots=True)
class Trail:
    """A box on its way back from the frame that showed it first."""

    box: NDArray[np.float32]
    shift: NDArray[np.float32]
    lost: bool = False


def backwards(trails: dict[Mark, Trail], after: Grey, before: Grey) -> None:
    """Move boxes of one frame to where they stood in the frame before it."""
    if not trails:
        return
    moved, seen = flow.shifts(after, before, np.stack([trail.box for trail in trails.values()]))
    for trail, shift, was_seen in zip(trails.values(), moved, seen, strict=True):
        trail.box[:2] += shift
        trail.shift = shift
        trail.lost = trail.lost or not was_seen


def reaching(
    box: NDArray[np.float32], shift: NDArray[np.float32], *, lost: bool
) -> NDArray[np.float32]:
    """What is to be hidden for a box that moved by `shift`: more if it is fast, or lost by flow."""
    by = HASTE * np.abs(shift)
    if lost:
        by = np.maximum(by, min(DOUBT * float(box[2:].max()), MOST_DOUBT))
    return np.concatenate([box[:2] - by, box[2:] + 2 * by]).astype(np.float32)


def _corrected(track: Track, box: NDArray[np.float32]) -> Correction:
    size = np.maximum(box[2:], track.box[2:] + SHRINKS * (box[2:] - track.box[2:]))
    centre = box[:2] + box[2:] / 2
    target = np.concatenate([centre - size / 2, size]).astype(np.float32)
    delta = target - track.box
    track.box = target
    return Correction(track.mark, delta)


def _visible(track: Track, grey: Grey) -> bool:
    left, top, width, height = track.box
    return bool(
        left + width > 0 and top + height > 0 and left < grey.shape[1] and top < grey.shape[0]
    )
