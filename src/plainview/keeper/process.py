"""The keeper's process: safe start, threads, end. `run` is all that a command needs."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import structlog

from plainview.base.clock import Clock, now_ms
from plainview.base.ids import new_id
from plainview.base.memory import guard_memory
from plainview.errors import BadFormat, Unavailable, UnsafeStart
from plainview.keeper.box import Box
from plainview.keeper.chores import Chores
from plainview.keeper.desk import Desk
from plainview.keeper.ring import KeyRing
from plainview.keeper.scribe import FAULTS, Scribe
from plainview.keeper.server import Server
from plainview.keeper.witnesses import Witnesses
from plainview.tlog.notes import Signer, read_key
from plainview.tlog.policy_file import PolicyFile

ROUND_SECONDS = 1.0

log = structlog.get_logger("keeper")


class Keeper:
    """Everything of the keeper in one process. Raises `UnsafeStart` rather than break a promise.

    In the folder `data` it uses log/, keys/, policy.txt and run/keeper.sock, as `Settings` does.
    """

    def __init__(self, data: Path, *, software: str = "", clock: Clock = now_ms) -> None:
        self._stop = threading.Event()
        with ExitStack() as started:
            started.callback(os.close, check_keys(data / "keys"))
            self._witnesses, self._scribe = _open_log(data, clock, started)
            self._witnesses.check_start()
            box = Box(data / "keys/keeper.db")
            started.callback(box.close)
            self.desk = Desk(self._scribe, KeyRing(data / "keys"), box, clock)
            self.chores = Chores(self.desk, self._witnesses, clock)
            start = {"software": software, "log_size": self._scribe.writer.size}
            self.desk.log("start", start, new_id())
            self._thread = threading.Thread(target=self._keep_house, daemon=True)
            self._thread.start()
            started.callback(self._thread.join)
            started.callback(self._stop.set)
            server = Server(data / "run/keeper.sock", [*self.desk.operations, self.status])
            started.callback(server.close)
            self._started = started.pop_all()
        log.info("keeper started", **start)

    def close(self) -> None:
        """Stop in order: no more questions, no more chores, the log written, the files closed."""
        self._started.close()

    def check_alive(self) -> None:
        """Raises `Unavailable` if a part has died of a fault: a supervisor starts us anew."""
        if not (self._thread.is_alive() and self._scribe.thread.is_alive()):
            raise Unavailable("A part of the keeper has died.", hint="See its last messages.")

    def status(self) -> dict[str, Any]:
        """Size, what the publisher says of the witnesses, and the reasons to be red."""
        told = self._witnesses.told()
        with self.chores.telling("log"):
            self._scribe.check_writable()
        return {
            "origin": self._scribe.writer.origin,
            "size": self._scribe.writer.size,
            **{name: told[name] for name in ("witnesses", "witnessed_size", "warnings")},
            "log": self.chores.red.get("log"),
            "keys": len(self.desk.ring.due),
            "red": [*told["red"], *self.chores.red.values()],
        }

    def _keep_house(self) -> None:
        while not self._stop.wait(ROUND_SECONDS):
            self.chores.round()


def run(data: Path, software: str = "") -> None:
    """Be the keeper until SIGTERM; `software` says on the log what runs."""
    if not guard_memory():
        log.warning("memory is not locked", hint="Allow it with LimitMEMLOCK=infinity.")
    os.environ.setdefault("SQLITE_TMPDIR", str(data / "log"))  # the disk of the log has room
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # they wait for us, also while we start
    keeper = Keeper(data, software=software)
    # After SIGSTOP and SIGCONT Python returns here with a signal that nobody sent.
    while (sent := signal.sigtimedwait(ends, ROUND_SECONDS)) is None or sent.si_signo not in ends:
        keeper.check_alive()
    keeper.close()


def _open_log(data: Path, clock: Clock, started: ExitStack) -> tuple[Witnesses, Scribe]:
    """The log and its witnesses by the policy, which names the key that signs it."""
    try:
        key = read_key((data / "keys/log.key").read_bytes())
        policy = PolicyFile.parse((data / "policy.txt").read_text())
        signer = Signer(policy.logs[0].name, key)
        if policy.logs != [signer.verifier]:
            raise BadFormat("keys/log.key is not the log key of policy.txt.")
        scribe = Scribe(data / "log", signer)
        started.callback(scribe.close)
        witnesses = Witnesses(data / "log", data / "policy.txt", policy, clock)
        started.callback(witnesses.close)
    except FAULTS as error:
        hint = "Run the set-up, or restore the newest copy of the log and of keys/."
        raise UnsafeStart(f"The log cannot be continued: {error}", hint=hint) from error
    return witnesses, scribe


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
