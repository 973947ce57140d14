"""What people do in the pages: watch by keyboard, play back, ask, refuse, read without scripts."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from plainview.base.clock import now_ms, to_iso
from plainview.testing.running import RunningDemo

CAMERAS = ("cam-01", "cam-02", "cam-03", "cam-04")
CAMERA = "cam-04"
CASE = "2026-0417"
SIZES = ((900, 600), (1030, 760), (1440, 900), (620, 600))
HIDDEN = "Faces, heads and number plates are hidden"
PAGES = ("/", "/cameras", "/cameras/cam-01", "/log", "/log/entries", "/log/entry/0", "/verify")
PUBLIC = (*PAGES, "/software", "/algorithms", "/algorithms/centerface")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def recording(demo: RunningDemo) -> RunningDemo:
    """The demo, once all four streets are recorded."""
    demo.wait_for_recording()
    return demo


def arrive(demo: RunningDemo, page: Page, role: str, to: str = "/app/") -> None:
    """Sign in by the story's link and say what for."""
    page.goto(f"{demo.url}/demo/signin/{role}?to={to}")
    page.get_by_test_id("purpose-submit").click()
    page.get_by_test_id("purpose-submit").wait_for(state="detached")


def tool(demo: RunningDemo, name: str, role: str, **parameters: str) -> str:
    """The address of a tools page with a key file of the demonstration."""
    return f"{demo.tools}/{name}.html#" + urlencode(
        {"server": demo.url, "demo": role, **parameters}
    )


def acts(page: Page) -> list[str]:
    """What this person did, by the log."""
    found: list[dict[str, Any]] = page.evaluate("fetch('/api/my/acts').then(a => a.json())")
    return [one["act"] for one in found]


def ask(demo: RunningDemo, page: Page) -> str:
    """Mark the beginning of the recording, ask for its original, sign it; the request's hash."""
    arrive(demo, page, "investigator", f"/app/playback/{CAMERA}")
    expect(page.get_by_test_id("playback-time")).to_be_visible(timeout=30_000)
    page.keyboard.press("m")
    dialog = page.get_by_test_id("mark-dialog")
    dialog.get_by_label("Note").fill("A near miss")
    dialog.get_by_label("Purpose").select_option("accident")
    dialog.get_by_label("Case number").fill(CASE)
    page.get_by_test_id("mark-ask").click()
    address = page.get_by_test_id("draft-sign").get_attribute("href")
    assert address
    assert address.startswith(f"{demo.tools}/ask.html#")
    page.goto(f"{address}&demo=investigator")
    facts = page.get_by_test_id("facts")
    expect(facts).to_contain_text("Accident")
    expect(facts).to_contain_text(CASE)
    with page.expect_response(lambda answer: answer.url.endswith("/api/requests")) as sent:
        page.get_by_test_id("sign").click()
    expect(page.get_by_test_id("done")).to_be_visible()
    return str(sent.value.json()["request"])


def test_the_wall_by_keyboard(recording: RunningDemo, page: Page) -> None:
    arrive(recording, page, "operator")
    wall, second = page.get_by_test_id("wall"), page.get_by_test_id("tile-cam-02")
    time = page.get_by_test_id("time-cam-02")
    expect(time).to_be_visible(timeout=30_000)
    page.keyboard.press("2")
    expect(second).to_have_attribute("aria-current", "true")
    expect(second).not_to_contain_text(HIDDEN)
    page.keyboard.press("Enter")
    expect(wall).to_have_attribute("data-enlarged", "true")
    expect(second).to_contain_text(HIDDEN)
    page.keyboard.press("Escape")
    expect(wall).not_to_have_attribute("data-enlarged", "true")
    second.dblclick()
    expect(wall).to_have_attribute("data-enlarged", "true")
    page.keyboard.press("Escape")
    for _ in range(2):  # a busy machine shows few pictures, and stepping back needs one before
        expect(time).not_to_have_text(time.inner_text(), timeout=20_000)
    page.keyboard.press("Space")
    expect(second).to_have_attribute("data-paused", "true")
    stopped = time.inner_text()
    page.keyboard.press("ArrowLeft")
    expect(time).not_to_have_text(stopped)
    page.keyboard.press("ArrowRight")
    expect(time).to_have_text(stopped)
    page.keyboard.press("Space")
    expect(second).not_to_have_attribute("data-paused", "true")
    for key, name in (("t", "goto-dialog"), ("m", "mark-dialog")):
        page.keyboard.press(key)
        expect(page.get_by_test_id(name)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_test_id(name)).to_have_count(0)


def test_a_button_reached_by_keyboard_is_pressed(recording: RunningDemo, page: Page) -> None:
    arrive(recording, page, "operator")
    expect(page.get_by_test_id("time-cam-01")).to_be_visible(timeout=30_000)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.testid") == "mark-cam-01":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("mark-dialog")).to_be_visible()
    expect(page.get_by_test_id("mark-ask")).to_have_count(0)  # an operator cannot ask


def test_people_are_offered_what_they_may_do(recording: RunningDemo, page: Page) -> None:
    page.goto(f"{recording.url}/demo/signin/custodian-a?to=/app/")
    expect(page.get_by_test_id("requests")).to_be_visible()
    expect(page.get_by_test_id("nav-wall")).to_have_count(0)
    arrive(recording, page, "operator")
    expect(page.get_by_test_id("nav-wall")).to_be_visible()
    expect(page.get_by_test_id("nav-requests")).to_have_count(0)


def test_a_bookmark_leads_back_to_its_moment(recording: RunningDemo, page: Page) -> None:
    arrive(recording, page, "operator")
    expect(page.get_by_test_id("time-cam-01")).to_be_visible(timeout=30_000)
    page.keyboard.press("m")
    page.get_by_test_id("mark-note").fill("A lost suitcase")
    page.get_by_test_id("mark-save").click()
    expect(page.get_by_test_id("mark-dialog")).to_contain_text("Bookmark saved")
    page.keyboard.press("Escape")
    page.get_by_test_id("nav-accesses").click()
    page.get_by_test_id("accesses").get_by_role("link", name="Go to this time").first.click()
    assert "/app/playback/cam-01?at=" in page.url


def test_four_pictures_always_fit(recording: RunningDemo, page: Page) -> None:
    arrive(recording, page, "operator")
    page.get_by_test_id("wall").wait_for()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        for camera in CAMERAS:
            box = page.get_by_test_id(f"tile-{camera}").bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["y"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= height
            assert box["height"] > height / 5


def test_playback_shows_when_and_logs_a_snapshot(recording: RunningDemo, page: Page) -> None:
    arrive(recording, page, "operator", f"/app/playback/{CAMERA}?at={to_iso(now_ms() - 8000)}")
    time = page.get_by_test_id("playback-time")
    expect(time).to_be_visible(timeout=30_000)
    expect(page.get_by_text(HIDDEN)).to_be_visible()
    spans = page.get_by_test_id("timeline").locator("[data-testid^=span-]")
    states = {span.get_attribute("data-state") for span in spans.all()}
    assert states & {"recorded", "pixelated"}
    assert "gap" in states  # ten minutes are shown, and it has not run that long
    expect(page.get_by_test_id("clip")).to_have_count(0)  # an operator takes nothing out
    before = int(time.get_attribute("data-ms") or 0)
    page.keyboard.press("ArrowRight")
    expect(time).not_to_have_attribute("data-ms", str(before))
    assert 0 < int(time.get_attribute("data-ms") or 0) - before < 1000
    assert "snapshot" not in acts(page)
    with page.expect_download() as saved:
        page.get_by_test_id("snapshot").click()
    assert saved.value.path().read_bytes().startswith(b"\xff\xd8")
    assert acts(page).count("snapshot") == 1
    page.goto(f"{recording.url}/app/accesses")
    expect(page.get_by_test_id("accesses")).to_contain_text("Took a snapshot")


def test_a_custodian_refuses(recording: RunningDemo, page: Page) -> None:
    request = ask(recording, page)
    page.goto(f"{recording.url}/app/requests")
    card = page.get_by_test_id(f"request-{request}")
    expect(card).to_have_attribute("data-state", "requested")
    expect(card).not_to_contain_text(CAMERA)  # people read names
    page.goto(tool(recording, "custodian", "custodian-c"))
    page.get_by_test_id(f"row-{request}").get_by_test_id("choose").click()
    page.get_by_test_id("refuse").click(timeout=60_000)
    expect(page.get_by_test_id("facts")).to_contain_text("name from the log")
    page.get_by_label("Why do you refuse?").fill("Not needed for this purpose")
    page.get_by_role("button", name="Refuse for good").click()
    expect(page.get_by_test_id("done")).to_contain_text("Refused")
    page.goto(f"{recording.url}/log/entries")
    expect(page.locator("main")).to_contain_text("refused")


def test_a_lie_of_the_server_is_named(recording: RunningDemo, page: Page) -> None:
    request = ask(recording, page)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))

    def lie(route: Route) -> None:
        answer = route.fetch()
        said = answer.json()
        said["detail"]["case"] = "2026-0001"
        route.fulfill(response=answer, body=json.dumps(said))

    page.route(f"**/api/requests/{request}", lie)
    page.goto(tool(recording, "custodian", "custodian-b", request=request))
    failure = page.get_by_test_id("failure")
    expect(failure).to_have_attribute("data-code", "detail", timeout=60_000)
    expect(failure).to_contain_text("not the one that was signed")
    expect(page.get_by_test_id("check-detail")).to_have_attribute("data-state", "failed")
    expect(page.get_by_test_id("check-signature")).to_have_attribute("data-state", "held")
    expect(page.get_by_test_id("release")).to_have_count(0)
    assert not problems


def test_the_public_pages_bring_their_own_typeface(recording: RunningDemo, page: Page) -> None:
    page.goto(recording.url)
    loaded = "document.fonts.ready.then(() => document.fonts.check('16px Inter'))"
    assert page.evaluate(loaded)
    assert page.evaluate("[...document.fonts].some(face => face.status === 'loaded')")


def test_public_pages_need_no_scripts(recording: RunningDemo, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for path in PUBLIC:
        answer = page.goto(recording.url + path)
        assert answer
        assert answer.status == 200, path
        expect(page.locator("h1")).to_have_count(1)
        assert page.title()
        assert not [
            image for image in page.locator("img").all() if image.get_attribute("alt") is None
        ]
    missing = page.goto(f"{recording.url}/nowhere")
    assert missing
    assert missing.status == 404
    expect(page.locator("h1")).to_be_visible()
    page.goto(recording.url)
    page.get_by_role("link", name="Cameras", exact=True).first.click()
    page.get_by_role("link", name="Station forecourt").first.click()
    expect(page.locator("main")).to_contain_text("Station forecourt")
    expect(page.locator("h1")).to_contain_text("Why is this camera here?")
    context.close()


def test_fifteen_minutes_are_kept_by_keyboard_and_their_deadline_is_said(
    recording: RunningDemo, page: Page
) -> None:
    arrive(recording, page, "operator")
    expect(page.get_by_test_id("time-cam-02")).to_be_visible(timeout=30_000)
    page.keyboard.press("2")
    page.keyboard.press("k")
    page.keyboard.type("A lost suitcase")
    page.keyboard.press("Enter")
    kept = page.get_by_test_id("kept-dialog")
    expect(kept).to_contain_text("A supervisor must hold it by")
    page.keyboard.press("Enter")
    expect(kept).to_have_count(0)
    page.get_by_test_id("nav-marks").click()
    card = page.get_by_test_id("marks").locator("li").filter(has_text="A lost suitcase").first
    expect(card).to_contain_text("Waiting for a hold")
    expect(card.get_by_test_id("hold")).to_have_count(0)  # an operator cannot hold
    card.get_by_role("link", name="Go to this time").click()
    page.get_by_test_id("purpose-submit").click()
    expect(page.get_by_test_id("timeline-mark").first).to_be_visible(timeout=30_000)


def test_a_clip_is_taken_out_with_purpose_and_recipient(recording: RunningDemo, page: Page) -> None:
    arrive(recording, page, "investigator", f"/app/playback/{CAMERA}?at={to_iso(now_ms() - 8000)}")
    expect(page.get_by_test_id("playback-time")).to_be_visible(timeout=30_000)
    page.keyboard.press("c")
    dialog = page.get_by_test_id("clip-dialog")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("Say what for, and who gets it")
    assert "clip" not in acts(page)
    page.keyboard.type("City police, traffic unit")
    with page.expect_download(timeout=120_000) as saved:
        page.keyboard.press("Enter")
    expect(dialog).to_contain_text("It is clip ")
    number = saved.value.suggested_filename.split("-")[2]
    data = saved.value.path().read_bytes()
    assert data[4:8] == b"ftyp"
    assert f"Plainview clip {number}".encode() in data
    assert acts(page).count("clip") == 1


def test_accesses_are_seen_by_all_and_checked_by_oneself(
    recording: RunningDemo, page: Page
) -> None:
    arrive(recording, page, "operator")
    expect(page.get_by_test_id("time-cam-01")).to_be_visible(timeout=30_000)
    page.get_by_test_id("nav-accesses").click()
    row = page.get_by_test_id("accesses").locator("li").filter(has_text="Watched live").first
    row.get_by_text("Check it yourself").click()
    expect(row).to_contain_text("what the log committed to", timeout=30_000)
    expect(row).to_contain_text("Seen by")
    page.goto(f"{recording.url}/demo/signin/custodian-b?to=/app/looked")
    looked = page.get_by_test_id("looked")
    expect(looked).to_contain_text("Watched live")
    expect(looked).to_contain_text("Operator")
