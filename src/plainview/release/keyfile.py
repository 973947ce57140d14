"""A person's key file: the signing key, the age identity, and the trust pinned when it was made.

JSON, mode 0600, format in docs/design/interfaces.md ("Tools' page"). The policy and the hash of the
founding entry come from a source that the person trusts, once; from then on nothing that a server
says about its own log is believed.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyrage import x25519

from plainview.base.durable import write_file
from plainview.errors import BadFormat, NotFound, UnsafeStart
from plainview.seal.shares import identity
from plainview.tlog.signing import SigningKey


@dataclass(frozen=True)
class KeyFile:
    """Who I am, and whose log I believe."""

    person: str
    name: str
    signing: SigningKey
    age: str
    policy: str
    founding: str
    name_salt: bytes

    @property
    def recipient(self) -> str:
        """The public side of the age identity (`age1...`)."""
        return str(identity(self.age).to_public())

    def with_trust(self, policy: str, founding: str) -> KeyFile:
        """The same person, trusting this policy and this founding entry (leaf hash, hex)."""
        return replace(self, policy=policy, founding=founding)

    def check_trust(self) -> None:
        """Raises `UnsafeStart` while no log is pinned."""
        if not self.policy.strip() or not self.founding:
            raise UnsafeStart(
                "This key file does not say which log to believe.",
                hint="Run: plainview person trust --key FILE --policy FILE --founding HASH.",
            )

    def write(self, path: Path) -> None:
        """Write the file, readable by its owner only. Raises `BadFormat`."""
        content = {
            "v": 1,
            "person": self.person,
            "name": self.name,
            "signing": self.signing.to_pem().decode(),
            "age": self.age,
            "policy": self.policy,
            "founding": self.founding,
            "name_salt": self.name_salt.hex(),
        }
        try:
            write_file(path, json.dumps(content, indent=1).encode(), mode=0o600)
        except OSError as error:
            raise BadFormat(f"{path} cannot be written: {error.strerror}.") from error


def generate(name: str, person: str | None = None) -> KeyFile:
    """New keys for somebody; the log to believe is pinned later."""
    return KeyFile(
        person or f"p-{secrets.token_hex(4)}",
        name,
        SigningKey.generate(),
        str(x25519.Identity.generate()),
        "",
        "",
        secrets.token_bytes(32),
    )


def read(path: Path) -> KeyFile:
    """Read a key file. Raises `NotFound`, `UnsafeStart` (others can read it) or `BadFormat`."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = json.loads(file.read(1 << 20))
    except OSError as error:
        raise NotFound(
            f"The key file {path} cannot be read: {error.strerror}.",
            hint="Make one with: plainview person keygen.",
        ) from error
    except ValueError as error:
        raise BadFormat(f"{path} is not a key file: not JSON.") from error
    if mode & 0o077:
        raise UnsafeStart(f"{path} can be read by others.", hint=f"Run: chmod 600 {path}")
    return _parse(content, path)


def _parse(content: Any, path: Path) -> KeyFile:
    fields = ("person", "name", "signing", "age", "policy", "founding")
    if not isinstance(content, dict) or content.get("v") != 1:
        raise BadFormat(f"{path} is not a key file of version 1.")
    missing = [name for name in fields if not isinstance(content.get(name), str)]
    if missing:
        raise BadFormat(f"{path} is not a key file: {', '.join(missing)} missing.")
    identity(content["age"])
    try:
        salt = bytes.fromhex(content.get("name_salt", ""))
    except (ValueError, TypeError) as error:
        raise BadFormat(f"{path}: name_salt is not hex.") from error
    return KeyFile(
        content["person"],
        content["name"],
        SigningKey.from_pem(content["signing"].encode()),
        content["age"],
        content["policy"],
        content["founding"],
        salt,
    )
