"""What the reading thread of a camera does: read, ask the gate, seal the original, hand it on.

What must not be lost is done here, before anything that may be withheld: each item goes to the
originals first, then to `hand_on` (the redacting thread).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from plainview.base.clock import Clock, Ms, now_ms
from plainview.errors import GateClosed, PlainviewError
from plainview.ingest.health import Health
from plainview.ingest.session import Gap, Source
from plainview.media.packets import Packet, Parameters
from plainview.recorder.gate import Gate
from plainview.recorder.originals import Originals
from plainview.recorder.sources import Address
from plainview.recorder.windows import WindowStock
from plainview.store.writer import Writer

log = structlog.get_logger()
HandOn = Callable[[Packet | Gap, Parameters | None], None]
"""Takes every item after its original is safe; must not wait."""


class Reading:
    """`run` and `close` belong to one thread; `stop` and what it says of itself to any."""

    def __init__(
        self, address: Address, gate: Gate, stock: WindowStock, writer: Writer, hand_on: HandOn,
        *, watched: Callable[[], bool], clock: Clock = now_ms,
    ) -> None:  # fmt: skip
        """`watched` tells, at any time, whether somebody sees this camera live."""
        self._camera = address.camera
        self._gate, self._hand_on, self._clock = gate, hand_on, clock
        self._source = Source(address.url, address.access, clock=clock, watched=watched)
        self._originals = Originals(stock, writer)
        self._stop = threading.Event()
        self._trouble = ""
        self.ended = ""
        """Why the gate ended it."""

    @property
    def health(self) -> Health:
        """What the connection is doing."""
        return self._source.health

    @property
    def trouble(self) -> str:
        """Why the latest item was not recorded, or not stored; empty when it was."""
        return self._trouble or self._originals.trouble

    @property
    def last_ms(self) -> Ms:
        """Until when originals were handed to the store; 0 before the first."""
        return self._originals.last_ms

    @property
    def stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stop.set()
        self._source.stop()

    def run(self) -> None:
        """Record until `stop`, or until the gate closes."""
        try:
            for item in self._source.items():
                if self._stop.is_set():
                    break
                self._gate.check(self._clock())
                self._item(item)
        except GateClosed as error:
            self.ended = error.message
            log.warning("recording_stopped", camera=self._camera, reason=error.message)
        finally:
            self._source.stop()

    def close(self) -> None:
        """Seal what is in hand, after `run` has ended."""
        try:
            self._originals.close()
        except PlainviewError as error:
            log.error("not_recorded", camera=self._camera, reason=error.message)

    def _item(self, item: Packet | Gap) -> None:
        """Original first. What cannot be stored is a gap, and is said once.

        After a refusal only a key frame makes all well again: frames before it need what is lost,
        and those that are sent out of order may still fall into a window that ends.
        """
        parameters = self._source.parameters if isinstance(item, Packet) else None
        try:
            self._originals.push(item, parameters)
            if isinstance(item, Packet) and item.is_key:
                self._trouble = ""
        except GateClosed:
            raise
        except PlainviewError as error:
            if not self._trouble:
                log.error("not_recorded", camera=self._camera, reason=error.message)
            self._trouble = error.message
        self._hand_on(item, parameters)
