"""`plainview demo`: starts everything on one machine and keeps it running.

witnesses, cameras, keeper, recorder, web, tools' page   each a process of its own
stage                                                    the attempts to cheat, in this process
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

from plainview.base.settings import Settings
from plainview.demo import founding, streets
from plainview.demo.cheats import Cheats
from plainview.demo.ports import Ports
from plainview.demo.stage import Stage, stage_socket
from plainview.keys.client import KeeperClient
from plainview.node import one_machine
from plainview.node.one_machine import command, listens_on
from plainview.node.processes import Program, Supervisor

Say = Callable[[str], None]


class Demo:
    """The running demonstration. `start` returns when the pages are up; `stop` leaves nothing."""

    def __init__(self, settings: Settings, clips: Path, given: list[str]) -> None:
        self.settings = settings
        self.ports = Ports(settings.port)
        self._sources = streets.sources(clips, given)
        self._clips = clips
        self._supervisor = Supervisor(settings.data / "run")
        self._stage: Stage | None = None

    def start(self, say: Say) -> None:
        """Start all parts in the order that they need one another."""
        self.ports.require_free()
        first = not (self.settings.keys_dir / "log.key").exists()
        if first:
            say("First start: making keys for everybody, and the founding entry of the log.")
            founding.found(self.settings, self.ports)
        founding.check_ports(self.settings, self.ports)
        self._start_witnesses()
        self._supervisor.start(one_machine.keeper(self.settings))
        self._supervisor.begin(self._cameras())
        with KeeperClient(self.settings.keeper_socket) as keeper:
            founding.publish(self.settings, self.ports, keeper, self._sources)
        self._supervisor.begin(self._tools_page())
        recorder = one_machine.recorder(self.settings)
        self._supervisor.begin(recorder)
        self._supervisor.start(one_machine.web(self.settings, "demo-web"))
        self._stage = Stage(stage_socket(self.settings), Cheats(self.settings).attempts())
        self._stage.start()
        say(f"The way is open: {self.settings.web_url}/demo")

    def watch(self, end: Event) -> None:
        """Keep everything running until `end`."""
        while not end.wait(0.5):
            self._supervisor.keep_alive()

    def stop(self) -> None:
        """Stop every process; what is in hand is sealed and logged first."""
        if self._stage is not None:
            self._stage.stop()
        self._supervisor.stop()

    def _start_witnesses(self) -> None:
        for name, port in self.ports.witnesses.items():
            program = Program(
                name,
                founding.witness_command(self.settings, name, port),
                listens_on(port),
                one_machine.environment(self.settings),
            )
            self._supervisor.start(program)

    def _cameras(self) -> Program:
        arguments = ["simulate", "--port", str(self.ports.cameras), "--cache", str(self._clips)]
        for camera, source in self._sources.items():
            if "://" not in source:
                arguments += ["--stream", f"{camera}={source}"]
        return Program("cameras", command(*arguments), listens_on(self.ports.cameras))

    def _tools_page(self) -> Program:
        return Program(
            "tools-page",
            command("tools-page", "--demo-keys", str(founding.people_dir(self.settings))),
            listens_on(self.ports.tools),
            one_machine.environment(self.settings),
        )
