"""The whole demonstration as a fixture: real processes, real ports, one data folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from plainview.base.clock import now_ms
from plainview.base.settings import Settings
from plainview.base.shutdown import die_with_parent
from plainview.errors import Unavailable
from plainview.store.packs import Kind
from plainview.store.store import Store

PORTS = 5
STOP_SECONDS = 30.0


def free_ports(count: int = PORTS) -> int:
    """The first of `count` neighbouring ports that are free on loopback."""
    for first in range(20_000 + os.getpid() % 10_000, 60_000, count):
        if all(_free(first + i) for i in range(count)):
            return first
    raise Unavailable("No neighbouring ports are free.", hint="End other programs.")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass
class RunningDemo:
    """`plainview demo` in `data`; `with RunningDemo.start(...) as demo: ...`."""

    data: Path
    port: int
    process: subprocess.Popen[bytes]
    output: Path
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def start(
        cls,
        data: Path,
        *,
        arguments: Sequence[str] = (),
        before: Sequence[str] = (),
        port: int | None = None,
    ) -> Self:
        """Start it, below the command `before` if given (a tracer, a namespace)."""
        first = port or free_ports()
        data.mkdir(parents=True, exist_ok=True)
        output = data.with_name(f"{data.name}.output")
        command = [*before, sys.executable, "-m", "plainview.cli", "demo"]
        command += ["--data", str(data), "--port", str(first), *arguments]
        with output.open("ab") as file:
            process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        return cls(data, first, process, output)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address of the pages."""
        return f"http://localhost:{self.port}"

    @property
    def tools(self) -> str:
        """The address of the tools' page."""
        return f"http://localhost:{self.port + 1}"

    def stop(self) -> int:
        """Ctrl-C, as a person would; the exit status."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise

    def wait_for_age(self, seconds: float) -> None:
        """Until it is this old, and its pages answer."""
        self.wait_for_pages()
        time.sleep(max(0, self.started + seconds - time.monotonic()))

    def wait_for_pages(self, seconds: float = 60) -> float:
        """Until the pages answer; how long it took. Raises `Unavailable` with what it printed."""
        return self._until(seconds, "no page", lambda: httpx.get(self.url).status_code == 200)

    def wait_for_recording(self, cameras: int = 4, seconds: float = 120) -> float:
        """Until this many cameras record."""

        def recording() -> bool:
            states = [one["state"] for one in self.recorder()["cameras"].values()]
            return states.count("recording") >= cameras

        return self._until(seconds, "no recording", recording)

    def wait_for_stored(self, span_ms: int, seconds: float = 240) -> float:
        """Until every camera has this much of redacted pictures stored."""
        self.wait_for_recording()
        with Store(Settings(data=self.data)) as store:

            def stored() -> bool:
                spans = [
                    sum(
                        row.end_ms - row.start_ms
                        for row in store.segments(Kind.VIEWS, name, 0, now_ms())
                    )
                    for name in self.recorder()["cameras"]
                ]
                return min(spans, default=0) >= span_ms

            return self._until(seconds, "no stored pictures", stored)

    def recorder(self) -> dict[str, Any]:
        """The recorder's own health."""
        transport = httpx.HTTPTransport(uds=str(self.data / "run" / "recorder.sock"))
        with httpx.Client(transport=transport, timeout=5) as client:
            answer: dict[str, Any] = client.get("http://recorder/health").json()
        return answer

    def _until(self, seconds: float, what: str, reached: Any) -> float:
        started = time.monotonic()
        while (passed := time.monotonic() - started) < seconds:
            if self.process.poll() is not None:
                break
            try:
                if reached():
                    return passed
            except httpx.HTTPError:
                pass  # not up yet
            time.sleep(0.1)
        raise Unavailable(
            f"The demo shows {what} after {passed:.0f} s: {self.output.read_text()[-2000:]}"
        )
