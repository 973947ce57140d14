"""From what was found to the area that is hidden, by the camera's profile.

Larger than the box, and higher for a face, since hair tells people apart as well. A person's head
is the top of the box, however the person stands; a plate is in the lower part of a vehicle, which
is hidden whether text is found or not, and text is wherever it is found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from plainview.redact.boxes import Boxes, enlarged
from plainview.redact.detector import Kind
from plainview.redact.rules import Profile
from plainview.redact.tracker import Mark

ENLARGE = 1.4
MARGIN = 2.0
"""Pixels of the searched picture added on each side."""
HAIR = 0.18
"""Share of the face's height added on top: hair tells people apart as well."""
HEAD_HIGH, HEAD_WIDE, HEAD_MOST = 0.25, 0.65, 0.5
"""A head's height: at least this share of the person's height and of its width (of somebody who is
seen to the waist, it is more of the height), at most so much of the height."""
HEAD_SIDE = 0.06
"""Share of the person's width left open on each side of the head."""
ABOVE = 0.06
"""Share of the person's height added above it: boxes often begin below the hair."""
BODY = 1.12
LINE = 1.2
"""A line of text: its box reaches over the letters already (`textlines`)."""
PLATE_TOP, PLATE_SIDE = 0.4, 0.04
"""Where the hidden part of a vehicle begins, and how much of each side is left open."""
LEAST_VEHICLE = 40.0
"""Pixels of the searched picture; on a narrower vehicle no plate can be read."""

Shape = Callable[[Boxes], Boxes]


def around(faces: Boxes) -> Boxes:
    """The areas to hide for n x 4 faces, in the same pixels."""
    masks = enlarged(faces, ENLARGE, MARGIN)
    hair = HAIR * faces[:, 3]
    masks[:, 1] -= hair
    masks[:, 3] += hair
    return np.asarray(masks, np.float32)


def heads(people: Boxes) -> Boxes:
    """The heads of n x 4 people."""
    left, top, width, height = people.T
    high = np.minimum(np.maximum(HEAD_HIGH * height, HEAD_WIDE * width), HEAD_MOST * height)
    above = ABOVE * height + MARGIN
    sides = HEAD_SIDE * width
    return np.stack(
        [left + sides, top - above, width - 2 * sides, high + above], axis=1
    ).astype(np.float32)  # fmt: skip


def bodies(people: Boxes) -> Boxes:
    """All of n x 4 people."""
    return enlarged(people, BODY, MARGIN)


def plates(vehicles: Boxes) -> Boxes:
    """The parts of n x 4 vehicles where plates are; of no height where none could be read."""
    left, top, width, height = vehicles.T
    hidden = np.where(width >= LEAST_VEHICLE, 1.0, 0.0)
    return np.stack(
        [left + PLATE_SIDE * width, top + PLATE_TOP * height, (1 - 2 * PLATE_SIDE) * width,
         (1 - PLATE_TOP) * height * hidden], axis=1,
    ).astype(np.float32)  # fmt: skip


def lines(text: Boxes) -> Boxes:
    """All of n x 4 lines of text."""
    return enlarged(text, LINE, MARGIN)


def nothing(boxes: Boxes) -> Boxes:
    """No area for any of n x 4 boxes."""
    return np.zeros_like(boxes)


SHAPES: dict[Profile, dict[Kind, Shape]] = {
    profile: {Kind.FACE: around, Kind.PERSON: person, Kind.VEHICLE: plates, Kind.TEXT: lines}
    for profile, person in (
        (Profile.FACES, nothing),
        (Profile.HEADS, heads),
        (Profile.PEOPLE, bodies),
        (Profile.MOTION, bodies),
    )
}


def hidden(found: Mapping[Mark, NDArray[np.float32]], profile: Profile) -> tuple[list[Mark], Boxes]:
    """What is hidden for what was found: marks, and an area (4) for each, in the same pixels."""
    marks: list[Mark] = []
    areas = [np.zeros((0, 4), np.float32)]
    for kind, shape in SHAPES[profile].items():
        of_kind = [mark for mark in found if mark.kind == kind]
        if of_kind:
            marks += of_kind
            areas.append(shape(np.stack([found[mark] for mark in of_kind])))
    return marks, np.concatenate(areas)
