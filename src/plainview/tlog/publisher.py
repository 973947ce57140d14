"""The publisher: the keeper's child that has each new head cosigned and shows it to readers.

It follows `log/head`, asks the witnesses through the courier (`sending`), verifies every line by
the trust policy, and with the quorum writes `log/checkpoint`. It knows no key and speaks with no
network; where the system has Landlock it can write to the log's folder alone, and open no keys. Its
child, the courier, is where the network is, and can change nothing.

What it knows it writes to FILE, for the keeper's status (`keeper.witnesses.SILENT` is its shape).
The file's time says that it lives, by the machine's monotonic clock, which nobody steps.

    python -m plainview.tlog.publisher LOG_FOLDER POLICY FILE
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path

from plainview.base import durable, landlock
from plainview.base.clock import Ms
from plainview.base.shutdown import die_with_parent
from plainview.errors import LogAway, PlainviewError, Refused
from plainview.tlog import courier, shown
from plainview.tlog.notes import SignatureLine
from plainview.tlog.policy_file import PolicyFile
from plainview.tlog.sending import Sender

LOOK_SECONDS = 0.1
RETRY_SECONDS = 5.0
RECOSIGN_SECONDS = 120.0
"""Readers and the keeper's shreds want cosignatures of at most five minutes before."""
BEAT_SECONDS = 1.0
RESTORE = (
    "Restore the newest copy of the log's folder and of keys/; never start from an older one. If "
    "the witness does not know this log, give it policy.txt or take it out of there."
)

Ask = Callable[[str, bytes], list[SignatureLine]]


class Publisher:
    """What each witness said last. `ask(url, head)` brings its lines, or raises."""

    def __init__(self, folder: Path, policy: PolicyFile, file: Path, ask: Ask) -> None:
        self._folder, self._policy, self._file, self._ask = folder, policy, file, ask
        self._times: dict[str, Ms] = {}
        self._errors: dict[str, PlainviewError] = {}
        self._first, self._beaten = True, 0.0

    def beat(self) -> None:
        """Say that this process lives, if that was not said just now."""
        now = time.monotonic()
        if now - self._beaten > BEAT_SECONDS:
            os.utime(self._file, (now, now))
            self._beaten = now

    def round(self) -> bool:
        """Ask every witness about the newest head, and show it; whether readers see it now.

        Where one refuses at the first round, the keeper does not start, and nothing is shown.
        """
        head = (self._folder / "head").read_bytes()
        durable.sync_folder(self._folder)  # no power cut may take back what a witness has seen
        lines = self._gather(head)
        refused = self._refusal() if self._first else None
        self._first, red = False, []
        try:
            if refused:
                raise refused
            if not self._policy.reached(lines):
                raise LogAway(f"{len(lines)} witnesses cosigned, which is not the quorum.")
            shown.publish(self._folder, self._policy.logs[0], head, list(lines.values()))
        except (OSError, PlainviewError) as error:
            told = error.line() if isinstance(error, PlainviewError) else error
            red = [f"checkpoint: {told}"]
        self._tell(red, refused)
        return not red

    def _refusal(self) -> Refused | None:
        """That a witness cannot follow this log, in words for who started a keeper on it."""
        for name, error in self._errors.items():
            if isinstance(error, Refused):
                told = f"The witness {name} saw a larger or different log than this one."
                return Refused(told, hint=f"{RESTORE} It said: {error.message}")
        return None

    def _gather(self, head: bytes) -> dict[str, SignatureLine]:
        """Fresh cosignatures by witness; who gave none stands in `_errors`."""
        lines = {}
        for name, url in self._policy.urls.items():
            try:
                lines[name] = self._ask_one(name, url, head)
                self._errors.pop(name, None)
            except PlainviewError as error:
                self._errors[name] = error
            self.beat()
        return lines

    def _ask_one(self, name: str, url: str, head: bytes) -> SignatureLine:
        witness, (text, _own) = self._policy.witnesses[name], self._policy.logs[0].signed(head)
        for line in filter(witness.made, self._ask(url, head)):
            self._times[name] = witness.cosigned_at(text, line)
            return line
        raise LogAway(f"The witness {name} signs with another key than the policy's.")

    def _tell(self, red: list[str], refused: Refused | None) -> None:
        errors = {name: error.message for name, error in self._errors.items()}
        now = shown.published(self._folder, self._policy.logs[0])
        told = {
            "witnesses": {
                name: {"time": self._times.get(name), "error": errors.get(name)}
                for name in self._policy.witnesses
            },
            "witnessed_size": now.size if now else 0,
            "red": red,
            "warnings": [f"{name}: {text}" for name, text in errors.items()],
            "refused": refused and {"message": refused.message, "hint": refused.hint},
        }
        temporary = self._file.with_suffix(".tmp")
        temporary.write_text(json.dumps(told))
        os.utime(temporary, (time.monotonic(),) * 2)
        temporary.rename(self._file)


def follow(publisher: Publisher, head: Path) -> None:
    """A round whenever the head changes or is touched, and every two minutes, to the end of input.

    After one that failed the next comes soon. It ends with the process that holds the input's other
    end.
    """
    seen, due = None, 0.0
    while not select.select([sys.stdin], [], [], LOOK_SECONDS if seen else 0)[0]:
        about = head.stat()
        now = (about.st_ino, about.st_mtime_ns)
        if now != seen or time.monotonic() >= due:
            seen = now
            wait = RECOSIGN_SECONDS if publisher.round() else RETRY_SECONDS
            due = time.monotonic() + wait
        publisher.beat()


def main(folder: Path, policy_file: Path, file: Path) -> None:
    """Follow the log until the keeper is gone."""
    die_with_parent()
    policy = PolicyFile.parse(policy_file.read_text())
    landlock.confine([folder, *courier.needed()], writable=[folder, file.parent])
    sender = Sender(folder)
    try:
        follow(Publisher(folder, policy, file, sender.ask), folder / "head")
    finally:
        sender.close()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
