"""How much of a person a lens shows at a distance, by both editions of EN/IEC 62676-4, and what a
purpose allows of it."""

from __future__ import annotations

from typing import Any

from plainview.errors import BadFormat
from plainview.register.density import (
    BELOW,
    class_met,
    more_detailed,
    pixels_per_10_metres,
    reach_cm,
)
from plainview.register.legal_profile import SCALES


def shown(
    width: int, angle: int, height_cm: int, distance_cm: int, caps: dict[str, str]
) -> dict[str, Any]:
    """At `distance_cm`: pixels per ten metres, and for each scale its name, the class `met`, the
    purpose's `cap` (or None), whether it is `allowed`, and how far each class reaches, cm.

    Raises `BadFormat` for what no lens has.
    """
    try:
        pixels = pixels_per_10_metres(width, angle, distance_cm, height_cm)
        scales = [
            _scale(name, pixels, (width, angle, height_cm), caps.get(name)) for name in SCALES
        ]
    except ValueError as error:
        raise BadFormat(f"No lens is like that: {error}.") from error
    return {"pixels_per_10_metres": pixels, "distance_cm": distance_cm, "scales": scales}


def _scale(name: str, pixels: int, lens: tuple[int, int, int], cap: str | None) -> dict[str, Any]:
    scale, (width, angle, height_cm) = SCALES[name], lens
    met = class_met(pixels, scale)
    reaches = {one: reach_cm(least, width, angle, height_cm) for one, least in scale.items()}
    known = cap in (BELOW, *scale)
    return {
        "scale": name,
        "met": met,
        "cap": cap,
        "allowed": not known or not more_detailed(met, str(cap), scale),
        "from": dict(scale),
        "reaches_cm": {one: reach for one, reach in reaches.items() if reach},
    }
