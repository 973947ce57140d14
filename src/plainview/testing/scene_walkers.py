"""Walkers of the generated street: where they go, how they look, how they are drawn."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from plainview.testing.scene_heads import HAIR, PROFILE, SKIN, SKIN_OTHER, Head
from plainview.testing.scene_view import Area, Canvas, Colour, View, shade

FACE_METRES = 0.22
"""Height of the part of a head that counts as its face."""
_TURNED = 52.0
"""Degrees off the eye's line beyond which the photographed face is no longer shown."""
_FADE_S = 0.4
_SLAB = 24

_COATS: tuple[Colour, ...] = (
    (86, 62, 48), (58, 66, 150), (150, 132, 92), (66, 104, 78), (48, 52, 58), (120, 168, 206),
    (126, 84, 112), (176, 168, 158), (52, 96, 172),
)  # fmt: skip
_COAT_OUTLINE = (
    (0.05, 0.862), (0.12, 0.845), (0.17, 0.828), (0.205, 0.805), (0.225, 0.77), (0.23, 0.70),
    (0.215, 0.58), (0.215, 0.52), (0.235, 0.44), (0.25, 0.38),
)  # fmt: skip
_TROUSERS: tuple[Colour, ...] = ((74, 58, 48), (52, 50, 50), (104, 86, 66), (96, 104, 112))


@dataclass(frozen=True, slots=True)
class Stop:
    """A point of a path: seconds since its beginning, X and Z in metres."""

    t: float
    x: float
    z: float


@dataclass(frozen=True, slots=True)
class Walker:
    """One person of the street."""

    name: str
    head: Head
    mirrored: bool
    height: float
    coat: Colour
    trousers: Colour
    hair: Colour
    skin: Colour
    start: float
    path: tuple[Stop, ...]
    glance: float
    """How far the head swings while walking, degrees."""
    spin: float = 0.0
    """Degrees a second that somebody who stands turns; 0: looks at the street, swinging slowly."""

    @property
    def profile(self) -> bool:
        return self.head.name.startswith(PROFILE)


@dataclass(frozen=True, slots=True)
class Pose:
    """A walker at one moment: place, heading (degrees, 0 towards the eye), step phase."""

    x: float
    z: float
    heading: float
    gaze: float
    phase: float
    moving: float
    strength: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn: body and head, and boxes (x, y, w, h); `face` is None seen from behind."""

    canvas: Canvas
    head_box: tuple[float, float, float, float]
    face_box: tuple[float, float, float, float] | None
    turn: float
    strength: float


def pose(walker: Walker, t: float) -> Pose | None:
    """Where the walker is `t` seconds into its path, None when it is not there."""
    path = walker.path
    if not path[0].t <= t <= path[-1].t:
        return None
    ahead, behind = _place(path, t + 0.35), _place(path, t - 0.35)
    x, z = _place(path, t)
    dx, dz = ahead[0] - behind[0], ahead[1] - behind[1]
    speed = math.hypot(dx, dz) / 0.7
    heading = math.degrees(math.atan2(dx, -dz)) if speed > 0.15 else _standing(walker, t)
    gaze = heading + walker.glance * math.sin(t * 0.9 + walker.start)
    walked = sum(
        math.hypot(b.x - a.x, b.z - a.z) * min(1.0, max(0.0, (t - a.t) / (b.t - a.t)))
        for a, b in itertools.pairwise(path)
    )
    fade = min(1.0, (t - path[0].t) / _FADE_S, (path[-1].t - t) / _FADE_S)
    return Pose(x, z, heading, gaze, walked / 0.74 * math.pi, min(1.0, speed), max(0.0, fade))


def _place(path: tuple[Stop, ...], t: float) -> tuple[float, float]:
    times = [stop.t for stop in path]
    x = float(np.interp(t, times, [stop.x for stop in path]))
    return x, float(np.interp(t, times, [stop.z for stop in path]))


def _standing(walker: Walker, t: float) -> float:
    """Somebody who stands looks at the street, turning slowly, or turns all the way round."""
    if walker.spin:
        return (walker.spin * t + 180) % 360 - 180
    return 38.0 * math.sin(t * 0.8)


def draw(walker: Walker, view: View, at: Pose, window: Area) -> Drawn | None:
    """The walker as a canvas over the picture; None if out of sight of the window."""
    s = view.scale(at.z)
    foot, top = view.at(at.x, 0, at.z), view.at(at.x, walker.height + 0.15, at.z)
    half = 0.62 * s + 3
    x0, y0 = max(-8, math.floor(foot[0] - half)), max(-8, math.floor(top[1]))
    x1 = min(view.width + 8, math.ceil(foot[0] + half))
    y1 = min(view.height + 8, math.ceil(foot[1] + 0.12 * s))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    if x1 < window[0] - 8 or x0 > window[2] + 8 or y1 < window[1] - 8 or y0 > window[3] + 8:
        return None
    canvas = Canvas(x0, y0, x1 - x0, y1 - y0)
    _body(canvas, walker, view, at)
    _shade_sides(canvas, foot[0], s)
    head_box, face_box, turn = _head(canvas, walker, view, at)
    return Drawn(canvas, head_box, face_box, turn, at.strength)


def _body(canvas: Canvas, walker: Walker, view: View, at: Pose) -> None:
    s, h = view.scale(at.z), walker.height
    front = abs(math.cos(math.radians(at.heading)))
    wide = 0.62 + 0.38 * front
    swing = math.sin(at.phase) * at.moving

    def point(side: float, up: float) -> tuple[float, float]:
        x, y = view.at(at.x, up, at.z)
        return x + side * s, y

    stride = swing * (0.10 + 0.24 * (1 - front))
    dark = shade(walker.trousers, 0.8)
    for sign, tone in ((-1, dark), (1, walker.trousers)):
        hip = point(sign * 0.09 * wide, 0.5 * h)
        lift = max(0.0, sign * math.cos(at.phase)) * 0.07 * at.moving
        ankle = point(sign * 0.085 * wide + sign * stride, 0.06 * h + lift)
        canvas.line(hip, ankle, 0.15 * s, tone)
        canvas.ellipse((ankle[0], ankle[1] + 0.05 * s), (0.085 * s, 0.05 * s), (44, 42, 46))
    for sign in (-1, 1):
        shoulder = point(sign * 0.215 * wide, 0.79 * h)
        hand = point(sign * (0.255 * wide) - sign * stride * 0.8, 0.46 * h)
        canvas.ellipse((hand[0], hand[1] + 0.03 * s), (0.045 * s, 0.055 * s), walker.skin)
        canvas.line(shoulder, hand, 0.115 * s, shade(walker.coat, 0.84))
    outline = _COAT_OUTLINE
    right = [point(x * wide, y * h) for x, y in outline]
    left = [point(-x * wide, y * h) for x, y in reversed(outline)]
    canvas.polygon([*right, *left], walker.coat)
    if abs(at.heading) < 80:
        canvas.polygon(
            [point(-0.07, 0.85 * h), point(0.07, 0.85 * h), point(0, 0.71 * h)],
            shade(walker.coat, 1.5),
        )
        canvas.line(point(0, 0.71 * h), point(0, 0.39 * h), 0.014 * s, shade(walker.coat, 0.62))
    canvas.line(point(-0.2 * wide, 0.56 * h), point(0.2 * wide, 0.56 * h), 0.02 * s,
                shade(walker.coat, 0.7))  # fmt: skip
    canvas.line(point(0, 0.83 * h), point(0, 0.88 * h), 0.12 * s, shade(walker.skin, 0.85))


def _shade_sides(canvas: Canvas, middle: float, s: float) -> None:
    """Soft volume: lighter on the sunny left, darker on the right."""
    across = (np.arange(canvas.alpha.shape[1]) + canvas.x - middle) / (0.3 * s)
    ramp = np.clip(1.04 - 0.16 * across - 0.06 * across**2, 0.62, 1.16).astype(np.float32)
    for top in range(0, canvas.alpha.shape[0], _SLAB):  # few enough rows for the nearest cache
        part = np.s_[top : top + _SLAB]
        lit = canvas.colour[part] * ramp[None, :, None]
        canvas.colour[part] = np.minimum(lit, canvas.alpha[part][:, :, None])


def _head(
    canvas: Canvas, walker: Walker, view: View, at: Pose
) -> tuple[tuple[float, float, float, float], tuple[float, float, float, float] | None, float]:
    s = view.scale(at.z)
    bob = 0.018 * abs(math.cos(at.phase)) * at.moving
    chin = view.at(at.x, walker.height * 0.868 + bob, at.z)
    turn = (at.gaze + 180) % 360 - 180
    seen_from = 90.0 if walker.profile else 0.0
    off = abs(abs(turn) - seen_from)
    if off <= (_TURNED if not walker.profile else 48.0):
        return _photograph(canvas, walker, chin, s, turn, off)
    away = abs(turn) > 120
    radius = (0.098 * s, 0.128 * s)
    centre = (chin[0], chin[1] - 0.115 * s)
    canvas.ellipse(centre, radius, walker.hair)
    if not away:
        # Between front and back: an ear and a cheek, no features.
        side = math.copysign(0.05 * s, turn)
        canvas.ellipse((centre[0] + side, centre[1] + 0.03 * s), (0.05 * s, 0.085 * s), walker.skin)
    canvas.ellipse(
        (centre[0], centre[1] + 0.075 * s), (0.07 * s, 0.06 * s), shade(walker.hair, 0.9)
    )
    box = (centre[0] - radius[0], centre[1] - radius[1], 2 * radius[0], 2 * radius[1])
    return box, None, turn


def _photograph(
    canvas: Canvas, walker: Walker, chin: tuple[float, float], s: float, turn: float, off: float
) -> tuple[tuple[float, float, float, float], tuple[float, float, float, float], float]:
    """Lay the photographed head so that its face is `FACE_METRES` high and ends at the chin."""
    fx, fy, fw, fh = walker.head.face
    scale = FACE_METRES * s / fh
    squeeze = max(0.62, math.cos(math.radians(off)))
    flip = turn < 0 if walker.profile else walker.mirrored
    level = max(0, min(len(walker.head.levels) - 1, math.floor(-math.log2(max(scale, 1e-3)))))
    colour, alpha = walker.head.levels[level]
    full_height, full_width = walker.head.levels[0][1].shape
    sx = scale * squeeze * (-1 if flip else 1)
    ox = chin[0] - (fx + fw / 2) * sx
    oy = chin[1] - (fy + fh) * scale
    per_x, per_y = full_width / alpha.shape[1], full_height / alpha.shape[0]
    # Half a pixel is the centre of a pixel in both pictures.
    matrix = np.array(
        [[sx * per_x, 0, ox - canvas.x + (per_x * sx - 1) / 2],
         [0, scale * per_y, oy - canvas.y + (per_y * scale - 1) / 2]], np.float64,
    )  # fmt: skip
    lean = math.sin(math.radians(turn)) * 0.05
    matrix[0, 1] += lean * scale * per_y
    matrix[0, 2] -= lean * (fy + fh) * scale
    # Only the rows that the head reaches; the body below stays as it is.
    rows = min(canvas.alpha.shape[0], max(1, math.ceil(oy - canvas.y + full_height * scale) + 2))
    under, covered = canvas.colour[:rows], canvas.alpha[:rows]
    size = (canvas.alpha.shape[1], rows)
    head = cv2.warpAffine(colour, matrix, size, flags=cv2.INTER_LINEAR)
    cover = cv2.warpAffine(alpha, matrix, size, flags=cv2.INTER_LINEAR)
    keep = 255 - cover
    under[:] = cv2.add(head, cv2.multiply(under, cv2.merge([keep] * 3), scale=1 / 255))
    covered[:] = cv2.add(cover, cv2.multiply(covered, keep, scale=1 / 255))
    width, left = fw * abs(sx), chin[0] - fw * abs(sx) / 2
    face = (left, oy + fy * scale, width, fh * scale)
    whole = (chin[0] - full_width * abs(sx) / 2, oy, full_width * abs(sx), full_height * scale)
    return whole, face, turn


def people(heads: dict[str, Head], rng: np.random.Generator, seconds: float) -> list[Walker]:
    """The street's regular cast, spread over a loop of `seconds`."""
    return dressed(street_paths(rng), heads, rng, seconds)


def dressed(
    paths: Sequence[tuple[Stop, ...]], heads: dict[str, Head], rng: np.random.Generator,
    seconds: float,
) -> list[Walker]:  # fmt: skip
    """A walker for each path, who begins at a place of his own in a loop of `seconds`."""
    front = [head for name, head in sorted(heads.items()) if not name.startswith(PROFILE)]
    side = heads.get(PROFILE)
    tones = [(1.0, 1.0, 1.0), (0.90, 0.95, 1.0), (0.74, 0.80, 0.88), (1.04, 1.02, 0.98)]
    cast: list[Walker] = []
    for number, path in enumerate(paths):
        lateral = abs(path[-1].x - path[0].x) > abs(path[-1].z - path[0].z)
        base = side if lateral and side is not None else front[number % len(front)]
        tone = tones[number % len(tones)]
        cast.append(
            Walker(
                name=f"walker-{number + 1}",
                head=base.toned(tone, base.name) if tone != tones[0] else base,
                mirrored=bool(rng.random() < 0.5),
                height=float(rng.uniform(1.58, 1.82)),
                coat=_COATS[number % len(_COATS)],
                trousers=_TROUSERS[int(rng.integers(len(_TROUSERS)))],
                hair=HAIR[int(rng.integers(len(HAIR)))],
                skin=_toned(SKIN.get(base.name, SKIN_OTHER), tone),
                start=seconds * number * 0.37 % seconds,
                path=path,
                glance=0.0 if lateral else float(rng.uniform(8, 30)),
            )
        )
    return cast


def _toned(colour: Colour, gain: tuple[float, float, float]) -> Colour:
    blue, green, red = (int(min(255, part * by)) for part, by in zip(colour, gain, strict=True))
    return blue, green, red


def path_of(
    points: list[tuple[float, float]], speed: float, rest: dict[int, float]
) -> tuple[Stop, ...]:
    """Stops at walking speed; `rest` says how long somebody stands at which point."""
    stops, t = [Stop(0.0, *points[0])], 0.0
    for number, (a, b) in enumerate(itertools.pairwise(points)):
        t += math.hypot(b[0] - a[0], b[1] - a[1]) / speed
        stops.append(Stop(t, *b))
        if number + 1 in rest:
            t += rest[number + 1]
            stops.append(Stop(t, *b))
    return tuple(stops)


def street_paths(rng: np.random.Generator) -> list[tuple[Stop, ...]]:
    """Towards the eye, away, across, meeting, standing and turning round."""

    def pace() -> float:
        return float(rng.uniform(0.95, 1.3))

    return [
        path_of([(-1.6, 22), (-1.0, 12), (-0.35, 4.2), (1.5, 2.1), (1.9, 1.75)], pace(), {}),
        path_of([(-2.2, 2.9), (-2.4, 9), (-0.6, 24)], pace(), {}),
        path_of([(-3.9, 12.0), (8.6, 12.0)], pace(), {}),
        path_of([(0.2, 20), (-2.4, 12), (-1.5, 5), (-1.2, 2.1), (-1.9, 1.7)], pace(), {}),
        path_of([(-0.6, 20), (-1.0, 5.3), (-1.05, 5.0), (-0.5, 18)], pace(), {2: 5.0}),
        path_of([(8.8, 11.2), (-3.9, 10.6)], pace(), {}),
        path_of([(0.3, 24), (0.1, 12), (0.2, 6), (0.7, 2.6), (1.9, 1.7)], pace(), {}),
        path_of([(-3.2, 24), (-3.0, 10), (-2.2, 4.5), (-1.9, 2.4), (-2.6, 1.9)], pace(), {}),
        path_of([(-1.9, 2.2), (-0.3, 10), (-1.5, 26)], pace(), {}),
        path_of([(0.1, 18), (-0.7, 9.5), (-2.2, 5.6), (-2.3, 5.2), (-3.9, 9)], pace(), {2: 4.0}),
        path_of([(-0.8, 16), (-0.9, 3.4), (-0.9, 3.3), (-2.4, 2.4)], pace(), {2: 3.0}),
        path_of([(-3.6, 6.4), (-1.5, 5.8), (2.6, 3.4), (4.6, 3.8)], pace(), {}),
        path_of([(-0.2, 19), (-0.2, 8), (0.4, 3.2), (1.9, 1.9)], pace(), {}),
    ]
