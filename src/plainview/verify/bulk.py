"""The bulk of a log, read by one pattern a kind: canonical form and shape of many in one search.

Nearly all entries are the keeper's own, flat, and in plain ASCII. A pattern is made from the shape
in `tlog.shapes`, never by hand, and matches only what `tlog.entries.parse` and `check_shape` take
as well: the names in their order, text without escapes, integers of at most 15 digits. What does
not match is not wrong: `parse` reads it, and says what is wrong where something is.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import orjson

from plainview.base.clock import Ms, from_iso, to_iso
from plainview.errors import BadFormat
from plainview.tlog.shapes import BODY, HEX, ID, NAME, Maybe, Shape

TEXT = r'"([ !#-\[\]-~]*)"'
INT = r"(0|-?[1-9][0-9]{0,14})"
TIME = r"[0-9T:-]{17}[0-5][0-9]\.[0-9]{3}Z"  # whether there is such a minute, `Minutes` says
_FORMS: dict[object, str] = {
    str: TEXT,
    int: INT,
    bool: "(true|false)",
    HEX: '"([0-9a-f]{64})"',
    ID: '"([0-9a-f]{32})"',
    NAME: r'"([!#-\[\]-~]{1,100})"',
    (int, None): f"(?:{INT}|null)",
}
_KEPT = {
    "act": ("detail_commitment",),
    "gate": ("allowed", "camera", "register"),
    "reveal": ("detail", "of", "salt"),
    "roots": ("cipher_root", "leaves", "minute", "node", "plain_root"),
}
"""The bulk kinds, and what the verifier reads of their bodies, in the order of the names."""


class Rows(NamedTuple):
    """Entries of one kind in a run: where each stands, and its texts.

    These are the values of `_KEPT`, then the submission id, then the time. `null` is empty.
    """

    places: list[int]
    texts: list[tuple[bytes, ...]]


NO_ROWS = Rows([], [])


class Run(NamedTuple):
    """Entries that follow one another, all of bulk kinds; `ids` has 16 bytes for each."""

    size: int
    ids: bytes
    earliest: Ms
    latest: Ms
    rows: dict[str, Rows]


class Minutes:
    """Times as `to_iso` writes them, back to milliseconds; it remembers the minutes met."""

    def __init__(self) -> None:
        self._began: dict[bytes, Ms] = {}

    def moment(self, text: bytes) -> Ms:
        """`text` matched `TIME`. Raises `BadFormat` if there is no such minute."""
        began = self._began.get(text[:_MINUTE])
        if began is None:
            began = from_iso(text[:_MINUTE].decode() + "00.000Z")
            if to_iso(began).encode()[:_MINUTE] != text[:_MINUTE]:
                raise BadFormat(f"{text.decode()} is not a time as the log writes it.")
            if len(self._began) == _MOST_MINUTES:
                self._began.clear()
            self._began[text[:_MINUTE]] = began
        return began + int(text[_MINUTE:-5] + text[-4:-1])

    def bounds(self, texts: list[bytes]) -> tuple[Ms, Ms]:
        """The earliest and the latest; raises `BadFormat` if one of them is no time."""
        for minute in {text[:_MINUTE] for text in texts}:
            self.moment(minute + b"00.000Z")
        return self.moment(min(texts)), self.moment(max(texts))


_MINUTE = len("2026-11-24T21:34:")
_MOST_MINUTES = 10_000


def uncaptured(pattern: str) -> str:
    """The same without its groups."""
    return re.sub(r"\((?!\?)", "(?:", pattern)


_PAIR = uncaptured(f"{TEXT}:(?:{TEXT}|{INT}|true|false|null)")
_FORMS[dict] = rf"(\{{(?:{_PAIR}(?:,{_PAIR})*)?\}})"  # flat; the order of its names is not seen


def _object(shape: Shape, kept: tuple[str, ...]) -> str:
    """Canonical JSON of an object of this flat shape; a group for each value that is kept.

    The first of its names is always there.
    """
    text = ""
    for name, kind in sorted(shape.items()):
        form = _FORMS[kind[0] if isinstance(kind, Maybe) else kind]
        pair = f'{"," if text else ""}"{name}":{form if name in kept else uncaptured(form)}'
        text += f"(?:{pair})?" if isinstance(kind, Maybe) else pair
    return rf"\{{{text}\}}"


def _line(kind: str) -> re.Pattern[bytes]:
    """An entry of this kind that is a whole line; a canonical entry holds no line feed."""
    shape = BODY[kind] | ({"salt": HEX} if kind == "reveal" else {})  # no other salt reveals
    tail = rf',"id":{_FORMS[ID]},"time":"({TIME})","type":"{kind}","v":1\}}'
    return re.compile(rf'^\{{"body":{_object(shape, _KEPT[kind])}{tail}$'.encode(), re.MULTILINE)


_HEAD = len('{"body":{"act"')
_LINES = {kind: _line(kind) for kind in _KEPT}
_BY_HEAD = {f'{{"body":{{"{min(BODY[kind])}"'.encode()[:_HEAD]: kind for kind in _KEPT}


class BulkReader:
    """Finds the runs of bulk entries in what a bundle holds."""

    def __init__(self, minutes: Minutes) -> None:
        self._minutes = minutes

    def runs(self, raws: list[bytes]) -> Iterator[tuple[int, int, Run | None]]:
        """All of `raws` in order: (start, end, run); without a run, `parse` reads them."""
        run = self._run(raws)
        if run is not None:
            yield 0, len(raws), run
            return
        odd = [not _matches(raw) for raw in raws]
        for known, group in groupby(range(len(raws)), odd.__getitem__):
            places = list(group)
            start, end = places[0], places[-1] + 1
            yield start, end, None if known else self._run(raws[start:end])

    def _run(self, raws: list[bytes]) -> Run | None:
        """The run that `raws` are; None if one of them is not of the bulk."""
        kinds = [_BY_HEAD.get(raw[:_HEAD]) for raw in raws]
        rows: dict[str, Rows] = {}
        ids = [b""] * len(raws)
        times: list[bytes] = []
        for kind in set(kinds):
            if kind is None:
                return None
            places = [place for place, found in enumerate(kinds) if found == kind]
            lines = b"\n".join([raws[place] for place in places])
            texts = _LINES[kind].findall(lines)
            # As many lines as entries, and all of them match: each entry is one that matches.
            if not len(texts) == len(places) == lines.count(b"\n") + 1:
                return None
            rows[kind] = Rows(places, texts)
            for place, row in zip(places, texts, strict=True):
                ids[place] = row[-2]
            times += [row[-1] for row in texts]
        try:
            earliest, latest = self._minutes.bounds(times)
        except BadFormat:
            return None
        return Run(len(raws), unhexlify(b"".join(ids)), earliest, latest, rows)


def _matches(raw: bytes) -> bool:
    kind = _BY_HEAD.get(raw[:_HEAD])
    return kind is not None and _LINES[kind].fullmatch(raw) is not None


def is_canonical(flat: Sequence[bytes]) -> bool:
    """Whether objects that the pattern let pass have their names in order, each once."""
    listed = b"[" + b",".join(flat) + b"]"
    return orjson.dumps(orjson.loads(listed), option=orjson.OPT_SORT_KEYS) == listed
