"""The RTSP connection: TCP or TLS, with a deadline for everything.

A certificate is checked against the system's authorities, against a file of them, or against a
pinned fingerprint: cameras sign their own. Nothing is sent before it was checked.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import select
import socket
import ssl

from plainview.errors import BadFormat, SourceAway
from plainview.media.access import Access
from plainview.media.rtp.message import Inbox, Message

CHUNK = 64 * 1024
"""Below what malloc takes from the system anew each time, which would cost more than the read."""
_SEND_S = 5.0


class Control:
    """An open connection to a camera. `name` is its address without credentials."""

    def __init__(
        self, name: str, host: str, port: int, *, tls: bool, access: Access, open_s: float
    ) -> None:
        self.name = name
        self._socket: socket.socket = _connected(name, host, port, open_s)
        if tls:
            raw = self._socket
            try:
                self._socket = _secured(name, raw, host, access)
            except BaseException:
                raw.close()
                raise
        self._socket.setblocking(False)
        self.inbox = Inbox()
        self.peer = str(self._socket.getpeername()[0])
        self.own = str(self._socket.getsockname()[0])
        self.family = self._socket.family

    def fileno(self) -> int:
        """For `select.poll`."""
        return self._socket.fileno()

    def wake_at(self, count: int) -> None:
        """How many bytes must have come before `select.poll` says that there is something."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)

    def send(self, data: bytes) -> None:
        """Send a message. Raises `SourceAway`."""
        try:
            self._socket.settimeout(_SEND_S)
            self._socket.sendall(data)
        except OSError as error:
            raise SourceAway(f"{self.name} stopped: {_reason(error)}.") from None
        finally:
            self._socket.setblocking(False)

    def receive(self, wait_s: float) -> list[Message]:
        """Messages that are there, or come within `wait_s`; none if nothing comes.

        Raises `SourceAway` if the camera has hung up or does not speak RTSP.
        """
        self.fill(wait_s)
        found: list[Message] = []
        while (one := self.next()) is not None:
            found.append(one)
        self.inbox.tidy()
        return found

    def fill(self, wait_s: float) -> bool:
        """Take what is there, or comes within `wait_s`; whether anything was. Raises `SourceAway`
        as `receive`."""
        data = self._read()
        if data is None and wait_s > 0:
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            if poll.poll(wait_s * 1000):
                data = self._read()
        if data is None:
            return False
        if not data:
            raise SourceAway(f"{self.name} ended the stream.")
        self.inbox.add(data)
        return True

    def next(self) -> Message | None:
        """The next message that is complete. Raises `SourceAway` if it is not RTSP."""
        try:
            return self.inbox.next()
        except BadFormat as error:
            raise SourceAway(
                f"{self.name} cannot be read: {error.message}.",
                hint="Check that the address is that of a camera's RTSP service.",
            ) from None

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _read(self) -> bytes | None:
        """None if there is nothing now; empty at the end."""
        try:
            if isinstance(self._socket, ssl.SSLSocket):
                return self._records(self._socket)
            return self._socket.recv(CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError as error:
            raise SourceAway(f"{self.name} stopped: {_reason(error)}.") from None

    def _records(self, secured: ssl.SSLSocket) -> bytes:
        """TLS hands out one record at a time. All that are there are read, above all what is
        decrypted already, since it wakes nobody up. Raises as `recv` if there are none."""
        data = secured.recv(CHUNK)
        with contextlib.suppress(OSError):  # nothing more, or what the next read says again
            while data and (len(data) < CHUNK or secured.pending()):
                more = secured.recv(CHUNK)
                if not more:
                    break
                data += more
        return data


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).rstrip(".")


def _connected(name: str, host: str, port: int, open_s: float) -> socket.socket:
    try:
        found = socket.create_connection((host, port), timeout=open_s)
    except TimeoutError:
        reason = f"no answer within {open_s:g} s"
    except OSError as error:
        reason = _reason(error)
    except UnicodeError:
        reason = "its name cannot be read"
    else:
        found.settimeout(open_s)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return found
    raise SourceAway(
        f"{name} cannot be opened: {reason}.", hint="Check the address, the password and the cable."
    )


def _secured(name: str, raw: socket.socket, host: str, access: Access) -> ssl.SSLSocket:
    """The connection over TLS, its certificate checked. Raises `SourceAway`."""
    context, peer = _context(name, access), raw.getpeername()
    try:
        secured = context.wrap_socket(raw, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise _untrusted(name, error.verify_message, peer, host) from None
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise SourceAway(
            f"{name} does not speak TLS: {reason}.", hint="Use rtsp://, or switch TLS on there."
        ) from None
    if access.fingerprint:
        shown = _fingerprint(secured)
        if not hmac.compare_digest(shown, access.fingerprint):
            secured.close()
            raise SourceAway(
                f"{name} shows another certificate than the one that was pinned: {shown}.",
                hint="If the camera got a new one, give its fingerprint; if not, somebody is "
                "between.",
            )
    return secured


def _context(name: str, access: Access) -> ssl.SSLContext:
    if access.fingerprint:
        return _unchecked()
    try:
        return ssl.create_default_context(cafile=access.ca_file)
    except (OSError, ssl.SSLError):
        raise SourceAway(
            f"{name} cannot be opened: its file of trusted certificates cannot be read.",
            hint="ca_file names a PEM file.",
        ) from None


def _unchecked() -> ssl.SSLContext:
    """Accepts any certificate: only to look at it, before a byte is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _fingerprint(secured: ssl.SSLSocket) -> str:
    return hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()


def _untrusted(name: str, why: str, peer: tuple[str, int], host: str) -> SourceAway:
    """The error, with the fingerprint that may be pinned after it was compared."""
    shown = ""
    try:
        with (
            socket.create_connection(peer[:2], timeout=_SEND_S) as again,
            _unchecked().wrap_socket(again, server_hostname=host) as secured,
        ):
            shown = _fingerprint(secured)
    except (OSError, ValueError):
        shown = "(not shown)"
    return SourceAway(
        f"{name} has a certificate that is not trusted: {why}.",
        hint=f"Its fingerprint is {shown}. If the camera's own page shows the same, give it with "
        "--fingerprint.",
    )
