"""Asking for originals: the requester's tool checks a draft, signs it, and sends it in."""

from __future__ import annotations

from typing import Any

from plainview.base.clock import Ms, from_iso
from plainview.base.ids import b64, unb64
from plainview.errors import BadFormat, BadSeal
from plainview.release.client import Server
from plainview.release.keyfile import KeyFile
from plainview.seal.windows import WindowId
from plainview.tlog.entries import commit, make
from plainview.tlog.signing import sign

_BODY = {"request", "windows", "recipient", "purpose", "detail_commitment", "expires"}


def read_draft(value: Any) -> dict[str, Any]:
    """A draft with body, detail and salt, whatever else came along. Raises `BadFormat`."""
    if not isinstance(value, dict):
        raise BadFormat("That is not a draft.")
    body, detail, salt = value.get("body"), value.get("detail"), value.get("salt")
    if not isinstance(body, dict) or body.keys() != _BODY or not isinstance(detail, dict):
        raise BadFormat("That is not a draft of a request.", hint="See: plainview case draft.")
    if not isinstance(salt, str):
        raise BadFormat("The draft has no salt.")
    return {"v": 1, "body": body, "detail": detail, "salt": salt}


def check_draft(draft: dict[str, Any], key: KeyFile) -> None:
    """What I sign is what I was shown: my key, this case, these windows. Raises `BadSeal`."""
    body, detail = draft["body"], draft["detail"]
    if body["recipient"] != key.recipient:
        raise BadSeal("The draft would have shares sealed to a key that is not yours.")
    if commit(detail, unb64(draft["salt"])) != body["detail_commitment"]:
        raise BadSeal("The draft's case is not the one that it commits to.")
    if detail.get("person") != key.person:
        raise BadSeal("The draft is somebody else's.")
    end = from_iso(str(detail.get("to")))
    for name in body["windows"]:
        window = WindowId.parse(str(name))
        if window.camera != detail.get("camera") or window.start >= end:
            raise BadSeal(f"Window {name} is not of the camera and time that the draft names.")


def ask(server: Server, key: KeyFile, draft: dict[str, Any], *, now: Ms) -> str:
    """Sign the draft and send it; the request's hash. Raises what the check or server refuses."""
    check_draft(draft, key)
    entry = sign(make("request", draft["body"], time=now), [key.signing])
    answer = server.post(
        "/api/requests",
        {"entry": b64(entry.raw), "detail": draft["detail"], "salt": draft["salt"]},
    )
    if not isinstance(answer, dict) or answer.get("request") != entry.hash:
        raise BadFormat("The server does not confirm the request that was sent.")
    return entry.hash
