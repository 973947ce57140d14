"""Listening sockets on 127.0.0.1 and ::1, and who holds a port that is taken."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from plainview.errors import UnsafeStart

LISTENING = "0A"
LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def loopback_sockets(port: int, *, setting: str = "PLAINVIEW_PORT=8700") -> list[socket.socket]:
    """One listening socket for each loopback address that the machine has.

    `port` 0 takes a free one, the same for both. Raises `UnsafeStart` that names who holds the port
    and the `setting` that chooses another.
    """
    bound: list[socket.socket] = []
    for family, address in LOOPBACK:
        try:
            opened = _listen(family, address, port)
        except OSError as error:
            if family == socket.AF_INET6 and error.errno != errno.EADDRINUSE:
                continue  # a machine without IPv6 serves IPv4 alone
            for other in bound:
                other.close()
            raise UnsafeStart(
                f"Port {port} is taken by {holder(port)}.",
                hint=f"End it, or choose another: {setting}.",
            ) from error
        port = opened.getsockname()[1]
        bound.append(opened)
    return bound


def require_free(port: int, *, setting: str) -> None:
    """Return if `port` is free on both addresses; raises `UnsafeStart` as `loopback_sockets`."""
    for opened in loopback_sockets(port, setting=setting):
        opened.close()


def _listen(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    # With the protocol named, asyncio sets TCP_NODELAY; without, each answer waits 40 ms.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((address, port))
        opened.listen(2048)
    except OSError:
        opened.close()
        raise
    return opened


def holder(port: int) -> str:
    """Name and number of the process that listens on `port`, as far as we may see."""
    inodes = _listening_inodes(port)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _holds(entry, inodes):
            return f"{(entry / 'comm').read_text().strip()} (process {entry.name})"
    return "a process of another user"


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(fields[9])
    return inodes


def _holds(process: Path, inodes: set[str]) -> bool:
    try:
        handles = list((process / "fd").iterdir())
    except OSError:
        return False  # it ended meanwhile, or is another user's
    return bool({_target(handle) for handle in handles} & {f"socket:[{i}]" for i in inodes})


def _target(handle: Path) -> str:
    try:
        return str(handle.readlink())
    except OSError:
        return ""  # closed meanwhile
