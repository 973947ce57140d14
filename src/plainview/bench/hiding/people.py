"""Where a head is in the box of a whole person, for data sets that mark people and no heads.

An estimate: an adult who stands is seven and a half heads high. It says nothing about people who
sit, bend or are cut off, so boxes that are not upright are not judged.
"""

from __future__ import annotations

from plainview.bench.hiding.truth import Box, Kind, Target

UPRIGHT = 2.0
"""Height over width of a box from which somebody is taken to stand."""
HEAD_HIGH, HEAD_WIDE = 0.13, 0.10
"""Of the person's height."""


def person(who: str, box: Box, *, visible: float = 1.0, counts: bool = True) -> Target:
    """The head of a person's box; the whole person may be masked without that being false."""
    left, top, width, height = box
    wide = HEAD_WIDE * height
    head = (left + (width - wide) / 2, top, wide, HEAD_HIGH * height)
    upright = height >= UPRIGHT * width
    return Target(who, Kind.HEAD, head, box, visible, who, counts and upright)
