"""The custodian's and requester's checks of a request: each lie of a server has its own error.

Input is the JSON of `GET /api/requests/<hash>` (docs/design/interfaces.md); nothing in it is
believed. The checks are those of the design, section 6, "Release".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plainview.base.clock import Ms, from_iso, to_iso
from plainview.base.ids import unb64
from plainview.errors import BadFormat, BadProof, BadSeal, NotAuthorised, Refused
from plainview.release.trust import Proven, Replayed, Trust, list_of, named, text_of
from plainview.seal.windows import WindowHeader, WindowRecord
from plainview.tlog.entries import commit
from plainview.tlog.history import CustodianSet, Person


@dataclass(frozen=True)
class AskedWindow:
    """A window asked for, as the log holds it; `header` is what the server's pack claims."""

    record: WindowRecord
    set: CustodianSet
    proven: Proven
    header: WindowHeader | None

    def index_of(self, person: str) -> int:
        """Which share (1..n) is this person's. Raises `NotAuthorised`."""
        for i, member in enumerate(self.set.members, start=1):
            if member["person"] == person:
                return i
        raise NotAuthorised(f"You hold no share of window {self.record.window}.")


@dataclass(frozen=True)
class Asked:
    """A request that was checked: who asks for what, why, and until when."""

    hash: str
    proven: Proven
    requester: Person
    requester_org: str
    recipient: str
    purpose: str
    expires: Ms
    detail: dict[str, Any]
    salt: bytes
    windows: tuple[AskedWindow, ...]
    replayed: Replayed
    released: frozenset[str] = frozenset()  # windows that I, a custodian, released before

    def window(self, name: str) -> AskedWindow:
        """Raises `BadFormat` for a window that the request is not for."""
        for window in self.windows:
            if window.record.window == name:
                return window
        raise BadFormat(f"The request is not for window {name}.")


def check_request(bundle: Any, hash: str, trust: Trust) -> Asked:
    """Everything about a request, before a person decides. Raises an error naming the lie."""
    proven = trust.prove(bundle, "the request")
    if proven.entry.hash != hash:
        raise BadProof(
            "The server shows another request than the one that was asked for.",
            hint="Release nothing.",
        )
    if proven.entry.type != "request":
        raise BadFormat("What the server shows is not a request.")
    sets = list_of(bundle, "sets") if "sets" in bundle else [bundle.get("set")]
    replayed = trust.replay(list_of(bundle, "people"), sets)
    requester = replayed.author(proven.entry, "The request's signature")
    body = proven.entry.body
    _check_recipient(requester, body["recipient"])
    detail, salt = _check_detail(bundle, body["detail_commitment"])
    return Asked(
        hash,
        proven,
        requester,
        replayed.orgs[requester.id],
        body["recipient"],
        body["purpose"],
        from_iso(body["expires"]),
        detail,
        salt,
        _check_windows(bundle, body["windows"], detail, replayed, trust),
        replayed,
    )


def check_not_expired(asked: Asked, now: Ms) -> None:
    """Raises `Refused` when the request's end has passed."""
    if now >= asked.expires:
        raise Refused(
            f"The request expired at {to_iso(asked.expires)}.", hint="The requester must ask again."
        )


def _check_recipient(requester: Person, recipient: str) -> None:
    if requester.age != recipient:
        raise NotAuthorised(
            "The key that shares would be sealed to is not the enrolled key of the requester.",
            hint="Release nothing: somebody else would read them.",
        )


def _check_detail(bundle: Any, commitment: str) -> tuple[dict[str, Any], bytes]:
    detail, salt = bundle.get("detail"), unb64(text_of(bundle, "salt"))
    if not isinstance(detail, dict) or commit(detail, salt) != commitment:
        raise BadSeal(
            "The case that the server shows is not the one that the request commits to.",
            hint="Release nothing: you are being shown another reason.",
        )
    return detail, salt


def _check_windows(
    bundle: Any, names: list[str], detail: dict[str, Any], replayed: Replayed, trust: Trust
) -> tuple[AskedWindow, ...]:
    shown = {text_of(item, "id"): item for item in list_of(bundle, "windows")}
    if set(shown) != set(names) or len(names) != len(set(names)):
        raise BadFormat(
            "The windows shown are not the windows that the request is for.",
            hint="Release nothing.",
        )
    found = tuple(_check_window(name, shown[name], replayed, trust) for name in names)
    for window in found:
        _check_matches_detail(window.record, detail)
    return found


def _check_window(name: str, item: Any, replayed: Replayed, trust: Trust) -> AskedWindow:
    proven = trust.prove(item, f"window {name}")
    record = _record_in(proven, name)
    group = replayed.set_at(record.set, proven.index)
    if (record.k, record.n) != (group.k, group.n) or len(record.shares) != group.n:
        raise BadProof(f"Window {name} has another quorum than its custodian set.")
    claimed = item.get("header")
    if claimed is None:
        return AskedWindow(record, group, proven, None)
    with named(f"The header of window {name}"):
        header = WindowHeader.from_dict(claimed)
        if header.record != record:
            raise BadProof("it is not the window that was logged.")
    return AskedWindow(record, group, proven, header)


def _record_in(proven: Proven, name: str) -> WindowRecord:
    if proven.entry.type == "windows":
        for body in proven.entry.body.get("windows", []):
            if isinstance(body, dict) and body.get("window") == name:
                return WindowRecord.from_dict(body)
    raise BadProof(
        f"The entry shown for window {name} does not hold it.",
        hint="The window was not logged before it was used.",
    )


def _check_matches_detail(record: WindowRecord, detail: dict[str, Any]) -> None:
    """What a person reads (camera, from, to) is what would open."""
    begin, end = from_iso(str(detail.get("from"))), from_iso(str(detail.get("to")))
    if record.camera != detail.get("camera") or record.end_ms <= begin or record.start_ms >= end:
        raise BadSeal(
            f"Window {record.window} is not of the camera and time that the case names.",
            hint="Release nothing: something else would be opened.",
        )
