"""Trust policies as readers use them (c2sp.org/tlog-policy).

A checkpoint counts only with the signature of the log itself *and* the quorum of witnesses, each
by name. A reader that takes "any known key" would take a witness for the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plainview.base.clock import Ms
from plainview.errors import BadSignature
from plainview.tlog import cosign, notes
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.policy_file import PolicyFile

AHEAD_MS: Ms = 300_000
"""A cosignature may lie this far ahead of the reader's clock."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A checkpoint that the policy trusts, and when each witness saw it."""

    checkpoint: Checkpoint
    witnesses: Mapping[str, Ms]


class Policy(PolicyFile):
    """A policy file, and the check that it stands for."""

    def check(self, note: bytes, *, now: Ms | None = None, max_age_ms: Ms | None = None) -> Checked:
        """Demand the log's own signature and the witness quorum.

        With `now`, cosignatures from the future do not count; with `max_age_ms` too, nor do
        older ones. Raises `BadFormat`, `BadSignature`.
        """
        text, lines = notes.parse(note)
        found = Checkpoint.parse(text)
        log = next((known for known in self.logs if known.name == found.origin), None)
        if log is None:
            raise BadSignature(f"{found.origin} is not the log that the policy trusts.")
        own = [line for line in lines if log.made(line)]
        if not own:
            raise BadSignature(f"the checkpoint is not signed by {log.name} itself.")
        for line in own:
            log.verify(text, line.signature)
        seen: dict[str, Ms] = {}
        for name, witness in self.witnesses.items():
            for line in filter(witness.made, lines):
                time = cosign.check(text, line, witness)
                late = now is not None and max_age_ms is not None and time < now - max_age_ms
                if not late and (now is None or time <= now + AHEAD_MS):
                    seen[name] = max(time, seen.get(name, 0))
        if not self.reached(seen):
            raise BadSignature(
                f"witnessed by {len(seen)} of {len(self.witnesses)}, which is not the quorum.",
                hint="Ask again in a minute; if it stays so, the log is not to be trusted.",
            )
        return Checked(found, seen)
