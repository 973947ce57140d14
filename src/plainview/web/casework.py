"""Statements about requests and holds that people sign here with a passkey.

What a request or a hold commits to (the case, the salt) is shown beside the document, so that the
page can compute the commitment again before anybody signs. Shares are sealed to an age key, which a
passkey is not: releases and openings are signed by the tools that hold the key file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from plainview.errors import BadFormat, NotFound, Refused
from plainview.policies.model import SYSTEM, Resource
from plainview.policies.model import Request as RequestMade
from plainview.tlog.entries import Entry
from plainview.web.context import Web
from plainview.web.people import Drafted
from plainview.web.permissions import Permission

LONGEST_REASON = 500


@dataclass(frozen=True)
class Built:
    """The whole body of a statement, and what one must be allowed to state it, at what.

    `detail` and `salt`: what the body commits to. `about`: the request or mark that it is about.
    """

    needs: Permission
    body: dict[str, Any]
    what: Resource = SYSTEM
    detail: dict[str, Any] = field(default_factory=dict)
    salt: str = ""
    about: str = ""


def request(web: Web, person: str, body: dict[str, Any]) -> Built:
    """The person's own draft, `{draft}`. Raises `NotFound`, `Refused`."""
    wanted = str(body.get("draft", ""))
    made = next((one.draft for one in web.cases.drafts(person) if one.id == wanted), None)
    if made is None:
        raise NotFound("There is no such draft of yours.", hint="Draft the request again.")
    if not web.register.person(person).age:
        raise Refused(
            "Shares could not be sealed to you: no key of yours opens them.",
            hint="Ask for an invitation, and hand in the card of plainview person keygen.",
        )
    what = web.rights.camera(str(made["detail"]["camera"]))
    return Built(Permission.REQUEST_SUBMIT, made["body"], what, made["detail"], made["salt"])


def refusal(web: Web, person: str, body: dict[str, Any]) -> Built:
    """`{request, reason}`. The reason is public for ever. Raises `BadFormat`, `NotFound`."""
    found = web.register.request(str(body.get("request", "")))
    reason = " ".join(str(body.get("reason", "")).split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise BadFormat(f"Give a reason of at most {LONGEST_REASON} characters.")
    what = RequestMade(found.hash, found.person)
    said = {"request": found.hash, "reason": reason}
    return Built(Permission.REQUEST_RELEASE, said, what, about=found.hash)


def hold(web: Web, person: str, body: dict[str, Any]) -> Built:
    """`{mark}`. Raises `NotFound`, `Refused`."""
    mark = str(body.get("mark", ""))
    what = web.rights.camera(web.marks.find(mark).mark.camera)
    made = web.marks.draft(person, mark)
    return Built(Permission.MARK_HOLD, made["body"], what, made["detail"], made["salt"], mark)


BUILDERS = {"request": request, "refusal": refusal, "hold": hold}


def log(web: Web, person: str, drafted: Drafted, entry: Entry) -> int:
    """Log a signed statement, with what goes with it; the index. Raises as the keeper does."""
    if entry.type == "request":
        hash = web.cases.submit(person, entry.raw, drafted.detail, drafted.salt)
        return web.register.find(hash)
    if entry.type == "refusal":
        return web.cases.refuse(person, drafted.about, entry.raw)
    if entry.type == "hold":
        return web.marks.hold(person, drafted.about, entry.raw, drafted.detail, drafted.salt)
    return web.keeper.append(entry.raw)
