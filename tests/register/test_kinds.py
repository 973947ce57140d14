"""Records of every kind: complete ones are sound, faults are named, canonical JSON holds them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import BadFormat
from plainview.register.kinds import KINDS, record_faults, register_record
from plainview.register.records import camera_record
from plainview.testing.registry import record_values, rich_camera
from plainview.tlog.entries import canonical, read_canonical

NOW = 1_800_000_000_000
VALUES = record_values(NOW)


def test_there_is_a_sample_of_every_kind() -> None:
    assert VALUES.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_complete_record(kind: str) -> None:
    body = register_record(kind, VALUES[kind]).body()
    assert read_canonical(canonical(body)) == body
    assert register_record(kind, body).body() == body


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_that_is_needed_is_named_when_it_lacks(kind: str) -> None:
    needed = [name for name in VALUES[kind] if KINDS[kind].model_fields.get(name, None)]
    required = [name for name in needed if KINDS[kind].model_fields[name].is_required()]
    for name in required:
        lacking = {key: value for key, value in VALUES[kind].items() if key != name}
        assert record_faults(kind, lacking) == [(name, "Field required")]
    assert {field for field, _ in record_faults(kind, {})} >= set(required)
    assert record_faults(kind, {**VALUES[kind], "colour": "red"})[0][0] == "colour"


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("contract", {"value_hundredths": 1000.5}, "value_hundredths: "),
        ("contract", {"currency": "euro"}, "currency: "),
        ("contract", {"document_hash": "abc"}, "document_hash: "),
        ("dpia", {"valid_to": "2020-01-01"}, "valid_to must be after valid_from"),
        ("dpia", {"valid_to": "soon"}, "must be a day like"),
        ("legal-basis", {"law_enforcement": "perhaps"}, "law_enforcement: "),
        ("site", {"position": [99_000_000, 0]}, "millionths of a degree"),
        ("site", {"place_kind": "pub"}, "place_kind: "),
        ("area", {"boundary": [[1, 1], [2, 2]]}, "boundary: "),
        ("model", {"purpose": "recognition"}, "purpose: "),
        ("opinion", {"outcome": "shrug"}, "outcome: "),
        ("retention", {"seconds": 0}, "seconds: "),
    ],
)
def test_faults(kind: str, change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadFormat, match=said):
        register_record(kind, {**VALUES[kind], **change})


def test_no_such_kind() -> None:
    with pytest.raises(BadFormat, match="no kind of record"):
        register_record("secret", {})


@given(st.sampled_from(sorted(KINDS)), st.data())
def test_no_value_of_json_gets_floats_or_strangers_into_a_record(
    kind: str, data: st.DataObject
) -> None:
    """Whatever a file says: it is refused in words, or its body is canonical JSON."""
    name = data.draw(st.sampled_from(sorted(VALUES[kind])))
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    value = data.draw(leaves | st.lists(leaves, max_size=3))
    changed = {**VALUES[kind], name: value}
    if record_faults(kind, changed):
        return
    body = register_record(kind, changed).body()
    assert read_canonical(canonical(body)) == json.loads(json.dumps(body))


def test_a_rich_camera() -> None:
    record = camera_record(rich_camera(NOW))
    body = record.body()
    assert camera_record(body) == record
    assert read_canonical(canonical(body)) == body
    assert body["recipients"] == []
    assert body["analytics"] == "none"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"analytics": "counting"}, "analytics"),
        ({"density": {**rich_camera(NOW)["density"], "dori_2014": "identify"}}, "is detect, not"),
        ({"height_cm": 400}, "give .* pixels per 10 m"),
        ({"angle_degrees": 90.5}, "angle_degrees"),
        ({"remote_access": {"possible": True}}, "say who has it"),
        ({"rests_on": ["the law"]}, "rests_on.0"),
        ({"osm_id": "17"}, "osm_id"),
        ({"field_of_view": [[0, 0], [0, 1]]}, "field_of_view"),
        ({"place_kind": "pub"}, "place_kind"),
    ],
)
def test_faults_of_details(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadFormat, match=said):
        camera_record(rich_camera(NOW, **change))
