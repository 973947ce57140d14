"""Four attempts to cheat, made for real with all the powers of this machine's operator.

Each returns what was tried and how it ended. None of them is staged: they read the same files, stop
the same processes and sign with the same keys that a dishonest operator would.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pyrage

from plainview.base import durable
from plainview.base.clock import now_ms
from plainview.base.ids import unb64
from plainview.base.settings import Settings
from plainview.demo import founding, people
from plainview.demo.stage import Attempt, Outcome
from plainview.errors import Invalid, NotFound, PlainviewError, Unavailable
from plainview.keeper.box import Box, Locked
from plainview.keeper.ring import KeyRing, unwrap
from plainview.keys.client import KeeperClient
from plainview.register import records, statements
from plainview.register.projection import Register
from plainview.seal.combine import combine_window
from plainview.seal.shares import open_share, unseal
from plainview.store.index import Segment
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.tlog import tiles
from plainview.tlog.policy import Policy
from plainview.tlog.reader import LogReader
from plainview.verify.log import verify_log

REVOKED = "cam-02"
STOP_SECONDS = 10.0
WITHHELD_SECONDS = 5.0
RECOVERY_SECONDS = 40.0
FIND_MS = 600_000


class Cheats:
    """The attempts, by the name that the story page calls them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def attempts(self) -> dict[str, Attempt]:
        return {
            "log": self.change_log,
            "keys": self.use_server_keys,
            "detector": self.stop_detector,
            "basis": self.revoke_basis,
        }

    def change_log(self) -> Outcome:
        """Change one byte of a copy of the log and have it verified."""
        policy = Policy.parse(self._settings.policy_file.read_text())
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "log"
            shutil.copytree(self._settings.log_dir, copy)
            before = verify_log(LogReader.folder(copy), policy, now=now_ms())
            bundle = copy / tiles.bundle_path(0, min(tiles.WIDTH, before.facts["size"]))
            place = bundle.stat().st_size // 2
            _flip(bundle, place)
            after = verify_log(LogReader.folder(copy), policy, now=now_ms())
        tried = [
            f"An untouched copy of {before.facts.get('size', 0)} entries: "
            + ("everything holds." if before.ok else before.findings[0].message),
            f"Then one bit of byte {place} of {bundle.relative_to(copy)} was flipped.",
        ]
        if after.ok:
            return Outcome(False, "The verifier did not notice.", tried)
        found = after.findings[0]
        return Outcome(before.ok, f"Found at once, at {found.where}: {found.message}", tried)

    def use_server_keys(self) -> Outcome:
        """Try to open an original with all that the server holds, and one corrupt custodian."""
        with Store(self._settings) as store, tempfile.TemporaryDirectory() as folder:
            keys = Path(folder) / "keys"
            _copy_keys(self._settings.keys_dir, keys)
            ring = KeyRing(keys)
            segment, locked = self._newest_original(store, keys)
            header, sealed = store.header(segment.window), store.read(segment)
            e = unwrap(ring.key(locked.key), [locked.id, "e"], locked.e)
        key = people.load(founding.people_dir(self._settings))[people.DPO]
        own = next(share for share in header.shares if share.person == key.person)
        share = open_share(key.age, unb64(own.sealed), header.record).to_bytes()
        attempts: list[tuple[str, Callable[[], object]]] = [
            (
                "the keeper's half of the key alone",
                lambda: unseal(sealed, e.decode("latin-1")),
            ),
            (
                "a fresh key of our own",
                lambda: unseal(sealed, str(pyrage.x25519.Identity.generate())),
            ),
            ("both halves, without custodians", lambda: combine_window(header.record, e, [])),
            (
                "one corrupt custodian as well",
                lambda: combine_window(header.record, e, [share]),
            ),
        ]
        tried = [f"Window {header.record.window}: its half at the keeper was unlocked."]
        opened = [name for name, attempt in attempts if _opens(name, attempt, tried)]
        if opened:
            return Outcome(False, f"It opened with {opened[0]}.", tried)
        return Outcome(True, "Nothing opened. Two custodians are needed, each on the log.", tried)

    def stop_detector(self) -> Outcome:
        """Freeze the process that finds faces and look at what the recorder shows."""
        before = self._shown()
        pid = before["detector"]["pid"]
        started = time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        tried = [f"Process {pid}, which finds the faces for all cameras, was frozen."]
        recording = [name for name, cam in before["cameras"].items() if cam["state"] == "recording"]
        while time.monotonic() - started < WITHHELD_SECONDS:
            cameras = self._recorder()["cameras"]
            open_ = [name for name in recording if cameras[name]["redaction"] == "ok"]
            if not open_:
                seconds = time.monotonic() - started
                tried.append("The originals go on being sealed; nothing that was shown is raw.")
                result = f"All {len(recording)} live pictures were withheld after {seconds:.1f} s."
                return Outcome(bool(recording), result, tried)
            time.sleep(0.1)
        return Outcome(False, f"Still shown: {', '.join(open_)}.", tried)

    def _shown(self) -> dict[str, Any]:
        """The recorder's state once all that it records is shown: else nothing is proved."""
        end = time.monotonic() + RECOVERY_SECONDS
        while time.monotonic() < end:
            now = self._recorder()
            recording = [cam for cam in now["cameras"].values() if cam["state"] == "recording"]
            if recording and all(cam["redaction"] == "ok" for cam in recording):
                return now
            time.sleep(0.5)
        raise Unavailable("Pictures are withheld already.", hint="Wait until they are shown again.")

    def revoke_basis(self) -> Outcome:
        """Revoke a camera's basis, see it stop; then publish a new version, with its notice."""
        dpo = people.load(founding.people_dir(self._settings))[people.DPO].signing
        with (
            KeeperClient(self._settings.keeper_socket) as keeper,
            Register(self._settings) as register,
        ):
            register.sync()
            now = register.camera(REVOKED)
            record = records.camera_record(now.record)
            entry = statements.camera(REVOKED, now.version + 1, "suspended", record, [dpo])
            index = keeper.append(entry.raw)
            seconds = self._seconds_until_stopped()
            again = statements.camera(REVOKED, now.version + 2, "active", record, [dpo])
            keeper.append(again.raw)
        tried = [f"The basis of {now.record['name']} was revoked: entry {index} of the log."]
        if seconds is None:
            return Outcome(False, f"It was still recording after {STOP_SECONDS:.0f} s.", tried)
        tried.append("A new version was published; its notice period has to pass first.")
        return Outcome(True, f"Recording stopped after {seconds:.1f} s.", tried)

    def _seconds_until_stopped(self) -> float | None:
        started = time.monotonic()
        while (passed := time.monotonic() - started) < STOP_SECONDS:
            if self._recorder()["cameras"][REVOKED]["state"] != "recording":
                return passed
            time.sleep(0.1)
        return None

    def _newest_original(self, store: Store, keys: Path) -> tuple[Segment, Locked]:
        now = now_ms()
        box = Box(keys / "keeper.db")
        try:
            for street in self._recorder()["cameras"]:
                found = store.segments(Kind.ORIGINALS, street, now - FIND_MS, now)
                for segment in reversed(found):
                    locked = box.window(segment.window)
                    if locked is not None:
                        return segment, locked
        finally:
            box.close()
        raise NotFound("Nothing has been recorded yet.", hint="Wait a minute, then try again.")

    def _recorder(self) -> dict[str, Any]:
        transport = httpx.HTTPTransport(uds=str(self._settings.recorder_socket))
        with httpx.Client(transport=transport, timeout=5) as client:
            answer: dict[str, Any] = client.get("http://recorder/health").json()
        return answer


def _flip(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(bytes(data))


def _copy_keys(source: Path, target: Path) -> None:
    """All key files, as a thief would copy them; opening the ring in place would change it."""
    durable.make_folder(target, mode=0o700)
    for file in source.iterdir():
        if file.is_file():
            durable.write_file(target / file.name, file.read_bytes(), mode=0o600)


def _opens(name: str, attempt: Callable[[], object], tried: list[str]) -> bool:
    try:
        attempt()
    except (Invalid, PlainviewError) as error:
        tried.append(f"With {name}: {error.message}")
        return False
    return True
