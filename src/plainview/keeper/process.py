"""The keeper's process: safe start, threads, end. `run(settings)` is all that a command needs."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from typing import Any

import structlog

from plainview import __version__
from plainview.base import shutdown
from plainview.base.clock import Clock, Ms, now_ms
from plainview.base.ids import new_id
from plainview.base.memory import guard_memory
from plainview.base.settings import Settings
from plainview.errors import Invalid, PlainviewError, UnsafeStart
from plainview.keeper.box import Box
from plainview.keeper.chores import Chores
from plainview.keeper.desk import Desk
from plainview.keeper.ring import KeyRing
from plainview.keeper.scribe import Scribe
from plainview.keeper.server import Server
from plainview.keeper.witnesses import Witnesses
from plainview.tlog.entries import SigningKey
from plainview.tlog.notes import Signer
from plainview.tlog.policy import Policy

ROUND_SECONDS = 1.0
RECOSIGN_MS: Ms = 300_000

log = structlog.get_logger("keeper")


class Keeper:
    """Everything of the keeper in one process. Raises `UnsafeStart` rather than break a promise."""

    def __init__(self, settings: Settings, *, clock: Clock = now_ms) -> None:
        self._clock, self._stop = clock, threading.Event()
        self._lock = _check_keys(settings.keys_dir)
        try:
            signer, self._policy = _identity(settings)
            witnessed = self._policy.quorum != "none"
            try:
                self._scribe = Scribe(settings.log_dir, signer, witnessed=witnessed)
            except (Invalid, PlainviewError) as error:
                raise UnsafeStart(f"The log cannot be continued: {error}") from error
            self._open(settings)
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self, settings: Settings) -> None:
        scribe = self._scribe
        self._witnesses = Witnesses(
            self._policy, settings.log_dir, self._clock, lambda: scribe.head
        )
        self._box: Box | None = None
        try:
            if scribe.writer.size == 0:
                raise UnsafeStart("The log has no founding entry.", hint="Run the set-up.")
            self._witnesses.check_start()
            self._box = Box(settings.keys_dir / "keeper.db")
            self.desk = Desk(scribe, KeyRing(settings.keys_dir), self._box, self._clock)
            self.chores = Chores(self.desk, self._witnesses, self._clock)
            start = {"software": f"plainview {__version__}", "log_size": scribe.writer.size}
            self.desk.log("start", start, new_id())
            self._server = Server(settings.keeper_socket, self._operations())
        except BaseException:
            scribe.close()
            if self._box:
                self._box.close()
            raise
        loops = (self._keep_house, self._keep_witnessed)
        self._threads = [threading.Thread(target=loop, daemon=True) for loop in loops]
        for thread in self._threads:
            thread.start()
        log.info("keeper started", log_size=scribe.writer.size)

    def _operations(self) -> dict[str, Any]:
        names = ("append", "windows", "roots", "gate", "act", "watch", "view_key", "watch_end")
        own = {name: getattr(self.desk, name) for name in (*names, "opening")}
        return {**own, "status": self.status}

    def close(self) -> None:
        """Stop in order: no more questions, the log written, the database closed."""
        self._server.close()
        self._stop.set()
        self._scribe.changed.set()
        for thread in self._threads:
            thread.join()
        self._scribe.close()
        if self._box:
            self._box.close()
        os.close(self._lock)

    def status(self) -> dict[str, Any]:
        """Size, what is witnessed, the witnesses' last words, and the reasons to be red."""
        published = self._scribe.writer.published()
        names = self._policy.witnesses
        late = self.chores.overdue()
        broken = f"The log cannot be written: {self._scribe.broken}" if self._scribe.broken else ""
        return {
            "origin": self._scribe.writer.origin,
            "size": self._scribe.writer.size,
            "witnessed_size": published.size if published else 0,
            "checkpoint_ms": max(self._witnesses.times.values(), default=None),
            "witnesses": {
                name: {
                    "time": self._witnesses.times.get(name),
                    "error": self._witnesses.errors.get(name),
                }
                for name in names
            },
            "keys": len(self.desk.ring.due),
            "red": [*filter(None, (broken, late)), *self.chores.red.values()],
            "warnings": [f"{n}: {text}" for n, text in self._witnesses.errors.items()],
        }

    def _keep_house(self) -> None:
        while not self._stop.wait(ROUND_SECONDS):
            self.chores.round()

    def _keep_witnessed(self) -> None:
        """Cosignatures after every batch and at least every five minutes, never in its way."""
        last = 0
        while not self._stop.is_set():
            grown = self._scribe.changed.wait(ROUND_SECONDS)
            if grown or self._clock() - last >= RECOSIGN_MS:
                self._scribe.changed.clear()
                last = self._clock()
                self._witness()

    def _witness(self) -> None:
        head, lines = self._witnesses.gather()
        if lines and self._witnesses.reached(lines):
            with self._scribe.lock:
                self._scribe.writer.add_cosignatures(head, lines)


def run(settings: Settings) -> None:
    """Be the keeper until SIGTERM."""
    if not guard_memory():
        log.warning("memory is not locked", hint="Allow it with LimitMEMLOCK=infinity.")
    stop = shutdown.on_signal()
    keeper = Keeper(settings)
    stop.wait()
    keeper.close()


def _identity(settings: Settings) -> tuple[Signer, Policy]:
    try:
        key = SigningKey.from_pem((settings.keys_dir / "log.key").read_bytes())
        policy = Policy.parse(settings.policy_file.read_text())
    except (OSError, Invalid) as error:
        raise UnsafeStart(f"No log key or trust policy: {error}", hint="Run the set-up.") from error
    signer = Signer(policy.logs[0].name, key)
    if len(policy.logs) != 1 or signer.verifier != policy.logs[0]:
        raise UnsafeStart(
            "keys/log.key is not the log key that policy.txt names.", hint="Restore the right one."
        )
    return signer, policy


def _check_keys(folder: Path) -> int:
    """Refuse key files that others can read, and a second keeper; the lock's descriptor."""
    if not folder.is_dir():
        raise UnsafeStart(f"There is no {folder}.", hint="Run the set-up.")
    for path in (folder, *folder.iterdir()):
        about = path.lstat()
        if about.st_uid != os.getuid() or (about.st_mode & 0o077) or path.is_symlink():
            raise UnsafeStart(
                f"{path} is not this user's alone.", hint=f"chown it and chmod go-rwx {path}."
            )
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise UnsafeStart("Another keeper runs on this data folder.", hint="Stop it.") from error
    return lock
