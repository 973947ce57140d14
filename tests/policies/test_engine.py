"""Decisions by the shipped policies, and sets that are refused."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from plainview.errors import UnsafeStart
from plainview.policies.engine import Engine, alone
from plainview.policies.files import FOLDER, SCHEMA, load, made
from plainview.policies.model import SYSTEM, Camera, Context, Principal, Proposal, Request
from plainview.policies.permissions import AT_CAMERAS, PICTURES, Permission, Role
from plainview.tlog.history import ROLES
from plainview.web.catalogue import catalogue

SQUARE = Camera("cam-01", "Traffic", "pole", "active")
SAID = Context(purpose=True)
TEXTS = {file.name: file.text for file in load().files}


def someone(*roles: str, units: str = "", cameras: str = "") -> Principal:
    return Principal("p-me", frozenset(roles), frozenset(units.split()), frozenset(cameras.split()))


def test_roles_and_camera_statuses_are_those_of_the_log() -> None:
    assert {role.value for role in Role} == ROLES


def test_nothing_is_permitted_by_default(engine: Engine) -> None:
    for permission in Permission:
        decision = engine.decide(someone("mayor"), permission)
        assert not decision.allowed
        assert decision.reasons == ()


def test_a_decision_names_its_policies_and_the_hash(engine: Engine) -> None:
    decision = engine.decide(someone("operator"), Permission.LIVE, SQUARE, SAID)
    assert decision.allowed
    assert decision.reasons == ("operators-watch",)
    assert decision.hash == load().hash


@pytest.mark.parametrize("permission", sorted(PICTURES))
def test_an_administrator_sees_no_pictures_whatever_else_they_are(
    engine: Engine, permission: Permission
) -> None:
    for role in Role:
        decision = engine.decide(someone("administrator", role), permission, SQUARE, SAID)
        assert not decision.allowed
        assert "administrators-see-no-pictures" in decision.reasons


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ({}, True),
        ({"units": "Parks Traffic"}, True),
        ({"units": "Parks"}, False),
        ({"cameras": "cam-01 cam-02"}, True),
        ({"cameras": "cam-02"}, False),
        ({"units": "Traffic", "cameras": "cam-02"}, False),
        ({"units": "Parks", "cameras": "cam-01"}, False),
    ],
)
def test_a_scope_limits_what_is_done_at_cameras(
    engine: Engine, scope: dict[str, str], allowed: bool
) -> None:
    for permission in AT_CAMERAS | {Permission.CAMERAS, Permission.REGISTER_DRAFT}:
        who = someone("supervisor", **scope)
        assert engine.decide(who, permission, SQUARE, SAID).allowed == allowed, permission
        assert engine.decide(who, permission, SYSTEM).allowed, "somewhere, they may"


def test_nobody_looks_without_a_purpose(engine: Engine) -> None:
    for permission in (Permission.LIVE, Permission.PLAYBACK, Permission.CLIP_MAKE):
        decision = engine.decide(someone("supervisor"), permission, SQUARE)
        assert decision.reasons == ("no-look-without-a-purpose",)


@pytest.mark.parametrize("status", ["published", "suspended", "expired", "removed"])
def test_what_is_not_active_is_not_watched_live_but_played_back(
    engine: Engine, status: str
) -> None:
    camera = Camera("cam-01", "Traffic", "pole", status)
    assert not engine.decide(someone("operator"), Permission.LIVE, camera, SAID).allowed
    assert engine.decide(someone("operator"), Permission.PLAYBACK, camera, SAID).allowed


def test_requests_are_decided_by_others_and_opened_by_who_asked(engine: Engine) -> None:
    both, mine, other = (
        someone("investigator", "custodian"),
        Request("r1", "p-me"),
        Request("r2", "p-other"),
    )
    assert engine.decide(both, Permission.REQUEST_RELEASE, other).allowed
    assert not engine.decide(both, Permission.REQUEST_RELEASE, mine).allowed
    assert engine.decide(both, Permission.REQUEST_OPEN, mine).allowed
    assert not engine.decide(both, Permission.REQUEST_OPEN, other).allowed
    assert not engine.decide(someone("investigator"), Permission.REQUEST_READ, other).allowed
    assert engine.decide(someone("custodian"), Permission.REQUEST_READ, other).allowed


def test_an_administrator_appoints_nobody_alone(engine: Engine) -> None:
    administrator = someone("administrator")
    mine, other = Proposal("a", "p-me", frozenset({"p-new"})), Proposal("b", "p-other")
    assert engine.decide(administrator, Permission.PEOPLE_ENROL, mine).allowed
    assert not engine.decide(administrator, Permission.PEOPLE_APPROVE, mine).allowed
    assert engine.decide(administrator, Permission.PEOPLE_APPROVE, other).allowed
    me = Proposal("c", "p-other", frozenset({"p-me"}))
    assert not engine.decide(administrator, Permission.PEOPLE_APPROVE, me).allowed


def test_what_is_done_to_the_wrong_kind_of_thing_is_refused(engine: Engine) -> None:
    assert not engine.decide(someone("administrator"), Permission.METRICS, SQUARE).allowed
    assert not engine.decide(someone("custodian"), Permission.REQUEST_RELEASE, SQUARE).allowed


def test_names_that_look_like_code_change_nothing(engine: Engine) -> None:
    for name in ('"', "p\n", 'x" in Role::"operator', "ž", ""):
        who = Principal(name, frozenset({"auditor"}), frozenset({name}))
        camera = Camera(name, name, name, name)
        assert engine.decide(who, Permission.CAMERAS, camera).allowed
        assert not engine.decide(who, Permission.LIVE, camera, SAID).allowed


def test_every_role_gets_what_it_is_alone(engine: Engine) -> None:
    for permission in Permission:
        assert engine.roles(permission), f"nobody holds {permission}"
    assert Permission.LIVE not in engine.held(alone(Role.ADMINISTRATOR))


# -- sets


def test_the_hash_is_what_the_page_says_it_is() -> None:
    command = "LC_ALL=C sha256sum * | sha256sum"
    printed = subprocess.run(
        ["bash", "-c", command], cwd=FOLDER, capture_output=True, text=True, check=True
    ).stdout
    assert printed.split()[0] == load().hash


def test_every_changed_byte_changes_the_hash() -> None:
    for name, text in TEXTS.items():
        assert made({**TEXTS, name: text + "\n"}).hash != load().hash
    assert made({**TEXTS, "more.cedar": ""}).hash != load().hash


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"bad.cedar": "permit (principal, action, resource"}, "unexpected"),
        ({"bad.cedar": "permit (principal, action, resource);"}, "@id"),
        ({"bad.cedar": '@id("a") permit (principal, action == Action::"raw", resource);'}, "raw"),
        ({"bad.cedar": '@id("a") permit (principal, action, resource) when { 1 };'}, "expected"),
        ({"bad.cedar": '@id("health") permit (principal, action, resource);'}, "two policies"),
        ({"bad.cedar": '@id("Ab c") permit (principal, action, resource);'}, "small letters"),
        ({"bad.cedar": '@id("a") permit (principal == ?principal, action, resource);'}, "template"),
        ({SCHEMA: "entity Person;"}, "."),
        (
            {
                SCHEMA: TEXTS[SCHEMA]
                + 'action "raw" appliesTo { principal: Person, resource: Camera, context: Asked };'
            },
            "actions are not those of the program: raw",
        ),
    ],
)
def test_a_set_that_cannot_be_trusted_stops_the_start(changes: dict[str, str], why: str) -> None:
    with pytest.raises(UnsafeStart, match=re.escape(why)):
        Engine(made({**TEXTS, **changes}))


def test_a_set_without_a_schema_or_that_is_not_text_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(UnsafeStart):
        load(tmp_path)
    (tmp_path / SCHEMA).write_bytes(b"\xff\xfe")
    with pytest.raises(UnsafeStart):
        load(tmp_path)


def test_every_policy_has_its_plain_words(engine: Engine) -> None:
    t = catalogue()
    written = {key.removeprefix("rule.") for key in t.names() if key.startswith("rule.")}
    assert written - {"other"} == {one.id for one in engine.policies}
    assert all(t.has(f"may.{one.replace('.', '_')}") for one in Permission)


def test_every_policy_is_a_statement_with_its_comment() -> None:
    for name, text in TEXTS.items():
        if name == SCHEMA:
            continue
        for match in re.finditer(r"^@id\(\"([a-z-]+)\"\)$", text, re.MULTILINE):
            before = text[: match.start()].splitlines()[-1]
            assert before.startswith("// "), f"{name}: {match[1]} has no comment"
