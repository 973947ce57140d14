"""Ports: are they free, and if not, who holds them."""

from __future__ import annotations

import socket
from pathlib import Path

from plainview.errors import UnsafeStart

LISTENING = "0A"


def require_free(port: int, *, setting: str) -> None:
    """Return if `port` is free on 127.0.0.1 and ::1; raises `UnsafeStart` naming its holder."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            probe = socket.socket(family, socket.SOCK_STREAM)
        except OSError:
            continue  # a machine without IPv6 serves IPv4 alone
        with probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                if error.errno == 99:  # EADDRNOTAVAIL: no ::1 here
                    continue
                raise UnsafeStart(
                    f"Port {port} is taken by {holder(port)}.", hint=f"Choose another: {setting}."
                ) from error


def holder(port: int) -> str:
    """The name and pid of the process that listens on `port`, as far as we may see."""
    inodes = _listening_inodes(port)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _holds(entry, inodes):
            name = (entry / "comm").read_text().strip()
            return f"{name} (process {entry.name})"
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
        return False  # ended meanwhile, or another user's
    return any(_target(handle) == f"socket:[{inode}]" for handle in handles for inode in inodes)


def _target(handle: Path) -> str:
    try:
        return str(handle.readlink())
    except OSError:
        return ""  # closed meanwhile
