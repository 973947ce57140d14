"""Period keys, the keeper's second lock on every window, under a root that each shred replaces.

    keys/ring.json         {"root": id, "keys": {period: {"due": ms, "wrapped": base64}}}
    keys/root-<id>.key     32 random bytes; backups take ring.json, never this file

Destroying: a new root is written, then a ring with the survivors under it (the one moment of
change), then the old root is overwritten and unlinked. A crash at any point leaves the old state or
the new one; left-over roots are destroyed at start. Overwriting a file does not reach every cell of
a flash disk: the public page says that the erasure is in software.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path

import rfc8785
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plainview.base import durable
from plainview.base.clock import Ms
from plainview.base.ids import b64, new_id, unb64
from plainview.errors import BadSeal, NotFound, UnsafeStart

_NONCE = 12


def wrap(key: bytes, about: list[str], data: bytes) -> str:
    """AES-256-GCM, nonce first, base64; `about` is bound as associated data."""
    nonce = secrets.token_bytes(_NONCE)
    return b64(nonce + AESGCM(key).encrypt(nonce, data, rfc8785.dumps(about)))


def unwrap(key: bytes, about: list[str], text: str) -> bytes:
    """The inverse of `wrap`; raises `BadSeal`."""
    data = unb64(text)
    try:
        return AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], rfc8785.dumps(about))
    except (InvalidTag, ValueError) as error:
        raise BadSeal(f"A stored value does not open: {' '.join(about)}.") from error


class KeyRing:
    """The keys of all periods and holds that are not destroyed yet; any thread may call."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._file = folder, folder / "ring.json"
        self._lock = threading.RLock()
        self.due: dict[str, Ms] = {}
        self._keys: dict[str, bytes] = {}
        if self._file.exists():
            self._load()
            self._destroy_other_roots()
        else:
            self.destroy(set())

    def _load(self) -> None:
        state = json.loads(self._file.read_bytes())
        self._name = state["root"]
        try:
            self._root = (self._folder / f"root-{self._name}.key").read_bytes()
        except FileNotFoundError as error:
            hint = "Put it back; without it no window that exists can be opened."
            raise UnsafeStart("The root key of the period keys is missing.", hint=hint) from error
        for name, key in state["keys"].items():
            self.due[name] = key["due"]
            self._keys[name] = unwrap(self._root, [name], key["wrapped"])

    def _save(self, keys: dict[str, bytes], due: dict[str, Ms]) -> None:
        """Keep exactly `keys`, under the present root."""
        wrapped = {n: {"due": due[n], "wrapped": wrap(self._root, [n], keys[n])} for n in keys}
        state = json.dumps({"root": self._name, "keys": wrapped})
        durable.write_file(self._file, state.encode(), mode=0o600)
        self._keys, self.due = keys, due

    def _destroy_other_roots(self) -> None:
        for path in self._folder.glob("*root-*.key*"):
            if path.name != f"root-{self._name}.key":
                with path.open("r+b") as file:
                    file.write(secrets.token_bytes(max(32, path.stat().st_size)))
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
        durable.sync_folder(self._folder)

    def ensure(self, due: Mapping[str, Ms]) -> None:
        """Make the keys that are missing; durable on return."""
        with self._lock:
            if fresh := {name: secrets.token_bytes(32) for name in due if name not in self._keys}:
                self._save({**self._keys, **fresh}, {**due, **self.due})

    def key(self, name: str) -> bytes:
        """Wraps secrets of windows; raises `NotFound` once it was destroyed."""
        with self._lock:
            if name not in self._keys:
                raise NotFound(f"The key {name} was destroyed.", hint="The log has its entry.")
            return self._keys[name]

    def destroy(self, names: set[str]) -> None:
        """Put all keys but these under a new root, and destroy the old root.

        On return nobody can unwrap what lies under these keys.
        """
        with self._lock:
            self._name, self._root = new_id(), secrets.token_bytes(32)
            path = self._folder / f"root-{self._name}.key"
            durable.write_file(path, self._root, mode=0o600)
            left = self._keys.keys() - names
            self._save({n: self._keys[n] for n in left}, {n: self.due[n] for n in left})
            self._destroy_other_roots()
