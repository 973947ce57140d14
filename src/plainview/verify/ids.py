"""Every submission id of a log, in 16 bytes each, so that a month of a city fits into memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from plainview.base.ids import sha256_hex

_BYTES = 16


class SubmissionIds:
    """Ids in the order of the log; `repeated` finds those that were there before."""

    def __init__(self) -> None:
        self._ids = bytearray()

    def add(self, ident: bytes) -> None:
        """The next entry's id, 16 bytes; or those of the next entries, one after the other."""
        self._ids += ident

    def add_none(self, index: int) -> None:
        """The next entry, `index`, is none, and repeats nothing."""
        self._ids += bytes.fromhex(sha256_hex(f"no entry {index}".encode())[: 2 * _BYTES])

    def repeated(self) -> Iterator[int]:
        """Indices of the entries whose id another entry before them has, in ascending order."""
        ids = np.frombuffer(self._ids, dtype="<u8").reshape(-1, 2)
        order = np.lexsort((ids[:, 1], ids[:, 0]))  # equal ids side by side, in the log's order
        same = np.all(ids[order[1:]] == ids[order[:-1]], axis=1)
        yield from sorted(int(index) for index in order[1:][same])
