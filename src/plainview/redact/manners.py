"""What is searched for in a camera's pictures, by its profile."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from plainview.redact import models
from plainview.redact.canvas import Known
from plainview.redact.detector import Sought
from plainview.redact.rules import Profile
from plainview.redact.seeker import Manner

FACE_HEIGHT = 48
NEW_FACE = 0.22


def of(profile: Profile, face: NDArray[np.uint8] | None = None) -> list[Manner]:
    """The searches of a profile, faces first. `face` stands for the known face in tests."""
    known = models.known_face() if face is None else face
    return [Manner(Sought.FACES, Known(known, FACE_HEIGHT), NEW_FACE)]
