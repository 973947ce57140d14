"""What a camera's record names that the register does not have, or has otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plainview.register.fields import look_up
from plainview.register.projection import Register


@dataclass(frozen=True)
class Known:
    """Names that a record may use: custodian sets, `kind/id` of records, and the length in seconds
    of each retention class."""

    sets: frozenset[str]
    records: frozenset[str]
    classes: dict[str, int]


def known(register: Register) -> Known:
    """What the register has now."""
    retentions = [camera.record["retention"] for camera in register.cameras()]
    return Known(
        frozenset(one.set for one in register.sets()),
        frozenset(said.subject for said in register.records()),
        {one["class"]: one["seconds"] for one in retentions},
    )


def strange(record: Mapping[str, Any], there: Known) -> Iterator[tuple[str, str]]:
    """(field, what is wrong) for what the log's rules would refuse in a record, finished or not."""
    named = record.get("custodian_set")
    if named is not None and named not in there.sets:
        yield "custodian_set", f"no set {named} is on the log"
    kind, seconds = look_up(record, "retention.class"), look_up(record, "retention.seconds")
    lasts = there.classes.get(kind)
    if lasts is not None and seconds is not None and lasts != seconds:
        yield "retention", f"the class {kind} lasts {lasts} seconds; name a new one"
    for name in record.get("rests_on") or ():
        if name not in there.records:
            yield "rests_on", f"{name} is not in the register"
