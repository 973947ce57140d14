"""What is missing in a camera's record under a law, each with its article: pure, no clock, no log.

`check` runs the demands of a legal profile (`legal_profile`) over a record that may be unfinished:
a form prints what is still missing, a command refuses to publish while something is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from plainview.base.clock import DAY_MS, Ms
from plainview.errors import BadFormat
from plainview.register.density import BELOW, more_detailed
from plainview.register.fields import look_up
from plainview.register.legal_profile import SCALES, Check, Profile, checks_of_every_profile
from plainview.tlog.history import moment

SECONDS = {"days": 86_400, "hours": 3_600, "seconds": 1, "": 1}
NAMED = Check(
    field="legal_profile",
    kind="required",
    article="Every law",
    why="By the law that a camera films under residents are told their rights and whom they ask.",
)


@dataclass(frozen=True)
class Finding:
    """Something that a law demands and the record does not give; an `error` blocks publishing.

    `check` is the kind of the demand, for pages that say it in another language.
    """

    field: str
    article: str
    message: str
    severity: Literal["error", "warning"]
    check: str = "required"

    def line(self) -> str:
        """The finding for a person."""
        return f"{self.severity}: {self.field}: {self.message} ({self.article})"


@dataclass(frozen=True)
class Context:
    """What a record is judged beside.

    `records` are the register's other records in force, `kind/id` to body; `k`, `n` and
    `organisations` (kinds such as `court`) are those of the record's custodian set, if it is known.
    """

    now_ms: Ms
    notice_seconds: int | None = None
    k: int | None = None
    n: int | None = None
    organisations: tuple[str, ...] = ()
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def check(profile: Profile | None, record: Mapping[str, Any], context: Context) -> list[Finding]:
    """Everything that the profile misses in the record, in the profile's order.

    That the record names its law is demanded by all; without a profile there is left what every
    one of them demands besides: more protection for sensitive places.
    """
    demands = [NAMED, *(checks_of_every_profile() if profile is None else profile.all_checks())]
    return [
        Finding(one.field, one.article, f"{said} {one.why}", one.severity, one.kind)
        for one in demands
        if _applies(one, record, context)
        for said in _STEPS[one.kind](one, record, context)
    ]


def caps(profile: Profile | None, purpose: str) -> dict[str, str]:
    """The most detailed class that a purpose allows, by scale (`dori_2014`, `oodpcvs_2025`)."""
    demands = () if profile is None else profile.all_checks()
    found = {
        one.field.rpartition(".")[2]: (one.caps or {}).get(purpose)
        for one in demands
        if one.kind == "capped"
    }
    return {scale: cap for scale, cap in found.items() if cap is not None}


def blocks(findings: list[Finding]) -> bool:
    """Whether one of them is an error."""
    return any(one.severity == "error" for one in findings)


def value_of(path: str, record: Mapping[str, Any], context: Context) -> Any:
    """The value that a profile's field names; None where nothing is said."""
    kind, slash, name = path.partition("/")
    if slash:
        found = (look_up(body, name) for body in _rested_on(kind, record, context))
        return next((value for value in found if value is not None), None)
    if path == "places":
        return _places(record, context)
    known = {
        "log.notice_seconds": context.notice_seconds,
        "set.k": context.k,
        "set.n": context.n,
        "set.organisations": list(context.organisations),
    }
    return known[path] if path in known else look_up(record, path)


def _rested_on(
    kind: str, record: Mapping[str, Any], context: Context
) -> Iterator[Mapping[str, Any]]:
    for name in record.get("rests_on") or []:
        if name.startswith(f"{kind}/") and name in context.records:
            yield context.records[name]


def _places(record: Mapping[str, Any], context: Context) -> list[str]:
    """What the camera, its site and its area say is there: none hides what another says."""
    found = [record.get("place_kind")]
    for kind in ("site", "area"):
        found.append(
            context.records.get(f"{kind}/{record.get(f'{kind}_id')}", {}).get("place_kind")
        )
    return [place for place in found if place]


def _applies(one: Check, record: Mapping[str, Any], context: Context) -> bool:
    if one.when is None:
        return True
    value = value_of(one.when.field, record, context)
    return any(item in one.when.values for item in (value if isinstance(value, list) else [value]))


def _stated(value: Any) -> bool:
    """An empty list is an answer (nobody receives them); an empty text is none."""
    return value is not None and value != ""


def _required(one: Check, record: Mapping[str, Any], context: Context) -> Iterator[str]:
    if not _stated(value_of(one.field, record, context)):
        yield "Missing."


def _at_most(one: Check, record: Mapping[str, Any], context: Context) -> Iterator[str]:
    value, limit = value_of(one.field, record, context), one.limit or 0
    reasoned = one.unless is not None and _stated(value_of(one.unless, record, context))
    if isinstance(value, int) and value > limit and not reasoned:
        unless = f" unless {one.unless} says why" if one.unless else ""
        yield f"It is {_amount(value, one)}, at most {_amount(limit, one)}{unless}."


def _at_least(one: Check, record: Mapping[str, Any], context: Context) -> Iterator[str]:
    value, limit = value_of(one.field, record, context), one.limit or 0
    outside = one.field.startswith(("log.", "set."))
    if value is None and outside:
        yield f"Unknown; at least {_amount(limit, one)}."
    elif isinstance(value, int) and value < limit:
        yield f"It is {_amount(value, one)}, at least {_amount(limit, one)}."


def _amount(value: int, one: Check) -> str:
    """Seconds in the unit of the check, exactly or in seconds."""
    whole, rest = divmod(value, SECONDS[one.unit])
    return f"{value} seconds" if rest else f"{whole} {one.unit}".strip()


def _not_expired(one: Check, record: Mapping[str, Any], context: Context) -> Iterator[str]:
    value = value_of(one.field, record, context)
    if not _stated(value):
        return
    try:
        left = moment(str(value)) - context.now_ms  # a draft says days
    except BadFormat:
        yield f"{value} is no time."
        return
    if left <= 0:
        yield f"It ended on {str(value)[:10]}."
    elif left <= one.days * DAY_MS:
        yield f"It ends on {str(value)[:10]}, in {-(-left // DAY_MS)} days."


def _one_of(one: Check, record: Mapping[str, Any], context: Context) -> Iterator[str]:
    value = value_of(one.field, record, context)
    if _stated(value) and value not in (one.values or []):
        yield f"It is {_word(value)}, it must be {' or '.join(map(_word, one.values or []))}."


def _includes(one: Check, record: Mapping[str, Any], context: Context) -> Iterator[str]:
    value = value_of(one.field, record, context)
    if isinstance(value, list):
        missing = [item for item in one.values or [] if item not in value]
        if missing:
            yield f"Without {', '.join(map(_word, missing))}."


def _capped(one: Check, record: Mapping[str, Any], context: Context) -> Iterator[str]:
    value = value_of(one.field, record, context)
    cap = (one.caps or {}).get(str(value_of(one.by or "", record, context)))
    scale = SCALES[one.field.rpartition(".")[2]]
    if cap is not None and value in (BELOW, *scale) and more_detailed(value, cap, scale):
        yield f"It shows as much as {value}; this purpose allows {cap}."


def _in_force(one: Check, record: Mapping[str, Any], context: Context) -> Iterator[str]:
    named = record.get("rests_on") or []
    for kind in one.values or []:
        if not any(name.startswith(f"{kind}/") for name in named):
            yield f"No {kind} is named."
    for name in named:
        if name not in context.records:
            yield f"{name} is not in force."


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


_STEPS: Mapping[str, Callable[[Check, Mapping[str, Any], Context], Iterator[str]]] = {
    "required": _required,
    "at_most": _at_most,
    "at_least": _at_least,
    "not_expired": _not_expired,
    "one_of": _one_of,
    "includes": _includes,
    "capped": _capped,
    "in_force": _in_force,
}
