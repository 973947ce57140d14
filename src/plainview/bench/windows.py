"""What a recorder asks others for, answered on the spot: a gate that says yes, logged windows.

The windows are real (drafted in a child, sealed to a custodian set of three out of five); only
the keeper is not there: its locks are empty and nothing is logged. A bench of recording must not
measure the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pyrage

from plainview.base.clock import DAY_MS, Ms, now_ms, to_iso
from plainview.recorder.gate import Gate
from plainview.recorder.making import Maker
from plainview.recorder.windows import WindowStock
from plainview.seal.draft import CustodianSet, Draft, set_of
from plainview.seal.windows import period_of
from plainview.tlog.history import Version

SET = "set-1"
K, N = 3, 5
WINDOW_S = 900
RETENTION: dict[str, Any] = {"class": "street", "seconds": 15 * 86_400}


@dataclass(frozen=True)
class Custodians:
    """A custodian set whose keys nobody has."""

    set: str = SET
    k: int = K
    members: Sequence[Mapping[str, Any]] = field(
        default_factory=lambda: [
            {"person": f"p-{n}", "age": str(pyrage.x25519.Identity.generate().to_public())}
            for n in range(N)
        ]
    )

    def as_set(self) -> CustodianSet:
        """For drafting."""
        return set_of({"set": self.set, "k": self.k, "members": self.members})


class Answers:
    """Register and keeper of a bench: every camera may record, every draft is taken."""

    def __init__(self) -> None:
        self.custodians = Custodians()
        self._record = {"retention": RETENTION, "custodian_set": SET}

    def may_record(self, camera: str, at: Ms) -> Version:
        """Yes, for a year."""
        end = at + 365 * DAY_MS
        return Version(1, 1, "active", self._record, at - DAY_MS, end, end)

    def custodian_set(self, name: str) -> Custodians:
        """The one set there is."""
        return self.custodians

    def gate(self, camera: str, allowed: bool, reason: str, register: int | None) -> int:
        """A log that forgets."""
        return 0

    def make_windows(
        self, camera: str, register_index: int, drafts: Sequence[Draft]
    ) -> list[dict[str, Any]]:
        """Headers as the keeper answers them, with empty locks."""
        return [_header(draft, register_index) for draft in drafts]


def stock_of(camera: str, answers: Answers, *, horizon_s: int = WINDOW_S) -> WindowStock:
    """A stock with windows for `horizon_s` from now, made as a recorder makes them."""
    stock, gate = WindowStock(camera, 1, horizon_s=horizon_s, window_s=WINDOW_S), gate_of(camera)
    with closing(Maker(answers, answers, now_ms)) as maker:
        maker.fill(stock, gate)
    return stock


def gate_of(camera: str) -> Gate:
    """A gate that was asked a moment ago and is open."""
    answers = Answers()
    gate = Gate(camera, answers, answers, 7200)
    gate.refresh(now_ms)
    return gate


def _header(draft: Draft, register: int) -> dict[str, Any]:
    spec = draft.spec
    period = period_of(spec.start, RETENTION["class"], RETENTION["seconds"], 86_400)
    record = {
        "window": str(spec.id), "camera": spec.camera, "start": to_iso(spec.start),
        "end": to_iso(spec.end), "epoch": spec.epoch, "counter": spec.counter, "pk": draft.pk,
        "k": draft.k, "n": draft.n, "set": draft.set,
        "shares": [{"i": s.i, "plain": s.plain, "sealed": s.sealed} for s in draft.shares],
        "class": RETENTION["class"], "period": period.id, "shred": to_iso(period.due),
        "register": register,
    }  # fmt: skip
    shares = [{"i": s.i, "person": s.person, "sealed": s.data} for s in draft.shares]
    return {"record": record, "shares": shares, "wrapped_e": "", "wrapped_view": "", "entry": 0}
