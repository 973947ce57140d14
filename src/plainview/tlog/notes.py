"""Signed notes (c2sp.org/signed-note): a text, an empty line, signature lines.

A signer or verifier has a name, a signature type and an Ed25519 key. Type 0x01 signs the text
itself (the log), type 0x04 signs it with a time (a witness, see `cosign`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from plainview.base.clock import Ms
from plainview.base.ids import b64, unb64
from plainview.errors import BadFormat, BadSignature

ED25519 = 0x01
COSIGNATURE = 0x04
MAX_NOTE = 65_536


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line: who, which key (4 bytes), and the signature as its type defines it."""

    name: str
    key_hash: bytes
    signature: bytes

    def text(self) -> str:
        return f"\u2014 {self.name} {b64(self.key_hash + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A known key: name, type and raw Ed25519 public key; text form `name+hash+b64` (vkey)."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read a vkey; raises `BadFormat`."""
        parts = vkey.split("+", 2)
        data = unb64(parts[2]) if len(parts) == 3 else b""
        if len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
            raise BadFormat(f"{vkey!r} is not an Ed25519 verifier key.")
        check_name(parts[0])
        known = cls(parts[0], data[0], data[1:])
        if known.key_hash.hex() != parts[1]:
            raise BadFormat(f"the hash in the verifier key of {parts[0]} is wrong.")
        return known

    @property
    def key_hash(self) -> bytes:
        material = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(material).digest()[:4]

    def vkey(self) -> str:
        return f"{self.name}+{self.key_hash.hex()}+{b64(bytes([self.kind]) + self.public)}"

    def made(self, line: SignatureLine) -> bool:
        """Whether `line` claims to be by this key (nothing is verified)."""
        return line.name == self.name and line.key_hash == self.key_hash

    def cosigned_at(self, text: bytes, line: SignatureLine) -> Ms:
        """The time that this witness states in its `line` on `text`; raises `BadSignature`."""
        if self.kind != COSIGNATURE or len(line.signature) != 8 + 64:
            raise BadSignature(f"{self.name}: not a cosignature.")
        seconds = int.from_bytes(line.signature[:8], "big")
        if seconds >= 1 << 43:
            raise BadSignature(f"{self.name}: an impossible time.")
        self.verify(cosigned(text, seconds), line.signature[8:])
        return seconds * 1000

    def signed(self, note: bytes) -> tuple[bytes, list[SignatureLine]]:
        """Text and lines of `note`, which this key signed; raises `BadFormat`, `BadSignature`."""
        text, lines = parse(note)
        own = [line.signature for line in lines if self.made(line)]
        if not own:
            raise BadSignature(f"it is not signed by {self.name}.")
        self.verify(text, own[0])
        return text, lines

    def verify(self, message: bytes, signature: bytes) -> None:
        """Ed25519 over `message`; raises `BadSignature`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise BadSignature(f"the signature of {self.name} is wrong.") from error


def read_key(pem: bytes) -> Ed25519PrivateKey:
    """The private key in a PKCS#8 PEM without a password; raises `BadFormat`."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise BadFormat("not a PEM private key.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadFormat("not an Ed25519 key.")
    return key


@dataclass(frozen=True, slots=True)
class Signer:
    """A name with a private key; signs note texts with type 0x01."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, ED25519, self.key.public_key().public_bytes_raw())

    def sign(self, text: bytes) -> SignatureLine:
        return SignatureLine(self.name, self.verifier.key_hash, self.key.sign(text))


def cosigned(text: bytes, seconds: int) -> bytes:
    """What a witness signs: the text, and when it saw it (c2sp.org/tlog-cosignature)."""
    return f"cosignature/v1\ntime {seconds}\n".encode() + text


def check_name(name: str) -> None:
    """A key name: not empty, no spaces, no plus; raises `BadFormat`."""
    if not name or "+" in name or name.split() != [name] or not name.isprintable():
        raise BadFormat(f"{name!r} cannot name a key.", hint="Use letters, digits, dots, slashes.")


def render(text: bytes, lines: list[SignatureLine]) -> bytes:
    """The whole note."""
    return text + b"\n" + "".join(line.text() for line in lines).encode()


def parse(note: bytes) -> tuple[bytes, list[SignatureLine]]:
    """Text (with its final newline) and signature lines; raises `BadFormat`."""
    if len(note) > MAX_NOTE:
        raise BadFormat("a note over 64 KiB.")
    text, empty, rest = _characters(note).rpartition("\n\n")
    if not empty:
        raise BadFormat("not a signed note: no empty line before the signatures.")
    return text.encode() + b"\n", parse_lines(rest.encode())


def parse_lines(data: bytes) -> list[SignatureLine]:
    """Signature lines alone, as a witness answers them; raises `BadFormat`."""
    lines = _characters(data).split("\n")
    if lines.pop() or not lines:
        raise BadFormat("a signature line without its end.")
    return [_line(text) for text in lines]


def _characters(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BadFormat("not a signed note: not UTF-8.") from error
    if any(char < " " and char != "\n" for char in text):
        raise BadFormat("not a signed note: control characters.")
    return text


def _line(text: str) -> SignatureLine:
    parts = text.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014":
        raise BadFormat(f"not a signature line: {text[:80]!r}.")
    check_name(parts[1])
    data = unb64(parts[2])
    if len(data) < 5 or b64(data) != parts[2]:
        raise BadFormat(f"not a signature: {parts[2][:20]!r}.")
    return SignatureLine(parts[1], data[:4], data[4:])
