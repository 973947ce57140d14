"""What it costs to make windows and to seal segments, in processor time.

A window: the recorder asks for a batch of 40 (`plainview.recorder.making`), a fresh child drafts
them for a set of 3 out of 5, what it answers is checked and becomes windows that may be written
into; ten batches, with the process that forks the children, from its start to its end. All of them
and the recorder are counted; the keeper, which wraps and logs, is not. Beside it, the cryptography
alone: a key and five sealed shares, 40 times, in this process.

A segment: packets in hand, fMP4 with its box, hash, age file, hash of the age file. Beside it, age
alone, of the same bytes.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.metadata import version

import pyrage

from plainview.base.clock import now_ms
from plainview.bench.catalogue import Options, Say
from plainview.bench.result import Result, alone, compared, in_turn
from plainview.bench.segments import segments
from plainview.bench.windows import WINDOW_S, Answers, N, gate_of, stock_of
from plainview.errors import Unavailable
from plainview.recorder.making import Maker
from plainview.recorder.originals import sealed
from plainview.recorder.windows import WindowStock
from plainview.seal.draft import BATCH
from plainview.seal.segments import SegmentMeta, join_box
from plainview.seal.shares import seal_to

NAME = "seal"
BATCHES = 10
CLIP_S = 20.0
SHARE_BYTES = 300


def run(options: Options, say: Say) -> Iterator[Result]:
    """Milliseconds a window in a batch, and MB/s of sealing."""
    say("windows")
    answers, walls = Answers(), list[float]()
    ours, theirs = in_turn(lambda: _windows(answers, walls), _keys_and_shares, options.runs)
    yield compared(
        NAME, f"{NAME}.window_ms", "ms of processor", ours, theirs,
        f"pyrage {version('pyrage')}: the keys and shares alone",
    )  # fmt: skip
    yield alone(NAME, f"{NAME}.window_wall_ms", walls, "ms")
    say("encoding a clip")
    yield from _segments(options, say)


def cpu_ms() -> float:
    """Processor time of this process and of the children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used) * 1000


def mb_s(work: Callable[[], int]) -> float:
    """MB (10^6) a second of this thread's processor time; `work` returns bytes."""
    began = time.thread_time()
    done = work()
    return done / 1e6 / (time.thread_time() - began)


def _windows(answers: Answers, walls: list[float]) -> float:
    gate, span = gate_of("cam-00"), BATCH * WINDOW_S
    stocks = [WindowStock("cam-00", n, horizon_s=span, window_s=WINDOW_S) for n in range(BATCHES)]
    before, began = cpu_ms(), time.monotonic()
    with closing(Maker(answers, answers, now_ms)) as maker:
        made = [maker.fill(stock, gate) for stock in stocks]
    if not all(made):
        raise Unavailable(f"Windows could not be made: {maker.trouble}")
    walls.append((time.monotonic() - began) * 1000 / BATCHES / BATCH)
    return (cpu_ms() - before) / BATCHES / BATCH


def _keys_and_shares() -> float:
    to = str(pyrage.x25519.Identity.generate().to_public())
    before = cpu_ms()
    for _ in range(BATCH):
        str(pyrage.x25519.Identity.generate().to_public())
        for _ in range(N):
            seal_to(bytes(SHARE_BYTES), to)
    return (cpu_ms() - before) / BATCH


def _segments(options: Options, say: Say) -> Iterator[Result]:
    found = segments(now_ms(), options.scaled(CLIP_S, 2.0))
    window = stock_of("cam-00", Answers()).find(now_ms())
    pk = window.header.record.pk
    plains = [join_box(one.parts(), SegmentMeta(window.id, 0, 0, 1)) for one in found]

    def ours() -> int:
        made = [sealed(one, window, number) for number, one in enumerate(found)]
        return sum(one.header().length for one in made)

    def theirs() -> int:
        return sum(len(seal_to(plain, pk)) for plain in plains)

    say("segments")
    speeds = in_turn(lambda: mb_s(ours), lambda: mb_s(theirs), options.runs)
    yield compared(NAME, f"{NAME}.mb_s", "MB/s", *speeds, f"pyrage {version('pyrage')}, age alone")
