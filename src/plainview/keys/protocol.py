"""The keeper's protocol: a Unix socket, each message one JSON object on a line of its own.

    {"op": name, ...}  ->  {"ok": value}  or  {"error": {"code", "message", "hint"}}

Every question that ends in a log entry carries the id of that entry, so that asking again after a
broken connection logs nothing twice. Used by both sides; a side sends on the socket and reads
through a buffer over it (`makefile("rb")`).
"""

from __future__ import annotations

import json
import socket
from typing import Any, BinaryIO

import orjson

from plainview.errors import BadFormat, PlainviewError

MAX_MESSAGE = 8 * 1024 * 1024
"""Bytes; the largest are a minute's leaves of a busy node."""


def send(link: socket.socket, message: dict[str, Any]) -> None:
    """Raises `BadFormat` if the message is too long, `OSError` if the other side is away."""
    data = json.dumps(message, separators=(",", ":")).encode()
    if len(data) > MAX_MESSAGE:
        raise BadFormat(f"A message of {len(data)} bytes.", hint=f"At most {MAX_MESSAGE}.")
    link.sendall(data + b"\n")


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    """The next message, None at the end of the stream; raises `BadFormat` or `OSError`."""
    line = stream.readline(MAX_MESSAGE + 1)
    if not line:
        return None
    if not line.endswith(b"\n"):
        raise BadFormat("A message is cut short or too long.", hint=f"At most {MAX_MESSAGE} bytes.")
    try:
        message = orjson.loads(line)
    except ValueError as error:
        raise BadFormat("A message is not JSON.") from error
    if not isinstance(message, dict):
        raise BadFormat("A message is not a JSON object.")
    return message


def error_answer(error: PlainviewError) -> dict[str, Any]:
    """The answer that carries `error`."""
    return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
