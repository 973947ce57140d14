"""Evidence packages: a sound one holds; whatever is changed, left out or added is named."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import Ms, from_iso
from plainview.base.ids import sha256_hex
from plainview.errors import BadFormat
from plainview.seal.segments import SegmentMeta, add_box
from plainview.testing.city import ORIGIN, SALT, City, camera_record, digest, key_of, person
from plainview.testing.passkey import Passkey
from plainview.tlog import leaves
from plainview.tlog.entries import canonical, parse
from plainview.tlog.reader import LogReader
from plainview.tlog.segments import segments_root
from plainview.verify import manifest as m
from plainview.verify.manifest import Manifest, PackedWindow, Segment
from plainview.verify.package import verify_package
from plainview.verify.report import Report

Files = dict[str, bytes]
KEY = key_of("p-investigator").public_b64


def originals(city: City, window: str) -> list[tuple[Segment, bytes]]:
    """Six segments of 10 s, the third lost; the roots entry is filled in later."""
    start = from_iso(city.history.window(window).record["start"])
    made = []
    for seq in (1, 2, 4, 5, 6):
        at: Ms = start + (seq - 1) * 10_000
        meta = SegmentMeta(window, seq, at, at + 10_000, salt=digest(f"{window}{seq}")[:32])
        data = add_box(f"not really an fMP4 {seq}".encode(), meta)
        name = m.segment_name(window, seq)
        made.append((Segment(seq, at, at + 10_000, sha256_hex(data), name, -1), data))
    return made


class Case:
    """A city with one opened window, and the files of its package before they are zipped."""

    def __init__(self, folder: Path) -> None:
        self.city = city = City()
        city.found()
        city.camera("cam-01")
        city.pass_time(31)
        self.window, self.neighbour, _ = city.windows("cam-01")
        city.pass_time(120)
        made = originals(city, self.window)
        self.roots = [self._log(made[:2]), self._log(made[2:])]
        self.request = city.request(self.window)
        city.release(self.request, self.window, "p-court", "p-ombudsman")
        opening = {"request": self.request, "window": self.window}
        city.keep("opening", **opening, resealed_e=digest("e"))
        city.publish(folder / "log")
        placed = [
            replace(segment, roots=self.roots[number >= 2])
            for number, (segment, _) in enumerate(made)
        ]
        self.files: Files = {
            s.file: data for s, (_, data) in zip(placed, made, strict=True) if s.file
        }
        self.files |= {"policy.txt": city.policy().text.encode(), "README.txt": b"Read me."}
        self.files["detail.json"] = canonical({"detail": {"case": "K 12/26"}, "salt": SALT.hex()})
        self._add_log(LogReader.folder(folder / "log"))
        entries = tuple(range(len(city.raws)))
        window = PackedWindow(self.window, tuple(placed))
        self.manifest = Manifest(city.now, "test", ORIGIN, self.request, entries, (window,), {})

    def _log(self, made: list[tuple[Segment, bytes]]) -> int:
        """A minute's leaf of these segments."""
        plain = segments_root([segment.plain for segment, _ in made])
        leaf = self.city.leaf(self.window, segments=len(made), plain=plain)
        neighbour = self.city.leaf(self.neighbour, minute=leaf["minute"])
        cipher, plain = leaves.roots([neighbour, leaf])
        body = {"node": "node-1", "minute": leaf["minute"], "leaves": 2}
        entry = self.city.draft("roots", {**body, "cipher_root": cipher, "plain_root": plain})
        self.city.leaves[leaves.path(entry.id)] = canonical([neighbour, leaf])
        return self.city.log(entry)

    def _add_log(self, reader: LogReader) -> None:
        for index, raw in enumerate(self.city.raws):
            self.files[m.entry_name(index)] = raw
            self.files[m.proof_name(index)] = reader.proof(index)
        for index in self.roots:
            name = leaves.path(parse(self.city.raws[index]).id)
            self.files[name] = self.city.leaves[name]

    def pack(self, path: Path, *, signer: str = "p-investigator") -> Path:
        """The zip, with every file hashed and the manifest signed."""
        hashed = {name: sha256_hex(data) for name, data in self.files.items()}
        raw = replace(self.manifest, files=hashed).to_bytes()
        signature = m.sign_manifest(raw, key_of(signer))
        return write_zip(path, {**self.files, m.MANIFEST: raw, m.SIGNATURE: signature})

    def entry(self, kind: str) -> int:
        """Index of the last entry of a type."""
        types = [parse(raw).type for raw in self.city.raws]
        return len(types) - 1 - types[::-1].index(kind)


def write_zip(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w") as zipped:
        for name, data in files.items():
            zipped.writestr(name, data)
    return path


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def found(report: Report) -> set[tuple[str, str]]:
    return {(finding.code, finding.where) for finding in report.findings}


def test_a_sound_package_holds(case: Case, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = case.pack(tmp_path / "p.zip")
    report = verify_package(
        path, case.city.policy(), progress=lambda done, total: told.append((done, total))
    )
    assert report.ok, report.lines()
    assert told[-1] == (len(case.files), len(case.files))
    (window,) = report.facts["windows"]
    assert (window["segments"], window["present"], len(window["gaps"])) == (5, 5, 1)
    assert report.facts["requester"] == "p-investigator"
    assert not report.notes


def test_the_package_s_own_policy_is_said_to_be_its_own(case: Case, tmp_path: Path) -> None:
    report = verify_package(case.pack(tmp_path / "p.zip"))
    assert report.ok
    assert "the package's own" in report.notes[0]


def test_another_city_s_policy_refuses_it(case: Case, tmp_path: Path) -> None:
    other = City(witnesses=("w4", "w5"))
    report = verify_package(case.pack(tmp_path / "p.zip"), other.policy())
    assert not report.ok
    assert ("entry", "entry 0") in found(report)


def test_every_changed_file_is_named(case: Case, tmp_path: Path) -> None:
    path = case.pack(tmp_path / "p.zip")
    with zipfile.ZipFile(path) as zipped:
        files = {name: zipped.read(name) for name in zipped.namelist()}
    for name, data in files.items():
        changed = data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]
        report = verify_package(
            write_zip(tmp_path / "c.zip", {**files, name: changed}), case.city.policy()
        )
        assert not report.ok, name
        if name not in (m.MANIFEST, m.SIGNATURE):
            assert ("file", name) in found(report)


def test_every_lost_and_every_added_file_is_named(case: Case, tmp_path: Path) -> None:
    path = case.pack(tmp_path / "p.zip")
    with zipfile.ZipFile(path) as zipped:
        files = {name: zipped.read(name) for name in zipped.namelist()}
    for name in files:
        left = {other: data for other, data in files.items() if other != name}
        report = verify_package(write_zip(tmp_path / "c.zip", left), case.city.policy())
        assert not report.ok, name
    more = write_zip(tmp_path / "c.zip", {**files, "extra.txt": b"x"})
    assert found(verify_package(more, case.city.policy())) == {("file", "extra.txt")}


def test_without_a_file_of_a_segment_the_rest_still_holds(case: Case, tmp_path: Path) -> None:
    (window,) = case.manifest.windows
    del case.files[window.segments[0].file or ""]
    segments = (replace(window.segments[0], file=None), *window.segments[1:])
    case.manifest = replace(case.manifest, windows=(PackedWindow(case.window, segments),))
    report = verify_package(case.pack(tmp_path / "p.zip"), case.city.policy())
    assert report.ok, report.lines()
    assert report.facts["windows"][0]["present"] == 4


def segments_changed(change: Callable[[list[Segment]], list[Segment]]) -> Callable[[Case], None]:
    def act(case: Case) -> None:
        (window,) = case.manifest.windows
        changed = PackedWindow(window.window, tuple(change(list(window.segments))))
        case.manifest = replace(case.manifest, windows=(changed,))

    return act


def swap_files(case: Case) -> None:
    """Two segments change places; the hashes listed follow."""
    (window,) = case.manifest.windows
    one, two = window.segments[:2]
    names = one.file or "", two.file or ""
    case.files[names[0]], case.files[names[1]] = case.files[names[1]], case.files[names[0]]
    one, two = replace(one, plain=two.plain), replace(two, plain=one.plain)
    changed = PackedWindow(window.window, (one, two, *window.segments[2:]))
    case.manifest = replace(case.manifest, windows=(changed,))


def forge_segment(case: Case) -> None:
    """A picture changed, with its listed hash."""
    (window,) = case.manifest.windows
    first = window.segments[0]
    data = case.files[first.file or ""].replace(b"really", b"REALLY")
    case.files[first.file or ""] = data
    forged = replace(first, plain=sha256_hex(data))
    changed = PackedWindow(window.window, (forged, *window.segments[1:]))
    case.manifest = replace(case.manifest, windows=(changed,))


def without(kind: str) -> Callable[[Case], None]:
    def act(case: Case) -> None:
        index = case.entry(kind)
        del case.files[m.entry_name(index)], case.files[m.proof_name(index)]
        kept = tuple(i for i in case.manifest.entries if i != index)
        case.manifest = replace(case.manifest, entries=kept)

    return act


def other_window(case: Case) -> None:
    (window,) = case.manifest.windows
    case.manifest = replace(case.manifest, windows=(replace(window, window=case.neighbour),))


def other_proof(case: Case) -> None:
    index = case.entry("request")
    case.files[m.proof_name(index)] = case.files[m.proof_name(index - 1)]


def other_detail(case: Case) -> None:
    case.files["detail.json"] = canonical({"detail": {"case": "K 1/1"}, "salt": SALT.hex()})


def other_leaves(case: Case) -> None:
    name = next(name for name in case.files if name.startswith("leaves/"))
    listed = json.loads(case.files[name])
    case.files[name] = canonical(list(reversed(listed)))


def other_origin(case: Case) -> None:
    case.manifest = replace(case.manifest, origin="other.example")


def other_request(case: Case) -> None:
    case.manifest = replace(case.manifest, request=digest("none"))


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (segments_changed(lambda all: all[1:]), "segments"),
        (segments_changed(lambda all: [*all[1:], all[0]]), "segments"),
        (segments_changed(lambda all: [replace(s, roots=0) for s in all]), "segments"),
        (segments_changed(lambda all: [replace(s, roots=999) for s in all]), "segments"),
        (segments_changed(lambda all: [replace(s, start=s.start + 1) for s in all]), "segment"),
        (segments_changed(lambda all: [replace(s, seq=s.seq + 1) for s in all]), "segment"),
        (swap_files, "segments"),
        (forge_segment, "segments"),
        (without("founding"), "entry"),
        (without("custodian-set"), "entry"),
        (without("camera"), "entry"),
        (without("windows"), "entry"),
        (without("release"), "entry"),
        (without("opening"), "window"),
        (without("request"), "request"),
        (without("roots"), "segments"),
        (other_window, "window"),
        (other_proof, "entry"),
        (other_detail, "detail"),
        (other_leaves, "segments"),
        (other_origin, "entry"),
        (other_request, "request"),
    ],
)
def test_false_packages(case: Case, tmp_path: Path, act: Callable[[Case], None], code: str) -> None:
    act(case)
    report = verify_package(case.pack(tmp_path / "p.zip"), case.city.policy())
    assert code in {finding.code for finding in report.findings}, report.lines()


@pytest.fixture
def approved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """The set and the camera were proposed and approved; the requester has a passkey first."""

    class Approving(City):
        def custodians(self, name: str, k: int, *people: str) -> int:
            super().custodians(name, k, *people)
            stated = parse(self.raws[-1]).body
            first = Passkey("p-investigator").public_b64
            asker = person("p-investigator", key=first, more_keys=[KEY], age="age1investigator")
            self.approve("p-admin", self.propose("p-dpo", "enrol", **asker))
            return self.approve("p-admin", self.propose("p-dpo", "custodian-set", **stated))

        def camera(self, name: str, status: str = "active", **changes: Any) -> int:
            body = {"camera": name, "version": 1, "status": status}
            record = camera_record(self.start, **changes)
            proposal = self.propose("p-operator", "camera", **body, record=record)
            return self.approve("p-dpo", proposal)

    monkeypatch.setitem(globals(), "City", Approving)
    return Case(tmp_path)


def test_what_was_approved_holds(approved: Case, tmp_path: Path) -> None:
    report = verify_package(approved.pack(tmp_path / "p.zip"), approved.city.policy())
    assert report.ok, report.lines()


@pytest.mark.parametrize("kind", ["propose", "approve"])
def test_half_of_an_approval_is_named(approved: Case, tmp_path: Path, kind: str) -> None:
    without(kind)(approved)
    report = verify_package(approved.pack(tmp_path / "p.zip"), approved.city.policy())
    assert "entry" in {finding.code for finding in report.findings}, report.lines()


def test_the_manifest_is_signed_by_a_key_of_the_requester(case: Case, tmp_path: Path) -> None:
    path = case.pack(tmp_path / "p.zip", signer="p-dpo")
    assert found(verify_package(path, case.city.policy())) == {("signature", m.SIGNATURE)}


@pytest.mark.parametrize(("seconds", "named"), [(31, 2), (60, 0)])
def test_what_was_recorded_after_a_suspension_is_named(
    tmp_path: Path, seconds: int, named: int
) -> None:
    """The camera was suspended 2 s (31 s) after its window began; a recorder has 30 s to stop."""

    class Suspended(City):
        def windows(self, camera: str, count: int = 3) -> list[str]:
            made = super().windows(camera, count)
            self.pass_time(seconds)
            self.camera(camera, "suspended")
            return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "City", Suspended)
        case = Case(tmp_path)
    report = verify_package(case.pack(tmp_path / "p.zip"), case.city.policy())
    late = [finding.where for finding in report.findings if finding.code == "gate"]
    assert len(late) == named, report.lines()
    assert len(report.findings) == len(late)


@pytest.mark.parametrize("windows", [(), (PackedWindow("w", ()),)])
def test_a_package_without_a_recording_is_none(
    case: Case, tmp_path: Path, windows: tuple[PackedWindow, ...]
) -> None:
    named = tuple(replace(window, window=case.window) for window in windows)
    case.manifest = replace(case.manifest, windows=named)
    report = verify_package(case.pack(tmp_path / "p.zip"), case.city.policy())
    assert "no recording" in report.findings[0].message


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_damage_in_a_packed_zip_is_told(case: Case, tmp_path: Path, method: int) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(case.pack(tmp_path / "whole.zip")) as whole:
        files = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w", method) as zipped:
        for name, data in files.items():
            zipped.writestr(name, data)
        at = zipped.getinfo("README.txt")
        begin = at.header_offset + 30 + len(at.filename)
    data = path.read_bytes()
    end = begin + at.compress_size
    path.write_bytes(data[:begin] + b"\xff" * at.compress_size + data[end:])
    report = verify_package(path, case.city.policy())
    assert ("file", "README.txt") in found(report)


def test_only_the_requester_signs(case: Case, tmp_path: Path) -> None:
    path = case.pack(tmp_path / "p.zip", signer="p-operator")
    assert found(verify_package(path, case.city.policy())) == {("signature", "manifest.sig")}


@pytest.mark.parametrize("data", [b"", b"PK", b"hello" * 100])
def test_what_is_no_zip_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(data)
    report = verify_package(path)
    assert [finding.code for finding in report.findings] == ["package"]


def test_two_files_of_one_name_are_refused(case: Case, tmp_path: Path) -> None:
    path = case.pack(tmp_path / "p.zip")
    with zipfile.ZipFile(path, "a") as zipped, pytest.warns(UserWarning, match="Duplicate"):
        zipped.writestr("README.txt", b"Read me.")
    assert "two files of one name" in verify_package(path).findings[0].message


def test_damage_inside_the_zip_is_told(case: Case, tmp_path: Path) -> None:
    path = case.pack(tmp_path / "p.zip")
    data = path.read_bytes()
    at = data.index(b"not really an fMP4 1")
    path.write_bytes(data[:at] + b"N" + data[at + 1 :])
    report = verify_package(path, case.city.policy())
    assert ("file", m.segment_name(case.window, 1)) in found(report)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"type": "other"},
        {"entries": [2, 1]},
        {"entries": [1, 1]},
        {"entries": [-1]},
        {"files": {"a": "b"}},
        {"windows": [{}]},
        {"extra": 1},
        {"made": "now"},
    ],
)
def test_malformed_manifests_are_refused(case: Case, change: dict[str, Any]) -> None:
    document = json.loads(case.manifest.to_bytes())
    assert Manifest.parse(canonical(document)) == case.manifest
    with pytest.raises(BadFormat):
        Manifest.parse(canonical({**document, **change}))
