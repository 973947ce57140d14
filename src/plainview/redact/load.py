"""What is left out when a node has more to do than it can: a stated order, and masks never.

One scheduler serves all cameras of a process. It knows how far each is behind its camera and says
how much effort the next frame gets. The order: changes inside boxes that flow follows are searched
less often; small parts are no longer enlarged; every other frame of the view is made, then one in
four, then one in eight; last, the picture is withheld. Whatever the step, nothing is shown that was
not searched.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from plainview.base.clock import Ms


@dataclass(frozen=True, slots=True)
class Effort:
    """One step of the order."""

    level: int
    above_ms: Ms
    """The lag from which on it is taken."""
    trust: bool = False
    """Changes inside boxes that flow follows wait for the next whole search."""
    enlarge: bool = True
    """Whether small parts are searched at twice their size."""
    part: int = 1
    """One of so many frames of the view is made."""
    withhold: bool = False
    """The picture is withheld and not searched."""
    says: str = ""


STEPS = (
    Effort(0, 0),
    Effort(1, 120, trust=True, says="The node is busy: fewer searches."),
    Effort(2, 160, trust=True, enlarge=False, says="The node is busy: small parts not enlarged."),
    Effort(3, 200, trust=True, enlarge=False, part=2, says="The node is busy: half the pictures."),
    Effort(
        4, 500, trust=True, enlarge=False, part=4, says="The node is busy: one picture in four."
    ),
    Effort(
        5, 900, trust=True, enlarge=False, part=8, says="The node is busy: one picture in eight."
    ),
    Effort(6, 1500, part=8, withhold=True, says="The node is overloaded."),
)
WITHHELD = STEPS[-1]
CALM_MS: Ms = 1000
"""How long the lag must have been small before one step is taken back."""


@dataclass(slots=True)
class _Camera:
    lag_ms: Ms = 0
    wall_ms: Ms = 0
    withheld: bool = False


class Load:
    """The node's scheduler; safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cameras: dict[int, _Camera] = {}
        self._level = 0
        self._calm_since: Ms | None = None

    @property
    def level(self) -> int:
        """The present step for the node; a single camera may be withheld beyond it."""
        return self._level

    def leave(self, camera: int) -> None:
        """A camera has gone."""
        with self._lock:
            self._cameras.pop(camera, None)

    def effort(self, camera: int, lag_ms: Ms, wall_ms: Ms) -> Effort:
        """What the next frame of a camera gets; `lag_ms` is how far it is behind, `wall_ms` now."""
        with self._lock:
            own = self._cameras.setdefault(camera, _Camera())
            own.lag_ms, own.wall_ms = lag_ms, wall_ms
            own.withheld = lag_ms > WITHHELD.above_ms or (
                own.withheld and lag_ms >= WITHHELD.above_ms // 2
            )
            self._settle(wall_ms)
            return WITHHELD if own.withheld else STEPS[self._level]

    def _settle(self, wall_ms: Ms) -> None:
        """Up at once, down step by step. Withholding is each camera's own."""
        worst = max(one.lag_ms for one in self._cameras.values() if self._recent(one, wall_ms))
        wanted = max(step.level for step in STEPS[:-1] if worst >= step.above_ms)
        if wanted >= self._level:
            self._level, self._calm_since = wanted, None
        elif self._calm_since is None or not 0 <= wall_ms - self._calm_since < CALM_MS:
            if self._calm_since is not None:
                self._level -= 1
            self._calm_since = wall_ms

    @staticmethod
    def _recent(camera: _Camera, wall_ms: Ms) -> bool:
        return abs(wall_ms - camera.wall_ms) < 4 * CALM_MS
