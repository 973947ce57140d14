"""Everything that moves, for the profile `motion`: what stands out from a learned background.

A mixture of Gaussians for each compared pixel (OpenCV's MOG2). It forgets what stands still within
half a minute: people who stop are hidden by the boxes of the search for people, not by this.
"""

from __future__ import annotations

import cv2
import numpy as np

from plainview.redact import motion
from plainview.redact.boxes import Boxes, none
from plainview.redact.motion import Small, speckless

HISTORY = 400
"""Frames."""
VARIANCE = 16.0
REACH = 5
"""Compared pixels by which a moving thing is taken to be larger: hands and hair are thin."""
_REACH = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * REACH + 1, 2 * REACH + 1))


class Moving:
    """Of one camera."""

    def __init__(self) -> None:
        self._background = cv2.createBackgroundSubtractorMOG2(HISTORY, VARIANCE, False)

    def areas(self, now: Small) -> Boxes:
        """What moves, n x 4 in searched pixels. To be called once a frame, in their order."""
        stands_out = speckless(np.asarray(self._background.apply(now), np.uint8))
        if stands_out is None:
            return none()
        return motion.areas(np.asarray(cv2.dilate(stands_out, _REACH), np.uint8))
