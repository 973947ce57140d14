"""Views at rest and in the live tail: AES-256-GCM records under the window's view key.

Nonce = the record's number as 12 big-endian bytes, so a number is never used twice under one key;
associated data = canonical JSON of [window, number, kind] (design, section 6).
"""

from __future__ import annotations

import rfc8785
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plainview.errors import BadSeal


class ViewCipher:
    """Seals and opens the records of one window. `seal` refuses a number that does not grow."""

    def __init__(self, key: bytes, window_id: str) -> None:
        if len(key) != 32:
            raise BadSeal("A view key has 32 bytes.")
        self._cipher = AESGCM(key)
        self._window = window_id
        # All but the number stays the same, and canonical JSON of a frame costs more than its
        # encryption.
        self._before = rfc8785.dumps([window_id])[:-1] + b","
        self._behind: dict[str, bytes] = {}
        self._last = -1

    def _about(self, number: int, kind: str) -> bytes:
        behind = self._behind.get(kind)
        if behind is None:
            behind = self._behind[kind] = b"," + rfc8785.dumps([kind])[1:]
        return b"%b%d%b" % (self._before, number, behind)

    def seal(self, number: int, kind: str, plaintext: bytes) -> bytes:
        """Ciphertext and 16-byte tag of record `number`; raises `BadSeal` for a used number."""
        if number <= self._last:
            raise BadSeal(f"Record number {number} of window {self._window} was used before.")
        self._last = number
        return self._cipher.encrypt(
            number.to_bytes(12, "big"), plaintext, self._about(number, kind)
        )

    def open(self, number: int, kind: str, data: bytes) -> bytes:
        """The inverse of `seal`; raises `BadSeal` if anything differs."""
        try:
            return self._cipher.decrypt(number.to_bytes(12, "big"), data, self._about(number, kind))
        except InvalidTag as error:
            raise BadSeal(f"Record {number} of window {self._window} does not open.") from error
