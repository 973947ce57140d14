"""Shares of k custodians and E of the keeper give a window's key: S = Shamir, sk = S XOR E.

Runs on the requester's own machine. Shamir checks nothing by itself, so each share is first held
against its logged hash and the result against the window's public key.
"""

from __future__ import annotations

from collections.abc import Sequence

from plainview.errors import BadFormat, BadSeal, BadShare
from plainview.seal.shamir import combine, xor
from plainview.seal.shares import identity, read_share
from plainview.seal.windows import WindowRecord


def combine_window(record: WindowRecord, e: bytes, shares: Sequence[bytes]) -> str:
    """The window's age identity (ASCII) out of E and at least k share JSONs.

    Raises `BadShare` naming a false share by its hash, or when there are too few; `BadSeal` when
    the result is not the key that the log names.
    """
    secrets = {share.i: share.secret for share in (read_share(raw, record) for raw in shares)}
    if len(secrets) < record.k:
        raise BadShare(
            f"{len(secrets)} of {record.k} custodians' shares are there.",
            hint="Wait for the others to release theirs.",
        )
    sk = xor(combine(list(secrets.values())), e)
    try:
        found = str(identity(sk.decode("ascii", "replace")).to_public())
    except BadFormat:
        found = ""
    if found != record.pk:
        raise BadSeal(
            f"What was released is not the key of window {record.window}.",
            hint="The shares are as logged, so E or the window was false from the start.",
        )
    return sk.decode("ascii")
