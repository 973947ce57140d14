"""Moving faces with known places, a shared detector process, and detectors that fail as asked."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.media.frames import Frame
from plainview.redact import fill, models
from plainview.redact.detector import Detector, Found, Sought
from plainview.redact.host import DetectorHost, RemoteDetector

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Actor:
    """A face of `height` pixels that is there from `first` to `last` and moves evenly."""

    height: int
    first: int
    last: int
    start: tuple[float, float]
    speed: tuple[float, float]
    mirrored: bool
    light: float

    def box(self, index: int) -> tuple[int, int, int, int]:
        """Left, top, width, height of the face in frame `index`: the middle of the head."""
        left, top, width, height = self.head(index)
        return (
            left + round(width * 0.16), top + round(height * 0.2), round(width * 0.68), self.height
        )  # fmt: skip

    def head(self, index: int) -> tuple[int, int, int, int]:
        """The same for the whole picture of the head that is pasted."""
        age = index - self.first
        height = round(self.height / 0.7)
        left = round(self.start[0] + self.speed[0] * age)
        return left, round(self.start[1] + self.speed[1] * age), round(height * 0.75), height


class Scene:
    """A textured street with actors; every face's true box is known."""

    def __init__(
        self,
        seed: int,
        *,
        frames: int = 48,
        actors: int = 3,
        size: tuple[int, int] = (640, 360),
        least: int = 24,
    ) -> None:
        self.fps = 25.0
        self.length = frames
        self.size = size
        self._least = least
        rng = random.Random(seed)  # noqa: S311 - a scene, not a secret
        self._face = models.known_face()
        self._background = _background(seed, size)
        sensor = np.random.default_rng(seed)
        self._noise = [sensor.integers(0, 7, (size[1], size[0], 3), np.uint8) for _ in range(4)]
        self.actors = [self._actor(rng, place, actors) for place in range(actors)]

    def _actor(self, rng: random.Random, place: int, places: int) -> Actor:
        width, height = self.size
        tall = rng.randrange(self._least, 64)
        lane = width / places
        first = 0 if place == 0 else rng.randrange(0, self.length // 2)
        start = (lane * place + lane / 3, rng.uniform(20, height - 2 * tall - 40))
        speed = (rng.uniform(-1.2, 1.2), rng.uniform(-0.4, 0.4))
        last = self.length - 1
        return Actor(tall, first, last, start, speed, rng.random() < 0.5, rng.uniform(0.75, 1.15))

    def boxes(self, index: int) -> list[tuple[int, int, int, int]]:
        """The true boxes in frame `index`."""
        return [a.box(index) for a in self.actors if a.first <= index <= a.last]

    def background(self) -> Picture:
        """The street without anybody."""
        return self._background

    def picture(self, index: int) -> Picture:
        """Frame `index` as BGR."""
        picture = self._background.copy()
        for actor in self.actors:
            if actor.first <= index <= actor.last:
                _paste(picture, self._face, actor, actor.head(index))
        return np.asarray(cv2.add(picture, self._noise[index % len(self._noise)]), np.uint8)

    def frames(self) -> Iterator[Frame]:
        """All frames, 40 ms apart."""
        for index in range(self.length):
            yield Frame.from_bgr(self.picture(index), wall_ms=1_000_000 + 40 * index)


def _background(seed: int, size: tuple[int, int]) -> Picture:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(90, 150, (9, 16, 3), dtype=np.uint8)
    fine = rng.integers(0, 40, (size[1] // 3, size[0] // 3, 3), dtype=np.uint8)
    smooth = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC).astype(np.int16)
    grain = cv2.resize(fine, size, interpolation=cv2.INTER_LINEAR).astype(np.int16)
    return np.asarray(np.clip(smooth + grain - 20, 0, 255), np.uint8)


def _paste(picture: Picture, face: Picture, actor: Actor, box: tuple[int, int, int, int]) -> None:
    left, top, width, height = box
    shoulders = ((left + width // 2, top + round(height * 2.1)), (width, height))
    cv2.ellipse(picture, (*shoulders, 0.0), (60, 50, 45), -1)
    small = cv2.resize(face, (width, height), interpolation=cv2.INTER_AREA)
    if actor.mirrored:
        small = small[:, ::-1]
    lit = np.clip(small * actor.light, 0, 255)
    oval = np.zeros((height, width), np.float32)
    cv2.ellipse(oval, ((width / 2, height / 2), (width * 1.05, height * 1.02), 0.0), 1.0, -1)
    soft = cv2.GaussianBlur(oval, (0, 0), max(0.5, height / 40))
    weight = np.asarray(soft, np.float32)[..., None]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, picture.shape[1]), min(top + height, picture.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    cut = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    under = picture[y0:y1, x0:x1]
    picture[y0:y1, x0:x1] = (under * (1 - weight[cut]) + lit[cut] * weight[cut]).astype(np.uint8)


@pytest.fixture(scope="session")
def scene() -> Callable[..., Scene]:
    """Makes a scene from a seed."""
    return Scene


@pytest.fixture(scope="session")
def host() -> Iterator[DetectorHost]:
    """One detector process for all tests that do not break it; patient, for busy machines."""
    with DetectorHost(deadline_seconds=20, hang_seconds=40) as host:
        host.wait()
        yield host


@pytest.fixture
def detector(host: DetectorHost) -> Iterator[RemoteDetector]:
    """A camera's detector in that process."""
    detector = host.open()
    yield detector
    detector.close()


def hidden(frame: Frame, box: tuple[int, int, int, int]) -> float:
    """The share of a true box (frame pixels) that lies under the solid fill."""
    left, top = max(0, box[0]), max(0, box[1])
    area = frame.planes[0][top : max(0, box[1] + box[3]), left : max(0, box[0] + box[2])]
    luma = abs(area.astype(int) - fill.GREY[0]) <= 1
    return float(luma.mean()) if luma.size else 1.0


def likeness(frame: Frame, raw: Frame, box: tuple[int, int, int, int]) -> float:
    """Correlation of fine detail between a view frame and its raw frame inside a box, 0 to 1."""
    left, top, width, height = (max(0, side) for side in box)
    detail = []
    for picture in (frame, raw):
        region = picture.planes[0][top : top + height, left : left + width].astype(np.float32)
        fine = cv2.Laplacian(cv2.GaussianBlur(region, (3, 3), 0), cv2.CV_32F)
        detail.append(fine - fine.mean())
    power = float(np.sqrt((detail[0] ** 2).sum() * (detail[1] ** 2).sum()))
    return abs(float((detail[0] * detail[1]).sum())) / power if power > 1e-3 else 0.0


Answer = Callable[[Found], Found]


def _nan(found: Found) -> Found:
    return Found.of(found.boxes * np.float32("nan"), found.scores)


def _raising(found: Found) -> Found:
    raise DetectorFault("The detector failed on purpose.")


FLAWS: dict[str, Answer] = {
    "raises": _raising,
    "empty": lambda found: Found.nothing(),
    "nan": _nan,
    "wrong-shape": lambda found: Found.of(found.boxes[:, :3], found.scores),
    "lost-scores": lambda found: Found.of(found.boxes, found.scores[1:]),
    "shifted": lambda found: Found.of(found.boxes + 60, found.scores),
    "unsure": lambda found: Found.of(found.boxes, found.scores * 0.3),
}


class Flawed:
    """A detector that fails in one way from its search number `first` on, for `count` searches."""

    def __init__(self, inner: Detector, flaw: str, first: int, count: int = 1000) -> None:
        self._inner = inner
        self._flaw = FLAWS[flaw]
        self._span = range(first, first + count)
        self._searches = 0

    def arm(self, first: int, count: int = 1000) -> None:
        """Fail from search number `first` on, counted from now."""
        self._span = range(self._searches + first, self._searches + first + count)

    def search(self, picture: Picture, sought: Sought = Sought.FACES) -> Found:
        found = self._inner.search(picture, sought)
        self._searches += 1
        return self._flaw(found) if self._searches - 1 in self._span else found


@dataclass(frozen=True)
class Kit:
    """What the tests share."""

    hidden: Callable[[Frame, tuple[int, int, int, int]], float]
    likeness: Callable[[Frame, Frame, tuple[int, int, int, int]], float]
    flawed: type[Flawed]
    flaws: tuple[str, ...]


@pytest.fixture(scope="session")
def kit() -> Kit:
    """Measures and failing detectors."""
    return Kit(hidden, likeness, Flawed, tuple(FLAWS))
