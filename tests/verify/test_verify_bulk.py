"""The quick reading of bulk entries and leaves says what the plain one says, of good and of bad."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from plainview.base.clock import to_iso
from plainview.errors import Invalid, NotFound
from plainview.testing.city import SALT, City
from plainview.tlog import leaves
from plainview.tlog.entries import canonical, commit, parse
from plainview.tlog.shapes import BODY, check_shape
from plainview.verify import leaves as leaf_reading
from plainview.verify.bulk import BulkEntry, BulkReader
from plainview.verify.ids import SubmissionIds
from plainview.verify.leaves import read_leaves
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


def test_most_of_a_log_is_read_quickly() -> None:
    read = BulkReader().read
    kinds = {entry.kind for raw in CITY.raws if (entry := read(raw))}
    assert kinds == set(BULK)


def test_what_is_read_quickly_is_what_parse_reads() -> None:
    chance, reader, quick = random.Random(1), BulkReader(), 0  # noqa: S311 - the same each time
    good = [raw for raw in CITY.raws if BulkReader().read(raw)]
    for _ in range(ROUNDS):
        raw = change(chance, chance.choice(good))
        found = reader.read(raw)
        if found is None:
            continue
        if found.kind == "reveal":
            raw = raw.replace(found.body[0], b'{"a":1}')  # the ledger looks at the detail itself
        entry = parse(raw)
        check_shape(entry.body, BODY[entry.type], entry.type)
        assert (found.kind, found.time) == (entry.type, entry.time)
        assert found.id.hex() == entry.id
        quick += 1
        for name, value in zip(sorted(entry.body), found.body, strict=True):
            assert name == "detail" or plain(value) == plain(entry.body[name])
    assert quick > ROUNDS // 20


def plain(value: object) -> str:
    match value:
        case bytes():
            return value.decode()
        case bool():
            return "true" if value else "false"
    return str(value)


class Slow(BulkReader):
    """Leaves everything to `parse`."""

    def read(self, raw: bytes) -> BulkEntry | None:
        return None


def fetch(name: str) -> bytes:
    if name not in CITY.leaves:
        raise NotFound(f"the log has no file {name}.")
    return CITY.leaves[name]


def judged(raws: list[bytes], reader: BulkReader) -> dict[str, Any]:
    report = Report("The log")
    ledger = Ledger(report, fetch)
    ledger._bulk = reader
    for index, raw in enumerate(raws):
        ledger.take(index, raw)
    ledger.close(CITY.now + 10**9)
    return {
        "findings": sorted((f.code, f.where, f.message) for f in report.findings),
        "notes": report.notes,
        "counts": ledger.counts,
        "recorded": ledger.recorded,
        "acts": ledger._acts,
        "clock": ledger.history.clock,
        "size": ledger.history.size,
        "ids": ledger._ids._ids,
    }


def test_a_spoilt_log_is_judged_the_same_both_ways() -> None:
    chance = random.Random(2)  # noqa: S311 - the same each time
    assert judged(CITY.raws, BulkReader())["findings"] == judged(CITY.raws, Slow())["findings"]
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
        assert judged(raws, BulkReader()) == judged(raws, Slow())


def test_spoilt_leaves_are_judged_the_same_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(3)  # noqa: S311 - the same each time
    entries = [entry for raw in CITY.raws if (entry := parse(raw)).type == "roots"]
    quick, plainly = leaf_reading._match_all, lambda raw: None
    for _ in range(ROUNDS):
        entry = chance.choice(entries)
        raw = CITY.leaves[leaves.path(entry.id)]
        if chance.random() < 0.5:
            listed = json.loads(raw)
            leaf = chance.choice(listed)
            name = chance.choice(sorted(leaf))
            leaf[name] = chance.choice(CHANGES)(chance, leaf[name])
            raw = canonical(listed)
        else:
            at = chance.randrange(len(raw))
            raw = raw[:at] + bytes([raw[at] ^ (1 << chance.randrange(8))]) + raw[at + 1 :]
        answers = []
        for how in (quick, plainly):
            monkeypatch.setattr(leaf_reading, "_match_all", how)
            try:
                answers.append(read_leaves(raw, entry.body))
            except Invalid as error:
                answers.append(type(error))  # type: ignore[arg-type]
        assert (answers[0] == answers[1]) or all(isinstance(one, type) for one in answers)


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
