"""Legal profiles: what a law asks of a camera's record, as TOML files that a lawyer edits.

A profile names fields, what is demanded of each, the article, and one plain sentence of why. The
kinds of checks are few and closed (docs/ref/legal-profiles.md); `legal` runs them.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from plainview.errors import BadFormat, NotFound
from plainview.register.density import BELOW, DORI_2014, OODPCVS_2025
from plainview.register.fields import LongText, Strict, Text, Url, in_words, named
from plainview.register.profile_fields import known_field

FOLDER = Path(__file__).with_name("profiles")
EVERY = "every"
"""The file of checks that hold under every profile."""
DEMO = "demo"
"""The profile behind which no law stands."""
LARGEST = 1 << 20
"""Bytes of a profile; those that Plainview brings have 10,000."""
SCALES: Mapping[str, Mapping[str, int]] = {"dori_2014": DORI_2014, "oodpcvs_2025": OODPCVS_2025}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
Field_ = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]*([./][a-z0-9_]+)*$")]
"""`dpia.hash` of the record; `log.notice_seconds`, `set.k`, `set.n`, `set.organisations`, `places`;
`legal-basis/law_enforcement`: a field of a record that the camera rests on."""
CheckKind = Literal[
    "required", "at_most", "at_least", "not_expired", "one_of", "includes", "capped", "in_force"
]
Value = str | bool | int
_Model = TypeVar("_Model", bound=Strict)
_NEEDS = {
    "at_most": "limit",
    "at_least": "limit",
    "one_of": "values",
    "includes": "values",
    "in_force": "values",
    "capped": "caps",
}


class When(Strict):
    """A check counts only where this field has one of these values."""

    field: Field_
    values: Annotated[list[Value], Field(min_length=1, alias="in")]


class Check(Strict):
    """One demand of a law."""

    field: Field_
    kind: CheckKind
    article: Text
    why: LongText
    severity: Literal["error", "warning"] = "error"
    verify: bool = False
    when: When | None = None
    limit: Annotated[int, Field(strict=True)] | None = None
    unit: Literal["", "days", "hours", "seconds"] = ""
    unless: Field_ | None = None
    days: Annotated[int, Field(strict=True, ge=0)] = 0
    values: list[Value] | None = None
    by: Field_ | None = None
    caps: dict[str, str] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = _NEEDS.get(self.kind)
        for name in ("limit", "values", "caps"):
            if (getattr(self, name) is None) == (name == needed):
                wrong = "needs" if name == needed else "does not know"
                raise ValueError(f"a check {self.kind} {wrong} {name}")
        if (self.kind == "capped") != (self.by is not None):
            raise ValueError("capped, and only that, needs by")
        when = None if self.when is None else self.when.field
        for path in (self.field, self.unless, self.by, when):
            if path is not None and not known_field(path):
                raise ValueError(f"there is no field {path}")
        if self.caps is not None:
            self._check_caps(self.caps)
        return self

    def _check_caps(self, caps: Mapping[str, str]) -> None:
        scale = SCALES.get(self.field.rpartition(".")[2])
        if scale is None:
            raise ValueError(f"capped is density.{' or density.'.join(SCALES)}")
        unknown = sorted(set(caps.values()) - {BELOW, *scale})
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is none of {', '.join(scale)}")


class Limit(Strict):
    """A span of a law; `why` and `article` as in a check."""

    seconds: Annotated[int, Field(strict=True, ge=0)]
    article: Text
    why: LongText
    verify: bool = False


class Authority(Strict):
    """To whom a resident complains."""

    name: Text
    address: Text
    url: Url
    verify: bool = False


class Texts(Strict):
    """What a camera's page tells residents."""

    object: LongText
    complain: LongText
    own_data: LongText


class Profile(Strict):
    """One legal profile; `checks` holds those of every profile, too."""

    name: str
    title: Text
    law: Text
    country: Text
    note: LongText | None = None
    longest_retention: Limit
    notice: Limit
    authority: Authority
    texts: Texts
    checks: Annotated[list[Check], Field(alias="check")]

    def all_checks(self) -> list[Check]:
        """Those of the file, then its two spans as checks, then those of every profile."""
        longest, notice = self.longest_retention, self.notice
        spans = [
            Check(
                field="retention.seconds", kind="at_most", limit=longest.seconds, unit="hours",
                unless="retention_reason", article=longest.article, why=longest.why,
                verify=longest.verify,
            ),
            Check(
                field="log.notice_seconds", kind="at_least", limit=notice.seconds, unit="days",
                article=notice.article, why=notice.why, verify=notice.verify,
            ),
        ]  # fmt: skip
        return [*self.checks, *spans, *checks_of_every_profile()]


class _Common(Strict):
    checks: Annotated[list[Check], Field(alias="check")]


@cache
def profile_names() -> tuple[str, ...]:
    """The profiles that Plainview brings."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem != EVERY))


def read_profile(name: str) -> Profile:
    """One of `profile_names`, or the path of a city's own file. Raises `NotFound`, `BadFormat`."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not name.endswith(".toml") and name not in profile_names():
        raise NotFound(
            f"There is no legal profile {name}.",
            hint=f"Profiles: {', '.join(profile_names())}; or give a file that ends in .toml.",
        )
    values = _values(path)
    if "name" in values:
        raise BadFormat(f"{path.name} says a name; a profile is called what its file is called.")
    return _checked(Profile, path, {"name": path.stem, **values})


class Laws:
    """The legal profiles of one installation: those that Plainview brings, and the city's own.

    A file in `own` counts under its name, unless Plainview brings one of that name: what a name
    means is the same everywhere. `demo` is there where the log says that it is a demonstration's.
    """

    def __init__(self, own: Path, *, demo: bool) -> None:
        self._own = own
        self._brought = [name for name in profile_names() if demo or name != DEMO]

    def names(self) -> list[str]:
        """What a record may name."""
        found = (path.stem for path in self._own.glob("*.toml"))
        return sorted({*self._brought, *filter(_may_be_own, found)})

    def find(self, name: str) -> Profile:
        """One of `names`. Raises `NotFound`; `BadFormat` for a file of the city's that is none."""
        if name in self._brought:
            return _brought(name)
        path = self._own / f"{name}.toml"
        if not _may_be_own(name) or not os.path.lexists(path):
            raise NotFound(
                f"There is no legal profile {name[:40]}.",
                hint=f"Profiles: {', '.join(self.names())}.",
            )
        try:
            there = path.stat()
            return _own(path, (there.st_mtime_ns, there.st_ctime_ns, there.st_size))
        except OSError as error:
            raise BadFormat(f"{path.name} cannot be read: {error.strerror}.") from error
        except NotFound as error:
            raise BadFormat(error.message) from error

    def of(self, record: Mapping[str, Any]) -> Profile | None:
        """The profile that a camera's record names, if there is one here. Raises `BadFormat`."""
        name = record.get("legal_profile")
        try:
            return self.find(name) if isinstance(name, str) else None
        except NotFound:
            return None


def _may_be_own(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name not in (EVERY, *profile_names())


@cache
def _brought(name: str) -> Profile:
    return read_profile(name)


@lru_cache(maxsize=32)
def _own(path: Path, stamp: tuple[int, ...]) -> Profile:
    return read_profile(str(path))


@cache
def checks_of_every_profile() -> tuple[Check, ...]:
    """The rules for places that need more protection than a street."""
    path = FOLDER / f"{EVERY}.toml"
    return tuple(_checked(_Common, path, _values(path)).checks)


def _values(path: Path) -> dict[str, Any]:
    try:
        if path.exists() and not path.is_file():  # a pipe would keep its reader waiting
            raise BadFormat(f"{path.name} is no file.")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise BadFormat(f"{path.name} has more than {LARGEST:,} bytes.")
        return tomllib.loads(data.decode())
    except OSError as error:
        raise NotFound(f"{path.name} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # TOML, UTF-8, a number or a list without end
        raise BadFormat(f"{path.name} is not TOML: {error}.") from error


def _checked(model: type[_Model], path: Path, values: dict[str, Any]) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        text = in_words(named(error), "profile")
        raise BadFormat(
            f"{path.name} is no legal profile: {text}.", hint="See docs/ref/legal-profiles.md."
        ) from error
