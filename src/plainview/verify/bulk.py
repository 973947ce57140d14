"""The bulk of a log, read by one pattern a kind: canonical form and shape in a single match.

Nearly all entries are the keeper's own, flat, and in plain ASCII. A pattern is made from the shape
in `tlog.shapes`, never by hand, and matches only what `tlog.entries.parse` and `check_shape` take
as well: the names in their order, text without escapes, integers of at most 15 digits. What does
not match is not wrong: `parse` reads it, and says what is wrong where something is.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from typing import NamedTuple

import orjson

from plainview.base.clock import Ms, from_iso
from plainview.errors import BadFormat
from plainview.tlog.shapes import BODY, HEX, ID, NAME, Shape

TEXT = r'"([ !#-\[\]-~]*)"'
INT = r"(0|-?[1-9][0-9]{0,14})"
_TIME = r'"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:)([0-5][0-9])\.([0-9]{3})Z"'
_PAIR = re.sub(r"\((?!\?)", "(?:", f"{TEXT}:(?:{TEXT}|{INT}|true|false|null)")
_FORMS: dict[object, str] = {
    str: TEXT,
    int: INT,
    bool: "(true|false)",
    HEX: '"([0-9a-f]{64})"',
    ID: '"([0-9a-f]{32})"',
    NAME: r'"([!#-\[\]-~]{1,100})"',
    (int, None): f"(?:{INT}|null)",
    dict: rf"(\{{(?:{_PAIR}(?:,{_PAIR})*)?\}})",  # flat; the order of its names is not seen here
}


class BulkEntry(NamedTuple):
    """An entry of a bulk kind; `id` has 16 bytes, `body` its values in the order of their names."""

    kind: str
    time: Ms
    id: bytes
    body: tuple[bytes, ...]


def object_pattern(shape: Shape) -> str:
    """Canonical JSON of an object of this flat shape; a group for each value, in name order."""
    pairs = (f'"{name}":{_FORMS[kind]}' for name, kind in sorted(shape.items()))
    return rf"\{{{','.join(pairs)}\}}"


def _entry_pattern(kind: str) -> re.Pattern[bytes]:
    tail = rf',"id":{_FORMS[ID]},"time":{_TIME},"type":"{kind}","v":1\}}'
    return re.compile(rf'\{{"body":{object_pattern(BODY[kind])}{tail}'.encode())


def _first_name(kind: str) -> bytes:
    return f'{{"body":{{"{min(BODY[kind])}"'.encode()[:_HEAD]


_HEAD = len('{"body":{"act"')
_KINDS = ("act", "gate", "reveal", "roots")
_BY_HEAD = {_first_name(kind): (kind, _entry_pattern(kind)) for kind in _KINDS}


class BulkReader:
    """Reads entries in order; it keeps the last minute met, as most are of the same one."""

    def __init__(self) -> None:
        self._minute, self._began = b"", 0

    def read(self, raw: bytes) -> BulkEntry | None:
        """The entry, or None: `parse` reads it."""
        known = _BY_HEAD.get(raw[:_HEAD])
        match = known[1].fullmatch(raw) if known else None
        if known is None or match is None:
            return None
        values = match.groups()
        ident, minute, seconds, rest = values[-4:]
        if minute != self._minute:
            try:
                began = from_iso(f"{minute.decode()}00.000Z")
            except BadFormat:
                return None
            self._minute, self._began = minute, began
        at = self._began + int(seconds + rest)
        return BulkEntry(known[0], at, unhexlify(ident), values[:-4])


def is_canonical(flat: bytes) -> bool:
    """Whether an object that the pattern let pass has its names in order, each once."""
    return orjson.dumps(orjson.loads(flat), option=orjson.OPT_SORT_KEYS) == flat
