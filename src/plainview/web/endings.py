"""What ends soon, as notes of health: a legal basis, an assessment's review, a contract."""

from __future__ import annotations

import threading
import time

import structlog

from plainview.base.clock import Clock
from plainview.base.problems import Problem
from plainview.errors import PlainviewError
from plainview.register import endings
from plainview.register.projection import Register
from plainview.web.catalogue import Catalogue
from plainview.web.words import day

LOG = structlog.get_logger(__name__)
EVERY_S = 60.0


class Endings:
    """Asks the register at most once a minute: nothing that it tells is urgent by the second."""

    def __init__(self, register: Register, t: Catalogue, clock: Clock) -> None:
        self._register, self._t, self._clock = register, t, clock
        self._lock = threading.Lock()
        self._asked, self._known = -EVERY_S, list[Problem]()

    def problems(self) -> list[Problem]:
        """A note for each thing that ends within 60 days; those of before if nobody answers."""
        with self._lock:
            if time.monotonic() - self._asked >= EVERY_S:
                self._asked = time.monotonic()
                try:
                    found = endings.soon(self._register, self._clock())
                except PlainviewError as error:
                    LOG.warning("endings_unknown", reason=error.message)
                else:
                    self._known = [self._note(one) for one in found]
            return self._known

    def _note(self, one: endings.Ending) -> Problem:
        said = self._t("health.ends", n=one.cameras, day=day(one.at), days=one.warning)
        return Problem("basis_ends", f"{one.kind} {one.name}", said, red=False)
