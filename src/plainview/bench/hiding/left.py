"""Faces left in the redacted pictures of clips without truth, as other detectors see them.

What they find is a list for a person to look at, not a verdict: detectors also find faces in
signs and shadows, and miss heads from behind. What they find in the raw clip stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from plainview.bench.hiding.checks import Check, Picture
from plainview.bench.hiding.sheet import Sheet
from plainview.bench.hiding.tally import LEAST_PX, NAME
from plainview.bench.hiding.truth import Box, Pictures, Sequence
from plainview.bench.hiding.watch import Cost, Seen, watch
from plainview.bench.result import Result
from plainview.media.files import VideoFile
from plainview.media.frames import fit
from plainview.redact.boxes import overlap
from plainview.redact.host import DetectorHost
from plainview.redact.rules import Rules

SAME = 0.3
"""Two detectors' boxes that overlap so much (intersection over union) are one face."""
ENLARGED, WIDEST = 2.0, 1920
"""Pictures are enlarged for the checks, so that a face of 16 pixels is within their reach."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A face as the checks see it: where, and who says so with which score."""

    box: Box
    said: dict[str, float]


def sequence_of(clip: Path) -> Sequence:
    """A video file as a sequence without truth. Raises `BadFormat`."""
    with VideoFile(clip) as video:
        size, fps = fit(*video.size, None), video.fps
        count = round((video.duration_ms or 0) / 1000 * fps)

    def pictures() -> Pictures:
        with VideoFile(clip) as opened:
            for frame in opened.frames():
                yield frame, []

    return Sequence(clip.stem, size, fps, count, pictures)


def sightings(picture: Picture, checks: list[Check]) -> list[Sighting]:
    """Faces of `LEAST_PX` and more that at least one of the checks finds in a BGR picture."""
    factor = max(1.0, min(ENLARGED, WIDEST / picture.shape[1]))
    large = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    found: list[Sighting] = []
    for check in checks:
        boxes, scores = check.find(np.asarray(large, np.uint8))
        for box, score in zip((boxes / factor).tolist(), scores.tolist(), strict=True):
            if box[3] < LEAST_PX:
                continue
            known = next((one for one in found if _same(one.box, box)), None)
            if known is None:
                found.append(Sighting(tuple(box), {check.name: score}))
            else:
                known.said[check.name] = score
    return found


def _same(a: Box, b: Box) -> bool:
    one, other = (np.array([box], np.float32) for box in (a, b))
    return bool(overlap(one, other)[0] >= SAME)


@dataclass(slots=True)
class _Counted:
    """One clip's counts: pictures, those that the checks looked at, faces in them."""

    pictures: int = 0
    withheld: int = 0
    looked: int = 0
    raw: int = 0
    left: int = 0
    agreed: int = 0
    """Of those left, the ones that every check sees."""
    area: float = 0.0


def left(
    clip: Path, host: DetectorHost, rules: Rules, checks: list[Check], scale: float, sheet: Sheet
) -> Iterator[Result]:
    """`recall.left_16px.<clip>` and what it is to be compared with; sightings go onto the sheet."""
    sequence, every = sequence_of(clip), max(1, round(1 / scale))
    cost, counted = Cost(host), _Counted()
    for seen in watch(sequence, host, rules, cost, max_height=None):
        counted.pictures += 1
        counted.withheld += seen.view.pixelated
        counted.area += seen.hidden.area()
        if checks and seen.number % every == 0:
            counted.looked += 1
            counted.raw += len(sightings(seen.raw.to_bgr(), checks))
            found = _look(seen, checks, sheet, sequence.part)
            counted.left += len(found)
            counted.agreed += sum(len(one.said) == len(checks) for one in found)
    yield from _results(clip.stem, checks, counted, cost.seconds)


def _results(name: str, checks: list[Check], counted: _Counted, seconds: float) -> Iterator[Result]:
    if checks:
        by = " and ".join(check.name for check in checks)
        ratio = float(f"{counted.left / counted.raw:.4g}") if counted.raw else None
        looked = f"in {counted.looked:,} of {counted.pictures:,} pictures"
        yield Result(
            NAME, f"{NAME}.left_{LEAST_PX}px.{name}", counted.left,
            "sightings, before a person looks", counted.raw, ratio,
            against=f"what {by} find in the raw pictures; {looked}",
        )  # fmt: skip
        yield Result(
            NAME, f"{NAME}.left_agreed.{name}", counted.agreed,
            "sightings that all of them share", against=looked,
        )  # fmt: skip
    pictures = max(1, counted.pictures)
    for metric, value, unit in (
        ("masked_area", counted.area / pictures * 100, "% of the picture"),
        ("withheld", counted.withheld / pictures * 100, "% of pictures"),
        ("cpu_ms", seconds / pictures * 1000, "ms a picture"),
    ):
        yield Result(
            NAME, f"{NAME}.{metric}.{name}", float(f"{value:.4g}"), unit,
            against=f"{counted.pictures:,} pictures",
        )  # fmt: skip


def _look(seen: Seen, checks: list[Check], sheet: Sheet, part: str) -> list[Sighting]:
    """Faces left in one finished picture: found, and not under a mask."""
    if seen.view.pixelated:
        return []
    found = [
        one
        for one in sightings(seen.view.frame.to_bgr(), checks)
        if not seen.hidden.covers(one.box)
    ]
    for one in found:
        said = " ".join(f"{name[:6]} {score:.2f}" for name, score in one.said.items())
        where = f"{part} {seen.number} {one.box[3]:.0f} px"
        sheet.add("sightings", seen.view.frame, one.box, where, said)
    return found
