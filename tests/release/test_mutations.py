"""Whatever a server answers, a tool either finds an error of ours or the same request as before."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from plainview.errors import PlainviewError
from plainview.release.checks import check_request
from plainview.release.custodian import own_share
from plainview.release.trust import Trust
from plainview.testing.desk import Desk
from plainview.testing.town import Town

ROUNDS = 400
STRANGE: list[Any] = [None, True, 0, -1, 2**70, 1.5, "", "x", "\ud800", [], {}, [[]], {"a": {}}]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict):
        for name, item in value.items():
            found += paths(item, (*path, name))
    if isinstance(value, list):
        for number, item in enumerate(value):
            found += paths(item, (*path, number))
    return found


def mutate(value: Any, dice: random.Random) -> tuple[Any, tuple[Any, ...]]:
    """A copy with one place removed, doubled, cut, or replaced by something strange."""
    changed = copy.deepcopy(value)
    path = dice.choice(paths(value))
    at = changed
    for step in path[:-1]:
        at = at[step]
    last, kind = path[-1], dice.randrange(4)
    if kind == 0:
        del at[last]
    elif kind == 1 and isinstance(at[last], str):
        where = dice.randrange(len(at[last]) + 1)
        at[last] = at[last][:where] + dice.choice(["", "A", "\n", "="]) + at[last][where + 1 :]
    elif kind == 2 and isinstance(at[last], list):
        at[last] = at[last] * 2
    else:
        at[last] = dice.choice(STRANGE)
    return changed, path


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Town, dict[str, Any]]:
    """A town and an honest bundle of a request in it."""
    folder: Path = tmp_path_factory.mktemp("town")
    town = Town(folder)
    sealed = town.make_window()
    town.record(sealed, 1)
    town.catch_up()
    desk = Desk(town.settings, town, clock=lambda: town.now)
    record = sealed.header.record
    span = record.start_ms, record.end_ms
    draft = desk.cases.draft_request("p-investigator", "cam-01", *span, "test", "1", "").draft
    hash = town.request_with(draft)
    desk.cases._rows.put_detail(hash, "p-investigator", draft["detail"], draft["salt"], town.now)
    bundle = desk.cases.bundle("p-custodian-a", hash)
    desk.close()
    return town, json.loads(json.dumps(bundle))


@pytest.mark.parametrize("seed", range(4))
def test_mutations(told: tuple[Town, dict[str, Any]], seed: int) -> None:
    town, bundle = told
    trust = Trust(town.keys["custodian-a"], clock=lambda: town.now)
    hash = bundle["request"]
    honest = check_request(bundle, hash, trust)
    share = own_share(honest, honest.windows[0], trust)
    dice = random.Random(seed)  # noqa: S311 - a seeded test
    refused = 0
    for _ in range(ROUNDS // 4):
        changed, path = mutate(bundle, dice)
        try:
            asked = check_request(changed, hash, trust)
            assert own_share(asked, asked.windows[0], trust) == share, path
        except PlainviewError:
            refused += 1
            continue
        assert asked.detail == honest.detail, path
        assert (asked.requester, asked.recipient) == (honest.requester, honest.recipient), path
        assert [w.record for w in asked.windows] == [w.record for w in honest.windows], path
    assert refused > ROUNDS // 16


@pytest.mark.parametrize("answer", STRANGE)
def test_strange_answers(told: tuple[Town, dict[str, Any]], answer: Any) -> None:
    town, bundle = told
    trust = Trust(town.keys["custodian-a"], clock=lambda: town.now)
    with pytest.raises(PlainviewError):
        check_request(answer, bundle["request"], trust)
