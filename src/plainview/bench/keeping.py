"""A real keeper and a real witness in processes of their own, for the bench of the log."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plainview.base import durable
from plainview.base.clock import now_ms
from plainview.base.settings import Settings
from plainview.errors import KeeperAway, Unavailable
from plainview.keeper.process import run
from plainview.keys.client import KeeperClient
from plainview.node import setup
from plainview.testing.city import PEOPLE, RULES, key_of, person
from plainview.tlog.entries import make
from plainview.tlog.notes import Signer
from plainview.tlog.signing import SigningKey, sign

ORIGIN = "bench.example/log"
START_SECONDS = 20.0


@contextmanager
def running_keeper(folder: Path) -> Iterator[tuple[Settings, int]]:
    """Found a log in `folder`; the settings, and the keeper's process id while it runs."""
    settings = Settings(data=folder / "data")
    durable.make_folder(settings.keys_dir, mode=0o700)
    key = SigningKey.generate()
    durable.write_file(settings.keys_dir / "log.key", key.to_pem(), mode=0o600)
    body = {
        "origin": ORIGIN,
        "profile": "demo",
        "rules": RULES,
        "people": [person(name) for name in PEOPLE],
    }
    founding = sign(make("founding", body, time=now_ms()), [key_of(name) for name in PEOPLE])
    with _witness(folder, Signer(ORIGIN, key.private).verifier.vkey()) as (vkey, url):
        setup.create(settings, founding, [("w1", vkey, url)], 1)
        command = [sys.executable, "-m", "plainview.bench.keeping", str(settings.data)]
        with _process(command) as keeper:
            _wait(settings, keeper)
            yield settings, keeper.pid


@contextmanager
def _process(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Runs until the block is left, then is asked to end."""
    with subprocess.Popen(  # noqa: S603 - our own commands
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        try:
            yield child
        finally:
            child.terminate()
            child.wait()


@contextmanager
def _witness(folder: Path, log: str) -> Iterator[tuple[str, str]]:
    """A witness of the log with this key; its own key and address."""
    durable.make_folder(folder / "witness")
    command = [sys.executable, "-m", "plainview.cli", "witness", "--name", "w1.example"]
    command += ["--state", str(folder / "witness" / "seen.json"), "--log-key", log]
    command += ["--key", str(folder / "witness" / "key.pem"), "--port", "0"]
    with _process(command) as child:
        told = [line.strip() for _, line in zip(range(3), child.stdout or [], strict=False)]
        if len(told) < 3:
            raise Unavailable("The witness did not start.")
        yield told[1].removeprefix("verifier key "), told[2].removeprefix("listening on ")


def _wait(settings: Settings, keeper: subprocess.Popen[str]) -> None:
    end = time.monotonic() + START_SECONDS
    with KeeperClient(settings.keeper_socket) as client:
        while keeper.poll() is None and time.monotonic() < end:
            try:
                client.status()
            except KeeperAway:
                time.sleep(0.05)
            else:
                return
    raise Unavailable("The keeper did not start.")


if __name__ == "__main__":
    run(Path(sys.argv[1]))
