"""The people of the demonstration, and their keys.

Everyone's key file lies on this machine, so that one visitor can play all roles. That is what makes
it a demonstration: in a city each file is on its owner's own machine and nowhere else.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from pyrage import x25519

from plainview.base import durable
from plainview.tlog import entries


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
    Part("investigator", "Jonas Weber", "City police, traffic unit", ("investigator",)),
    Part("custodian-a", "Ana Novak", "City data protection office", ("custodian", "dpo")),
    Part("custodian-b", "Luca Moretti", "Residents' assembly", ("custodian",), outside=True),
    Part("custodian-c", "Irena Berg", "District court", ("custodian",), outside=True),
    Part("administrator", "Tomas Lind", "City information technology", ("administrator",)),
)
CUSTODIANS = ("custodian-a", "custodian-b", "custodian-c")
QUORUM = 2


@dataclass(frozen=True)
class DemoPerson:
    """A part with its keys."""

    part: Part
    person: str
    signing: entries.SigningKey
    age: str
    name_salt: bytes

    def public(self) -> dict[str, object]:
        """What the log holds of this person: keys, roles, and a commitment to the name."""
        return {
            "person": self.person,
            "key": self.signing.public_b64,
            "age": str(x25519.Identity.from_str(self.age).to_public()),
            "roles": list(self.part.roles),
            "org": self.part.org,
            "outside": self.part.outside,
            "name_commitment": entries.commit({"name": self.part.name}, self.name_salt),
        }


def create() -> dict[str, DemoPerson]:
    """New keys for everyone, by role."""
    return {part.role: _create(part) for part in PARTS}


def _create(part: Part) -> DemoPerson:
    return DemoPerson(
        part,
        f"p-{secrets.token_hex(4)}",
        entries.SigningKey.generate(),
        str(x25519.Identity.generate()),
        secrets.token_bytes(32),
    )


def write(people: dict[str, DemoPerson], folder: Path, *, policy: str, founding: str) -> None:
    """Write each key file (0600), in the format of `plainview person keygen`."""
    durable.make_folder(folder, mode=0o700)
    for role, person in people.items():
        content = {
            "v": 1,
            "person": person.person,
            "name": person.part.name,
            "signing": person.signing.to_pem().decode(),
            "age": person.age,
            "policy": policy,
            "founding": founding,
            "name_salt": person.name_salt.hex(),
        }
        durable.write_file(
            folder / f"{role}.json", json.dumps(content, indent=1).encode(), mode=0o600
        )


def load(folder: Path) -> dict[str, DemoPerson]:
    """Read the key files that `write` left."""
    people = {}
    for part in PARTS:
        content = json.loads((folder / f"{part.role}.json").read_text())
        people[part.role] = DemoPerson(
            part,
            content["person"],
            entries.SigningKey.from_pem(content["signing"].encode()),
            content["age"],
            bytes.fromhex(content["name_salt"]),
        )
    return people
