"""A still of the view: decoded on the server from redacted frames, JPEG."""

from __future__ import annotations

from fractions import Fraction

import cv2

from plainview.base.clock import Ms
from plainview.errors import BadFormat, NotFound
from plainview.media.decode import Decoder
from plainview.media.frames import Frame
from plainview.media.packets import Packet, Parameters
from plainview.watch import frames

QUALITY = 92
_MILLISECOND = Fraction(1, 1000)


def still(messages: list[bytes], at: Ms) -> Frame:
    """The last picture not later than `at` (or the first one). Raises `NotFound`, `BadFormat`."""
    decoder = Decoder(Parameters("h264", 0, 0, b""))
    pictures: list[Frame] = []
    for message in messages:
        wall = frames.head(message).wall_ms
        if pictures and wall > at:
            break
        pictures += decoder.decode(_packet(message, wall))
        del pictures[:-1]
    pictures += decoder.flush()
    if not pictures:
        raise NotFound("There is no picture at that moment.")
    return pictures[-1]


def jpeg(frame: Frame) -> bytes:
    """The picture as a JPEG file. Raises `BadFormat`."""
    done, data = cv2.imencode(".jpg", frame.to_bgr(), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise BadFormat("The picture could not be written as JPEG.")
    return bytes(data)


def _packet(message: bytes, wall: Ms) -> Packet:
    return Packet(
        data=frames.access_unit(message),
        pts=wall,
        time_base=_MILLISECOND,
        is_key=frames.is_key(message),
        wall_ms=wall,
        wall_source="arrival",
        arrival_ms=wall,
        codec="h264",
    )
