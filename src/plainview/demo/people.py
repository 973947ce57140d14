"""The people of the demonstration, and their keys.

Everyone's key file lies on this machine, so that one visitor can play all roles. That is what makes
it a demonstration: in a city each file is on its owner's own machine and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from plainview.base import durable
from plainview.register import statements
from plainview.register.records import Person
from plainview.release import keyfile
from plainview.release.keyfile import KeyFile


@dataclass(frozen=True)
class Part:
    """One part in the story."""

    role: str
    name: str
    org: str
    roles: tuple[str, ...]
    outside: bool = False


PARTS = (
    Part("operator", "Mira Olsen", "City control room", ("operator",)),
    Part("supervisor", "Noor Haddad", "City control room", ("supervisor",)),
    Part("investigator", "Jonas Weber", "City police, traffic unit", ("investigator",)),
    Part("custodian-a", "Ana Novak", "City data protection office", ("custodian", "dpo")),
    Part("custodian-b", "Luca Moretti", "Residents' assembly", ("custodian",), outside=True),
    Part("custodian-c", "Irena Berg", "District court", ("custodian",), outside=True),
    Part("administrator", "Tomas Lind", "City information technology", ("administrator",)),
)
CUSTODIANS = ("custodian-a", "custodian-b", "custodian-c")
QUORUM = 2
DPO = "custodian-a"
LATER = frozenset({"supervisor"})
"""Who was not yet in the story of an earlier version, whose folder has no key file of theirs."""


def part(role: str) -> Part:
    """The part with this role; raises `StopIteration` for a role that is not in the story."""
    return next(one for one in PARTS if one.role == role)


def create() -> dict[str, KeyFile]:
    """New keys for everyone, by role; the log to believe is pinned later."""
    return {one.role: keyfile.generate(one.name) for one in PARTS}


def public(role: str, key: KeyFile) -> Person:
    """What the log holds of a person: keys, roles, and a commitment to the name."""
    one = part(role)
    return statements.public_person(
        key.person,
        key.signing,
        key.recipient,
        one.roles,
        one.org,
        outside=one.outside,
        name=one.name,
        salt=key.name_salt,
    )


def write(keys: dict[str, KeyFile], folder: Path) -> None:
    """Write each key file, readable by this user only."""
    durable.make_folder(folder, mode=0o700)
    for role, key in keys.items():
        key.write(folder / f"{role}.json")


def load(folder: Path) -> dict[str, KeyFile]:
    """Read the key files that `write` left."""
    files = {one.role: folder / f"{one.role}.json" for one in PARTS}
    return {
        role: keyfile.read(file)
        for role, file in files.items()
        if role not in LATER or file.exists()
    }
