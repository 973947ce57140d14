"""RTSP messages (RFC 2326), bounded and strict."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from plainview.errors import BadFormat

MAX_HEAD = 16 * 1024
MAX_BODY = 64 * 1024
REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed request; header names are lower case."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path of the URL without slashes at its ends."""
        return re.sub(r"^rtsps?://[^/]*", "", self.url).partition("?")[0].strip("/")


@dataclass(frozen=True, slots=True)
class Interleaved:
    """An RTP or RTCP packet on the RTSP connection (RFC 2326 clause 10.12)."""

    channel: int
    data: bytes


async def read_message(reader: asyncio.StreamReader) -> Request | Interleaved:
    """The next message. Raises `BadFormat` for garbage, `IncompleteReadError` at the end."""
    first = await reader.readexactly(1)
    if first == b"$":
        channel, high, low = await reader.readexactly(3)
        return Interleaved(channel, await reader.readexactly(high << 8 | low))
    if not first.isalpha():
        raise BadFormat("Not an RTSP request.")
    try:
        head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise BadFormat("The request's head is too long.") from error
    request = parse_head(head)
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_BODY:
        raise BadFormat("The request's body is too long.")
    body = await reader.readexactly(int(length))
    return Request(request.method, request.url, request.headers, body)


def parse_head(head: bytes) -> Request:
    """Request line and headers. Raises `BadFormat`."""
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError as error:
        raise BadFormat("The request is not text.") from error
    found = re.fullmatch(r"([A-Z_]{1,32}) (\S{1,2048}) RTSP/1\.0", lines[0])
    if found is None:
        raise BadFormat("Not an RTSP request.")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if line and not colon:
            raise BadFormat("A header has no colon.")
        headers[name.strip().lower()] = value.strip()
    return Request(found[1], found[2], headers)


def response(
    status: int, sequence: str, headers: dict[str, str | list[str]], body: str = ""
) -> bytes:
    """A response as bytes; a header with a list of values stands once for each."""
    lines = [f"RTSP/1.0 {status} {REASONS[status]}", f"CSeq: {sequence}"]
    for name, values in headers.items():
        lines += [f"{name}: {value}" for value in ([values] if isinstance(values, str) else values)]
    if body:
        lines.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def interleaved_channels(transport: str) -> tuple[int, int] | None:
    """The channels of a TCP transport; None for anything else (UDP, multicast)."""
    for choice in transport.split(","):
        if "RTP/AVP/TCP" not in choice.upper():
            continue
        found = re.search(r"interleaved=(\d{1,3})-(\d{1,3})", choice)
        low, high = (int(found[1]), int(found[2])) if found else (0, 1)
        if low < 256 and high < 256:
            return low, high
    return None
