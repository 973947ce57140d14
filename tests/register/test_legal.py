"""Legal profiles: every file is sound, and a record that lacks a field gets exactly its finding."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.base.clock import DAY_MS
from plainview.errors import BadFormat, NotFound
from plainview.register import legal, legal_profile
from plainview.register.details import PURPOSES, CameraDetails
from plainview.register.fields import look_up
from plainview.register.kinds import KINDS
from plainview.register.legal import Context, check
from plainview.register.legal_profile import Laws, profile_names, read_profile
from plainview.register.records import CameraRecord, camera_record
from plainview.testing.registry import record_values, rich_camera, rich_context

NOW = 1_800_000_000_000
NAMES = ("demo", "eu-gdpr", "eu-led", "rs-zzpl", "uk-scc")
PLACES = (
    "assembly",
    "parliament",
    "court",
    "clinic",
    "worship",
    "school",
    "party",
    "union",
    "press",
)
RECORD = camera_record(rich_camera(NOW)).body()


def without(record: dict[str, Any], path: str) -> dict[str, Any]:
    """The record lacking what stands at a dotted path."""
    changed = copy.deepcopy(record)
    *folders, last = path.split(".")
    inner = changed
    for name in folders:
        inner = inner[name]
    del inner[last]
    return changed


def demanded(name: str) -> list[str]:
    """The camera's own fields that a profile requires."""
    return [
        one.field
        for one in read_profile(name).all_checks()
        if one.kind == "required" and "/" not in one.field
    ]


def test_the_profiles_that_are_promised() -> None:
    assert tuple(profile_names()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_is_sound(name: str) -> None:
    """Its fields exist, its classes and kinds are known, each check says article and reason."""
    profile = read_profile(name)
    outside = {"log.notice_seconds", "set.k", "set.n", "set.organisations", "places"}
    for one in profile.all_checks():
        paths = [one.field, *([one.when.field] if one.when else []), *([one.by] if one.by else [])]
        for path in paths:
            kind, slash, field = path.partition("/")
            if slash:
                assert field in KINDS[kind].model_fields
            elif path not in outside:
                assert look_up(RECORD, path) is not None, path
        assert one.article.strip()
        assert one.why.endswith(".")
        assert one.why.count(". ") == 0, "one sentence"
        if one.caps:
            scale = legal_profile.SCALES[one.field.rpartition(".")[2]]
            assert one.caps.keys() == set(PURPOSES)
            assert set(one.caps.values()) <= scale.keys()
    places = CameraDetails.model_fields
    assert "place_kind" in places
    assert all(text for text in profile.texts.body().values())


@pytest.mark.parametrize("name", NAMES)
def test_a_complete_record_lacks_nothing(name: str) -> None:
    assert check(read_profile(name), RECORD, rich_context(NOW)) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_known_is_demanded_by_the_basis_of_the_city_only(name: str) -> None:
    """The profile of a city asks for no less than the records' own models."""
    fields = set(demanded(name))
    if name != "demo":
        assert fields >= {"legal_basis.law", "dpia.hash", "sign.photo_hash", "complaints"}
    assert {field.split(".")[0] for field in fields} <= CameraRecord.model_fields.keys()


@given(st.sampled_from(NAMES), st.data())
def test_each_field_that_lacks_gets_exactly_its_finding(name: str, data: st.DataObject) -> None:
    required = demanded(name)
    chosen = data.draw(st.lists(st.sampled_from(required), unique=True, max_size=len(required)))
    record = RECORD
    for path in chosen:
        record = without(record, path)
    found = check(read_profile(name), record, rich_context(NOW))
    assert sorted(one.field for one in found) == sorted(chosen)
    for one in found:
        assert one.message.startswith("Missing. ")
        assert one.article
    assert check(read_profile(name), record, rich_context(NOW)) == found


def only(name: str, change: dict[str, Any], context: Context | None = None) -> list[str]:
    found = check(read_profile(name), {**RECORD, **change}, context or rich_context(NOW))
    return [one.line() for one in found]


def test_retention_beyond_the_longest_needs_a_reason() -> None:
    long = {"retention": {"class": "street", "seconds": 4 * 86_400}}
    (said,) = only("eu-gdpr", long)
    assert "It is 96 hours, at most 72 hours unless retention_reason says why." in said
    assert "EDPB" in said
    assert only("eu-gdpr", {**long, "retention_reason": "Holidays."}) == []


def test_notice() -> None:
    short = replace(rich_context(NOW), notice_seconds=86_400)
    (said,) = only("eu-gdpr", {}, short)
    assert "It is 1 days, at least 7 days." in said
    (said,) = only("eu-gdpr", {}, replace(short, notice_seconds=None))
    assert "Unknown; at least 7 days." in said


def test_what_has_ended() -> None:
    later = replace(rich_context(NOW), now_ms=NOW + 250 * DAY_MS)
    fields = [one.field for one in check(read_profile("uk-scc"), RECORD, later)]
    assert fields == ["dpia.review_due", "contract.valid_to"]
    bad = {"contract": {**RECORD["contract"], "valid_to": "soon"}}
    assert "soon is no time." in only("uk-scc", bad)[0]


def test_what_a_camera_rests_on_must_be_in_force() -> None:
    context = rich_context(NOW)
    left = {name: body for name, body in context.records.items() if name != "dpia/bridge"}
    (said,) = only("eu-gdpr", {}, replace(context, records=left))
    assert "dpia/bridge is not in force." in said
    (said,) = only("eu-gdpr", {"rests_on": ["legal-basis/traffic", "dpia/bridge"]})
    assert "No contract is named." in said


def test_police_need_a_basis_for_police() -> None:
    context = rich_context(NOW)
    basis = {**context.records["legal-basis/traffic"], "law_enforcement": False}
    changed = replace(context, records={**context.records, "legal-basis/traffic": basis})
    (said,) = only("eu-led", {}, changed)
    assert "It is no, it must be yes." in said
    assert only("eu-gdpr", {}, changed) == []


def test_the_commissioner_was_asked() -> None:
    context = rich_context(NOW)
    assessed = {**context.records["dpia/bridge"], "authority_outcome": "not-asked"}
    changed = replace(context, records={**context.records, "dpia/bridge": assessed})
    (said,) = only("rs-zzpl", {}, changed)
    assert "ZZPL 55" in said


def test_a_purpose_caps_what_is_shown() -> None:
    close = {"nearest_cm": 300, "pixels_per_10_metres": 2600}
    density = {**close, "dori_2014": "identify", "oodpcvs_2025": "characterise"}
    said = only("eu-gdpr", {"density": density})
    assert len(said) == 2
    assert "It shows as much as identify; this purpose allows observe." in said[0]
    assert only("eu-gdpr", {"density": density, "purpose_kind": "crime"}) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", PLACES)
def test_sensitive_places_need_more(name: str, place: str) -> None:
    found = check(read_profile(name), {**RECORD, "place_kind": place}, rich_context(NOW))
    assert [one.field for one in found] == ["profile", "set.k", "set.n", "set.organisations"]
    assert legal.blocks(found)
    judged = replace(rich_context(NOW), k=3, n=5, organisations=("court", "operator"))
    hidden = {**RECORD, "place_kind": place, "profile": "people"}
    assert check(read_profile(name), hidden, judged) == []


def test_a_camera_cannot_hide_what_its_site_says() -> None:
    context = rich_context(NOW)
    site = {**record_values(NOW)["site"], "place_kind": "court"}
    changed = replace(context, records={**context.records, "site/bridge": site})
    assert len(only("eu-gdpr", {"place_kind": "none"}, changed)) == 4


def test_a_camera_names_its_law() -> None:
    (found,) = check(None, without(RECORD, "legal_profile"), rich_context(NOW))
    assert (found.field, found.severity) == ("legal_profile", "error")
    assert check(None, RECORD, rich_context(NOW)) == []


def test_the_laws_of_a_city_are_those_that_are_brought_and_its_own(tmp_path: Path) -> None:
    text = (legal_profile.FOLDER / "uk-scc.toml").read_text()
    laws = Laws(tmp_path / "none", demo=False)
    assert laws.names() == [name for name in NAMES if name != "demo"]
    assert Laws(tmp_path, demo=True).names() == list(NAMES)
    with pytest.raises(NotFound, match="no legal profile demo"):
        laws.find("demo")
    assert laws.of({"legal_profile": "demo"}) is None
    for name in ("ours", "eu-gdpr", "Not a name", "every"):
        (tmp_path / f"{name}.toml").write_text(text.replace('country = "', 'country = "Our own, '))
    laws = Laws(tmp_path, demo=False)
    assert laws.names() == ["eu-gdpr", "eu-led", "ours", "rs-zzpl", "uk-scc"]
    assert laws.find("ours").country.startswith("Our own")
    assert not laws.find("eu-gdpr").country.startswith("Our own")
    (tmp_path / "ours.toml").write_text("title = 1")
    with pytest.raises(BadFormat, match=r"ours\.toml is no legal profile"):
        laws.of({"legal_profile": "ours"})
    for no_name in ("../ours", "ours.toml", "", None):
        assert laws.of({"legal_profile": no_name}) is None


def test_a_warning_does_not_block() -> None:
    found = check(read_profile("uk-scc"), without(RECORD, "last_inspected"), rich_context(NOW))
    assert [one.severity for one in found] == ["warning"]
    assert not legal.blocks(found)


def test_warning_of_an_end_that_comes(tmp_path: Path) -> None:
    text = (legal_profile.FOLDER / "demo.toml").read_text()
    more = '[[check]]\nfield = "dpia.review_due"\nkind = "not_expired"\ndays = 60\n'
    more += 'severity = "warning"\narticle = "A"\nwhy = "W."\n'
    (tmp_path / "own.toml").write_text(f"{text}\n{more}")
    late = replace(rich_context(NOW), now_ms=NOW + 150 * DAY_MS)
    (found,) = check(read_profile(str(tmp_path / "own.toml")), RECORD, late)
    assert "in 50 days" in found.message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('kind = "guess"', "kind"),
        ('kind = "at_most"', "needs limit"),
        ('kind = "required"\nlimit = 3', "does not know limit"),
        ('kind = "required"\nby = "purpose_kind"', "needs by"),
        ('kind = "required"\ncolour = "red"', "colour"),
        ('kind = "required"\nwhen = { field = "kind", in = [] }', "when.in"),
        ('kind = "required"\nwhen = { field = "kidn", in = ["pole"] }', "no field kidn"),
        ('kind = "at_most"\nlimit = 1\nunless = "dpia.hush"', "no field dpia.hush"),
        ('kind = "capped"\nby = "dpia/colour"\ncaps = {}', "no field dpia/colour"),
        ('kind = "capped"\nby = "purpose_kind"\ncaps = {}', "capped is density.dori_2014"),
    ],
)
def test_profiles_that_are_none(tmp_path: Path, line: str, said: str) -> None:
    text = (legal_profile.FOLDER / "demo.toml").read_text()
    own = tmp_path / "own.toml"
    own.write_text(f'{text}\n[[check]]\nfield = "kind"\narticle = "A"\nwhy = "W."\n{line}\n')
    with pytest.raises(BadFormat, match=said):
        read_profile(str(own))


def test_a_cap_that_its_scale_does_not_know(tmp_path: Path) -> None:
    text = (legal_profile.FOLDER / "eu-gdpr.toml").read_text()
    (tmp_path / "own.toml").write_text(text.replace('"recognise"', '"guess"'))
    with pytest.raises(BadFormat, match=r"guess is none of monitor, detect"):
        read_profile(str(tmp_path / "own.toml"))


SOUND = (legal_profile.FOLDER / "demo.toml").read_text()
BROKEN: dict[str, Callable[[Path], object]] = {
    "points nowhere": lambda path: path.symlink_to("nowhere"),
    "points to itself": lambda path: path.symlink_to(path),
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "endless": lambda path: path.write_text("#" * (legal_profile.LARGEST + 1)),
    "in no encoding": lambda path: path.write_bytes(b"\xff\xfe"),
    "lists in lists": lambda path: path.write_text("x = " + "[" * 5_000),
    "a number of 5,000 digits": lambda path: path.write_text("x = " + "9" * 5_000),
    "called otherwise": lambda path: path.write_text(f'name = "uk-scc"\n{SOUND}'),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_law_that_cannot_be_read_is_named(tmp_path: Path, how: str) -> None:
    BROKEN[how](tmp_path / "ours.toml")
    laws = Laws(tmp_path, demo=False)
    assert "ours" in laws.names()
    for ask in (laws.find, lambda name: laws.of({"legal_profile": name})):
        with pytest.raises(BadFormat, match=r"^ours\.toml "):
            ask("ours")


def test_a_law_that_was_edited_is_read_again(tmp_path: Path) -> None:
    laws, path = Laws(tmp_path, demo=False), tmp_path / "ours.toml"
    path.write_text(SOUND.replace('country = "', 'country = "Old '))
    there = path.stat()
    assert laws.find("ours").country.startswith("Old")
    path.write_text(SOUND.replace('country = "', 'country = "New '))
    os.utime(path, ns=(there.st_atime_ns, there.st_mtime_ns))
    assert laws.find("ours").country.startswith("New")


def test_a_profile_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no legal profile"):
        read_profile("moon")
    with pytest.raises(NotFound, match="cannot be read"):
        read_profile(str(tmp_path / "none.toml"))
    (tmp_path / "bad.toml").write_text("=")
    with pytest.raises(BadFormat, match="is not TOML"):
        read_profile(str(tmp_path / "bad.toml"))
