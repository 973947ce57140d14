"""A package made over HTTP verifies offline; each change to it is found."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from plainview.base.ids import sha256_hex
from plainview.errors import BadFormat, BadProof, NotLogged
from plainview.evidence.package import Facts, PackageWriter
from plainview.media import codecs
from plainview.media.convert import ClipStyle
from plainview.media.files import read_frames, read_packets
from plainview.media.fmp4 import write_segment
from plainview.media.packets import Packet
from plainview.release import opening
from plainview.release.package import make_package
from plainview.release.record import Minute, check_segments
from plainview.testing.desk import Desk, serving
from plainview.testing.errand import Errand
from plainview.testing.patterns import wandering
from plainview.testing.town import Town
from plainview.tlog.entries import canonical
from plainview.tlog.policy import Policy
from plainview.tlog.segments import segments_root
from plainview.verify.manifest import sign_manifest
from plainview.verify.package import verify_package

JPEG = ClipStyle(codec="mjpeg", pixels="yuvj420p")


def make(errand: Errand, path: Path) -> Path:
    hash = errand.released()
    with errand.session("investigator") as server:
        trust = errand.trust("investigator")
        asked, releases = opening.examine(server, trust, hash)
        made = make_package(server, trust, asked, releases, path)
    assert (made.windows, made.segments) == (1, 3)
    return path


def test_another_video_is_found(errand: Errand, tmp_path: Path) -> None:
    """Its maker may be a party to the case: what plays must be what is proved."""
    path, policy = make(errand, tmp_path / "case.zip"), Policy.parse(errand.town.policy)
    name = f"video-{errand.window}.mp4"
    with zipfile.ZipFile(path) as zipped:
        files = {one: zipped.read(one) for one in zipped.namelist()}
    files[name] = files[name][:-100] + bytes(100)
    manifest = json.loads(files["manifest.json"])
    manifest["files"][name] = sha256_hex(files[name])
    files["manifest.json"] = canonical(manifest)
    key = errand.town.keys["investigator"].signing
    files["manifest.sig"] = sign_manifest(files["manifest.json"], key)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as zipped:
        for one, data in files.items():
            zipped.writestr(one, data)
    report = verify_package(tmp_path / "other.zip", policy)
    assert [(one.code, one.where) for one in report.findings] == [("video", name)]


def test_package_verifies_and_changes_do_not(errand: Errand, tmp_path: Path) -> None:
    path = make(errand, tmp_path / "case.zip")
    policy = Policy.parse(errand.town.policy)
    report = verify_package(path, policy)
    assert report.ok, report
    names = zipfile.ZipFile(path).namelist()
    assert f"segments/{errand.window}/0.mp4" in names
    assert f"video-{errand.window}.mp4" in names
    for name in ("README.txt", "policy.txt", "detail.json", "manifest.sig"):
        assert name in names
        broken = rewrite(path, tmp_path / "broken.zip", name, lambda data: data[:-2] + b"??")
        assert not verify_package(broken, policy).ok
    segment = f"segments/{errand.window}/1.mp4"
    broken = rewrite(
        path, tmp_path / "broken.zip", segment, lambda data: data[:-1] + bytes([data[-1] ^ 1])
    )
    assert not verify_package(broken, policy).ok


def rewrite(source: Path, target: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for item in old.infolist():
            data = old.read(item)
            new.writestr(item.filename, change(data) if item.filename == name else data)
    return target


def test_nothing_is_left_when_making_fails(tmp_path: Path) -> None:
    def twice() -> None:
        with PackageWriter(tmp_path / "a.zip") as writer:
            writer.add("detail.json", b"{}")
            writer.add("detail.json", b"{}")

    with pytest.raises(BadFormat, match="already"):
        twice()
    assert list(tmp_path.iterdir()) == []


def test_same_content_same_bytes(tmp_path: Path) -> None:
    def write(path: Path) -> bytes:
        with PackageWriter(path) as writer:
            writer.add_policy("log x\n")
            writer.finish(Facts(0, "plainview", "log", "ab" * 32, ()), lambda manifest: manifest)
        return path.read_bytes()

    assert write(tmp_path / "a.zip") == write(tmp_path / "b.zip")


def test_segments_are_held_against_what_was_logged(errand: Errand) -> None:
    record = errand.sealed.header.record
    hashes = [f"{number:064x}" for number in range(5)]
    minutes = [Minute(7, 3, segments_root(hashes[:3])), Minute(9, 2, segments_root(hashes[3:]))]
    assert check_segments(record, minutes, hashes) == [7, 7, 7, 9, 9]
    for wrong in (hashes[:4], hashes[1:], [hashes[1], hashes[0], *hashes[2:]]):
        with pytest.raises(BadProof, match="not those that were logged"):
            check_segments(record, minutes, wrong)
    with pytest.raises(NotLogged, match="2 segments"):
        check_segments(record, minutes[:1], hashes)


def test_a_camera_whose_codec_changes_is_played_in_parts(tmp_path: Path) -> None:
    """Each codec that is recorded opens, plays and verifies; a false part is found."""
    town = Town(tmp_path / "town")
    sealed = town.make_window()
    styles = [ClipStyle(codec="av1"), JPEG, ClipStyle(codec="hevc", preset="ultrafast")]
    clips = [wandering(style, 20) for style in styles]
    films = [write_segment(list(clip.packets()), clip.parameters) for clip in clips]
    town.record(sealed, 3, lambda _, number: films[number])
    town.catch_up()
    desk = Desk(town.settings, town, clock=lambda: town.now)
    with serving(desk) as address:
        path = make(Errand(town, desk, address, sealed), tmp_path / "case.zip")
    policy = Policy.parse(town.policy)
    assert verify_package(path, policy).ok
    window = sealed.header.record.window
    names = [f"video-{window}.mp4", f"video-{window}-2.mp4", f"video-{window}-3.mp4"]
    with zipfile.ZipFile(path) as zipped:
        videos = [zipped.read(name) for name in names]
    for clip, video in zip(clips, videos, strict=True):
        parameters, packets = read_packets(video)
        assert parameters == clip.parameters
        assert picture_units(packets) == picture_units(clip.packets())
        assert len(list(read_frames(video))) == 20
    broken = rewrite(path, tmp_path / "b.zip", names[1], lambda data: data[:-9] + bytes(9))
    assert not verify_package(broken, policy).ok


def picture_units(packets: Iterable[Packet]) -> list[str]:
    return [unit for one in packets for unit in codecs.picture_hashes(one.data, one.codec)]
