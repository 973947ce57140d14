"""The detector's process:
`python -m plainview.redact.worker SOCKET MEMORY SLOTS THREADS ENGINE [prepared]`.

It runs nothing but the networks, for all cameras of one recorder, and may be killed at any moment:
the recorder then withholds pictures (`host`). It has no network, writes no file, leaves no core
dump (its memory holds pictures of people), and ends when the recorder does.
"""

from __future__ import annotations

import mmap
import os
import resource
import signal
import socket
import sys
import threading
from queue import SimpleQueue

import cv2
import numpy as np

from plainview.errors import DetectorFault
from plainview.redact import airgap, manners, wire
from plainview.redact.detector import Detector
from plainview.redact.engine import Engine
from plainview.redact.local import LocalDetector, load_all

PREPARED = "prepared"


def main(arguments: list[str]) -> int:
    """Serve until the recorder closes its end; returns the exit status.

    Raises `WeightsMissing`, before it says that it is ready, if any model is not the checked one.
    """
    handle, memory, slots, threads = (int(argument) for argument in arguments[:4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the host decides
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    airgap.forbid_network()
    cv2.setNumThreads(1)
    detector = LocalDetector(load_all(), threads, Engine(arguments[4]))
    with (
        socket.socket(fileno=handle) as line,
        mmap.mmap(memory, slots * wire.SLOT_BYTES, prot=mmap.PROT_READ) as pictures,
    ):
        os.close(memory)
        serve(line, pictures, detector, threads, prepared=PREPARED in arguments[5:])
    return 0


def serve(
    line: socket.socket, pictures: mmap.mmap, detector: LocalDetector, threads: int, *,
    prepared: bool = False,
) -> None:  # fmt: skip
    """Answer requests on `threads` threads, each search on one.

    The first search of a shape compiles the network for it, on a thread of its own, so that a new
    camera does not make the others wait.
    """

    def work(waiting: SimpleQueue[wire.Request]) -> None:
        while True:
            line.send(answer(detector, waiting.get(), pictures))

    known: SimpleQueue[wire.Request] = SimpleQueue()
    new: SimpleQueue[wire.Request] = SimpleQueue()
    for queue in [known] * threads + [new]:
        threading.Thread(target=work, args=(queue,), daemon=True).start()
    line.send(wire.pack_fault(wire.HELLO, "ready"))
    if prepared:
        threading.Thread(target=prepare, args=(detector,), daemon=True).start()
    while data := line.recv(wire.MOST_BYTES):
        request = wire.Request.unpack(data)
        ready = detector.ready(request.sought, request.rows, request.columns)
        (known if ready else new).put(request)


def prepare(detector: LocalDetector) -> None:
    """Compile what nearly every camera needs, while the first one still connects."""
    for sought, rows, columns in manners.shapes():
        if not detector.ready(sought, rows, columns):
            detector.search(np.full((rows * 3 // 2, columns), 128, np.uint8), sought)


def answer(detector: Detector, request: wire.Request, pictures: mmap.mmap) -> bytes:
    """The message for one request."""
    try:
        picture = np.frombuffer(
            pictures, np.uint8, request.picture_bytes, request.slot * wire.SLOT_BYTES
        ).reshape(request.rows * 3 // 2, request.columns)
        found = detector.search(picture, request.sought)
    except (DetectorFault, cv2.error, KeyError, RuntimeError, ValueError) as error:
        return wire.pack_fault(request.id, f"{type(error).__name__}: {error}")
    return wire.pack_found(request.id, found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
