"""`plainview bench portal`: public pages over a generated city with a year of history.

50 readers, each on a connection of its own, read pages of all kinds: lists, searches, the map,
cameras, contracts, units, the log. The server is the real one, in a process of its own; so are the
readers and the recorder that is played. The city is made once and kept in `.cache/city`.
"""

from __future__ import annotations

import logging
import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import quote

from plainview.base import journal
from plainview.base.clock import Ms
from plainview.base.ports import loopback_sockets
from plainview.base.settings import Settings
from plainview.bench.catalogue import Options, Say
from plainview.bench.measure import cpu_s, memory_mb
from plainview.bench.readers import Answered, Asked, quantile, read
from plainview.bench.result import Result, alone
from plainview.errors import Unavailable
from plainview.register.listing import ORDER
from plainview.register.overview import Overview, View
from plainview.register.projection import Register
from plainview.testing.metropolis.place import PlayedRecorder, city
from plainview.testing.metropolis.year import END
from plainview.web.app import create_app
from plainview.web.server import server

CACHE = Path(".cache/city")
READERS = 50
SECONDS = 60.0
WARM_S = 20.0
"""So long a start verifies what it took out of register.db, beside the first pages."""
PAUSE_S = 1.0
START_S = 180.0
PAGES = ("list", "search", "map", "camera", "shared", "log")
_WORDS = ("linden", "mill street", "police harbour", "bus 12", "castle road", "depot", "garden")


def run(options: Options, say: Say) -> Iterator[Result]:
    """`portal.page_ms_median`, `portal.page_ms_p99`, and what the server needs for it."""
    data = city(options.data or CACHE, options.scale, END, say)
    medians, p99s, rates, memory, starts = [], [], [], [], []
    for number in range(options.runs):
        say(f"starting the server, run {number + 1} of {options.runs}")
        with _served(data) as (port, pid, took):
            seconds = options.scaled(SECONDS, 5)
            paths = tuple(_paths(data))
            warm = options.scaled(WARM_S, 2)
            read(Asked(port, paths, READERS, warm, PAUSE_S))
            spent = cpu_s(pid)
            say(f"{READERS} readers, run {number + 1} of {options.runs}")
            found = read(Asked(port, paths, READERS, seconds, PAUSE_S))
            spent = (cpu_s(pid) - spent) / len(found)
            memory.append(memory_mb(pid))
        times = [one.ms for one in found]
        medians.append(quantile(times, 0.5))
        p99s.append(quantile(times, 0.99))
        rates.append(spent * 1000)
        starts.append(took)
        _tell(found, say)
    yield alone("portal", "portal.page_ms_median", medians, "ms")
    yield alone("portal", "portal.page_ms_p99", p99s, "ms")
    yield alone("portal", "portal.page_cpu_ms", rates, "ms of processor time")
    yield alone("portal", "portal.start_s", starts, "s")
    yield alone("portal", "portal.memory_mb", memory, "MB")


def _tell(found: list[Answered], say: Say) -> None:
    for kind, name in enumerate(PAGES):
        times = [one.ms for one in found if one.kind == kind]
        if times:
            say(f"{name}: {len(times)} pages, median {quantile(times, 0.5):.1f} ms")


@contextmanager
def _served(data: Path) -> Iterator[tuple[int, int, float]]:
    """The server and the played recorder over the city: port, process, seconds to the start."""
    context, begun = multiprocessing.get_context("spawn"), time.monotonic()
    ours, theirs = context.Pipe()
    recorder = context.Process(target=_recorder, args=(data, theirs), daemon=True)
    recorder.start()
    _hear(ours)
    begun = time.monotonic()
    process = context.Process(target=_serve, args=(data, theirs), daemon=True)
    process.start()
    try:
        port = _hear(ours)
        read(Asked(port, (("/cameras",),), 1, 0.01, 0))
        assert process.pid is not None  # noqa: S101 - it was started
        yield port, process.pid, time.monotonic() - begun
    finally:
        for one in (process, recorder):
            one.terminate()
            one.join()


def _hear(link: Connection) -> int:
    if not link.poll(START_S):
        raise Unavailable("The bench's server did not start.")
    return int(link.recv())


def _recorder(data: Path, link: Connection) -> None:
    journal.configure("bench", level=logging.ERROR)
    with PlayedRecorder(Settings(data=data), END):
        link.send(0)
        while True:
            time.sleep(3600)


def _serve(data: Path, link: Connection) -> None:
    journal.configure("bench", level=logging.ERROR)
    sockets = loopback_sockets(0)
    port = sockets[0].getsockname()[1]
    app = create_app(Settings(data=data, port=port), clock=_end, generated=True)
    link.send(port)
    server(app).run(sockets=sockets)


def _end() -> Ms:
    """The city's clock stands where its year ends."""
    return END


def _paths(data: Path) -> Iterator[tuple[str, ...]]:
    """Addresses by kind of page, the same for the same city."""
    chance = random.Random(1)  # noqa: S311 - the same pages each time, no secret
    with Register(Settings(data=data)) as register:
        view, size = Overview(register).view(END), register.size
    pages = -(-len(view.cameras) // 50)
    yield ("/cameras", *(f"/cameras?page={chance.randint(1, pages)}" for _ in range(40)))
    yield tuple(f"/cameras?q={quote(word)}&kind={kind}" for word in _WORDS for kind in ("", *ORDER))
    yield ("/map", *(f"/map?at={_at(view, chance)}&zoom={chance.randint(1, 6)}" for _ in range(60)))
    yield tuple(f"/cameras/{chance.choice(view.cameras).id}" for _ in range(600))
    shared = [(path, view.groups[kind]) for kind, path in _SHARED]
    yield tuple(f"/{path}/{quote(slug)}" for path, groups in shared for slug in groups)
    entries = (f"/log/entry/{chance.randrange(size)}" for _ in range(200))
    yield ("/log", "/log/entries", "/", "/verify", *entries)


_SHARED = (("unit", "units"), ("contract", "contracts"), ("supplier", "suppliers"),
           ("legal-basis", "legal-bases"), ("custodian-set", "custodian-sets"))  # fmt: skip


def _at(view: View, chance: random.Random) -> str:
    placed = [one.position for one in view.cameras if one.position is not None]
    return ",".join(map(str, chance.choice(placed)))
