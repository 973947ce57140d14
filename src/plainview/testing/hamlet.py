"""A hamlet: the smallest real system, as processes with real sockets, and short rules.

Keeper, witnesses, recorder, web and cameras are the real programs, each a process that may be
killed, stopped or started again. Windows last seconds; notices are not waited for. All keys lie in
one object, as in every test.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import httpx

from plainview.base import durable
from plainview.base.clock import now_ms
from plainview.base.settings import Settings
from plainview.errors import PlainviewError, Unavailable
from plainview.keys.client import KeeperClient
from plainview.node import one_machine, setup
from plainview.node.processes import Child, Program
from plainview.register import records, statements
from plainview.register.private import Sources
from plainview.release import keyfile
from plainview.testing.running import free_ports
from plainview.testing.town import CUSTODIANS, ROLES, SET, camera_values
from plainview.tlog import cosign
from plainview.tlog.policy import Policy
from plainview.tlog.signing import SigningKey

ORIGIN = "log.hamlet.example"
RULES = {"key_period_seconds": 600, "notice_seconds": 0, "reveal_seconds": 60}
WITNESSES = ("alpha.example", "beta.example")


class Hamlet:
    """Founded in `folder`; nothing runs until it is started. Use as a context manager."""

    def __init__(
        self, folder: Path, *, window_s: int = 10, witnesses: int = 2, cameras: int = 2,
        rules: Mapping[str, int] | None = None, **settings: Any,
    ) -> None:  # fmt: skip
        first = free_ports(8)
        chosen: dict[str, Any] = {"gate_seconds": 1, "commit_seconds": 1, "horizon_seconds": 120}
        chosen |= {"disk_reserve_mb": 1, "port": first, "tools_port": first + 1, **settings}
        self.settings = Settings(data=folder / "data", **chosen)
        self.folder = folder
        self.cameras = [f"cam-{number + 1:02}" for number in range(cameras)]
        self.witnesses = {name: first + 2 + at for at, name in enumerate(WITNESSES[:witnesses])}
        self.camera_port = first + 4
        self.keys = {role: keyfile.generate(f"The {role}", f"p-{role}") for role in ROLES}
        self.logs = folder / "logs"
        durable.make_folder(self.logs)
        self.children: dict[str, Child] = {}
        self._found({"window_seconds": window_s, **RULES, **(rules or {})})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- the log

    def _found(self, rules: dict[str, int]) -> None:
        entry = statements.founding(
            ORIGIN, "demo", rules, [self.person(role) for role in ROLES],
            [key.signing for key in self.keys.values()],
        )  # fmt: skip
        listed = []
        for name, port in self.witnesses.items():
            key = SigningKey.generate()
            durable.make_folder(self._witness_dir(name), mode=0o700)
            durable.write_file(self._witness_dir(name) / "key.pem", key.to_pem(), mode=0o600)
            listed.append((name, cosign.verifier(name, key).vkey(), f"http://127.0.0.1:{port}"))
        self.policy: Policy = setup.create(self.settings, entry, listed, len(listed))
        trusted = self.policy.text, entry.hash
        self.keys = {role: key.with_trust(*trusted) for role, key in self.keys.items()}

    def person(self, role: str) -> records.Person:
        """What the log holds of a person."""
        key, (roles, outside) = self.keys[role], ROLES[role]
        return statements.public_person(
            key.person, key.signing, key.recipient, roles, "Hamlet",
            outside=outside, name=key.name, salt=key.name_salt,
        )  # fmt: skip

    def state(self, retention_s: int = 86_400) -> None:
        """Put the custodian set and the cameras on the log; say where the cameras stream."""
        addresses, now = Sources(self.settings.data), now_ms()
        dpo, other = self.keys["custodian-a"].signing, self.keys["administrator"].signing
        members = [self.person(role) for role in CUSTODIANS]
        with self.keeper() as keeper:
            keeper.append(statements.custodian_set(SET, 2, members, [dpo, other]).raw)
            for camera in self.cameras:
                addresses.put(camera, f"rtsp://127.0.0.1:{self.camera_port}/{camera}")
                kept = {"class": "street", "seconds": retention_s}
                record = records.camera_record({**camera_values(now), "retention": kept})
                keeper.append(statements.camera(camera, 1, "active", record, [dpo]).raw)

    def keeper(self, seconds: float = 10) -> KeeperClient:
        """A client of its own."""
        return KeeperClient(self.settings.keeper_socket, timeout_s=seconds)

    # -- processes

    def programs(self, clips: Mapping[str, Path]) -> Iterator[Program]:
        """Everything in the order in which it starts; `clips` says what each camera plays."""
        for name in self.witnesses:
            yield self.witness(name)
        yield one_machine.keeper(self.settings)
        yield self.camera_program(clips)
        yield one_machine.recorder(self.settings)
        yield one_machine.web(self.settings)

    def witness(self, name: str) -> Program:
        """A witness, on what stands for another machine."""
        folder, port = self._witness_dir(name), self.witnesses[name]
        words = ["witness", "--state", str(folder / "state"), "--key", str(folder / "key.pem")]
        words += ["--name", name, "--log-key", self.policy.logs[0].vkey(), "--port", str(port)]
        return Program(name, one_machine.command(*words), one_machine.listens_on(port))

    def camera_program(self, clips: Mapping[str, Path]) -> Program:
        """All cameras, in one process."""
        words = ["simulate", "--port", str(self.camera_port)]
        for camera in self.cameras:
            words += ["--stream", f"{camera}={clips[camera]}"]
        ready = one_machine.listens_on(self.camera_port)
        return Program("cameras", one_machine.command(*words), ready)

    def start(self, program: Program, **environment: str) -> Child:
        """Start a program (again) and wait until it is up."""
        child = self.begin(program, **environment)
        child.wait_ready()
        return child

    def begin(self, program: Program, **environment: str) -> Child:
        """Start a program (again) without waiting."""
        given = {**program.environment, **environment}
        child = Child(replace(program, environment=given), self.logs)
        child.start()
        self.children[program.name] = child
        return child

    def kill(self, name: str) -> None:
        """kill -9 of a program; its own children die with it."""
        self.signal(name, signal.SIGKILL)
        self.children[name].stop(time.monotonic() + 10)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one process."""
        pid = self.children[name].pid
        if pid is not None:
            os.kill(pid, number)

    def stop(self) -> None:
        """Stop all that runs, the last started first."""
        for child in reversed(list(self.children.values())):
            if child.pid is not None:
                os.kill(child.pid, signal.SIGCONT)
            child.ask_to_stop()
            child.stop(time.monotonic() + 20)

    def health(self) -> dict[str, Any]:
        """The recorder's own word. Raises `httpx.HTTPError`."""
        transport = httpx.HTTPTransport(uds=str(self.settings.recorder_socket))
        with httpx.Client(transport=transport, timeout=5) as client:
            found: dict[str, Any] = client.get("http://recorder/health").json()
            return found

    def _witness_dir(self, name: str) -> Path:
        return self.folder / "witnesses" / name


def until(holds: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until `holds()`. Raises `Unavailable` with the last reason why it did not."""
    deadline, reason = time.monotonic() + seconds, ""
    while True:
        try:
            if holds():
                return
        except (PlainviewError, httpx.HTTPError, OSError) as error:
            reason = f": {error}"
        if time.monotonic() > deadline:
            raise Unavailable(f"Waited {seconds} s for {what}{reason}.")
        time.sleep(0.05)
