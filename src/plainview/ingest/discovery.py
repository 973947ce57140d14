"""Cameras that answer on the networks of this machine (WS-Discovery 2005/04, as ONVIF uses it).

One question is sent by multicast on every network that is named, and again half a second later,
because nothing is acknowledged. Whoever answers is not trusted: a datagram is at most 64 KiB, it is
read without entities and document types, and a camera is only where its answer came from, whatever
address it names: else a stranger's answer could send a password to a third machine.
"""

from __future__ import annotations

import fcntl
import re
import select
import socket
import struct
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from lxml import etree

from plainview.errors import BadFormat, NotFound, SourceAway

GROUP, PORT = "239.255.255.250", 3702
ASK_AGAIN_S = 0.5
MOST = 4_096
"""Answers that are kept; a network of more cameras is asked in parts."""
_LARGEST = 65_535
_SIOCGIFADDR = 0x8915
_LONGEST_TEXT = 4_000
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_PROBE = f"""<?xml version="1.0" encoding="UTF-8"?>\
<s:Envelope xmlns:s="{_SOAP}" xmlns:a="{_ADDRESSING}" xmlns:d="{_DISCOVERY}">\
<s:Header><a:Action>{_DISCOVERY}/Probe</a:Action><a:MessageID>{{message}}</a:MessageID>\
<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>\
<s:Body><d:Probe><d:Types xmlns:n="http://www.onvif.org/ver10/network/wsdl">\
n:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>"""
_SCOPE = re.compile(r"onvif://www\.onvif\.org/(name|hardware|location)/(\S{1,200})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A camera that answered: the address of its device service, and what it says of itself."""

    address: str
    name: str
    hardware: str
    location: str


def networks() -> list[str]:
    """Names of this machine's interfaces that have an IPv4 address, without the one to itself."""
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
    return [name for name in names if _address_of(name) is not None]


def probe(interfaces: Sequence[str], seconds: float) -> Iterator[Found]:
    """Ask on each interface, yield each camera once, as it answers, until the time is over.

    Raises `NotFound` for an interface that this machine has not, `SourceAway` if none can be
    asked on.
    """
    message = f"urn:uuid:{uuid.uuid4()}"
    seen: set[str] = set()
    with ExitStack() as opened:
        sockets = [opened.enter_context(_socket(name)) for name in interfaces]
        end, again = time.monotonic() + seconds, time.monotonic() + ASK_AGAIN_S
        _send(sockets, message)
        while (now := time.monotonic()) < end and len(seen) < MOST:
            if now >= again:
                _send(sockets, message)
                again = end
            waiting = min(end, again) - now
            for ready in select.select(sockets, [], [], max(0.0, waiting))[0]:
                data, (sender, _) = ready.recvfrom(_LARGEST)
                found = answer(data, message, sender)
                if found is not None and found.address not in seen:
                    seen.add(found.address)
                    yield found


def answer(data: bytes, message: str, sender: str) -> Found | None:
    """A camera out of an answer to `message` from the address `sender`; None if it is no such."""
    try:
        root = _parse(data)
    except BadFormat:
        return None
    if _text(root, _ADDRESSING, "RelatesTo") != message:
        return None
    addresses = _text(root, _DISCOVERY, "XAddrs").split()[:16]
    address = next(filter(None, (_at(sender, address) for address in addresses)), None)
    if address is None:
        return None
    scopes = {
        name.lower(): unquote(value)
        for name, value in _SCOPE.findall(_text(root, _DISCOVERY, "Scopes"))
    }
    return Found(address, *(scopes.get(name, "") for name in ("name", "hardware", "location")))


def _at(sender: str, address: str) -> str | None:
    """A service's address on the machine that answered, or None if it cannot be one."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return urlunsplit((parts.scheme, f"{sender}{port}", parts.path, "", ""))


def _parse(data: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadFormat(f"not XML: {error}.") from error
    if root.getroottree().docinfo.doctype:
        raise BadFormat("an answer has no document type.")
    return root


def _text(root: etree._Element, space: str, name: str) -> str:
    found = root.find(f".//{{{space}}}{name}")
    return (found.text or "").strip()[:_LONGEST_TEXT] if found is not None else ""


def _address_of(interface: str) -> bytes | None:
    """An interface's IPv4 address, 4 bytes (netdevice(7)); None if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            answer = fcntl.ioctl(asked, _SIOCGIFADDR, struct.pack("256s", interface[:15].encode()))
        except OSError:
            return None
    return answer[20:24]


def _socket(interface: str) -> socket.socket:
    own = _address_of(interface)
    if own is None:
        raise NotFound(
            f"This machine has no network interface {interface} with an IPv4 address.",
            hint=f"It has: {', '.join(name for _, name in socket.if_nameindex())}.",
        )
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    made.setsockopt(
        socket.IPPROTO_IP,
        socket.IP_MULTICAST_IF,
        struct.pack("=4s4si", bytes(4), own, socket.if_nametoindex(interface)),
    )
    made.bind((socket.inet_ntoa(own), 0))
    return made


def _send(sockets: Sequence[socket.socket], message: str) -> None:
    """Ask on all; an interface that is down does not keep the others from asking."""
    asked, reason = 0, "there is none."
    for one in sockets:
        try:
            one.sendto(_PROBE.format(message=message).encode(), (GROUP, PORT))
        except OSError as error:
            reason = f"{error.strerror}."
        else:
            asked += 1
    if not asked:
        raise SourceAway(
            f"No network could be asked: {reason}",
            hint="Name one with --interface, or name a camera's address.",
        )
