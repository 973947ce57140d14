"""Drafts and reviews without a server: the table, what is tidied away, a whole city beside them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from plainview.errors import BadFormat, NotFound, Refused
from plainview.register import statements
from plainview.register.kinds import KINDS
from plainview.register.projection import Register
from plainview.register.records import camera_record
from plainview.testing.town import Town
from plainview.testing.town import camera_values as town_values
from plainview.web.drafts import MOST, Drafts, Overtaken, tidy
from plainview.web.kindfields import fields_of
from plainview.web.review import review as review_of
from plainview.web.review import without

# -- with a whole city


def test_a_review_beside_two_thousand_cameras_is_quick(tmp_path: Path) -> None:
    """A review takes no more processor time than a page may."""
    town = Town(tmp_path)
    record = camera_record(town_values(town.now))
    keys = town.signers("custodian-a")
    town.writer.append(
        [
            statements.camera(f"cam-{number}", 1, "active", record, keys, time=town.now).raw
            for number in range(1_000, 3_000)
        ]
    )
    town.witness()
    with Register(town.settings) as register:
        register.sync()
        begin = time.process_time()
        changed = {**record.body(), "purpose": "Another"}
        made = review_of(register, town.now, "camera", "cam-1500", changed)
        took = time.process_time() - begin
    assert [one.field for one in made.changes] == ["purpose"]
    assert took < 0.5


# -- the table


def test_drafts_are_their_authors_and_bounded(tmp_path: Path) -> None:
    table = Drafts(tmp_path / "drafts.db", clock=lambda: 5)
    made = [table.begin("p-a", "camera", f"cam-{n}", 0, {"name": "x"}) for n in range(MOST)]
    with pytest.raises(Refused, match="drafts") as refused:
        table.begin("p-a", "camera", "cam-x", 0, {})
    assert "Delete" in refused.value.line()
    table.begin("p-b", "camera", "cam-x", 0, {})
    assert (len(table.of("p-a")), len(table.of("p-b"))) == (MOST, 1)
    with pytest.raises(NotFound):
        table.delete("p-b", made[0].id)
    table.delete("p-a", made[0].id)
    with pytest.raises(NotFound):
        table.get("p-a", made[0].id)
    assert table.save("p-a", made[1].id, {"name": ""}, 0).record == {}
    with pytest.raises(Overtaken):
        table.save("p-a", made[1].id, {}, 0)
    deep: Any = {}
    for _ in range(20):
        deep = {"a": deep}
    with pytest.raises(BadFormat):
        table.save("p-a", made[1].id, deep, 1)
    table.close()


def test_what_is_deleted_is_not_left_in_the_file(tmp_path: Path) -> None:
    table = Drafts(tmp_path / "drafts.db")
    made = table.begin("p-a", "camera", "cam-1", 0, {"name": "a word that is nowhere else"})
    table.delete("p-a", made.id)
    table.close()
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"nowhere else" not in left


def test_empty_values_say_nothing_and_an_empty_list_says_nobody() -> None:
    record: dict[str, Any] = {"a": "", "b": None, "c": {"d": ""}, "e": [], "f": False, "g": 0}
    assert tidy(record) == {"e": [], "f": False, "g": 0}


def test_values_are_taken_out_by_their_path_and_the_original_stays() -> None:
    record = {"a": {"b": 1, "c": 2}, "d": [1], "e": 3}
    left = without(record, iter(["a.b", "d.0", "x.y", "e.z", ""]))
    assert left == {"a": {"c": 2}}
    assert record == {"a": {"b": 1, "c": 2}, "d": [1], "e": 3}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_a_kind_is_asked_for(kind: str) -> None:
    asked = fields_of(kind)
    names = {field.alias or name for name, field in KINDS[kind].model_fields.items()}
    assert {one["field"] for one in asked} == names
    assert all(one["choices"] for one in asked if one["type"] == "choice")
