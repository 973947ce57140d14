"""The generated street with its frame number in the picture, so that a page can be held to account.

A test reads the number back from the pixels that a browser shows and so knows, whatever happened
on the way, which faces that very picture must hide.
"""

from __future__ import annotations

from pathlib import Path

from plainview.testing.scene import Scene, render
from plainview.testing.scene_view import Picture

BITS = 12
CELL = 20
TOP, LEFT = 0, 0
"""The number stands in the corner: BITS cells of CELL pixels, below them the same bits turned."""


class NumberedScene(Scene):
    """A street whose frames carry their own number."""

    def frame(self, number: int) -> Picture:
        picture = super().frame(number).copy()
        value = number % self.count
        for row in range(2):
            for bit in range(BITS):
                on = bool(value >> bit & 1) ^ bool(row)
                y, x = TOP + row * CELL, LEFT + bit * CELL
                picture[y : y + CELL, x : x + CELL] = 235 if on else 16
        return picture


def numbered_scene(cache: Path) -> Path:
    """The clip in `cache` (its ground truth beside it, .json), rendered once."""
    target = cache / "numbered-street.mp4"
    if not (target.exists() and target.with_suffix(".json").exists()):
        render(NumberedScene(), target)
    return target
