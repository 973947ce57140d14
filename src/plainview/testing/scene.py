"""A generated street with photographed faces and exact ground truth.

Deterministic by seed. For every frame it is known where each face is, how much of it can be seen
and whether a head is seen from behind; `render` writes an H.264 clip that loops without a seam and
a JSON file beside it. How many distinct faces there are: `docs/ref/scene.md`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from plainview.base.durable import make_folder, write_file
from plainview.media.convert import ClipStyle, write_clip
from plainview.media.frames import Frame
from plainview.testing import scene_backdrop, scene_heads, scene_walkers
from plainview.testing.scene_backdrop import Obstacle
from plainview.testing.scene_heads import Head
from plainview.testing.scene_view import Area, Canvas, Picture, View, blend, overlap

VERSION = 1
"""Changes when the same seed no longer gives the same picture."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One head in one frame. Boxes are (x, y, w, h) in pixels and may reach over the edge."""

    walker: str
    photograph: str | None
    """Whose photographed face it is; None for a head seen from behind."""
    face: tuple[float, float, float, float] | None
    head: tuple[float, float, float, float]
    visible: float
    """Share of the face (or head) that is inside the picture and not hidden, 0 to 1."""
    turn: float
    """Degrees off the eye's line."""


Things = Callable[[float], list[Obstacle]]
"""What else moves through the street at a time in seconds, such as a bus."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A walker, or something that hides those behind it."""

    z: float
    canvas: Canvas
    walker: scene_walkers.Walker | None = None
    drawn: scene_walkers.Drawn | None = None
    """None for obstacles."""
    moves: bool = False
    """An obstacle that is not part of the street's picture."""

    @property
    def strength(self) -> float:
        return 1.0 if self.drawn is None else self.drawn.strength


def no_things(t: float) -> list[Obstacle]:
    """Nothing but walkers moves."""
    return []


class Scene:
    """`frame(i)` draws frame i of `count`; `truth(i)` says what is in it."""

    def __init__(
        self,
        seed: int = 7,
        *,
        width: int = 1280,
        height: int = 720,
        fps: int = 15,
        seconds: int = 40,
        heads: dict[str, Head] | None = None,
        crowd: int = 13,
        cast: Callable[[np.random.Generator], list[scene_walkers.Walker]] | None = None,
        things: Things = no_things,
    ) -> None:
        self.seed, self.fps, self.seconds = seed, fps, seconds
        self.view = View(width, height)
        rng = np.random.default_rng(seed)
        self._street, self._obstacles = scene_backdrop.draw(self.view, rng)
        if cast is None:
            known = heads or scene_heads.load()
            self._cast = scene_walkers.people(known, rng, seconds)[:crowd]
        else:
            self._cast = cast(rng)
        self._things = things
        noise = rng.normal(0, 1.3, (height + 64, width + 64, 1))
        self._noise = np.repeat(noise, 3, axis=2).astype(np.int8)
        self._made: tuple[int, Picture, list[Truth]] | None = None

    @property
    def count(self) -> int:
        """Frames in the loop."""
        return self.fps * self.seconds

    @property
    def street(self) -> Picture:
        """The empty street in even light; not to be written into."""
        return self._street

    @property
    def vehicles(self) -> list[tuple[float, float, float, float]]:
        """Boxes of the parked cars (x, y, w, h)."""
        canvases = [item.canvas for item in self._obstacles if item.vehicle]
        return [(c.x, c.y, c.alpha.shape[1], c.alpha.shape[0]) for c in canvases]

    def frame(self, number: int) -> Picture:
        """Height x width x 3, BGR."""
        return self._make(number)[0]

    def truth(self, number: int) -> list[Truth]:
        """All heads of the frame, the farthest first."""
        return self._make(number)[1]

    def _make(self, number: int) -> tuple[Picture, list[Truth]]:
        number %= self.count
        if self._made is None or self._made[0] != number:
            self._made = (number, *self._draw(number))
        return self._made[1], self._made[2]

    def _draw(self, number: int) -> tuple[Picture, list[Truth]]:
        t = number / self.fps
        picture, truths = self.paint(t)
        return self._light(picture, t, number), truths

    def paint(self, t: float, window: Area | None = None) -> tuple[Picture, list[Truth]]:
        """The street at `t` seconds in even light and without grain, and what is in it.

        `window` is the part that a camera takes: what lies outside of it counts as not visible.
        """
        picture = self._street.copy()
        window = window or (0, 0, self.view.width, self.view.height)
        layers = self._layers(t, window)
        seen: list[Canvas] = []
        for layer in layers:
            if layer.drawn is not None:
                self._shadow(picture, layer.drawn)
            if layer.drawn is not None or layer.moves:
                layer.canvas.onto(picture, layer.strength)
                seen.append(layer.canvas)
            else:
                self._cover(picture, layer.canvas, seen)
        truths = [
            self._truth(layer.walker, layer.drawn, layers[at + 1 :], window)
            for at, layer in enumerate(layers)
            if layer.drawn is not None and layer.walker is not None
        ]
        return picture, truths

    def _layers(self, t: float, window: Area) -> list[Layer]:
        """Walkers and obstacles, farthest first."""
        layers = [Layer(item.z, item.canvas) for item in self._obstacles]
        layers += [Layer(item.z, item.canvas, moves=True) for item in self._things(t)]
        for walker in self._cast:
            at = scene_walkers.pose(walker, (t - walker.start) % self.seconds)
            if at is None:
                continue
            drawn = scene_walkers.draw(walker, self.view, at, window)
            if drawn is not None:
                layers.append(Layer(at.z, drawn.canvas, walker, drawn))
        layers.sort(key=lambda layer: -layer.z)
        return layers

    @staticmethod
    def _cover(picture: Picture, obstacle: Canvas, seen: list[Canvas]) -> None:
        """Draw an obstacle again, but only over what moves behind it."""
        for canvas in seen:
            box = overlap(canvas.x, canvas.y, canvas.alpha.shape, picture.shape)
            if box is None:
                continue
            x0, y0, x1, y1 = box
            inner = overlap(
                obstacle.x - x0, obstacle.y - y0, obstacle.alpha.shape, (y1 - y0, x1 - x0)
            )
            if inner is None:
                continue
            a0, b0, a1, b1 = inner
            rows = slice(y0 + b0 - obstacle.y, y0 + b1 - obstacle.y)
            columns = slice(x0 + a0 - obstacle.x, x0 + a1 - obstacle.x)
            patch = picture[y0 + b0 : y0 + b1, x0 + a0 : x0 + a1]
            blend(patch, obstacle.colour[rows, columns], obstacle.alpha[rows, columns])

    @staticmethod
    def _shadow(picture: Picture, drawn: scene_walkers.Drawn) -> None:
        canvas = drawn.canvas
        width = drawn.head_box[2] * 1.6
        foot = canvas.y + canvas.alpha.shape[0] - width * 0.12
        centre = drawn.head_box[0] + drawn.head_box[2] / 2
        shade = Canvas(int(centre - width), int(foot - width * 0.3), int(2.6 * width) + 2,
                       int(width * 0.6) + 2)  # fmt: skip
        shade.ellipse((centre + width * 0.25, foot), (width, width * 0.2), (70, 66, 62))
        soft = cv2.GaussianBlur(shade.alpha, (0, 0), max(0.8, width * 0.05))
        shade.colour = cv2.merge([cv2.convertScaleAbs(soft, alpha=0.26)] * 3).astype(np.uint8)
        shade.alpha = np.asarray(soft, dtype=np.uint8)
        shade.onto(picture, 0.38 * drawn.strength)

    def _truth(
        self,
        walker: scene_walkers.Walker,
        drawn: scene_walkers.Drawn,
        later: list[Layer],
        window: Area,
    ) -> Truth:
        box = drawn.face_box or drawn.head_box
        return Truth(
            walker=walker.name,
            photograph=walker.head.name if drawn.face_box else None,
            face=drawn.face_box,
            head=drawn.head_box,
            visible=round(drawn.strength * self._visible(box, later, window), 3),
            turn=round(drawn.turn, 1),
        )

    @staticmethod
    def _visible(box: tuple[float, float, float, float], later: list[Layer], window: Area) -> float:
        """Share of the box that is in the window and under none of the later layers."""
        x, y, w, h = box
        left, top = int(np.floor(x)), int(np.floor(y))
        free = np.ones((max(1, round(h)), max(1, round(w))), np.float32)
        wx, wy, right, bottom = window
        inside = overlap(left - wx, top - wy, free.shape, (bottom - wy, right - wx))
        if inside is None:
            return 0.0
        kept = np.zeros_like(free)
        x0, y0, x1, y1 = inside
        kept[y0 + wy - top : y1 + wy - top, x0 + wx - left : x1 + wx - left] = 1
        for layer in later:
            canvas = layer.canvas
            area = overlap(canvas.x - left, canvas.y - top, canvas.alpha.shape, free.shape)
            if area is None:
                continue
            a0, b0, a1, b1 = area
            rows = slice(b0 + top - canvas.y, b1 + top - canvas.y)
            columns = slice(a0 + left - canvas.x, a1 + left - canvas.x)
            cover = canvas.alpha[rows, columns].astype(np.float32) * (layer.strength / 255)
            kept[b0:b1, a0:a1] *= 1 - cover
        return float(kept.mean())

    def _light(self, picture: Picture, t: float, number: int) -> Picture:
        """A cloud that passes once a loop, and the grain of a sensor."""
        gain = 1.0 + 0.07 * float(np.sin(2 * np.pi * t / self.seconds))
        lit = cv2.convertScaleAbs(picture, alpha=gain)
        dy, dx = number * 37 % 64, number * 23 % 64
        grain = self._noise[dy : dy + self.view.height, dx : dx + self.view.width]
        return np.asarray(cv2.add(lit, grain, dtype=cv2.CV_8U), dtype=np.uint8)


def render(
    scene: Scene,
    clip: Path,
    *,
    progress: Callable[[], None] | None = None,
    style: ClipStyle | None = None,
) -> Path:
    """Write `clip` (MP4) and the ground truth beside it (.json); returns the latter's path."""
    make_folder(clip.parent)
    truths: list[list[dict[str, object]]] = []

    def frames() -> Iterator[Frame]:
        for number in range(scene.count):
            truths.append([_plain(truth) for truth in scene.truth(number)])
            yield Frame.from_bgr(scene.frame(number))

    write_clip(clip, frames(), scene.fps, style or ClipStyle(crf=22), progress=progress)
    truth_file = clip.with_suffix(".json")
    body = {
        "v": VERSION,
        "seed": scene.seed,
        "width": scene.view.width,
        "height": scene.view.height,
        "fps": scene.fps,
        "frames": truths,
    }
    write_file(truth_file, json.dumps(body).encode())
    return truth_file


def _plain(truth: Truth) -> dict[str, object]:
    entry = asdict(truth)
    for key in ("face", "head"):
        if entry[key] is not None:
            entry[key] = [round(value, 2) for value in entry[key]]
    return entry


def load_truth(path: Path) -> list[list[Truth]]:
    """The ground truth that `render` wrote, one list a frame."""
    body = json.loads(path.read_text())
    return [
        [
            Truth(
                walker=entry["walker"],
                photograph=entry["photograph"],
                face=tuple(entry["face"]) if entry["face"] else None,
                head=tuple(entry["head"]),
                visible=entry["visible"],
                turn=entry["turn"],
            )
            for entry in frame
        ]
        for frame in body["frames"]
    ]
