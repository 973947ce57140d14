"""Age files for segments: age v1 with one X25519 recipient (C2SP age.md), for megabytes a second.

Sealing is what a camera's bytes pass every second, and pyrage's cipher runs at a quarter of the
speed that the processor offers. The format is 40 lines on top of the `cryptography` package's
X25519, HKDF, HMAC and ChaCha20-Poly1305. What is written here is read by pyrage (the requester's
tool) and by Debian's `age`: tests open every length around the chunk's edges with both.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from functools import lru_cache
from io import BytesIO

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from plainview.errors import BadFormat

CHUNK = 64 * 1024
_TAG = 16
_VERSION = b"age-encryption.org/v1"
_LABEL = _VERSION + b"/X25519"
_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def encrypt(plain: bytes, recipient: str) -> bytes:
    """`plain` as an age file to `recipient` (age1...). Raises `BadFormat` for another recipient."""
    file_key, nonce = secrets.token_bytes(16), secrets.token_bytes(16)
    head = _header(file_key, public_key(recipient))
    cipher = ChaCha20Poly1305(_derive(file_key, nonce, b"payload"))
    count = max(1, -(-len(plain) // CHUNK))
    at = len(head) + len(nonce)
    # `getvalue` hands over what was written into, where a `bytearray` would have to be copied.
    out = BytesIO(bytes(at + len(plain) + count * _TAG))
    with memoryview(plain) as source, out.getbuffer() as target:
        target[:at] = head + nonce
        for number in range(count):
            chunk = source[number * CHUNK : (number + 1) * CHUNK]
            end = at + len(chunk) + _TAG
            last = number == count - 1
            which = number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
            cipher.encrypt_into(which, chunk, None, target[at:end])
            at = end
    return out.getvalue()


@lru_cache(maxsize=256)
def public_key(recipient: str) -> bytes:
    """The 32 bytes of an age X25519 recipient (BIP 173, Bech32). Raises `BadFormat`."""
    name, _, data = recipient.rpartition("1")
    values = [_LETTERS.find(letter) for letter in data]
    if name != "age" or len(values) != 58 or min(values) < 0 or _checksum(values) != 1:
        raise BadFormat(f"{recipient[:80]!r} is not an age recipient (age1...).")
    number = 0
    for value in values[:-6]:
        number = number << 5 | value
    if number & 15:
        raise BadFormat(f"{recipient[:80]!r} is not an age recipient (age1...).")
    return (number >> 4).to_bytes(32, "big")


def _checksum(values: list[int]) -> int:
    name = [ord(letter) for letter in "age"]
    found = 1
    for value in [*(one >> 5 for one in name), 0, *(one & 31 for one in name), *values]:
        top = found >> 25
        found = (found & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            found ^= generator if top >> bit & 1 else 0
    return found


def _header(file_key: bytes, to: bytes) -> bytes:
    """The file key, wrapped to the recipient, and the MAC over both."""
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    try:
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(to))
    except ValueError as error:  # a point of small order
        raise BadFormat("An age recipient has no secret to share.") from error
    wrapped = ChaCha20Poly1305(_derive(shared, share + to, _LABEL)).encrypt(
        bytes(12), file_key, None
    )
    lines = b"\n".join((_VERSION, b"-> X25519 " + _b64(share), _b64(wrapped), b"---"))
    mac = HMAC(_derive(file_key, None, b"header"), SHA256())
    mac.update(lines)
    return lines + b" " + _b64(mac.finalize()) + b"\n"


def _derive(key: bytes, salt: bytes | None, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)


def _b64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")
