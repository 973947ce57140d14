"""What is searched for in a camera's pictures, by its profile."""

from __future__ import annotations

from plainview.redact import models, textlines
from plainview.redact.canvas import Canvas, Known
from plainview.redact.detector import Kind, Sought
from plainview.redact.layout import SIZES, Scaling
from plainview.redact.seeker import Manner

FACE_HEIGHT, PERSON_HEIGHT, TEXT_HEIGHT = 48, 80, 16
"""Pixels of the known face, person and text on the picture that is searched."""
FACES = {Kind.FACE: 0.22}
PEOPLE = {Kind.PERSON: 0.4, Kind.VEHICLE: 0.35}
TEXT = {Kind.TEXT: 0.4}
"""What a search must give for a new box."""
PEOPLE_SHEET = (288, 544)
"""On which all of the small frame is searched for people, who are larger than faces."""


Shape = tuple[Sought, int, int]
"""What is sought, and rows and columns of the picture: a network is compiled for each."""


def usual() -> list[Manner]:
    """The searches of a camera, faces first. Raises `WeightsMissing`.

    They are the same for every profile: `faces` needs the vehicles that the second one finds. The
    last one is made in vehicles only (`plates`).
    """
    return [
        Manner(Sought.FACES, Known(models.known_face(), FACE_HEIGHT), FACES),
        Manner(
            Sought.PEOPLE, Known(models.known_person(), PERSON_HEIGHT), PEOPLE,
            scaling=Scaling.REDUCE, fitted=PEOPLE_SHEET, coarse=SIZES[0], trust=True,
        ),
        Manner(Sought.PLATES, Known(textlines.known_text(TEXT_HEIGHT), TEXT_HEIGHT), TEXT),
    ]  # fmt: skip


def shapes(width: int = 1280, height: int = 720, longest: int = 640) -> list[Shape]:
    """Everything that is searched for a camera of this size, the whole sheets first."""
    found: list[Shape] = []
    *all_over, within = usual()
    for manner in all_over:
        canvas = Canvas(
            width, height, longest, manner.known, fitted=manner.fitted, looks=manner.has_looks
        )
        found.append((manner.sought, canvas.rows, canvas.columns))
    found += [(manner.sought, *size) for size in SIZES for manner in all_over]
    return [*found, (within.sought, *SIZES[-1])]
