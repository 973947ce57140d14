"""Whether a process still answers: each is asked what it can only answer when it works.

A process that hangs still holds its socket, and the kernel still accepts connections for it; so a
real question is asked, and one whose answer needs no other process. Each returns, or raises
`Unavailable`.
"""

from __future__ import annotations

from pathlib import Path

import httpx

from plainview.errors import PlainviewError, Unavailable
from plainview.keys.client import KeeperClient

PATIENCE_S = 5.0


def keeper(socket: Path) -> None:
    """The keeper tells its status (and writes a probe file beside the log to do so)."""
    try:
        with KeeperClient(socket, timeout_s=PATIENCE_S) as client:
            client.status()
    except PlainviewError as error:
        raise Unavailable(error.message) from error


def recorder(socket: Path) -> None:
    """The recorder tells the state of its cameras."""
    _ask("http://recorder/health", httpx.HTTPTransport(uds=str(socket)))


def web(port: int) -> None:
    """The web process answers a page that needs nothing of others."""
    _ask(f"http://localhost:{port}/robots.txt", httpx.HTTPTransport(), port=port)


def _ask(address: str, transport: httpx.HTTPTransport, *, port: int = 0) -> None:
    headers = {"host": f"localhost:{port}"} if port else {}
    address = address.replace("localhost", "127.0.0.1") if port else address
    try:
        with httpx.Client(transport=transport, timeout=PATIENCE_S, trust_env=False) as client:
            client.get(address, headers=headers)
    except httpx.HTTPError as error:
        raise Unavailable(f"It does not answer: {type(error).__name__}.") from error
