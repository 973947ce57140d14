"""Asking a camera over ONVIF: a real service, and servers that mean harm."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from plainview.base.clock import now_ms
from plainview.errors import BadFormat, NotAuthorised, NotFound, PlainviewError, SourceAway
from plainview.ingest.addresses import Login, service_address, short, with_login, without_secrets
from plainview.ingest.onvif import Device, Profile, ask, ask_all

PASSWORD = "open:sesame/1"  # noqa: S105 - of a camera that exists only here
LOGIN = Login("admin", PASSWORD)
Reply = Callable[[BaseHTTPRequestHandler], None]
ENVELOPE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{}</s:Body></s:Envelope>'
)


@pytest.fixture
def stranger() -> Iterator[Callable[[Reply], str]]:
    """`stranger(reply)`: the address of a server that answers every question with `reply`."""
    servers: list[ThreadingHTTPServer] = []

    def start(reply: Reply) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                reply(self)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        return service_address(f"127.0.0.1:{server.server_port}")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def answering(text: str, status: int = 200) -> Reply:
    def reply(to: BaseHTTPRequestHandler) -> None:
        data = text.encode()
        to.send_response(status)
        to.send_header("content-type", "application/soap+xml")
        to.send_header("content-length", str(len(data)))
        to.end_headers()
        to.wfile.write(data)

    return reply


def test_a_camera_tells_what_it_is(onvif_camera: Callable[..., str]) -> None:
    device = ask(service_address(onvif_camera(password=PASSWORD)), LOGIN)
    assert (device.maker, device.model, device.firmware) == ("Acme", "Eye 2", "7.1")
    assert [one.name for one in device.profiles] == ["MainStream", "SubStream"]
    best = device.best()
    assert best == Profile(
        *("Profile_Main", "MainStream", "h264", 1920, 1080, 30, 8000),
        stream="rtsp://127.0.0.1:8554/video_main",
    )
    assert device.profile("SubStream").stream == "rtsp://127.0.0.1:8554/video_sub"
    assert device.profile("Profile_Sub") == device.profile("SubStream")
    with pytest.raises(NotFound, match="has no profile Third") as told:
        device.profile("Third")
    assert "MainStream, SubStream" in told.value.hint


@pytest.mark.parametrize("ahead", [90, -7200])
def test_a_wrong_clock_is_measured(onvif_camera: Callable[..., str], ahead: int) -> None:
    device = ask(service_address(onvif_camera(ahead=ahead)), None)
    assert device.clock_error_ms is not None
    assert abs(device.clock_error_ms - ahead * 1000) <= 3000


def test_our_own_clock_is_what_is_compared_with(onvif_camera: Callable[..., str]) -> None:
    device = ask(service_address(onvif_camera()), None, clock=lambda: now_ms() + 3_600_000)
    assert device.clock_error_ms is not None
    assert abs(device.clock_error_ms + 3_600_000) <= 3000


def test_a_wrong_password_is_said_without_it(onvif_camera: Callable[..., str]) -> None:
    address, wrong = service_address(onvif_camera(password=PASSWORD)), Login("admin", "let-me-in")
    with pytest.raises(NotAuthorised, match="refuses this user name or password") as told:
        ask(address, wrong)
    assert wrong.password not in "".join(traceback.format_exception(told.value))
    assert wrong.password not in repr(wrong)
    with pytest.raises(NotAuthorised, match="wants a user name and a password"):
        ask(address, None)


def test_many_are_asked_and_one_error_does_not_hide_the_others(
    onvif_camera: Callable[..., str],
) -> None:
    good, refusing = onvif_camera(), onvif_camera(password="other")  # noqa: S106 - no secret
    addresses = [service_address(one) for one in (good, refusing, "127.0.0.1:1")]
    told: list[str] = []
    answers = ask_all(addresses, LOGIN, told=told.append)
    assert list(answers) == addresses
    kinds = [type(answer) for answer in answers.values()]
    assert kinds == [Device, NotAuthorised, SourceAway]
    assert sorted(told) == sorted(addresses)


def test_services_named_elsewhere_are_asked_at_the_camera(onvif_camera: Callable[..., str]) -> None:
    address = service_address(onvif_camera(password=PASSWORD, says="198.51.100.9"))
    device = ask(address, LOGIN)  # nothing answers at 198.51.100.9
    assert device.best().stream == "rtsp://198.51.100.9:8554/video_main"
    with pytest.raises(BadFormat, match=r"says that its stream is at rtsp://198\.51\.100\.9:8554"):
        with_login(device.best().stream, address, LOGIN)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        pytest.param(answering("<a>" * 100_000), "answers|makes no sense", id="deep"),
        pytest.param(answering("garbage"), "answers|makes no sense", id="garbage"),
        pytest.param(answering(""), "answers|makes no sense", id="empty"),
        pytest.param(answering("<html/>", status=404), "answers|makes no sense", id="a web page"),
        pytest.param(
            answering(ENVELOPE.format("<x>" + "y" * 2_000_000 + "</x>")),
            "makes no sense",
            id="too large",
        ),
        pytest.param(
            answering(
                '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
                + ENVELOPE.format("&b;")
            ),
            "answers|makes no sense",
            id="entities",
        ),
        pytest.param(answering(ENVELOPE.format("<x/>")), "answers|makes no sense", id="other body"),
    ],
)
def test_nonsense_is_a_clear_error(
    stranger: Callable[[Reply], str], reply: Reply, error: str
) -> None:
    begin = time.monotonic()
    with pytest.raises(BadFormat, match=error) as told:
        ask(stranger(reply), LOGIN)
    assert len(told.value.line()) < 300
    assert time.monotonic() - begin < 10


def test_a_server_that_says_nothing_is_left(stranger: Callable[[Reply], str]) -> None:
    over = threading.Event()

    def wait(_: BaseHTTPRequestHandler) -> None:
        over.wait(20)

    address = stranger(wait)
    try:
        with pytest.raises(SourceAway, match="did not answer in time"):
            ask(address, LOGIN, timeout_s=1)
    finally:
        over.set()


def test_a_password_follows_no_redirect(stranger: Callable[[Reply], str]) -> None:
    asked: list[str] = []
    elsewhere = stranger(lambda to: asked.append(to.path))

    def redirect(to: BaseHTTPRequestHandler) -> None:
        to.send_response(307)
        to.send_header("location", elsewhere)
        to.send_header("content-length", "0")
        to.end_headers()

    with pytest.raises(PlainviewError):
        ask(stranger(redirect), LOGIN)
    assert asked == []


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("10.0.0.7", "http://10.0.0.7/onvif/device_service"),
        ("10.0.0.7:8080", "http://10.0.0.7:8080/onvif/device_service"),
        ("[fe80::1]:80", "http://[fe80::1]:80/onvif/device_service"),
        ("https://cam.lan/", "https://cam.lan/onvif/device_service"),
        ("http://cam.lan/onvif/services", "http://cam.lan/onvif/services"),
    ],
)
def test_addresses_as_people_type_them(typed: str, address: str) -> None:
    assert service_address(typed) == address


@pytest.mark.parametrize("typed", ["", "rtsp://cam/1", "http://u:p@cam/", "cam:port", "http://["])
def test_other_addresses_are_refused(typed: str) -> None:
    with pytest.raises(BadFormat) as told:
        service_address(typed)
    assert "u:p" not in told.value.line()


def test_a_stream_gets_its_login_in_its_address() -> None:
    whole = with_login("rtsp://localhost:554/main?channel=1", "http://127.0.0.1/", LOGIN)
    assert whole == "rtsp://admin:open%3Asesame%2F1@localhost:554/main?channel=1"
    assert with_login("rtsp://127.0.0.1/", "http://127.0.0.1/", None) == "rtsp://127.0.0.1/"


@pytest.mark.parametrize(
    ("stream", "shown"),
    [
        ("rtsp://10.0.0.7/main?channel=1&subtype=0", "rtsp://10.0.0.7/main?channel=1&subtype=0"),
        ("rtsp://u:p@10.0.0.7:554/main", "rtsp://10.0.0.7:554/main"),
        ("rtsp://10.0.0.7/user=a_password=b_channel=1", "rtsp://10.0.0.7/..."),
        ("rtsp://10.0.0.7/1?auth=YWRtaW4=", "rtsp://10.0.0.7/..."),
        ("rtsp://10.0.0.7/open:sesame/1/ch1", "rtsp://10.0.0.7/..."),
    ],
)
def test_no_secret_of_a_stream_is_shown(stream: str, shown: str) -> None:
    assert without_secrets(stream, LOGIN) == shown


def test_a_service_is_named_in_short() -> None:
    assert short("http://10.0.0.7:80/onvif/device_service") == "10.0.0.7:80"
    assert short("https://cam/onvif/device_service") == "https://cam"
