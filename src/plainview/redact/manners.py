"""What is searched for in a camera's pictures, by its profile."""

from __future__ import annotations

from plainview.redact import models
from plainview.redact.canvas import Known
from plainview.redact.detector import Sought
from plainview.redact.layout import Scaling
from plainview.redact.seeker import Manner

FACE_HEIGHT, PERSON_HEIGHT = 48, 80
"""Pixels of the known face and of the known person on the picture that is searched."""
NEW_FACE, NEW_PERSON = 0.22, 0.4
PEOPLE_WHOLE = 0.75
"""Scale of the small frame when all of it is searched for people: they are larger than faces."""


def usual() -> list[Manner]:
    """The searches of a camera, faces first. Raises `WeightsMissing`.

    They are the same for every profile: `faces` needs the vehicles that the second one finds.
    """
    return [
        Manner(Sought.FACES, Known(models.known_face(), FACE_HEIGHT), NEW_FACE),
        Manner(
            Sought.PEOPLE, Known(models.known_person(), PERSON_HEIGHT), NEW_PERSON,
            scaling=Scaling.REDUCE, whole=PEOPLE_WHOLE, trust=True,
        ),
    ]  # fmt: skip
