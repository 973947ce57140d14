"""A hamlet that lives by a driven clock: real processes, of which a day passes in minutes.

Keeper, witnesses, recorder, web process and detector are the real programs; cameras are real RTSP
streams of small pictures, one every two seconds of the driven clock (`testing.street`).
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from plainview.base.clock import Ms
from plainview.errors import PlainviewError
from plainview.node import one_machine
from plainview.node.processes import Child, Program
from plainview.testing import clock
from plainview.testing.clock import DrivenClock
from plainview.testing.hamlet import Hamlet, until
from plainview.testing.ledger import Broken
from plainview.testing.street import TICK_MS, Street, small_clip

UP_S = 60.0
SETTLE_S = 20.0
LOOK_S = 0.01


class FastTown(Hamlet):
    """Use it as a context; `begin_day` starts everything, then `pass_time` lets time pass.

    `pace_s`: how long a tick of four seconds lasts at least. The first `seen` cameras are redacted.
    """

    def __init__(
        self, folder: Path, driven: DrivenClock, *, cameras: int, seen: int, pace_s: float,
        retention_s: int, rules: dict[str, int], **settings: Any,
    ) -> None:  # fmt: skip
        window_s = rules.pop("window_seconds")
        chosen: dict[str, Any] = {
            "horizon_seconds": 7200,
            "search_every": 25,
            "detector_width": 320,
        }
        super().__init__(
            folder, cameras=cameras, window_s=window_s, rules=rules, **{**chosen, **settings}
        )
        self.seen = self.cameras[:seen]
        self.clock, self._pace, self._retention = driven, pace_s, retention_s
        self._environment = clock.environment(folder / "clock")
        self.street = Street(
            self.seen, self.cameras[seen:], begin=driven.now, port=self.camera_port,
            clip=small_clip(),
        )  # fmt: skip
        self.every_tick: list[Callable[[], None]] = []

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.street.server.stop()

    def begin(self, program: Program, **environment: str) -> Child:
        return super().begin(program, **{**self._environment, **environment})

    def begin_day(self) -> Self:
        """Start everything; returns when every camera sends. Time has not passed yet."""
        self.street.server.start()
        for name in self.witnesses:
            self.begin(self.witness(name))
        for name in self.witnesses:
            self.children[name].wait_ready()
        self.start(one_machine.keeper(self.settings))
        self.state(self._retention)
        self.begin(one_machine.recorder(self.settings))
        self.begin(one_machine.web(self.settings))
        for name in ("recorder", "web"):
            self.children[name].wait_ready()
        until(self._all_play, UP_S, "the recorder to read every camera")
        return self

    def _all_play(self) -> bool:
        return all(mount.viewers for mount in self.street.mounts.values())

    # -- time

    def pass_time(self, to: Ms, pace_s: float | None = None) -> None:
        """Let the clock run on to `to`; a tick takes `pace_s`, or what this town always takes."""
        pace_s = self._pace if pace_s is None else pace_s
        while self.clock.now < to:
            begun = time.monotonic()
            self.clock.set(self.clock.now + TICK_MS)
            self.street.tick()
            time.sleep(LOOK_S)
            self._await()
            for step in self.every_tick:
                step()
            time.sleep(max(0.0, pace_s - (time.monotonic() - begun)))

    def _await(self) -> None:
        """The clock stands until the recorder has read all that the cameras sent.

        Not for ever: where a connection broke, things take their course, as by a true clock.
        """
        end = time.monotonic() + SETTLE_S
        while time.monotonic() < end and unread(self.street.server.port):
            time.sleep(LOOK_S)

    def pass_until(self, holds: Callable[[], object], longest: Ms, what: str) -> Ms:
        """Let time pass until `holds()`, asked every minute; how long it took. Raises `Broken`."""
        begun = self.clock.now
        while not _held(holds):
            if self.clock.now - begun > longest:
                raise Broken(f"{longest // 60_000} minutes have passed, and not: {what}.")
            self.pass_time(self.clock.now + 60_000)
        return self.clock.now - begun

    # -- looking

    def run(self, *words: str) -> str:
        """A command of the product, which must say that all is well."""
        done = subprocess.run(  # noqa: S603 - our own command
            one_machine.command(*words), capture_output=True, text=True, timeout=600, check=False
        )
        if done.returncode:
            raise Broken(f"plainview {words[0]} says: {done.stdout[-1500:]}{done.stderr[-500:]}")
        return done.stdout

    def verified(self) -> None:
        """`plainview check` and `plainview verify`, as a person runs them."""
        self.run("check", "--data", str(self.settings.data))
        self.run("verify", str(self.settings.data))

    def status(self) -> dict[str, Any]:
        """The keeper's own word."""
        with self.keeper() as client:
            return client.status()

    def pids(self) -> dict[str, int]:
        """Every process of the system by name."""
        found = {name: one.pid for name, one in self.children.items() if one.pid is not None}
        detector = self.health()["detector"]["pid"]
        return found if detector is None else {**found, "detector": detector}


def unread(port: int) -> bool:
    """Whether bytes wait, unread, in sockets that are connected to a port of this machine."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[2].rpartition(":")[2], 16) == port and not fields[4].endswith(":00000000"):
            return True
    return False


def _held(holds: Callable[[], object]) -> bool:
    try:
        return bool(holds())
    except (PlainviewError, OSError):
        return False


def check(holds: object, otherwise: str) -> None:
    """Raises `Broken` unless it holds."""
    if not holds:
        raise Broken(otherwise)
