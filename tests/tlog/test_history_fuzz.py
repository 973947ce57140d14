"""Whatever stands in an entry, `History` takes it or raises an error of ours, without a trace."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.errors import PlainviewError
from plainview.testing.city import PEOPLE, City, key_of
from plainview.tlog.entries import canonical, parse
from plainview.tlog.history import History
from plainview.tlog.signing import sign

TIMES = ["9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z", "2026-11-23"]
VALUES: list[Any] = [None, True, False, 0, 1, -1, 2**53 - 1, "", "x", "x y", "0" * 64]
ODD = st.sampled_from([*VALUES, *TIMES, [], {}, [None], [[]], [{}], {"a": 1}])
SECRETS = {key_of(name).key_id: key_of(name) for name in (*PEOPLE, "p-clerk")}


def told(story: Callable[[City], None]) -> list[bytes]:
    city = City()
    story(city)
    return city.raws


STORIES = [told(City.story), told(City.register_story)]


def places(value: Any) -> list[list[Any]]:
    """Paths to every value inside."""
    found: list[list[Any]] = [[]]
    items: Any = value.items() if isinstance(value, dict) else ()
    for name, item in enumerate(value) if isinstance(value, list) else items:
        found += [[name, *rest] for rest in places(item)]
    return found


def put(value: Any, path: list[Any], new: Any) -> Any:
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = put(value[path[0]], path[1:], new)
    return changed


@settings(max_examples=3000 if os.environ.get("PLAINVIEW_BARS") else 150)
@given(st.data())
def test_odd_entries_are_refused_without_a_trace(data: st.DataObject) -> None:
    story = data.draw(st.sampled_from(STORIES))
    at = data.draw(st.integers(0, len(story) - 1))
    history = History()
    for index in range(at):
        history.apply(index, parse(story[index]))
    document = json.loads(story[at])
    path = data.draw(st.sampled_from(places(document["body"])))
    document["body"] = put(document["body"], path, data.draw(ODD))
    before = repr([getattr(history, name) for name in vars(history)])
    try:
        entry = parse(canonical(document))
        if entry.by:
            entry = sign(entry, [SECRETS[name] for name in entry.by])
        history.apply(at, entry)
    except PlainviewError:
        assert repr([getattr(history, name) for name in vars(history)]) == before
    else:
        assert history.size == at + 1
