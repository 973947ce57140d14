"""People join, are enrolled by two and sign in, in Chromium with virtual authenticators."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from plainview.testing.browsers import Desk, give_passkeys
from plainview.testing.hall import Citizen, TownHall
from plainview.testing.looking import shot
from plainview.testing.site import Site

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    town = TownHall(tmp_path)
    town.add_camera()
    made = Site(town)
    yield made
    made.close()
    town.close()


def test_somebody_joins_is_enrolled_by_two_and_signs_in(site: Site, browser: Browser) -> None:
    town = site.town
    admin = Citizen("Vera Kos", "City IT", "administrator")
    town.enrol(admin)
    site.web.register.sync()
    dpo_desk, admin_desk, jo = (Desk(browser, site.url) for _ in range(3))
    give_passkeys(site, dpo_desk, town.dpo, [admin, town.court])
    give_passkeys(site, admin_desk, admin, [town.dpo, town.court])

    admin_desk.sign_in()
    page = admin_desk.page
    page.get_by_test_id("invite").click()
    dialog = page.get_by_test_id("invite-dialog")
    dialog.get_by_label("Name").fill("Jo Novak")
    dialog.get_by_label("Organisation").fill("City control room")
    dialog.get_by_label("Operator", exact=True).check()
    page.get_by_test_id("make-link").click()
    link = page.get_by_test_id("link").input_value()
    assert link.startswith(f"{site.url}/app/join/")
    page.get_by_test_id("link-done").click()
    expect(page.get_by_test_id("invitation-Jo Novak")).to_contain_text("Has not answered yet")

    jo.page.goto(link)
    expect(jo.page.get_by_role("heading", level=1)).to_have_text("Welcome, Jo Novak")
    jo.join(link)
    shown = jo.page.locator(".keylist code").inner_text()
    jo.page.get_by_role("link", name="To the sign-in page").click()
    jo.page.get_by_test_id("sign-in").click()
    expect(jo.page.get_by_test_id("problem")).to_contain_text("not enrolled")

    card = page.get_by_test_id("invitation-Jo Novak")
    expect(card).to_contain_text(shown, timeout=15_000)
    admin_desk.sign("propose")
    expect(card).to_contain_text("Proposed by")
    expect(page.get_by_test_id("approve")).to_have_count(0)
    dpo_desk.sign_in()
    expect(dpo_desk.page.get_by_test_id("invitation-Jo Novak")).to_contain_text("Vera Kos")
    dpo_desk.sign("approve")
    expect(dpo_desk.page.get_by_test_id("enrolled")).to_contain_text("Jo Novak")

    jo.verifies(False)
    jo.page.get_by_test_id("sign-in").click()
    expect(jo.page.get_by_test_id("problem")).to_contain_text("No passkey was used")
    jo.verifies(True)
    jo.page.get_by_test_id("sign-in").focus()
    jo.page.keyboard.press("Enter")
    expect(jo.page.get_by_test_id("who")).to_contain_text("Jo Novak")

    jo.page.goto(f"{site.url}/app/account")
    expect(jo.page.get_by_test_id("sessions")).to_contain_text("Chrome on Linux")
    expect(jo.page.get_by_test_id("passkeys")).to_contain_text(shown)
    admin_desk.page.goto(f"{site.url}/app/people")
    row = (
        admin_desk.page.get_by_test_id("enrolled")
        .get_by_role("listitem")
        .filter(has_text="Jo Novak")
    )
    row.get_by_role("button", name="End all sessions").click()
    expect(admin_desk.page.get_by_role("status")).to_have_text("1 session ended")
    jo.page.reload()
    expect(jo.page.get_by_test_id("signed-out")).to_be_visible()
    assert [*dpo_desk.problems, *admin_desk.problems, *jo.problems] == []


def test_the_same_device_is_not_two_authenticators(site: Site, browser: Browser) -> None:
    desk = Desk(browser, site.url)
    with site.browser(site.town.dpo) as program:
        wish = {"name": "Irena Berg", "roles": ["custodian"], "org": "Court", "outside": True}
        link = program.post("/api/invitations", json=wish).json()["link"]
    page = desk.page
    page.goto(link)
    page.get_by_test_id("make-passkey").click()
    expect(page.locator(".keylist li")).to_have_count(1)
    expect(page.get_by_test_id("hand-in")).to_have_count(0)
    page.get_by_test_id("make-passkey").click()
    expect(page.get_by_test_id("problem")).to_contain_text("different one")
    desk.unplug(desk.device)
    desk.plug_in()
    page.get_by_test_id("make-passkey").click()
    expect(page.locator(".keylist li")).to_have_count(2)
    expect(page.get_by_test_id("key-file")).to_have_attribute("required", "")


def test_who_closes_the_dialog_signs_nothing(site: Site, browser: Browser) -> None:
    """The authenticator still asks when the person thinks better of it; then it is touched."""
    town = site.town
    admin = Citizen("Vera Kos", "City IT", "administrator")
    town.enrol(admin)
    site.web.register.sync()
    desk = Desk(browser, site.url)
    give_passkeys(site, desk, town.dpo, [admin, town.court])
    desk.sign_in("/app/register")
    page, size = desk.page, site.web.register.counts().get("camera", 0)
    desk.answers_by_itself(False)
    page.get_by_test_id("suspend-cam-01").click()
    page.get_by_test_id("sign").click()
    expect(page.get_by_test_id("sign")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("sign-dialog")).to_have_count(0)
    desk.answers_by_itself(True)
    page.wait_for_timeout(1_500)
    site.web.register.sync()
    assert site.web.register.counts().get("camera", 0) == size
    page.get_by_test_id("suspend-cam-01").click()
    page.get_by_test_id("sign").click()
    expect(page.get_by_role("status").first).to_contain_text("entry")
    assert site.web.register.counts()["camera"] == size + 1
    assert desk.problems == []


def test_a_sign_out_that_did_not_arrive_is_not_called_one(site: Site, browser: Browser) -> None:
    town = site.town
    admin = Citizen("Vera Kos", "City IT", "administrator")
    town.enrol(admin)
    site.web.register.sync()
    desk = Desk(browser, site.url)
    give_passkeys(site, desk, town.dpo, [admin, town.court])
    desk.sign_in("/app/people")
    page = desk.page
    page.route(
        "**/api/session",
        lambda route: route.abort() if route.request.method == "DELETE" else route.continue_(),
    )
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("problem")).to_contain_text("You are still signed in")
    expect(page.get_by_test_id("signed-out")).to_have_count(0)
    shot(page, "sign-out-failed")
    page.unroute("**/api/session")
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("signed-out")).to_be_visible()
    assert desk.problems == []


def test_whose_session_ends_is_told_and_goes_on_where_they_were(
    site: Site, browser: Browser
) -> None:
    """Half a form is open when the administrator ends it; the sign-in page says what happened."""
    town = site.town
    admin = Citizen("Vera Kos", "City IT", "administrator")
    town.enrol(admin)
    site.web.register.sync()
    desk = Desk(browser, site.url)
    give_passkeys(site, desk, town.dpo, [admin, town.court])
    desk.sign_in("/app/people")
    page = desk.page
    expect(page.get_by_test_id("session-ended")).to_have_count(0)
    page.get_by_test_id("invite").click()
    dialog = page.get_by_test_id("invite-dialog")
    dialog.get_by_label("Name").fill("Jo Novak")
    dialog.get_by_label("Organisation").fill("City control room")
    dialog.get_by_label("Operator", exact=True).check()
    site.web.sessions.revoke_person(town.dpo.person.person)
    page.get_by_test_id("make-link").click()
    expect(page.get_by_test_id("session-ended")).to_contain_text("Your session has ended")
    for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        shot(page, f"session-ended-{width}-{scheme}")
    expect(dialog).to_have_count(0)
    expect(page.get_by_test_id("enrolled")).to_have_count(0)
    page.get_by_test_id("sign-in").click()
    expect(page.get_by_test_id("invite")).to_be_visible()
    assert page.url == f"{site.url}/app/people"
    expect(page.get_by_test_id("invitation-Jo Novak")).to_have_count(0)
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("signed-out")).to_be_visible()
    expect(page.get_by_test_id("session-ended")).to_have_count(0)
    assert desk.problems == []
