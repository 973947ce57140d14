"""A node with three times as much to do as it can: fewer searches, fewer frames, no face shown.

Time is simulated: a frame and a search cost so many milliseconds of the node's one processor. The
redactors and their scheduler are the real ones. The detector is exact: it finds bright squares,
which are the faces of these pictures, so that what it would miss cannot be confused with what the
pipeline leaves open.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.media.frames import Frame
from plainview.redact.canvas import Known
from plainview.redact.detector import Found, Kind, Sought
from plainview.redact.load import STEPS, Load
from plainview.redact.manners import FACE_HEIGHT, FACES
from plainview.redact.pipeline import Redactor, ViewFrame
from plainview.redact.seeker import Manner

FULL = bool(os.environ.get("PLAINVIEW_BARS"))
MINUTES = 10.0 if FULL else 0.4
CAMERAS, FPS, SIZE = 3, 12.5, (320, 192)
STEP_MS = round(1000 / FPS)
SQUARE = 14
BRIGHT = 230
OVERLOAD = 3.0
FRAME_SHARE = 0.35
"""Of what a camera costs at full effort: making a frame; the rest is searching."""
WHITE = Manner(
    Sought.FACES, Known(np.full((FACE_HEIGHT, FACE_HEIGHT, 3), 255, np.uint8), FACE_HEIGHT), FACES
)
Square = tuple[float, float]


class Exact:
    """Finds bright squares, and counts the pixels that were searched."""

    def __init__(self) -> None:
        self.pixels = 0

    def search(self, picture: NDArray[np.uint8], sought: Sought = Sought.FACES) -> Found:
        luma = picture[: picture.shape[0] * 2 // 3]
        self.pixels += luma.size
        _, bright = cv2.threshold(luma, BRIGHT, 255, cv2.THRESH_BINARY)
        count, _, stats, _ = cv2.connectedComponentsWithStats(bright)
        boxes = stats[1:count, :4].astype(np.float32)
        boxes = boxes[stats[1:count, cv2.CC_STAT_AREA] > 20]
        return Found.of(boxes, np.full(len(boxes), 0.9, np.float32), Kind.FACE)


@dataclass
class Camera:
    """One camera of the node: walkers that come, go and turn round at random."""

    seed: int
    detector: Exact
    load: Load
    squares: list[Square] = field(default_factory=list)
    speeds: list[Square] = field(default_factory=list)
    truths: dict[int, list[Square]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - a scene, not a secret
        noise = np.random.default_rng(self.seed)
        self.street = noise.integers(30, 150, (SIZE[1], SIZE[0]), dtype=np.uint8)
        self.street = np.asarray(cv2.blur(self.street, (5, 5)), np.uint8)
        self.redactor = Redactor(
            *SIZE, FPS, self.detector, view_height=None, searches=[WHITE], load=self.load
        )
        self.redactor.warm_up()

    def frame(self, wall_ms: int) -> Frame:
        """The next picture."""
        self._walk()
        frame = Frame.blank(*SIZE, wall_ms=wall_ms)
        frame.planes[0][:] = self.street
        for left, top in self.squares:
            x, y = round(left), round(top)
            frame.planes[0][max(0, y) : max(0, y + SQUARE), max(0, x) : max(0, x + SQUARE)] = 250
        self.truths[wall_ms] = list(self.squares)
        return frame

    def _walk(self) -> None:
        if len(self.squares) < 3 and self.rng.random() < 0.05:
            self.squares.append((self.rng.uniform(20, 280), self.rng.uniform(20, 150)))
            self.speeds.append((self.rng.uniform(-3, 3), self.rng.uniform(-1, 1)))
        moved = [
            (x + dx, y + dy) for (x, y), (dx, dy) in zip(self.squares, self.speeds, strict=True)
        ]
        here = [0 <= x <= SIZE[0] - SQUARE and 0 <= y <= SIZE[1] - SQUARE for x, y in moved]
        self.squares = [square for square, stays in zip(moved, here, strict=True) if stays]
        self.speeds = [speed for speed, stays in zip(self.speeds, here, strict=True) if stays]

    def open_faces(self, view: ViewFrame) -> int:
        """How many faces of a finished picture can be seen (by more than a fifth of their area)."""
        luma = view.frame.planes[0]
        seen = 0
        for left, top in self.truths.pop(view.frame.wall_ms):
            x, y = round(left), round(top)
            part = luma[max(0, y) : y + SQUARE, max(0, x) : x + SQUARE]
            seen += not view.pixelated and bool((part > BRIGHT).mean() > 0.2)
        return seen


class Node:
    """A processor that works off frames in the order of their arrival."""

    def __init__(self) -> None:
        self.load, self.detector = Load(), Exact()
        self.cameras = [Camera(seed, self.detector, self.load) for seed in range(CAMERAS)]
        self.now = self.wall = 0.0
        self.open = self.shown = self.withheld = 0
        self.levels: list[int] = []
        self.where: list[tuple[int, int, int, int]] = []
        """Camera, time, lag and step of pictures that showed a face."""
        self.cost: Callable[[int], float] = lambda _: 0.0
        self.waiting = 0

    def run(self, minutes: float) -> None:
        """So much time of the cameras' clock."""
        for _ in range(round(minutes * 60 * FPS)):
            self.wall += STEP_MS
            for camera in self.cameras:
                self._take(camera, camera.frame(round(self.wall)))

    def _take(self, camera: Camera, frame: Frame) -> None:
        self.now = max(self.now, self.wall)
        lag, before = round(self.now - self.wall), self.detector.pixels
        wall = frame.wall_ms
        views = camera.redactor.push(frame, lag_ms=lag)
        self.levels.append(camera.redactor.effort.level)
        if views or self.detector.pixels > before:
            self.now += self.cost(self.detector.pixels - before)
        for view in views:
            seen = camera.open_faces(view)
            self.open += seen
            if seen:
                level = camera.redactor.effort.level
                self.where.append((camera.seed, view.frame.wall_ms, lag, level))
            self.withheld += view.pixelated
            self.shown += not view.pixelated
        for old in [at for at in camera.truths if at < wall - 2000]:
            del camera.truths[old]
        self.waiting = max(self.waiting, len(camera.truths))


@pytest.mark.bar("overload")
def test_three_times_too_much_shows_no_face_and_passes(
    record_property: Callable[[str, object], None],
) -> None:
    node = Node()
    node.run(0.2)
    assert node.levels[-1] == 0
    searched = node.detector.pixels / (0.2 * 60 * FPS * CAMERAS)
    budget = STEP_MS / CAMERAS * OVERLOAD
    per_frame, per_pixel = budget * FRAME_SHARE, budget * (1 - FRAME_SHARE) / searched
    node.cost = lambda pixels: per_frame + per_pixel * pixels
    gc.collect()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    node.shown = node.withheld = 0
    node.run(MINUTES)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    shown, withheld = node.shown, node.withheld
    assert node.open == 0, node.where[:5]
    assert max(node.levels) >= 3, "frames were left out"
    assert shown > withheld, "frames go before pictures are withheld"
    assert grown < 30, "MB"
    node.cost = lambda _: 0.0
    node.run(0.2)
    assert node.levels[-1] == 0, "it recovers by itself"
    assert all(camera.redactor.state.state == "ok" for camera in node.cameras)
    assert node.open == 0, node.where[:5]
    assert set(node.levels) <= {step.level for step in STEPS}
    measured = (
        f"{MINUTES:g} min of {CAMERAS} cameras at {OVERLOAD:g} x: 0 open faces in {shown} pictures,"
        f" {withheld} withheld, {grown:.1f} MB more, back at full effort"
    )
    record_property("bar", json.dumps({"measured": measured}))
