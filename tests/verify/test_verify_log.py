"""Verifying a whole log: each promise that is broken is found, and named."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import DAY_MS, from_iso, to_iso
from plainview.testing.city import SALT, START, City, digest, key_of
from plainview.tlog import leaves, merkle, notes
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.entries import canonical, commit, make
from plainview.tlog.notes import Signer
from plainview.tlog.reader import LogReader
from plainview.tlog.signing import sign
from plainview.verify.log import verify_log
from plainview.verify.report import Report


def verified(city: City, folder: Path) -> Report:
    city.publish(folder)
    return verify_log(LogReader.folder(folder), city.policy())


def started() -> City:
    """A city with cam-01 open and three windows, the first minute over."""
    city = City()
    city.found()
    city.camera("cam-01")
    city.pass_time(31)
    city.windows("cam-01")
    city.pass_time(120)
    return city


def first_window(city: City) -> str:
    return next(iter(city.history.windows))


def force(city: City, type: str, *people: str, **body: Any) -> int:
    """Log what no honest keeper would."""
    entry = city.draft(type, body)
    city.raws.append((sign(entry, [key_of(name) for name in people]) if people else entry).raw)
    city.history.size += 1
    return len(city.raws) - 1


def codes(report: Report) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in report.findings]


def test_the_whole_story_holds(tmp_path: Path) -> None:
    city = City()
    city.story()
    report = verified(city, tmp_path)
    assert report.ok, report.lines()
    assert report.facts["size"] == len(city.raws)
    assert report.facts["cameras"] == {"2026-11-23": 1}
    assert report.notes == []
    assert "everything holds" in report.lines()[0]
    assert report.to_dict()["ok"] is True


def test_what_recorders_redact_with_may_stand_on_the_log(tmp_path: Path) -> None:
    city = City()
    city.story()
    body = {"node": "node-1", "software": "plainview 1", "models": {"faces.onnx": "ab" * 32}}
    city.keep("redaction", **body, settings={"search_every": 3})
    report = verified(city, tmp_path)
    assert report.ok, report.lines()
    assert report.facts["size"] == len(city.raws)


def test_progress_is_told(tmp_path: Path) -> None:
    city = started()
    city.publish(tmp_path)
    told: list[tuple[int, int]] = []
    reader = LogReader.folder(tmp_path)
    verify_log(reader, city.policy(), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(city.raws), len(city.raws))


def test_a_log_without_witnesses_is_said_to_be_one(tmp_path: Path) -> None:
    city = City(witnesses=())
    city.story()
    report = verified(city, tmp_path)
    assert report.ok
    assert "Nobody outside" in report.notes[0]
    assert "witnessed by 0 of 0" in report.lines()[1]


# -- the checkpoint


def test_a_checkpoint_with_witnesses_but_without_its_log_is_refused(tmp_path: Path) -> None:
    city = started()
    city.publish(tmp_path)
    path = tmp_path / "checkpoint"
    text, lines = notes.parse(path.read_bytes())
    path.write_bytes(notes.render(text, lines[1:]))
    report = verify_log(LogReader.folder(tmp_path), city.policy())
    assert codes(report) == [("checkpoint", "checkpoint")]
    assert "not signed by" in report.findings[0].message


def test_a_checkpoint_below_its_quorum_is_refused(tmp_path: Path) -> None:
    city = started()
    city.publish(tmp_path)
    path = tmp_path / "checkpoint"
    text, lines = notes.parse(path.read_bytes())
    path.write_bytes(notes.render(text, lines[:2]))
    assert not verify_log(LogReader.folder(tmp_path), city.policy()).ok


def test_a_stale_checkpoint_is_refused_when_asked(tmp_path: Path) -> None:
    city = started()
    city.publish(tmp_path)
    reader, now = LogReader.folder(tmp_path), city.now + DAY_MS + 1000
    assert verify_log(reader, city.policy(), now=now).ok
    assert not verify_log(reader, city.policy(), now=now, max_age_ms=DAY_MS).ok


def test_the_founding_entry_is_of_this_log(tmp_path: Path) -> None:
    city = started()
    signer = Signer("other.example", key_of("log").private)
    city.publish(tmp_path)
    head = Checkpoint("other.example", len(city.raws), _root(city))
    (tmp_path / "checkpoint").write_bytes(notes.render(head.text(), [signer.sign(head.text())]))
    policy = type(city.policy()).parse(f"log {signer.verifier.vkey()}\nquorum none\n")
    report = verify_log(LogReader.folder(tmp_path), policy)
    assert ("origin", "entry 0") in codes(report)


def _root(city: City) -> bytes:
    return merkle.root([merkle.leaf_hash(raw) for raw in city.raws])


def test_an_empty_folder_is_no_log(tmp_path: Path) -> None:
    report = verify_log(LogReader.folder(tmp_path), started().policy())
    assert codes(report) == [("checkpoint", "checkpoint")]


# -- files


@pytest.fixture(scope="module")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> tuple[City, Path]:
    """Over two tiles of the first level and one entry more."""
    city = started()
    for number in range(520):
        commitment = digest(str(number))
        body = {"actor": "a-1", "role": "operator", "act": "snapshot"}
        city.keep("act", **body, detail_commitment=commitment)
    folder = tmp_path_factory.mktemp("long")
    city.publish(folder)
    return city, folder


def needed(folder: Path) -> list[Path]:
    """Files that the checkpoint needs."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "head"]


def test_a_lost_file_is_named(long_log: tuple[City, Path], tmp_path: Path) -> None:
    city, folder = long_log
    for number, path in enumerate(needed(folder)):
        copy = tmp_path / str(number)
        shutil.copytree(folder, copy)
        name = str(path.relative_to(folder))
        (copy / name).unlink()
        report = verify_log(LogReader.folder(copy), city.policy())
        assert name in [finding.where for finding in report.findings]


@pytest.mark.parametrize("flaw", ["torn", "longer", "empty"])
def test_a_torn_file_is_named(long_log: tuple[City, Path], tmp_path: Path, flaw: str) -> None:
    city, folder = long_log
    change: dict[str, Callable[[bytes], bytes]] = {
        "torn": lambda data: data[:-1],
        "longer": lambda data: data + b"\x00",
        "empty": lambda data: b"",
    }
    for number, path in enumerate(needed(folder)):
        copy = tmp_path / str(number)
        shutil.copytree(folder, copy)
        name = path.relative_to(folder)
        (copy / name).write_bytes(change[flaw](path.read_bytes()))
        report = verify_log(LogReader.folder(copy), city.policy())
        assert str(name) in [finding.where for finding in report.findings]


def test_an_entry_and_its_tile_changed_together_are_found_by_the_root(
    long_log: tuple[City, Path], tmp_path: Path
) -> None:
    city, folder = long_log
    copy = tmp_path / "log"
    shutil.copytree(folder, copy)
    bundle, tile = copy / "tile/entries/000", copy / "tile/0/000"
    raw = city.raws[5]
    changed = raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:]
    bundle.write_bytes(bundle.read_bytes().replace(raw, changed))
    data = tile.read_bytes().replace(merkle.leaf_hash(raw), merkle.leaf_hash(changed))
    tile.write_bytes(data)
    found = codes(verify_log(LogReader.folder(copy), city.policy()))
    assert ("root", "checkpoint") in found
    assert ("tile", "tile/1/000.p/2") in found


def test_partial_files_may_have_given_way_to_full_ones(tmp_path: Path) -> None:
    city = started()
    city.publish(tmp_path)
    old = (tmp_path / "checkpoint").read_bytes()
    for number in range(300):
        body = {"actor": "a-1", "role": "operator", "act": "snapshot"}
        city.keep("act", **body, detail_commitment=digest(str(number)))
    city.publish(tmp_path)
    (tmp_path / "checkpoint").write_bytes(old)
    report = verify_log(LogReader.folder(tmp_path), city.policy())
    assert report.ok, report.lines()
    assert report.facts["size"] < 256


# -- entries that should not be there


@pytest.mark.parametrize(
    ("why", "raw"),
    [
        ("not JSON", b"hello"),
        ("not canonical", b'{ "v":1}'),
        ("unknown type", make("wish", {}, time=START, id="0" * 32).raw),
        ("the keeper plays a person", make("hold", {}, time=START, id="0" * 32).raw),
    ],
)
def test_false_entries_are_named_and_the_rest_is_judged(
    tmp_path: Path, why: str, raw: bytes
) -> None:
    city = started()
    city.raws.append(raw)
    city.history.size += 1
    city.keep("start", software=digest("s"), log_size=0)
    report = verified(city, tmp_path)
    assert codes(report) == [("entry", f"entry {len(city.raws) - 2}")]
    assert report.facts["entries"]["start"] == 1


def test_a_submission_id_twice(tmp_path: Path) -> None:
    city = started()
    entry = city.draft("start", {"software": digest("s"), "log_size": 0})
    city.log(entry)
    city.log(entry)
    report = verified(city, tmp_path)
    assert codes(report) == [("entry", f"entry {len(city.raws) - 1}")]


def test_a_window_without_a_lawful_version_is_a_failure(tmp_path: Path) -> None:
    city = started()
    record = city.window("cam-01", city.now - city.now % 60_000 + 300_000)
    city.camera("cam-01", "suspended")
    index = force(city, "windows", windows=[record])
    assert codes(verified(city, tmp_path)) == [("entry", f"entry {index}")]


def test_an_opening_without_k_releases_is_a_failure(tmp_path: Path) -> None:
    city = started()
    window = first_window(city)
    asked = city.request(window)
    city.release(asked, window, "p-court")
    index = force(city, "opening", request=asked, window=window, resealed_e=digest("e"))
    report = verified(city, tmp_path)
    assert codes(report) == [("entry", f"entry {index}")]
    assert "fewer than 2 releases" in report.findings[0].message


# -- leaves: what was recorded


def roots_entry(city: City, listed: list[dict[str, Any]], **changes: Any) -> int:
    """A roots entry over any leaves."""
    cipher, plain = leaves.roots(listed)
    body = {
        "node": "node-1",
        "minute": listed[0]["minute"],
        "leaves": len(listed),
        "cipher_root": cipher,
        "plain_root": plain,
        **changes,
    }
    entry = city.draft("roots", body)
    city.leaves[leaves.path(entry.id)] = canonical(listed)
    return city.log(entry)


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("another window", {"window": "cam-01.20261123T080000Z.1.9"}),
        ("another camera", {"camera": "cam-02"}),
        ("another register version", {"register": 1}),
        ("before the window", {"minute": to_iso(START - 60_000)}),
        ("in the future", {"minute": to_iso(START + 60_000 * 60)}),
        ("a fraction of a segment", {"segments": 0}),
        ("no number", {"segments": True}),
        ("no text", {"camera": 1}),
        ("one field more", {"people": 3}),
    ],
)
def test_recordings_that_no_window_allows(
    tmp_path: Path, why: str, changes: dict[str, Any]
) -> None:
    city = started()
    city.pass_time(300)
    index = roots_entry(city, [city.leaf(first_window(city), **changes)])
    report = verified(city, tmp_path)
    assert [where for _, where in codes(report)] == [f"entry {index}"]


@pytest.mark.parametrize("stop", ["basis revoked", "objection upheld"])
def test_recording_goes_on_although_what_it_rests_on_fell(tmp_path: Path, stop: str) -> None:
    """The gate's yes is remembered between leaves; what shuts it names no camera."""
    city = City()
    city.found()
    year = {"valid_from": "2026-11-01", "valid_to": "2027-11-01"}
    city.register("legal-basis", "act", **year)
    city.camera("cam-01", rests_on=["legal-basis/act"])
    city.pass_time(31)
    first, _, third = city.windows("cam-01", 3)
    city.pass_time(90)
    city.record(first)
    if stop == "basis revoked":
        city.register("legal-basis", "act", "revoked", **year)
    else:
        city.camera("cam-01", "suspended")
        city.camera("cam-01", sees="more")
        city.keep("objection", camera="cam-01", version=3, commitment=digest("why"))
    city.pass_time(150)
    index = roots_entry(city, [city.leaf(third, minute=city.leaf(third)["minute"])])
    report = verified(city, tmp_path)
    assert codes(report) == [("gate", f"entry {index}")]


def test_recording_goes_on_after_a_suspension(tmp_path: Path) -> None:
    city = City()
    city.found()
    city.camera("cam-01")
    city.pass_time(31)
    names = city.windows("cam-01", 5)
    city.pass_time(60)
    city.camera("cam-01", "suspended")
    city.pass_time(300)
    indexes = [roots_entry(city, [city.leaf(name)]) for name in names]
    report = verified(city, tmp_path)
    assert codes(report) == [("gate", f"entry {index}") for index in indexes[1:]]
    assert "suspended" in report.findings[0].message


def test_recording_goes_on_in_a_window_that_a_suspension_cuts(tmp_path: Path) -> None:
    """Minutes are 20 s after one another here, so that the window is cut in its middle."""
    city = City()
    city.found()
    city.camera("cam-01")
    city.pass_time(31)
    name = city.windows("cam-01", 1)[0]
    city.pass_time(39)
    sound = [roots_entry(city, [city.leaf(name, minute=to_iso(city.now))])]
    city.camera("cam-01", "suspended")
    city.pass_time(10)
    sound.append(roots_entry(city, [city.leaf(name, minute=to_iso(city.now))]))
    city.pass_time(31)
    sound.append(roots_entry(city, [city.leaf(name, minute=to_iso(city.now))]))
    city.pass_time(10)
    wrong = roots_entry(city, [city.leaf(name, minute=to_iso(city.now))])
    assert codes(verified(city, tmp_path)) == [("gate", f"entry {wrong}")]


@pytest.mark.parametrize(("before_s", "sound"), [(9, True), (11, False)])
def test_a_recorder_that_stops_within_ten_seconds_may_begin_a_window(
    tmp_path: Path, before_s: int, sound: bool
) -> None:
    """A window's last second and the next one's first lie on both sides of a minute."""
    city = City()
    city.found()
    city.camera("cam-01")
    city.pass_time(31)
    first, second = city.windows("cam-01", 2)
    city.now = from_iso(city.history.window(second).record["start"]) - before_s * 1000
    city.camera("cam-01", "suspended")
    city.pass_time(before_s + 60)
    roots_entry(city, [city.leaf(first)])
    index = roots_entry(city, [city.leaf(second)])
    assert codes(verified(city, tmp_path)) == ([] if sound else [("gate", f"entry {index}")])


def test_leaves_may_come_late_when_the_keeper_was_away(tmp_path: Path) -> None:
    city = started()
    city.pass_time(600)
    city.camera("cam-01", "suspended")
    listed = [city.leaf(name, minute=to_iso(city.now)) for name in city.history.windows]
    roots_entry(city, listed)
    assert verified(city, tmp_path).ok


@pytest.mark.parametrize("flaw", ["absent", "changed", "count", "root", "not canonical"])
def test_published_leaves_are_those_that_were_logged(tmp_path: Path, flaw: str) -> None:
    city = started()
    leaf = city.leaf(first_window(city))
    flaws: dict[str, dict[str, Any]] = {
        "count": {"leaves": 2},
        "root": {"plain_root": digest("x")},
    }
    changes = flaws.get(flaw, {})
    index = roots_entry(city, [leaf], **changes)
    name = next(iter(city.leaves))
    if flaw == "absent":
        del city.leaves[name]
    elif flaw == "changed":
        city.leaves[name] = canonical([{**leaf, "segments": 31}])
    elif flaw == "not canonical":
        city.leaves[name] += b"\n"
    assert codes(verified(city, tmp_path)) == [("leaves", f"entry {index}")]


@pytest.mark.parametrize("field", ["camera", "window", "segments", "register", "minute", "plain"])
def test_the_plain_root_binds_every_field_of_a_leaf(field: str) -> None:
    city = started()
    leaf = city.leaf(first_window(city))
    assert leaves.roots([leaf])[1] != leaves.roots([{**leaf, field: "x"}])[1]


# -- reveals, shreds, openings


@pytest.mark.parametrize("flaw", ["detail", "salt", "short salt", "no act", "twice"])
def test_reveals_are_what_was_committed_to(tmp_path: Path, flaw: str) -> None:
    city = started()
    detail = {"camera": "cam-01"}
    body = {"actor": "a-1", "role": "operator", "act": "live"}
    of = city.keep("act", **body, detail_commitment=commit(detail, SALT))
    shown: dict[str, Any] = {"of": of, "detail": detail, "salt": SALT.hex()}
    if flaw == "twice":
        city.keep("reveal", **shown)
    flaws: dict[str, dict[str, Any]] = {
        "detail": {"detail": {"camera": "cam-02"}},
        "salt": {"salt": "11" * 32},
        "short salt": {"salt": "11"},
        "no act": {"of": 0},
    }
    index = city.keep("reveal", **{**shown, **flaws.get(flaw, {})})
    assert codes(verified(city, tmp_path)) == [("reveal", f"entry {index}")]


def test_acts_that_are_never_revealed_are_noted(tmp_path: Path) -> None:
    city = started()
    body = {"actor": "a-1", "role": "operator", "act": "live"}
    city.keep("act", **body, detail_commitment=digest("d"))
    city.pass_time(1500)
    assert verified(city, tmp_path / "a").notes == []
    city.pass_time(3600)
    city.keep("start", software=digest("s"), log_size=0)
    assert "not revealed" in " ".join(verified(city, tmp_path / "b").notes)


def test_windows_that_were_not_shredded_in_time_are_a_failure(tmp_path: Path) -> None:
    city = started()
    due = city.history.windows[first_window(city)].due
    city.now = due + 3_600_000 - 1000
    assert verified(city, tmp_path / "a").ok
    city.now = due + 3_600_000
    report = verified(city, tmp_path / "b")
    assert codes(report) == [("overdue", "street.20261123T080000Z")]
    assert "3 windows" in report.findings[0].message


def test_a_hold_is_not_overdue_until_it_ends(tmp_path: Path) -> None:
    city = started()
    names = list(city.history.windows)
    due = city.history.windows[names[0]].due
    hold = {"until": to_iso(due + DAY_MS), "detail_commitment": digest("h")}
    city.state("hold", "p-dpo", windows=names, **hold)
    city.now = due + DAY_MS
    assert verified(city, tmp_path / "a").ok
    city.now += 3_600_000
    assert codes(verified(city, tmp_path / "b")) == [("overdue", "street.20261123T080000Z")]


def test_a_hold_of_what_is_due_is_a_failure(tmp_path: Path) -> None:
    city = started()
    names = list(city.history.windows)
    city.now = city.history.windows[names[0]].due
    city.keep("start", software="x", log_size=1)
    hold = {"until": to_iso(city.now + DAY_MS), "detail_commitment": digest("h")}
    index = force(city, "hold", "p-dpo", windows=names, **hold)
    assert codes(verified(city, tmp_path)) == [("entry", f"entry {index}")]


def test_a_shred_before_its_time_is_a_failure(tmp_path: Path) -> None:
    """A keeper whose clock runs ahead destroys early; the witnesses' clocks show it."""
    city = started()
    now, due = city.now, city.history.windows[first_window(city)].due
    city.now = due
    city.shred(next(iter(city.history.due(due))))
    city.now = now
    assert codes(verified(city, tmp_path)) == [("time", "log")]


def test_times_that_nobody_can_read_are_named(tmp_path: Path) -> None:
    """In an entry, and in the leaves behind one: the rest is verified all the same."""
    city = started()
    index = city.record(first_window(city))
    city.raws[index] = city.raws[index].replace(b'"minute":"2', b'"minute":"x')
    raw = make("start", {"software": "x", "log_size": 1}, time=START, id="0" * 32).raw
    moment = b'"time":"9999-12-31T23:59:59-23:59"'
    city.raws.append(re.sub(rb'"time":"[^"]+"', moment, raw))
    report = verified(city, tmp_path)
    assert codes(report) == [("entry", f"entry {index}"), ("entry", f"entry {index + 1}")]


def test_a_late_shred_and_a_late_opening_are_noted(tmp_path: Path) -> None:
    city = started()
    window = first_window(city)
    asked = city.request(window)
    city.release(asked, window, "p-court", "p-dpo")
    city.pass_time(61)
    assert "openings are overdue" in " ".join(verified(city, tmp_path / "a").notes)
    city.keep("opening", request=asked, window=window, resealed_e=digest("e"))
    city.now = city.history.windows[window].due + 3_700_000
    city.shred("street.20261123T080000Z")
    report = verified(city, tmp_path / "b")
    assert report.ok
    assert report.notes == ["3 windows were shredded over an hour late."]


def test_many_failures_are_counted_and_summed_up(tmp_path: Path) -> None:
    city = started()
    for _ in range(1100):
        force(city, "wish")
    report = verified(city, tmp_path)
    assert report.found == 1100
    assert len(report.findings) == 1000
    assert "1100 failures" in " ".join(report.lines())
