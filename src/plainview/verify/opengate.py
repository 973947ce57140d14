"""The gate's answers, remembered: a leaf a camera and minute would ask the same again and again."""

from __future__ import annotations

from contextlib import suppress

from plainview.base.clock import Ms
from plainview.errors import GateClosed
from plainview.tlog.history import History, Version

SECOND_MS: Ms = 1_000


class OpenGate:
    """`History.may_record`, asked once for as long as its yes holds."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._open: dict[str, tuple[list[Version], Ms, Ms]] = {}

    def is_known_open(self, camera: str, at: Ms) -> bool:
        """Whether a yes that was given holds then; if not, `check` asks."""
        known, since, until = self._open.get(camera, _NEVER)
        # A new statement about the camera makes a new list, and the answer is asked anew.
        return since <= at < until and known is self._history.cameras.get(camera)

    def forget(self) -> None:
        """Ask anew: something that cameras rest on, or an objection to one, was logged."""
        self._open.clear()

    def check(self, camera: str, at: Ms) -> None:
        """Raises `GateClosed` if this camera might not record then, by what is logged so far."""
        if not self.is_known_open(camera, at):
            answer = self._history.may_record(camera, at)
            self._open[camera] = self._history.cameras[camera], at, answer.until

    def check_within(self, camera: str, likely: Ms, begin: Ms, end: Ms) -> None:
        """Raises `GateClosed` if it might not record in any second of [begin, end).

        `likely` and the last moment are asked first.
        """
        for at in (likely, max(begin, end - 1), *range(begin, end, SECOND_MS)):
            with suppress(GateClosed):
                return self.check(camera, at)
        self.check(camera, max(begin, end - 1))
        return None


_NEVER: tuple[list[Version] | None, Ms, Ms] = (None, 0, 0)
