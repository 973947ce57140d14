"""From a found face to the area that is hidden: larger than the box, and higher, for the hair."""

from __future__ import annotations

import numpy as np

from plainview.redact.boxes import Boxes, enlarged

ENLARGE = 1.4
MARGIN = 2.0
"""Pixels of the searched picture added on each side."""
HAIR = 0.18
"""Share of the face's height added on top: hair tells people apart as well."""


def around(faces: Boxes) -> Boxes:
    """The areas to hide for n x 4 faces, in the same pixels."""
    masks = enlarged(faces, ENLARGE, MARGIN)
    hair = HAIR * faces[:, 3]
    masks[:, 1] -= hair
    masks[:, 3] += hair
    return np.asarray(masks, np.float32)
