"""From an invitation to the log: the card that is handed in, and what becomes of it.

The card is the body of an `enrol` statement: the person's keys and roles and a commitment to the
name. It appoints nobody. Two people who may enrol sign it one after the other, and what they see
before they sign are the ids of the keys, which the invited person can read out to them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plainview.base.ids import b64, unb64
from plainview.errors import BadFormat, NotFound, Refused
from plainview.register.private import Names
from plainview.register.records import person_entry
from plainview.tlog.entries import commit, key_id
from plainview.web.context import Web
from plainview.web.credentials import Credential
from plainview.web.invitations import HANDED_IN, Asked, Invitation

ED25519_BYTES = 32


def hand_in(web: Web, invitation: Invitation, key_file: str) -> dict[str, Any]:
    """Use the invitation up and return the card. Raises `BadFormat`, `Refused`.

    `key_file`: the card of `plainview person keygen` (JSON), an age recipient, or nothing.
    """
    made = web.people.credentials.of_invitation(invitation.id)
    if len(made) < invitation.asked.passkeys:
        missing = invitation.asked.passkeys - len(made)
        raise Refused(
            f"{missing} more passkey(s) are needed.", hint="Use a different authenticator for each."
        )
    card = make_card(web, invitation, made, read_key_file(key_file))
    web.people.invitations.hand_in(invitation.id, card)
    web.people.credentials.belong(invitation.id, card["person"])
    return card


def make_card(
    web: Web, invitation: Invitation, made: list[Credential], file: dict[str, Any]
) -> dict[str, Any]:
    """The body of the enrolment. Raises `BadFormat`."""
    asked = invitation.asked
    fresh = [b64(one.point) for one in made]
    fresh += [file["key"]] if "key" in file else []
    if asked.person:
        before = enrolled_body(web, asked.person)
        kept = [] if asked.replace else [before["key"], *before.get("more_keys", ())]
        keys = [*kept, *fresh]
        values = {**before, **({"age": file["age"]} if "age" in file else {})}
    else:
        keys, values = fresh, _new_person(web, invitation, file)
    keys = list(dict.fromkeys(keys))
    values.pop("more_keys", None)
    if keys[1:]:
        values["more_keys"] = keys[1:]
    # Never what was before: the form says it all, and two people sign what it says.
    kind = _org_kind(asked, values, file)
    for name in ("org_kind", "scope"):
        values.pop(name, None)
    if kind:
        values["org_kind"] = kind
    if asked.units or asked.cameras:
        values["scope"] = {"units": list(asked.units), "cameras": list(asked.cameras)}
    values |= {"key": keys[0], "roles": list(asked.roles), "org": asked.org}
    values |= {"outside": asked.outside}
    return person_entry(values).body()


def _org_kind(asked: Asked, before: Mapping[str, Any], file: Mapping[str, Any]) -> str:
    """What the organisation is: as the form says, else the card, else as before; "" for none.

    The card's word and that of before count for the same organisation only. Raises `BadFormat`.
    """
    if asked.org_kind is not None:
        return asked.org_kind
    if "org_kind" in file:
        if file["org"] != asked.org:
            raise BadFormat(
                f"The card is of {file['org']!r}, the invitation of {asked.org!r}.",
                hint="Ask for an invitation that says what kind of organisation it is.",
            )
        return str(file["org_kind"])
    return str(before.get("org_kind", "")) if before.get("org") == asked.org else ""


def _new_person(web: Web, invitation: Invitation, file: dict[str, Any]) -> dict[str, Any]:
    """Somebody who is not enrolled yet; who brings a key file keeps the id that it bears."""
    person = file.get("person", f"p-{invitation.id}")
    if any(known.person == person for known in web.register.people()):
        raise Refused(f"{person} is enrolled already.", hint="Make a new key file.")
    name = commit({"name": invitation.asked.name}, bytes.fromhex(invitation.salt))
    return {"person": person, "age": file.get("age"), "name_commitment": name}


def read_key_file(text: str) -> dict[str, Any]:
    """`age`, and of a card also `person`, `key`, and `org` and `org_kind` where it says them.

    Raises `BadFormat`.
    """
    text = text.strip()
    if not text:
        return {}
    if text.startswith("age1"):
        return {"age": text}
    try:
        card = json.loads(text)["person"]
        found = {name: str(card[name]) for name in ("person", "key", "age")}
        if card.get("org_kind"):
            found |= {name: str(card[name]) for name in ("org", "org_kind")}
        if len(unb64(found["key"])) != ED25519_BYTES:
            raise BadFormat("Its key is not one of plainview person keygen.")
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise BadFormat(
            "This is neither a card nor an age recipient.",
            hint="Paste the whole text of the .card.json file, or the line that begins with age1.",
        ) from error
    return found


def enrolled_body(web: Web, person: str) -> dict[str, Any]:
    """What the log holds of a person. Raises `NotFound`."""
    body = web.register.stated(web.register.person(person).index).body
    return dict(next(one for one in body.get("people", [body]) if one["person"] == person))


def keys_of(web: Web, card: dict[str, Any]) -> list[dict[str, Any]]:
    """A card's keys as people compare them: `{key_id, kind, label, synced}`."""
    known = {one.key_id: one for one in web.people.credentials.of_person(card["person"])}
    found = []
    for key in (card["key"], *card.get("more_keys", ())):
        ident = key_id(unb64(key))
        passkey = known.get(ident)
        kind = "passkey" if len(unb64(key)) > ED25519_BYTES else "file"
        said = {"label": passkey.label, "synced": passkey.synced} if passkey else {}
        found.append({"key_id": ident, "kind": kind, "label": "", "synced": False, **said})
    return found


def settle(web: Web) -> None:
    """Note which cards the log holds by now, and keep the names that they commit to."""
    names = Names(web.settings.data)
    for invitation in web.people.invitations.listed():
        card = invitation.card
        if invitation.state != HANDED_IN or card is None or not on_log(web, card):
            continue
        if not invitation.asked.person:
            salt = b64(bytes.fromhex(invitation.salt))
            names.put(card["person"], invitation.asked.name, salt)
        web.people.invitations.enrolled(invitation.id)


def overtaken(web: Web, invitation: Invitation) -> bool:
    """Whether the person was enrolled anew since the invitation was made: its card would bring
    back keys and roles that were taken away."""
    if not invitation.asked.person:
        return False
    newest = web.register.person(invitation.asked.person).index
    return web.register.stated(newest).time > invitation.created


def check_card(web: Web, card: Mapping[str, Any]) -> None:
    """Raises `Refused` for a card that was handed in and is overtaken."""
    for one in web.people.invitations.listed():
        if one.card == card and overtaken(web, one):
            raise Refused(
                "This person was enrolled anew since they were invited.",
                hint="Take the invitation back and make a new one.",
            )


def on_log(web: Web, card: dict[str, Any]) -> bool:
    """Whether the log holds this very card for its person."""
    try:
        return enrolled_body(web, card["person"]) == card
    except NotFound:
        return False
