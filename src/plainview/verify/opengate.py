"""The gate's answers, remembered: a leaf a camera and minute would ask the same again and again."""

from __future__ import annotations

from plainview.base.clock import Ms
from plainview.tlog.history import History, Version


class OpenGate:
    """`History.may_record`, asked once for as long as its yes holds."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._open: dict[str, tuple[list[Version], Ms, Ms]] = {}

    def check(self, camera: str, at: Ms) -> None:
        """Raises `GateClosed` if this camera might not record then, by what is logged so far."""
        versions = self._history.cameras.get(camera, [])
        known, since, until = self._open.get(camera, (None, 0, 0))
        # A new statement about the camera makes a new list, and the answer is asked anew.
        if known is not versions or not since <= at < until:
            answer = self._history.may_record(camera, at)
            self._open[camera] = versions, at, answer.until
