"""Addresses of cameras: what a person types, what a recorder gets, and what may be shown of it."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

from plainview.errors import BadFormat
from plainview.media.rtsp import redact_url

_SECRET = re.compile(r"(pass|pwd|user|usr|login|auth|token|key)\w*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks. The password is never shown, also not in a traceback."""

    user: str
    password: str = field(repr=False)


def service_address(address: str) -> str:
    """The device service of a camera that a person named: a host, host and port, or an address.

    Raises `BadFormat`.
    """
    text = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadFormat(f"{address} is not an address: {error}.") from error
    if parts.scheme not in ("http", "https") or not host or parts.username:
        raise BadFormat(
            f"{redact_url(text)} is not the address of a camera's ONVIF service.",
            hint="Give a host, like 10.0.0.7 or 10.0.0.7:8080, without user and password.",
        )
    path = parts.path if parts.path.strip("/") else "/onvif/device_service"
    return urlunsplit((parts.scheme, host_port(host, port), path, "", ""))


def with_login(stream: str, asked: str, login: Login | None) -> str:
    """A stream's address with which a recorder signs in. Raises `BadFormat`.

    A password goes to no other machine than the camera that was asked.
    """
    parts = urlsplit(stream)
    if not _machine(stream) & _machine(asked):
        raise BadFormat(
            f"The camera at {redact_url(asked)} says that its stream is at {redact_url(stream)}.",
            hint="If that is right, give the stream's whole address with --stream.",
        )
    if login is None or parts.username:
        return stream
    where = host_port(parts.hostname or "", parts.port)
    who = f"{quote(login.user, safe='')}:{quote(login.password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{who}@{where}"))


def _machine(address: str) -> set[str]:
    """What an address's host is called: its name, and the numbers behind it."""
    host = urlsplit(address).hostname or ""
    try:
        return {host} | {str(one[4][0]) for one in socket.getaddrinfo(host, None)}
    except OSError:
        return {host}


def host_port(host: str, port: int | None) -> str:
    """`host:port` as it stands in an address; IPv6 in brackets."""
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host


def short(address: str) -> str:
    """A camera's service as a person would type it: without what goes without saying."""
    return address.removeprefix("http://").removesuffix("/onvif/device_service")


def without_secrets(stream: str, login: Login | None) -> str:
    """A stream's address that may be shown. Some cameras want a password in its path or query."""
    parts = urlsplit(stream)
    rest = urlunsplit(("", "", parts.path, parts.query, ""))
    known = login is not None and login.password and login.password in rest
    if known or _SECRET.search(rest):
        return f"{redact_url(stream)}/..."
    return f"{redact_url(stream)}{rest}"
