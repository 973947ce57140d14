"""The gate of one camera: what the register last answered, until when that counts.

The answer carries its own end, so that recording outlives a register that cannot be asked; a
refusal counts at once. Every change is an entry on the log, as soon as the keeper is there.
"""

from __future__ import annotations

import threading
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from plainview.base.clock import Clock, Ms
from plainview.errors import GateClosed, Invalid, PlainviewError, StoreDamaged, Unavailable
from plainview.tlog.history import Version

log = structlog.get_logger()
GRACE_MS: Ms = 5_000
"""An answer that ended is renewed by the next question; only when nobody answers does it count."""


class Asked(Protocol):
    """Who knows the register (`plainview.register.projection.Register`)."""

    def may_record(self, camera: str, at: Ms) -> Version:
        """The answer; raises `GateClosed` with the reason."""
        ...


class Logs(Protocol):
    """Who logs gate answers (`plainview.keys.client.KeeperClient`)."""

    def gate(self, camera: str, allowed: bool, reason: str, register: int | None) -> int:
        """The index of the entry."""
        ...


class Gate:
    """Asked by one thread, checked by the camera's."""

    def __init__(self, camera: str, register: Asked, keeper: Logs, horizon_s: int) -> None:
        self.camera = camera
        self._register, self._keeper = register, keeper
        self._horizon: Ms = horizon_s * 1000
        self._lock = threading.Lock()
        self._answer: Version | None = None
        self._until: Ms = 0
        self._reason = "The register was not asked yet."
        self._told: tuple[bool, int | None] | None = None

    @property
    def answer(self) -> Version | None:
        """The last yes, None after a no."""
        with self._lock:
            return self._answer

    @property
    def until(self) -> Ms:
        """When the last yes ends if nobody can be asked again; 0 after a no."""
        with self._lock:
            return self._until

    @property
    def reason(self) -> str:
        """Why recording is not allowed; empty if it is."""
        with self._lock:
            return "" if self._answer is not None else self._reason

    def refresh(self, clock: Clock) -> None:
        """Ask the register; when it cannot be asked, the last answer counts until its end."""
        now = clock()
        try:
            answer = self._register.may_record(self.camera, now)
        except GateClosed as error:
            self._set(None, 0, error.message)
        except (Unavailable, Invalid, StoreDamaged, SQLAlchemyError, OSError) as error:
            log.warning("register_away", camera=self.camera, reason=str(error))
        else:
            self._set(answer, min(answer.until, answer.lapses, now + self._horizon), "")
        self._tell()

    def check(self, now: Ms) -> Version:
        """The answer that counts now; raises `GateClosed`. Cheap: asked for every packet."""
        with self._lock:
            if self._answer is None:
                raise GateClosed(self._reason)
            if now >= self._until + GRACE_MS:
                raise GateClosed("The register's last answer has ended and it cannot be asked.")
            return self._answer

    def _set(self, answer: Version | None, until: Ms, reason: str) -> None:
        with self._lock:
            self._answer, self._until, self._reason = answer, until, reason

    def _tell(self) -> None:
        """Log a change of the answer; while the keeper is away the newest is kept."""
        with self._lock:
            answer, reason = self._answer, self._reason
        state = (answer is not None, answer.index if answer else None)
        if state == self._told:
            return
        try:
            self._keeper.gate(self.camera, state[0], reason[:200] or "allowed", state[1])
        except PlainviewError as error:
            log.warning("gate_not_logged", camera=self.camera, reason=error.message)
            return
        self._told = state
