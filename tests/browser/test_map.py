"""The editor's map, areas and import in Chromium, under the strict policy."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from plainview.register import statements
from plainview.register.ground import read_extract
from plainview.register.records import camera_record
from plainview.testing.extract import Extract
from plainview.testing.hall import Citizen, TownHall, camera_values
from plainview.testing.looking import SHOTS, judged, shot
from plainview.testing.publishers import VALUES
from plainview.testing.site import Site

pytestmark = pytest.mark.timeout(300)
HERE = (44.816, 20.46)
RECORD = {
    "name": "Mill bridge",
    "kind": "pole",
    "position": [44_816_000, 20_460_000],
    "direction_degrees": 90,
    "angle_degrees": 70,
    "height_cm": 400,
    "width_pixels": 1920,
    "density": {"nearest_cm": 1200},
    "legal_profile": "demo",
    "purpose_kind": "road-safety",
    "field_of_view": [
        [44_816_000, 20_460_000],
        [44_816_300, 20_460_400],
        [44_816_000, 20_460_510],
        [44_815_700, 20_460_400],
    ],
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    town = TownHall(tmp_path, publishers=2, notice_seconds=1)
    folder = town.settings.map_dir
    folder.mkdir()
    read_extract(extract().write(folder / "town.osm")).write(folder, "plan.geojson")
    made = Site(town)
    yield made
    made.close()
    town.close()


def extract() -> Extract:
    """A crossing with a river and houses."""
    lat, lon = HERE

    def at(east: float, north: float) -> tuple[float, float]:
        return lon + east / 78_900, lat + north / 111_200

    def block(east: float, north: float, wide: float, high: float) -> list[tuple[float, float]]:
        corners = [(0.0, 0.0), (wide, 0.0), (wide, high), (0.0, high), (0.0, 0.0)]
        return [at(east + x, north + y) for x, y in corners]

    made = Extract()
    made.way([at(-400, 0), at(400, 6)], {"highway": "tertiary", "name": "Mill street"})
    crossing = [at(-20, -400), at(0, 0), at(10, 400)]
    made.way(crossing, {"highway": "residential", "name": "Bridge road"})
    made.way([at(-200, -60), at(200, -60)], {"highway": "footway"})
    river = [at(-400, -140), at(400, -120), at(400, -70), at(-400, -85), at(-400, -140)]
    made.way(river, {"natural": "water"})
    made.way(block(50, 20, 80, 70), {"leisure": "park"})
    for east in (-160, -110, -60):
        for north in (20, 55):
            made.way(block(east, north, 34, 22), {"building": "yes"})
    return made


def opened(browser: Browser, site: Site, **look: Any) -> tuple[Page, list[str], str]:
    """The officer's browser, what went wrong in it, and the address of a new draft."""
    officer: Citizen = site.town.dpo
    with site.browser(officer) as program:
        wish = {"kind": "camera", "subject": "mill-bridge", "record": RECORD}
        draft = program.post("/api/register/drafts", json=wish).raise_for_status().json()["draft"]
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **look})
    context.add_cookies(
        [{"name": "plainview_session", "value": site.cookie(officer), "url": site.url}]
    )
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    return page, wrong, f"{site.url}/app/register/draft/{draft}?question="


def test_the_camera_is_dragged_turned_and_moved_by_keys(site: Site, browser: Browser) -> None:
    page, wrong, path = opened(browser, site)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(f"{path}name")
    expect(page.get_by_test_id("question-name")).to_be_visible()
    assert not [one for one in asked if "GroundMap" in one or "maplibre" in one]

    page.goto(f"{path}where")
    expect(page.get_by_test_id("map")).to_have_attribute("data-idle", "true", timeout=30_000)
    position = page.get_by_test_id("position")
    expect(position).to_have_value("44.816, 20.46")
    drag(page, "map-camera", 60, -40)
    expect(position).not_to_have_value("44.816, 20.46")
    lat, lon = map(float, position.input_value().split(", "))
    assert lat > HERE[0]
    assert lon > HERE[1]
    page.locator(".maplibregl-canvas").focus()
    page.keyboard.press("ArrowLeft")
    expect(position).not_to_have_value(f"{lat}, {lon}")
    west = float(position.input_value().split(", ")[1])
    assert 10 < (lon - west) * 1e6 < 15, "a metre is about 12.7 millionths of a degree here"
    page.locator(".maplibregl-canvas").click(position={"x": 200, "y": 200})
    expect(position).not_to_have_value(f"{lat}, {west}")

    page.get_by_test_id("next").click()
    look_around(page)
    assert {one.split("/")[2] for one in asked if one.startswith("http")} == {
        site.url.split("/")[2]
    }
    assert wrong == []


def look_around(page: Page) -> None:
    """The handle says where it looks and how far; the numbers say the same."""
    expect(page.get_by_test_id("map")).to_have_attribute("data-idle", "true", timeout=30_000)
    direction = page.get_by_test_id("field-direction_degrees")
    expect(direction).to_have_value("90")
    drag(page, "map-handle", 0, 90)
    expect(direction).not_to_have_value("90")
    assert 90 < int(direction.input_value()) < 180
    reach = page.get_by_label("How far the drawn view reaches")
    assert int(reach.input_value()) > 40
    before = int(direction.input_value())
    page.locator(".maplibregl-canvas").focus()
    page.keyboard.press("ArrowRight")
    expect(direction).to_have_value(str(before + 5))
    direction.fill("0")
    camera, handle = (
        page.get_by_test_id(name).bounding_box() for name in ("map-camera", "map-handle")
    )
    assert camera is not None
    assert handle is not None
    assert abs(camera["x"] - handle["x"]) < 3
    assert handle["y"] < camera["y"]


def drag(page: Page, testid: str, right: int, down: int) -> None:
    """With the mouse, in steps."""
    page.get_by_test_id(testid).scroll_into_view_if_needed()
    box = page.get_by_test_id(testid).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2, steps=3)
    page.mouse.move(x + right, y + down, steps=3)
    page.mouse.up()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_on_the_map(
    site: Site, browser: Browser, width: int, scheme: str
) -> None:
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    page, _, path = opened(browser, site, bypass_csp=True, **look)
    for question in ("where", "view"):
        page.goto(f"{path}{question}")
        expect(page.get_by_test_id("map")).to_have_attribute("data-idle", "true", timeout=30_000)
        if SHOTS:
            page.wait_for_timeout(1_500)
        shot(page, f"map-{question}-{width}-{scheme}", whole=False)
        assert judged(page) == []


def test_without_webgl_the_plan_stays(site: Site, browser: Browser) -> None:
    page, wrong, path = opened(browser, site)
    page.add_init_script(
        "const real = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        " return kind.startsWith('webgl') ? null : real.call(this, kind, ...more); }"
    )
    page.goto(f"{path}where")
    expect(page.get_by_test_id("no-map")).to_be_visible()
    plan = page.get_by_test_id("plan").locator("svg")
    plan.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("position")).not_to_have_value("44.816, 20.46")
    assert wrong == []


# -- tiles


@pytest.fixture(scope="module")
def red() -> bytes:
    """A tile, as PNG."""
    return bytes(cv2.imencode(".png", np.full((256, 256, 3), (30, 30, 220), np.uint8))[1])


def redness(page: Page) -> float:
    """How much redder than green the middle of the map is, 0 to 255."""
    shot = page.locator(".maplibregl-canvas").screenshot()
    picture = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    high, wide = picture.shape[:2]
    middle = picture[high // 3 : high * 2 // 3, wide // 5 : wide * 2 // 5].astype(int)
    return float((middle[..., 2] - middle[..., 1]).mean())


def shown(page: Page, path: str) -> None:
    page.goto(f"{path}where")
    expect(page.get_by_test_id("map")).to_have_attribute("data-idle", "true", timeout=30_000)


def test_a_file_of_tiles_is_drawn(site: Site, browser: Browser, red: bytes) -> None:
    page, wrong, path = opened(browser, site)
    shown(page, path)
    assert redness(page) < 20
    with (site.town.settings.map_dir / "base.pmtiles").open("wb") as file:
        writer = Writer(file)
        around = [tile for zoom in range(15) for tile in tiles_around(zoom)]
        for number in sorted(zxy_to_tileid(*tile) for tile in around):
            writer.write_tile(number, red)
        writer.finalize(
            {
                "tile_type": TileType.PNG,
                "tile_compression": Compression.NONE,
                "min_zoom": 0,
                "max_zoom": 14,
                "min_lon_e7": int(20.3e7),
                "min_lat_e7": int(44.7e7),
                "max_lon_e7": int(20.6e7),
                "max_lat_e7": int(44.9e7),
                "center_zoom": 14,
                "center_lon_e7": int(20.46e7),
                "center_lat_e7": int(44.816e7),
            },
            {},
        )
    shown(page, path)
    assert redness(page) > 60
    assert wrong == []


def tiles_around(zoom: int) -> Iterator[tuple[int, int, int]]:
    """(z, x, y) of the tile with `HERE` in it, and of those beside it."""
    lat, lon = math.radians(HERE[0]), HERE[1]
    x = int((lon + 180) / 360 * 2**zoom)
    y = int((1 - math.asinh(math.tan(lat)) / math.pi) / 2 * 2**zoom)
    for right in (-1, 0, 1):
        for down in (-1, 0, 1):
            if 0 <= x + right < 2**zoom and 0 <= y + down < 2**zoom:
                yield zoom, x + right, y + down


def test_tiles_from_elsewhere_learn_nothing_of_who_asks(
    tmp_path: Path, browser: Browser, red: bytes
) -> None:
    told: list[dict[str, str]] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.send_header("access-control-allow-origin", "*")
            self.send_header("content-type", "image/png")
            self.end_headers()
            self.wfile.write(red)

        def log_message(self, format: str, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        town = TownHall(tmp_path, publishers=2, notice_seconds=1)
        tiles = f"http://127.0.0.1:{server.server_address[1]}/{{z}}/{{x}}/{{y}}.png"
        town.settings = town.settings.model_copy(update={"map_tiles": tiles})
        site = Site(town)
        page, wrong, path = opened(browser, site)
        shown(page, path)
        assert redness(page) > 60
        site.close()
        town.close()
        server.shutdown()
    assert told
    assert not [one for one in told if {"cookie", "referer"} & one.keys()]
    assert wrong == []


# -- always hidden areas


def test_areas_are_drawn_by_mouse_and_by_keys(site: Site, browser: Browser) -> None:
    page, wrong, path = opened(browser, site)
    page.goto(f"{path}zones")
    drawing = page.get_by_test_id("zones").locator("svg")
    box = drawing.bounding_box()
    assert box is not None
    for x, y in ((0.1, 0.2), (0.4, 0.2), (0.3, 0.8)):
        drawing.click(position={"x": box["width"] * x, "y": box["height"] * y})
    page.get_by_test_id("close-zone").click()
    page.get_by_test_id("add-zone").click()
    corner = page.get_by_test_id("corner-1-0")
    corner.focus()
    for key in ("ArrowLeft", "Shift+ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_test_id("zone-1")).to_contain_text("5 corners")
    first, *others = kept(page, site, path)
    near = [[1000, 2000], [4000, 2000], [3000, 8000]]
    assert all(abs(a - b) < 40 for one, two in zip(first, near, strict=True)
               for a, b in zip(one, two, strict=True))  # fmt: skip
    assert others == [[[3900, 3000], [4950, 3500], [6000, 4000], [6000, 6000], [4000, 6000]]]

    page.keyboard.press("Delete")
    expect(page.get_by_test_id("zone-1")).to_contain_text("4 corners")
    drag(page, "corner-0-2", int(box["width"] * 0.05), 0)
    moved = kept(page, site, path)[0][2]
    assert abs(moved[0] - 3500) < 40
    assert abs(moved[1] - 8000) < 40
    page.get_by_role("button", name="Delete area 1").click()
    page.get_by_role("button", name="Delete area 1").click()
    assert kept(page, site, path) is None
    assert wrong == []


def kept(page: Page, site: Site, path: str) -> Any:
    """What the draft says of them, once it is saved."""
    return saved(page, site, path).get("zones")


def saved(page: Page, site: Site, path: str) -> Any:
    """The draft's record, once it is saved."""
    expect(page.get_by_test_id("saved")).to_have_attribute("data-state", "saved")
    draft = path.split("/")[-1].split("?")[0]
    with site.browser(site.town.dpo) as program:
        return program.get(f"/api/register/drafts/{draft}").json()["record"]


def test_an_area_that_was_not_closed_is_kept_by_whoever_goes_on(
    site: Site, browser: Browser
) -> None:
    page, wrong, path = opened(browser, site)
    page.goto(f"{path}zones")
    drawing = page.get_by_test_id("zones").locator("svg")
    for x, y in ((60, 60), (240, 60), (180, 240)):
        drawing.click(position={"x": x, "y": y})
    page.get_by_test_id("next").click()
    expect(page.get_by_test_id("question-hours")).to_be_visible()
    page.wait_for_timeout(1_000)  # longer than the pause after which a draft is saved
    assert len(kept(page, site, path)) == 1
    page.goto(f"{path}zones")
    drawing.click(position={"x": 300, "y": 60})
    page.get_by_role("button", name="Do not draw it").click()
    page.get_by_test_id("next").click()
    expect(page.get_by_test_id("question-hours")).to_be_visible()
    assert len(kept(page, site, path)) == 1
    assert wrong == []


def test_what_is_typed_while_a_document_is_hashed_stays(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    page, wrong, path = opened(browser, site)
    page.goto(f"{path}dpia")
    page.evaluate(
        "() => { const digest = crypto.subtle.digest.bind(crypto.subtle);"
        "crypto.subtle.digest = async (...given) => {"
        " await new Promise(done => setTimeout(done, 1500)); return digest(...given); } }"
    )
    (tmp_path / "dpia.pdf").write_bytes(b"abc")
    page.get_by_test_id("file-dpia.hash").set_input_files(tmp_path / "dpia.pdf")
    page.get_by_test_id("field-dpia.date").fill("2026-01-02")
    expect(page.get_by_test_id("field-dpia.hash")).to_have_value(re.compile("^ba7816bf"))
    page.wait_for_timeout(1_000)
    written = saved(page, site, path)["dpia"]
    assert written["date"].startswith("2026-01-02")
    assert written["hash"].startswith("ba7816bf")
    assert wrong == []


def test_a_number_is_not_rounded_in_silence(site: Site, browser: Browser) -> None:
    page, wrong, path = opened(browser, site, bypass_csp=True)
    page.goto(f"{path}retention")
    field = page.get_by_test_id("field-retention.seconds")
    field.fill("1,000")
    field.blur()
    expect(field).to_have_value("1,000")
    expect(field).to_have_attribute("aria-invalid", "true")
    judge(page, "bad-number")
    field.fill("1 000")
    field.blur()
    expect(field).to_have_value("1000")
    page.wait_for_timeout(1_000)
    assert saved(page, site, path)["retention"]["seconds"] == 1000 * 86_400
    assert wrong == []


def test_what_was_published_meanwhile_is_said_in_the_review(site: Site, browser: Browser) -> None:
    page, wrong, path = opened(browser, site)
    page.goto(f"{path}review")
    expect(page.get_by_test_id("review")).to_be_visible()
    expect(page.get_by_test_id("overtaken")).to_have_count(0)
    site.town.say(
        statements.camera(
            "mill-bridge", 1, "active", camera_record(camera_values()),
            [site.town.dpo.signing, site.town.officer.signing],
        )
    )  # fmt: skip
    site.web.register.sync()
    page.reload()
    expect(page.get_by_test_id("overtaken")).to_contain_text("version 1 was published since")
    shot(page, "overtaken")
    assert wrong == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_axe_finds_nothing_on_areas_and_imports(
    site: Site, browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    page, wrong, path = opened(browser, site, bypass_csp=True, **look)
    page.goto(f"{path}zones")
    page.get_by_test_id("add-zone").click()
    page.get_by_test_id("zones").locator("svg").click(position={"x": 40, "y": 40})
    judge(page, f"zones-{width}-{scheme}")
    table = tmp_path / "cameras.csv"
    sound = {**VALUES, "camera": "cam-40"}
    rows = [{**sound, "camera": "cam-41", "lat": "north", "lon": "1"}, sound]
    table.write_text(written(rows), encoding="utf-8")
    page.goto(f"{site.url}/app/register/import")
    page.get_by_test_id("import-file").set_input_files(table)
    expect(page.get_by_test_id("import-row-2")).to_contain_text("lat, lon")
    expect(page.get_by_test_id("import-drafts")).to_be_disabled()
    judge(page, f"import-{width}-{scheme}")
    table.write_text(written([sound]), encoding="utf-8")
    page.get_by_test_id("import-file").set_input_files(table)
    expect(page.get_by_test_id("import-row-2")).to_have_attribute("data-state", "new")
    page.get_by_test_id("import-drafts").click()
    expect(page.get_by_test_id("import-done")).to_contain_text("1 draft is made")
    page.get_by_role("button", name="To your drafts").click()
    expect(page.get_by_test_id("draft-cam-40")).to_be_visible()
    assert wrong == []


def judge(page: Page, name: str) -> None:
    shot(page, name)
    assert judged(page) == []


def written(rows: list[dict[str, Any]]) -> str:
    """Rows as a table: the values of a record by dotted path."""
    flat = [dict(_flat(row, "")) for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, sorted({name for row in flat for name in row}))
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def _flat(values: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif value is not None:
            shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
            yield f"{prefix}{name}", json.dumps(shown) if isinstance(shown, list | tuple) else shown
