"""Drafts of windows: what is asked of the child that makes them, and what it answers.

A draft holds what the keeper and the pack need. The secrets never leave the child
(`plainview.seal.drafting`).
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import IO, Annotated, Any

from pydantic import Field

from plainview.base.clock import Ms
from plainview.errors import BadFormat, Unavailable
from plainview.seal import drafting
from plainview.seal.windows import Format, Hex, Small, WindowId

BATCH = 40
"""Windows made in one child and logged in one entry."""


class Spec(Format):
    """A window to be made; times in milliseconds UTC, `start` on a whole second."""

    camera: str
    start: Ms
    end: Ms
    epoch: Small
    counter: Small

    @property
    def id(self) -> WindowId:
        return WindowId(self.camera, self.start, self.epoch, self.counter)


class Member(Format):
    """A custodian and the age recipient that this person's shares are sealed to."""

    person: str
    age: str


class CustodianSet(Format):
    """Who holds shares: member j (from 1) gets share j."""

    set: str
    k: Annotated[int, Field(ge=2, le=255)]
    members: Annotated[list[Member], Field(min_length=2, max_length=255)]


class DraftShare(Format):
    """A sealed share (base64) with the hashes that the log will hold."""

    i: int
    person: str
    plain: Hex
    sealed: Hex
    data: str


class Draft(Format):
    """A window before the keeper has logged it. `e` and `view` (base64) are secret."""

    spec: Spec
    pk: str
    k: int
    n: int
    set: str
    e: str
    view: str
    shares: list[DraftShare]

    def __repr__(self) -> str:
        return f"Draft({self.spec.id})"


def set_of(body: dict[str, Any]) -> CustodianSet:
    """The set out of the body of a `custodian-set` statement; raises `BadFormat`."""
    try:
        members = [{"person": m["person"], "age": m["age"]} for m in body["members"]]
        return CustodianSet.from_dict({"set": body["set"], "k": body["k"], "members": members})
    except (KeyError, TypeError) as error:
        raise BadFormat("A custodian set lacks a field.") from error


def make_drafts(specs: Sequence[Spec], custodians: CustodianSet) -> list[Draft]:
    """Fresh windows, in this process: only tests may call it, a recorder has a `Drafter`."""
    question = _question(specs, custodians)
    made = [drafting.make_draft(spec, question["set"]) for spec in question["specs"]]
    return [Draft.from_dict(draft) for draft in made]


def _question(specs: Sequence[Spec], custodians: CustodianSet) -> dict[str, Any]:
    if len(specs) > BATCH:
        raise BadFormat(f"At most {BATCH} windows are made at a time.")
    windows = [{**spec.to_dict(), "window": str(spec.id)} for spec in specs]
    return {"specs": windows, "set": custodians.to_dict()}


class Drafter:
    """Makes drafts, each batch in a child of a process that is started when it is first needed.

    For one thread. A process that fails is ended, and started again at the next batch.
    """

    def __init__(self, *, timeout_s: float = 60) -> None:
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None

    def draft(self, specs: Sequence[Spec], custodians: CustodianSet) -> list[Draft]:
        """`make_drafts` in a fresh child. Raises `BadFormat` or `Unavailable`."""
        question = json.dumps(_question(specs, custodians)).encode() + b"\n"
        if self._process is not None and self._process.poll() is not None:
            self.close()
        try:
            self._process = self._process or _started()
            answer = json.loads(_asked(self._process, question, self._timeout_s))
        except (OSError, EOFError, ValueError) as error:
            code = self.close()
            told = f"ended with {code}" if code and code > 0 else "did not answer"
            raise Unavailable(f"The child that makes windows {told}.") from error
        except BaseException:
            self.close()  # else its answer would be taken for that of the next question
            raise
        if "error" in answer:
            raise BadFormat(str(answer["error"]))
        return [Draft.from_dict(draft) for draft in answer["drafts"]]

    def close(self) -> int | None:
        """End the process; what it ended with."""
        process, self._process = self._process, None
        if process is None:
            return None
        with process:
            try:
                process.communicate(timeout=1)  # it ends with its questions
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode


def _started() -> subprocess.Popen[bytes]:
    # Without `site`, which looks for what the child does not need; it finds modules where we do.
    command = [sys.executable, "-S", "-m", "plainview.seal.drafting"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, bufsize=0, env=env, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None  # noqa: S101 - asked for above
        os.set_blocking(pipe.fileno(), False)  # on our side; `_asked` waits for both
    return process


def _asked(process: subprocess.Popen[bytes], question: bytes, timeout_s: float) -> bytes:
    """The line that answers. Raises `OSError`, also for a time-out, or `EOFError`."""
    assert process.stdin is not None  # noqa: S101 - see `_started`
    assert process.stdout is not None  # noqa: S101
    end = time.monotonic() + timeout_s
    while question:
        _wait(process.stdin, select.POLLOUT, end)
        question = question[process.stdin.write(question) or 0 :]
    answer = bytearray()
    while not answer.endswith(b"\n"):
        _wait(process.stdout, select.POLLIN, end)
        if not (part := process.stdout.read(65_536)):
            raise EOFError
        answer += part
    return bytes(answer)


def _wait(pipe: IO[bytes], event: int, end: float) -> None:
    """Until `event` is possible; raises `TimeoutError` at `end` (monotonic)."""
    ready = select.poll()
    ready.register(pipe, event)
    if not ready.poll(max(0.0, end - time.monotonic()) * 1000):
        raise TimeoutError
