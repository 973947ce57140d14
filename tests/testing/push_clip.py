"""Pushes a clip to an address with PyAV (ANNOUNCE, RECORD) at four times its speed.

    python push_clip.py FILE.mp4 URL

A process of its own: PyAV keeps the interpreter's lock while it waits for the server.
"""

from __future__ import annotations

import sys
import time

import av


def main(path: str, url: str) -> None:
    with av.open(path, "r") as source:
        target = av.open(url, "w", format="rtsp", options={"rtsp_transport": "tcp"}, timeout=10)
        with target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for number, packet in enumerate(source.demux(video=0)):
                if packet.size:
                    packet.stream = stream
                    target.mux_one(packet)
                time.sleep(1.0 if number == 1 else 0.01)
            time.sleep(0.3)


main(*sys.argv[1:])
