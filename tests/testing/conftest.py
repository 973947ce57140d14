"""A small clip and small heads that need no download."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from plainview.media.convert import ClipStyle, encode_clip
from plainview.media.frames import Frame
from plainview.testing import scene_heads
from plainview.testing.clip import Clip
from plainview.testing.scene_heads import Head


@functools.cache
def _clip() -> Clip:
    def frames() -> Iterator[Frame]:
        for number in range(75):
            frame = Frame.blank(192, 112)
            frame.planes[0][:, number : number + 40] = 220
            yield frame

    return Clip(*encode_clip(frames(), 25, ClipStyle(gop_seconds=1, bframes=2)))


@pytest.fixture
def clip() -> Clip:
    """3 s at 25 frames a second with B-frames."""
    return _clip()


@pytest.fixture(scope="session")
def heads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Head]:
    """Drawn stand-ins for the photographs, loaded as set-up's would be."""
    folder = tmp_path_factory.mktemp("faces")
    listed = []
    for number, name in enumerate(("collins", "hopper", "varshney")):
        picture = np.zeros((200, 160, 4), np.uint8)
        cv2.ellipse(picture, (80, 100), (70, 95), 0, 0, 360, (120 + 30 * number, 160, 220, 255), -1)
        cv2.circle(picture, (55, 90), 10, (20, 20, 20, 255), -1)
        cv2.circle(picture, (105, 90), 10, (20, 20, 20, 255), -1)
        cv2.imwrite(str(folder / f"{name}.png"), picture)
        listed.append(f'"{name}": {{"face": [30, 50, 100, 130], "credit": "drawn"}}')
    (folder / "heads.json").write_text("{" + ",".join(listed) + "}")
    return scene_heads.load(Path(folder))
