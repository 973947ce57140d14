"""Light, weather and sensor of the generated street's shots; each is a finish over a picture.

A finish is called with (picture, seconds, frame number) and may write into the picture. All are
deterministic: what is random is drawn once, from the generator that is given.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from plainview.testing.scene_view import Picture, View

Finish = Callable[[Picture, float, int], Picture]

_ROOM = 64
"""Pixels by which patterns are larger than the picture, so that they can be moved."""


class Grain:
    """Noise of a sensor: `luma` and `chroma` are standard deviations in steps of 256."""

    def __init__(
        self, view: View, rng: np.random.Generator, luma: float, chroma: float = 0.0
    ) -> None:
        self._view = view
        shape = (view.height + _ROOM, view.width + _ROOM)
        noise = np.repeat(rng.normal(0, luma, shape)[:, :, None], 3, axis=2)
        if chroma:
            noise += rng.normal(0, chroma, (*shape, 3))
        self._noise = np.clip(noise, -127, 127).astype(np.int8)

    def __call__(self, picture: Picture, t: float, number: int) -> Picture:
        dy, dx = number * 37 % _ROOM, number * 23 % _ROOM
        grain = self._noise[dy : dy + self._view.height, dx : dx + self._view.width]
        return np.asarray(cv2.add(picture, grain, dtype=cv2.CV_8U), dtype=np.uint8)


class Tone:
    """A curve for each channel: `out = black + gain * in`, blue, green and red."""

    def __init__(self, black: float, gain: tuple[float, float, float]) -> None:
        steps = np.arange(256)[:, None] * np.array(gain) + black
        self._table = np.clip(steps, 0, 255).astype(np.uint8)[None]

    def __call__(self, picture: Picture, t: float, number: int) -> Picture:
        return np.asarray(cv2.LUT(picture, self._table), dtype=np.uint8)


class Rain:
    """Streaks, new ones in every frame, in front of everything."""

    def __init__(self, view: View, rng: np.random.Generator, drops: int = 900) -> None:
        self._view, self._places = view, rng.integers(0, _ROOM * 4, (251, 2))
        size = (view.height + 4 * _ROOM, view.width + 4 * _ROOM)
        drawn = np.zeros(size, np.uint8)
        unit = view.height / 720
        for x, y, near in rng.uniform(0, 1, (drops, 3)):
            at = (int(x * size[1]), int(y * size[0]))
            long = (14 + 46 * near**2) * unit
            to = (round(at[0] - long * 0.16), round(at[1] + long))
            cv2.line(drawn, at, to, int(30 + 60 * near), 2 if near > 0.8 else 1, cv2.LINE_AA)
        soft = cv2.GaussianBlur(drawn, (0, 0), 0.7)
        self._streaks = np.asarray(cv2.merge([soft] * 3), np.uint8)

    def __call__(self, picture: Picture, t: float, number: int) -> Picture:
        dy, dx = self._places[number % len(self._places)].tolist()
        part = self._streaks[dy : dy + self._view.height, dx : dx + self._view.width]
        return np.asarray(cv2.add(picture, part), dtype=np.uint8)


class Cloud:
    """The shadow of a cloud that passes over the street every `every` seconds."""

    def __init__(self, view: View, rng: np.random.Generator, every: float = 13.0) -> None:
        self._view, self._every = view, every
        small = np.zeros((45, 160), np.float32)
        for _ in range(9):
            x, y = rng.uniform(45, 115), rng.uniform(5, 40)
            axes = (int(rng.uniform(10, 26)), int(rng.uniform(7, 16)))
            cv2.ellipse(small, (int(x), int(y)), axes, 0, 0, 360, 1.0, -1)
        soft = cv2.GaussianBlur(small, (0, 0), 4.0)
        wide = cv2.resize(soft, (2 * view.width, view.height), interpolation=cv2.INTER_LINEAR)
        light = 255 - np.clip(wide, 0, 1) * 90
        clear = np.full((view.height, view.width), 255, np.float32)
        band = np.concatenate([clear, light, clear], axis=1).astype(np.uint8)
        self._band = np.asarray(cv2.merge([band] * 3), np.uint8)

    def __call__(self, picture: Picture, t: float, number: int) -> Picture:
        room = self._band.shape[1] - self._view.width
        left = round((1 - t % self._every / self._every) * room)
        part = self._band[:, left : left + self._view.width]
        return np.asarray(cv2.multiply(picture, part, scale=1 / 255), dtype=np.uint8)


class Leaves:
    """Foliage that sways, and some leaves that fall."""

    def __init__(self, view: View, street: Picture, rng: np.random.Generator) -> None:
        self._view = view
        self._rows = view.height // 2
        top = street[: self._rows].astype(np.int16)
        green = (top[:, :, 1] - top.max(axis=2) >= 0) & (top[:, :, 1] - top[:, :, 0] > 12)
        soft = cv2.GaussianBlur(green.astype(np.float32), (0, 0), view.width / 160)
        self._sway = np.asarray(soft, np.float32) * (2.4 * view.width / 1280)
        rows, columns = np.indices(soft.shape, dtype=np.float32)
        self._x, self._y = columns, rows
        self._phase = (columns / view.width * 31 + rows / view.height * 17).astype(np.float32)
        self._falling = rng.uniform(0, 1, (8, 3))

    def __call__(self, picture: Picture, t: float, number: int) -> Picture:
        wave = np.sin(self._phase + np.float32(2.6 * t)) * self._sway
        top = cv2.remap(
            picture[: self._rows], self._x + wave, self._y + 0.4 * wave, cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        picture[: self._rows] = top
        for x, late, big in self._falling.tolist():
            down = (t / 9 + late) % 1
            at = x + 0.02 * float(np.sin(4 * t + 20 * late))
            place = (int(at * self._view.width), int(down * self._view.height))
            size = max(1, round((2 + 4 * big) * self._view.width / 1280))
            cv2.ellipse(
                picture, place, (size, max(1, size // 2)), 40 * t % 360, 0, 360, (52, 104, 120), -1
            )
        return picture
