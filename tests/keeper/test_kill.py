"""kill -9 of the keeper at random moments: nothing acknowledged is lost, nothing forks."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import now_ms
from plainview.base.ids import new_id
from plainview.errors import KeeperAway, LogAway
from plainview.keeper.process import run
from plainview.keys.client import KeeperClient
from plainview.tlog.entries import parse
from plainview.tlog.reader import LogReader

ROUNDS = 500 if os.environ.get("PLAINVIEW_BARS") == "1" else 30
WRITERS = 4


def be_keeper(data: str) -> None:
    run(Path(data))


class Writer(threading.Thread):
    """Appends until the keeper dies; `done` has what was acknowledged, `tried` the last try."""

    def __init__(self, socket: Path) -> None:
        super().__init__()
        self._socket = socket
        self.done: dict[str, int] = {}
        self.tried: list[str] = []

    def run(self) -> None:
        with KeeperClient(self._socket, timeout_s=10) as client:
            while True:
                ident = new_id()
                self.tried.append(ident)
                try:
                    self.done[ident] = say(client, ident)
                except (KeeperAway, LogAway):
                    return


def say(client: KeeperClient, ident: str) -> int:
    gate = {"camera": "cam-01", "allowed": False, "reason": "none", "register": None}
    return int(client._ask("gate", id=ident, **gate))


def wait_for(client: KeeperClient, child: Any) -> None:
    for _ in range(400):
        assert child.is_alive(), "the keeper refused to start: see its message above"
        try:
            client.status()
            return
        except KeeperAway:
            time.sleep(0.02)
    raise AssertionError("the keeper did not come up")


@pytest.mark.bar("kill -9 of the keeper")
@pytest.mark.timeout(1800)
def test_kill_at_random_moments(
    found_city: Any, record_property: Callable[[str, object], None]
) -> None:
    city = found_city(real_time=True)
    city.stop()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["plainview.keeper.process"])
    known: dict[str, int] = {}
    chance = random.Random(20261123)  # noqa: S311 - reproducible moments, no secret
    for _round in range(ROUNDS):
        child = context.Process(target=be_keeper, args=(str(city.settings.data),))
        child.start()
        with KeeperClient(city.settings.keeper_socket) as client:
            wait_for(client, child)
            for ident in chance.sample(sorted(known), min(3, len(known))):
                assert say(client, ident) == known[ident], "a retry got another index"
            writers = [Writer(city.settings.keeper_socket) for _ in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(chance.uniform(0.0, 0.3))
            child.kill()
            child.join()
            child.close()
            for writer in writers:
                writer.join()
                known |= writer.done
    city.start()  # replays all, and asks the witnesses whether it is the log that they saw
    entries = city.entries()
    at = {entry.id: index for index, entry in enumerate(entries)}
    lost = [ident for ident, index in known.items() if at.get(ident) != index]
    assert len(at) == len(entries), "a retry became a second entry"
    note = LogReader.folder(city.settings.log_dir).checkpoint_note()
    assert city.policy.check(note, now=now_ms()).checkpoint.size > 1
    measured = f"{len(lost)} of {len(known)} acknowledged entries lost, {ROUNDS} kills, no fork"
    must = "0 lost, no fork"
    row = {"row": "kill -9 of the keeper", "measured": measured, "must": must}
    record_property("bar", json.dumps(row))
    assert lost == []
    assert len(known) > ROUNDS
    assert all(parse(entry.raw) == entry for entry in entries[:3])
