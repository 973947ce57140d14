"""What a verification found, for a person and for a machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from plainview.base.clock import Ms, to_iso
from plainview.tlog.policy import Checked, Policy

MAX_FINDINGS = 1000
"""Findings kept; beyond that they are only counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold: `where` is an entry, a file or a window."""

    code: str
    where: str
    message: str


@dataclass(slots=True)
class Report:
    """The outcome; `ok` only if there is no finding. Notes are worth knowing, and no failure.

    `besides` says in whole sentences what else was looked at.
    """

    subject: str
    findings: list[Finding] = field(default_factory=list)
    found: int = 0
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    besides: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.found

    def fail(self, code: str, where: str, message: str) -> None:
        """Record a finding."""
        self.found += 1
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(code, where, message))

    def witnessed(self, checked: Checked, policy: Policy) -> None:
        """Record the checkpoint that everything hangs on."""
        self.facts["origin"] = checked.checkpoint.origin
        self.facts["size"] = checked.checkpoint.size
        self.facts["root"] = checked.checkpoint.root.hex()
        self.facts["witnesses"] = {name: to_iso(at) for name, at in checked.witnesses.items()}
        self.facts["witnesses_known"] = len(policy.witnesses)
        if not checked.witnesses:
            self.notes.append(
                "Nobody outside has witnessed this log: its operator could show somebody else "
                "a different one."
            )

    def to_dict(self) -> Mapping[str, Any]:
        """For `--json`."""
        return {
            "ok": self.ok,
            "subject": self.subject,
            "failures": self.found,
            "findings": [asdict(finding) for finding in self.findings],
            "notes": self.notes,
            **self.facts,
        }

    def lines(self) -> list[str]:
        """The verdict in plain words, the answer first."""
        head = f"{self.subject}: {'everything holds' if self.ok else 'NOT everything holds'}."
        shown = [f"  {f.where}: {f.message}" for f in self.findings[:20]]
        if self.found > len(shown):
            kinds = Counter(finding.code for finding in self.findings)
            summary = ", ".join(f"{count} x {code}" for code, count in kinds.most_common())
            shown.append(f"  ... {self.found} failures in all: {summary}.")
        besides = (f"  {line}" for line in self.besides)
        notes = (f"  Note: {note}" for note in self.notes)
        return [head, *self._words(), *besides, *shown, *notes]

    def _words(self) -> list[str]:
        if "size" not in self.facts:
            return []
        seen = len(self.facts["witnesses"])
        return [
            f"  Log {self.facts['origin']}, {self.facts['size']} entries, "
            f"witnessed by {seen} of {self.facts['witnesses_known']}."
        ]


def time_of(checked: Checked, now: Ms | None) -> Ms | None:
    """The time that a checkpoint speaks for: its newest witness, else the reader's clock."""
    return max(checked.witnesses.values(), default=now)
