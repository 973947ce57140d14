"""The witnesses of the trust policy, as the keeper needs them: at its start and before a shred.

Showing readers a cosigned checkpoint takes no key, so a child does it: the publisher
(`tlog.publisher`), which follows `log/head`. It gets nothing but paths, and writes what it knows to
a file beside the log, the one folder that it may write to. `status` passes that on. Believed is of
it only that a witness refuses this log, which keeps the keeper from signing; the witnesses' time is
read from the checkpoint itself, under their signatures.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

from plainview.base.clock import Clock, Ms
from plainview.errors import LogAway, UnsafeStart
from plainview.tlog.policy_file import PolicyFile

AGREE_MS: Ms = 300_000
"""How far the keeper's clock and a witness's may lie apart for a shred."""
START_SECONDS, FRESH_SECONDS, HUNG_SECONDS = 30.0, 5.0, 20.0
"""Waits for the first round and for one before a shred; a publisher so long silent is replaced."""
_LOST = "checkpoint: The publisher says nothing."
SILENT: dict[str, Any] = {"witnesses": {}, "witnessed_size": 0, "warnings": [], "red": [_LOST]}
"""What the file says until the publisher's first round; then it also says `refused`: by whom the
log is refused, as the message and hint of an error, or nothing."""
_KEPT = ("PYTHON", "SSL_CERT_")


class Witnesses:
    """One publisher at a time, from now on. Any thread may ask `told`, one the rest.

    The file's time says when the publisher lived, by the clock that nobody steps.
    """

    def __init__(self, log_dir: Path, policy_file: Path, policy: PolicyFile, clock: Clock) -> None:
        self._log, self._policy, self._clock = log_dir, policy, clock
        self._file = log_dir / ".witnesses.json"
        program = [sys.executable, "-P", "-m", "plainview.tlog.publisher"]
        self._command = [*program, *map(str, (log_dir, policy_file, self._file))]
        self._start()

    def _start(self) -> None:
        self._file.write_text(json.dumps(SILENT))
        os.utime(self._file, (time.monotonic(),) * 2)
        kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
        self.child = Popen(  # noqa: S603 - our own module, no shell; its input ends when we do
            self._command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, env=kept
        )

    def close(self) -> None:
        """End the publisher, if it still runs."""
        with self.child:
            self.child.kill()

    def checkpoint(self) -> None:
        """Replace a publisher that ended or hangs; asked once a second, it starts no more."""
        ended = self.child.poll() is not None
        if ended or time.monotonic() - self._file.stat().st_mtime > HUNG_SECONDS:
            self.close()
            self._start()

    def told(self) -> dict[str, Any]:
        """What the publisher says, in the shape of `SILENT`; nothing of it is verified."""
        told = dict(SILENT)
        with suppress(OSError, ValueError, TypeError):
            told |= json.loads(self._file.read_bytes())
        return told

    def check_start(self) -> None:
        """Raises `UnsafeStart` if a witness cannot follow this log; unreachable ones are noted.

        One that saw a larger or different tree means that this log was restored from an old copy or
        forked, and signing would prove the operator a liar.
        """
        until = time.monotonic() + START_SECONDS
        while "refused" not in (told := self.told()) and self.child.poll() is None:
            if time.monotonic() > until:
                break
            time.sleep(0.02)
        if refused := told.get("refused"):
            raise UnsafeStart(**refused)

    def check_time(self) -> None:
        """Raises `LogAway` unless a quorum cosigned what readers see at the time our clock shows.

        Witnesses never sign ahead of time: an old cosignature can confirm no clock that runs ahead.
        """
        os.utime(self._log / "head")  # the publisher has it cosigned anew
        until = time.monotonic() + (FRESH_SECONDS if self._policy.urls else 0.0)
        while not self._policy.reached(near := self._near()) or self._policy.quorum == "none":
            if time.monotonic() > until:
                told = f"{len(near)} of {len(self._policy.witnesses)} witnesses confirm our clock"
                raise LogAway(f"{told}: nothing is destroyed.", hint="Check it, and the witnesses.")
            time.sleep(0.02)

    def _near(self) -> set[str]:
        """Witnesses whose verified cosignature of the published checkpoint is of now."""
        text, lines = self._policy.logs[0].signed((self._log / "checkpoint").read_bytes())
        return {
            name
            for name, witness in self._policy.witnesses.items()
            for line in filter(witness.made, lines)
            if abs(witness.cosigned_at(text, line) - self._clock()) <= AGREE_MS
        }
