"""Segments as cameras give them, for the benches of sealing and opening."""

from __future__ import annotations

import tempfile
from pathlib import Path

from plainview.base.clock import Ms
from plainview.bench.cameras import make_clip
from plainview.ingest.segmenter import MAX_MS, MIN_MS, Segment, Segmenter
from plainview.media.files import VideoFile


def segments(start: Ms, seconds: float) -> list[Segment]:
    """The shortest and the longest segments of a clip of 3 Mbit/s that begins at `start`."""
    with tempfile.TemporaryDirectory(prefix="plainview-bench-") as folder:
        clip = make_clip(Path(folder) / "clip.mp4", seconds)
        with VideoFile(clip, base_ms=start) as file:
            parameters, packets = file.parameters, list(file.packets())
    found: list[Segment] = []
    for span in (MIN_MS, MAX_MS):
        segmenter = Segmenter(lambda at: 2**62, min_ms=span, max_ms=MAX_MS)
        for packet in packets:
            found += segmenter.push(packet, parameters)
        found += segmenter.flush()
    return found
