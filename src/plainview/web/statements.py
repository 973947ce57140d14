"""Statements that people sign here with their passkeys: drafted, shown, signed, sent to the keeper.

The server cannot sign for anybody. It builds the document, says in plain words what it means, and
asks for a signature over the document's hash; a draft is good for four minutes, once, in the
session that asked for it. A key file may sign it too (`sig`): then `plainview` does.
"""

from __future__ import annotations

from typing import Any

from plainview.base.ids import b64, unb64
from plainview.errors import BadFormat, Forbidden, NotAuthorised, NotFound, Refused
from plainview.policies.model import SYSTEM, Proposal, Resource
from plainview.register.statements import answer_body
from plainview.tlog.signing import (
    draft_statement,
    finish_statement,
    passkey_signature,
    statement_challenge,
)
from plainview.web import casework
from plainview.web.casework import Built
from plainview.web.context import Web
from plainview.web.credentials import Credential
from plainview.web.enrolling import check_card, settle
from plainview.web.passkeysignin import standing
from plainview.web.people import DRAFT_MS, Drafted
from plainview.web.permissions import Permission
from plainview.web.proposals import Waiting, proposal_of, waiting
from plainview.web.review import check_proposed
from plainview.web.sessions import SignedIn
from plainview.web.summaries import summary

PROPOSED = {
    "enrol": (Permission.PEOPLE_ENROL, Permission.PEOPLE_APPROVE),
    "custodian-set": (Permission.PEOPLE_ENROL, Permission.PEOPLE_APPROVE),
    "camera": (Permission.REGISTER_PUBLISH, Permission.REGISTER_APPROVE),
    "record": (Permission.REGISTER_PUBLISH, Permission.REGISTER_APPROVE),
}
"""What may be proposed here, and what one must be allowed to propose and to approve it."""


def draft(
    web: Web, session: SignedIn, kind: str, body: dict[str, Any], key: str | None
) -> dict[str, Any]:
    """A document that names the person's key, in plain words, with what the browser is to sign.

    Raises `Forbidden` for whom the roles do not allow it, `BadFormat`, `NotFound`, `Refused`.
    """
    built = _build(web, session.person, kind, body)
    web.rights.check(session, built.needs, built.what)
    body = built.body
    signer, passkey = _signer(web, session, key)
    document = draft_statement(kind, body, [signer], time=web.now())
    challenge = statement_challenge(document)
    allowed = [] if passkey is None else [passkey.id]
    kept = Drafted(document, signer, built.detail, built.salt, built.about)
    ticket = web.people.drafts.keep(kept, _owner(session))
    return {
        "draft": ticket,
        "document": document,
        "challenge": b64(challenge),
        "summary": summary(web, kind, body | built.detail),
        "detail": built.detail,
        "salt": built.salt,
        "options": web.people.passkeys.to_sign(challenge, allowed) if passkey else None,
        "expires": web.now() + DRAFT_MS,
    }


def finish(
    web: Web, session: SignedIn, ticket: str, assertion: dict[str, Any] | None, sig: str | None
) -> dict[str, Any]:
    """Log the draft with its author's signature: `{index, hash}`.

    Raises `NotAuthorised` for a draft that is over, used or another's, or for a wrong signature;
    and what the keeper says.
    """
    drafted = web.people.drafts.take(ticket, _owner(session))
    if (assertion is None) == (sig is None):
        raise BadFormat("Send the passkey's assertion, or the signature of a key file.")
    if assertion is not None:
        signature = _by_passkey(web, session, drafted, assertion)
    else:
        signature = unb64(sig or "")
    entry = finish_statement(drafted.document, {drafted.key_id: signature})
    index = casework.log(web, session.person, drafted, entry)
    web.register.sync()
    settle(web)
    return {"index": index, "hash": entry.hash}


def waiting_for(web: Web, session: SignedIn) -> list[dict[str, Any]]:
    """Every proposal that waits, with whether this person may approve it."""
    return [
        {
            "proposal": one.hash,
            "type": one.type,
            "body": one.body,
            "person": one.person,
            "summary": summary(web, "approve", {"proposal": one.hash}),
            "ends": one.ends,
            "may_approve": may_approve(web, session, one),
        }
        for one in sorted(waiting(web), key=lambda one: one.ends)
    ]


def may_approve(web: Web, session: SignedIn, one: Waiting) -> bool:
    """Whether the policies let this person be the second one."""
    try:
        web.rights.check(session, PROPOSED[one.type][1], _at(one.hash, one.person, one.body))
    except Forbidden:
        return False
    return True


def _at(name: str, person: str, body: dict[str, Any]) -> Proposal:
    """A proposal as the policies see it."""
    appointed = body.get("person")
    return Proposal(name, person, frozenset({str(appointed)} if appointed else ()))


def _by_passkey(web: Web, session: SignedIn, drafted: Drafted, sent: dict[str, Any]) -> bytes:
    """The signature as the log holds it. The keeper will check it again, by the log's own rules."""
    people = web.people
    read = people.passkeys.read(sent)
    try:
        known = people.credentials.find(read.credential)
    except NotFound as error:
        raise NotAuthorised("This passkey is not known here.") from error
    if (known.person, known.key_id) != (session.person, drafted.key_id):
        raise NotAuthorised("The draft names another key.", hint="Use the passkey that it names.")
    count = people.passkeys.check(read, statement_challenge(drafted.document), known.cose)
    people.credentials.count_up(known.id, count)
    return passkey_signature(read.data, read.client, read.signature)


def _owner(session: SignedIn) -> str:
    return f"{session.key} {session.person}"


def _signer(web: Web, session: SignedIn, key: str | None) -> tuple[str, Credential | None]:
    """The id of the key to name, and the passkey that holds it if one does.

    The key that was asked for; else that of the sign-in; else the passkey used last.
    """
    passkeys = {
        one.key_id: one
        for one in web.people.credentials.of_person(session.person)
        if one.stopped is None
    }
    enrolled = (one for one in passkeys.values() if _stands(web, one))
    last = max(enrolled, key=lambda one: one.used or one.created, default=None)
    chosen = key or session.signer or (last.key_id if last else "")
    if not chosen:
        raise Refused(
            "You have no key with which to sign.",
            hint="Register a passkey: ask for an invitation.",
        )
    standing(web, chosen, session.person)
    return chosen, passkeys.get(chosen)


def _stands(web: Web, passkey: Credential) -> bool:
    """Whether its key is on the log for its owner: one that waits, or was replaced, is not."""
    try:
        standing(web, passkey.key_id, passkey.person)
    except NotAuthorised:
        return False
    return True


def _build(web: Web, person: str, kind: str, body: dict[str, Any]) -> Built:
    """Raises `BadFormat`, `NotFound`."""
    if kind in casework.BUILDERS:
        return casework.BUILDERS[kind](web, person, body)
    builders = {
        "propose": _propose,
        "approve": _approve,
        "answer": _answer,
        "camera": _stop_camera,
        "record": _revoke_record,
    }
    if kind not in builders:
        raise BadFormat(f"Statements of type {kind[:40]!r} are not signed here.")
    return builders[kind](web, body)


def _propose(web: Web, body: dict[str, Any]) -> Built:
    kind, inner = body.get("type"), body.get("body")
    if kind not in PROPOSED or not isinstance(inner, dict):
        raise BadFormat(f"Proposed is one of {', '.join(PROPOSED)}, with its body.")
    what: Resource = SYSTEM
    if kind in ("camera", "record"):
        check_proposed(web.register, web.now(), str(kind), inner)
    else:
        what = _at("new", "", inner)
    if kind == "enrol":
        check_card(web, inner)
    if kind == "camera":
        what = web.rights.written(inner["camera"], inner["record"])
    return Built(PROPOSED[str(kind)][0], {"type": kind, "body": inner}, what)


def _approve(web: Web, body: dict[str, Any]) -> Built:
    proposal = proposal_of(web, str(body.get("proposal", "")))
    if proposal.type in ("camera", "record") and proposal.body.get("status") == "active":
        check_proposed(web.register, web.now(), proposal.type, proposal.body)
    if proposal.type == "enrol" and web.register.enrolled_after(
        str(proposal.body["person"]), web.register.find(proposal.hash)
    ):
        raise Refused(
            "This person was enrolled anew since this was proposed.",
            hint="Make a new invitation, or propose it again.",
        )
    at = _at(proposal.hash, proposal.person, proposal.body)
    return Built(PROPOSED[proposal.type][1], {"proposal": proposal.hash}, at)


def _answer(web: Web, body: dict[str, Any]) -> Built:
    try:
        said = {name: body[name] for name in ("objections", "outcome", "text")}
    except KeyError as error:
        raise BadFormat("An answer has objections, outcome and text.") from error
    return Built(Permission.OBJECTION_ANSWER, answer_body(**said))


def _stop_camera(web: Web, body: dict[str, Any]) -> Built:
    """Suspended or removed: the newest record again, under the next version."""
    if body.get("status") not in ("suspended", "removed"):
        raise BadFormat("Alone, one suspends or removes a camera; two people make one active.")
    newest = web.register.camera(str(body.get("camera", "")))
    said = {"camera": newest.id, "version": newest.version + 1, "status": body["status"]}
    whole = {**said, "record": newest.record}
    return Built(Permission.REGISTER_REVOKE, whole, web.rights.camera(newest.id))


def _revoke_record(web: Web, body: dict[str, Any]) -> Built:
    if body.get("status") != "revoked":
        raise BadFormat("Alone, one revokes a record; two people make one active.")
    kind, name = str(body.get("kind", "")), str(body.get("id", ""))
    newest = web.register.record(kind, name)
    said = {"kind": kind, "id": name, "version": (newest.version or 0) + 1, "status": "revoked"}
    return Built(Permission.REGISTER_REVOKE, {**said, "record": newest.body})
