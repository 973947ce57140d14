"""What tests of several packages drive."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something of the machine and nothing of us.
SLOW = [HealthCheck.too_slow]
settings.register_profile("plainview", deadline=None, suppress_health_check=SLOW)
settings.load_profile("plainview")

HERE = Path(__file__).parent
PACKAGE = HERE.parent / ".cache" / "ipycam"

StartOnvif = Callable[..., str]


@pytest.fixture(scope="session")
def onvif_camera() -> Iterator[StartOnvif]:
    """`onvif_camera(user=, password=, ahead=, says=)`: `host:port` of a camera's ONVIF service.

    The same question gets the same camera; nothing is ever changed on one.
    """
    assert PACKAGE.is_dir(), "run: python3.11 tools/setup.py test"
    with ExitStack() as started:

        @functools.cache
        def start(
            *, user: str = "admin", password: str = "", ahead: float = 0, says: str = "127.0.0.1"
        ) -> str:
            command = [sys.executable, str(HERE / "onvif_camera.py"), str(PACKAGE), "127.0.0.1"]
            process = started.enter_context(
                subprocess.Popen(
                    [*command, user, password, str(ahead), says],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            started.callback(process.kill)
            assert process.stdout is not None
            return f"127.0.0.1:{int(process.stdout.readline())}"

        yield start
