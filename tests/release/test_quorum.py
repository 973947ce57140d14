"""Attackers with too little: k-1 custodians with the server's half, all custodians without it."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Sequence

import pytest

from plainview.base.ids import unb64
from plainview.errors import BadFormat, BadSeal
from plainview.release import keyfile
from plainview.seal.draft import CustodianSet, Draft, Member, Spec, make_drafts
from plainview.seal.shamir import combine, xor
from plainview.seal.shares import Share, identity, seal_to, unseal

WINDOWS = 2_000 if os.environ.get("PLAINVIEW_BARS") == "1" else 40
BATCH = 40
START = 1_795_000_020_000
K = 2


def windows(members: Sequence[keyfile.KeyFile]) -> list[Draft]:
    """Windows of one camera, minute after minute."""
    group = CustodianSet(
        set="set-1", k=K, members=[Member(person=m.person, age=m.recipient) for m in members]
    )
    made: list[Draft] = []
    for first in range(0, WINDOWS, BATCH):
        starts = [START + number * 60_000 for number in range(first, first + BATCH)]
        specs = [
            Spec(camera="cam-01", start=start, end=start + 60_000, epoch=1, counter=0)
            for start in starts
        ]
        made += make_drafts(specs, group)
    return made


def secrets_of(draft: Draft, members: Sequence[keyfile.KeyFile]) -> list[bytes]:
    """Every custodian's share, opened with the custodian's own key."""
    opened = [unseal(unb64(s.data), m.age) for s, m in zip(draft.shares, members, strict=True)]
    return [Share.from_dict(json.loads(plain)).secret for plain in opened]


def opens(secret: bytes, sealed: bytes) -> bool:
    """Whether what an attacker put together opens the window's segment."""
    try:
        identity(secret.decode("ascii"))
        unseal(sealed, secret.decode("ascii"))
    except (UnicodeDecodeError, BadFormat, BadSeal):
        return False
    return True


def attacks(draft: Draft, shares: Sequence[bytes], before: Sequence[bytes]) -> list[bytes]:
    """What can be made of too little: `before` are the shares of the window before this one."""
    e = unb64(draft.e)
    tries = [xor(share[:-1], e) for share in shares]
    tries += [
        xor(combine([share, share[:-1] + bytes([share[-1] % 255 + 1])]), e) for share in shares
    ]
    tries += [
        xor(combine([one, other]), e) for one in shares for other in before if one[-1] != other[-1]
    ]
    tries += [combine(list(pair)) for pair in itertools.combinations(shares, K)]
    return [*tries, combine(list(shares)), e]


@pytest.mark.bar("released window")
def test_too_little_opens_nothing(record_property: Callable[[str, object], None]) -> None:
    members = [keyfile.generate(name) for name in "abc"]
    made = windows(members)
    count = wrong = neighbours = 0
    before = secrets_of(made[-1], members)
    sk_before = ""
    for draft in made:
        shares = secrets_of(draft, members)
        sealed = seal_to(b"a segment", draft.pk)
        # Enough of both: this is what must open, by any two custodians.
        for pair in itertools.combinations(shares, K):
            sk = xor(combine(list(pair)), unb64(draft.e))
            assert opens(sk, sealed)
        tries = attacks(draft, shares, before)
        wrong += sum(opens(secret, sealed) for secret in tries)
        neighbours += opens(sk_before.encode(), sealed)
        count += len(tries)
        before, sk_before = shares, sk.decode()
    assert wrong == neighbours == 0
    row = {
        "row": "released window",
        "measured": f"0 of {count} attempts with k-1 custodians or half of the locks opened one of "
        f"{len(made)} windows; 0 neighbours",
        "must": "k-1 custodians, or all server keys, open nothing; no neighbour window opens",
    }
    record_property("bar", json.dumps(row))
