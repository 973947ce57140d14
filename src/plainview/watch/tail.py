"""The recorder's live tail and its health, read over its Unix socket.

`GET /tail/<camera>` answers a stream of items, the current GOP first (`store.tail`).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from plainview.errors import SourceAway
from plainview.store.tail import Item, ItemReader

CONNECT_S = 5.0
SILENCE_S = 15.0
"""A tail without a frame for so long is given up; a recorder sends several a second."""
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""A Unix socket has no TLS; httpx would read all certificates of the machine for each question."""
_HINT = "The recorder may be starting; try again in a moment."


async def follow(socket: Path, camera: str) -> AsyncIterator[Item]:
    """Items of a camera's tail until it ends. Raises `SourceAway` or `BadFormat`.

    HTTP/1.0, so that the stream is the body as it is: a parser of chunks between costs more than
    everything else that is done with a frame.
    """
    reader = ItemReader()
    try:
        async with asyncio.timeout(CONNECT_S):
            incoming, outgoing = await asyncio.open_unix_connection(str(socket), limit=1 << 20)
    except (OSError, TimeoutError) as error:
        raise SourceAway("The recorder cannot be reached.", hint=_HINT) from error
    try:
        outgoing.write(f"GET /tail/{quote(camera)} HTTP/1.0\r\nHost: recorder\r\n\r\n".encode())
        async with asyncio.timeout(CONNECT_S):
            head = await incoming.readuntil(b"\r\n\r\n")
        if head.split(b" ", 2)[1] != b"200":
            raise SourceAway(f"The recorder has no live picture of {camera}.", hint=_HINT)
        while True:
            async with asyncio.timeout(SILENCE_S):
                data = await incoming.read(1 << 20)
            if not data:
                return
            for item in reader.feed(data):
                yield item
    except (OSError, TimeoutError, asyncio.IncompleteReadError, IndexError) as error:
        raise SourceAway("The recorder cannot be reached.", hint=_HINT) from error
    finally:
        outgoing.close()


async def metrics(socket: Path) -> str:
    """The recorder's metrics, in the Prometheus text format. Raises `SourceAway`."""
    transport = httpx.AsyncHTTPTransport(uds=str(socket), verify=_NO_TLS)
    try:
        async with httpx.AsyncClient(transport=transport, timeout=2.0) as client:
            answer = await client.get("http://recorder/metrics")
    except httpx.TransportError as error:
        raise SourceAway("The recorder cannot be reached.", hint=_HINT) from error
    if answer.status_code != httpx.codes.OK:
        raise SourceAway("The recorder has no metrics.", hint=_HINT)
    return answer.text


async def health(socket: Path) -> dict[str, Any]:
    """What the recorder says of cameras, and of what is wrong or soon will be.

    `{cameras: {id: {state, reason, redaction, ...}}, red: [], problems: []}`.

    Raises `SourceAway`.
    """
    transport = httpx.AsyncHTTPTransport(uds=str(socket), verify=_NO_TLS)
    try:
        async with httpx.AsyncClient(transport=transport, timeout=2.0) as client:
            found = orjson.loads((await client.get("http://recorder/health")).content)
        lists = {name: list(found.get(name, [])) for name in ("red", "problems")}
        return {"cameras": dict(found["cameras"]), **lists}
    except (httpx.TransportError, ValueError, KeyError, TypeError) as error:
        raise SourceAway("The recorder cannot be reached.", hint=_HINT) from error
