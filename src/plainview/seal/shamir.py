"""Shamir's secret sharing over GF(256), byte for byte as the npm package `shamir-secret-sharing`.

The field is that of AES (x^8 + x^4 + x^3 + x + 1), generator 3. A share is the y-bytes followed by
one x-byte. Nothing here checks the result of `combine`: the caller compares `pk(sk)` with the log
(`plainview.seal.combine`). Not constant-time; it only ever sees secrets made a moment ago
(docs/design: objections and answers).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache

from plainview.errors import BadSeal, BadShare


def _tables() -> tuple[bytes, bytes]:
    exp, log, value = bytearray(510), bytearray(256), 1
    for power in range(255):
        exp[power] = exp[power + 255] = value
        log[value] = power
        doubled = value << 1 ^ (0x11B if value & 0x80 else 0)
        value ^= doubled
    return bytes(exp), bytes(log)


_EXP, _LOG = _tables()


def _mul(a: int, b: int) -> int:
    return _EXP[_LOG[a] + _LOG[b]] if a and b else 0


def _div(a: int, b: int) -> int:
    return _EXP[_LOG[a] + 255 - _LOG[b]] if a else 0


@cache
def _times(x: int) -> bytes:
    """What `bytes.translate` needs to multiply every byte by `x`."""
    return bytes(_mul(byte, x) for byte in range(256))


def _evaluate(coefficients: Sequence[bytes], x: int) -> bytes:
    """Horner's scheme for all bytes of the secret at once; the constant terms come first."""
    value = bytes(len(coefficients[0]))
    for coefficient in reversed(coefficients):
        value = xor(value.translate(_times(x)), coefficient)
    return value


def xor(a: bytes, b: bytes) -> bytes:
    """The field's sum, byte by byte. Raises `BadSeal` for unequal lengths."""
    if len(a) != len(b):
        raise BadSeal("E and the custodians' secret differ in length.")
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(len(a), "big")


def split(secret: bytes, n: int, k: int) -> list[bytes]:
    """`n` shares of which any `k` give `secret` back; share i (from 1) has x = i.

    Raises `BadShare` unless 2 <= k <= n <= 255 and the secret is not empty.
    """
    if not (2 <= k <= n <= 255) or not secret:
        raise BadShare(f"Cannot split {len(secret)} bytes {k} of {n}.", hint="2 <= k <= n <= 255.")
    noise = os.urandom(len(secret) * (k - 1))
    coefficients = [secret, *(noise[at :: k - 1] for at in range(k - 1))]
    return [_evaluate(coefficients, x) + bytes([x]) for x in range(1, n + 1)]


def combine(shares: Sequence[bytes]) -> bytes:
    """What `shares` interpolate to at zero: the secret, if there are k and all are true.

    Raises `BadShare` for fewer than two, unequal lengths, or one x twice.
    """
    xs = [share[-1] for share in shares if share]
    lengths = {len(share) for share in shares}
    if len(shares) < 2 or len(lengths) != 1 or min(lengths) < 2:
        raise BadShare("At least two shares of the same length are needed.")
    if 0 in xs or len(set(xs)) != len(xs):
        raise BadShare("Two of the shares are the same one.", hint="Ask another custodian.")
    weights = [_weight(xs, at) for at in range(len(xs))]
    secret = bytearray(len(shares[0]) - 1)
    for share, weight in zip(shares, weights, strict=True):
        for at, y in enumerate(share[:-1]):
            secret[at] ^= _mul(y, weight)
    return bytes(secret)


def _weight(xs: Sequence[int], at: int) -> int:
    """Lagrange's basis polynomial of point `at`, at zero."""
    weight = 1
    for other, x in enumerate(xs):
        if other != at:
            weight = _mul(weight, _div(x, x ^ xs[at]))
    return weight
