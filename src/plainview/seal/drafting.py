"""The children that make windows: `python -m plainview.seal.drafting`, JSON both ways, a line each.

A window's identity sk and the custodians' secret S never leave the child that makes a batch; they
die with it (no core dumps; memory locked where possible), as Python cannot overwrite its own
strings. The process that is started here only reads questions and forks a child for each: it makes
no key and draws nothing random, so that no child inherits a secret, or a generator that another
child has. Scheme: docs/design/architecture.md.

Starting Python costs as much as making 40 windows; hence the fork. What is imported is what each
recorder keeps in memory for it: neither the models of `plainview.seal.draft`, which check what goes
in and what comes out, nor any package but pyrage.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from functools import lru_cache

import pyrage

from plainview.base.memory import guard_memory
from plainview.errors import BadFormat, PlainviewError
from plainview.seal.shamir import split, xor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def make_draft(spec: Mapping[str, Any], custodians: Mapping[str, Any]) -> dict[str, Any]:
    """One fresh window as `draft.Draft` reads it. Raises `BadFormat` for a false recipient.

    `spec` is a `draft.Spec` with the window's id as `window`; `custodians` a `draft.CustodianSet`.
    """
    identity = pyrage.x25519.Identity.generate()
    sk, pk = str(identity).encode("ascii"), str(identity.to_public())
    e = os.urandom(len(sk))
    members, k = custodians["members"], custodians["k"]
    about = {"v": 1, "window": spec["window"], "k": k, "n": len(members), "pk": pk}
    about["set"] = custodians["set"]
    shares = [
        _share({**about, "i": i, "share": _b64(secret)}, members[i - 1])
        for i, secret in enumerate(split(xor(sk, e), len(members), k), start=1)
    ]
    return {
        "spec": {name: value for name, value in spec.items() if name != "window"},
        "pk": pk,
        "k": k,
        "n": len(members),
        "set": custodians["set"],
        "e": _b64(e),
        "view": _b64(os.urandom(32)),
        "shares": shares,
    }


def canonical(value: Mapping[str, Any]) -> bytes:
    """RFC 8785, of names in ASCII with text and whole numbers."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def _share(about: dict[str, Any], member: Mapping[str, Any]) -> dict[str, Any]:
    plain = canonical(about)
    sealed = pyrage.encrypt(plain, [_recipient(member["age"])])
    return {
        "i": about["i"],
        "person": member["person"],
        "plain": hashlib.sha256(plain).hexdigest(),
        "sealed": hashlib.sha256(sealed).hexdigest(),
        "data": _b64(sealed),
    }


@lru_cache
def _recipient(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise BadFormat(f"{text[:80]!r} is not an age recipient (age1...).") from error


def _b64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def main() -> None:
    """A question a line on stdin; a child of its own answers each on stdout. Ends with stdin."""
    for line in sys.stdin.buffer:
        child = os.fork()
        if child == 0:
            _answer(line)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(os.waitstatus_to_exitcode(status))


def _answer(line: bytes) -> NoReturn:
    """In the child, which ends here; with 1 if it cannot answer."""
    code = 1
    try:
        guard_memory()
        question = json.loads(line)
        answer: dict[str, Any]
        try:
            answer = {"drafts": [make_draft(spec, question["set"]) for spec in question["specs"]]}
        except PlainviewError as error:
            answer = {"error": error.message}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
