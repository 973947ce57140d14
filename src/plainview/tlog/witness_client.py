"""Asking a witness for its cosignature (c2sp.org/tlog-witness, add-checkpoint)."""

from __future__ import annotations

import http.client
import urllib.parse
from collections.abc import Sequence
from contextlib import closing

from plainview.base.ids import b64
from plainview.errors import LogAway, Refused

SIZE_TYPE = "text/x.tlog.size"
_MAX_ANSWER = 8_192
"""Bytes: a line or two of some 150, and far fewer than a courier may hand on."""


class OtherSize(Refused):
    """The witness last saw a log of `size`, not of the old size that was named."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the witness has seen a log of {size}.")
        self.size = size


def add_checkpoint(
    url: str, old_size: int, proof: Sequence[bytes], note: bytes, *, timeout: float = 5
) -> bytes:
    """The witness's signature lines on `note`, as it wrote them; for `notes.parse_lines`.

    Raises `OtherSize` (send the proof from there), `Refused` (it saw a different tree, or does
    not know the log), `LogAway` (it cannot be reached or answers with no status of a witness).
    """
    body = "".join([f"old {old_size}\n", *(b64(step) + "\n" for step in proof), "\n"])
    status, kind, answer = _post(f"{url.rstrip('/')}/add-checkpoint", body.encode() + note, timeout)
    if status == 200:
        return answer
    if status == 409 and kind == SIZE_TYPE and answer.strip().isdigit():
        raise OtherSize(int(answer))
    if status in (400, 403, 404, 409, 422):
        text = answer.decode(errors="replace").strip()[:200]
        raise Refused(f"the witness {url} refuses: {status} {text}")
    raise LogAway(f"the witness {url} answers with {status}.")


def _post(url: str, body: bytes, timeout: float) -> tuple[int, str, bytes]:
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise LogAway(f"{url} is not an address of a witness: {error}.") from error
    if parts.scheme not in kinds or not host:
        raise LogAway(f"{url} is not an address of a witness.")
    try:
        with closing(kinds[parts.scheme](host, port, timeout=timeout)) as link:
            link.request("POST", parts.path, body)
            answer = link.getresponse()
            return answer.status, answer.headers.get_content_type(), answer.read(_MAX_ANSWER)
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        raise LogAway(f"the witness {url} cannot be reached: {error}.") from error
