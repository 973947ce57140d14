"""Everything on the log that a request rests on, for an evidence package and for the requester.

The selection is that of docs/ref/evidence-package.md: every statement about people and custodian
sets, those about the cameras concerned, the windows' entries, the request with its releases and
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
    for camera in {window.camera for window in windows}:
        indexes |= set(register.statements(("camera",), subject=camera, before=last))
    return {
        "origin": register.origin(),
        "entries": {str(index): prover.proven(index) for index in sorted(indexes)},
        "leaves": dict(roots.values()),
    }


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
