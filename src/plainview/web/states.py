"""Whether cameras record: what the gate allows beside what the recorder says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Ms
from plainview.register.listing import Listed
from plainview.register.overview import View
from plainview.web import words
from plainview.web.catalogue import Catalogue

Health = Mapping[str, Any]
RECORDING = frozenset({"recording", "pixelated"})
STATES = {
    "recording": "recording",
    "starting": "connecting",
    "waiting": "failed",
    "refused": "not_recording",
}
"""The recorder's words for its states, in ours."""
SHOWN = (
    "recording", "not_recording", "failed", "unknown", "notice", "contested", "refused",
    "suspended", "ended", "removed",
)  # fmt: skip
"""What a list may be narrowed to: states, and why a camera may not record."""


@dataclass(frozen=True)
class State:
    """Whether a camera records. `name` is a key of the catalogue's `state`; `reason` is for people.

    `until` is when the gate's answer ends, ms.
    """

    name: str
    reason: str
    until: Ms | None


def state(t: Catalogue, view: View, line: Listed, health: Health | None, now: Ms) -> State:
    """The state of one camera; `health` is the recorder's word on each, None while it is away."""
    gate = view.gates[line.id]
    if not gate.allowed:
        why, time = _why_not(view, line, now)
        reason = t(f"state.{why}", time=words.moment(time), version=line.version)
        return State("not_recording", reason, None)
    name = _name(health, line.id)
    if name == "unknown":
        return State(name, t("state.away" if health is None else "state.no_word"), gate.ends)
    # The recorder's own reason names the camera's address in the city's network: not for pages.
    why_not = {"failed": "no_picture", "pixelated": "blocks"}.get(name)
    return State(name, t(f"state.{why_not}") if why_not else "", gate.ends)


def shown(view: View, line: Listed, health: Health | None, now: Ms) -> str:
    """One of `SHOWN`: the state, or why the camera may not record."""
    if view.gates[line.id].allowed:
        name = _name(health, line.id)
        return "recording" if name in RECORDING else name
    why = _why_not(view, line, now)[0]
    return {"lapsed": "ended", "revoked": "ended"}.get(why, why)


def recording(view: View, health: Health | None) -> int | None:
    """How many cameras record that may; None while the recorder cannot be asked."""
    if health is None:
        return None
    gates = view.gates
    return sum(
        gates[name].allowed and STATES.get(str(known.get("state"))) == "recording"
        for name, known in health.items()
        if name in gates
    )


def _name(health: Health | None, camera: str) -> str:
    known = None if health is None else health.get(camera)
    if known is None:
        return "unknown"
    name = STATES.get(str(known.get("state")), "failed")
    withheld = name == "recording" and known.get("redaction") == "withheld"
    return "pixelated" if withheld else name


def _why_not(view: View, line: Listed, now: Ms) -> tuple[str, Ms]:
    """Why the gate is shut, as a resident reads it: a key of the catalogue's `state`, and when."""
    if line.status == "refused":
        return "refused", line.effective_ms
    if line.status != "active" and now >= line.effective_ms:
        return line.status, line.effective_ms
    if now < line.effective_ms:
        return "notice", line.effective_ms
    if (line.id, line.index) in view.contested:
        return "contested", line.effective_ms
    if now >= line.lapses_ms:
        return "lapsed", line.lapses_ms
    for name in line.rests_on:
        newest = view.records[name][-1]
        if newest.status != "active":
            return "revoked", newest.effect
        if now >= newest.lapses:
            return "lapsed", newest.lapses
    return "before", line.effective_ms
