"""What cameras rest on and when it ends: said 60, 30 and 7 days before, in time to act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from plainview.base.clock import DAY_MS, Ms
from plainview.errors import GateClosed
from plainview.register.answers import Camera
from plainview.register.projection import Register
from plainview.tlog.history import moment

WARNINGS = (60, 30, 7)
"""Days before the end."""


@dataclass(frozen=True, order=True)
class Ending:
    """Something that ends at `at`, in `days` whole days, and how many cameras then stop.

    `kind` is `legal-basis`, `dpia` or `contract`, or that of a record; `name` says which.
    """

    at: Ms
    kind: str
    name: str
    days: int
    cameras: int

    @property
    def warning(self) -> int:
        """The warning that holds: 60, 30 or 7."""
        return min(days for days in WARNINGS if self.days < days)


def soon(register: Register, now: Ms) -> list[Ending]:
    """What ends within 60 days for cameras that may record now, the nearest first."""
    lapsing: Counter[tuple[Ms, str, str]] = Counter()
    ends = {name: end for name, end in register.ends().items() if end is not None}
    for camera in register.cameras():
        if _may_record(register, camera.id, now):
            lapsing.update(set(_of(camera, ends)))
    found = [
        Ending(at, kind, name, (at - now) // DAY_MS, number)
        for (at, kind, name), number in lapsing.items()
        if at - now < WARNINGS[0] * DAY_MS
    ]
    return sorted(found)


def _of(camera: Camera, ends: dict[str, Ms]) -> Iterable[tuple[Ms, str, str]]:
    record = camera.record
    basis, contract = record["legal_basis"], record["contract"]
    named = f"{basis['law']}, {basis['article']}: {basis['decision']}"
    yield moment(basis["valid_to"]), "legal-basis", named
    yield moment(record["dpia"]["review_due"]), "dpia", record["dpia"]["hash"][:16]
    yield moment(contract["valid_to"]), "contract", contract["number"]
    for name in record.get("rests_on", ()):
        if name in ends:
            kind, _, ident = name.partition("/")
            yield ends[name], kind, ident


def _may_record(register: Register, camera: str, now: Ms) -> bool:
    try:
        register.may_record(camera, now)
    except GateClosed:
        return False
    return True
