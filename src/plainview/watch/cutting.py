"""The child that makes a clip: `python -m plainview.watch.cutting`, frame messages in, an MP4 out.

A process of its own at the lowest priority: decoding and encoding ten minutes of a street must not
cost anybody who watches live a frame. It gets nothing but the messages of a view, which are
redacted, holds no key, and writes nothing to a disk.

On stdin: a line of JSON `{number, title, comment, from, to}` (times in ms), then u32 length and
frame message (`watch.frames`), repeated. Pictures before `from` are decoded, for those after them,
and left out.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO

from plainview.errors import BadFormat, PlainviewError, Unavailable
from plainview.media.decode import Decoder
from plainview.media.encode_stream import StreamWriter
from plainview.media.frames import Frame
from plainview.media.packets import Packet, Parameters
from plainview.watch import frames, label

LOWEST = 19
"""The kernel's least priority (nice)."""
MOST_MESSAGE = 32 << 20
_LENGTH = struct.Struct(">I")
_MILLISECOND = Fraction(1, 1000)


def cut(source: BinaryIO, out: BinaryIO) -> None:
    """Make the clip. Raises `BadFormat`, or `Unavailable` when the reader has gone."""
    asked = json.loads(source.readline())
    pictures = (
        picture
        for picture in decoded(messages(source))
        if asked["from"] <= picture.wall_ms < asked["to"]
    )
    first = next(pictures, None)
    if first is None:
        raise BadFormat("There is no picture in that time.")
    names = {"title": asked["title"], "comment": asked["comment"]}
    with StreamWriter(out, (first.width, first.height), **names) as writer:
        _add(writer, first, asked)
        for picture in pictures:
            _add(writer, picture, asked)


def _add(writer: StreamWriter, picture: Frame, asked: dict[str, Any]) -> None:
    label.put(picture, asked["number"])
    writer.add(picture)


def messages(source: BinaryIO) -> Iterator[bytes]:
    """The frame messages, until the end of the stream. Raises `BadFormat` if it is cut short."""
    while head := source.read(_LENGTH.size):
        length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else MOST_MESSAGE + 1
        message = source.read(length) if length <= MOST_MESSAGE else b""
        if len(message) != length:
            raise BadFormat("A frame message is cut short or too long.")
        yield message


def decoded(found: Iterator[bytes]) -> Iterator[Frame]:
    """The pictures; a new decoder where frames are missing before a key frame."""
    decoder: Decoder | None = None
    for message in found:
        head = frames.head(message)
        if decoder is None or head.flags & frames.DISCONTINUITY:
            if decoder is not None:
                yield from decoder.flush()
            decoder = Decoder(Parameters("h264", 0, 0, b""))
        yield from decoder.decode(_packet(message, head))
    if decoder is not None:
        yield from decoder.flush()


def _packet(message: bytes, head: frames.FrameHead) -> Packet:
    return Packet(
        data=frames.access_unit(message),
        pts=head.wall_ms,
        time_base=_MILLISECOND,
        is_key=bool(head.flags & frames.KEY),
        wall_ms=head.wall_ms,
        wall_source="arrival",
        arrival_ms=head.wall_ms,
        codec="h264",
    )


def main() -> None:
    """Ends with 0 when the clip is whole."""
    os.nice(LOWEST)
    try:
        cut(sys.stdin.buffer, sys.stdout.buffer)
        sys.stdout.flush()
    except Unavailable:
        os._exit(2)  # nobody reads any more; what is buffered cannot be flushed
    except PlainviewError as error:
        sys.stderr.write(error.line())
        sys.exit(1)


if __name__ == "__main__":
    main()
