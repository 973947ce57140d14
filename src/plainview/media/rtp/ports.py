"""A pair of UDP ports: RTP on an even one, RTCP on the next (RFC 3550 clause 11).

Datagrams are taken from the camera's own address alone, and from the ports that it named; where it
named none, from those that the first datagrams of that address came from.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator

from plainview.errors import SourceAway

BUFFER = 4 << 20
LARGEST = 65_535
_ATTEMPTS = 64
_AT_ONCE = 512


class Ports:
    """Two bound sockets that do not block."""

    def __init__(self, family: socket.AddressFamily, own: str, peer: str) -> None:
        """`own` and `peer` are addresses of the RTSP connection. Raises `SourceAway`."""
        self.rtp, self.rtcp = _pair(family, own)
        self._peer = peer
        self._from: dict[int, int | None] = {self.rtp.fileno(): None, self.rtcp.fileno(): None}
        self.strangers = 0
        self._scratch = bytearray(LARGEST)
        self._view = memoryview(self._scratch)

    @property
    def numbers(self) -> tuple[int, int]:
        """The two ports."""
        return int(self.rtp.getsockname()[1]), int(self.rtcp.getsockname()[1])

    def expect(self, server_ports: tuple[int, int] | None) -> None:
        """Take datagrams from these ports of the camera only."""
        if server_ports is not None and all(server_ports):
            self._from[self.rtp.fileno()], self._from[self.rtcp.fileno()] = server_ports

    def punch(self, report: bytes) -> None:
        """Send first, so that a firewall on our side lets the answers through."""
        self._send(self.rtp, b"\x80\x00\x00\x00" + bytes(8))
        self.send_report(report)

    def send_report(self, report: bytes) -> None:
        """Send RTCP to the camera, if its port is known."""
        self._send(self.rtcp, report)

    def read(self, which: socket.socket) -> Iterator[bytes]:
        """Datagrams that are there, at most some hundred at once."""
        for _ in range(_AT_ONCE):
            try:
                size, sender = which.recvfrom_into(self._scratch)
            except BlockingIOError:
                return
            except ConnectionError:
                continue  # an ICMP answer to a report of ours
            if self._is_camera(which, str(sender[0]), int(sender[1])):
                yield bytes(self._view[:size])
            else:
                self.strangers += 1

    def close(self) -> None:
        """Give the ports back."""
        self.rtp.close()
        self.rtcp.close()

    def _is_camera(self, which: socket.socket, host: str, port: int) -> bool:
        if host != self._peer:
            return False
        known = self._from[which.fileno()]
        if known is None:
            self._from[which.fileno()] = port
            return True
        return port == known

    def _send(self, which: socket.socket, data: bytes) -> None:
        port = self._from[which.fileno()]
        if port is not None:
            # A report that does not go out is lost like any other datagram.
            with contextlib.suppress(OSError):
                which.sendto(data, (self._peer, port))


def _pair(family: socket.AddressFamily, own: str) -> tuple[socket.socket, socket.socket]:
    for _ in range(_ATTEMPTS):
        even, odd = _socket(family), _socket(family)
        try:
            even.bind((own, 0))
            number = even.getsockname()[1]
            if number % 2 == 0:
                odd.bind((own, number + 1))
                return even, odd
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                even.close()
                odd.close()
                raise SourceAway(f"No UDP port can be opened: {error.strerror}.") from None
        even.close()
        odd.close()
    raise SourceAway("No pair of UDP ports is free.")


def _socket(family: socket.AddressFamily) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    return made
