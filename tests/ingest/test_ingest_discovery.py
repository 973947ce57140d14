"""Finding cameras: a real service over loopback multicast, and answers that lie."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.errors import NotFound
from plainview.ingest.discovery import Found, answer, networks, probe

ASKED, SENDER = "urn:uuid:1", "10.0.0.7"
ANSWER = """<?xml version="1.0"?>{head}
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">
<s:Header><a:RelatesTo>{asked}</a:RelatesTo></s:Header>
<s:Body><d:ProbeMatches><d:ProbeMatch>
<d:Scopes>onvif://www.onvif.org/name/Mill%20bridge
 onvif://www.onvif.org/hardware/Eye2 onvif://www.onvif.org/location/{location}</d:Scopes>
<d:XAddrs>{addresses}</d:XAddrs>
</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"""


def told(
    addresses: str, *, asked: str = ASKED, head: str = "", location: str = "east"
) -> Found | None:
    text = ANSWER.format(addresses=addresses, asked=asked, head=head, location=location)
    return answer(text.encode(), ASKED, SENDER)


def test_a_camera_that_answers_is_found_once(onvif_camera: Callable[..., str]) -> None:
    first, second = onvif_camera(), onvif_camera(password="open:sesame/1")  # noqa: S106 - a test's
    found = [camera for camera in probe(["lo"], 1.0) if camera.name == "Mill_bridge"]
    ours = {f"http://{address}/onvif/device_service" for address in (first, second)}
    addresses = [camera.address for camera in found]
    assert ours <= set(addresses)
    assert len(addresses) == len(set(addresses))


def test_a_silent_network_is_no_error() -> None:
    assert all(camera.address for camera in probe(["lo"], 0.2))


def test_an_interface_that_is_not_there_is_named() -> None:
    with pytest.raises(NotFound, match="no network interface eth77"):
        list(probe(["eth77"], 0.2))
    assert "lo" not in networks()


def test_what_a_camera_says_of_itself_is_read() -> None:
    found = told("http://10.0.0.7:8080/onvif/device_service http://[fe80::1]/onvif/device_service")
    address = "http://10.0.0.7:8080/onvif/device_service"
    assert found == Found(address, "Mill bridge", "Eye2", "east")


@pytest.mark.parametrize(
    "claimed",
    [
        "http://198.51.100.9/onvif/device_service",
        "http://u:p@198.51.100.9/onvif/device_service?x=1",
    ],
)
def test_a_camera_is_where_its_answer_came_from(claimed: str) -> None:
    found = told(claimed)
    assert found is not None
    assert found.address == "http://10.0.0.7/onvif/device_service"


@pytest.mark.parametrize(
    "claimed", ["", "ftp://10.0.0.7/", "http://", "http://[", "http://10.0.0.7:99999/", "none"]
)
def test_an_answer_without_an_address_is_none(claimed: str) -> None:
    assert told(claimed) is None


def test_an_answer_to_another_question_is_none() -> None:
    assert told("http://10.0.0.7/", asked="urn:uuid:2") is None


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE s [<!ENTITY e "east">]>',
        '<!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE s SYSTEM "http://198.51.100.9/x.dtd">',
    ],
)
def test_entities_and_document_types_are_refused(head: str) -> None:
    location = "&e;" if "ENTITY" in head else "east"
    assert told("http://10.0.0.7/", head=head, location=location) is None


@given(st.binary(max_size=2_000))
def test_garbage_is_no_camera(data: bytes) -> None:
    assert answer(data, ASKED, SENDER) is None


@settings(max_examples=50)
@given(st.text(max_size=300), st.text(max_size=60))
def test_no_text_breaks_the_reader(addresses: str, location: str) -> None:
    found = told(addresses, location=location)
    assert found is None or found.address.startswith(("http://10.0.0.7", "https://10.0.0.7"))
