"""The witnesses of the trust policy: asked at start, after every batch, and before a shred.

At start: a witness that saw a larger or different tree means that this log was restored from an old
copy or forked, and signing would prove the operator a liar. So nothing is signed. They are asked
by the courier, a child without keys; every line that it brings is verified here.
"""

from __future__ import annotations

import threading

from plainview.base.clock import Clock, Ms
from plainview.errors import LogAway, PlainviewError, Refused, UnsafeStart
from plainview.keeper.courier import Courier
from plainview.keeper.scribe import Scribe
from plainview.tlog import notes
from plainview.tlog.notes import SignatureLine
from plainview.tlog.policy_file import PolicyFile

AGREE_MS: Ms = 300_000
"""How far the keeper's clock and a witness's may lie apart for a shred."""


class Witnesses:
    """What each witness saw last; any thread may call."""

    def __init__(self, policy: PolicyFile, scribe: Scribe, courier: Courier, clock: Clock) -> None:
        self._policy, self._scribe, self._courier, self._clock = policy, scribe, courier, clock
        self._lock = threading.Lock()
        self.times: dict[str, Ms] = {}
        self.errors: dict[str, PlainviewError] = {}

    def check_start(self) -> None:
        """Raises `UnsafeStart` if a witness cannot follow this log; unreachable ones are noted."""
        self.gather()
        for name, error in self.errors.items():
            if isinstance(error, Refused):
                raise UnsafeStart(
                    f"The witness {name} saw a larger or different log than this one.",
                    hint="Restore the newest copy of the log's folder and of keys/; never start "
                    "from an older one. If the witness does not know this log, give it policy.txt "
                    f"or take it out of there. It said: {error.message}",
                ) from error

    def gather(self) -> tuple[bytes, dict[str, SignatureLine]]:
        """The newest head and fresh cosignatures by witness; who gave none stands in `errors`."""
        with self._lock:
            head, lines = self._scribe.writer.head, {}
            for name, url in self._policy.urls.items():
                try:
                    lines[name] = self._ask(name, url, head)
                    self.errors.pop(name, None)
                except PlainviewError as error:
                    self.errors[name] = error
            return head, lines

    def publish(self) -> None:
        """Show readers the newest head with its cosignatures; `LogAway` without the quorum."""
        head, lines = self.gather()
        if not self._policy.reached(lines):
            raise LogAway(f"{len(lines)} witnesses cosigned, which is not the quorum.")
        with self._scribe.lock:
            self._scribe.writer.publish(head, list(lines.values()))

    def check_time(self) -> None:
        """Raises `LogAway` unless a quorum, asked now, states the time that our clock shows."""
        self.gather()
        asked = self.times.keys() - self.errors
        near = [name for name in asked if abs(self.times[name] - self._clock()) <= AGREE_MS]
        if self._policy.quorum == "none" or not self._policy.reached(near):
            told = f"{len(near)} of {len(self._policy.witnesses)} witnesses confirm our clock"
            hint = "Check this machine's clock and the witnesses."
            raise LogAway(f"{told}, which is not the quorum: nothing is destroyed.", hint=hint)

    def _ask(self, name: str, url: str, head: bytes) -> SignatureLine:
        witness, (text, _own) = self._policy.witnesses[name], notes.parse(head)
        for line in filter(witness.made, self._courier.ask(url, head)):
            self.times[name] = witness.cosigned_at(text, line)
            return line
        raise LogAway(f"The witness {name} signs with another key than the policy's.")
