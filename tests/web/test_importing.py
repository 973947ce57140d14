"""A file of cameras in the browser, and the editor's map: what is answered and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from plainview.base.settings import Settings, load
from plainview.errors import SettingsError
from plainview.testing.hall import TownHall
from plainview.testing.publishers import VALUES, Publishers, publish, town_of_two
from plainview.testing.site import Site
from plainview.web.guard import tiles_origin
from plainview.web.importing import LARGEST

LOOK, DRAFTS = "/api/register/import", "/api/register/import/drafts"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with town_of_two(tmp_path_factory.mktemp("importing")) as made:
        yield made


@pytest.fixture(scope="module")
def people(site: Site) -> Iterator[Publishers]:
    with closing(Publishers(site)) as made:
        publish(made, "cam-30", VALUES)
        publish(made, "cam-31", VALUES)
        yield made


def features(*properties: dict[str, Any]) -> bytes:
    rows = [{"type": "Feature", "geometry": None, "properties": one} for one in properties]
    return json.dumps({"type": "FeatureCollection", "features": rows}).encode()


def send(browser: httpx.Client, path: str, data: bytes, name: str = "c.geojson") -> httpx.Response:
    return browser.post(path, params={"name": name}, content=data)


def test_rows_are_new_changed_unchanged_or_wrong(people: Publishers) -> None:
    data = features(
        {**VALUES, "camera": "cam-32"},
        {"camera": "cam-30", "purpose": "Less traffic."},
        {"camera": "cam-31"},
        {"camera": "cam-33", "name": "Nothing else"},
    )
    said = send(people.supervisor.http, LOOK, data).json()
    assert [one["state"] for one in said["rows"]] == ["new", "changed", "unchanged", "wrong"]
    assert not said["sound"]
    (change,) = said["rows"][1]["changes"]
    assert (change["field"], change["new"]) == ("purpose", "Less traffic.")
    assert any("sees" in one for one in said["rows"][3]["faults"])
    refused = send(people.supervisor.http, DRAFTS, data)
    assert (refused.status_code, refused.json()["code"]) == (403, "refused")
    assert people.supervisor.http.get("/api/register/drafts").json() == []


def test_drafts_are_made_of_what_changes_and_older_ones_stay(people: Publishers) -> None:
    browser = people.supervisor.http
    data = b"camera,purpose\ncam-30,Less traffic.\ncam-31,\n"
    assert send(browser, DRAFTS, data, "c.csv").json() == {"drafts": 1, "kept": []}
    (draft,) = browser.get("/api/register/drafts").json()
    assert (draft["subject"], draft["base"]) == ("cam-30", 1)
    assert draft["record"]["purpose"] == "Less traffic."
    assert "valid_from" not in draft["record"]
    review = browser.get(f"/api/register/drafts/{draft['draft']}/review").json()
    assert {one["field"] for one in review["changes"]} == {"purpose", "valid_from"}
    assert not review["blocked"]
    again = send(browser, DRAFTS, b"camera,purpose\ncam-30,More.\n", "c.csv").json()
    assert again == {"drafts": 0, "kept": ["cam-30"]}
    assert browser.delete(f"/api/register/drafts/{draft['draft']}").status_code == 200


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("c.csv", b"\xff\xfe"),
        ("c.csv", b"camera,nothing\nx,1\n"),
        ("c.exe", b"camera\nx\n"),
        ("c.geojson", b"[" * 100_000),
        ("c.geojson", b'{"type": "FeatureCollection", "features": [1e999999999999999999999]}'),
        ("c.geojson", b"9" * 5_000),
        ("c.csv", b"camera\n" + b"x" * LARGEST),
    ],
)
def test_what_is_no_file_of_cameras_is_refused(people: Publishers, name: str, data: bytes) -> None:
    answer = send(people.supervisor.http, LOOK, data, name)
    assert answer.status_code == 400
    assert answer.json()["message"]


@pytest.mark.parametrize("value", ["\ud800", 1e308, [[[0.5]]], {"a": 1}, "1e999999"])
@pytest.mark.parametrize("field", ["name", "zones", "lat", "camera", "osm_id"])
def test_strange_values_are_faults_not_errors(people: Publishers, field: str, value: Any) -> None:
    data = features({**VALUES, "camera": "cam-34", "lat": 1, "lon": 1, field: value})
    assert send(people.supervisor.http, LOOK, data).status_code == 200


def test_only_writers_look_at_files(site: Site, people: Publishers) -> None:
    with site.client(headers={"X-Plainview": "1", "Origin": site.url}) as nobody:
        assert send(nobody, LOOK, b"camera\nx\n", "c.csv").status_code == 401
    with site.browser(site.town.court) as judge:
        assert send(judge, LOOK, b"camera\nx\n", "c.csv").status_code == 403


# -- the map


def test_the_map_comes_from_our_own_files(site: Site, people: Publishers) -> None:
    browser, folder = people.supervisor.http, site.town.settings.map_dir
    assert browser.get("/api/register/map").json()["kind"] == "none"
    assert browser.get("/api/register/map/base.pmtiles").status_code == 404
    folder.mkdir()
    (folder / "plan.geojson").write_text("{}")
    assert browser.get("/api/register/map").json()["kind"] == "plan"
    assert browser.get("/api/register/map/plan.geojson").text == "{}"
    (folder / "base.pmtiles").write_bytes(b"PMTiles\x03" + bytes(range(200)))
    assert browser.get("/api/register/map").json()["kind"] == "pmtiles"
    part = browser.get("/api/register/map/base.pmtiles", headers={"range": "bytes=8-11"})
    assert (part.status_code, part.content) == (206, bytes([0, 1, 2, 3]))
    with site.client() as nobody:
        assert nobody.get("/api/register/map/base.pmtiles").status_code == 401


def test_tiles_from_elsewhere_are_allowed_to_the_editor_alone(town: TownHall) -> None:
    tiles = "https://tiles.example/{z}/{x}/{y}.png"
    town.settings = town.settings.model_copy(update={"map_tiles": tiles})
    made = Site(town)
    with made.client() as client:
        policies = {
            path: client.get(path).headers["content-security-policy"]
            for path in ("/app", "/app/register", "/app/register/draft/x", "/", "/app/live")
        }
    made.close()
    editor = policies.pop("/app/register/draft/x")
    (fetched,) = [one for one in editor.split("; ") if "tiles.example" in one]
    assert fetched.startswith("connect-src 'self' ")
    assert fetched.endswith(" https://tiles.example")
    assert not [one for one in policies.values() if "tiles.example" in one]


def test_a_map_of_ours_lets_nothing_be_fetched_from_elsewhere(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, map_tiles="https://tiles.example/{z}/{x}/{y}.png")
    assert tiles_origin(settings) == "https://tiles.example"
    settings.map_dir.mkdir()
    (settings.map_dir / "plan.geojson").write_text("{}")
    assert tiles_origin(settings) == ""


@pytest.mark.parametrize(
    "address",
    ["https://x/{z}/{x}.png", "https://x; script-src *//{z}/{x}/{y}", "ftp://x/{z}{x}{y}"],
)
def test_an_address_of_tiles_that_is_none_is_refused(tmp_path: Any, address: str) -> None:
    with pytest.raises(SettingsError, match="map_tiles"):
        load(data=tmp_path, map_tiles=address)
