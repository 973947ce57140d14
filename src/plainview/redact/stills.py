"""Redacting photographs, in the format they came in and without what a camera wrote beside them.

A photograph is searched as a whole and then in overlapping parts, each round half as large, so that
small faces in a large picture are found. What one search hides stays hidden for the next, so the
result hides what any of them found. The picture goes through the same YUV 4:2:0 as video; place,
device, time, thumbnail and colour profile of the source are not copied.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.base.clock import Ms
from plainview.errors import BadFormat, DetectorFault
from plainview.media.decode import MAX_SHAPE, MIN_SIDE
from plainview.media.frames import Frame, fit
from plainview.redact.boxes import Boxes
from plainview.redact.detector import Detector
from plainview.redact.files import Choices, Redacted, Tally, Watch, becoming, check_free, unwatched
from plainview.redact.pipeline import Redactor, ViewFrame
from plainview.redact.rules import Rules

Picture = NDArray[np.uint8]
Part = tuple[int, int, int, int]
"""Left, top, width, height in pixels, all even."""

ENDINGS = {".jpg": ".jpg", ".jpeg": ".jpg", ".png": ".png", ".webp": ".webp"}
"""Endings that are read, and the format of each."""
_QUALITY = {
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 92], ".png": [], ".webp": [cv2.IMWRITE_WEBP_QUALITY, 92],
}  # fmt: skip
ROUNDS = 3
"""Searches of the whole, each of several closer looks at other parts (`pipeline.CUT_ROUNDS`)."""
TILE = (640, 360)
"""Smallest part that is searched by itself: pixel by pixel, and its closer looks enlarged."""
OVERLAP = 4
"""Parts overlap by one of so many parts of their side: faces up to this are whole in one."""
SCENE_MS: Ms = 10_000
"""What lies between two searches on the redactor's clock: each begins a scene."""


def redact_still(
    source: Path, target: Path, detector: Detector, choices: Choices | None = None, *,
    force: bool = False, watch: Watch = unwatched,
) -> Redacted:  # fmt: skip
    """Write the redacted picture `source` to `target`, in the format of its ending.

    Raises `BadFormat` for what is no picture, `DetectorFault` if any part could not be searched
    (nothing is written then), `Refused` if `target` exists (without `force`).
    """
    choices = choices or Choices()
    check_free(target, force=force)
    picture = read(source)
    frame, masks = _redacted(Frame.from_bgr(picture), detector, choices.rules)
    size = fit(frame.width, frame.height, choices.max_height)
    if size != (frame.width, frame.height):
        across, down = size[0] / frame.width, size[1] / frame.height
        masks = np.asarray(masks * (across, down, across, down), np.float32)
        frame = frame.scaled(*size)
    tally = Tally(watch)
    tally.note(ViewFrame(frame, pixelated=False, masks=masks), 0.0)
    ending = ENDINGS[target.suffix.lower()]
    made, data = cv2.imencode(ending, frame.to_bgr(), _QUALITY[ending])
    if not made:
        raise BadFormat(f"{source.name} could not be written as {ending}.")
    with becoming(target, force=force) as partial:
        partial.write_bytes(data.tobytes())
    return Redacted(tally.frames, tally.withheld, tally.masks)


def read(source: Path) -> Picture:
    """The upright picture, BGR, both sides even. Raises `BadFormat`."""
    data = source.read_bytes()
    if is_animated(data):
        raise BadFormat(f"{source.name} is animated.", hint="Convert it to a video first.")
    raw = np.frombuffer(data, np.uint8)
    # OpenCV turns the picture as its EXIF says, and leaves out transparency.
    found = cv2.imdecode(raw, cv2.IMREAD_COLOR) if data else None
    if found is None:
        raise BadFormat(f"{source.name} is not a picture that can be read.")
    height, width = found.shape[0] // 2 * 2, found.shape[1] // 2 * 2
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_SHAPE * min(width, height):
        raise BadFormat(f"{source.name} is {width} x {height} pixels, which are not read.")
    return np.asarray(found[:height, :width], np.uint8)


def is_animated(data: bytes) -> bool:
    """Whether a WebP or PNG file holds more than one picture; only the first would be read."""
    if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8X":
        return bool(data[20] & 2)
    before, _, _ = data.partition(b"IDAT")
    return data[:4] == b"\x89PNG" and b"acTL" in before


def levels(width: int, height: int) -> list[list[Part]]:
    """Parts of a picture, ever smaller, down to those of about `TILE`; none if it is no larger."""
    sides, found = TILE, list[list[Part]]()
    while width > sides[0] or height > sides[1]:
        found.insert(0, tiles(width, height, sides))
        sides = (sides[0] * 2, sides[1] * 2)
    return found


def tiles(width: int, height: int, sides: tuple[int, int]) -> list[Part]:
    """Overlapping parts that cover a picture, at most `sides` large."""
    (lefts, wide), (tops, high) = _steps(width, sides[0]), _steps(height, sides[1])
    return [(left, top, wide, high) for top, left in itertools.product(tops, lefts)]


def _steps(length: int, side: int) -> tuple[list[int], int]:
    """Where parts begin along one side, and how long they are there."""
    if length <= side:
        return [0], length
    step = side - side // OVERLAP
    count = -(-(length - side) // step) + 1
    return [(length - side) * i // (count - 1) // 2 * 2 for i in range(count)], side


def _redacted(whole: Frame, detector: Detector, rules: Rules) -> tuple[Frame, Boxes]:
    """The picture with everything hidden that was found, and the masks in its pixels."""
    search = _Search(whole.width, whole.height, detector, rules)
    masks = []
    for _ in range(ROUNDS):
        view = search.once(whole)
        whole = view.frame
        masks.append(view.masks)
    for parts in levels(whole.width, whole.height):
        # Zones are of the whole picture, and were filled above.
        inner = _Search(*parts[0][2:], detector, Rules(rules.profile, (), rules.fill))
        masks += [_hide_in_part(whole, part, inner) for part in parts]
    return whole, np.concatenate(masks)


def _hide_in_part(whole: Frame, part: Part, search: _Search) -> Boxes:
    left, top, width, height = part
    view = search.once(whole.cropped(*part))
    if len(view.masks):
        for to, of, half in zip(whole.planes, view.frame.planes, (1, 2, 2), strict=True):
            rows = slice(top // half, (top + height) // half)
            to[rows, left // half : (left + width) // half] = of
    return np.asarray(view.masks + np.array([left, top, 0, 0]), np.float32)


class _Search:
    """Searches pictures of one size, each as a scene of its own."""

    def __init__(self, width: int, height: int, detector: Detector, rules: Rules) -> None:
        self._redactor = Redactor(
            width, height, 1.0, detector, view_height=None, view_fps=1.0, rules=rules
        )
        self._redactor.warm_up()
        self._clock: Ms = 0

    def once(self, frame: Frame) -> ViewFrame:
        """The redacted picture. Raises `DetectorFault` rather than return a withheld one."""
        self._clock += SCENE_MS
        frame.wall_ms = self._clock
        (view,) = self._redactor.push(frame) + self._redactor.flush()
        if view.pixelated:
            raise DetectorFault(
                "The detector failed in a picture, which is not written.", hint="Run it again."
            )
        return view
