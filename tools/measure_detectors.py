#!/usr/bin/env python3
"""What the networks cost here, and what a second one for faces would add.

    .venv/bin/python tools/measure_detectors.py speed
    .venv/bin/python tools/measure_detectors.py second CLIP ...
    .venv/bin/python tools/measure_detectors.py plates CLIP ...

`speed`: CPU ms of one picture on one thread in f32, the least of 25. `second`: per clip, of every
third frame (at most 30), searched 640 wide: faces of 12 pixels and more that the pipeline's network
finds (score from 0.22), that RetinaFace finds (from 0.5), and that only one of them finds.
`plates`: per clip, the first 200 frames through the pipeline (`heads`) without and with the search
for text on vehicles: CPU ms a frame, searches for text, share of the picture hidden.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from fetch_models import CHECKING
from numpy.typing import NDArray

from plainview.media.files import VideoFile
from plainview.redact import manners, models
from plainview.redact.backend import compile_network
from plainview.redact.boxes import overlap
from plainview.redact.detector import Found, Sought
from plainview.redact.engine import Engine, Precision
from plainview.redact.local import LocalDetector
from plainview.redact.pipeline import Redactor, ViewFrame
from plainview.testing.retinaface import RetinaFace

SHAPES = ((320, 192), (416, 256), (640, 384), (640, 512))
REPEATS = 25
FIRST, SECOND = 0.22, 0.5
LEAST_HEIGHT = 12
SAME = 0.3
STEP, MOST = 3, 30
PIPELINE = 200
WIDTH = 640

Picture = NDArray[np.uint8]


def main() -> int:
    if sys.argv[1:] == ["speed"]:
        speed()
    elif sys.argv[1:2] == ["second"] and len(sys.argv) > 2:
        for clip in sys.argv[2:]:
            second(Path(clip))
    elif sys.argv[1:2] == ["plates"] and len(sys.argv) > 2:
        for clip in sys.argv[2:]:
            plates(Path(clip))
    else:
        print(__doc__)
        return 2
    return 0


def speed() -> None:
    weights = {name: models.load(name) for name in models.ALLOWED}
    weights |= {name: models.load_checking(name, CHECKING) for name in models.CHECKING}
    print("| network | back end |", " | ".join(f"{w}x{h}" for w, h in SHAPES), "|")
    for name, data in weights.items():
        for engine in Engine:
            costs = []
            for width, height in SHAPES:
                network = compile_network(
                    data, height, width, engine=engine, precision=Precision.F32
                )
                noise = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
                costs.append(f"{least_ms(lambda run=network, at=noise: run(at)):.1f}")
            print(f"| {name} | {engine} |", " | ".join(costs), "|", flush=True)


def least_ms(call: Callable[[], object]) -> float:
    """CPU time: other programs do not count."""
    spent = []
    for _ in range(REPEATS):
        begun = time.process_time()
        call()
        spent.append(time.process_time() - begun)
    return min(spent) * 1000


def second(clip: Path) -> None:
    first, other = LocalDetector(), RetinaFace(CHECKING)
    counts = np.zeros(4, int)
    frames = 0
    with VideoFile(clip) as video:
        for index, frame in enumerate(video.frames()):
            if index % STEP or frames == MOST:
                continue
            frames += 1
            picture = canvas(frame.to_bgr())
            yuv = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
            counts += compared(first.search(yuv), other.search(picture))
    mine, theirs, only_mine, only_theirs = counts
    print(f"{clip.name}: {frames} frames, first {mine}, second {theirs}, "
          f"only first {only_mine}, only second {only_theirs}", flush=True)  # fmt: skip


class Counting(LocalDetector):
    """Counts the searches for text."""

    texts = 0

    def search(self, picture: Picture, sought: Sought = Sought.FACES) -> Found:
        self.texts += sought is Sought.PLATES
        return super().search(picture, sought)


def plates(clip: Path) -> None:
    cv2.setNumThreads(1)
    with VideoFile(clip) as video:
        frames = list(itertools.islice(video.frames(), PIPELINE))
    fps = 1000 * (len(frames) - 1) / (frames[-1].wall_ms - frames[0].wall_ms)
    for searches in (manners.usual()[:-1], manners.usual()):
        detector = Counting()
        made = Redactor(frames[0].width, frames[0].height, fps, detector, searches=searches)
        made.warm_up()
        detector.texts = 0
        begun = time.process_time()
        views = [view for one in frames for view in made.push(one.copy())] + made.flush()
        spent = (time.process_time() - begun) * 1000 / len(views)
        shares = [share_hidden(view) for view in views]
        print(f"{clip.name}: {len(views)} frames, {spent:.1f} ms each, {detector.texts} searches"
              f" for text, hidden {np.mean(shares):.4f}, at most {max(shares):.3f}",
              flush=True)  # fmt: skip


def share_hidden(view: ViewFrame) -> float:
    """Masks that overlap count once."""
    hidden = np.zeros((view.frame.height, view.frame.width), np.bool_)
    corners = np.concatenate([view.masks[:, :2], view.masks[:, :2] + view.masks[:, 2:]], axis=1)
    for left, top, right, bottom in corners.round().astype(int).clip(0).tolist():
        hidden[top:bottom, left:right] = True
    return float(hidden.mean())


def compared(first: Found, second: Found) -> NDArray[np.int_]:
    """Faces of the first, of the second, of only the first, of only the second."""
    mine, theirs = first.only(first.scores >= FIRST), second.only(second.scores >= SECOND)
    large = [found.boxes[:, 3] >= LEAST_HEIGHT for found in (mine, theirs)]
    both = overlap(mine.boxes, theirs.boxes) >= SAME
    alone = [~both.any(axis=1), ~both.any(axis=0)]
    lone = [one & only for one, only in zip(large, alone, strict=True)]
    return np.array([one.sum() for one in (*large, *lone)])


def canvas(picture: Picture) -> Picture:
    """The picture, WIDTH wide, on grey that fills it up to a multiple of 32."""
    height = round(picture.shape[0] * WIDTH / picture.shape[1])
    whole = np.full((-(-height // 32) * 32, WIDTH, 3), 114, np.uint8)
    method = cv2.INTER_AREA if picture.shape[1] > WIDTH else cv2.INTER_LINEAR
    whole[:height] = cv2.resize(picture, (WIDTH, height), interpolation=method)
    return whole


if __name__ == "__main__":
    sys.exit(main())
