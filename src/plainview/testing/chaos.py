"""Faults at seeded moments against a running hamlet; after each round everything is verified.

    python -m plainview.testing.chaos [--rounds N] [--seed S] [--fault NAME ...] [--folder F]

A round does one to three faults at once, mends them, waits until every camera records again, and
compares what was acknowledged with what is there (`ledger`), with `plainview check` and `plainview
verify` as a person would run them. It prints its seed; the same seed repeats the same choices.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from plainview.base.clock import now_ms
from plainview.base.durable import make_folder
from plainview.errors import PlainviewError
from plainview.media.convert import write_clip
from plainview.media.frames import Frame
from plainview.node import one_machine
from plainview.node.processes import Child
from plainview.register.private import Sources
from plainview.testing.cable import Cable
from plainview.testing.hamlet import Hamlet, until
from plainview.testing.ledger import Broken, Ledger, wait_newer

PARTS = ("recorder", "web", "keeper", "alpha.example", "beta.example", "cameras")
STEPPED = Path(__file__).parent / "stepped"
RESUME_S = 60.0
STEPS_S = (3_600, -3_600, 86_400, -86_400)


class Chaos:
    """A running hamlet and what may be done to it."""

    def __init__(self, folder: Path, seed: int, *, parts: tuple[str, ...] = PARTS) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - moments, no secret
        self.parts = parts
        witnesses = sum(part.endswith(".example") for part in parts)
        self.hamlet = Hamlet(folder, witnesses=witnesses)
        states = [folder / "witnesses" / name / "state" for name in self.hamlet.witnesses]
        self.ledger = Ledger(self.hamlet.settings, self.hamlet.cameras, states)
        self.cable = Cable(self.hamlet.camera_port)
        self.clock = folder / "clock"
        self.clock.write_text("0")
        clip = pattern(folder / "pattern.mp4")
        self.programs = {
            program.name: program
            for program in self.hamlet.programs(dict.fromkeys(self.hamlet.cameras, clip))
            if program.name in parts
        }
        self.kills: dict[str, int] = {}
        self.in_future = False
        self.ended: list[str] = []
        """Programs that ended by themselves and were started again."""
        path = [str(STEPPED), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._stepped = {
            "PYTHONPATH": os.pathsep.join(path), "PLAINVIEW_STEPPED_CLOCK": str(self.clock)
        }  # fmt: skip

    def start(self) -> None:
        """Start everything; returns when every camera records."""
        for name in self.programs:
            self._begin(name)
        for child in self.hamlet.children.values():
            child.wait_ready()
        self.hamlet.state()
        addresses = Sources(self.hamlet.settings.data)
        for camera in self.hamlet.cameras:
            addresses.put(camera, f"rtsp://127.0.0.1:{self.cable.port}/{camera}")
        self.ledger.start()
        wait_newer(self.ledger, 0, 2 * RESUME_S)

    def stop(self) -> None:
        """Stop everything."""
        self.ledger.stop()
        self.hamlet.stop()
        self.cable.close()

    def _begin(self, name: str) -> None:
        own = self._stepped if name == "recorder" else {}
        self.hamlet.begin(self.programs[name], **own)

    # -- faults: each is done, lasts a moment, and is mended

    def kill(self, name: str) -> None:
        """kill -9; started again at once, as its supervisor would."""
        self.hamlet.kill(name)
        self.kills[name] = self.kills.get(name, 0) + 1
        self._begin(name)

    def freeze(self, name: str) -> None:
        """SIGSTOP for some seconds: a hung disk, a machine that swaps, a debugger."""
        self.hamlet.signal(name, signal.SIGSTOP)
        time.sleep(self.chance.uniform(0.5, 14))
        self.hamlet.signal(name, signal.SIGCONT)

    def kill_detector(self) -> None:
        """kill -9 of the recorder's detector."""
        pid = self.hamlet.health()["detector"]["pid"]
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def cut(self) -> None:
        """The cameras' network is cut for some seconds."""
        self.cable.cut()
        time.sleep(self.chance.uniform(0.2, 8))
        self.cable.mend()

    def stall(self) -> None:
        """The cameras' network goes dead without a word."""
        self.cable.stall()
        time.sleep(self.chance.uniform(1, 15))
        self.cable.mend()

    def step(self) -> None:
        """The recorder's clock steps by an hour or a day, and back after a while.

        What is recorded under a clock that is fast stands on the log with a time in the future, and
        every verifier says so from then on; so `plainview verify` is not asked after that.
        """
        seconds = self.chance.choice(STEPS_S)
        self.in_future = self.in_future or seconds > 0
        self.clock.write_text(str(seconds))
        time.sleep(self.chance.uniform(3, 12))
        self.clock.write_text("0")

    def lose_index(self) -> None:
        """The index of a day is deleted or torn while the recorder is stopped."""
        self._without_recorder(self._lose_index)

    def lose_roots(self) -> None:
        """roots.db is deleted while the recorder is stopped."""

        def lose() -> None:
            for path in self.hamlet.settings.data.glob("roots.db*"):
                path.unlink()

        self._without_recorder(lose)

    def _without_recorder(self, act: Callable[[], None]) -> None:
        if self.chance.random() < 0.5:
            self.hamlet.kill("recorder")
        else:
            self.hamlet.children["recorder"].ask_to_stop()
            self.hamlet.children["recorder"].stop(time.monotonic() + 30)
        act()
        self._begin("recorder")

    def _lose_index(self) -> None:
        index = self.hamlet.settings.data / "index"
        found = sorted(index.glob("*.db"))
        if not found:
            return
        chosen = self.chance.choice(found)
        way = self.chance.choice(["delete", "truncate", "garbage"])
        for path in index.glob(f"{chosen.name}-*"):
            path.unlink()
        if way == "delete":
            chosen.unlink()
        elif way == "truncate":
            os.truncate(chosen, self.chance.randrange(chosen.stat().st_size))
        else:
            chosen.write_bytes(self.chance.randbytes(chosen.stat().st_size))

    def faults(self) -> dict[str, Callable[[], None]]:
        """Everything that may be done, by name."""
        found: dict[str, Callable[[], None]] = {}
        for part in self.parts:
            found[f"kill {part}"] = partial(self.kill, part)
            found[f"freeze {part}"] = partial(self.freeze, part)
        found |= {"kill detector": self.kill_detector, "cut": self.cut, "stall": self.stall}
        return found | {"step": self.step, "index": self.lose_index, "roots": self.lose_roots}

    # -- rounds

    def round(self, names: list[str]) -> list[str]:
        """One to three of the faults called `names`, then `settled`; what was done."""
        chosen = self.chance.sample(names, min(len(names), self.chance.randint(1, 3)))
        faults = self.faults()
        for name in chosen:
            time.sleep(self.chance.uniform(0, 2))
            faults[name]()
        return chosen

    def settled(self) -> None:
        """Everything is up and every camera records. Raises `Broken`."""
        for name in self.programs:
            try:
                self._up(name)
            except PlainviewError as error:
                raise Broken(f"{name} did not come back: {error.line()}") from error
        wait_newer(self.ledger, now_ms(), RESUME_S)

    def _up(self, name: str) -> None:
        """Wait for a program; one that ended because another was away is started again."""
        end = time.monotonic() + RESUME_S
        while True:
            child = self.hamlet.children[name]
            try:
                until(partial(_settled, child), RESUME_S, name)
            except PlainviewError:
                if time.monotonic() > end:
                    raise
            if child.pid is not None:
                return
            if time.monotonic() > end:
                child.wait_ready()
            self.ended.append(name)
            time.sleep(0.5)
            self._begin(name)

    def verify(self, *, commands: bool = True) -> str:
        """Compare with the ledger; with `commands`, also as a person does."""
        if commands:
            self.run("check", "--data", str(self.hamlet.settings.data))
            until(self._caught_up, RESUME_S, "the witnesses to cosign")
            if not self.in_future:
                self.run("verify", str(self.hamlet.settings.data))
        return self.ledger.check()

    def _caught_up(self) -> bool:
        self._up("keeper")
        with self.hamlet.keeper() as keeper:
            status = keeper.status()
            return bool(status["witnessed_size"]) and status["log"] is None

    def run(self, *words: str) -> None:
        """A command of the product, which must say that all is well."""
        done = subprocess.run(  # noqa: S603 - our own command
            one_machine.command(*words), capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise Broken(f"plainview {words[0]} says: {done.stdout[-1500:]}{done.stderr[-500:]}")


def _by_themselves(chaos: Chaos) -> str:
    ended, chaos.ended = chaos.ended, []
    return f"; ended by themselves and started again: {', '.join(ended)}" if ended else ""


def _settled(child: Child) -> bool:
    """Whether it is up, or has ended."""
    return child.pid is None or child.program.ready()


def pattern(path: Path) -> Path:
    """A small moving picture: H.264, 10 frames a second, a key frame every two seconds."""
    make_folder(path.parent)
    ramp = np.add.outer(np.arange(192), np.arange(320))

    def frames() -> Iterator[Frame]:
        for number in range(60):
            grey = ((ramp + 4 * number) % 256).astype(np.uint8)
            yield Frame.from_bgr(np.repeat(grey[:, :, None], 3, 2))

    write_clip(path, frames(), 10)
    return path


def main() -> int:
    """Rounds until told to stop; the exit status is 1 when a promise broke."""
    parser = argparse.ArgumentParser(description=__doc__, prog="plainview.testing.chaos")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--fault", action="append", help="only these; may be repeated")
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    sys.stdout.write(f"seed {chosen.seed}, in {folder}\n")
    chaos = Chaos(folder, chosen.seed)
    try:
        chaos.start()
        for number in range(chosen.rounds):
            done = chaos.round(chosen.fault or sorted(chaos.faults()))
            sys.stdout.write(f"round {number}: {', '.join(done)}\n")
            sys.stdout.flush()
            chaos.settled()
            sys.stdout.write(f"  held: {chaos.verify()}{_by_themselves(chaos)}\n")
    except (Broken, PlainviewError) as error:
        sys.stdout.write(f"BROKEN: {error}\n")
        return 1
    finally:
        chaos.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
