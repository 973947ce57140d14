"""The whole path over real HTTP: ask, release as two custodians, open; Debian's `age` agrees."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.errors import BadSeal, BadShare, NotAuthorised, Refused
from plainview.media.files import read_packets
from plainview.release import custodian, opening
from plainview.release.files import keep_window
from plainview.release.trust import Trust
from plainview.seal.combine import combine_window
from plainview.seal.segments import split_box
from plainview.testing.errand import Errand
from plainview.tlog.entries import parse


def test_asked_released_and_opened(errand: Errand, tmp_path: Path) -> None:
    hash = errand.ask()
    for role in ("custodian-a", "custodian-c"):
        errand.release(role, hash)
    with errand.session("investigator") as server:
        trust = errand.trust("investigator")
        asked, releases = opening.examine(server, trust, hash)
        opened = opening.open_window(server, trust, asked, releases, errand.window)
        found = list(opening.segments(server, asked, opened))
        opening.report(server, trust, asked, [errand.window])
    assert [segment.plain for segment in found] == errand.sealed.plain
    assert [segment.gap_before_ms for segment in found] == [0, 0, 0]
    kept = keep_window(tmp_path, opened, iter(found))
    assert kept.segments == 3
    types = [parse(errand.desk.register.raw(i)).type for i in range(errand.desk.register.size)]
    assert types[-5:] == ["request", "release", "release", "opening", "opened"]


def test_joined_file_holds_every_packet(errand: Errand, tmp_path: Path) -> None:
    hash = errand.released()
    with errand.session("investigator") as server:
        trust = errand.trust("investigator")
        asked, releases = opening.examine(server, trust, hash)
        opened = opening.open_window(server, trust, asked, releases, errand.window)
        kept = keep_window(tmp_path, opened, opening.segments(server, asked, opened))
    _, joined = read_packets(kept.videos[0].read_bytes())
    parts = [read_packets(split_box(plain)[0])[1] for plain in errand.sealed.plain]
    assert [packet.data for packet in joined] == [p.data for part in parts for p in part]
    times = [packet.pts_ms for packet in joined]
    assert times == sorted(times)
    assert times[8] == pytest.approx(4000)


@pytest.mark.bar("released window")
def test_debians_age_opens_the_released_window(
    errand: Errand, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    hash = errand.released()
    with errand.session("investigator") as server:
        trust = errand.trust("investigator")
        asked, releases = opening.examine(server, trust, hash)
        opened = opening.open_window(server, trust, asked, releases, errand.window)
        found = opening.segments(server, asked, opened)
        keep_window(tmp_path, opened, found, sealed=True, identity=True)
    identity = tmp_path / f"{errand.window}.identity"
    same = 0
    for number, plain in enumerate(errand.sealed.plain):
        sealed = tmp_path / errand.window / f"{number:06d}.age"
        done = subprocess.run(
            ["age", "-d", "-i", str(identity), str(sealed)], capture_output=True, check=True
        )
        same += done.stdout == plain
    assert same == len(errand.sealed.plain)
    row = {
        "row": "released window",
        "measured": f"{same} of {same} segments byte-identical through Debian's age",
        "must": "opens with Debian's age, byte-identical",
    }
    record_property("bar", json.dumps(row))


def test_one_custodian_opens_nothing(errand: Errand) -> None:
    hash = errand.ask()
    errand.release("custodian-b", hash)
    with errand.session("investigator") as server:
        trust = errand.trust("investigator")
        asked, releases = opening.examine(server, trust, hash)
        with pytest.raises(BadShare, match="1 of 2 custodians"):
            opening.open_window(server, trust, asked, releases, errand.window)
        with pytest.raises(Refused):
            server.get(f"/api/requests/{hash}/opening", window=errand.window)
        with pytest.raises(NotAuthorised, match="has been released"):
            list(server.segments(errand.window, hash))


def test_the_keepers_half_and_one_share_open_nothing(errand: Errand) -> None:
    e = errand.keepers_secret()
    record = errand.sealed.header.record
    share = errand.share_json("custodian-a")
    with pytest.raises(BadShare, match="1 of 2"):
        combine_window(record, e, [share])
    with pytest.raises(BadShare, match="1 of 2"):
        combine_window(record, e, [share, share])


def test_no_neighbour_opens(errand: Errand) -> None:
    other = errand.town.make_window(minutes=1)
    hash = errand.released()
    with errand.session("investigator") as server:
        trust = errand.trust("investigator")
        asked, releases = opening.examine(server, trust, hash)
        opened = opening.open_window(server, trust, asked, releases, errand.window)
    assert opened.window.record.pk != other.header.record.pk
    with pytest.raises(BadSeal):
        errand.open_with(opened.identity, other)


def test_a_custodian_denies(errand: Errand) -> None:
    hash = errand.ask()
    for role in ("custodian-a", "custodian-b"):
        with errand.session(role) as server:
            custodian.deny(server, errand.trust(role), hash, "Too long a span")
    with errand.session("investigator") as server:
        (item,) = custodian.inbox(server)
    assert item["state"] == "refused"
    with pytest.raises(Refused, match="Too many"):
        errand.release("custodian-c", hash)


def test_a_person_without_a_share_sees_nothing(errand: Errand) -> None:
    hash = errand.ask()
    with errand.session("administrator") as server, pytest.raises(NotAuthorised):
        custodian.examine(server, Trust(errand.town.keys["administrator"]), hash)


def test_a_broken_run_can_be_repeated(errand: Errand) -> None:
    """A custodian's tool that stopped half-way releases only what is missing."""
    hash = errand.ask()
    errand.release("custodian-a", hash)
    with errand.session("custodian-a") as server:
        trust = errand.trust("custodian-a")
        asked = custodian.examine(server, trust, hash)
        assert asked.released == {errand.window}
        assert list(custodian.release(server, trust, asked)) == []
