"""The custodian's side: look at a request, release a share of each window, or refuse.

A share leaves this machine only re-sealed to the requester's enrolled key, and only after every
check of `plainview.release.checks` passed. The decision is the person's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from plainview.base.ids import b64, sha256_hex, unb64
from plainview.errors import BadFormat, BadShare, NotAuthorised, NotFound
from plainview.release.checks import Asked, AskedWindow, check_not_expired, check_request
from plainview.release.client import Server
from plainview.release.trust import Trust, list_of, named
from plainview.seal.shares import Share, open_share, reseal
from plainview.tlog.entries import make
from plainview.tlog.signing import sign


@dataclass(frozen=True)
class Released:
    """A share that went out."""

    window: str
    i: int
    index: int | None


def inbox(server: Server) -> list[dict[str, Any]]:
    """What the server says is waiting; believed only as far as choosing what to look at."""
    answer = server.get("/api/requests")
    if not isinstance(answer, list):
        raise BadFormat("The server did not answer with a list of requests.")
    return [item for item in answer if isinstance(item, dict)]


def examine(server: Server, trust: Trust, hash: str) -> Asked:
    """A request with every check made. Raises an error naming the lie."""
    bundle = server.get(f"/api/requests/{hash}")
    asked = check_request(bundle, hash, trust)
    if asked.requester.id == trust.key.person:
        raise NotAuthorised("Nobody is custodian of their own request.")
    check_not_expired(asked, trust.clock())
    return replace(asked, released=_released(bundle, asked, trust))


def _released(bundle: Any, asked: Asked, trust: Trust) -> frozenset[str]:
    """Windows of which I released my share before: proven, so that nobody can pretend it."""
    found = set()
    for item in list_of(bundle, "releases"):
        entry = trust.prove(item, "a release").entry
        if entry.type == "release" and entry.by == (trust.key.signing.key_id,):
            asked.replayed.author(entry, "The signature of a release")
            if entry.body["request"] == asked.hash:
                found.add(str(entry.body["window"]))
    return frozenset(found)


def own_share(asked: Asked, window: AskedWindow, trust: Trust) -> Share:
    """My share of a window, opened and held against the log. Raises `BadShare`, `BadSeal`."""
    i = window.index_of(trust.key.person)
    name = window.record.window
    if window.header is None:
        raise NotFound(f"The server no longer holds the shares of window {name}.")
    sealed = [share for share in window.header.shares if share.i == i]
    if len(sealed) != 1:
        raise BadShare(f"The server does not show share {i} of window {name}, which is yours.")
    with named(f"Your share of window {name}"):
        share = open_share(trust.key.age, unb64(sealed[0].sealed), window.record)
        if share.i != i:
            raise BadShare(f"it is share {share.i}, not share {i}, which is yours.")
    return share


def release(
    server: Server, trust: Trust, asked: Asked, windows: list[str] | None = None
) -> Iterator[Released]:
    """Release my share of each window (or of those named), one after the other.

    Windows that I released before are left out, so that a broken run can be repeated.
    """
    check_not_expired(asked, trust.clock())
    wanted = asked.windows if windows is None else tuple(asked.window(name) for name in windows)
    wanted = tuple(one for one in wanted if one.record.window not in asked.released)
    shares = [(window, own_share(asked, window, trust)) for window in wanted]
    for window, share in shares:
        yield _release_one(server, trust, asked, window, share)


def _release_one(
    server: Server, trust: Trust, asked: Asked, window: AskedWindow, share: Share
) -> Released:
    resealed = reseal(share, asked.recipient)
    body = {
        "request": asked.hash,
        "window": window.record.window,
        "index": share.i,
        "resealed": sha256_hex(resealed),
    }
    entry = sign(make("release", body, time=trust.clock()), [trust.key.signing])
    answer = server.post(
        f"/api/requests/{asked.hash}/release",
        {"entry": b64(entry.raw), "resealed": b64(resealed)},
    )
    return Released(window.record.window, share.i, _index(answer))


def deny(server: Server, trust: Trust, hash: str, reason: str) -> int | None:
    """Refuse a request; the reason is public, so it must name nobody."""
    if not reason.strip() or len(reason) > 500:
        raise BadFormat("A refusal needs a reason of at most 500 characters; it is public.")
    body = {"request": hash, "reason": reason.strip()}
    entry = sign(make("refusal", body, time=trust.clock()), [trust.key.signing])
    return _index(server.post(f"/api/requests/{hash}/refuse", {"entry": b64(entry.raw)}))


def _index(answer: Any) -> int | None:
    found = answer.get("index") if isinstance(answer, dict) else None
    return found if isinstance(found, int) else None
