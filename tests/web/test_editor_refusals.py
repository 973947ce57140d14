"""What the register's editor refuses: other people's drafts, missing permissions, bad input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx
import pytest

from plainview.register import statements
from plainview.testing.hall import Citizen
from plainview.testing.publishers import Publishers, begin, publish_once, review, town_of_two
from plainview.testing.site import Site
from plainview.web.drafts import LARGEST


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with town_of_two(tmp_path_factory.mktemp("editor")) as made:
        yield made


@pytest.fixture(scope="module")
def people(site: Site) -> Iterator[Publishers]:
    with closing(Publishers(site)) as made:
        yield made


@contextmanager
def signed_in(site: Site, citizen: Citizen) -> Iterator[httpx.Client]:
    with site.browser(citizen) as browser:
        yield browser


# -- who may not


def test_nobody_sees_or_touches_another_persons_draft(site: Site, people: Publishers) -> None:
    draft = begin(people.supervisor.http, "cam-40", {"name": "Mine"})
    path = f"/api/register/drafts/{draft['draft']}"
    officer = people.dpo.http
    assert officer.get(path).status_code == 404
    assert officer.get(f"{path}/review").status_code == 404
    assert officer.post(path, json={"record": {"name": "Theirs"}, "saves": 0}).status_code == 404
    assert officer.delete(path).status_code == 404
    assert draft["draft"] not in officer.get("/api/register/drafts").text
    assert people.supervisor.http.get(path).json()["record"] == {"name": "Mine"}
    people.supervisor.http.delete(path).raise_for_status()


DRAFT_CALLS = [
    ("GET", "/api/register/drafts"),
    ("POST", "/api/register/drafts"),
    ("GET", "/api/register/drafts/x"),
    ("POST", "/api/register/drafts/x"),
    ("DELETE", "/api/register/drafts/x"),
    ("GET", "/api/register/drafts/x/review"),
]
SECOND_CALLS = [("GET", "/api/register/proposals"), ("GET", "/api/register/proposals/x")]


@pytest.mark.parametrize(("method", "path"), DRAFT_CALLS + SECOND_CALLS)
def test_who_keeps_no_register_is_refused(site: Site, method: str, path: str) -> None:
    body = {"kind": "camera", "subject": "cam-50", "record": {}, "saves": 0}
    sent: dict[str, Any] = {"json": body} if method == "POST" else {}
    with site.client() as nobody:
        assert nobody.request(method, path, headers={"X-Plainview": "1"}, **sent).status_code == 401
    with signed_in(site, site.town.operator) as operator:
        assert operator.request(method, path, **sent).status_code == 403
    with signed_in(site, site.town.dpo) as officer:
        del officer.headers["X-Plainview"]
        if method != "GET":
            assert officer.request(method, path, **sent).status_code == 403


def test_a_scope_holds_for_drafts_and_proposals(site: Site, people: Publishers) -> None:
    publish_once(site, people)
    officer = people.dpo.http
    people_body = site.web.register.stated(
        site.web.register.person(people.lead.person.person).index
    ).body
    scoped = {**people_body, "scope": {"units": ["parks"], "cameras": []}}
    hash = people.dpo.state("propose", type="enrol", body=scoped)["hash"]
    listed = officer.get("/api/register/proposals").json()
    assert hash not in {one["proposal"] for one in listed}  # those about people stand elsewhere
    assert officer.get(f"/api/register/proposals/{hash}").status_code == 404
    draft = begin(people.supervisor.http, "cam-19")
    site.town.say(statements.approve(hash, people.admin.signing))
    site.web.register.sync()
    site.web.standing._known.clear()
    refused = people.supervisor.http.post(
        "/api/register/drafts", json={"kind": "camera", "subject": "cam-19"}
    )
    assert refused.status_code == 403
    own = {"name": "Pond", "unit": "Parks", "unit_id": "parks"}
    for record, status in (({"name": "Pond"}, 200), (own, 200), ({**own, "unit_id": "x"}, 403)):
        wanted = {"kind": "camera", "subject": "cam-51", "record": record, "new": True}
        answer = people.supervisor.http.post("/api/register/drafts", json=wanted)
        assert answer.status_code == status
    statement = review(people.supervisor.http, draft)["statement"]
    sent = people.supervisor.http.post("/api/statements/draft", json=statement)
    assert sent.status_code == 403


# -- bad input


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "camera", "subject": "../x"}, 400),
        ({"kind": "camera", "subject": ""}, 400),
        ({"kind": "spy", "subject": "x"}, 400),
        ({"kind": "dpia", "subject": "A"}, 400),
        ({"kind": "camera", "subject": "a" * 64}, 400),
        ({"kind": "camera", "subject": "x", "record": []}, 400),
        ({"kind": "camera", "subject": "x", "record": {"name": 1.5}}, 400),
        ({"kind": "camera", "subject": "x", "record": {"name": 2**60}}, 400),
        ({"kind": "camera", "subject": "x", "record": {"name": "\ud800"}}, 400),
        ({"kind": "camera", "subject": "x", "record": {"name": "a" * (LARGEST + 1)}}, 400),
        ({"kind": "camera", "subject": "x", "record": {"name": "a" * 2_000_000}}, 413),
    ],
)
def test_what_is_no_draft_is_refused(people: Publishers, body: dict[str, Any], status: int) -> None:
    headers = {"content-type": "application/json"}
    sent = json.dumps(body)  # ASCII: half a character stays an escape
    answer = people.dpo.http.post("/api/register/drafts", content=sent, headers=headers)
    assert answer.status_code == status, answer.text
    assert people.dpo.http.get("/api/register/drafts").json() == []


def test_a_draft_is_not_saved_over_what_somebody_has_not_seen(people: Publishers) -> None:
    http = people.dpo.http
    draft = begin(http, "cam-60", {"name": "A"})
    path = f"/api/register/drafts/{draft['draft']}"
    assert http.post(path, json={"record": {"name": "B"}, "saves": 0}).json()["saves"] == 1
    late = http.post(path, json={"record": {"name": "C"}, "saves": 0})
    assert (late.status_code, late.json()["code"]) == (403, "overtaken")
    assert http.get(path).json()["record"] == {"name": "B"}
    http.delete(path).raise_for_status()
