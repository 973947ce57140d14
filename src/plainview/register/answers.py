"""What the register answers with: plain frozen values, times in milliseconds UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Ms


@dataclass(frozen=True)
class Camera:
    """One version of a camera's record; it takes effect at `effective_ms`."""

    id: str
    version: int
    status: str
    record: dict[str, Any]
    index: int
    time_ms: Ms
    effective_ms: Ms
    lapses_ms: Ms


@dataclass(frozen=True)
class PersonOnLog:
    """Somebody enrolled; `name` is known only where the person was enrolled from."""

    person: str
    key: str
    key_id: str
    age: str | None
    roles: tuple[str, ...]
    org: str
    outside: bool
    index: int
    name: str | None


@dataclass(frozen=True)
class SetOnLog:
    """A custodian set: any `k` of the `n` members open a window together."""

    set: str
    k: int
    n: int
    members: tuple[dict[str, Any], ...]
    index: int


@dataclass(frozen=True)
class Said:
    """What the register said about one subject (a camera, `kind/id`, a set) from `time_ms` on.

    It counts by entry `index`; its words stand in entry `said`: the same, or the proposal that
    `index` approves.
    """

    type: str
    subject: str
    version: int | None
    status: str | None
    index: int
    said: int
    time_ms: Ms
    body: dict[str, Any]


@dataclass(frozen=True)
class CameraAt:
    """A camera as the register had it at a moment: the newest version published by then.

    `recording` is the version by which it might record then, or None, and then `reason` says why.
    """

    newest: Said
    recording: int | None
    reason: str


@dataclass(frozen=True)
class RegisterAt:
    """What the register said at a moment; `people` were enrolled by then."""

    time_ms: Ms
    cameras: tuple[CameraAt, ...]
    records: tuple[Said, ...]
    sets: tuple[Said, ...]
    people: int

    def said(self) -> list[Said]:
        """Everything that was said."""
        return [*(one.newest for one in self.cameras), *self.records, *self.sets]


@dataclass(frozen=True)
class Line:
    """One entry of the log in a list."""

    index: int
    type: str
    time_ms: Ms
    leaf: str


@dataclass(frozen=True)
class WindowOnLog:
    """A window as logged; `shredded_by` is the index of the entry that says its key is gone."""

    window: str
    camera: str
    start_ms: Ms
    end_ms: Ms
    index: int
    period: str
    shred_ms: Ms
    held_ms: Ms
    shredded_by: int | None
    register: int


@dataclass(frozen=True)
class RequestOnLog:
    """A request for originals, by its hash."""

    hash: str
    index: int
    person: str
    key_id: str
    time_ms: Ms
    expires_ms: Ms
    body: dict[str, Any]


@dataclass(frozen=True)
class ReleaseOnLog:
    """Share `i` of a window, re-sealed to the requester (SHA-256 of the age file)."""

    index: int
    request: str
    person: str
    window: str
    i: int
    resealed: str


@dataclass(frozen=True)
class RefusalOnLog:
    """A custodian's no."""

    index: int
    request: str
    person: str
    reason: str


@dataclass(frozen=True)
class OpeningOnLog:
    """The keeper's half of a window's key, re-sealed to the requester (SHA-256)."""

    index: int
    request: str
    window: str
    resealed_e: str


@dataclass(frozen=True)
class ActOnLog:
    """Something that a person did; the actor's name changes daily."""

    index: int
    actor: str
    role: str
    act: str
    time_ms: Ms
    commitment: str
    revealed_by: int | None


@dataclass(frozen=True)
class ShredOnLog:
    """A key that was destroyed, and how many windows became unreadable with it."""

    index: int
    period: str
    due_ms: Ms
    time_ms: Ms
    count: int


@dataclass(frozen=True)
class GateOnLog:
    """What the gate answered to a recorder when its answer changed."""

    index: int
    camera: str
    allowed: bool
    reason: str
    time_ms: Ms
