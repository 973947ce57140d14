"""The witnesses of the trust policy: asked at start, after every batch, and before a shred.

At start: a witness that saw a larger or different tree means that this log was restored from an old
copy or forked, and signing would prove the operator a liar. So nothing is signed.
"""

from __future__ import annotations

import threading

from plainview.base.clock import Clock, Ms
from plainview.errors import LogAway, PlainviewError, Refused, UnsafeStart
from plainview.keeper.scribe import Scribe
from plainview.tlog import merkle, notes, tiles
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.notes import SignatureLine
from plainview.tlog.policy_file import PolicyFile
from plainview.tlog.witness_client import OtherSize, add_checkpoint

AGREE_MS: Ms = 300_000
"""How far the keeper's clock and a witness's may lie apart for a shred."""


class Witnesses:
    """What each witness saw last; any thread may call."""

    def __init__(self, policy: PolicyFile, scribe: Scribe, clock: Clock) -> None:
        self._policy, self._scribe, self._clock = policy, scribe, clock
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}
        self.times: dict[str, Ms] = {}
        self.errors: dict[str, str] = {}

    def check_start(self) -> None:
        """Raises `UnsafeStart` if a witness cannot follow this log; unreachable ones are noted."""
        head = self._scribe.writer.head
        for name in self._policy.urls:
            try:
                self._ask(name, head)
            except LogAway as error:
                self.errors[name] = error.message
            except Refused as error:
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
            for name in self._policy.urls:
                try:
                    lines[name] = self._ask(name, head)
                    self.errors.pop(name, None)
                except PlainviewError as error:
                    self.errors[name] = error.message
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

    def _ask(self, name: str, head: bytes) -> SignatureLine:
        text, _own = notes.parse(head)
        size, url = Checkpoint.parse(text).size, self._policy.urls[name]
        old = self._sizes.get(name, size)
        try:
            lines = add_checkpoint(url, old, self._proof(old, size), head)
        except OtherSize as other:
            if other.size > size or other.size == old:
                raise
            old = other.size
            lines = add_checkpoint(url, old, self._proof(old, size), head)
        witness = self._policy.witnesses[name]
        for line in filter(witness.made, lines):
            self.times[name] = witness.cosigned_at(text, line)
            self._sizes[name] = size
            return line
        raise LogAway(f"The witness {name} signs with another key than the policy's.")

    def _proof(self, old: int, size: int) -> list[bytes]:
        folder = self._scribe.folder
        tree = tiles.subtree(lambda *tile: (folder / tiles.tile_path(*tile)).read_bytes(), size)
        try:
            return merkle.consistency_proof(tree, old, size)
        except OSError as error:
            raise LogAway(f"A tile of the log cannot be read: {error.strerror}.") from error
