"""A small town for tests: people with keys, a log with two witnesses, a camera, sealed windows.

Everything in it is real but the processes: real statements, tiles, cosignatures, Shamir shares, age
files, H.264 and packs. `Town` also answers as the keeper does (`append`, `opening`), so that the
people's side can be tested without one. Its clock stands where a test puts it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plainview.base.clock import DAY_MS, Ms, now_ms, to_iso
from plainview.base.durable import make_folder
from plainview.base.ids import new_id, sha256_hex, unb64
from plainview.base.settings import Settings
from plainview.errors import NotLogged
from plainview.media.encode import ViewEncoder, as_packet
from plainview.media.fmp4 import write_segment
from plainview.media.frames import Frame
from plainview.register import records, statements
from plainview.release import keyfile
from plainview.seal.draft import Draft, Spec, make_drafts, set_of
from plainview.seal.segments import SegmentMeta, add_box, plain_hash, seal_boxed
from plainview.seal.shares import seal_to
from plainview.seal.windows import WindowHeader
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.store.writer import NewSegment
from plainview.tlog import cosign, leaves, merkle, notes
from plainview.tlog.beginning import open_log
from plainview.tlog.entries import canonical, make, parse
from plainview.tlog.history import History
from plainview.tlog.notes import Signer
from plainview.tlog.segments import segments_root
from plainview.tlog.shown import publish
from plainview.tlog.signing import SigningKey, sign

ORIGIN = "log.town.example"
CAMERA = "cam-01"
SET = "set-1"
SEGMENT_MS: Ms = 4_000
RULES = {
    "window_seconds": 60,
    "key_period_seconds": 600,
    "notice_seconds": 0,
    "reveal_seconds": 300,
}
ROLES: dict[str, tuple[tuple[str, ...], bool]] = {
    "investigator": (("investigator",), False),
    "operator": (("operator",), False),
    "custodian-a": (("custodian", "dpo"), False),
    "custodian-b": (("custodian",), True),
    "custodian-c": (("custodian",), True),
    "administrator": (("administrator",), False),
}
CUSTODIANS = ("custodian-a", "custodian-b", "custodian-c")


@dataclass
class Sealed:
    """A window as its maker knew it: what a test may compare with, and no server has."""

    header: WindowHeader
    draft: Draft
    plain: list[bytes] = field(default_factory=list)  # the segments' fMP4 with their boxes


class Town:
    """A log in `folder/data/log` with a founding, a custodian set and one camera."""

    def __init__(self, folder: Path, *, now: Ms | None = None) -> None:
        start = now_ms() if now is None else now
        self.now: Ms = start - start % 60_000 - 600_000
        self.settings = Settings(data=folder / "data", commit_seconds=0, disk_reserve_mb=1)
        make_folder(self.settings.data)
        self.history = History()
        self.log_key = Signer(ORIGIN, SigningKey.generate().private)
        self.witnesses = {name: SigningKey.generate() for name in ("alpha.example", "beta.example")}
        self.writer = open_log(self.settings.log_dir, self.log_key)
        self.sealed: dict[str, Sealed] = {}
        self.keys = {role: keyfile.generate(f"The {role}", f"p-{role}") for role in ROLES}
        self.policy = self._policy()
        self.settings.policy_file.write_text(self.policy)
        self._found()

    # -- the log

    def append(self, raw: bytes) -> int:
        """Log an entry as the keeper does, judged by the rule book, and have it witnessed."""
        entry = parse(raw)
        self.history.apply(self.history.size, entry)
        index = self.writer.append([raw])
        self.witness()
        return index

    def force(self, raw: bytes) -> int:
        """Log an entry that the rule book would refuse, as a keeper in false hands could."""
        index = self.writer.append([raw])
        self.history.size = index + 1
        self.witness()
        return index

    def witness(self, *names: str, at: Ms | None = None) -> None:
        """Let the witnesses (or those named) cosign the head, at the town's time or `at`."""
        text, _ = notes.parse(self.writer.head)
        time = self.now if at is None else at
        lines = [
            cosign.cosign(text, name, key, now=time)
            for name, key in self.witnesses.items()
            if not names or name in names
        ]
        publish(self.writer.folder, self.log_key.verifier, self.writer.head, lines)

    def log(self, type: str, body: dict[str, Any]) -> int:
        """Log an entry of the keeper's own."""
        return self.append(make(type, body, time=self.now).raw)

    def catch_up(self) -> None:
        """Put the town's clock to the machine's, and have the log witnessed now."""
        self.now = now_ms()
        self.witness()

    # -- people and cameras

    def person(self, role: str) -> records.Person:
        """What the log holds of a person."""
        roles, outside = ROLES[role]
        key = self.keys[role]
        return statements.public_person(
            key.person,
            key.signing,
            key.recipient,
            roles,
            "Town hall",
            outside=outside,
            name=key.name,
            salt=key.name_salt,
        )

    def signers(self, *roles: str) -> list[SigningKey]:
        """The signing keys of these people."""
        return [self.keys[role].signing for role in roles]

    def state_camera(self, camera: str = CAMERA, status: str = "active", **changes: Any) -> int:
        """State the next version of a camera's record, with changes; the log index."""
        version = len(self.history.cameras.get(camera, [])) + 1
        record = records.camera_record({**camera_values(self.now), **changes})
        dpo = self.signers("custodian-a")
        entry = statements.camera(camera, version, status, record, dpo, time=self.now)
        return self.append(entry.raw)

    def write_keys(self, folder: Path) -> dict[str, Path]:
        """Write everybody's key file."""
        make_folder(folder, mode=0o700)
        paths = {role: folder / f"{role}.json" for role in self.keys}
        for role, path in paths.items():
            self.keys[role].write(path)
        return paths

    def _found(self) -> None:
        people = [self.person(role) for role in ROLES if role != "operator"]
        signers = self.signers(*(role for role in ROLES if role != "operator"))
        entry = statements.founding(ORIGIN, "test", RULES, people, signers, time=self.now)
        self.append(entry.raw)
        for role, key in self.keys.items():
            self.keys[role] = key.with_trust(self.policy, entry.hash)
        two = self.signers("custodian-a", "administrator")
        self.append(statements.enrol(self.person("operator"), two, time=self.now).raw)
        members = [self.person(role) for role in CUSTODIANS]
        self.append(statements.custodian_set(SET, 2, members, two, time=self.now).raw)
        self.state_camera()

    def _policy(self) -> str:
        lines = [f"log {self.log_key.verifier.vkey()}"]
        lines += [
            f"witness {name} {cosign.verifier(name, key).vkey()}"
            for name, key in self.witnesses.items()
        ]
        return "\n".join([*lines, f"group all all {' '.join(self.witnesses)}", "quorum all"]) + "\n"

    # -- windows

    def make_window(self, camera: str = CAMERA, *, minutes: int = 0) -> Sealed:
        """Make and log a window that begins `minutes` after the town's present minute."""
        start = self.now - self.now % 60_000 + minutes * 60_000
        spec = Spec(camera=camera, start=start, end=start + 60_000, epoch=1, counter=0)
        answer = self.history.may_record(camera, start)
        group = self.history.sets[answer.record["custodian_set"]]
        body = {"set": group.id, "k": group.k, "members": [dict(m) for m in group.members]}
        (draft,) = make_drafts([spec], set_of(body))
        record = {
            "window": str(spec.id),
            "camera": camera,
            "start": to_iso(spec.start),
            "end": to_iso(spec.end),
            "epoch": 1,
            "counter": 0,
            "pk": draft.pk,
            "k": draft.k,
            "n": draft.n,
            "set": draft.set,
            "shares": [{"i": s.i, "plain": s.plain, "sealed": s.sealed} for s in draft.shares],
            "register": answer.index,
            **self.history.fate(answer.record["retention"], start),
        }
        entry = self.log("windows", {"windows": [record]})
        shares = [{"i": s.i, "person": s.person, "sealed": s.data} for s in draft.shares]
        header = {"record": record, "shares": shares, "wrapped_e": "", "wrapped_view": ""}
        sealed = Sealed(WindowHeader.from_dict({**header, "entry": entry}), draft)
        self.sealed[str(spec.id)] = sealed
        return sealed

    def record(
        self, sealed: Sealed, segments: int = 3, film: Callable[[Ms, int], bytes] | None = None
    ) -> None:
        """Write segments of the window into the store, and log their roots.

        `film(start, number)` gives a segment's fMP4; without it a short H.264 one is made.
        """
        record = sealed.header.record
        ciphers: list[str] = []
        with Store(self.settings) as store, store.writer() as writer:
            for number in range(segments):
                start = record.start_ms + number * SEGMENT_MS
                meta = SegmentMeta(record.window, number, start, start + SEGMENT_MS)
                plain = add_box(film(start, number) if film else picture(start), meta)
                data = seal_boxed(record.pk, plain)
                new = NewSegment(
                    number, start, SEGMENT_MS, start, "arrival", data, plain_hash(plain)
                )
                writer.add(Kind.ORIGINALS, sealed.header, new)
                sealed.plain.append(plain)
                ciphers.append(sha256_hex(data))
            writer.close_window(Kind.ORIGINALS, sealed.header)
        self._roots(sealed, ciphers)

    def _roots(self, sealed: Sealed, ciphers: list[str]) -> None:
        record = sealed.header.record
        leaf = {
            "camera": record.camera,
            "window": record.window,
            "segments": len(ciphers),
            "cipher": segments_root(ciphers),
            "plain": segments_root([plain_hash(plain) for plain in sealed.plain]),
            "register": record.register_,
            "minute": record.start,
        }
        cipher, plain = leaves.roots([leaf])
        body = {
            "node": "node-1",
            "minute": record.start,
            "leaves": 1,
            "cipher_root": cipher,
            "plain_root": plain,
        }
        entry = make("roots", body, time=self.now)
        path = self.settings.log_dir / leaves.path(entry.id)
        make_folder(path.parent)
        path.write_bytes(canonical([leaf]))
        self.append(entry.raw)

    def hold(self, windows: list[str], until: Ms) -> int:
        """A data protection officer keeps windows from being shredded until then."""
        body = {"windows": windows, "until": to_iso(until), "detail_commitment": "00" * 32}
        entry = sign(make("hold", body, time=self.now), self.signers("custodian-a"))
        return self.append(entry.raw)

    def shred(self, windows: list[str]) -> int:
        """Log that the key of these windows (of one period) was destroyed."""
        record = self.history.window(windows[0]).record
        body = {
            "period": record["period"],
            "class": record["class"],
            "due": record["shred"],
            "count": len(windows),
            "windows": windows,
            "root": merkle.root([merkle.leaf_hash(name.encode()) for name in windows]).hex(),
        }
        return self.log("shred", body)

    # -- requests

    def request(self, windows: list[str]) -> str:
        """The investigator asks for windows, straight on the log; the request's hash."""
        body = {
            "request": new_id(),
            "windows": windows,
            "recipient": self.keys["investigator"].recipient,
            "purpose": "test",
            "detail_commitment": "00" * 32,
            "expires": to_iso(self.now + DAY_MS),
        }
        return self.request_with({"body": body})

    def request_with(self, draft: dict[str, Any]) -> str:
        """The investigator signs a draft, straight on the log; the request's hash."""
        body = draft["body"]
        entry = sign(make("request", body, time=self.now), self.signers("investigator"))
        self.append(entry.raw)
        return entry.hash

    def release_all(self) -> None:
        """Two custodians release every share asked for, straight on the log; the keeper opens."""
        for hash, request in list(self.history.requests.items()):
            for window in request.windows:
                for i, role in ((1, "custodian-a"), (3, "custodian-c")):
                    body = {"request": hash, "window": window, "index": i, "resealed": "00" * 32}
                    entry = sign(make("release", body, time=self.now), self.signers(role))
                    self.append(entry.raw)
                self.opening(hash, window)

    # -- as the keeper answers

    def opening(self, request_hash: str, window: str) -> bytes:
        """E re-sealed to the requester, logged; raises `NotLogged` before k releases."""
        request = self.history.request(request_hash, window)
        if len(request.releases.get(window, {})) < self.history.window(window).set.k:
            raise NotLogged("Too few releases are on the log.")
        resealed = seal_to(unb64(self.sealed[window].draft.e), request.recipient)
        body = {"request": request_hash, "window": window, "resealed_e": sha256_hex(resealed)}
        self.log("opening", body)
        return resealed


def camera_values(now: Ms) -> dict[str, Any]:
    """A complete record of a pole camera, valid around `now`."""
    return {
        "name": "Mill bridge",
        "kind": "pole",
        "place": "Mill bridge, east end",
        "position": [44_816_000, 20_460_000],
        "direction": "west",
        "sees": "The bridge and both pavements.",
        "controller": "Town",
        "contact": "dpo@town.example",
        "unit": "Traffic",
        "purpose": "Road safety on the bridge",
        "legal_basis": {
            "law": "Road Safety Act",
            "article": "7(2)",
            "decision": "D-7",
            "valid_from": to_iso(now - DAY_MS),
            "valid_to": to_iso(now + 300 * DAY_MS),
        },
        "dpia": {
            "hash": "ab" * 32,
            "date": to_iso(now - DAY_MS),
            "review_due": to_iso(now + 200 * DAY_MS),
        },
        "contract": {
            "number": "C-1",
            "supplier": "Lens & Sons",
            "value": "1000 EUR",
            "valid_to": to_iso(now + 200 * DAY_MS),
        },
        "retention": {"class": "street", "seconds": 86_400},
        "custodian_set": SET,
        "valid_from": to_iso(now),
    }


def picture(start: Ms, frames: int = 8) -> bytes:
    """A short H.264 segment of one GOP, as a camera's packets give it."""
    encoder = ViewEncoder(64, 48, 2)
    packets = []
    for number in range(frames):
        frame = Frame.blank(64, 48, wall_ms=start + number * SEGMENT_MS // frames)
        frame.planes[0][:] = secrets.randbelow(200) + 20
        packets.append(as_packet(encoder.encode(frame, key=number == 0)))
    return write_segment(packets, encoder.parameters)
