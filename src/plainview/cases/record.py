"""Everything on the log that a request rests on, for an evidence package and for the requester.

The selection is that of docs/ref/evidence-package.md: every statement about people and custodian
sets; those about the cameras concerned, the records that they rest on, the objections and their
answers; of what was approved, the proposal; the windows' entries, the request with its releases and
openings, and the `roots` entries of the windows with their leaves.
"""

from __future__ import annotations

import json
from typing import Any

from plainview.cases.bundle import Prover
from plainview.errors import NotFound
from plainview.register.answers import RequestOnLog, WindowOnLog
from plainview.register.projection import Register
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.tlog import leaves
from plainview.tlog.entries import parse

ABOUT_PEOPLE = ("founding", "enrol", "custodian-set")
MOST_ROOTS = 20_000


def record(
    prover: Prover,
    register: Register,
    store: Store,
    request: RequestOnLog,
    windows: list[WindowOnLog],
) -> dict[str, Any]:
    """{origin, entries: {index: {entry, proof}}, leaves: {entry id: leaves}}, as JSON."""
    roots = _roots(register, store, windows)
    indexes = {request.index, *(window.index for window in windows), *roots}
    indexes |= {one.index for one in register.releases(request.hash)}
    indexes |= {one.index for one in register.refusals(request.hash)}
    indexes |= {one.index for one in register.openings(request.hash)}
    indexes |= set(register.opened(request.hash))
    last = max(indexes)
    indexes |= set(register.statements(ABOUT_PEOPLE, before=last))
    indexes |= _about_cameras(register, {window.camera for window in windows}, last)
    indexes |= _proposals(register, indexes)
    return {
        "origin": register.origin(),
        "entries": {str(index): prover.proven(index) for index in sorted(indexes)},
        "leaves": dict(roots.values()),
    }


def _about_cameras(register: Register, cameras: set[str], before: int) -> set[int]:
    """Versions of cameras, what they rest on, objections, and what an answer to one answers too."""
    answers = register.statements(("answer",), before=before)
    found: set[int] = set()
    known: set[str] = set()
    while new := cameras - known:
        known |= new
        for camera in new:
            versions = register.statements(("camera",), subject=camera, before=before)
            found |= {*versions, *_rested_on(register, versions, before)}
            found |= set(register.statements(("objection",), subject=camera, before=before))
        for index in answers:
            objections = register.stated(index).body["objections"]
            if found & set(objections):
                found.add(index)
                cameras |= {parse(register.raw(one)).body["camera"] for one in objections}
    return found


def _rested_on(register: Register, versions: list[int], before: int) -> set[int]:
    """Every version of the records that these versions of a camera rest on."""
    stated = [register.stated(index).body["record"] for index in versions]
    names = {name for record in stated for name in record.get("rests_on", ())}
    found = [register.statements(("record",), subject=name, before=before) for name in names]
    return {index for indexes in found for index in indexes}


def _proposals(register: Register, indexes: set[int]) -> set[int]:
    """What those of these entries that are approvals approved."""
    entries = [parse(register.raw(index)) for index in indexes]
    return {register.find(one.body["proposal"]) for one in entries if one.type == "approve"}


def _roots(
    register: Register, store: Store, windows: list[WindowOnLog]
) -> dict[int, tuple[str, list[dict[str, Any]]]]:
    """The `roots` entries that hold segments of the windows: {index: (entry id, leaves)}."""
    missing = {one.window: len(store.of_window(Kind.ORIGINALS, one.window)) for one in windows}
    found: dict[int, tuple[str, list[dict[str, Any]]]] = {}
    first = min(window.index for window in windows)
    for index in register.of_type("roots", after=first, limit=MOST_ROOTS):
        if not any(count > 0 for count in missing.values()):
            break
        ident = parse(register.raw(index)).id
        listed = _leaves(register, ident)
        mine = [leaf for leaf in listed if leaf["window"] in missing]
        for leaf in mine:
            missing[leaf["window"]] -= leaf["segments"]
        if mine:
            found[index] = (ident, listed)
    return found


def _leaves(register: Register, ident: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(register.public_file(leaves.path(ident)))
    except NotFound:
        return []
    return found
