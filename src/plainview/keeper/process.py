"""The keeper's process: safe start, threads, end. `run` is all that a command needs."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import structlog

from plainview.base.clock import Clock, Ms, now_ms
from plainview.base.ids import new_id
from plainview.base.memory import guard_memory
from plainview.errors import Invalid, Unavailable, UnsafeStart
from plainview.keeper.box import Box
from plainview.keeper.chores import Chores
from plainview.keeper.courier import Courier
from plainview.keeper.desk import Desk
from plainview.keeper.ring import KeyRing
from plainview.keeper.scribe import FAULTS, Scribe
from plainview.keeper.server import Server
from plainview.keeper.witnesses import Witnesses
from plainview.tlog.notes import Signer, read_key
from plainview.tlog.policy_file import PolicyFile

ROUND_SECONDS = 1.0
COSIGN_SECONDS = 0.1
RECOSIGN_MS: Ms = 300_000
RETRY_MS: Ms = 5_000

log = structlog.get_logger("keeper")


class Places(Protocol):
    """The folders and files that the keeper uses, of all the settings."""

    @property
    def log_dir(self) -> Path: ...
    @property
    def keys_dir(self) -> Path: ...
    @property
    def policy_file(self) -> Path: ...
    @property
    def keeper_socket(self) -> Path: ...


class Keeper:
    """Everything of the keeper in one process. Raises `UnsafeStart` rather than break a promise."""

    def __init__(self, places: Places, *, software: str = "", clock: Clock = now_ms) -> None:
        self._clock, self._stop = clock, threading.Event()
        with ExitStack() as started:
            started.callback(os.close, check_keys(places.keys_dir))
            courier = Courier(places.log_dir)  # starts up while we read the log
            started.callback(courier.close)
            self._scribe, self._policy = _open_log(places)
            started.callback(self._scribe.close)
            self._witnesses = Witnesses(self._policy, self._scribe, courier, clock)
            self._witnesses.check_start()
            box = Box(places.keys_dir / "keeper.db")
            started.callback(box.close)
            self.desk = Desk(self._scribe, KeyRing(places.keys_dir), box, clock)
            self.chores = Chores(self.desk, self._witnesses, clock)
            start = {"software": software, "log_size": self._scribe.writer.size}
            self.desk.log("start", start, new_id())
            loops = (self._keep_house, self._keep_witnessed)
            self._threads = [threading.Thread(target=loop, daemon=True) for loop in loops]
            for thread in self._threads:
                thread.start()
                started.callback(thread.join)
            started.callback(self._scribe.changed.set)
            started.callback(self._stop.set)
            server = Server(places.keeper_socket, [*self.desk.operations, self.status])
            started.callback(server.close)
            self._started = started.pop_all()
        log.info("keeper started", **start)

    def close(self) -> None:
        """Stop in order: no more questions, no more chores, the log written, the files closed."""
        self._started.close()

    def check_alive(self) -> None:
        """Raises `Unavailable` if a part has died of a fault: a supervisor starts us anew."""
        if not all(thread.is_alive() for thread in (*self._threads, self._scribe.thread)):
            raise Unavailable("A part of the keeper has died.", hint="See its last messages.")

    def status(self) -> dict[str, Any]:
        """Size, what is witnessed, the witnesses' last words, and the reasons to be red."""
        writer, times = self._scribe.writer, self._witnesses.times
        errors = {name: error.message for name, error in dict(self._witnesses.errors).items()}
        published = writer.published()
        with self.chores.telling("log"):
            self._scribe.check_writable()
        return {
            "origin": writer.origin,
            "size": writer.size,
            "witnessed_size": published.size if published else 0,
            "log": self.chores.red.get("log"),
            "witnesses": {
                name: {"time": times.get(name), "error": errors.get(name)}
                for name in self._policy.witnesses
            },
            "keys": len(self.desk.ring.due),
            "red": [*self.chores.red.values()],
            "warnings": [f"{name}: {text}" for name, text in errors.items()],
        }

    def _keep_house(self) -> None:
        while not self._stop.wait(ROUND_SECONDS):
            self.chores.round()

    def _keep_witnessed(self) -> None:
        """Cosignatures of what is new and at least every five minutes, never in a batch's way."""
        last = 0
        while not self._stop.wait(COSIGN_SECONDS):
            grown = self._scribe.changed.wait(ROUND_SECONDS)
            wait = RETRY_MS if "checkpoint" in self.chores.red else RECOSIGN_MS
            if grown or self._clock() - last >= wait:
                self._scribe.changed.clear()
                last = self._clock()
                with self.chores.telling("checkpoint"):
                    self._witnesses.publish()


def run(places: Places, software: str = "") -> None:
    """Be the keeper until SIGTERM; `software` says on the log what runs."""
    if not guard_memory():
        log.warning("memory is not locked", hint="Allow it with LimitMEMLOCK=infinity.")
    os.environ.setdefault("SQLITE_TMPDIR", str(places.log_dir))  # the disk of the log has room
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # they wait for us, also while we start
    keeper = Keeper(places, software=software)
    # After SIGSTOP and SIGCONT Python returns here with a signal that nobody sent.
    while (sent := signal.sigtimedwait(ends, ROUND_SECONDS)) is None or sent.si_signo not in ends:
        keeper.check_alive()
    keeper.close()


def _open_log(places: Places) -> tuple[Scribe, PolicyFile]:
    """The log and its policy, which names the key that signs it."""
    try:
        key = read_key((places.keys_dir / "log.key").read_bytes())
        policy = PolicyFile.parse(places.policy_file.read_text())
    except (OSError, Invalid) as error:
        raise UnsafeStart(f"No log key or trust policy: {error}", hint="Run the set-up.") from error
    signer = Signer(policy.logs[0].name, key)
    if len(policy.logs) != 1 or signer.verifier != policy.logs[0]:
        raise UnsafeStart("keys/log.key is not the log key of policy.txt.", hint="Restore it.")
    try:
        return Scribe(places.log_dir, signer), policy
    except FAULTS as error:
        hint = "Run the set-up, or restore the newest copy of the log."
        raise UnsafeStart(f"The log cannot be continued: {error}", hint=hint) from error


def check_keys(folder: Path) -> int:
    """Refuse key files that others can read, and a second keeper; the lock's descriptor."""
    if not folder.is_dir():
        raise UnsafeStart(f"There is no {folder}.", hint="Run the set-up.")
    for path in (folder, *folder.iterdir()):
        about = path.lstat()
        if about.st_uid != os.getuid() or (about.st_mode & 0o077) or path.is_symlink():
            hint = f"chown it and chmod go-rwx {path}."
            raise UnsafeStart(f"{path} is not this user's alone.", hint=hint)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise UnsafeStart("Another keeper runs on this data folder.", hint="Stop it.") from error
    return lock
