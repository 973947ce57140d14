"""Verifying an evidence package, offline: docs/ref/evidence-package.md says what is checked."""

from __future__ import annotations

import hashlib
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from plainview.base.clock import from_iso, to_iso
from plainview.base.ids import sha256_hex, unb64
from plainview.errors import (
    BadFormat,
    BadProof,
    BadSignature,
    NotFound,
    NotLogged,
    PlainviewError,
)
from plainview.seal.join import Joiner
from plainview.seal.segments import split_box
from plainview.tlog import leaves, proof
from plainview.tlog.entries import Entry, commit, key_id, parse, read_canonical
from plainview.tlog.history import History, Request
from plainview.tlog.notes import ED25519, Verifier
from plainview.tlog.policy import Policy
from plainview.tlog.segments import segments_root
from plainview.tlog.shapes import HEX, check_shape
from plainview.verify.leaves import check_leaves
from plainview.verify.manifest import (
    CONTEXT,
    DETAIL,
    MANIFEST,
    POLICY,
    SIGNATURE,
    Manifest,
    PackedWindow,
    Segment,
    entry_name,
    proof_name,
    video_name,
)
from plainview.verify.minutes import MINUTE_MS, STOP_GRACE_MS, STOPS_MS
from plainview.verify.opengate import OpenGate
from plainview.verify.report import Report
from plainview.verify.tree import Progress

MAX_FILES = 100_000
MAX_SMALL = 64 * 1024 * 1024
"""Bytes of a manifest, entry, proof or leaves file."""
MAX_SEGMENT = 4 * MAX_SMALL
_UNREADABLE = (zipfile.BadZipFile, OSError, RuntimeError, EOFError, zlib.error, lzma.LZMAError)
"""What a damaged file of a zip raises while it is read, whatever it was packed with."""
ED25519_BYTES = 32
_BLOCK = 1024 * 1024
_BREAK_MS = 100
"""Milliseconds between segments that are named as a gap."""


class _Package:
    """Files of the zip by name, read with bounds."""

    def __init__(self, zipped: zipfile.ZipFile) -> None:
        self._zip = zipped
        self.names = {item.filename for item in zipped.infolist() if not item.is_dir()}
        if len(self.names) > MAX_FILES or len(zipped.infolist()) > MAX_FILES:
            raise BadFormat("the package holds too many files.")
        if len(set(zipped.namelist())) != len(zipped.namelist()):
            raise BadFormat("the package holds two files of one name.")

    def read(self, name: str, limit: int = MAX_SMALL) -> bytes:
        """A whole file; raises `NotFound`, `BadFormat`."""
        if name not in self.names:
            raise NotFound(f"{name} is not in the package.")
        try:
            with self._zip.open(name) as file:
                data = file.read(limit + 1)
        except _UNREADABLE as error:
            raise BadFormat(f"{name} cannot be read: {error}.") from error
        if len(data) > limit:
            raise BadFormat(f"{name} is too large.")
        return data

    def digest(self, name: str) -> str:
        """Hex SHA-256 of a file of any size."""
        found = hashlib.sha256()
        try:
            with self._zip.open(name) as file:
                while block := file.read(_BLOCK):
                    found.update(block)
        except _UNREADABLE as error:
            raise BadFormat(f"{name} cannot be read: {error}.") from error
        return found.hexdigest()


def verify_package(
    path: Path,
    policy: Policy | None = None,
    *,
    progress: Progress = lambda done, total: None,
) -> Report:
    """Verify the zip at `path`; the report's `ok` says whether all holds.

    Without `policy` the package's own is used, and the report says so: that proves only that the
    package agrees with itself.
    """
    report = Report("The package")
    try:
        with zipfile.ZipFile(path) as zipped:
            _Verification(_Package(zipped), policy, report, progress).run()
    except (OSError, zipfile.BadZipFile) as error:
        report.fail("package", path.name, f"it is not a zip that can be read: {error}.")
    except PlainviewError as error:
        report.fail("package", path.name, error.line())
    return report


class _Verification:
    """One run; each check records its own failures, so that all of them are seen."""

    def __init__(
        self, package: _Package, policy: Policy | None, report: Report, progress: Progress
    ) -> None:
        self._package, self._report, self._progress = package, report, progress
        self._raw = package.read(MANIFEST)
        self._manifest = Manifest.parse(self._raw)
        if policy is None:
            policy = Policy.parse(package.read(POLICY).decode("utf-8", "replace"))
            report.notes.append(
                "The trust policy is the package's own. To know that this is the city's log, "
                "give the policy that you have from the city or a witness: --policy FILE."
            )
        self._policy = policy
        self._history = History()
        self._gate = OpenGate(self._history)
        self._entries: dict[int, Entry] = {}

    @contextmanager
    def _checking(self, code: str, where: str) -> Iterator[None]:
        try:
            yield
        except PlainviewError as error:
            self._report.fail(code, where, error.message)

    def run(self) -> None:
        """All checks, in the order of the reference page."""
        self._files()
        for index in self._manifest.entries:
            with self._checking("entry", f"entry {index}"):
                self._entry(index)
        with self._checking("request", "request"):
            asked = self._history.request(self._manifest.request)
            self._people(asked)
            if not any(window.segments for window in self._manifest.windows):
                raise NotLogged("the package holds no recording.")
            for window in self._manifest.windows:
                with self._checking("window", window.window):
                    self._window(window, asked)

    def _files(self) -> None:
        listed = self._manifest.files
        for name in sorted(self._package.names - listed.keys() - {MANIFEST, SIGNATURE}):
            self._report.fail("file", name, "it is in the package but not in the manifest.")
        for done, (name, expected) in enumerate(sorted(listed.items()), 1):
            with self._checking("file", name):
                if name not in self._package.names:
                    raise NotFound("it is listed but not in the package.")
                if self._package.digest(name) != expected:
                    raise BadFormat("it was changed after the package was made.")
            self._progress(done, len(listed))

    def _entry(self, index: int) -> None:
        """Inclusion under the policy, then the log's own rules."""
        raw = self._package.read(entry_name(index))
        shown = proof.parse(self._package.read(proof_name(index)))
        checked = proof.check(shown, raw, self._policy)
        if shown.index != index or checked.checkpoint.origin != self._manifest.origin:
            raise BadProof("the proof is for another place or another log.")
        if checked.checkpoint.size > self._report.facts.get("size", 0):
            self._report.witnessed(checked, self._policy)
        entry = parse(raw)
        # The package holds a selection: rules that look back see what was selected.
        self._history.size = index
        self._history.apply(index, entry)
        self._entries[index] = entry

    def _people(self, asked: Request) -> None:
        entry, facts = self._entries[asked.index], self._report.facts
        requester = self._history.people[asked.requester]
        with self._checking("signature", SIGNATURE):
            check_manifest_signature(self._raw, self._package.read(SIGNATURE), requester.keys)
        with self._checking("detail", DETAIL):
            detail = read_canonical(self._package.read(DETAIL))
            check_shape(detail, {"detail": dict, "salt": HEX}, DETAIL)
            shown = commit(detail["detail"], bytes.fromhex(detail["salt"]))
            if shown != entry.body["detail_commitment"]:
                raise BadProof("it is not what the request committed to.")
        facts["requester"] = asked.requester
        facts["purpose"] = entry.body["purpose"]
        facts["windows"] = []

    # -- windows

    def _window(self, packed: PackedWindow, asked: Request) -> None:
        made = self._history.window(packed.window)
        if packed.window not in asked.openings:
            raise NotLogged("the log shows no opening of this window for this request.")
        for index in dict.fromkeys(segment.roots for segment in packed.segments):
            with self._checking("segments", f"{packed.window}, entry {index}"):
                self._minute(packed, index, made.record)
        for segment in packed.segments:
            with self._checking("gate", f"{packed.window}, segment {segment.seq}"):
                start, earliest = from_iso(made.record["start"]), segment.start - STOP_GRACE_MS
                begin, likely = max(start - STOPS_MS, earliest), max(start, earliest)
                camera = made.record["camera"]
                self._gate.check_within(camera, likely, begin, likely + 1)
            if segment.file is not None:
                with self._checking("segment", segment.file):
                    self._segment(packed.window, segment.file, segment)
        self._videos(packed)
        self._report.facts["windows"].append(_told(packed, made.record))

    def _minute(self, packed: PackedWindow, index: int, record: Any) -> None:
        """The segments of one roots entry make up the leaf that was logged."""
        entry = self._entries.get(index)
        if entry is None or entry.type != "roots":
            raise NotLogged("the roots entry that is named is missing.")
        listed = read_canonical(self._package.read(leaves.path(entry.id)))
        check_leaves(listed, entry.body)
        leaf = next((leaf for leaf in listed if leaf["window"] == packed.window), None)
        hashes = [segment.plain for segment in packed.segments if segment.roots == index]
        if leaf is None or leaf["segments"] != len(hashes):
            raise BadProof("not the segments that were logged.")
        if leaf["plain"] != segments_root(hashes):
            raise BadProof("their hashes are not those that were logged.")
        if (leaf["camera"], leaf["register"]) != (record["camera"], record["register"]):
            raise BadProof("they were logged for another camera or register version.")
        at = from_iso(leaf["minute"])
        if at < from_iso(record["start"]) - MINUTE_MS:
            raise BadProof("they were logged before their window began.")

    def _segment(self, window: str, file: str, listed: Segment) -> None:
        data = self._package.read(file, limit=MAX_SEGMENT)
        if sha256_hex(data) != listed.plain:
            raise BadProof("it is not the segment that was logged.")
        meta = split_box(data)[1]
        said = (meta.window, meta.seq, meta.start, meta.end)
        if said != (window, listed.seq, listed.start, listed.end):
            raise BadProof("it says of itself that it is another segment.")

    def _videos(self, packed: PackedWindow) -> None:
        """What a court looks at is made of the proven segments, and of nothing else."""
        first = video_name(packed.window)
        whole, more = first, first.removesuffix(".mp4") + "-"
        names = [name for name in self._package.names if name == whole or name.startswith(more)]
        parts: list[_Hashed] = []
        for name in sorted(names):
            with self._checking("video", name):
                parts = parts or self._joined(packed)
                made = {video_name(packed.window, at): one for at, one in enumerate(parts, start=1)}
                if name not in made or made[name].digest.hexdigest() != self._package.digest(name):
                    raise BadProof("it is not the video that the segments make up.")

    def _joined(self, packed: PackedWindow) -> list[_Hashed]:
        """The parts that the segments make up: a new one where the camera's settings changed."""
        parts: list[_Hashed] = []
        joiner: Joiner | None = None
        for segment in packed.segments:
            if segment.file is None:
                raise NotFound("a segment that it is made of is not in the package.")
            fmp4, meta = split_box(self._package.read(segment.file, limit=MAX_SEGMENT))
            if joiner is None or not joiner.fits(fmp4):
                parts.append(_Hashed())
                joiner = Joiner(parts[-1])
            joiner.add(fmp4, meta.start)
        return parts


class _Hashed:
    """Takes the bytes of a file and keeps their SHA-256 only."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, data: bytes | memoryview, /) -> None:
        """The next bytes."""
        self.digest.update(data)


def _told(packed: PackedWindow, record: Any) -> dict[str, Any]:
    """A window for the verdict: its span, what is there, and the gaps."""
    pairs = zip(packed.segments, packed.segments[1:], strict=False)
    gaps = [
        [to_iso(one.end), to_iso(two.start)]
        for one, two in pairs
        if two.start > one.end + _BREAK_MS
    ]
    present = sum(segment.file is not None for segment in packed.segments)
    return {
        "window": packed.window,
        "camera": record["camera"],
        "start": record["start"],
        "end": record["end"],
        "segments": len(packed.segments),
        "present": present,
        "gaps": gaps,
    }


def check_manifest_signature(manifest: bytes, signature: bytes, keys: tuple[bytes, ...]) -> None:
    """`manifest.sig` is by an Ed25519 key of the requester; raises `BadFormat`, `BadSignature`."""
    document = read_canonical(signature)
    check_shape(document, {"key": str, "sig": str}, SIGNATURE)
    public = next((key for key in keys if key_id(key) == document["key"]), b"")
    if len(public) != ED25519_BYTES:
        raise BadSignature("it is not signed by the requester.")
    Verifier("the requester", ED25519, public).verify(CONTEXT + manifest, unb64(document["sig"]))
