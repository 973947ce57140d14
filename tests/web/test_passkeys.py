"""What the relying party asks and refuses, without a server."""

from __future__ import annotations

import pytest

from plainview.errors import BadSignature, Refused
from plainview.testing.authenticator import at
from plainview.web.devices import device_of
from plainview.web.passkeys import Passkeys

ADDRESS = "https://video.city.example"
HANDLE = bytes(32)


def test_what_a_passkey_is_made_from() -> None:
    known = Passkeys(ADDRESS)
    asked = known.to_register(known.new_challenge(), HANDLE, "Jo", ["AAAA"])
    assert asked["rp"]["id"] == "video.city.example"
    assert asked["attestation"] == "none"
    assert [one["alg"] for one in asked["pubKeyCredParams"]] == [-7]
    chosen = asked["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    assert [one["id"] for one in asked["excludeCredentials"]] == ["AAAA"]


def test_a_passkey_is_read_as_the_log_writes_it() -> None:
    known, device = Passkeys(ADDRESS), at(ADDRESS, synced=True)
    challenge = known.new_challenge()
    made = known.check_new(device.create(known.to_register(challenge, HANDLE, "Jo", [])), challenge)
    assert made.point == device.passkeys[0].point
    assert len(made.point) == 65
    assert made.key_id == device.passkeys[0].key_id
    assert made.synced


@pytest.mark.parametrize("flaw", ["other page", "no finger", "other challenge", "other name"])
def test_a_new_passkey_with_a_flaw_is_refused(flaw: str) -> None:
    known = Passkeys(ADDRESS)
    device = at("https://evil.example" if flaw == "other page" else ADDRESS)
    device.verifies = flaw != "no finger"
    challenge = known.new_challenge()
    asked = known.to_register(challenge, HANDLE, "Jo", [])
    if flaw == "other name":
        asked["rp"]["id"] = "evil.example"
    made = device.create(asked)
    expected = known.new_challenge() if flaw == "other challenge" else challenge
    with pytest.raises(BadSignature):
        known.check_new(made, expected)


@pytest.mark.parametrize("sent", [{}, {"id": 7}, {"id": "x", "rawId": "x", "response": []}])
def test_what_is_no_answer_is_refused(sent: dict[str, object]) -> None:
    known = Passkeys(ADDRESS)
    with pytest.raises(BadSignature):
        known.read(sent)
    with pytest.raises(BadSignature):
        known.check_new(sent, known.new_challenge())


@pytest.mark.parametrize("address", ["http://127.0.0.1:8600", "http://[::1]:8600"])
def test_where_browsers_cannot_have_passkeys_it_is_said(address: str) -> None:
    with pytest.raises(Refused, match="need a name"):
        Passkeys(address).new_challenge()


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
         "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/140 Safari/537 Edg/140",
         "Edge on Windows"),
        ("Mozilla/5.0 (iPad; CPU OS 18) AppleWebKit Version/18 Safari/604", "Safari on iPad"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140 Mobile Safari", "Chrome on Android"),
        ("curl/8", ""),
    ],
)  # fmt: skip
def test_a_device_is_named_in_few_words(agent: str, said: str) -> None:
    assert device_of(agent) == said
