"""Clients of the keeper, many at once, out of one thread: they speak its protocol themselves.

A closed client asks again as soon as it is answered. Open ones ask at a rate, whatever the answers;
a latency counts from when the question was due, so that a keeper that falls behind shows.
"""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from plainview.base.ids import new_id
from plainview.errors import Unavailable
from plainview.tlog import notes
from plainview.tlog.checkpoint import Checkpoint

SETTLE_SECONDS = 10.0
_LOOK_SECONDS = 0.02


@dataclass
class Written:
    """What was acknowledged: for each entry its index, when it was due, and when answered."""

    entries: list[tuple[int, float, float]] = field(default_factory=list)
    seconds: float = 0.0
    keeper_s: float = 0.0
    """Processor seconds of the keeper meanwhile."""
    published: list[tuple[float, int]] = field(default_factory=list)
    """When the checkpoint that readers see was first seen with this size."""

    def latencies(self) -> list[float]:
        """Seconds from question to answer, ascending."""
        return sorted(answered - due for _, due, answered in self.entries)

    def to_checkpoint(self) -> list[float]:
        """Seconds until a cosigned checkpoint with the entry was there to be read, ascending."""
        found, seen = [], iter(self.published)
        at, size = next(seen, (0.0, 0))
        for index, due, _ in sorted(self.entries):
            while size <= index:
                at, size = next(seen)
            found.append(at - due)
        return sorted(found)


def quantile(ascending: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    return ascending[min(len(ascending) - 1, int(len(ascending) * share))]


def gate_question() -> bytes:
    """One entry of the keeper, of the size that most have."""
    gate = {"camera": "cam-01", "allowed": False, "reason": "none", "register": None}
    return json.dumps({"op": "gate", "id": new_id(), **gate}).encode() + b"\n"


class Writers:
    """`count` connections to the keeper at `path`."""

    def __init__(
        self, path: Path, checkpoint: Path, count: int, question: Callable[[], bytes]
    ) -> None:
        self._checkpoint, self._question = checkpoint, question
        self._links = [socket.socket(socket.AF_UNIX) for _ in range(count)]
        self._selector = selectors.DefaultSelector()
        self._due: dict[socket.socket, float] = {}
        for link in self._links:
            link.connect(str(path))
            self._selector.register(link, selectors.EVENT_READ)

    def close(self) -> None:
        """End the connections."""
        self._selector.close()
        for link in self._links:
            link.close()

    def write(self, seconds: float, rate: float | None = None) -> Written:
        """Ask for so long, closed or at `rate` a second; returns when all were answered."""
        done = Written()
        idle = deque(self._links)
        began = time.monotonic()
        asked, looked = 0, 0.0
        while (now := time.monotonic()) < began + seconds or len(idle) < len(self._links):
            if now >= began + seconds + SETTLE_SECONDS:
                raise Unavailable("The keeper did not answer all its clients.")
            while idle and now < began + seconds:
                due = now if rate is None else began + asked / rate
                if due > now:
                    break
                asked += 1
                self._ask(idle.popleft(), due)
            for key, _ in self._selector.select(0.001 if rate else 0.01):
                idle.append(self._answer(key.fileobj, done))  # type: ignore[arg-type]
            if now - looked > _LOOK_SECONDS:
                looked = now
                self._look(done)
        done.seconds = time.monotonic() - began
        self._settle(done)
        return done

    def _ask(self, link: socket.socket, due: float) -> None:
        self._due[link] = due
        link.sendall(self._question())

    def _answer(self, link: socket.socket, done: Written) -> socket.socket:
        answer = link.recv(65_536)
        if not answer.endswith(b"\n") or b'"ok"' not in answer:
            raise Unavailable(f"The keeper answered {answer[:200]!r}.")
        index = json.loads(answer)["ok"]
        index = index["index"] if isinstance(index, dict) else index
        done.entries.append((index, self._due.pop(link), time.monotonic()))
        return link

    def _look(self, done: Written) -> None:
        """See which checkpoint readers get now."""
        if self._checkpoint.exists():
            size = Checkpoint.parse(notes.parse(self._checkpoint.read_bytes())[0]).size
            if not done.published or done.published[-1][1] < size:
                done.published.append((time.monotonic(), size))

    def _settle(self, done: Written) -> None:
        """Until what was acknowledged last is published too."""
        last = max((index for index, _, _ in done.entries), default=-1)
        end = time.monotonic() + SETTLE_SECONDS
        while not done.published or done.published[-1][1] <= last:
            if time.monotonic() > end:
                raise Unavailable("The last entries were not published.")
            time.sleep(_LOOK_SECONDS)
            self._look(done)
