"""Making windows, in a freshly spawned child: `python -m plainview.seal.draft`, JSON both ways.

A draft holds what the keeper and the pack need. The window's identity sk and the custodians'
secret S never leave the child; they die with it (no core dumps; memory locked where possible), as
Python cannot overwrite its own strings. Scheme: design, section 6.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import pyrage
from pydantic import Field

from plainview.base.clock import Ms
from plainview.base.ids import b64, sha256_hex
from plainview.base.memory import guard_memory
from plainview.errors import BadFormat, PlainviewError, Unavailable
from plainview.seal.combine import xor
from plainview.seal.shamir import split
from plainview.seal.shares import Share, seal_to
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


def _make_draft(spec: Spec, custodians: CustodianSet) -> Draft:
    identity = pyrage.x25519.Identity.generate()
    sk, pk = str(identity).encode("ascii"), str(identity.to_public())
    e = secrets.token_bytes(len(sk))
    members, window = custodians.members, str(spec.id)
    shares = []
    for i, secret in enumerate(split(xor(sk, e), len(members), custodians.k), start=1):
        plain = Share(
            window=window,
            k=custodians.k,
            n=len(members),
            i=i,
            pk=pk,
            set=custodians.set,
            share=b64(secret),
        ).to_bytes()
        sealed = seal_to(plain, members[i - 1].age)
        shares.append(
            DraftShare(
                i=i,
                person=members[i - 1].person,
                plain=sha256_hex(plain),
                sealed=sha256_hex(sealed),
                data=b64(sealed),
            )
        )
    return Draft(
        spec=spec,
        pk=pk,
        k=custodians.k,
        n=len(members),
        set=custodians.set,
        e=b64(e),
        view=b64(secrets.token_bytes(32)),
        shares=shares,
    )


def make_drafts(specs: Sequence[Spec], custodians: CustodianSet) -> list[Draft]:
    """Fresh windows, in this process: only the child (and tests) may call it."""
    if len(specs) > BATCH:
        raise BadFormat(f"At most {BATCH} windows are made at a time.")
    return [_make_draft(spec, custodians) for spec in specs]


def draft_in_child(
    specs: Sequence[Spec], custodians: CustodianSet, *, timeout_s: float = 60
) -> list[Draft]:
    """`make_drafts` in a process of its own. Raises `BadFormat` or `Unavailable`."""
    question = {"specs": [s.to_dict() for s in specs], "set": custodians.to_dict()}
    command = [sys.executable, "-m", "plainview.seal.draft"]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            command, input=json.dumps(question), capture_output=True, text=True, timeout=timeout_s
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


def main() -> None:
    """The child: one question on stdin, one answer on stdout."""
    guard_memory()
    question = json.load(sys.stdin)
    try:
        specs = [Spec.from_dict(spec) for spec in question["specs"]]
        drafts = make_drafts(specs, CustodianSet.from_dict(question["set"]))
        answer: dict[str, Any] = {"drafts": [draft.to_dict() for draft in drafts]}
    except PlainviewError as error:
        answer = {"error": error.message}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
