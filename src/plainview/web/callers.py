"""From where somebody calls, for rate limits: the connection's other end, or whom a proxy names.

Anybody can write `X-Forwarded-For`. It counts only where the connection comes from a proxy that
the settings trust, and only as far as trusted proxies wrote it: each appends the address that it
saw, so the right-most one that is not itself a trusted proxy is the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import HTTPConnection

IPv6_PREFIX = 56
"""A line gets this or less from its provider (RIPE-690: a /56 for a home at least, never a single
/64), and counts once: else whoever has a /56 counts as 256."""
UNKNOWN = "-"
Address = IPv4Address | IPv6Address


class Callers:
    """Knows the proxies of the settings (`trusted_proxies`)."""

    def __init__(self, proxies: Sequence[str]) -> None:
        self._proxies = tuple(ip_network(one) for one in proxies)

    def of(self, connection: HTTPConnection) -> str:
        """What a limit counts by: an IPv4 address, or the network of an IPv6 address."""
        client = connection.client
        found = _address(client.host) if client else None
        if found is None:
            return UNKNOWN
        named = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")
        while self._trusts(found) and named:
            before = _address(named.pop())
            if before is None:
                break  # nobody knows who is behind; the proxy itself counts
            found = before
        return _counted(found)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._proxies)


def _address(text: str) -> Address | None:
    """An address, without the port that some proxies write behind it; None for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _counted(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), IPv6_PREFIX), strict=False))
