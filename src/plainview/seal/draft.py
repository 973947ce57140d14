"""Drafts of windows: what is asked of the child that makes them, and what it answers.

A draft holds what the keeper and the pack need. The secrets never leave the child
(`plainview.seal.drafting`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated, Any

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
    """Fresh windows, in this process: only tests may call it, a recorder has `draft_in_child`."""
    question = _question(specs, custodians)
    made = [drafting.make_draft(spec, question["set"]) for spec in question["specs"]]
    return [Draft.from_dict(draft) for draft in made]


def _question(specs: Sequence[Spec], custodians: CustodianSet) -> dict[str, Any]:
    if len(specs) > BATCH:
        raise BadFormat(f"At most {BATCH} windows are made at a time.")
    windows = [{**spec.to_dict(), "window": str(spec.id)} for spec in specs]
    return {"specs": windows, "set": custodians.to_dict()}


def draft_in_child(
    specs: Sequence[Spec], custodians: CustodianSet, *, timeout_s: float = 60
) -> list[Draft]:
    """`make_drafts` in a process of its own. Raises `BadFormat` or `Unavailable`."""
    question = _question(specs, custodians)
    # Without `site`, which looks for what the child does not need; it finds modules where we do.
    command = [sys.executable, "-S", "-m", "plainview.seal.drafting"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            command,
            input=json.dumps(question),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env=env,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable("The child that makes windows did not answer.") from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise Unavailable(f"The child that makes windows ended with {done.returncode}.") from error
    if "error" in answer:
        raise BadFormat(str(answer["error"]))
    return [Draft.from_dict(draft) for draft in answer["drafts"]]
