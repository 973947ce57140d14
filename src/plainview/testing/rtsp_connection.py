"""One connection of the simulated camera: the state machine of RFC 2326, RTP over TCP or UDP."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from plainview.errors import BadFormat
from plainview.testing import rtsp_message, sdp
from plainview.testing.rtp import Packetiser
from plainview.testing.rtsp_login import Door, Guard
from plainview.testing.rtsp_message import Interleaved, Request
from plainview.testing.rtsp_mounts import ClipMount, Mount, PushMount
from plainview.testing.rtsp_udp import UdpPair, client_ports

METHODS = "OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, PAUSE, RECORD, GET_PARAMETER, TEARDOWN"
IDLE_S = 90.0
"""A client that neither plays nor speaks for this long is let go."""
SLOW_S = 10.0
MAX_PUSHES = 64


Reply = tuple[int, dict[str, str | list[str]], str]
"""Status, headers, body."""


@dataclass(slots=True)
class Shared:
    """What all connections of a server share."""

    mounts: dict[str, Mount] = field(default_factory=dict)
    guard: Guard = field(default_factory=Guard)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """(method, path with track) of the last thousand requests, for tests."""
    timeout_s: float = 60.0
    """A viewer over UDP that is silent for longer is taken to have left."""
    reports: list[bytes] = field(default_factory=list)
    """RTCP of the viewers, the last thousand packets, for tests."""
    connections: set[Connection] = field(default_factory=set)


class Connection:
    """Reads requests until the client leaves; plays in a task of its own."""

    def __init__(
        self, shared: Shared, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._shared, self._reader, self._writer = shared, reader, writer
        self._session = secrets.token_hex(8)
        self._door = Door(shared.guard)
        self._udp: UdpPair | None = None
        self._packetiser: Packetiser | None = None
        self._channels: tuple[int, int] | None = None
        self._pushing: PushMount | None = None
        self._announced = ""
        self._recording = False
        self._player: asyncio.Task[None] | None = None
        self.path = ""
        self._answers: dict[str, Callable[[Request], Reply]] = {
            "OPTIONS": lambda request: (200, {"Public": METHODS}, ""),
            "GET_PARAMETER": lambda request: (200, {"Session": self._session}, ""),
            "SET_PARAMETER": lambda request: (200, {"Session": self._session}, ""),
            "DESCRIBE": self._describe,
            "ANNOUNCE": self._announce,
            "SETUP": self._setup,
            "PLAY": self._play,
            "RECORD": self._record,
            "PAUSE": self._pause,
            "TEARDOWN": lambda request: (200, {"Session": self._session}, ""),
        }

    async def serve(self) -> None:
        """Until the client leaves, sends garbage or is cut off."""
        try:
            await self._converse()
        except BadFormat as error:
            self._send(rtsp_message.response(400, "0", {"X-Reason": error.message}))
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            return  # the client left; there is nobody to tell
        finally:
            await self._leave()

    def cut(self) -> None:
        """Break the connection as a pulled cable would."""
        self._writer.transport.abort()

    async def _converse(self) -> None:
        while True:
            playing = self._player is not None
            timeout: float | None = IDLE_S
            if playing:
                timeout = self._shared.timeout_s if self._udp is not None else None
            message = await asyncio.wait_for(rtsp_message.read_message(self._reader), timeout)
            if isinstance(message, Interleaved):
                self._received(message)
                continue
            self._answer(message)
            await asyncio.wait_for(self._writer.drain(), SLOW_S)
            if message.method == "TEARDOWN":
                return

    def _answer(self, request: Request) -> None:
        self._shared.requests.append((request.method, request.path))
        del self._shared.requests[:-1000]
        sequence = request.headers.get("cseq", "0")
        answer = self._answers.get(request.method)
        if answer is None:
            reply: Reply = (405, {"Allow": METHODS}, "")
        elif not self._door.lets_in(request):
            reply = (401, {"WWW-Authenticate": self._door.challenges()}, "")
        else:
            reply = answer(request)
        status, headers, body = reply
        self._send(rtsp_message.response(status, sequence, headers, body))
        if request.method == "PLAY" and status == 200:
            # Only now: no packet may overtake the answer.
            self._player = asyncio.ensure_future(self._send_all())

    def _find(self, path: str) -> tuple[str, Mount] | None:
        """The mount of a path that may end in a track's name."""
        for candidate in (path, path.rpartition("/")[0]):
            if candidate in self._shared.mounts:
                return candidate, self._shared.mounts[candidate]
        return None

    def _describe(self, request: Request) -> Reply:
        found = self._find(request.path)
        if found is None:
            return 404, {}, ""
        base = request.url.partition("?")[0].rstrip("/") + "/"
        headers: dict[str, str | list[str]] = {
            "Content-Type": "application/sdp",
            "Content-Base": base,
        }
        return 200, headers, found[1].describe()

    def _announce(self, request: Request) -> Reply:
        present = self._shared.mounts.get(request.path)
        pushes = sum(isinstance(m, PushMount) for m in self._shared.mounts.values())
        if present is not None or not request.path or pushes >= MAX_PUSHES:
            return 503, {}, ""
        self._pushing = PushMount(request.body.decode("utf-8", "replace"))
        self._announced = request.path
        self._shared.mounts[request.path] = self._pushing
        return 200, {"Session": self._session}, ""

    def _setup(self, request: Request) -> Reply:
        wanted = request.headers.get("transport", "")
        channels = rtsp_message.interleaved_channels(wanted)
        ports = client_ports(wanted) if channels is None else None
        if channels is None and ports is None:
            return 461, {}, ""
        found = self._find(request.path)
        if found is None:
            return 404, {}, ""
        if ports is not None and not isinstance(found[1], ClipMount):
            return 461, {}, ""
        self.path = found[0]
        transport = self._agree(request.path, channels, ports)
        session = f"{self._session};timeout={self._shared.timeout_s:.0f}"
        return 200, {"Transport": transport, "Session": session}, ""

    def _agree(
        self, path: str, channels: tuple[int, int] | None, ports: tuple[int, int] | None
    ) -> str:
        """Take what was asked for; the answer's Transport header."""
        video = self._is_video(path)
        if ports is None:
            low, high = channels or (0, 1)
            self._channels = (low, high) if video else self._channels
            return f"RTP/AVP/TCP;unicast;interleaved={low}-{high}"
        host = self._writer.get_extra_info("sockname")[0]
        peer = self._writer.get_extra_info("peername")[0]
        pair = UdpPair(host, peer, ports)
        low, high = pair.ports
        if video and self._udp is None:
            self._udp, self._channels = pair, (0, 1)
        else:
            pair.close()
        return f"RTP/AVP;unicast;client_port={ports[0]}-{ports[1]};server_port={low}-{high}"

    def _is_video(self, path: str) -> bool:
        control = self._pushing.control.strip("/") if self._pushing else sdp.VIDEO_TRACK
        return path.endswith((control.rpartition("/")[2], sdp.VIDEO_TRACK))

    def _play(self, request: Request) -> Reply:
        if self._channels is None or self.path not in self._shared.mounts or self._pushing:
            return 455, {}, ""
        if self._player is not None:
            return 455, {}, ""
        self._packetiser = Packetiser(
            self._shared.mounts[self.path].codec,
            ssrc=random.getrandbits(32),
            sequence=random.getrandbits(16),
            first_timestamp=random.getrandbits(31),
        )
        headers: dict[str, str | list[str]] = {"Session": self._session, "Range": "npt=now-"}
        if self._udp is not None:
            url = request.url.rstrip("/")
            headers["RTP-Info"] = f"url={url}/trackID=0;seq={self._packetiser.sequence}"
        return 200, headers, ""

    def _pause(self, request: Request) -> Reply:
        if self._player is not None:
            self._player.cancel()
            self._player = None
        return 200, {"Session": self._session}, ""

    def _record(self, request: Request) -> Reply:
        if self._pushing is None or self._channels is None:
            return 455, {}, ""
        self._recording = True
        return 200, {"Session": self._session}, ""

    def _received(self, packet: Interleaved) -> None:
        channels = self._channels
        if self._player is not None and channels and packet.channel == channels[1]:
            self._shared.reports.append(packet.data)
            del self._shared.reports[:-1000]
        if self._recording and self._pushing and channels and packet.channel in channels:
            self._pushing.relay(packet.channel == channels[1], packet.data)

    async def _send_all(self) -> None:
        """Send the mount's packets until it ends or the client is gone or too slow."""
        mount, packetiser = self._shared.mounts[self.path], self._packetiser
        if packetiser is None:
            return
        faults = mount.faults if isinstance(mount, ClipMount) else None
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with contextlib.aclosing(mount.play(packetiser)) as packets:
                async for is_rtcp, packet in packets:
                    if is_rtcp or faults is None:
                        await self._packet(is_rtcp, packet)
                        continue
                    await asyncio.sleep(faults.pause_s())
                    for one in faults.through(packet):
                        await self._packet(False, one)
            for one in faults.rest() if faults else ():
                await self._packet(False, one)
            if isinstance(mount, ClipMount):
                await self._packet(True, packetiser.goodbye())
        if self._udp is None:
            self._writer.close()

    async def _packet(self, is_rtcp: bool, packet: bytes) -> None:
        if self._udp is not None:
            await self._udp.send(is_rtcp, packet)
            self._shared.reports += self._udp.reports()
            del self._shared.reports[:-1000]
            return
        self._frame((self._channels or (0, 1))[is_rtcp], packet)
        await asyncio.wait_for(self._writer.drain(), SLOW_S)

    def _frame(self, channel: int, packet: bytes) -> None:
        self._send(b"$" + bytes([channel]) + len(packet).to_bytes(2, "big") + packet)

    def _send(self, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)

    async def _leave(self) -> None:
        if self._pushing is not None:
            self._pushing.end()
            self._shared.mounts.pop(self._announced, None)
        if self._player is not None:
            self._player.cancel()
            await asyncio.gather(self._player, return_exceptions=True)
        if self._udp is not None:
            self._udp.close()
        self._writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
            await self._writer.wait_closed()
