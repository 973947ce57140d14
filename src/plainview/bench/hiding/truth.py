"""What a data set says: sequences of pictures, and in each what must be hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from plainview.media.frames import Frame

Box = tuple[float, float, float, float]
"""Left, top, width, height in pixels of the picture; may reach over its edge."""


class Kind(StrEnum):
    """What a box shows."""

    FACE = "face"
    HEAD = "head"
    """A head, from whichever side."""
    SIDE = "side"
    """A head from the side or from half behind, whose face does not show."""
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class Target:
    """One box that must be hidden in one picture."""

    who: str
    """A name within the sequence: the same from picture to picture."""
    kind: Kind
    box: Box
    head: Box
    """The whole head, or the whole person where nothing closer is known: a mask that touches it
    is not a false one."""
    visible: float = 1.0
    """Share that is inside the picture and not hidden by others, 0 to 1."""
    looks: str | None = None
    """Which distinct face it is, for counting how many a figure rests on; None: drawn."""
    counts: bool = True
    """False for what the data set marks as not to be judged."""

    @property
    def height(self) -> float:
        return self.box[3]

    def scaled(self, across: float, down: float) -> Target:
        """The same in a picture of another size."""

        def move(box: Box) -> Box:
            return box[0] * across, box[1] * down, box[2] * across, box[3] * down

        return Target(
            self.who, self.kind, move(self.box), move(self.head), self.visible, self.looks,
            self.counts,
        )  # fmt: skip


Pictures = Iterator[tuple[Frame, list[Target]]]


@dataclass(frozen=True, slots=True)
class Sequence:
    """A clip, or one picture shown for a while. `pictures` opens it from its beginning."""

    part: str
    """Its name within the data set."""
    size: tuple[int, int]
    fps: float
    count: int
    pictures: Callable[[], Pictures]
    still: bool = False
    """One picture: judged when it is first shown (`first_frame`) and when it is last."""
    content: tuple[int, int] | None = None
    """Width and height that the picture fills, from the top left; the rest is padding."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """Sequences that are reported together."""

    name: str
    sequences: Callable[[], Iterator[Sequence]]
    frames: int
    """How many pictures there are in all, for progress."""
    complete: bool = True
    """Whether everybody is marked: else a mask beside all marks proves nothing."""
