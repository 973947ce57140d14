"""Everything that a tool needs to judge a request by itself: entries, each with its proof.

The JSON is that of `GET /api/requests/<hash>` in docs/design/interfaces.md. Nothing in it needs to
be believed: the tools check every entry against their own trust policy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from plainview.base.ids import b64
from plainview.errors import NotFound, NotLogged
from plainview.register.answers import RequestOnLog
from plainview.register.projection import Register
from plainview.register.questions import PROOF_SECONDS
from plainview.store.store import Store
from plainview.tlog.entries import parse


class Prover:
    """Entries with proofs out of the register's log."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def proven(self, index: int, *, wait: bool = True) -> dict[str, str]:
        """{entry, proof}. Raises `NotLogged` while the witnesses have not seen the entry."""
        proof = self._register.proof(index, wait_s=PROOF_SECONDS if wait else 0.0)
        return {"entry": b64(self._register.raw(index)), "proof": proof}

    def proven_if_witnessed(self, indexes: Iterable[int]) -> list[tuple[int, dict[str, str]]]:
        """(index, {entry, proof}) of those that the witnesses have seen."""
        found = []
        for index in indexes:
            try:
                found.append((index, self.proven(index, wait=False)))
            except NotLogged:
                continue
        return found

    def people(self, statements: Iterable[int]) -> list[dict[str, str]]:
        """Every founding and enrolment that `statements` rest on, oldest first."""
        todo, needed = list(statements), {0}
        while todo:
            index = todo.pop()
            new = self._rests_on(index) - needed
            needed |= new
            todo += new
        return [self.proven(index) for index in sorted(needed)]

    def _rests_on(self, index: int) -> set[int]:
        """Where the authors of a statement, and the members of a set, were enrolled."""
        if index == 0:
            return set()  # founders sign the founding entry themselves; its hash is pinned
        entry = parse(self._register.raw(index))
        found = {self._register.key_statement(key, index) for key in entry.by}
        if entry.type == "approve":
            # Who proposed it counts with the roles of when both had signed.
            proposal = self._register.find(entry.body["proposal"])
            key = parse(self._register.raw(proposal)).by[0]
            who = self._register.key_owner(key, proposal)
            found |= {proposal, self._register.person_statement(who, index)}
        stated = self._register.stated(index)
        if stated.type == "custodian-set":
            for member in stated.body["members"]:
                found.add(self._register.person_statement(member["person"], index))
        return found


def windows(
    prover: Prover, register: Register, store: Store, request: RequestOnLog, person: str
) -> list[dict[str, Any]]:
    """Each window's logged entry, its proof, and its header with the shares that are `person`'s."""
    found = []
    for name in request.body["windows"]:
        on_log = register.window(name)
        header: dict[str, Any] | None
        try:
            header = store.header(name).to_dict()
        except NotFound:
            header = None
        if header is not None:
            own = [share for share in header["shares"] if share["person"] == person]
            header = {**header, "shares": own, "wrapped_e": "", "wrapped_view": ""}
        found.append({"id": name, "header": header, **prover.proven(on_log.index)})
    return found
