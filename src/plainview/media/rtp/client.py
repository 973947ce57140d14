"""A camera read by Plainview's own client: RTP over UDP, within the RTSP connection, or over TLS.

The same face as `media.rtsp.Stream`. One thread reads; it sleeps until something is to be read
(`media.rtp.waiting`), a missing packet is given up, or a report or keep-alive is due.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from urllib.parse import SplitResult, unquote, urlsplit

from plainview.base.clock import Clock, Ms
from plainview.errors import SourceAway
from plainview.media.access import Access
from plainview.media.codecs import parameters_from
from plainview.media.packets import Packet, Parameters
from plainview.media.rtp.control import Control
from plainview.media.rtp.dialogue import Dialogue, Setup
from plainview.media.rtp.express import Express, Found
from plainview.media.rtp.login import Login
from plainview.media.rtp.message import Interleaved
from plainview.media.rtp.order import WINDOW_S, Counts
from plainview.media.rtp.ports import Ports
from plainview.media.rtp.receiver import Receiver
from plainview.media.rtp.waiting import Waiting, always
from plainview.media.rtsp import ParameterWait, redact_url
from plainview.media.timing import RawPacket, Timeline

REPORT_S = 5.0
_LINGER_S = 0.2
"""After a goodbye: over UDP it may overtake the last pictures."""
_PORTS = {"rtsp": 554, "rtsps": 322}


class RtpStream:
    """An open connection. `parameters` are known before the first packet is handed out."""

    def __init__(
        self, url: str, *, open_s: float, stall_s: float, clock: Clock, access: Access,
        watched: Callable[[], bool] = always,
    ) -> None:  # fmt: skip
        self.name = redact_url(url)
        self._stall_s, self._watched = stall_s, watched
        parts = _parts(url, self.name)
        tls = parts.scheme == "rtsps"
        udp = access.transport == "udp"
        if tls and udp:
            raise SourceAway(
                f"{self.name} cannot be read over UDP: its packets would not be encrypted.",
                hint="Leave the transport of an rtsps:// address at tcp.",
            )
        self._ports: Ports | None = None
        until = time.monotonic() + open_s
        self._control = Control(
            self.name, parts.hostname or "", parts.port or _PORTS[parts.scheme],
            tls=tls, access=access, open_s=open_s,
        )  # fmt: skip
        try:
            self._start(parts, udp, until=until, open_s=open_s, clock=clock)
        except BaseException:
            self._hang_up()
            raise

    def _start(
        self, parts: SplitResult, udp: bool, *, until: float, open_s: float, clock: Clock
    ) -> None:
        login = Login(unquote(parts.username or ""), unquote(parts.password or ""))
        self._dialogue = Dialogue(self._control, _bare(parts), login, until=until, open_s=open_s)
        self._video = video = self._dialogue.describe()
        transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
        if udp:
            control = self._control
            self._ports = Ports(control.family, control.own, control.peer)
            low, high = self._ports.numbers
            transport = f"RTP/AVP;unicast;client_port={low}-{high}"
        agreed = self._dialogue.start(video, transport)
        self._channels = agreed.channels
        self._receiver = self._new_receiver(agreed, clock, udp)
        self._express = Express(video.codec, video.payload_type, agreed.channels[0])
        if self._ports is not None:
            self._ports.expect(agreed.server_ports)
            self._ports.punch(self._receiver.report(time.monotonic()))
        self._timeline = Timeline(Fraction(1, video.clock_rate), video.codec, fps=video.fps)
        self._known = ParameterWait(self.name, video.codec)
        self._known.parameters = parameters_from(video.extradata, video.codec)

    def _new_receiver(self, agreed: Setup, clock: Clock, udp: bool) -> Receiver:
        # Within a TCP connection nothing is late: what is missing was never sent.
        window = WINDOW_S if udp else 0.0
        return Receiver(
            self.name, self._video, clock, ssrc=agreed.ssrc, first=agreed.first, window_s=window
        )

    @property
    def parameters(self) -> Parameters:
        """Raises `SourceAway` before they are known (that is, before the first packet)."""
        return self._known.known()

    @property
    def clock_error_ms(self) -> Ms | None:
        """Camera clock minus ours, once the camera told its time."""
        return self._timeline.clock_error_ms

    @property
    def counts(self) -> Counts:
        """Packets received, lost and dropped since the stream was opened."""
        return self._receiver.counts

    def packets(self) -> Iterator[Packet]:
        """Packets in decode order until the connection fails, then `SourceAway`."""
        yield from self._known.packets(self._timed())
        raise SourceAway(f"{self.name} ended the stream.")

    def close(self) -> None:
        """Tear the session down."""
        with contextlib.suppress(SourceAway):
            self._dialogue.leave()
        self._hang_up()

    def _hang_up(self) -> None:
        self._control.close()
        if self._ports is not None:
            self._ports.close()

    def _timed(self) -> Iterator[Packet]:
        try:
            for raw in self._raw():
                yield from self._timeline.push(raw)
        except SourceAway:
            # What was in hand is part of the recording, too.
            yield from self._rest()
            raise
        yield from self._rest()
        yield from self._timeline.drain()

    def _rest(self) -> Iterator[Packet]:
        now = time.monotonic()
        with contextlib.suppress(SourceAway):  # the connection ends anyway, and is said why
            for raw in self._messages(now, last=True):
                yield from self._timeline.push(raw)
        for raw in self._receiver.flush(now):
            yield from self._timeline.push(raw)

    def _raw(self) -> Iterator[RawPacket]:
        receiver, waiting = self._receiver, Waiting(self._control, self._ports, self._watched)
        receiver.last_s = now = time.monotonic()
        report, alive = now + REPORT_S * _about_one(), now + self._alive_s()
        for one in self._dialogue.early:
            yield from self._interleaved(one, now)
        while not (receiver.ended and now - receiver.last_s > _LINGER_S):
            stall = receiver.last_s + (_LINGER_S if receiver.ended else self._stall_s)
            until = min(stall, report, alive, receiver.due or stall)
            ready = waiting.wait(until)
            now = time.monotonic()
            for source in ready:
                yield from self._read(source, now)
            yield from receiver.tick(now)
            if now >= report:
                self._report(now)
                report = now + REPORT_S * _about_one()
            if now >= alive:
                self._dialogue.keep_alive()
                alive = now + self._alive_s()
            if now - receiver.last_s >= self._stall_s and not receiver.ended:
                raise SourceAway(f"{self.name} sent nothing for {self._stall_s:g} s{self._odd()}.")

    def _alive_s(self) -> float:
        return min(30.0, self._dialogue.timeout_s / 2)

    def _odd(self) -> str:
        """A word on what did come, if it was not the stream."""
        strangers = self._receiver.counts.strangers
        return f" but {strangers} packets that are not its stream's" if strangers else ""

    def _read(self, source: socket.socket | None, now: float) -> Iterator[RawPacket]:
        if source is None or self._ports is None:
            if self._control.fill(0):  # what lay there before is no sign of life
                yield from self._messages(now)
            return
        for data in self._ports.read(source):
            if source is self._ports.rtp:
                yield from self._receiver.rtp(data, now)
            else:
                self._receiver.rtcp(data, now)
        self.counts.strangers += self._ports.strangers
        self._ports.strangers = 0

    def _messages(self, now: float, *, last: bool = False) -> Iterator[RawPacket]:
        """What has arrived on the RTSP connection. `last`: the rest of a picture does not come."""
        inbox = self._control.inbox
        while True:
            found, pictures = self._receiver.whole(self._express, inbox.buffer, inbox.at, now)
            if found is Found.WHOLE:
                inbox.at = self._express.at
                yield from pictures
                continue
            if found is Found.MORE and not last:
                break
            one = self._control.next()
            if one is None:
                break
            if isinstance(one, Interleaved):
                yield from self._interleaved(one, now)
            else:
                self._dialogue.handle(one)
        inbox.tidy()

    def _interleaved(self, one: Interleaved, now: float) -> Iterator[RawPacket]:
        if one.channel == self._channels[0]:
            yield from self._receiver.rtp(one.data, now)
        elif one.channel == self._channels[1]:
            self._receiver.rtcp(one.data, now)

    def _report(self, now: float) -> None:
        report = self._receiver.report(now)
        if self._ports is not None:
            self._ports.send_report(report)
            return
        head = b"$" + bytes([self._channels[1] & 0xFF]) + len(report).to_bytes(2, "big")
        self._control.send(head + report)


def _about_one() -> float:
    """Reports of many receivers must not come at once (RFC 3550 clause 6.3.1)."""
    return 0.5 + secrets.randbelow(1000) / 1000


def _parts(url: str, name: str) -> SplitResult:
    """The address in its parts. Raises `SourceAway`."""
    try:
        parts = urlsplit(url)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        port_is_number = False
    if not port_is_number or not parts.hostname:
        raise SourceAway(f"{name} is not an address.", hint="Use rtsp://host:port/path.")
    return parts


def _bare(parts: SplitResult) -> str:
    """The address without user and password, as requests carry it."""
    host = parts.netloc.rpartition("@")[2]
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{parts.path or '/'}{query}"
