"""Is everything working? What keeper, recorder and supervisor say, gathered for people.

Asked at most once a second for everybody together, and every quarter of a minute without being
asked, so that "since when" is known.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plainview.base.clock import Clock, Ms
from plainview.base.problems import Problem, dated
from plainview.base.since import Since
from plainview.errors import BadFormat, PlainviewError
from plainview.keys.client import KeeperClient
from plainview.web.recorders import Recorders

EVERY_S = 1.0
KEEPER_S = 3.0
"""A keeper that answers later than this counts as away."""
LOOP_MS: Ms = 600_000
LOOP_RESTARTS = 3
"""Started again this often in ten minutes: it does not come up, or does not stay up."""
KEEPER_KINDS = {
    "log": "log",
    "checkpoint": "log_not_witnessed",
    "shred": "destruction",
    "check_overdue": "destruction",
}
"""The keeper's chores, in our kinds; any other is a `keeper_part`."""


@dataclass(frozen=True)
class Found:
    """One look. `keeper` is its status, empty while it is away; `recorder` None while it is."""

    at: Ms
    problems: list[Problem] = field(default_factory=list)
    keeper: dict[str, Any] = field(default_factory=dict)
    recorder: dict[str, Any] | None = None
    processes: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing is red."""
        return not any(problem.red for problem in self.problems)


class Condition:
    """Used by the event loop."""

    def __init__(
        self, keeper: KeeperClient, recorders: Recorders, processes: Path, clock: Clock,
        ending: Callable[[], list[Problem]],
    ) -> None:  # fmt: skip
        """`ending` tells which legal bases, assessments and contracts end soon."""
        self._keeper, self._recorders, self._processes = keeper, recorders, processes
        self._ending = ending
        self._clock, self._since = clock, Since()
        self._asking = asyncio.Lock()
        self._asked = -1.0e9
        self._found = Found(0)

    async def look(self) -> Found:
        """How things stand, at most a second old."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._asked >= EVERY_S:
                self._found = await self._look()
                self._asked = asyncio.get_running_loop().time()
        return self._found

    async def _look(self) -> Found:
        problems: list[Problem] = []
        keeper: dict[str, Any] = {}
        try:
            async with asyncio.timeout(KEEPER_S):
                keeper = await asyncio.to_thread(self._keeper.status)
        except TimeoutError:
            problems.append(Problem("keeper_away", "keeper", "It does not answer in time."))
        except PlainviewError as error:
            problems.append(Problem("keeper_away", "keeper", error.message))
        problems += _of_keeper(keeper)
        recorder = await self._recorders.health()
        if recorder is None:
            problems.append(Problem("recorder_away", "recorder", "It cannot be reached."))
        else:
            problems += _of_recorder(recorder)
        problems += await asyncio.to_thread(self._ending)
        processes, now = _read(self._processes), self._clock()
        problems += _of_processes(processes, now)
        # Times of the recorder's own are older than ours, and count.
        listed = dated(problems, self._since, now)
        older = {(p.kind, p.where): p.since for p in problems if p.since}
        return Found(now, [_older(p, older) for p in listed], keeper, recorder, processes)


def _older(problem: Problem, known: dict[tuple[str, str], Ms]) -> Problem:
    since = known.get((problem.kind, problem.where), problem.since)
    return Problem(problem.kind, problem.where, problem.what, problem.red, since)


def _of_keeper(status: dict[str, Any]) -> Iterator[Problem]:
    for line in status.get("red", []):
        name, _, reason = str(line).partition(": ")
        yield Problem(KEEPER_KINDS.get(name, "keeper_part"), "keeper", reason or name)
    for line in status.get("warnings", []):
        name, _, reason = str(line).partition(": ")
        yield Problem("witness_away", name, reason, red=False)


def _of_recorder(health: dict[str, Any]) -> Iterator[Problem]:
    for values in health["problems"]:
        try:
            yield Problem.from_dict(values)
        except BadFormat as error:
            yield Problem("recorder_part", "recorder", error.message)
    if not health["problems"]:
        for line in health["red"]:
            yield Problem("recorder_part", "recorder", str(line))


def _of_processes(processes: dict[str, Any], now: Ms) -> Iterator[Problem]:
    for name, known in processes.items():
        recent = [at for at in known.get("recent", []) if at > now - LOOP_MS]
        if len(recent) >= LOOP_RESTARTS:
            said = f"It was started again {len(recent)} times within ten minutes."
            yield Problem("restarts", name, said)


def _read(file: Path) -> dict[str, Any]:
    """What the supervisor says; nothing where systemd supervises."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
