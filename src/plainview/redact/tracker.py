"""Masks between searches: boxes are moved by optical flow, corrected by each search, kept alive.

A track is a box that a search found, for as long as it must stay hidden and no longer. It has a
number so that its mask can be moved and corrected within the few frames that are held back; the
number means nothing outside, is never stored and is not given to the same face again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainview.redact import flow
from plainview.redact.boxes import Boxes, none, overlap
from plainview.redact.detector import Found

NEW_SCORE = 0.22
"""What a search must give for a new mask; a living one is kept by less (`LEAST_SCORE`)."""
SAME_OVERLAP = 0.25
SHRINK = 0.2
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

Grey = NDArray[np.uint8]


@dataclass(slots=True)
class Track:
    """One box on its way, its speed in pixels a frame, and the frames since its last hit."""

    number: int
    box: NDArray[np.float32]
    speed: NDArray[np.float32]
    unseen: int = 0
    followed: bool = False
    """Whether flow has seen it, so that its speed is known."""
    lost: bool = False
    """Whether its mask is wider, until a search finds the face again."""


@dataclass(frozen=True, slots=True)
class Correction:
    """By how much (left, top, width, height) a search moved the box that flow had predicted."""

    number: int
    delta: NDArray[np.float32]


class Tracker:
    """Tracks of one camera. `keep` is how many frames a box lives after its last hit."""

    def __init__(self, *, keep: int) -> None:
        self._keep = keep
        self._tracks: list[Track] = []
        self._next = 0

    def boxes(self) -> dict[int, NDArray[np.float32]]:
        """The boxes now, by track number."""
        return {t.number: reaching(t.box, t.speed, lost=t.lost) for t in self._tracks}

    def unsure(self, lower_than: float) -> Boxes:
        """Boxes of small faces that need another look to stay alive."""
        small = [t.box for t in self._tracks if t.box[3] < lower_than]
        return np.stack(small) if small else none()

    def clear(self) -> None:
        """Forget everything."""
        self._tracks.clear()

    def step(self, before: Grey, after: Grey) -> None:
        """Move every box from one frame to the next; drop those that nothing confirmed for long."""
        for track in self._tracks:
            track.unseen += 1
        self._tracks = [t for t in self._tracks if t.unseen <= self._keep and _visible(t, after)]
        if not self._tracks:
            return
        boxes = self._stacked()
        moved, seen = flow.shifts(before, after, boxes)
        speeds = np.stack([track.speed for track in self._tracks])
        sudden = seen & (np.abs(moved - speeds) > SUDDEN * boxes[:, 2:]).any(axis=1)
        if sudden.any():
            seen[sudden] = flow.confirmed(before, after, boxes[sudden], moved[sudden])
        for track, shift, was_seen in zip(self._tracks, moved, seen, strict=True):
            track.speed = shift if was_seen else track.speed * COAST
            track.box[:2] += track.speed
            fast = bool(np.abs(track.speed).max() > SUDDEN * track.box[2:].max())
            track.lost = track.lost or (not was_seen and (fast or not track.followed))
            track.followed = track.followed or bool(was_seen)

    def update(self, found: Found) -> tuple[list[Correction], list[int]]:
        """Take in a search of the present frame: corrections of living tracks, numbers of new."""
        corrections = []
        taken: set[int] = set()
        for track, index in self._matches(found):
            taken.add(index)
            corrections.append(_corrected(track, found.boxes[index]))
        new = [
            self._begin(found.boxes[index])
            for index in range(len(found.boxes))
            if index not in taken and found.scores[index] >= NEW_SCORE
        ]
        return corrections, new

    def _matches(self, found: Found) -> list[tuple[Track, int]]:
        """Pairs of track and found box, best overlap first, each used once."""
        if not self._tracks or not len(found.boxes):
            return []
        shared = overlap(self._stacked(), found.boxes)
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

    def _begin(self, box: NDArray[np.float32]) -> int:
        self._next += 1
        self._tracks.append(Track(self._next, box.copy(), np.zeros(2, np.float32)))
        return self._next

    def _stacked(self) -> Boxes:
        return np.stack([track.box for track in self._tracks]) if self._tracks else none()


@dataclass(slots=True)
class Trail:
    """A box on its way back from the frame that showed it first."""

    box: NDArray[np.float32]
    shift: NDArray[np.float32]
    lost: bool = False


def backwards(trails: dict[int, Trail], after: Grey, before: Grey) -> None:
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
    size = np.maximum(box[2:], track.box[2:] + SHRINK * (box[2:] - track.box[2:]))
    centre = box[:2] + box[2:] / 2
    target = np.concatenate([centre - size / 2, size]).astype(np.float32)
    delta = target - track.box
    track.box = target
    track.unseen, track.lost = 0, False
    return Correction(track.number, delta)


def _visible(track: Track, grey: Grey) -> bool:
    left, top, width, height = track.box
    return bool(
        left + width > 0 and top + height > 0 and left < grey.shape[1] and top < grey.shape[0]
    )
