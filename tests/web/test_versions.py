"""The version that counts: what is announced or was refused is never shown as the truth."""

from __future__ import annotations

import html
import re
import time
from typing import Any

import pytest

from plainview.base.clock import DAY_MS, now_ms, to_iso
from plainview.register import statements

NEW: dict[str, Any] = {
    "purpose": "Counting bicycles",
    "retention": {"class": "long", "seconds": 30 * 86_400},
    "profile": "faces",
}
THEN, NEVER = "takes effect on", "was refused after an objection"


def text_of(page: str) -> str:
    main = page[page.index("<main") : page.index("</main>")]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


def announce(site: Any, wait_ms: int = 30 * DAY_MS) -> None:
    """Version 2 of cam-01, which records by version 1."""
    site.town.add_camera(valid_from=to_iso(now_ms() + wait_ms), **NEW)
    site.web.register.sync()


def refuse(site: Any) -> None:
    with site.client() as client:
        why = {"text": "The new purpose is not what the square was promised."}
        assert client.post("/cameras/cam-01/objections", data=why).status_code == 303
    (one,) = site.web.portal.objections.all()
    signing = [site.town.dpo.signing]
    site.town.say(statements.answer([one.number], "upheld", "It is not necessary.", signing))
    site.web.register.sync()


def machine(client: Any) -> dict[str, Any]:
    (found,) = client.get("/api/public/cameras").json()
    assert isinstance(found, dict)
    return found


def says_version_1(client: Any, path: str = "/cameras/cam-01") -> str:
    page = client.get(path)
    assert page.status_code == 200
    text = text_of(page.text)
    assert "Destroyed after 15 days" in text
    assert "Destroyed after 30 days" not in text
    assert "heads and number plates" in text
    assert NEW["purpose"] not in text
    return text


def test_an_announced_version_is_named_and_not_shown(site: Any) -> None:
    announce(site)
    with site.client() as client:
        text = says_version_1(client)
        assert f"Version 2 is announced and {THEN}" in text
        assert text.index(THEN) < text.index("What allows it")
        assert 'href="/cameras/cam-01?version=2"' in client.get("/cameras/cam-01").text
        assert NEW["purpose"] not in client.get("/cameras").text
        told = machine(client)
        assert (told["version"], told["record"]["retention"]["seconds"]) == (1, 15 * 86_400)
        (later,) = told["later"]
        assert (later["version"], later["is"]) == (2, "announced")
        asked = text_of(client.get("/cameras/cam-01?version=2").text)
        assert "Destroyed after 30 days" in asked
        assert f"It is announced and {THEN}" in asked
        assert "That is its state now, by version 1." in asked


def test_an_announced_version_counts_when_its_time_comes(site: Any) -> None:
    announce(site, 3_000)
    with site.client() as client:
        says_version_1(client)
        between = to_iso(now_ms())
        begins = site.web.register.camera("cam-01").effective_ms
        time.sleep(max(0, begins - now_ms()) / 1000 + 0.2)
        end = time.monotonic() + 10
        while machine(client)["version"] == 1:
            assert time.monotonic() < end, "version 1 is still shown"
            time.sleep(0.1)
        text = text_of(client.get("/cameras/cam-01").text)
        assert "Destroyed after 30 days" in text
        assert THEN not in text
        assert machine(client)["later"] == []
        then = says_version_1(client, f"/cameras/cam-01?on={between}")
        assert "It was in force on" in then


def test_a_refused_version_is_never_shown_as_the_truth(site: Any) -> None:
    announce(site)
    with site.client() as client:
        assert "Why do you object?" in client.get("/cameras/cam-01").text
        refuse(site)
        page = client.get("/cameras/cam-01").text
        assert f"Version 2 {NEVER}" in says_version_1(client)
        assert "Why do you object?" not in page, "nobody needs to object to what never begins"
        assert "refused after an objection: it never begins" in page
        assert machine(client)["later"][0]["is"] == "refused"
        text = text_of(client.get("/cameras/cam-01?version=2").text)
        assert f"It {NEVER}" in text


def test_an_objection_that_waits_is_said(site: Any) -> None:
    announce(site)
    with site.client() as client:
        why = {"text": "The new purpose is not what the square was promised."}
        assert client.post("/cameras/cam-01/objections", data=why).status_code == 303
        assert "an objection to it waits for an answer" in says_version_1(client)
        assert machine(client)["later"][0]["is"] == "contested"


def test_of_a_time_the_version_in_force_is_shown(site: Any) -> None:
    announce(site)
    with site.client() as client:
        asked = says_version_1(client, f"/cameras/cam-01?on={to_iso(now_ms())}")
        assert "It was in force on" in asked
        site.town.add_camera(status="suspended", **NEW)
        site.web.register.sync()
        stopped = text_of(client.get(f"/cameras/cam-01?on={to_iso(now_ms() + 1000)}").text)
        assert "No version was in force on" in stopped
        assert "This is version 3" in stopped


@pytest.mark.parametrize("query", ["version=9", "on=2001-01-01T00:00"])
def test_what_never_was_is_not_found(calm: Any, query: str) -> None:
    with calm.client() as client:
        assert client.get(f"/cameras/cam-01?{query}").status_code == 404
