"""People with a right to speak who say strange things: refused, and the keeper lives on."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainview.base.ids import b64
from plainview.errors import Unavailable
from plainview.keys.protocol import receive, send

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 2**53 - 1, -(2**53) + 1, "", "x", "9999-12-31", "0001-01-01", [], {}]),
    st.text(max_size=5),
)
QUICK = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [here, *(path for key, item in inner for path in paths(item, (*here, key)))]


def put(value: Any, path: tuple[Any, ...], strange: Any) -> Any:
    if not path:
        return strange
    changed = copy.deepcopy(value)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = strange
    return changed


def ask(city: Any, question: dict[str, Any]) -> dict[str, Any] | None:
    """A question as a broken-into process would send it; None if the keeper hangs up."""
    link = city.client._connection(True)
    with contextlib.closing(link):
        send(link.socket, question)
        answer: dict[str, Any] | None = receive(link.stream)
    return answer


def alive(city: Any) -> None:
    city.keeper.check_alive()
    city.client.gate("cam-01", False, "still here", None)


@QUICK
@given(data=st.data())
def test_strange_statements(city: Any, data: st.DataObject) -> None:
    version = len(city.keeper.desk.scribe.history.cameras["cam-01"]) + 1
    body = city.camera_body(version=version)
    path = data.draw(st.sampled_from([path for path in paths(body) if path]))
    changed = put(body, path, data.draw(STRANGE))
    entry = city.statement("camera", changed, city.dpo)
    answer = city.client._exchange({"op": "append", "raw": b64(entry.raw)}, fresh=True)
    assert answer is not None
    assert answer.keys() <= {"ok", "error"}
    assert "log_away" not in json.dumps(answer), "a fault that nobody foresaw"
    alive(city)


@QUICK
@given(data=st.data())
def test_strange_questions(city: Any, data: st.DataObject) -> None:
    (draft,) = (d.to_dict() for d in city.drafts(1))
    shares = [{key: s[key] for key in ("i", "plain", "sealed")} for s in draft["shares"]]
    question = {"op": "windows", "id": "0" * 32, "register": city.register}
    question["drafts"] = [{**draft, "shares": shares}]
    path = data.draw(st.sampled_from([path for path in paths(question) if path]))
    answer = ask(city, put(question, path, data.draw(STRANGE)))
    assert answer is None or answer.keys() <= {"ok", "error"}
    alive(city)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_part_is_noticed(city: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(city.keeper.chores, "round", lambda: [][1])
    city.keeper._thread.join(10)
    with pytest.raises(Unavailable, match="died"):
        city.keeper.check_alive()


def test_a_damaged_database_is_red_and_gives_nothing(city: Any) -> None:
    window = city.windows(1)[0].record.window
    session = city.client.watch("a", "operator", "live", "cam-01", 0, None, "x").id
    database = city.keeper.desk.box._db
    database.execute("ALTER TABLE windows RENAME TO lost")
    database.execute("ALTER TABLE details RENAME TO lost_too")
    with pytest.raises(Unavailable):
        city.client.view_key(session, window)
    with pytest.raises(Unavailable):
        city.client.make_windows("cam-01", city.register, city.drafts(1))
    city.keeper.chores.round()
    assert any("database" in reason for reason in city.client.status()["red"])
    alive(city)
