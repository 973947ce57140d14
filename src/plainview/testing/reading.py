"""Reading a source on a thread of its own, as a recorder does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from plainview.ingest.session import Gap, Source
from plainview.media.packets import Packet


class Reader:
    """Reads until it is stopped; keeps everything."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.items: list[Packet | Gap] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        for item in self.source.items():
            self.items.append(item)

    @property
    def gaps(self) -> list[Gap]:
        """All gaps so far."""
        return [item for item in list(self.items) if isinstance(item, Gap)]

    @property
    def packets(self) -> list[Packet]:
        """All packets so far."""
        return [item for item in list(self.items) if isinstance(item, Packet)]

    def until(self, holds: Callable[[], bool], seconds: float = 15.0) -> None:
        """Wait until it `holds`. Raises `TimeoutError` with the source's health."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(self.source.health)
            time.sleep(0.01)

    def stop(self) -> None:
        """End it. Raises `TimeoutError` if it does not end."""
        self.source.stop()
        self._thread.join(10)
        if self._thread.is_alive() or self.source.health.state != "stopped":
            raise TimeoutError(self.source.health)
