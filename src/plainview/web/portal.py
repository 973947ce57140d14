"""What the public pages show of the register: lists, searches, counts; quick for a whole city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from plainview.base.clock import Ms
from plainview.register.answers import SetOnLog
from plainview.register.listing import SHARED, Listed, plain
from plainview.register.objections import Objections
from plainview.register.overview import Overview, View
from plainview.register.projection import Register
from plainview.web import states
from plainview.web.states import Health

PAGE = 50
LONGEST_SEARCH = 100
NARROWED = ("q", "kind", "status", "profile", *SHARED)
"""Names in the query of a list, in the order of its form."""


@dataclass(frozen=True)
class Filter:
    """What a list is narrowed to; an empty value narrows nothing."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        """Out of an address; names that it does not know are left out."""
        given = {name: query.get(name, "").strip()[:LONGEST_SEARCH] for name in NARROWED}
        return cls({name: value for name, value in given.items() if value})

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def __bool__(self) -> bool:
        return bool(self.values)

    def address(self, path: str, **more: object) -> str:
        """The address of a page with this filter and `more`."""
        query = {**self.values, **{name: str(value) for name, value in more.items()}}
        return f"{path}?{urlencode(query)}" if query else path


@dataclass(frozen=True)
class Found:
    """A page of a list. `registered` and `recording` count the whole city, side by side."""

    lines: tuple[Listed, ...]
    total: int
    page: int
    pages: int
    registered: int
    recording: int | None


class Portal:
    """Shared by all pages."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self.objections = Objections(register)
        self.overview = Overview(register)
        self._orgs: dict[tuple[str, int], str] = {}
        self._counted: tuple[object, object, int | None] = (None, None, None)

    def view(self, now: Ms) -> View:
        """The register, kept ready."""
        return self.overview.view(now)

    def orgs(self, custodians: SetOnLog | None) -> dict[str, str]:
        """The organisations of a set's members, by person."""
        found = {}
        for member in custodians.members if custodians else ():
            person = str(member["person"])
            with self._register.book() as book:
                key = person, book.people[person].index
            if key not in self._orgs:
                self._orgs[key] = self._register.person(person).org
            found[person] = self._orgs[key]
        return found

    def recording(self, view: View, health: Health | None) -> int | None:
        """How many record; counted once for each word of the recorder."""
        of_view, of_health, number = self._counted
        if of_view is not view or of_health is not health:
            number = states.recording(view, health)
            self._counted = view, health, number
        return number

    def found(self, view: View, narrow: Filter, page: int, health: Health | None, now: Ms) -> Found:
        """A page of cameras, 50 at most; the last page for a number beyond it."""
        lines = matching(view, narrow, health, now)
        pages = max(1, -(-len(lines) // PAGE))
        page = min(max(page, 1), pages)
        part = tuple(lines[(page - 1) * PAGE : page * PAGE])
        recording = self.recording(view, health)
        return Found(part, len(lines), page, pages, len(view.standing), recording)


def matching(view: View, narrow: Filter, health: Health | None, now: Ms) -> Sequence[Listed]:
    """Cameras that a filter lets through, in the order of the list; removed ones only if asked."""
    lines: Sequence[Listed] = view.cameras if narrow["status"] else view.standing
    for kind in SHARED:
        if narrow[kind]:
            lines = [line for line in lines if line.of(kind) == narrow[kind]]
    for name in ("kind", "profile"):
        if narrow[name]:
            lines = [line for line in lines if getattr(line, name) == narrow[name]]
    for word in plain(narrow["q"]).split():
        lines = [line for line in lines if word in line.words]
    wanted = narrow["status"]
    if not wanted:
        return lines
    return [line for line in lines if states.shown(view, line, health, now) == wanted]
