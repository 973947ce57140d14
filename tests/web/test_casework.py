"""A request, a refusal and a hold, each stated with a passkey."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from plainview.base.clock import now_ms, to_iso
from plainview.testing.publishers import Publishers
from plainview.tlog.entries import parse


@pytest.fixture
def people(site: Any) -> Iterator[Publishers]:
    made = Publishers(site)
    yield made
    made.close()


@pytest.fixture
def window(town: Any, encoded: Any, fill: Any) -> Any:
    """A recording of the last seconds."""
    made = town.window(town.register)
    fill(town, made, encoded(10, start=now_ms()))
    return made


def drafted(member: Any) -> str:
    asked = {"camera": "cam-01", "from": to_iso(now_ms() - 60_000), "to": to_iso(now_ms() + 60_000)}
    return str(member.post("/api/drafts", **asked, purpose="accident", case="2026-7")["draft"])


def test_a_request_and_a_refusal_are_signed_with_passkeys(
    site: Any, people: Publishers, window: Any
) -> None:
    officer = people._member(site.town.officer, 1)
    custodian = people._member(site.town.assembly, 2)
    site.web.register.sync()
    draft = drafted(officer)
    shown = officer.draft("request", draft=draft)
    assert shown["detail"]["case"] == "2026-7"
    assert {"label": "Case number", "value": "2026-7"} in shown["summary"]["lines"]
    made = officer.state("request", draft=draft)
    found = site.web.register.request(made["hash"])
    assert found.person == site.town.officer.person.person
    signer = parse(site.web.register.raw(made["index"])).by
    assert signer == (officer.devices[0].passkeys[0].key_id,)
    assert officer.http.get("/api/requests").json()[0]["case"] == "2026-7"

    with pytest.raises(httpx.HTTPStatusError, match="403"):
        officer.state("refusal", request=made["hash"], reason="My own")
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        custodian.state("refusal", request=made["hash"], reason=" ")
    custodian.state("refusal", request=made["hash"], reason="Not needed")
    assert [one.person for one in site.web.register.refusals(made["hash"])] == [
        site.town.assembly.person.person
    ]
    for member in (officer, custodian):
        member.http.close()


def test_a_draft_is_its_authors(site: Any, people: Publishers, window: Any) -> None:
    officer = people._member(site.town.officer, 1)
    site.web.register.sync()
    draft = drafted(officer)
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        people.supervisor.draft("request", draft=draft)
    officer.http.close()


def test_a_hold_is_signed_with_a_passkey(site: Any, people: Publishers, window: Any) -> None:
    site.web.register.sync()
    with site.browser(site.town.operator) as browser:
        body = {"camera": "cam-01", "at": to_iso(now_ms() - 1000), "note": "two cars"}
        mark = browser.post("/api/marks", json=body).json()["mark"]
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        people.dpo.state("hold", mark=mark)
    index = people.supervisor.state("hold", mark=mark)["index"]
    (seen,) = people.supervisor.http.get("/api/marks").json()
    assert (seen["state"], seen["hold"]) == ("held", index)
