"""Who was invited and has handed in keys: what a tool shows, and a proposal signed by a key file.

What is signed is compared with the card that was shown: a server cannot have another one signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plainview.base.ids import b64, unb64
from plainview.errors import BadFormat, BadSeal, NotFound, Refused
from plainview.release.client import Server
from plainview.release.keyfile import KeyFile
from plainview.tlog.entries import key_id, signed_bytes
from plainview.tlog.signing import finish_statement


@dataclass(frozen=True)
class Invited:
    """One invitation; `card` is the body of the enrolment, `keys` the ids of the keys in it."""

    id: str
    name: str
    state: str
    roles: tuple[str, ...]
    card: dict[str, Any] | None
    keys: tuple[str, ...]
    proposal: str


def invited(server: Server) -> list[Invited]:
    """Everybody whose invitation is open, or who has handed in. Raises `BadFormat`."""
    rows = server.get("/api/invitations")
    if not isinstance(rows, list):
        raise BadFormat(f"{server.origin} did not answer with invitations.")
    return [_read(row) for row in rows]


def propose(server: Server, key: KeyFile, invitation: str) -> tuple[Invited, str]:
    """Propose the enrolment of whoever handed in: who it is, and the proposal's hash.

    Raises `NotFound`, `Refused` for a card that is not there yet, `BadSeal` for a draft that says
    something else than that card.
    """
    found = next((one for one in invited(server) if one.id == invitation), None)
    if found is None:
        raise NotFound(f"No invitation {invitation} waits.", hint="See: plainview person invited.")
    if found.card is None:
        raise Refused(f"{found.name} has handed in no keys yet.")
    body = {"type": "enrol", "body": found.card}
    return found, _state(server, key, body)


def _state(server: Server, key: KeyFile, body: dict[str, Any]) -> str:
    mine = key.signing
    wanted = {"type": "propose", "body": body, "key": mine.key_id}
    drafted = server.post("/api/statements/draft", wanted)
    document = drafted.get("document") if isinstance(drafted, dict) else None
    if not isinstance(document, dict):
        raise BadFormat("That is not a draft of a proposal.")
    said = (document.get("type"), document.get("body"), document.get("by"))
    if said != ("propose", body, [mine.key_id]):
        raise BadSeal("The draft is not of the card that was shown, or not yours.")
    signature = mine.sign(signed_bytes(document))
    entry = finish_statement(document, {mine.key_id: signature})
    answer = server.post("/api/statements", {"draft": drafted["draft"], "sig": b64(signature)})
    if not isinstance(answer, dict) or answer.get("hash") != entry.hash:
        raise BadFormat("The server does not confirm the proposal that was sent.")
    return entry.hash


def _read(row: Any) -> Invited:
    try:
        card = row.get("card")
        keys = () if card is None else (card["key"], *card.get("more_keys", ()))
        return Invited(
            str(row["invitation"]),
            str(row["name"]),
            str(row["state"]),
            tuple(map(str, row["roles"] if card is None else card["roles"])),
            card,
            tuple(key_id(unb64(str(key))) for key in keys),
            str(row.get("proposal") or ""),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise BadFormat("That is not an invitation.") from error
