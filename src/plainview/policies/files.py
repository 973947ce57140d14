"""The policy files, and the one hash that names the set.

The list of files is written as `sha256sum` writes it, a line `<SHA-256>  <file>` for each `*.cedar`
and for the schema, sorted by the bytes of their names. The policy hash is the SHA-256 of that list:

    LC_ALL=C sha256sum * | sha256sum        # in src/plainview/policies/cedar

It stands on every act that is logged, so that anybody can tell by which rules it was allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from plainview.base.ids import sha256_hex
from plainview.errors import UnsafeStart

FOLDER = Path(__file__).with_name("cedar")
SCHEMA = "plainview.cedarschema"


@dataclass(frozen=True)
class PolicyFile:
    """A file: its name without a folder, and its text."""

    name: str
    text: str

    @cached_property
    def sha256(self) -> str:
        return sha256_hex(self.text.encode())


@dataclass(frozen=True)
class PolicyFiles:
    """A policy set: its files sorted by name, the schema among them."""

    files: tuple[PolicyFile, ...]

    @cached_property
    def hash(self) -> str:
        """The policy hash, 64 hex digits."""
        return sha256_hex(self.listing().encode())

    def listing(self) -> str:
        """What the policy hash is over; `sha256sum --check` reads it."""
        return "".join(f"{file.sha256}  {file.name}\n" for file in self.files)

    @cached_property
    def schema(self) -> str:
        """The schema."""
        return next(file.text for file in self.files if file.name == SCHEMA)

    @cached_property
    def policies(self) -> str:
        """All policies, in the order of their files."""
        return "\n".join(file.text for file in self.files if file.name != SCHEMA)


def made(texts: dict[str, str]) -> PolicyFiles:
    """A set out of names and texts. Raises `UnsafeStart` without a schema."""
    if SCHEMA not in texts:
        raise UnsafeStart(f"The policies have no schema {SCHEMA}.", hint="Install plainview again.")
    ordered = sorted(texts.items(), key=lambda item: item[0].encode())
    return PolicyFiles(tuple(PolicyFile(name, text) for name, text in ordered))


def load(folder: Path = FOLDER) -> PolicyFiles:
    """The set in a folder. Raises `UnsafeStart` when it cannot be read."""
    try:
        found = [*folder.glob("*.cedar"), folder / SCHEMA]
        return made({file.name: file.read_bytes().decode() for file in found})
    except (OSError, UnicodeDecodeError) as error:
        raise UnsafeStart(
            f"The policies in {folder} cannot be read: {error}.", hint="Install plainview again."
        ) from error
