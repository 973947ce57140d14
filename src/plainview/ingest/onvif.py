"""What a camera says of itself over ONVIF: make, clock, profiles, addresses of streams.

Only the device and the media service are called (ONVIF Core and Media 1). Events, analytics and
movement are never asked for: Plainview recognises nobody and follows nobody. The service
descriptions (WSDL) come with the library, and nothing is fetched from anywhere but the camera.

A password goes out only as a digest (WS-Security UsernameToken), and only to the machine that was
asked: services that a camera names elsewhere are asked at its own address. Answers are bounded in
size and time and read without entities. Certificates are not checked: cameras sign their own.
"""

from __future__ import annotations

import asyncio
import logging
import os.path
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import onvif
from lxml import etree
from onvif.client import AsyncTransportProtocolErrorHandler, ONVIFService
from onvif.exceptions import ONVIFError
from onvif.settings import DEFAULT_SETTINGS
from onvif.util import is_auth_error
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import TransportError

from plainview.base.clock import Clock, Ms, now_ms
from plainview.errors import BadFormat, NotAuthorised, NotFound, PlainviewError, SourceAway
from plainview.ingest.addresses import Login, host_port
from plainview.media.rtsp import redact_url

TIMEOUT_S = 15.0
"""For the whole conversation with one camera."""
AT_ONCE = 16
"""Cameras asked side by side."""
LARGEST = 1 << 20
"""Bytes of one answer."""
MOST_PROFILES = 32
CODECS = {"H264": "h264", "H265": "hevc", "JPEG": "mjpeg"}
RECORDED = frozenset({"h264", "hevc"})
"""What a recorder takes best: preferred over everything else."""

_DEVICE = ("http://www.onvif.org/ver10/device/wsdl", "DeviceBinding", "devicemgmt.wsdl")
_MEDIA = ("http://www.onvif.org/ver10/media/wsdl", "MediaBinding", "media.wsdl")
_WSDL = os.path.join(os.path.dirname(onvif.__file__), "wsdl")
_STREAM = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
_REFUSED = (401, 403)

DEFAULT_SETTINGS.xml_huge_tree = False  # the library lifts the parser's own limits; we need none
logging.getLogger("onvif").setLevel(logging.ERROR)
logging.getLogger("zeep").setLevel(logging.ERROR)

_FAULTS = (
    *(ZeepError, ONVIFError, etree.LxmlError, aiohttp.ClientError),
    *(OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError),
)
"""What a camera's answer can make of a SOAP library; all of it means the same: no sense in it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One of a camera's streams. `stream` is its address as the camera gives it."""

    token: str
    name: str
    codec: str
    width: int
    height: int
    fps: int
    kbps: int
    stream: str


@dataclass(frozen=True, slots=True)
class Device:
    """A camera. `clock_error_ms` is its clock minus ours, to the second; None if it tells none."""

    address: str
    maker: str
    model: str
    firmware: str
    serial: str
    clock_error_ms: Ms | None
    profiles: tuple[Profile, ...]

    def best(self) -> Profile:
        """The largest picture that a recorder takes as it is. Raises `NotFound`."""
        if not self.profiles:
            raise NotFound(
                f"{self.address} offers no video over ONVIF.",
                hint="Give the stream's address with --stream.",
            )
        return max(self.profiles, key=_worth)

    def profile(self, name: str) -> Profile:
        """The profile of this name or token. Raises `NotFound`."""
        for profile in self.profiles:
            if name in (profile.name, profile.token):
                return profile
        names = ", ".join(profile.name for profile in self.profiles) or "none"
        raise NotFound(f"{self.address} has no profile {name}.", hint=f"It has: {names}.")


def _worth(profile: Profile) -> tuple[bool, int, int, int]:
    area = profile.width * profile.height
    return profile.codec in RECORDED, area, profile.fps, profile.kbps


def ask(
    address: str, login: Login | None, *, clock: Clock = now_ms, timeout_s: float = TIMEOUT_S
) -> Device:
    """Ask one camera. Raises `NotAuthorised`, `SourceAway` or `BadFormat`."""
    (answer,) = ask_all([address], login, clock=clock, timeout_s=timeout_s).values()
    if isinstance(answer, PlainviewError):
        raise answer
    return answer


def ask_all(
    addresses: Sequence[str],
    login: Login | None,
    *,
    told: Callable[[str], None] = lambda _: None,
    clock: Clock = now_ms,
    timeout_s: float = TIMEOUT_S,
) -> dict[str, Device | PlainviewError]:
    """Ask all of them side by side; `told` hears of each that is done. An error is its answer."""

    async def everybody() -> list[Device | PlainviewError]:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(address: str) -> Device | PlainviewError:
            async with room:
                try:
                    return await _ask(address, login, clock, timeout_s)
                except PlainviewError as error:
                    return error
                finally:
                    told(address)

        return await asyncio.gather(*map(one, addresses))

    return dict(zip(addresses, asyncio.run(everybody()), strict=True))


class _Transport(AsyncTransportProtocolErrorHandler):  # type: ignore[misc]
    """Takes answers up to a size, and does not follow a camera that sends us elsewhere."""

    async def _post_internal(
        self, address: str, message: str | bytes, headers: dict[str, str]
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        async with self.session.post(
            address, data=message, headers=headers, allow_redirects=False
        ) as response:
            content = b""
            async for piece in response.content.iter_any():
                content += piece
                if len(content) > LARGEST:
                    raise ValueError(f"more than {LARGEST} bytes in one answer")
            return response, content


class _Camera:
    """The services of one camera, for one conversation."""

    def __init__(self, address: str, login: Login | None) -> None:
        self.address, self._login = address, login
        self.name = redact_url(address)
        self.ahead: timedelta | None = None
        self._services: list[ONVIFService] = []

    async def service(self, kind: tuple[str, str, str], address: str) -> ONVIFService:
        """A service whose requests carry the time as the camera has it."""
        space, binding, file = kind
        user, password = (self._login.user, self._login.password) if self._login else (None, None)
        made = ONVIFService(
            address,
            user,
            password,
            os.path.join(_WSDL, file),
            no_cache=True,
            dt_diff=self.ahead,
            binding_name=f"{{{space}}}{binding}",
        )
        self._services.append(made)
        made.transport = _Transport(session=made._session, verify_ssl=False, cache=None)
        await made.setup()
        return made

    async def close(self) -> None:
        for service in self._services:
            await service.close()

    async def call(self, service: ONVIFService, what: str, **values: object) -> Any:
        """One question, with the login if there is one."""
        prefix = "" if self._login else "authless_"
        return await getattr(service, prefix + what)(values or None)


async def _ask(address: str, login: Login | None, clock: Clock, timeout_s: float) -> Device:
    camera = _Camera(address, login)
    try:
        async with asyncio.timeout(timeout_s):
            return await _conversation(camera, clock)
    except TimeoutError as error:
        raise SourceAway(
            f"{camera.name} did not answer in time.", hint="Is it a camera with ONVIF switched on?"
        ) from error
    except _FAULTS as error:
        raise _explained(camera, login, error) from error
    finally:
        await camera.close()


async def _conversation(camera: _Camera, clock: Clock) -> Device:
    device = await camera.service(_DEVICE, camera.address)
    camera.ahead = await _clock_error(camera, device, clock)
    if camera.ahead is not None:  # from here on, sign with the camera's own time
        device = await camera.service(_DEVICE, camera.address)
    about = await camera.call(device, "GetDeviceInformation")
    media = await camera.service(_MEDIA, await _media_address(camera, device))
    profiles = [
        await _profile(camera, media, one)
        for one in (await camera.call(media, "GetProfiles") or ())[:MOST_PROFILES]
        if one.VideoEncoderConfiguration is not None
    ]
    return Device(
        address=camera.address,
        maker=_text(about.Manufacturer),
        model=_text(about.Model),
        firmware=_text(about.FirmwareVersion),
        serial=_text(about.SerialNumber),
        clock_error_ms=None if camera.ahead is None else round(camera.ahead.total_seconds()) * 1000,
        profiles=tuple(profiles),
    )


async def _clock_error(camera: _Camera, device: ONVIFService, clock: Clock) -> timedelta | None:
    """Camera's clock minus ours. Anybody may ask for it; some cameras want a login even so."""
    try:
        answer = await device.authless_GetSystemDateAndTime()
    except ZeepError:
        answer = await camera.call(device, "GetSystemDateAndTime")
    told = answer.UTCDateTime
    if told is None:
        return None
    date, time = told.Date, told.Time
    there = datetime(date.Year, date.Month, date.Day, time.Hour, time.Minute, tzinfo=UTC)
    seconds = timedelta(seconds=min(time.Second, 59))
    return there + seconds - datetime.fromtimestamp(clock() / 1000, UTC)


async def _media_address(camera: _Camera, device: ONVIFService) -> str:
    """Where the media service is, on the machine that was asked. Raises `BadFormat`."""
    capabilities = await camera.call(device, "GetCapabilities", Category="Media")
    media = capabilities.Media
    if media is None or not media.XAddr:
        raise BadFormat(f"{camera.name} has no media service.", hint="Use --stream instead.")
    said, asked = urlsplit(_text(media.XAddr)), urlsplit(camera.address)
    where = host_port(asked.hostname or "", said.port)
    return urlunsplit((asked.scheme, where, said.path, said.query, ""))


async def _profile(camera: _Camera, media: ONVIFService, one: Any) -> Profile:
    encoder = one.VideoEncoderConfiguration
    answer = await camera.call(media, "GetStreamUri", StreamSetup=_STREAM, ProfileToken=one.token)
    stream = str(answer.Uri or "").strip()
    if urlsplit(stream).scheme not in ("rtsp", "rtsps") or len(stream) > 1_000:
        raise BadFormat(f"{camera.name} gives no RTSP address for {_text(one.Name)}.")
    size, rate = encoder.Resolution, encoder.RateControl
    return Profile(
        token=_text(one.token),
        name=_text(one.Name),
        codec=CODECS.get(_text(encoder.Encoding), _text(encoder.Encoding).lower()),
        width=int(size.Width) if size is not None else 0,
        height=int(size.Height) if size is not None else 0,
        fps=int(rate.FrameRateLimit) if rate is not None else 0,
        kbps=int(rate.BitrateLimit) if rate is not None else 0,
        stream=stream,
    )


def _text(value: object) -> str:
    """A camera's words: one line, not long."""
    return " ".join(str(value if value is not None else "").split())[:200]


def _explained(camera: _Camera, login: Login | None, error: Exception) -> PlainviewError:
    """A library's error as ours, without its text where that could hold what was sent."""
    refused = isinstance(error, TransportError) and error.status_code in _REFUSED
    if refused or is_auth_error(error):
        if login is None:
            return NotAuthorised(
                f"{camera.name} wants a user name and a password.", hint="Give --user NAME."
            )
        return NotAuthorised(
            f"{camera.name} refuses this user name or password.", hint=_clock_hint(camera)
        )
    if isinstance(error, aiohttp.ClientError | OSError):
        return SourceAway(f"{camera.name} cannot be reached.", hint="Check address and port.")
    if isinstance(error, ZeepError) and _text(error):
        return BadFormat(f"{camera.name} answers: {_text(error)[:120]}")
    return BadFormat(f"{camera.name} gives an answer that makes no sense.", hint="Use --stream.")


def _clock_hint(camera: _Camera) -> str:
    if camera.ahead is None:
        return "Check both; a camera whose clock is wrong by minutes refuses them too."
    return "Check both, and that this user may use ONVIF."
