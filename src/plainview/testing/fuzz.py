"""Decoding and redacting damaged streams, in a process that may die of it.

    python -m plainview.testing.fuzz CODEC FIRST COUNT

For each seed the packets of a real clip are damaged (`damage.mutated`), decoded and redacted with a
detector that is always away: whatever a decoder makes of the damage, nothing may be shown. One line
of JSON a seed, so that the seed that killed the process is known. Memory is limited.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import BadFormat, DetectorFault
from plainview.ingest.segmenter import Segment, Segmenter
from plainview.ingest.session import Gap
from plainview.media import codecs
from plainview.media.convert import ClipStyle
from plainview.media.decode import Decoder, check_decodable
from plainview.media.packets import Packet, Parameters
from plainview.media.timing import RawPacket, Timeline
from plainview.redact.detector import Found, Sought
from plainview.redact.pipeline import Redactor
from plainview.redact.view import ViewPipeline
from plainview.testing import damage
from plainview.testing.patterns import wandering

STYLES = {
    "h264": ClipStyle(bframes=2, slices=2, gop_seconds=0.4),
    "hevc": ClipStyle(codec="hevc", preset="ultrafast", bframes=2, gop_seconds=0.4),
    "av1": ClipStyle(codec="av1", gop_seconds=0.4),
    "mjpeg": ClipStyle(codec="mjpeg", pixels="yuvj420p"),
}
PICTURES = 30


class Away:
    """A detector that never answers."""

    def search(self, picture: NDArray[np.uint8], sought: Sought = Sought.FACES) -> Found:
        """Raises `DetectorFault`."""
        raise DetectorFault("The detector is away.")


def main(arguments: list[str]) -> int:
    """See above; returns the exit status."""
    name, first, count = arguments[0], int(arguments[1]), int(arguments[2])
    cv2.setNumThreads(1)
    clip = wandering(STYLES[name], PICTURES)
    packets = list(clip.packets())
    for seed in range(first, first + count):
        begun = time.process_time()
        frames, failed, raw = watch(clip.parameters, list(damage.mutated(packets, seed)))
        line = {"seed": seed, "frames": frames, "failed": failed, "raw": raw, "mb": most_mb()}
        sys.stdout.write(json.dumps({**line, "s": round(time.process_time() - begun, 2)}) + "\n")
        sys.stdout.flush()
    return 0


def most_mb() -> int:
    """The most memory that this process has held, in MB.

    Not `ru_maxrss`: that one is inherited from the process which started this one.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1000
    return 0


def watch(parameters: Parameters, packets: list[Packet]) -> tuple[int, int, int]:
    """(pictures of the view, packets that failed, pictures shown though nothing was searched)."""
    decoder = Decoder(parameters, max_height=720)
    view = ViewPipeline(Redactor(parameters.width, parameters.height, 25.0, Away()))
    frames = failed = raw = 0
    for packet, known in seal(parameters, packets):
        try:
            check_decodable(known)
            decoded = decoder.decode(packet)
        except BadFormat:
            failed += 1
            continue
        for item in [item for frame in decoded for item in view.push(frame)]:
            frames, raw = frames + 1, raw + (not item.pixelated)
    return frames, failed, raw


def seal(parameters: Parameters, packets: list[Packet]) -> Iterator[tuple[Packet, Parameters]]:
    """The way of originals: time line, segments, files. Gives each packet with its parameters."""
    timeline = Timeline(packets[0].time_base, parameters.codec)
    segmenter = Segmenter(lambda wall: wall // 5000 * 5000 + 5000)
    known, segments = parameters, list[Segment]()
    for old in packets:
        raw = RawPacket(old.data, old.pts, old.is_key, False, None, old.arrival_ms)
        for packet in timeline.push(raw):
            if packet.is_key:
                known = codecs.parameters_from(packet.data, packet.codec) or known
            if packet.discontinuity:
                segments += segmenter.push(Gap(packet.wall_ms, packet.wall_ms, "a jump"))
            segments += segmenter.push(packet, known)
            yield packet, known
    for segment in [*segments, *segmenter.flush()]:
        segment.fmp4()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
