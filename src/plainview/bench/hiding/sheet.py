"""A contact sheet: what was missed, as it stands in the redacted pictures, for a person to see."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.base.durable import make_folder, write_file
from plainview.bench.hiding.truth import Box
from plainview.media.frames import Frame

MOST = 200
TILE = 120
CAPTION = 30
COLUMNS = 10
ROOM = 3.0
"""A tile shows so many times the box's longer side, but at least `LEAST` pixels."""
LEAST = 48
MARK = (0, 220, 255)
PAPER, INK = 250, (40, 40, 40)

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Tile:
    """One crop with two lines under it."""

    picture: Picture
    lines: tuple[str, str]


@dataclass(slots=True)
class Pile:
    """Tiles of one kind: evenly chosen ones of however many there were."""

    seen: int = 0
    every: int = 1
    tiles: list[Tile] = field(default_factory=list)

    def wants(self) -> bool:
        """Whether the next one is kept; counts it."""
        self.seen += 1
        return (self.seen - 1) % self.every == 0

    def add(self, tile: Tile) -> None:
        """Keep it; every other one goes when there are twice as many as a sheet holds."""
        self.tiles.append(tile)
        if len(self.tiles) >= 2 * MOST:
            self.tiles = self.tiles[::2]
            self.every *= 2


class Sheet:
    """Misses by kind; `write` chooses at most `MOST` of them and says how many there were."""

    def __init__(self) -> None:
        self.piles: dict[str, Pile] = {}

    def add(self, kind: str, frame: Frame, box: Box, where: str, what: str) -> None:
        """One miss: the finished picture, the box in it, two lines for the caption."""
        pile = self.piles.setdefault(kind, Pile())
        if pile.wants():
            pile.add(Tile(_crop(frame.to_bgr(), box), (where, what)))

    @property
    def seen(self) -> int:
        """How many there were in all."""
        return sum(pile.seen for pile in self.piles.values())

    def chosen(self) -> list[Tile]:
        """At most `MOST`: each kind its part, and what another kind does not need."""
        room, chosen = MOST, list[Tile]()
        waiting = sorted(self.piles.values(), key=lambda pile: len(pile.tiles))
        for number, pile in enumerate(waiting):
            part = evenly(pile.tiles, room // (len(waiting) - number))
            room -= len(part)
            chosen += part
        return chosen

    def write(self, path: Path) -> None:
        """Write the sheet as PNG."""
        make_folder(path.parent)
        ok, data = cv2.imencode(".png", self.draw())
        if not ok:
            raise ValueError("The contact sheet could not be encoded.")
        write_file(path, data.tobytes())

    def draw(self) -> Picture:
        """The sheet: a title, then rows of tiles."""
        tiles = self.chosen()
        rows = -(-len(tiles) // COLUMNS)
        title = ", ".join(f"{pile.seen:,} {kind}" for kind, pile in self.piles.items())
        shape = (28 + rows * (TILE + CAPTION), COLUMNS * (TILE + 4), 3)
        sheet: Picture = np.full(shape, PAPER, np.uint8)
        _text(sheet, f"{title or 'nothing'}; {len(tiles)} shown", (6, 18), 0.5)
        for number, tile in enumerate(tiles):
            top = 28 + number // COLUMNS * (TILE + CAPTION)
            left = number % COLUMNS * (TILE + 4)
            sheet[top : top + TILE, left : left + TILE] = tile.picture
            for line, text in enumerate(tile.lines):
                _text(sheet, text, (left + 1, top + TILE + 11 + 12 * line), 0.34)
        return sheet


def evenly(tiles: list[Tile], most: int) -> list[Tile]:
    """At most `most` of them, at even distances."""
    if len(tiles) <= most:
        return tiles
    return [tiles[number * len(tiles) // most] for number in range(most)]


def _crop(picture: Picture, box: Box) -> Picture:
    """The surroundings of a box, `TILE` x `TILE`, with the box drawn."""
    side = max(LEAST, round(ROOM * max(box[2], box[3])))
    left = round(box[0] + box[2] / 2 - side / 2)
    top = round(box[1] + box[3] / 2 - side / 2)
    padded = cv2.copyMakeBorder(
        picture, max(0, -top), max(0, top + side - picture.shape[0]), max(0, -left),
        max(0, left + side - picture.shape[1]), cv2.BORDER_CONSTANT, value=(PAPER,) * 3,
    )  # fmt: skip
    x, y = max(0, left), max(0, top)
    tile = cv2.resize(
        padded[y : y + side, x : x + side], (TILE, TILE), interpolation=cv2.INTER_CUBIC
    )
    scale = TILE / side
    corners = [
        (round((box[0] - left) * scale), round((box[1] - top) * scale)),
        (round((box[0] + box[2] - left) * scale), round((box[1] + box[3] - top) * scale)),
    ]
    cv2.rectangle(tile, corners[0], corners[1], MARK, 1)
    return np.asarray(tile, np.uint8)


def _text(picture: Picture, text: str, at: tuple[int, int], size: float) -> None:
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(picture, plain, at, cv2.FONT_HERSHEY_SIMPLEX, size, INK, 1, cv2.LINE_AA)
