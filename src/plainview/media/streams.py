"""Opening a camera's stream, by whichever client reads it.

`plainview.media.rtp` reads H.264 and H.265: it declares every loss, checks certificates, and needs
a quarter of the memory of FFmpeg's client (docs/design/cost.md), which reads whatever else comes
over plain TCP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from plainview.base.clock import Clock, Ms, now_ms
from plainview.errors import SourceAway
from plainview.media import rtsp
from plainview.media.access import Access
from plainview.media.packets import Packet, Parameters
from plainview.media.rtp.client import RtpStream
from plainview.media.rtp.description import OtherCoding
from plainview.media.rtp.order import Counts
from plainview.media.rtp.waiting import always

DEFAULT = Access()


class CameraStream(Protocol):
    """An open connection to a camera."""

    @property
    def parameters(self) -> Parameters:
        """Known before the first packet is handed out."""
        ...

    @property
    def clock_error_ms(self) -> Ms | None:
        """Camera clock minus ours, once the camera told its time."""
        ...

    @property
    def counts(self) -> Counts | None:
        """What happened to its RTP packets; None where nobody counts."""
        ...

    def packets(self) -> Iterator[Packet]:
        """Packets in decode order until the connection fails, then `SourceAway`."""
        ...

    def close(self) -> None:
        """Tear the session down."""
        ...


def open_camera(
    url: str,
    access: Access = DEFAULT,
    *,
    open_s: float = 10.0,
    stall_s: float = 10.0,
    clock: Clock = now_ms,
    watched: Callable[[], bool] = always,
) -> CameraStream:
    """Connect to `url` (rtsp:// or rtsps://, with user and password if needed).

    Raises `SourceAway` after at most about `open_s` seconds; reading raises it after `stall_s`
    seconds without data. No message holds the password. While nobody has `watched`, several
    pictures may come at once (`media.rtp.waiting`).
    """
    scheme = url.partition("://")[0]
    if scheme not in ("rtsp", "rtsps"):
        raise SourceAway(f"{scheme}:// is not an address of a camera.", hint="Use rtsp://.")
    if scheme == "rtsp" and (access.fingerprint or access.ca_file):
        raise SourceAway(
            f"{rtsp.redact_url(url)} is not encrypted, so no certificate can be checked.",
            hint="Use rtsps://, or take the fingerprint and the ca_file away.",
        )
    try:
        return RtpStream(
            url, open_s=open_s, stall_s=stall_s, clock=clock, access=access, watched=watched
        )
    except OtherCoding:
        if scheme != "rtsp" or access.transport != "tcp":
            raise
    return rtsp.open_stream(url, open_s=open_s, stall_s=stall_s, clock=clock)
