"""A recorder without redaction, in a process of its own: what `bench ingest` measures.

    python -m plainview.bench.recording FOLDER ADDRESS ...

Reading threads, windows, sealing, store and group commits are the recorder's own
(`plainview.recorder.reading`); packets are not handed on to redaction, which is measured by
itself. Says `ready` when every camera has sent a picture, ends when its input ends, and then says
what it did as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from plainview.base import journal
from plainview.base.clock import DAY_MS, now_ms
from plainview.base.settings import Settings
from plainview.bench.windows import Answers, gate_of, stock_of
from plainview.ingest.session import Gap
from plainview.media.packets import Packet, Parameters
from plainview.recorder.reading import Reading
from plainview.recorder.sources import Address
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.store.writer import Writer


@dataclass
class Recorded:
    """One camera of the bench."""

    reading: Reading
    began: float = 0.0
    opened: threading.Event = field(default_factory=threading.Event)
    open_ms: float = 0.0
    gaps: int = 0

    def seen(self, item: Packet | Gap) -> None:
        """Stands where redaction would."""
        if isinstance(item, Gap):
            self.gaps += 1
        elif not self.opened.is_set():
            self.open_ms = (time.monotonic() - self.began) * 1000
            self.opened.set()

    def run(self) -> None:
        """The camera's thread."""
        self.began = time.monotonic()
        try:
            self.reading.run()
        finally:
            self.reading.close()


def record(folder: Path, addresses: list[str]) -> None:
    """Record until the input ends."""
    settings = Settings(data=folder, disk_reserve_mb=1)
    answers = Answers()
    with Store(settings) as store:
        with store.writer() as writer:
            cameras = [_camera(n, url, answers, writer) for n, url in enumerate(addresses)]
            threads = [threading.Thread(target=one.run) for one in cameras]
            for thread in threads:
                thread.start()
            for one in cameras:
                one.opened.wait()
            print("ready", flush=True)  # noqa: T201 - this is what the parent waits for
            sys.stdin.read()
            for one in cameras:
                one.reading.stop()
            for thread in threads:
                thread.join()
        stored = [_stored(store, f"cam-{n:02}") for n in range(len(cameras))]
    said = {"stored_ms": stored, "gaps": [one.gaps for one in cameras]}
    print(json.dumps({**said, "open_ms": [one.open_ms for one in cameras]}))  # noqa: T201


def _camera(number: int, url: str, answers: Answers, writer: Writer) -> Recorded:
    name = f"cam-{number:02}"

    def hand_on(item: Packet | Gap, parameters: Parameters | None) -> None:
        one.seen(item)

    stock = stock_of(name, answers)
    one = Recorded(
        Reading(Address(name, url), gate_of(name), stock, writer, hand_on, watched=lambda: False)
    )
    return one


def _stored(store: Store, camera: str) -> int:
    """Milliseconds of video that were acknowledged."""
    found = store.segments(Kind.ORIGINALS, camera, 0, now_ms() + DAY_MS)
    return sum(segment.end_ms - segment.start_ms for segment in found)


if __name__ == "__main__":
    journal.configure()
    record(Path(sys.argv[1]), sys.argv[2:])
