"""Runs the redactor over a sequence and brings each finished picture together with its truth."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from plainview.bench.hiding.cover import Hidden
from plainview.bench.hiding.truth import Sequence, Target
from plainview.bench.measure import cpu_s
from plainview.media.frames import Frame
from plainview.redact.host import DetectorHost
from plainview.redact.pipeline import Redactor, ViewFrame
from plainview.redact.rules import Rules


@dataclass(frozen=True, slots=True)
class Seen:
    """One finished picture of a sequence."""

    number: int
    """Of the picture in the sequence, from 0."""
    view: ViewFrame
    raw: Frame
    targets: list[Target]
    """In pixels of the view."""
    hidden: Hidden


class Cost:
    """Processor time of this process and of the detector's, added up while something runs."""

    def __init__(self, host: DetectorHost) -> None:
        self._host = host
        self.seconds = 0.0

    def __enter__(self) -> None:
        self.seconds -= self._now()

    def __exit__(self, *_: object) -> None:
        self.seconds += self._now()

    def _now(self) -> float:
        pid = self._host.pid
        return time.process_time() + (cpu_s(pid) if pid is not None else 0.0)


@dataclass(slots=True)
class _Waiting:
    number: int
    raw: Frame
    targets: list[Target]


def watch(
    sequence: Sequence, host: DetectorHost, rules: Rules, cost: Cost, *, max_height: int | None
) -> Iterator[Seen]:
    """Every finished picture, in order; pictures that the view's rate leaves out are left out.

    Raises `DetectorFault` if the detector does not start.
    """
    detector = host.open()
    try:
        redactor = Redactor(
            *sequence.size, sequence.fps, detector, view_height=max_height, rules=rules
        )
        redactor.warm_up()
        yield from _matched(sequence, redactor, cost)
    finally:
        detector.close()


def _matched(sequence: Sequence, redactor: Redactor, cost: Cost) -> Iterator[Seen]:
    across = redactor.width / sequence.size[0]
    down = redactor.height / sequence.size[1]
    waiting: deque[_Waiting] = deque()
    for number, (frame, targets) in enumerate(sequence.pictures()):
        same = (frame.width, frame.height) == (redactor.width, redactor.height)
        raw = frame.copy() if same else frame.scaled(redactor.width, redactor.height)
        moved = targets if same else [target.scaled(across, down) for target in targets]
        waiting.append(_Waiting(number, raw, moved))
        with cost:
            finished = redactor.push(frame)
        yield from _pair(finished, waiting)
    with cost:
        finished = redactor.flush()
    yield from _pair(finished, waiting)


def _pair(finished: list[ViewFrame], waiting: deque[_Waiting]) -> Iterator[Seen]:
    for view in finished:
        while waiting[0].raw.wall_ms != view.frame.wall_ms:
            waiting.popleft()
        was = waiting.popleft()
        yield Seen(was.number, view, was.raw, was.targets, Hidden(view, was.raw))
