"""The UDP side of a simulated camera: one pair of ports per viewer."""

from __future__ import annotations

import asyncio
import re
import socket

_FULL_S = 0.002
_TRIES = 500
SEND_BUFFER = 4 << 20


class UdpPair:
    """Sends RTP and RTCP to one viewer; counts the receiver reports that come back."""

    def __init__(self, host: str, peer: str, client_ports: tuple[int, int]) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._sockets = tuple(socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        for one in self._sockets:
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            one.bind((host, 0))
        self._to = [(peer, port) for port in client_ports]

    @property
    def ports(self) -> tuple[int, int]:
        """Where its datagrams come from."""
        return self._sockets[0].getsockname()[1], self._sockets[1].getsockname()[1]

    async def send(self, is_rtcp: bool, packet: bytes) -> None:
        """Send a datagram; a full buffer is waited for, a deaf viewer is not."""
        for _ in range(_TRIES):
            try:
                self._sockets[is_rtcp].sendto(packet, self._to[is_rtcp])
            except BlockingIOError:
                await asyncio.sleep(_FULL_S)
            except ConnectionError:
                return  # the answer to an earlier datagram: nobody listens there
            else:
                return

    def reports(self) -> list[bytes]:
        """RTCP that the viewer has sent."""
        found = []
        while True:
            try:
                found.append(self._sockets[1].recv(65_535))
            except (BlockingIOError, ConnectionError):
                return found

    def close(self) -> None:
        """Give the ports back."""
        for one in self._sockets:
            one.close()


def client_ports(transport: str) -> tuple[int, int] | None:
    """The ports of a unicast UDP transport; None for anything else."""
    for choice in transport.split(","):
        profile, *rest = (part.strip().lower() for part in choice.split(";"))
        found = re.search(r"client_port=(\d{1,5})-(\d{1,5})", choice)
        if profile not in ("rtp/avp", "rtp/avp/udp") or "multicast" in rest or found is None:
            continue
        low, high = int(found[1]), int(found[2])
        if 1024 <= low < 65_536 and 1024 <= high < 65_536:
            return low, high
    return None
