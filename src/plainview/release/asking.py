"""Asking for originals, and holding marks: a tool checks a draft, signs it, and sends it in."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from plainview.base.clock import DAY_MS, Ms, from_iso
from plainview.base.ids import b64, unb64
from plainview.errors import BadFormat, BadSeal
from plainview.release.client import Server
from plainview.release.keyfile import KeyFile
from plainview.seal.windows import WindowId
from plainview.tlog.entries import commit, make
from plainview.tlog.signing import sign

_HOLD = {"windows", "until", "detail_commitment"}
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
    _check_windows(body["windows"], detail)


def _check_windows(windows: list[Any], detail: dict[str, Any]) -> None:
    end = from_iso(str(detail.get("to")))
    for name in windows:
        window = WindowId.parse(str(name))
        if window.camera != detail.get("camera") or window.start >= end:
            raise BadSeal(f"Window {name} is not of the camera and time that the draft names.")


def hold(server: Server, key: KeyFile, mark: str, days: int, *, now: Ms) -> tuple[int, str]:
    """Sign a hold of a mark and send it: its log index, and until when it holds.

    What is signed is what is shown: these windows, that commitment. Raises `BadSeal`, `BadFormat`.
    """
    said = server.get(f"/api/marks/{quote(mark, safe='')}/hold", days=str(days))
    draft = _read_hold(said)
    body, detail = draft["body"], draft["detail"]
    if commit(detail, unb64(draft["salt"])) != body["detail_commitment"]:
        raise BadSeal("The hold's detail is not the one that it commits to.")
    if detail.get("person") != key.person or detail.get("mark") != mark:
        raise BadSeal("The hold is somebody else's, or of another mark.")
    if abs(from_iso(str(body["until"])) - now - days * DAY_MS) > DAY_MS:
        raise BadSeal("The hold would not end when it was asked to.")
    _check_windows(body["windows"], detail)
    entry = sign(make("hold", body, time=now), [key.signing])
    answer = server.post(
        f"/api/marks/{quote(mark, safe='')}/hold",
        {"entry": b64(entry.raw), "detail": detail, "salt": draft["salt"]},
    )
    if not isinstance(answer, dict) or not isinstance(answer.get("index"), int):
        raise BadFormat("The server does not confirm the hold that was sent.")
    return answer["index"], str(body["until"])


def _read_hold(value: Any) -> dict[str, Any]:
    body = value.get("body") if isinstance(value, dict) else None
    if not isinstance(body, dict) or body.keys() != _HOLD or not isinstance(body["windows"], list):
        raise BadFormat("That is not a draft of a hold.")
    if not isinstance(value.get("detail"), dict) or not isinstance(value.get("salt"), str):
        raise BadFormat("The draft of the hold has no detail or no salt.")
    return {"body": body, "detail": value["detail"], "salt": value["salt"]}


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
