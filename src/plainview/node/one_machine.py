"""The programs of one machine: keeper, recorder, web. Each is its own process.

Settings reach a process through the environment, so that no file has to be written for it.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from plainview.base.settings import Settings
from plainview.node import probes
from plainview.node.processes import Program


def command(*words: str) -> list[str]:
    """The `plainview` command of this very installation."""
    return [sys.executable, "-m", "plainview.cli", *words]


def environment(settings: Settings) -> dict[str, str]:
    """Every setting as `PLAINVIEW_*`; lists and tables as JSON."""
    values = settings.model_dump(mode="json")
    return {
        f"PLAINVIEW_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
    }


def answers_on(path: Path) -> Callable[[], bool]:
    """True once a Unix socket accepts."""

    def ready() -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(str(path)) == 0

    return ready


def listens_on(port: int) -> Callable[[], bool]:
    """True once a TCP port on 127.0.0.1 accepts."""

    def ready() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.5)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return ready


def keeper(settings: Settings) -> Program:
    """The trust kernel: first of all, since nothing may happen that it has not logged."""
    return Program(
        "keeper",
        command("keeper"),
        answers_on(settings.keeper_socket),
        environment(settings),
        probe=partial(probes.keeper, settings.keeper_socket),
    )


def recorder(settings: Settings) -> Program:
    """All cameras of this machine."""
    return Program(
        "recorder",
        command("recorder"),
        answers_on(settings.recorder_socket),
        environment(settings),
        probe=partial(probes.recorder, settings.recorder_socket),
    )


def web(settings: Settings, name: str = "web") -> Program:
    """The pages."""
    return Program(
        name,
        command(name),
        listens_on(settings.port),
        environment(settings),
        probe=partial(probes.web, settings.port),
    )
