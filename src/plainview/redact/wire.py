"""What the recorder and its detector's process say to each other.

A SOCK_SEQPACKET pair carries the messages, a shared memory file without a name the pictures. One
slot of it belongs to one camera. Request: id, slot, rows, columns, what is sought. Answer: id,
status, then n x 6 float32 (left, top, width, height, score, kind) or the reason of a fault as text.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from plainview.errors import DetectorFault
from plainview.redact.detector import MOST_BOXES, Found, Kind, Sought

SLOT_BYTES = 4 << 20
"""Room for one picture of I420 layout, up to 1920 x 1456."""
HELLO = 0
"""The id of the message that says the detector's process is ready."""
_ROW = 24
MOST_BYTES = 64 + MOST_BOXES * _ROW

_REQUEST = struct.Struct("<IIIII")
_ANSWER = struct.Struct("<IB")
_OK, _FAULT = 0, 1


@dataclass(frozen=True, slots=True)
class Request:
    """Search the picture of `rows` luma rows x `columns` in `slot`."""

    id: int
    slot: int
    rows: int
    columns: int
    sought: Sought

    def pack(self) -> bytes:
        return _REQUEST.pack(self.id, self.slot, self.rows, self.columns, self.sought)

    @classmethod
    def unpack(cls, data: bytes) -> Request:
        request, slot, rows, columns, sought = _REQUEST.unpack(data)
        return cls(request, slot, rows, columns, Sought(sought))

    @property
    def picture_bytes(self) -> int:
        return self.rows * self.columns * 3 // 2


def pack_found(request: int, found: Found) -> bytes:
    """The answer with what was found."""
    rows = np.column_stack([found.boxes, found.scores, found.kinds]).astype("<f4")
    return _ANSWER.pack(request, _OK) + rows.tobytes()


def pack_fault(request: int, reason: str) -> bytes:
    """The answer of a search that failed."""
    return _ANSWER.pack(request, _FAULT) + reason.encode()[:200]


def unpack_answer(data: bytes) -> tuple[int, Found | DetectorFault]:
    """The request's id and its result. Raises `DetectorFault` if the message makes no sense."""
    if len(data) < _ANSWER.size:
        raise DetectorFault("The detector's answer is too short.")
    request, status = _ANSWER.unpack_from(data)
    rest = data[_ANSWER.size :]
    if status != _OK:
        return request, DetectorFault(rest.decode("utf-8", "replace"))
    if len(rest) % _ROW:
        raise DetectorFault("The detector's answer has the wrong length.")
    rows = np.frombuffer(rest, "<f4").reshape(-1, 6).astype(np.float32)
    if not np.isin(rows[:, 5], list(Kind)).all():
        return request, DetectorFault("The detector's answer has boxes of an unknown kind.")
    return request, Found(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.uint8))
