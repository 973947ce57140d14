"""What lies under the editor's map: a file of ours, tiles from an address in the settings, nothing.

In this order: a PMTiles file, a plan (GeoJSON, by `plainview register map`), an address of tiles.
Without any of them nothing is fetched, and the editor draws its plain plan.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plainview.base.settings import Settings
from plainview.errors import SettingsError

PLAN = "plan.geojson"
OSM = "© OpenStreetMap contributors"
_MAGIC = b"PMTiles\x03"


def pmtiles_file(settings: Settings) -> Path | None:
    """The PMTiles file, if there is one. Raises `SettingsError` if what is named is none."""
    named = Path(settings.map_pmtiles) if settings.map_pmtiles else None
    file = named or settings.map_dir / "base.pmtiles"
    try:
        with file.open("rb") as opened:
            good = opened.read(len(_MAGIC)) == _MAGIC
    except OSError:
        good = False
    if named is not None and not good:
        raise SettingsError(
            f"{named} is no PMTiles file of version 3.", hint="See map_pmtiles in the settings."
        )
    return file if good else None


def plan_file(settings: Settings) -> Path | None:
    """The plan, if there is one; `plainview register map` makes it."""
    file = settings.map_dir / PLAN
    return file if file.is_file() else None


def base(settings: Settings) -> dict[str, Any]:
    """What the editor's map stands on: `kind`, and where it is. Raises `SettingsError`."""
    said = settings.map_attribution
    if pmtiles_file(settings) is not None:
        return {"kind": "pmtiles", "url": "/api/register/map/base.pmtiles", "attribution": said}
    plan = plan_file(settings)
    if plan is not None:
        # Browsers keep it for an hour, so a new one has a new address.
        url = f"/api/register/map/{PLAN}?of={plan.stat().st_mtime_ns}"
        return {"kind": "plan", "url": url, "attribution": said or OSM}
    if settings.map_tiles:
        return {"kind": "tiles", "url": settings.map_tiles, "attribution": said}
    return {"kind": "none", "url": "", "attribution": ""}
