"""The requester's side: combine what was released, on this machine, and decrypt.

For every window asked for: k releases with proofs, the keeper's half with its proof, shares whose
hashes the log holds, a key that is the logged one; then every segment's ciphertext and plaintext
hash, window and order. What the log said of the segments when they were recorded is compared with
the whole window (`plainview.release.record`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from plainview.base.clock import Ms
from plainview.base.ids import b64, sha256_hex, unb64
from plainview.errors import BadFormat, BadProof, BadShare, NotAuthorised
from plainview.release.checks import Asked, AskedWindow, check_request
from plainview.release.client import Server
from plainview.release.trust import Proven, Trust, list_of, named, text_of
from plainview.seal.combine import combine_window
from plainview.seal.segments import SegmentMeta, plain_hash, split_box
from plainview.seal.shares import read_share, unseal
from plainview.seal.windows import WindowRecord
from plainview.tlog.entries import make
from plainview.tlog.signing import sign

HINT_AGAIN = "Ask the custodians who have not answered yet."


@dataclass(frozen=True)
class Release:
    """A custodian's release that was checked."""

    proven: Proven
    person: str
    window: str
    i: int
    resealed: bytes


@dataclass(frozen=True)
class OpenedWindow:
    """A window's key, and every proof that it was lawfully put together."""

    window: AskedWindow
    identity: str
    releases: tuple[Release, ...]
    opening: Proven


@dataclass(frozen=True)
class Segment:
    """One segment in the clear: `plain` is the fMP4 with its box, `fmp4` the camera's packets."""

    seq: int
    meta: SegmentMeta
    plain_sha256: str
    plain: bytes
    fmp4: bytes
    sealed: bytes
    gap_before_ms: Ms

    def without_bytes(self) -> Segment:
        """The same, for a list that stays in memory."""
        return replace(self, plain=b"", fmp4=b"", sealed=b"")


def examine(server: Server, trust: Trust, hash: str) -> tuple[Asked, list[Release]]:
    """My own request with its releases, every check made. Raises an error naming the lie."""
    bundle = server.get(f"/api/requests/{hash}")
    asked = check_request(bundle, hash, trust)
    if asked.requester.id != trust.key.person:
        raise NotAuthorised("This request is not yours; only its requester opens it.")
    return asked, [_release(item, asked, trust) for item in list_of(bundle, "releases")]


def open_window(
    server: Server, trust: Trust, asked: Asked, releases: list[Release], name: str
) -> OpenedWindow:
    """Fetch the keeper's half, combine, check the key. Raises `BadShare`, `BadSeal`, `BadProof`."""
    window = asked.window(name)
    own = [release for release in releases if release.window == name]
    if len({release.i for release in own}) < window.record.k:
        raise BadShare(
            f"{len(own)} of {window.record.k} custodians have released window {name}.",
            hint=HINT_AGAIN,
        )
    shares = [_share(release, window, trust) for release in own]
    e, opening = _keepers_half(server, trust, asked, name)
    with named(f"The key of window {name}"):
        identity = combine_window(window.record, e, shares)
    return OpenedWindow(window, identity, tuple(own), opening)


def segments(server: Server, asked: Asked, opened: OpenedWindow) -> Iterator[Segment]:
    """The window's segments in the clear, one at a time, each checked. Raises `BadSeal` ..."""
    record = opened.window.record
    return checked(server.segments(record.window, asked.hash), record, opened.identity)


def checked(
    found: Iterable[tuple[Mapping[str, Any], bytes]], record: WindowRecord, identity: str
) -> Iterator[Segment]:
    """Open (header, age file) pairs of a window. Raises `BadSeal`, `BadProof`, `BadFormat`."""
    last_seq, last_end = -1, record.start_ms
    for header, sealed in found:
        segment = _segment(header, sealed, record.window, identity, last_end)
        if segment.seq <= last_seq:
            raise BadProof(f"Segment {segment.seq} of window {record.window} is out of order.")
        last_seq, last_end = segment.seq, segment.meta.end
        yield segment


def report(server: Server, trust: Trust, asked: Asked, windows: list[str]) -> None:
    """State on the log that I opened these windows: the requester's own act."""
    body = {"request": asked.hash, "windows": windows}
    entry = sign(make("opened", body, time=trust.clock()), [trust.key.signing])
    server.post(f"/api/requests/{asked.hash}/opened", {"entry": b64(entry.raw)})


def _release(item: Any, asked: Asked, trust: Trust) -> Release:
    proven = trust.prove(item, "a release")
    body = proven.entry.body
    if proven.entry.type != "release" or body.get("request") != asked.hash:
        raise BadProof("A release that the server shows is for another request.")
    person = asked.replayed.author(proven.entry, "The signature of a release")
    window = asked.window(str(body["window"]))
    i = window.index_of(person.id)
    if body["index"] != i or person.id == asked.requester.id:
        raise NotAuthorised(f"A release of share {body['index']} is by somebody who has no right.")
    resealed = unb64(text_of(item, "resealed"))
    if sha256_hex(resealed) != body["resealed"]:
        raise BadShare(
            f"The re-sealed share {i} of window {window.record.window} "
            f"({sha256_hex(resealed)}) is not the one that its custodian released.",
            hint="Keep it as evidence: the server changed it.",
        )
    return Release(proven, person.id, window.record.window, i, resealed)


def _share(release: Release, window: AskedWindow, trust: Trust) -> bytes:
    """The JSON of a released share; a false one is named by its hash and its custodian."""
    with named(f"Share {release.i} of {release.person} for window {release.window}"):
        plain = unseal(release.resealed, trust.key.age)
        if read_share(plain, window.record).i != release.i:
            raise BadShare(f"share {sha256_hex(plain)} is another custodian's.")
        return plain


def _keepers_half(server: Server, trust: Trust, asked: Asked, name: str) -> tuple[bytes, Proven]:
    answer = server.get(f"/api/requests/{asked.hash}/opening", window=name)
    proven = trust.prove(answer, f"the opening of window {name}")
    sealed = unb64(text_of(answer, "resealed_e"))
    expected = {"request": asked.hash, "window": name, "resealed_e": sha256_hex(sealed)}
    if proven.entry.type != "opening" or proven.entry.body != expected:
        raise BadProof(
            f"The keeper's half of window {name} is not the one that the log names.",
            hint="Keep it as evidence: the server changed it.",
        )
    with named(f"The keeper's half of window {name}"):
        return unseal(sealed, trust.key.age), proven


def _segment(
    header: Mapping[str, Any], sealed: bytes, window: str, identity: str, last_end: Ms
) -> Segment:
    seq = header.get("seq")
    if not isinstance(seq, int):
        raise BadFormat("A segment was sent without its number.")
    with named(f"Segment {seq} of window {window}"):
        if sha256_hex(sealed) != header.get("cipher_sha256"):
            raise BadProof("its bytes were changed on the way.")
        plain = unseal(sealed, identity)
        found = plain_hash(plain)
        if found != header.get("plain_sha256"):
            raise BadProof("it is not what was recorded.")
        fmp4, meta = split_box(plain)
        if (meta.window, meta.seq) != (window, seq):
            raise BadProof(f"it is segment {meta.seq} of {meta.window}.")
    return Segment(seq, meta, found, plain, fmp4, sealed, max(0, meta.start - last_end))
