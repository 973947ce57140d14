"""What a camera hides, by its record, in plain words and as shapes to draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plainview.web.catalogue import Catalogue


def hidden(t: Catalogue, record: Mapping[str, Any]) -> str:
    """One sentence without its full stop. Records of before there was a choice have no zones."""
    what, zones = t(f"hidden.{record['profile']}"), len(record.get("zones", ()))
    return t("hidden.zones", what=what, n=zones) if zones else what


def fill(t: Catalogue, record: Mapping[str, Any]) -> str:
    """What is seen in its place."""
    return t(f"hidden.{record.get('fill', 'solid')}")


def outlines(record: Mapping[str, Any]) -> list[str]:
    """The zones as points of SVG polygons, in a picture of 10,000 by 10,000."""
    return [" ".join(f"{x},{y}" for x, y in zone) for zone in record.get("zones", ())]
