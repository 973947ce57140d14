"""One camera's recording pipeline in this process, with nobody to ask: for tests of what it takes.

Windows of a few seconds, all sealed to one key that `originals` opens again. Store, pipeline and
redaction are the real ones; the detector is what the test brings.
"""

from __future__ import annotations

import secrets
import struct
import threading
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyrage
from numpy.typing import NDArray

from plainview.base.clock import Ms, now_ms, to_iso
from plainview.base.settings import Settings
from plainview.media.files import read_packets
from plainview.media.packets import Packet, Parameters
from plainview.recorder.gate import Gate
from plainview.recorder.pipeline import OpenDetector, Parts, Pipeline
from plainview.recorder.sources import Address
from plainview.recorder.windows import WindowStock
from plainview.redact.canvas import i420
from plainview.redact.detector import Found, Sought
from plainview.redact.layout import SIZES
from plainview.redact.manners import usual
from plainview.redact.rules import Rules
from plainview.seal.draft import Spec
from plainview.seal.segments import open_segment
from plainview.seal.views import ViewCipher
from plainview.seal.windows import WindowHeader
from plainview.store.index import Segment
from plainview.store.packs import Kind
from plainview.store.records import parse
from plainview.store.store import Store
from plainview.store.tail import Tail
from plainview.store.writer import Writer
from plainview.tlog.history import Version

_MESSAGE = struct.Struct(">BBHQII")
FOREVER: Ms = now_ms() + 10**10
"""Ten days after the test and some."""


def standard(moment: Ms) -> Rules:
    """What is hidden where a record says nothing else."""
    return Rules()


class Open:
    """Register and keeper of a camera that may always record."""

    def may_record(self, camera: str, at: Ms) -> Version:
        """Yes, without end."""
        return Version(1, 1, "active", {"custodian_set": "set-1"}, 0, FOREVER, FOREVER)

    def gate(self, camera: str, allowed: bool, reason: str, register: int | None) -> int:
        """Noted."""
        return 0


@dataclass(frozen=True)
class Original:
    """One segment, opened."""

    row: Segment
    parameters: Parameters
    packets: tuple[Packet, ...]
    fmp4: bytes


class OneCamera:
    """Records from `url` until `close`; several may share a process, each with its own folder."""

    def __init__(
        self, folder: Path, url: str, detector: OpenDetector, *, window_s: int = 5
    ) -> None:
        self.settings = Settings(data=folder, commit_seconds=1, disk_reserve_mb=1)
        self._identity = pyrage.x25519.Identity.generate()
        self._view_key = secrets.token_bytes(32)
        self.store = Store(self.settings)
        self.writer: Writer = self.store.writer()
        self.tail = Tail()
        self.stock = WindowStock("cam-01", 1, horizon_s=120, window_s=window_s)
        gate = Gate("cam-01", Open(), Open(), horizon_s=120)
        gate.refresh(now_ms)
        self._fill()
        parts = Parts(self.settings, gate, self.stock, self.writer, self.tail, detector, standard)
        self.pipeline = Pipeline(Address("cam-01", url), parts)
        self._stop = threading.Event()
        self._filler = threading.Thread(target=self._keep_filled)
        self._filler.start()
        self.pipeline.start()

    def _fill(self) -> None:
        while (wanted := self.stock.wanted(now_ms(), Open().may_record("", 0))) is not None:
            made = [(self._header(spec), self._view_key) for spec in wanted.specs]
            self.stock.put(wanted, made)

    def _keep_filled(self) -> None:
        while not self._stop.wait(0.1):
            self._fill()
            self.pipeline.tend()

    def _header(self, spec: Spec) -> WindowHeader:
        record = {
            "window": str(spec.id), "camera": spec.camera, "start": to_iso(spec.start),
            "end": to_iso(spec.end), "epoch": spec.epoch, "counter": spec.counter,
            "pk": str(self._identity.to_public()), "k": 2, "n": 3, "set": "set-1", "shares": [],
            "class": "short", "period": "p", "shred": to_iso(spec.end), "register": 1,
        }  # fmt: skip
        return WindowHeader.from_dict(
            {"record": record, "shares": [], "wrapped_e": "", "wrapped_view": "", "entry": 1}
        )

    def close(self) -> None:
        """Stop, seal what is in hand, and close the store."""
        self.stop()
        self.store.close()

    def stop(self) -> None:
        """Stop recording; what was recorded can still be read."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._filler.join()
        self.pipeline.stop()
        self.pipeline.join()
        self.writer.close()

    def rows(self, kind: Kind) -> list[Segment]:
        """All acknowledged segments."""
        return self.store.segments(kind, "cam-01", 0, FOREVER)

    def originals(self) -> list[Original]:
        """All acknowledged originals, opened."""
        found = []
        for row in self.rows(Kind.ORIGINALS):
            fmp4, _ = open_segment(str(self._identity), self.store.read(row))
            parameters, packets = read_packets(fmp4, base_ms=row.start_ms)
            found.append(Original(row, parameters, tuple(packets), fmp4))
        return found

    def frames(self) -> list[ViewFrame]:
        """The whole stored view, in order."""
        return [frame for row in self.rows(Kind.VIEWS) for frame in self._view(row)]

    def _view(self, row: Segment) -> list[ViewFrame]:
        cipher = ViewCipher(self._view_key, row.window)
        records = parse(self.store.read(row))
        opened = [cipher.open(record.number, "frame", record.ciphertext) for record in records]
        return [view_frame(one) for one in opened]


@dataclass(frozen=True)
class ViewFrame:
    """A frame message of the view (docs/design/interfaces.md)."""

    flags: int
    wall_ms: Ms
    duration_ms: Ms
    sequence: int
    annexb: bytes


def view_frame(message: bytes) -> ViewFrame:
    """A decrypted frame message, read."""
    _, flags, _, wall, duration, sequence = _MESSAGE.unpack_from(message)
    return ViewFrame(flags, wall, duration, sequence, message[_MESSAGE.size :])


_STRIP, _MARGIN = 184, 16
"""Rows at the bottom of a whole sheet; columns beside the known thing on one for parts."""


class KnownThingsOnly:
    """A quick detector that finds the known thing, where it may be, and nothing else."""

    def __init__(self) -> None:
        self._known = {manner.sought: _halved(i420(manner.known)[0]) for manner in usual()}

    def search(self, picture: NDArray[np.uint8], sought: Sought = Sought.FACES) -> Found:
        """See `Detector.search`."""
        known = self._known[sought]
        rows, columns = picture.shape[0] * 2 // 3, picture.shape[1]
        corners = [(0, rows - _STRIP)]
        if rows <= SIZES[-1][0]:  # no strip below the frame
            corners.append((columns - 2 * known.shape[1] - _MARGIN, 0))
        _, left, top = min(
            _best(picture[top:rows, left:], known, left, top) for left, top in corners
        )
        box = np.array([[left, top, 2 * known.shape[1], 2 * known.shape[0]]], np.float32)
        return Found.of(box, np.array([0.99], np.float32))

    def close(self) -> None:
        """Nothing to free."""
        return


def _best(
    part: NDArray[np.uint8], known: NDArray[np.uint8], left: int, top: int
) -> tuple[float, int, int]:
    """How unlike the known thing the likest place of a part is, and where that is."""
    halved = _halved(part)  # exact, as known things stand at even places, and 16 times quicker
    unlike, _, (right, down), _ = cv2.minMaxLoc(cv2.matchTemplate(halved, known, cv2.TM_SQDIFF))
    return unlike, left + 2 * right, top + 2 * down


def _halved(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    size = (picture.shape[1] // 2, picture.shape[0] // 2)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
