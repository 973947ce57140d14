"""Reading bits from the headers of video streams."""

from __future__ import annotations

from plainview.errors import BadFormat


class Bits:
    """Fixed-length fields and Exp-Golomb codes (ITU-T H.264 clause 9.1). Raises `BadFormat`."""

    def __init__(self, data: bytes, what: str) -> None:
        self._value, self._left = int.from_bytes(data, "big"), len(data) * 8
        self._what = what

    def read(self, count: int) -> int:
        """The next `count` bits as a number."""
        if count > self._left:
            raise BadFormat(f"{self._what} ends too early.")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def ue(self) -> int:
        """An unsigned Exp-Golomb code of at most 32 bits."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise BadFormat(f"{self._what} holds a code that is too long.")
        return (1 << zeros) - 1 + self.read(zeros)

    def se(self) -> int:
        """A signed Exp-Golomb code."""
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -(code // 2)
