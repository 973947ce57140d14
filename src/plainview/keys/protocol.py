"""The keeper's protocol: a Unix socket, each message a 4-byte big-endian length and JSON.

    {"op": name, ...}  ->  {"ok": value}  or  {"error": {"code", "message", "hint"}}

Every question that ends in a log entry carries the id of that entry, so that asking again after a
broken connection logs nothing twice. Used by both sides.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import Any

from plainview.errors import BadFormat, PlainviewError

MAX_MESSAGE = 8 * 1024 * 1024
"""Bytes; the largest are a minute's leaves of a busy node."""


@dataclass(frozen=True)
class Act:
    """An act of a person on the log; `salt` (hex) opens its commitment until the reveal."""

    index: int
    salt: str


@dataclass(frozen=True)
class Session:
    """A logged right to ask for view keys of one camera; `expires` in milliseconds UTC."""

    id: str
    index: int
    salt: str
    expires: int


def send(link: socket.socket, message: dict[str, Any]) -> None:
    """Raises `BadFormat` if the message is too long, `OSError` if the other side is away."""
    data = json.dumps(message, separators=(",", ":")).encode()
    if len(data) > MAX_MESSAGE:
        raise BadFormat(f"A message of {len(data)} bytes.", hint=f"At most {MAX_MESSAGE}.")
    link.sendall(len(data).to_bytes(4, "big") + data)


def receive(link: socket.socket) -> dict[str, Any] | None:
    """The next message, None at the end of the stream; raises `BadFormat` or `OSError`."""
    head = _exactly(link, 4)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    if length > MAX_MESSAGE:
        raise BadFormat(f"A message of {length} bytes.", hint=f"At most {MAX_MESSAGE}.")
    try:
        message = json.loads(_exactly(link, length))
    except (ValueError, RecursionError) as error:
        raise BadFormat("A message is not JSON.") from error
    if not isinstance(message, dict):
        raise BadFormat("A message is not a JSON object.")
    return message


def _exactly(link: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = link.recv(min(count - len(data), 1 << 16))
        if not piece:
            if data:
                raise BadFormat("The connection ended within a message.")
            return b""
        data += piece
    return bytes(data)


def error_answer(error: PlainviewError) -> dict[str, Any]:
    """The answer that carries `error`."""
    return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
