"""The recorder's live tail and its health, read over its Unix socket.

`GET /tail/<camera>` answers a chunked stream of items, the current GOP first (`store.tail`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from plainview.errors import SourceAway
from plainview.store.tail import Item, ItemReader

SILENCE_S = 15.0
"""A tail without a frame for so long is given up; a recorder sends several a second."""
_HINT = "The recorder may be starting; try again in a moment."


async def follow(socket: Path, camera: str) -> AsyncIterator[Item]:
    """Items of a camera's tail until it ends. Raises `SourceAway` or `BadFormat`."""
    transport = httpx.AsyncHTTPTransport(uds=str(socket))
    timeout = httpx.Timeout(5.0, read=SILENCE_S)
    reader = ItemReader()
    try:
        async with (
            httpx.AsyncClient(transport=transport, timeout=timeout) as client,
            client.stream("GET", f"http://recorder/tail/{camera}") as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise SourceAway(f"The recorder has no live picture of {camera}.", hint=_HINT)
            async for chunk in answer.aiter_raw():
                for item in reader.feed(chunk):
                    yield item
    except httpx.TransportError as error:
        raise SourceAway("The recorder cannot be reached.", hint=_HINT) from error


async def metrics(socket: Path) -> str:
    """The recorder's metrics, in the Prometheus text format. Raises `SourceAway`."""
    transport = httpx.AsyncHTTPTransport(uds=str(socket))
    try:
        async with httpx.AsyncClient(transport=transport, timeout=2.0) as client:
            answer = await client.get("http://recorder/metrics")
    except httpx.TransportError as error:
        raise SourceAway("The recorder cannot be reached.", hint=_HINT) from error
    if answer.status_code != httpx.codes.OK:
        raise SourceAway("The recorder has no metrics.", hint=_HINT)
    return answer.text


async def health(socket: Path) -> dict[str, Any]:
    """What the recorder says: `{cameras: {id: {state, reason, redaction, ...}}, red, problems}`.

    Raises `SourceAway`.
    """
    transport = httpx.AsyncHTTPTransport(uds=str(socket))
    try:
        async with httpx.AsyncClient(transport=transport, timeout=2.0) as client:
            found = (await client.get("http://recorder/health")).json()
        lists = {name: list(found.get(name, [])) for name in ("red", "problems")}
        return {"cameras": dict(found["cameras"]), **lists}
    except (httpx.TransportError, ValueError, KeyError, TypeError) as error:
        raise SourceAway("The recorder cannot be reached.", hint=_HINT) from error
