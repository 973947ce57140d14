"""Where people, custodians and cameras were proposed and approved: tools and packages follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plainview.base.ids import unb64
from plainview.errors import PlainviewError
from plainview.release import custodian, opening
from plainview.release.package import make_package
from plainview.testing.approvals import ApprovingTown
from plainview.testing.desk import Desk, serving
from plainview.testing.errand import Errand
from plainview.tlog.entries import parse
from plainview.tlog.policy import Policy
from plainview.verify.package import verify_package


@pytest.fixture
def approved(tmp_path: Path) -> Iterator[Errand]:
    town = ApprovingTown(tmp_path)
    sealed = town.make_window()
    town.record(sealed)
    town.catch_up()
    desk = Desk(town.settings, town, clock=lambda: town.now)
    with serving(desk) as address:
        yield Errand(town, desk, address, sealed)


def types(items: list[Any]) -> list[str]:
    return [parse(unb64(item["entry"])).type for item in items]


def test_asked_released_opened_and_packed(approved: Errand, tmp_path: Path) -> None:
    hash = approved.released()
    path = tmp_path / "package.zip"
    with approved.session("investigator") as server:
        trust = approved.trust("investigator")
        asked, releases = opening.examine(server, trust, hash)
        made = make_package(server, trust, asked, releases, path)
        bundle = server.get(f"/api/requests/{hash}")
        evidence = server.get(f"/api/requests/{hash}/evidence")
    assert made.segments == 3
    report = verify_package(path, Policy.parse(approved.town.policy))
    assert report.ok, report.lines()
    assert types(bundle["sets"]) == types(bundle["cameras"]) == ["approve"]
    assert {"founding", "enrol", "propose"} <= set(types(bundle["people"]))
    packed = types(list(evidence["entries"].values()))
    assert packed.count("propose") == packed.count("approve") == 5
    assert {"objection", "answer"} <= set(packed)


def _without_proposals(errand: Errand, said: Any) -> None:
    kinds = types(said["people"])
    kept = [item for item, kind in zip(said["people"], kinds, strict=True) if kind != "propose"]
    said["people"] = kept


def _without_the_passkey(errand: Errand, said: Any) -> None:
    said["people"] = [item for item in said["people"] if b"more_keys" not in unb64(item["entry"])]


def _camera_among_people(errand: Errand, said: Any) -> None:
    said["people"] += said["cameras"]


@pytest.mark.parametrize(
    ("lie", "named"),
    [
        (_without_proposals, "no such proposal waits"),
        (_without_the_passkey, "is not enrolled"),
        (_camera_among_people, "next version of cam-01"),
    ],
)
def test_lies_about_approvals(
    approved: Errand, lie: Callable[[Errand, Any], None], named: str
) -> None:
    hash = approved.ask()
    approved.lie_at(f"/api/requests/{hash}", lie)
    with approved.session("custodian-b") as server, pytest.raises(PlainviewError, match=named):
        custodian.examine(server, approved.trust("custodian-b"), hash)
