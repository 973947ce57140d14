"""`plainview person`: make keys, say whose log to believe, invite and enrol people, list them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, NamedTuple

import typer

from plainview.base.durable import write_file
from plainview.base.ids import b64
from plainview.base.settings import Settings
from plainview.cli import Lazy, Listed, found
from plainview.cli.options import (
    DataFolder,
    Json,
    KeyPath,
    KeyPaths,
    SettingsFile,
    load_settings,
    say,
    say_json,
    say_table,
)
from plainview.errors import BadFormat, Refused
from plainview.keys.client import KeeperClient
from plainview.register import statements
from plainview.register.private import Names
from plainview.register.projection import Register
from plainview.register.records import ORGANISATIONS, Person, person_entry, read_values
from plainview.release import keyfile
from plainview.tlog.entries import Entry, commit, parse
from plainview.tlog.policy import Policy


class Commands(Lazy):
    """Those that talk to a server load an HTTP client, so they have files of their own."""

    listed: ClassVar[Mapping[str, Listed]] = {
        "invite": Listed("plainview.cli.person_invite", "Make a link by which somebody joins."),
        "invited": Listed("plainview.cli.person_invited", "List who is about to join; propose."),
    }


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    help="Make keys, invite and enrol people, list them.",
)


app.command("log-key")(found.log_key)
app.command("found")(found.found)


@app.command()
def keygen(
    name: Annotated[str, typer.Option("--name", help="The person's name; it stays private.")],
    role: Annotated[list[str], typer.Option("--role", help="A role; may be given several times.")],
    org: Annotated[str, typer.Option("--org", help="The organisation; public.")],
    out: Annotated[Path, typer.Option("--out", help="Where the key file goes. Keep it yourself.")],
    outside: Annotated[
        bool, typer.Option("--outside", help="Not of the operator, its units or suppliers.")
    ] = False,
    org_kind: Annotated[
        str | None,
        typer.Option("--org-kind", help=f"What the organisation is: {', '.join(ORGANISATIONS)}."),
    ] = None,
    person: Annotated[str | None, typer.Option("--id", help="Public id; random if absent.")] = None,
) -> None:
    """Make a person's keys, and a card to hand to whoever enrols people."""
    card_path = out.with_suffix(".card.json")
    for path in (out, card_path):
        if path.exists():
            raise Refused(
                f"{path} exists.", hint="Keys are never overwritten; choose another name."
            )
    key = keyfile.generate(name, person)
    public = statements.public_person(
        key.person,
        key.signing,
        key.recipient,
        role,
        org,
        outside=outside,
        name=name,
        salt=key.name_salt,
        org_kind=org_kind,
    )
    key.write(out)
    card = {"person": public.body(), "name": name, "salt": key.name_salt.hex()}
    write_file(card_path, json.dumps(card, indent=1).encode(), mode=0o600)
    say(f"{key.person}: keys in {out} (keep it to yourself), card in {card_path} (hand it in).")


@app.command()
def trust(
    key: KeyPath,
    policy: Annotated[Path, typer.Option("--policy", help="Trust policy (C2SP tlog-policy).")],
    founding: Annotated[
        str, typer.Option("--founding", help="Hash of the log's founding entry, 64 hex digits.")
    ],
) -> None:
    """Say which log a key file believes. Get both from people you trust, not from the server."""
    if len(founding) != 64 or any(digit not in "0123456789abcdef" for digit in founding):
        raise BadFormat("The founding hash is 64 lower-case hex digits.")
    try:
        text = policy.read_text()
    except OSError as error:
        raise BadFormat(f"{policy} cannot be read: {error.strerror}.") from error
    believed = Policy.parse(text)
    keyfile.read(key).with_trust(text, founding).write(key)
    names = ", ".join(believed.witnesses) or "no witness at all"
    say(f"{key} now believes {believed.logs[0].name}, witnessed by {names}.")


@app.command()
def enrol(
    card: Annotated[Path, typer.Argument(help="The card that the person handed in.")],
    key: KeyPaths,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """Enrol somebody: two people sign, one of them administrator or data protection officer."""
    handed = _read_card(card)
    person = handed.person
    signers = [keyfile.read(path) for path in key]
    if len({one.person for one in signers}) < 2:
        raise Refused("Two people enrol somebody.", hint="Give --key twice.")
    loaded = load_settings(settings, data)
    with KeeperClient(loaded.keeper_socket) as keeper:
        entry = statements.enrol(person, [one.signing for one in signers])
        index = keeper.append(entry.raw)
    Names(loaded.data).put(person.person, handed.name, b64(handed.salt))
    say(f"{person.person} is enrolled as {', '.join(person.roles)} (entry {index}).")


@app.command()
def propose(
    card: Annotated[Path, typer.Argument(help="The card that the person handed in.")],
    key: KeyPath,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """Propose somebody's enrolment; another person approves it, at another place if need be."""
    handed = _read_card(card)
    person = handed.person
    loaded = load_settings(settings, data)
    entry = statements.propose("enrol", person.body(), keyfile.read(key).signing)
    index = _log(loaded, entry)
    Names(loaded.data).put(person.person, handed.name, b64(handed.salt))
    say(f"{person.person} is proposed (entry {index}). Another person approves with:")
    say(f"plainview person approve {entry.hash} --key THEIRS")


@app.command()
def approve(
    proposal: Annotated[str, typer.Argument(help="Hash of the proposal, 64 hex digits.")],
    key: KeyPath,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """Approve what somebody else proposed, also what was proposed with a passkey."""
    loaded = load_settings(settings, data)
    with Register(loaded) as register:
        index = register.find(proposal)
        entry = parse(register.raw(index))
        if entry.type != "propose":
            raise BadFormat(f"{proposal[:16]}... is no proposal.")
        if entry.body["type"] in ("camera", "record"):
            raise BadFormat(
                f"{proposal[:16]}... is not about a person.",
                hint=f"Use: plainview register approve {proposal} --key ...",
            )
        if register.enrolled_after(str(entry.body["body"].get("person")), index):
            raise Refused(
                "This person was enrolled anew since this was proposed.",
                hint="Make a new invitation, or propose it again.",
            )
    say_json(entry.body)
    index = _log(loaded, statements.approve(proposal, keyfile.read(key).signing))
    say(f"Approved (entry {index}).")


@app.command("set")
def custodian_set(
    name: Annotated[str, typer.Argument(help="The set's id, for example routine.")],
    member: Annotated[list[str], typer.Option("--member", help="Person id, in order of shares.")],
    quorum: Annotated[int, typer.Option("--quorum", help="How many open a window together.")],
    key: KeyPaths,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """State a custodian set: two people sign, one of them data protection officer."""
    loaded = load_settings(settings, data)
    with Register(loaded) as register:
        people = [register.person(one) for one in member]
    signers = [keyfile.read(path).signing for path in key]
    with KeeperClient(loaded.keeper_socket) as keeper:
        index = keeper.append(statements.custodian_set(name, quorum, people, signers).raw)
    say(f"{name}: any {quorum} of {len(people)} (entry {index}).")


@app.command("list")
def list_people(
    settings: SettingsFile = None, data: DataFolder = None, as_json: Json = False
) -> None:
    """List everybody who is enrolled."""
    with Register(load_settings(settings, data)) as register:
        people = register.people()
    if as_json:
        say_json([{**vars(one), "roles": list(one.roles)} for one in people])
        return
    rows = [
        (
            one.person,
            one.name or "-",
            ", ".join(one.roles),
            one.org,
            "outside" if one.outside else "inside",
            one.key_id,
        )
        for one in people
    ]
    columns = ("id", "name", "roles", "organisation", "", "key")
    say_table(columns, rows, empty="Nobody is enrolled yet. Start with: plainview person keygen.")


def _log(loaded: Settings, entry: Entry) -> int:
    with KeeperClient(loaded.keeper_socket) as keeper:
        return keeper.append(entry.raw)


class Card(NamedTuple):
    """What somebody handed in: what the log will hold, and what stays private."""

    person: Person
    name: str
    salt: bytes


def _read_card(path: Path) -> Card:
    """Raises `BadFormat` also for a name that the card does not commit to."""
    values = read_values(path)
    person, name = person_entry(values.get("person", {})), str(values.get("name", ""))
    try:
        salt = bytes.fromhex(str(values.get("salt", "")))
    except ValueError as error:
        raise BadFormat("The card's salt is not hex.") from error
    if commit({"name": name}, salt) != person.name_commitment:
        raise BadFormat(
            "The card's name is not the one that it commits to.", hint="Ask for a new card."
        )
    return Card(person, name, salt)
