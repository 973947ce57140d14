"""RTSP over TCP by FFmpeg's client: one camera, video only (RFC 2326, RFC 3550).

UDP and TLS are read by `plainview.media.rtp`; `plainview.media.streams` chooses. Audio tracks are
never set up, so their bytes never leave the camera. The fast open works because cameras send
parameter sets in the SDP; where they do not, the parameter sets are awaited in the stream.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from urllib.parse import urlsplit

import av
import av.error
from av.container import InputContainer
from av.packet import Packet as AvPacket
from av.video.stream import VideoStream

from plainview.base.clock import Clock, Ms, now_ms
from plainview.errors import SourceAway
from plainview.media.codecs import CODECS, parameters_from
from plainview.media.packets import Codec, Packet, Parameters
from plainview.media.timing import RawPacket, Timeline

_PATIENCE_PACKETS = 1500
"""Packets waited for parameter sets before giving up (a minute at 25 frames a second)."""

_PATIENCE_BYTES = 64 << 20
"""What may wait in memory meanwhile."""


def redact_url(url: str) -> str:
    """Scheme, host and port, for logs and errors: some cameras want the password in the path."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(address that cannot be read)"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{port}"


class ParameterWait:
    """Holds packets back until the parameter sets are known; follows those in the stream."""

    def __init__(self, name: str, codec: Codec) -> None:
        self._name, self._codec = name, codec
        self.parameters: Parameters | None = None

    def known(self) -> Parameters:
        """Raises `SourceAway` while they are not."""
        if self.parameters is None:
            raise SourceAway(f"{self._name} has not sent its parameter sets yet.")
        return self.parameters

    def packets(self, timed: Iterator[Packet]) -> Iterator[Packet]:
        """All of them, in their order. Raises `SourceAway` if no parameter sets come."""
        early: list[Packet] = []
        waiting = 0
        for packet in timed:
            if self.parameters is None or packet.is_key:
                self._learn(packet)
            if self.parameters is None:
                early.append(packet)
                waiting += len(packet.data)
                if len(early) > _PATIENCE_PACKETS or waiting > _PATIENCE_BYTES:
                    raise SourceAway(f"{self._name} sends no parameter sets.")
                continue
            yield from early
            early.clear()
            yield packet

    def _learn(self, packet: Packet) -> None:
        """Take parameter sets that stand in the stream; they may change while it runs."""
        found = parameters_from(packet.data, self._codec)
        if found is not None:
            self.parameters = found


class Stream:
    """An open connection. `parameters` are known before the first packet is handed out."""

    def __init__(self, url: str, *, open_s: float, stall_s: float, clock: Clock) -> None:
        self.name = redact_url(url)
        self._clock, self._stall_s = clock, stall_s
        self._container = _connect(url, self.name, open_s, stall_s)
        try:
            self._stream, codec = self._video()
        except SourceAway:
            self._container.close()
            raise
        self._codec: Codec = codec
        base = self._stream.time_base or Fraction(1, 90_000)
        rate = self._stream.average_rate
        self._timeline = Timeline(base, codec, fps=float(rate) if rate else None)
        extradata = self._stream.codec_context.extradata or b""
        self._known = ParameterWait(self.name, codec)
        self._known.parameters = parameters_from(extradata, codec)

    @property
    def parameters(self) -> Parameters:
        """Raises `SourceAway` before they are known (that is, before the first packet)."""
        return self._known.known()

    @property
    def counts(self) -> None:
        """Not known: FFmpeg does not say what is lost."""

    @property
    def clock_error_ms(self) -> Ms | None:
        """Camera clock minus ours, once the camera told its time."""
        return self._timeline.clock_error_ms

    def packets(self) -> Iterator[Packet]:
        """Packets in decode order until the connection fails, then `SourceAway`."""
        yield from self._known.packets(self._timed())
        raise SourceAway(f"{self.name} ended the stream.")

    def close(self) -> None:
        """Tear the session down."""
        self._container.close()

    def _video(self) -> tuple[VideoStream, Codec]:
        streams = self._container.streams.video
        if not streams:
            raise SourceAway(f"{self.name} offers no video.")
        name = streams[0].codec_context.name
        codec = CODECS.get(name)
        if codec is None:
            hint = "Set the camera to H.264, H.265, AV1 or MJPEG."
            raise SourceAway(f"{self.name} sends {name}.", hint=hint)
        return streams[0], codec

    def _timed(self) -> Iterator[Packet]:
        try:
            for raw in self._container.demux(self._stream):
                if raw.size:
                    yield from self._timeline.push(_raw(raw, self._clock()))
        except av.error.ExitError:
            raise SourceAway(f"{self.name} sent nothing for {self._stall_s:g} s.") from None
        except av.error.FFmpegError as error:
            raise SourceAway(f"{self.name} stopped: {error.strerror}.") from None
        yield from self._timeline.drain()


def open_stream(
    url: str, *, open_s: float = 10.0, stall_s: float = 10.0, clock: Clock = now_ms
) -> Stream:
    """Connect to `url` (rtsp://, with user and password if needed) by FFmpeg's client.

    Raises `SourceAway` after at most `open_s` seconds; reading raises it after `stall_s` seconds
    without data. No message holds the password.
    """
    scheme = url.partition("://")[0]
    if scheme != "rtsp":
        raise SourceAway(f"{scheme}:// is not an address of a camera.", hint="Use rtsp://.")
    return Stream(url, open_s=open_s, stall_s=stall_s, clock=clock)


def _connect(url: str, name: str, open_s: float, stall_s: float) -> InputContainer:
    options = {
        "rtsp_transport": "tcp",
        "allowed_media_types": "video",
        "probesize": "32",
        "analyzeduration": "1",
        "timeout": str(round(stall_s * 1_000_000)),
        "user_agent": "Plainview",
    }
    try:
        return av.open(url, "r", format="rtsp", options=options, timeout=(open_s, stall_s))
    except av.error.ExitError:
        reason = f"no answer within {open_s:g} s"
    except av.error.HTTPUnauthorizedError:
        reason = "it does not accept the user or the password"
    except (av.error.FFmpegError, OSError) as error:
        # The error's own text holds the address, and with it the password.
        reason = error.strerror or type(error).__name__
    raise SourceAway(
        f"{name} cannot be opened: {reason}.", hint="Check the address, the password and the cable."
    )


def _raw(packet: AvPacket[VideoStream], arrival_ms: Ms) -> RawPacket:
    prft = None
    if packet.has_sidedata("prft"):
        prft = int(struct.unpack_from("<q", bytes(packet.get_sidedata("prft")))[0])
    return RawPacket(
        data=bytes(packet),
        pts=packet.pts,
        is_key=packet.is_keyframe,
        damaged=packet.is_corrupt,
        prft_us=prft,
        arrival_ms=arrival_ms,
    )
