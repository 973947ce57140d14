"""The quick reading of bulk entries and leaves says what the plain one says, of good and of bad."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

from plainview.base.clock import to_iso
from plainview.errors import Invalid, NotFound
from plainview.testing.city import SALT, City
from plainview.tlog import leaves
from plainview.tlog.entries import canonical, commit, parse
from plainview.tlog.shapes import BODY, check_shape
from plainview.verify import leaves as leaf_reading
from plainview.verify.bulk import _KEPT, BulkReader, Minutes, Run
from plainview.verify.ids import SubmissionIds
from plainview.verify.leaves import LeafReader
from plainview.verify.ledger import Ledger
from plainview.verify.report import Report

ROUNDS = 20_000 if os.environ.get("PLAINVIEW_BARS") == "1" else 400
BULK = ("act", "gate", "reveal", "roots")


def busy_city() -> City:
    """A story, and then some of every bulk kind."""
    city = City()
    city.story()
    camera = next(iter(city.history.cameras))
    known = city.history.cameras[camera][-1].index
    for number in range(12):
        detail = {"camera": camera, "to": None, "from": to_iso(city.now), "n": number}
        said = city.keep(
            "act", actor=f"a-{number}", role="operator", act="live",
            detail_commitment=commit(detail, SALT),
        )  # fmt: skip
        city.keep("reveal", of=said, detail=detail, salt=SALT.hex())
        city.keep("gate", camera=camera, allowed=number % 2 == 0, reason="x", register=known)
        city.pass_time(1)
    city.keep("gate", camera=camera, allowed=False, reason="none", register=None)
    return city


CITY = busy_city()
CHANGES: list[Callable[[random.Random, Any], Any]] = [
    lambda chance, value: chance.randrange(-3, 60),
    lambda chance, value: chance.choice(["", "x", "0" * 64, "A" * 64, "a b", "š", "\\", '"', "\n"]),
    lambda chance, value: chance.choice([None, True, False, [], {}, {"a": {"b": 1}}, 2**53 - 1]),
    lambda chance, value: value[:-1] if isinstance(value, str) else value,
    lambda chance, value: value.swapcase() if isinstance(value, str) else value,
]


def change(chance: random.Random, raw: bytes) -> bytes:
    """Another entry: one value changed, or removed or added, or one byte."""
    document = json.loads(raw)
    place = chance.choice([document, document["body"], document["body"].get("detail")]) or document
    name = chance.choice(sorted(place))
    match chance.randrange(8):
        case 0:
            del place[name]
        case 1:
            place[f"{name}2"] = place[name]
        case 2:
            at = chance.randrange(len(raw))
            return raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
        case 3:
            at = chance.randrange(len(raw))
            return raw[:at] + raw[at + 1 :]
        case _:
            place[name] = chance.choice(CHANGES)(chance, place[name])
    return canonical(document)


def read(*raws: bytes) -> Run | None:
    """The run that all of these make up."""
    return BulkReader(Minutes())._run(list(raws))


def test_most_of_a_log_is_read_quickly() -> None:
    kinds = {kind for raw in CITY.raws if (run := read(raw)) for kind in run.rows}
    assert kinds == set(BULK)


def test_what_is_read_quickly_is_what_parse_reads() -> None:
    chance, quick = random.Random(1), 0  # noqa: S311 - the same each time
    good = [raw for raw in CITY.raws if read(raw)]
    for _ in range(ROUNDS):
        raw = change(chance, chance.choice(good))
        run = read(raw)
        if run is None:
            continue
        ((kind, rows),) = run.rows.items()
        *said, ident, time = rows.texts[0]
        if kind == "reveal":
            raw = raw.replace(said[0], b'{"a":1}')  # the ledger looks at the detail itself
        entry = parse(raw)
        check_shape(entry.body, BODY[entry.type], entry.type)
        assert (kind, run.earliest, run.latest) == (entry.type, entry.time, entry.time)
        assert (ident.decode(), run.ids.hex(), time.decode()) == (
            entry.id, entry.id, to_iso(entry.time),
        )  # fmt: skip
        quick += 1
        for name, value in zip(_KEPT[kind], said, strict=True):
            assert name == "detail" or value.decode() == plain(entry.body[name])
    assert quick > ROUNDS // 20


def plain(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
    return str(value)


def test_entries_are_not_read_as_their_neighbours_parts() -> None:
    """Line feeds within entries, so that there are as many matches as entries."""
    good = [raw for raw in CITY.raws if (run := read(raw)) and "act" in run.rows][:2]
    assert read(*good)
    assert read(b"\n".join(good), good[0][:20]) is None
    assert read(good[0] + b"\n", good[1]) is None
    assert read(good[0] + good[1]) is None
    assert read(good[0], b"") is None
    runs = BulkReader(Minutes()).runs([good[0], b"\n".join(good), good[1], b"x", b""])
    assert [(start, end, run is None) for start, end, run in runs] == [
        (0, 1, False), (1, 2, True), (2, 3, False), (3, 5, True),
    ]  # fmt: skip


class Slow(BulkReader):
    """Leaves everything to `parse`."""

    def runs(self, raws: list[bytes]) -> Iterator[tuple[int, int, Run | None]]:
        yield 0, len(raws), None


def fetch(name: str) -> bytes:
    if name not in CITY.leaves:
        raise NotFound(f"the log has no file {name}.")
    return CITY.leaves[name]


def judged(raws: list[bytes], how: type[BulkReader], cut: int = 256) -> dict[str, Any]:
    """All that is found in bundles of `cut`, and what is remembered of the log."""
    report = Report("The log")
    ledger = Ledger(report, fetch)
    ledger._bulk = how(Minutes())
    for first in range(0, len(raws), cut):
        ledger.take(first, raws[first : first + cut])
    ledger.close(CITY.now + 10**9)
    return {
        "findings": [(f.code, f.where, f.message) for f in report.findings],
        "notes": report.notes,
        "counts": ledger.counts,
        "recorded": ledger.recorded.cameras,
        "collected": ledger.recorded._collected,
        "acts": ledger._acts.hidden,
        "clock": ledger.history.clock,
        "size": ledger.history.size,
        "ids": ledger._ids._ids,
    }


def test_a_spoilt_log_is_judged_the_same_both_ways() -> None:
    chance = random.Random(2)  # noqa: S311 - the same each time
    assert judged(CITY.raws, BulkReader) == judged(CITY.raws, Slow)
    for _ in range(max(10, ROUNDS // 20)):
        raws = list(CITY.raws)
        for _ in range(3):
            at = chance.randrange(len(raws))
            match chance.randrange(4):
                case 0:
                    raws[at] = raws[chance.randrange(len(raws))]  # another one's place
                case 1:
                    raws.insert(at, raws[at])
                case _:
                    raws[at] = change(chance, raws[at])
        assert judged(raws, BulkReader, chance.choice((3, 17, 256))) == judged(raws, Slow)


def test_spoilt_leaves_are_judged_the_same_both_ways() -> None:
    chance = random.Random(3)  # noqa: S311 - the same each time
    entries = [entry for raw in CITY.raws if (entry := parse(raw)).type == "roots"]
    reader, right = LeafReader(), 0
    for _ in range(ROUNDS):
        entry = chance.choice(entries)
        raw = CITY.leaves[leaves.path(entry.id)]
        body = dict(entry.body)
        listed = json.loads(raw)
        if chance.random() < 0.5:
            leaf = chance.choice(listed)
            name = chance.choice(sorted(leaf))
            leaf[name] = chance.choice(CHANGES)(chance, leaf[name])
            raw = canonical(listed)
            if chance.random() < 0.5:  # as if that had been logged
                body["cipher_root"], body["plain_root"] = leaves.roots(listed)
        elif chance.random() < 0.8:
            at = chance.randrange(len(raw))
            raw = raw[:at] + bytes([raw[at] ^ (1 << chance.randrange(8))]) + raw[at + 1 :]
        answers: list[Any] = []
        for read_leaves in (reader.read, leaf_reading._read_plainly):
            try:
                answers.append(read_leaves(raw, body))
            except Invalid as error:
                answers.append((type(error), error.message))
        assert answers[0] == answers[1]
        right += isinstance(answers[0], list)
    assert right > ROUNDS // 20


def test_ids_that_were_there_before_are_found() -> None:
    chance, ids, seen, again = random.Random(4), SubmissionIds(), set(), []  # noqa: S311
    for index in range(3_000):
        ident = chance.randrange(2_000).to_bytes(16, chance.choice(("big", "little")))
        if chance.random() < 0.1:
            ids.add_none(index)
            continue
        again += [index] * (ident in seen)
        seen.add(ident)
        ids.add(ident)
    assert list(ids.repeated()) == again
    assert list(SubmissionIds().repeated()) == []
