"""The windows that a camera may write into: made ahead, used once, never reopened.

Windows are made in batches, in a child process, and logged by the keeper before any of them is
handed out, so that recording goes on without the keeper until the stock ends. A new *generation*
(the counter of the window's id) begins at every start of a pipeline, when a clock steps back and
when the register changes; what was left of the old one is not used any more. The *epoch* is new at
every start of the process, so that no name can come twice.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from plainview.base.clock import Ms
from plainview.base.durable import make_folder, write_file
from plainview.errors import BadFormat, Unavailable
from plainview.seal.draft import BATCH, Spec
from plainview.seal.views import ViewCipher
from plainview.seal.windows import WindowHeader
from plainview.tlog.history import Version

STEP_BACK_MS: Ms = 1_000
"""A moment this much before its window began means that a clock stepped back."""
STEP_PAUSE_S = 30.0
"""A clock that steps back more often than this costs pictures, not log entries without end."""
KEPT_MS: Ms = 120_000
"""Windows that ended longer ago than this are forgotten: nobody is so far behind."""
REFILL_SHARE = 4
"""New windows are made when one part in so many of the horizon is used up."""


def next_epoch(data: Path) -> int:
    """A number that this data folder has never given before; durable on return."""
    file = data / "recorder" / "epoch"
    make_folder(file.parent)
    try:
        last = int(file.read_text()) if file.exists() else 0
    except ValueError as error:
        raise BadFormat(
            f"{file} holds no number.", hint="Write a number larger than any epoch used."
        ) from error
    write_file(file, f"{last + 1}\n".encode())
    return last + 1


class Window:
    """A logged window with its view key. Its cipher is made once, so that no number comes twice."""

    def __init__(self, header: WindowHeader, view_key: bytes, generation: int) -> None:
        self.header = header
        self.id = header.record.window
        self.start: Ms = header.record.start_ms
        self.end: Ms = header.record.end_ms
        self.generation = generation
        self.cipher = ViewCipher(view_key, self.id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A batch to be made under one register entry; the counter is the generation."""

    specs: list[Spec]
    answer: Version


class WindowStock:
    """The stock of one camera. One thread fills it, the camera's threads take from it."""

    def __init__(self, camera: str, epoch: int, *, horizon_s: int, window_s: int) -> None:
        self.camera = camera
        self._epoch = epoch
        self._horizon: Ms = horizon_s * 1000
        self._span: Ms = window_s * 1000
        self._windows: list[Window] = []
        self._generation = 0
        self._renewed = time.monotonic()
        self._stepped = -STEP_PAUSE_S
        self._change = threading.Condition()
        self.poke = threading.Event()
        """Set when the stock must be filled soon."""

    @property
    def generation(self) -> int:
        """The generation that is handed out now."""
        return self._generation

    @property
    def ends(self) -> Ms:
        """Until when there are windows; 0 without any."""
        with self._change:
            return self._windows[-1].end if self._windows else 0

    def renew(self) -> None:
        """Begin a new generation; windows of the old one are handed out no more."""
        with self._change:
            self._generation += 1
            self._renewed = time.monotonic()
            self._windows.clear()
        self.poke.set()

    def step_back(self) -> None:
        """A new generation because a clock stepped back. Raises `Unavailable` if too often."""
        with self._change:
            if time.monotonic() - self._stepped < STEP_PAUSE_S:
                raise Unavailable(
                    f"The clock of {self.camera} steps back again and again.",
                    hint="Set the camera's clock by NTP.",
                )
            self._stepped = time.monotonic()
        self.renew()

    def next_start(self, now: Ms) -> Ms:
        """Where the next window to be made begins."""
        with self._change:
            self._windows = [one for one in self._windows if one.end > now - KEPT_MS]
            held = self._windows[-1].end if self._windows else 0
            return held if held > now else now - now % 1000

    def wanted(self, now: Ms, answer: Version) -> Wanted | None:
        """The next batch to make, or None when enough windows lie ahead.

        `answer` is what the register says of `next_start`.
        """
        start, goal = self.next_start(now), now + self._horizon
        enough = min(self._horizon // REFILL_SHARE, BATCH * self._span)
        if start > now and goal - start < enough:
            return None
        specs: list[Spec] = []
        while len(specs) < BATCH and start < min(goal, answer.until):
            end = min(start - start % self._span + self._span, answer.lapses)
            end -= end % 1000
            if end <= start:
                break
            specs.append(self._spec(start, end))
            start = end
        return Wanted(specs, answer) if specs else None

    def put(self, wanted: Wanted, made: list[tuple[WindowHeader, bytes]]) -> None:
        """Take in what was made; dropped if the generation changed meanwhile."""
        with self._change:
            for spec, (header, view_key) in zip(wanted.specs, made, strict=True):
                if spec.counter == self._generation:
                    self._windows.append(Window(header, view_key, spec.counter))
            self._change.notify_all()

    def unlike(self, answer: Version, now: Ms) -> bool:
        """Whether windows that have yet to begin were made under another register entry."""
        with self._change:
            return any(
                (one.start < answer.until) is not (one.header.record.register_ == answer.index)
                for one in self._windows
                if one.start > now
            )

    def find(self, moment: Ms, wait_s: float = 0) -> Window:
        """The window that holds `moment`; raises `Unavailable`.

        Right after `renew`, for `wait_s` seconds, new ones are waited for. A camera's clock may be
        a little behind: the first window also takes the second before it, and for a moment still
        earlier nobody waits.
        """
        with self._change:
            while True:
                for one in self._windows:
                    if one.start - STEP_BACK_MS <= moment < one.end:
                        return one
                self.poke.set()
                early = bool(self._windows) and moment < self._windows[0].start
                left = self._renewed + wait_s - time.monotonic()
                if early or left <= 0 or not self._change.wait(left):
                    raise Unavailable(
                        f"{self.camera} has no window to record into.",
                        hint="The keeper must be running to log new ones.",
                    )

    def _spec(self, start: Ms, end: Ms) -> Spec:
        return Spec(
            camera=self.camera,
            start=start,
            end=end,
            epoch=self._epoch,
            counter=self._generation,
        )


class Cursor:
    """One rendition's way through the stock: forward within a generation, never back."""

    def __init__(self, stock: WindowStock) -> None:
        self._stock = stock
        self.current: Window | None = None

    def pick(self, moment: Ms, wait_s: float = 0) -> Window:
        """The window for a picture taken at `moment`. Raises `Unavailable`."""
        now = self.current
        if now is not None:
            if now.start - STEP_BACK_MS <= moment < now.end:
                return now
            if moment < now.start and now.generation == self._stock.generation:
                self._stock.step_back()
        self.current = self._stock.find(moment, wait_s)
        return self.current
