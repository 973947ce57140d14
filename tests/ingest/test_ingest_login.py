"""Passwords and certificates of cameras, over every transport that reads them."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from plainview.errors import SourceAway
from plainview.media.access import Access, Transport
from plainview.media.convert import ClipStyle
from plainview.media.packets import Packet, Parameters
from plainview.media.rtp import waiting
from plainview.media.streams import open_camera
from plainview.testing.clip import Clip
from plainview.testing.rtsp import RtspServer
from plainview.testing.rtsp_login import Guard, Scheme
from plainview.testing.rtsp_mounts import ClipMount

SECRET = "open:sesame/1"  # noqa: S105 - of a camera that exists only here
ENCODED = "open%3Asesame%2F1"
BOTH: tuple[Transport, ...] = ("tcp", "udp")
Encoded = Callable[[int, ClipStyle], tuple[Parameters, list[Packet]]]


@dataclass(frozen=True)
class Identity:
    """A camera's own certificate."""

    context: ssl.SSLContext
    pem: Path
    fingerprint: str


@pytest.fixture
def identity(tmp_path: Path) -> Callable[[str], Identity]:
    """`identity(address)`: a self-signed certificate for an IP address."""

    def make(address: str) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "camera")])
        now = datetime.datetime.now(datetime.UTC)
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = tmp_path / f"{address}.pem"
        pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private = tmp_path / f"{address}.key"
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, private)
        der = certificate.public_bytes(serialization.Encoding.DER)
        return Identity(context, pem, hashlib.sha256(der).hexdigest())

    return make


@pytest.fixture
def clip(encoded: Encoded) -> Clip:
    return Clip(*encoded(2, ClipStyle(gop_seconds=1.0)))


def first(url: str, access: Access) -> Packet:
    stream = open_camera(url, access, open_s=3, stall_s=3)
    try:
        return next(stream.packets())
    finally:
        stream.close()


@pytest.mark.parametrize("transport", BOTH)
@pytest.mark.parametrize(
    ("schemes", "qop"),
    [(("basic",), False), (("md5",), False), (("md5",), True), (("basic", "md5"), True)],
)
def test_every_way_to_sign_in(
    transport: Transport, schemes: tuple[Scheme, ...], qop: bool, clip: Clip
) -> None:
    with RtspServer(guard=Guard("viewer", SECRET, schemes, qop)) as server:
        url = server.add("cam", ClipMount(clip))
        right = url.replace("//", f"//viewer:{ENCODED}@")
        assert first(right, Access(transport)).is_key
        for wrong in (right.replace("open", "shut"), url):
            with pytest.raises(SourceAway) as caught:
                first(wrong, Access(transport))
            said = caught.value.line() + repr(caught.value.__context__)
            assert "password" in said
            assert "sesame" not in said
            assert caught.value.hint


@pytest.mark.parametrize("transport", BOTH)
@pytest.mark.parametrize("qop", [False, True])
def test_sha_256_and_nonces_that_grow_old(transport: Transport, qop: bool, clip: Clip) -> None:
    guard = Guard("viewer", SECRET, ("basic", "md5", "sha256"), qop, nonce_uses=2)
    with RtspServer(guard=guard) as server:
        url = server.add("cam", ClipMount(clip)).replace("//", f"//viewer:{ENCODED}@")
        assert first(url, Access(transport)).is_key
        guard.schemes = ("sha256",)
        assert first(url, Access(transport)).is_key
        with pytest.raises(SourceAway, match="does not accept the user or the password"):
            first(url.replace("viewer", "guest"), Access(transport))


def test_a_pinned_certificate(clip: Clip, identity: Callable[[str], Identity]) -> None:
    mine, other = identity("127.0.0.1"), identity("127.0.0.2")
    with RtspServer(user="viewer", password=SECRET, tls=mine.context) as server:
        url = server.add("cam", ClipMount(clip)).replace("//", f"//viewer:{ENCODED}@")
        assert url.startswith("rtsps://")
        stream = open_camera(url, Access(fingerprint=mine.fingerprint), stall_s=3)
        packets = stream.packets()
        assert sum(len(next(packets).data) for _ in range(30)) > 30_000
        assert stream.counts is not None
        assert stream.counts.lost == 0
        stream.close()
        asked = [method for method, _ in server.requests if method != "TEARDOWN"]
        with pytest.raises(SourceAway, match="another certificate") as caught:
            first(url, Access(fingerprint=other.fingerprint))
        assert mine.fingerprint in caught.value.message
        assert "somebody" in caught.value.hint
        # Not even the address was told to whoever is there.
        assert [method for method, _ in server.requests if method != "TEARDOWN"] == asked


def test_authorities_of_one_s_own(clip: Clip, identity: Callable[[str], Identity]) -> None:
    mine, other = identity("127.0.0.1"), identity("127.0.0.2")
    with RtspServer(tls=mine.context) as server:
        url = server.add("cam", ClipMount(clip))
        assert first(url, Access(ca_file=mine.pem)).is_key
        for access in (Access(), Access(ca_file=other.pem)):
            with pytest.raises(SourceAway, match="not trusted") as caught:
                first(url, access)
            # What a person needs to pin it.
            assert mine.fingerprint in caught.value.hint
        with pytest.raises(SourceAway, match="cannot be read"):
            first(url, Access(ca_file=mine.pem.with_name("absent.pem")))
    with RtspServer(tls=other.context) as server:
        url = server.add("cam", ClipMount(clip))
        with pytest.raises(SourceAway, match="not trusted"):
            first(url, Access(ca_file=other.pem))  # it is valid for another host
        assert server.requests == []


def test_tls_where_there_is_none(clip: Clip, identity: Callable[[str], Identity]) -> None:
    with RtspServer() as server:
        url = server.add("cam", ClipMount(clip)).replace("rtsp:", "rtsps:")
        with pytest.raises(SourceAway, match="does not speak TLS"):
            first(url, Access(fingerprint="00" * 32))
        with pytest.raises(SourceAway, match="not be encrypted"):
            first(url, Access("udp"))
        # A pin that could not be checked is never passed over.
        plain = server.url("cam")
        for transport in ("tcp", "udp"):
            with pytest.raises(SourceAway, match="no certificate can be checked"):
                first(plain, Access(transport, fingerprint="00" * 32))
        assert ("PLAY", "cam") not in server.requests
    with RtspServer(tls=identity("127.0.0.1").context) as server:
        url = server.add("cam", ClipMount(clip)).replace("rtsps:", "rtsp:")
        for transport in BOTH:
            with pytest.raises(SourceAway):
                first(url, Access(transport))


def test_records_of_tls_that_are_gathered_are_all_read(
    clip: Clip, identity: Callable[[str], Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read in one go must not leave a record behind that wakes nobody up."""
    monkeypatch.setattr(waiting, "SETTLED_S", 0.0)
    mine = identity("127.0.0.1")
    with RtspServer(tls=mine.context) as server:
        url, access = server.add("cam", ClipMount(clip)), Access(fingerprint=mine.fingerprint)
        stream = open_camera(url, access, stall_s=3, watched=lambda: False)
        began, packets = time.monotonic(), stream.packets()
        sizes = [len(next(packets).data) for _ in range(60)]
        took = time.monotonic() - began
        stream.close()
    assert sum(sizes) > 60_000
    assert took < 60 / 25 + 2
    assert stream.counts is not None
    assert stream.counts.lost == 0
