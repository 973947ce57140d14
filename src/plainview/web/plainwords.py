"""Entries of the log in plain words: one sentence each, from what is public about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Ms, from_iso
from plainview.base.software import stated
from plainview.errors import PlainviewError
from plainview.tlog.entries import Entry, parse
from plainview.web.catalogue import Catalogue
from plainview.web.words import moment

PEOPLE = frozenset(
    {"act", "reveal", "request", "release", "refusal", "opened", "opening", "hold", "propose",
     "approve", "objection", "answer"}
)  # fmt: skip
"""Types that tell what somebody did; the others are the system's own book-keeping."""
MARKS = {
    "gate-shut": "stop",
    "camera-suspended": "stop",
    "record-revoked": "stop",
    "refusal": "stop",
    "shred": "gone",
}


@dataclass(frozen=True)
class Sentence:
    """An entry as a resident reads it. `mark` is `people`, `system`, `stop` or `gone`."""

    index: int
    type: str
    time: Ms
    text: str
    mark: str


class PlainWords:
    """Says entries in words."""

    def __init__(self, t: Catalogue) -> None:
        self._t = t
        self._ways: dict[str, Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]] = {
            "founding": lambda b: ("founding", {"people": len(b["people"])}),
            "enrol": lambda b: ("enrol", {"roles": ", ".join(map(self.role, b["roles"]))}),
            "custodian-set": lambda b: ("custodian-set", b),
            "camera": lambda b: (f"camera-{b['status']}", b),
            "record": lambda b: (f"record-{b['status']}", b),
            "propose": lambda b: ("propose", {"type": b["type"]}),
            "approve": lambda b: ("approve", {}),
            "objection": lambda b: ("objection", b),
            "answer": lambda b: ("answer", {"n": len(b["objections"]), "text": b["text"][:200]}),
            "request": lambda b: ("request", {"n": len(b["windows"])}),
            "release": lambda b: ("release", b),
            "refusal": lambda b: ("refusal", {}),
            "opened": lambda b: ("opened", {"n": len(b["windows"])}),
            "hold": self._hold,
            "start": self._start,
            "windows": self._windows,
            "roots": lambda b: ("roots", {"node": b["node"], "n": b["leaves"]}),
            "act": self._act,
            "reveal": self._reveal,
            "gate": lambda b: ("gate-open" if b["allowed"] else "gate-shut", b),
            "redaction": self._redaction,
            "opening": lambda b: ("opening", b),
            "shred": lambda b: ("shred", {"n": b["count"], "period": b["period"]}),
        }

    def sentence(self, index: int, raw: bytes) -> Sentence:
        """One entry. An unknown type is named, never hidden. Raises `BadFormat`."""
        entry = parse(raw)
        kind, text = self._text(entry)
        mark = MARKS.get(kind, "people" if entry.type in PEOPLE else "system")
        return Sentence(index, entry.type, entry.time, text, mark)

    def role(self, role: str) -> str:
        """A role's name; an unknown one as it is."""
        return self._t(f"role.{role}") if self._t.has(f"role.{role}") else role

    def act(self, act: str) -> str:
        """What somebody did; an unknown act in general words."""
        return self._t(f"act.{act}") if self._t.has(f"act.{act}") else self._t("act.other")

    def detail(self, detail: dict[str, Any]) -> str:
        """What a reveal discloses, as far as residents care: the camera and the purpose."""
        parts = [
            self._t(f"revealed.{name}", **{name: str(detail[name])[:200]})
            for name in ("camera", "purpose")
            if detail.get(name)
        ]
        return self._t("revealed.join").join(parts)

    def _text(self, entry: Entry) -> tuple[str, str]:
        way = self._ways.get(entry.type)
        if way is None:
            return "other", self._t("entry.other", type=entry.type)
        try:
            kind, values = way(entry.body)
            return kind, self._t(f"entry.{kind}", **values)
        except (KeyError, TypeError, AttributeError, PlainviewError):
            # Its shape is not the one we know: say so rather than break the page.
            return "other", self._t("entry.other", type=entry.type)

    def _hold(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "hold", {"n": len(body["windows"]), "until": moment(from_iso(body["until"]))}

    def _start(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        said = stated(body["software"])
        if said is None:
            return "start", {}
        return "start_software", {"version": said[0], "hash": said[1][:16]}

    def _redaction(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        said = stated(body["software"])
        version = said[0] if said else self._t("site.unknown")
        return "redaction", {"node": body["node"], "version": version, "n": len(body["models"])}

    def _windows(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        cameras = sorted({window["camera"] for window in body["windows"]})
        return "windows", {"n": len(body["windows"]), "cameras": ", ".join(cameras)}

    def _act(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        role, act = self.role(body["role"]), self.act(body["act"])
        return "act", {"role": role, "actor": body["actor"], "act": act}

    def _reveal(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        text = self.detail(body["detail"])
        return ("reveal" if text else "reveal_plain"), {"of": body["of"], "text": text}
