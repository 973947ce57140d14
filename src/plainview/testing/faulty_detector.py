"""A real detector process that fails as asked: killed, hung, or with answers that are wrong.

A relay stands between the recorder and the process and changes answers on their way. The product
knows nothing of it.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainview.redact import wire
from plainview.redact.host import DetectorHost

_HEAD = 5
"""Bytes of an answer before its rows: id and status."""
Rows = NDArray[np.float32]


def _garbage(data: bytes, _before: bytes) -> bytes:
    return b"\xff" * 3


def _changed(change: Callable[[Rows], Rows]) -> Callable[[bytes, bytes], bytes]:
    def answer(data: bytes, _before: bytes) -> bytes:
        rows = np.frombuffer(data[_HEAD:], "<f4").reshape(-1, 6).copy()
        return data[:_HEAD] + change(rows).astype("<f4").tobytes()

    return answer


def _shift(rows: Rows) -> Rows:
    rows[:, :2] += 60
    return rows


def _not_a_number(rows: Rows) -> Rows:
    rows[:, :5] = np.nan
    return rows


def _inside_out(rows: Rows) -> Rows:
    rows[:, 2:4] *= -1
    return rows


ANSWERS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "empty": _changed(lambda rows: rows[:0]),
    "nan": _changed(_not_a_number),
    "wrong shape": lambda data, _before: data + bytes(7),
    "old": lambda data, before: data[:_HEAD] + before[_HEAD:],
    "shifted": _changed(_shift),
    "inside out": _changed(_inside_out),
    "fault": lambda data, _before: data[:4] + b"\x01the detector failed on purpose",
    "garbage": _garbage,
}
"""What may become of an answer; the second argument is the answer before it."""

KINDS = ("killed", "hung", *ANSWERS)


class FaultyHost(DetectorHost):
    """`fail` says what goes wrong next; in between it works as any host does."""

    def __init__(self, **given: Any) -> None:
        self._wanted: list[str] = []
        self._relay_lock = threading.Lock()
        self.failed = 0
        super().__init__(**given)

    def fail(self, kind: str) -> None:
        """Let the process, or its next answer, fail."""
        if kind in ANSWERS:
            with self._relay_lock:
                self._wanted.append(kind)
            return
        pid = self.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if kind == "killed" else signal.SIGSTOP)
            self.failed += 1

    def _start(self) -> socket.socket:
        self._pause = self._first_pause  # hundreds of faults must not be waited for ever longer
        real = super()._start()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        threading.Thread(target=self._relay, args=(theirs, real), daemon=True).start()
        return ours

    def _relay(self, near: socket.socket, far: socket.socket) -> None:
        with near, far:
            back = threading.Thread(target=_pump, args=(far, near, self._change), daemon=True)
            back.start()
            _pump(near, far, _same)
            back.join()

    def _change(self, data: bytes, before: bytes) -> bytes:
        if len(data) < _HEAD or struct.unpack_from("<I", data)[0] == wire.HELLO or not before:
            return data
        with self._relay_lock:
            kind = self._wanted.pop(0) if self._wanted else ""
        if not kind:
            return data
        self.failed += 1
        return ANSWERS[kind](data, before)


def _same(data: bytes, _before: bytes) -> bytes:
    return data


def _pump(
    source: socket.socket, sink: socket.socket, change: Callable[[bytes, bytes], bytes]
) -> None:
    before = b""
    with suppress(OSError):
        while data := source.recv(wire.MOST_BYTES):
            sink.send(change(data, before))
            before = data
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
