"""Acts that wait for their reveal: what each committed to, by its index."""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from plainview.base.clock import Ms, to_iso
from plainview.errors import PlainviewError
from plainview.tlog.entries import commit
from plainview.verify.bulk import NO_ROWS, Rows, is_canonical


class Acts:
    """Hidden acts of one log. Times are as the log writes them, and compare as such."""

    def __init__(self) -> None:
        self.hidden: dict[int, tuple[bytes, bytes]] = {}

    def add(self, index: int, time: Ms, commitment: str) -> None:
        """An act; `commitment` is the hex of its detail's."""
        self.hidden[index] = to_iso(time).encode(), commitment.encode()

    def reveal(self, body: Mapping[str, Any]) -> str:
        """A reveal that names an earlier entry; what is wrong with it, empty if nothing is."""
        known = self.hidden.pop(body["of"], None)
        if known is None:
            return "it reveals no act, or one twice."
        try:
            shown = commit(body["detail"], bytes.fromhex(body["salt"]))
        except (PlainviewError, ValueError):
            shown = ""
        return "" if shown.encode() == known[1] else "it is not what was committed to."

    def take(self, first: int, acts: Rows = NO_ROWS, reveals: Rows = NO_ROWS) -> bool:
        """All acts and reveals of the run that begins at `first`.

        False, with nothing changed, if one of the reveals would be refused.
        """
        made = [first + place for place in acts.places]
        self.hidden.update(
            zip(made, [(time, committed) for committed, _, time in acts.texts], strict=True)
        )
        if reveals.places and not self._reveal_all(first, reveals):
            for index in made:
                del self.hidden[index]
            return False
        return True

    def _reveal_all(self, first: int, reveals: Rows) -> bool:
        details, ofs, salts, _, _ = zip(*reveals.texts, strict=True)
        of = list(map(int, ofs))
        known = [self.hidden[index][1] for index in of if index in self.hidden]
        if len(known) < len(of) or len(set(of)) < len(of) or not is_canonical(details):
            return False
        if any(index >= first + place for index, place in zip(of, reveals.places, strict=True)):
            return False  # an act that comes after its reveal
        shown = [
            sha256(unhexlify(salt) + detail).digest()
            for salt, detail in zip(salts, details, strict=True)
        ]
        if b"".join(shown) != unhexlify(b"".join(known)):
            return False
        for index in of:
            del self.hidden[index]
        return True

    def logged_before(self, time: Ms) -> int:
        """How many were logged before `time` and are not revealed."""
        limit = to_iso(time).encode()
        return sum(since < limit for since, _ in self.hidden.values())
