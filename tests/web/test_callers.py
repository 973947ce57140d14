"""Limits count callers by the address that connects, or that a trusted proxy names."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import HTTPConnection

from plainview.base.settings import load
from plainview.errors import SettingsError
from plainview.testing.hall import TownHall
from plainview.testing.site import Site
from plainview.web.callers import UNKNOWN, Callers

OWN, ELSEWHERE = "10.0.0.5", "203.0.113.9"


def calling(peer: str | None, *forwarded: str) -> HTTPConnection:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    client = None if peer is None else (peer, 40_000)
    return HTTPConnection({"type": "http", "headers": headers, "client": client})


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        (ELSEWHERE, (), ELSEWHERE),
        (ELSEWHERE, ("198.51.100.1",), ELSEWHERE),  # nobody vouches for the header
        (OWN, ("198.51.100.1",), "198.51.100.1"),
        (OWN, ("192.0.2.7, 198.51.100.1",), "198.51.100.1"),  # the left part is the caller's own
        (OWN, ("192.0.2.7", "198.51.100.1"), "198.51.100.1"),
        (OWN, ("192.0.2.7, 198.51.100.1, 10.0.0.6",), "198.51.100.1"),  # through two of ours
        (OWN, ("10.0.0.6, 198.51.100.1",), "198.51.100.1"),
        (OWN, ("198.51.100.1:5123",), "198.51.100.1"),
        (OWN, ("::ffff:198.51.100.1",), "198.51.100.1"),
        (OWN, ("[2001:db8:1:2::9]:443",), "2001:db8:1::/56"),
        (OWN, ("2001:db8:1:2:aaaa::1",), "2001:db8:1::/56"),
        (OWN, ("2001:db8:1:ff:aaaa::1",), "2001:db8:1::/56"),  # one home, another of its networks
        (OWN, ("2001:db8:1:100::1",), "2001:db8:1:100::/56"),
        (OWN, (), OWN),
        (OWN, ("",), OWN),
        (OWN, ("192.0.2.7, unknown",), OWN),
        (OWN, ("10.0.0.7, 10.0.0.6",), "10.0.0.7"),
        ("::ffff:10.0.0.5", ("198.51.100.1",), "198.51.100.1"),
        ("::1", ("198.51.100.1",), "198.51.100.1"),
        (None, ("198.51.100.1",), UNKNOWN),
    ],
)
def test_the_right_most_untrusted_address_counts(
    peer: str | None, forwarded: tuple[str, ...], counted: str
) -> None:
    assert Callers(["10.0.0.0/24", "::1"]).of(calling(peer, *forwarded)) == counted


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", OWN])
def test_by_default_nobody_is_trusted(peer: str) -> None:
    limits = Callers(load().trusted_proxies)
    assert limits.of(calling(peer, ELSEWHERE)) == limits.of(calling(peer))


@pytest.mark.parametrize("proxy", ["nginx", "10.0.0.5/24", "0.0.0.0/0", "::/0", ""])
def test_what_is_no_network_or_everybody_is_refused(proxy: str) -> None:
    with pytest.raises(SettingsError, match="trusted_proxies"):
        load(trusted_proxies=[proxy])


@pytest.mark.parametrize(("trusted", "second"), [(["127.0.0.1"], 303), ([], 429)])
def test_who_comes_through_a_trusted_proxy_has_a_limit_of_their_own(
    tmp_path: Any, trusted: list[str], second: int
) -> None:
    town = TownHall(tmp_path)
    town.settings = town.settings.model_copy(update={"trusted_proxies": trusted})
    site = Site(town)
    letter = {"place": "Mill lane 3", "text": "There is a camera above the door of number 3."}

    def write(caller: str) -> int:
        headers = {"X-Forwarded-For": f"{ELSEWHERE}, {caller}", "Sec-Fetch-Site": "same-origin"}
        return client.post("/report", data=letter, headers=headers).status_code

    try:
        with site.client() as client:
            assert [write("198.51.100.1") for _ in range(6)] == [303] * 5 + [429]
            assert write("198.51.100.2") == second
    finally:
        site.close()
        town.close()
