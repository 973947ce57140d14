"""The register kept ready for many readers: every change is seen, nothing is made twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from plainview.base.clock import DAY_MS, to_iso
from plainview.base.settings import Settings
from plainview.errors import GateClosed
from plainview.register.listing import plain, slug
from plainview.register.overview import Overview, counted
from plainview.register.projection import Register
from plainview.testing.city import City, camera_record, digest
from plainview.tlog.history import History


class Told:
    """A register over a city in memory: the book of the city itself."""

    def __init__(self, city: City) -> None:
        self.city = city

    def book(self) -> Told:
        return self

    def __enter__(self) -> History:
        return self.city.history

    def __exit__(self, *_: object) -> None:
        pass

    def stamp(self) -> tuple[int, int]:
        return len(self.city.history.statements), len(self.city.history.contested)


@pytest.fixture
def city() -> City:
    made = City()
    made.found()
    for camera, name in (("cam-02", "Bridge 10"), ("cam-01", "Bridge 9")):
        record = camera_record(made.start, name=name)
        body = {"camera": camera, "version": 1, "status": "active", "record": record}
        made.state("camera", "p-dpo", **body)
    made.pass_time(31)
    return made


def overview(city: City) -> Overview:
    made = Overview(Told(city))  # type: ignore[arg-type]
    made._due = 0.0
    return made


def agrees(city: City, found: Overview) -> None:
    """The kept gate answers as the rule book does, now."""
    found._due = 0.0
    view = found.view(city.now)
    assert view.by_id.keys() == city.history.cameras.keys()
    for name, gate in view.gates.items():
        try:
            city.history.may_record(name, city.now)
            allowed = True
        except GateClosed:
            allowed = False
        assert gate.allowed == allowed, name


def test_cameras_are_in_the_order_of_their_names(city: City) -> None:
    view = overview(city).view(city.now)
    assert [one.name for one in view.cameras] == ["Bridge 9", "Bridge 10"]
    assert counted(view.cameras) == {"pole": 2}
    assert view.groups["contract"]["c-1"].name == "C-1"
    assert view.groups["legal-basis"]["road-act-12-7-2026"].name == "Road act, 12"
    assert view.groups["unit"]["traffic"].cameras == view.cameras


def test_it_follows_every_change_of_the_gate(city: City) -> None:
    found = overview(city)
    year = {"valid_from": "2026-11-01", "valid_to": "2027-11-01"}
    agrees(city, found)
    city.register("legal-basis", "act", law="Act", **year)
    city.camera("cam-03", rests_on=["legal-basis/act"])
    agrees(city, found)
    number = city.keep("objection", camera="cam-03", version=1, commitment=digest("why"))
    agrees(city, found)
    city.pass_time(31)
    agrees(city, found)
    city.state("answer", "p-dpo", objections=[number], outcome="rejected", text="No.")
    agrees(city, found)
    assert found.view(city.now).gates["cam-03"].allowed
    city.register("legal-basis", "act", "revoked", law="Act", **year)
    agrees(city, found)
    city.camera("cam-01", "suspended")
    agrees(city, found)
    city.now += 400 * DAY_MS
    agrees(city, found)
    assert not any(gate.allowed for gate in found.view(city.now).gates.values())


def shown(city: City, found: Overview, camera: str) -> tuple[int, str, int]:
    """Version and purpose of a camera's line, and the version whose record is given out."""
    found._due = 0.0
    view = found.view(city.now)
    line = view.by_id[camera]
    versions = [one.record for one in view.versions(camera)]
    return line.version, line.purpose, versions.index(view.record(camera)) + 1


def test_a_line_is_of_the_version_in_force(city: City) -> None:
    found = overview(city)
    assert shown(city, found, "cam-01") == (1, "accidents", 1)
    city.camera("cam-01", purpose="crowds", unit="Events")
    assert shown(city, found, "cam-01") == (1, "accidents", 1)
    view = found.view(city.now)
    assert [one.version for one in view.later("cam-01")] == [2]
    assert "events" not in view.groups["unit"]
    city.pass_time(31)
    assert shown(city, found, "cam-01") == (2, "crowds", 2)
    assert found.view(city.now).groups["unit"]["events"].name == "Events"
    city.camera("cam-01", "suspended", purpose="crowds")
    assert shown(city, found, "cam-01")[0] == 3


def test_a_camera_that_never_recorded_is_shown_in_its_newest_version(city: City) -> None:
    city.camera("cam-03")
    city.camera("cam-03", purpose="crowds")
    assert shown(city, overview(city), "cam-03") == (2, "crowds", 2)


def test_a_refused_version_is_not_shown_and_costs_nothing(city: City) -> None:
    found = overview(city)
    city.camera("cam-01", purpose="crowds")
    number = city.keep("objection", camera="cam-01", version=2, commitment=digest("why"))
    city.pass_time(31)
    assert shown(city, found, "cam-01") == (1, "accidents", 1)
    city.state("answer", "p-dpo", objections=[number], outcome="upheld", text="Yes.")
    city.pass_time(86_400)
    assert shown(city, found, "cam-01") == (1, "accidents", 1)
    view = found.view(city.now)
    found._due = 0.0
    assert view.gates["cam-01"].ends > city.now
    assert found.view(city.now) is view, "made again though nothing changed"
    city.camera("cam-01", purpose="traffic")
    city.pass_time(31)
    assert shown(city, found, "cam-01") == (3, "traffic", 3)


def test_a_gate_opens_when_a_legal_basis_begins(city: City) -> None:
    record = camera_record(city.start)
    basis = {**record["legal_basis"], "valid_from": to_iso(city.now + 3_600_000)}
    city.camera("cam-03", legal_basis=basis)
    city.pass_time(31)
    found = overview(city)
    agrees(city, found)
    assert not found.view(city.now).gates["cam-03"].allowed
    city.pass_time(3_600)
    agrees(city, found)
    assert found.view(city.now).gates["cam-03"].allowed


def test_the_same_view_is_kept_while_nothing_changes(city: City) -> None:
    found = overview(city)
    assert found.view(city.now) is found.view(city.now)
    city.camera("cam-01", "suspended")
    city.camera("cam-01", "removed")
    found._due = 0.0
    view = found.view(city.now)
    assert [one.id for one in view.standing] == ["cam-02"]


def test_a_record_without_cameras_has_a_page(city: City) -> None:
    city.register("contract", "c-9", number="C-9", valid_from="2026-11-01", valid_to="2027-11-01")
    view = overview(city).view(city.now)
    assert view.groups["contract"]["c-9"].cameras == ()


def test_of_a_register_without_a_log(tmp_path: Path) -> None:
    with Register(Settings(data=tmp_path)) as register:
        assert Overview(register).view(0).cameras == ()


def test_slugs_and_searches_know_no_case_and_no_accents() -> None:
    assert slug("Ulica Miloša Obilića 7/2") == "ulica-milosa-obilica-7-2"
    assert slug("Улица 7") == "улица-7"
    assert plain("MILOŠA") == "milosa"
